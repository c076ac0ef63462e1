//! The editor: its page, and the JSON that its scripts ask for. One file a
//! subject; each brings its rows of the route table.

pub mod answer;
pub mod draft;
pub mod catalogue;
mod choices;
mod connections;
mod fields;
mod filter;
mod functions;
mod changes;
mod create;
mod steer;
mod versions;
mod head;
mod hooks;
mod items;
mod live;
mod making;
mod page;
pub mod presence;
mod preview;
mod rehearse;
mod run;

use crate::Route;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    [catalogue::routes(),
        choices::routes(), connections::routes(), hooks::routes(), making::routes(), page::routes(), live::routes(), draft::routes(), steer::routes(), create::routes(), changes::routes(), versions::routes(), items::routes(), preview::routes(), rehearse::routes(), filter::routes(), functions::routes(), run::routes()].into_iter().flatten().collect()
}
