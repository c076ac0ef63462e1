//! The rows of the tables. They do not leave this crate.

pub(crate) mod connections;
pub(crate) mod deliveries;
pub(crate) mod executions;
pub(crate) mod hooks;
pub(crate) mod incompletes;
pub(crate) mod journal;
pub(crate) mod mails;
pub(crate) mod scenario_versions;
pub(crate) mod scenarios;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod teams;
pub(crate) mod users;
