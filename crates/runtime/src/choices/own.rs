//! Choices that need no app: what the team has, and what the scenario says of
//! its own modules.

use rouage_model::blueprint::Place;
use rouage_model::interface::Interface;
use rouage_model::structure::Structure;
use rouage_model::{ModuleError, ScenarioId, StructureId};
use rouage_sdk::choices::{MOST_CHOICES, of_interface, of_structure};
use rouage_sdk::{Field, FieldChoice, FieldChoices, FieldKind, Host, LiveField, StructureOf};
use rouage_store::sheets as spreadsheets;
use rouage_store::{PageRequest, connections, datastores, hooks, scenarios, structures};

use super::Asked;
use crate::catalogue_entries::entry;
use crate::check::has_built_in;
use crate::host::{RuntimeHost, unreachable_store};
use crate::links;

/// The choices; `None` when only the app knows.
pub(super) async fn choices(asked: &Asked<'_>) -> Result<Option<FieldChoices>, ModuleError> {
    let list = match &asked.field.kind {
        FieldKind::Connection(kinds) => accounts(asked, kinds, true).await?,
        FieldKind::Keychain(kinds) => accounts(asked, kinds, false).await?,
        FieldKind::Hook(_) => webhooks(asked).await?,
        FieldKind::Structure => data_structures(asked).await?,
        FieldKind::Datastore => data_stores(asked).await?,
        FieldKind::Scenario => callable(asked).await?,
        FieldKind::Spreadsheet if is_built_in(asked) => return own_spreadsheets(asked).await.map(Some),
        _ if asked.field.is_dynamic => return fields(asked).await,
        _ => return Ok(None),
    };
    Ok(Some(FieldChoices::matching(list, &asked.request.search)))
}

async fn accounts(asked: &Asked<'_>, kinds: &[&str], is_connection: bool) -> Result<Vec<FieldChoice>, ModuleError> {
    let all =
        connections::list(&asked.core.store, asked.team, None).await.map_err(|error| unreachable_store(&error))?;
    let fitting = all.into_iter().filter(|row| kinds.contains(&row.kind.as_str()));
    let label = |kind: &str| {
        let mut specs = asked.core.registry.connections();
        specs.find(|spec| spec.kind == kind).map_or_else(|| kind.to_owned(), |spec| spec.label.to_owned())
    };
    let choices = fitting.map(|row| FieldChoice::new(row.id.to_string(), row.name).note(label(&row.kind)));
    let built_in = (is_connection && has_built_in(kinds)).then(|| {
        let name = if kinds.contains(&"google") { "Built-in spreadsheets" } else { "Built-in outbox" };
        FieldChoice::new(links::BUILT_IN, name).note("Part of Rouage; needs no account")
    });
    Ok(built_in.into_iter().chain(choices).collect())
}

async fn webhooks(asked: &Asked<'_>) -> Result<Vec<FieldChoice>, ModuleError> {
    let all = hooks::list(&asked.core.store, asked.team).await.map_err(|error| unreachable_store(&error))?;
    let names = scenarios::brief(&asked.core.store, asked.team).await.map_err(|error| unreachable_store(&error))?;
    let name = |id: ScenarioId| names.iter().find(|scenario| scenario.id == id).map(|scenario| scenario.name.as_str());
    let choice = |hook: hooks::Hook| {
        let note = match hook.scenario {
            Some(id) if id == asked.draft.scenario => "Of this scenario".to_owned(),
            Some(id) => format!("Used by {}", name(id).unwrap_or("another scenario")),
            None => "Free".to_owned(),
        };
        FieldChoice::new(hook.id.to_string(), hook.name).note(note)
    };
    Ok(all.into_iter().map(choice).collect())
}

async fn data_structures(asked: &Asked<'_>) -> Result<Vec<FieldChoice>, ModuleError> {
    let all = structures::list(&asked.core.store, asked.team).await.map_err(|error| unreachable_store(&error))?;
    let choice = |row: structures::StructureRow| {
        let names: Vec<&str> = row.structure.fields.iter().map(|field| &*field.name).take(6).collect();
        FieldChoice::new(row.id.to_string(), row.name).note(names.join(", "))
    };
    Ok(all.into_iter().map(choice).collect())
}

async fn data_stores(asked: &Asked<'_>) -> Result<Vec<FieldChoice>, ModuleError> {
    let all = datastores::list(&asked.core.store, asked.team).await.map_err(|error| unreachable_store(&error))?;
    Ok(all.into_iter().map(|store| FieldChoice::new(store.id.to_string(), store.name)).collect())
}

/// Other scenarios; those that cannot be called yet say why.
async fn callable(asked: &Asked<'_>) -> Result<Vec<FieldChoice>, ModuleError> {
    let all = scenarios::brief(&asked.core.store, asked.team).await.map_err(|error| unreachable_store(&error))?;
    let others = all.into_iter().filter(|scenario| scenario.id != asked.draft.scenario);
    let choice = |scenario: scenarios::Brief| {
        let note = match (scenario.is_on, scenario.is_on_demand) {
            (_, false) => "Runs by itself: set its schedule to On demand first",
            (false, true) => "Off: switch it on before it is called",
            (true, true) => "",
        };
        FieldChoice::new(scenario.id.to_string(), scenario.name).note(note)
    };
    Ok(others.map(choice).collect())
}

