//! The editor: its page, and the JSON that its scripts ask for. One file a
//! subject; each brings its rows of the route table.

pub mod answer;
pub mod catalogue;
mod changes;
mod choices;
mod connections;
mod create;
pub mod draft;
mod fields;
mod filter;
mod functions;
mod head;
mod hooks;
mod items;
pub mod live;
mod making;
mod page;
pub mod presence;
mod preview;
mod rehearse;
mod run;
mod steer;
mod versions;

use crate::Route;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    let parts = [
        catalogue::routes(),
        changes::routes(),
        choices::routes(),
        connections::routes(),
        create::routes(),
        draft::routes(),
        filter::routes(),
        functions::routes(),
        hooks::routes(),
        items::routes(),
        making::routes(),
        page::routes(),
        preview::routes(),
        rehearse::routes(),
        run::routes(),
        steer::routes(),
        versions::routes(),
    ];
    parts.into_iter().flatten().collect()
}
