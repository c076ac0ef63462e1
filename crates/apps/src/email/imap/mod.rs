//! Reading mailboxes: a small IMAP client (RFC 3501, with STARTTLS, MOVE and
//! UIDPLUS) over connections that the guard opened.
//!
//! It is our own because the crates there are cannot do what is needed here:
//! send literals within a search (letters beyond ASCII), and bound what a
//! hostile server makes us read, keep or recurse into. It knows the commands
//! that the modules need and no others.

mod command;
mod folder_name;
mod open;
mod response;
mod session;
mod sign_in;
mod trouble;
mod wire;

pub(super) use command::Query;
pub(super) use open::{Opened, PORTS, open};
pub(super) use session::{Folder, Summary};
pub(super) use sign_in::SignIn;
pub(super) use trouble::Trouble;