/// Whether the module works with Rouage's own spreadsheets: no account is
/// chosen, or ours.
fn is_built_in(asked: &Asked<'_>) -> bool {
    let connection = asked.sibling(|kind| matches!(kind, FieldKind::Connection(kinds) if has_built_in(kinds)));
    connection.is_some_and(|field| asked.linked(field.name).is_none())
}

async fn own_spreadsheets(asked: &Asked<'_>) -> Result<FieldChoices, ModuleError> {
    let page = PageRequest { page: 1, size: u32::try_from(MOST_CHOICES).unwrap_or(200) };
    let found = spreadsheets::list(&asked.core.store, asked.team, &asked.request.search, page).await;
    let found = found.map_err(|error| unreachable_store(&error))?;
    let count =
        |count: u64, one: &str, many: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {many}") };
    let choice = |listed: &spreadsheets::Listed| {
        let (sheets, rows) = (count(listed.sheets as u64, "sheet", "sheets"), count(listed.rows, "row", "rows"));
        FieldChoice::new(listed.id.clone(), listed.title.clone()).note(format!("{sheets}, {rows}"))
    };
    let more = found.total > found.items.len() as u64;
    Ok(FieldChoices { choices: found.items.iter().map(choice).collect(), fields: None, more })
}

/// The fields of a dynamic field; `None` when only the app knows.
async fn fields(asked: &Asked<'_>) -> Result<Option<FieldChoices>, ModuleError> {
    let fields = match asked.entry.name {
        "scenario-service:ReturnData" => outputs(asked)?,
        "builtin:Resume" => substitute(asked)?,
        "json:AggregateToJSON" => structure(asked).await?,
        "builtin:BasicAggregator" | "util:AggregateAggregator" => mapped(asked),
        _ => match asked.sibling(|kind| *kind == FieldKind::Scenario) {
            Some(field) => inputs(asked, field).await?,
            None => return Ok(None),
        },
    };
    Ok(Some(FieldChoices::of_fields(fields)))
}

fn outputs(asked: &Asked<'_>) -> Result<Vec<LiveField>, ModuleError> {
    let outputs = Interface::of(&asked.draft.blueprint).outputs;
    if outputs.is_empty() {
        return Err(ModuleError::data(
            "this scenario has no outputs yet: add them on its Inputs and outputs tab, then they can be mapped here",
        ));
    }
    Ok(of_interface(&outputs))
}

/// The inputs of the scenario that the module calls.
async fn inputs(asked: &Asked<'_>, field: &Field) -> Result<Vec<LiveField>, ModuleError> {
    let Some(id) = asked.linked(field.name) else {
        return Err(ModuleError::data("choose the scenario first"));
    };
    let found = scenarios::find(&asked.core.store, asked.team, ScenarioId(id)).await;
    let found = found.map_err(|error| unreachable_store(&error))?;
    let scenario = found
        .ok_or_else(|| ModuleError::data("the scenario that is called does not exist any more: choose another"))?;
    Ok(of_interface(&Interface::of(&scenario.blueprint).inputs))
}

/// What the module puts out on whose error route this one stands.
fn substitute(asked: &Asked<'_>) -> Result<Vec<LiveField>, ModuleError> {
    let visited = asked.draft.blueprint.modules();
    let place = |id| visited.iter().find(|visited| visited.module.id() == Some(id)).map(|visited| visited.place);
    let mut place = asked.module().id().and_then(place);
    // An error route may have routers and branches of its own.
    let failed = loop {
        match place {
            Some(Place::ErrorRoute(id)) => break Some(id),
            Some(Place::Route(id, _) | Place::Branch(id, _)) => {
                place = visited.iter().find(|visited| visited.module.id() == Some(id)).map(|visited| visited.place);
            }
            _ => break None,
        }
    };
    let failed = failed.and_then(|id| asked.draft.blueprint.module(id));
    let Some(failed) = failed else {
        return Err(ModuleError::data("this module must stand on an error route: move it there"));
    };
    if let Some(structure) =
        Structure::parse(&failed.interface().to_vec().into()).ok().filter(|structure| !structure.fields.is_empty())
    {
        return Ok(of_structure(&structure));
    }
    let described = entry(&asked.core.registry, failed.name(), failed.version()).map(|entry| entry.output);
    Ok(described.unwrap_or_default().iter().map(live).collect())
}

fn live(field: &Field) -> LiveField {
    let spec = match &field.kind {
        FieldKind::Array(inner) | FieldKind::Collection(inner) => inner.iter().map(live).collect(),
        _ => Vec::new(),
    };
    LiveField { spec, ..LiveField::new(field.name, field.label, field.kind.clone()) }
}

async fn structure(asked: &Asked<'_>) -> Result<Vec<LiveField>, ModuleError> {
    let Some(id) = asked.linked("type") else {
        return Err(ModuleError::data("choose the data structure first: it says which fields the JSON has"));
    };
    let execution = rouage_model::clock::execution_id(asked.core.clock.as_ref());
    let host = RuntimeHost { core: asked.core, team: asked.team, execution };
    let structure = host.structure(StructureOf::Id(StructureId(id))).await?;
    Ok(of_structure(&structure.unwrap_or_default()))
}

/// The keys that stand in the mapper already.
fn mapped(asked: &Asked<'_>) -> Vec<LiveField> {
    let keys = asked.module().mapper().as_collection().map(|mapper| mapper.keys().cloned().collect());
    let keys: Vec<rouage_model::Text> = keys.unwrap_or_default();
    keys.iter().map(|key| LiveField::new(key.to_string(), key.to_string(), FieldKind::Any)).collect()
}
