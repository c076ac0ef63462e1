//! The rows of the tables. They do not leave this crate.

pub(crate) mod blob_chunks;
pub(crate) mod blob_references;
pub(crate) mod blobs;
pub(crate) mod connections;
pub(crate) mod counters;
pub(crate) mod data_structures;
pub(crate) mod datastore_records;
pub(crate) mod datastores;
pub(crate) mod deliveries;
pub(crate) mod executions;
pub(crate) mod hooks;
pub(crate) mod incompletes;
pub(crate) mod journal;
pub(crate) mod lineages;
pub(crate) mod mails;
pub(crate) mod notices;
pub(crate) mod positions;
pub(crate) mod retentions;
pub(crate) mod scenario_versions;
pub(crate) mod scenarios;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod teams;
pub(crate) mod undo_log;
pub(crate) mod users;
