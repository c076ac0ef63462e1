//! Bringing in a blueprint with Rouage's own things standing in: a new
//! webhook, built-in spreadsheets under the ids that it names, the outbox.
//!
//! The import page asks a person instead; this is for the command line.

use rouage_model::{Blueprint, Collection, HookId, ModuleId, ScenarioId, TeamId, Value};
use rouage_store::hooks::HookSettings;
use rouage_store::scenarios::NewScenario;
use rouage_store::sheets::Wanted;
use rouage_store::{WriteTx, hooks, scenarios, sheets};

use crate::carried::Made;
use crate::check::{self, Action, Report};
use crate::core::Core;
use crate::links::BUILT_IN;
use crate::{schedule, subscenarios};

/// What to bring in.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The blueprint.
    pub blueprint: Blueprint,
    /// Links chosen beforehand: `"<module id>.<field>"` to value.
    pub links: Collection,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The scenario, switched off.
    pub scenario: ScenarioId,
    /// Its webhook with the secret of its address, if it starts with one.
    pub hook: Option<(HookId, String)>,
    /// Ids and titles of the built-in spreadsheets that it uses.
    pub spreadsheets: Vec<(String, String)>,
    /// What is the same, what to look at, what is missing.
    pub report: Report,
}

/// Brings in a blueprint, in one transaction.
pub async fn import(core: &Core, team: TeamId, request: ImportRequest) -> Result<Imported, rouage_store::Error> {
    let ImportRequest { blueprint, mut links } = request;
    let report = check::check(&core.registry, &blueprint, &Value::from(links.clone()));
    subscenarios::links_by_name(core, team, &report, &mut links).await?;
    let mut tx = core.store.begin().await?;
    let mut answers = Answers { links, ..Answers::default() };
    for module in &report.modules {
        let Some(id) = module.id else { continue };
        for action in &module.actions {
            answer(&mut tx, team, id, action, &mut answers).await?;
        }
    }
    let Answers { links, hook, spreadsheets, .. } = answers;
    let (scheduling, schedule_problem) = schedule::of_blueprint(core, &blueprint);
    // What the webhook learned at the other server is still true here.
    let structure = blueprint.trigger().map(|trigger| trigger.interface().to_vec()).filter(|fields| !fields.is_empty());
    let structure = structure.map(Value::from);
    let name = blueprint.name().trim();
    let name = if name.is_empty() { "Imported scenario" } else { name };
    let report = check::check(&core.registry, &blueprint, &Value::from(links.clone()));
    let new = NewScenario {
        name: name.chars().take(120).collect(),
        blueprint: blueprint.into(),
        links: links.into(),
        scheduling,
    };
    let scenario = scenarios::create(&mut tx, team, new).await?;
    scenarios::note_schedule(&mut tx, scenario, schedule_problem.as_deref()).await?;
    if let Some((hook, _)) = &hook {
        hooks::attach(&mut tx, team, *hook, Some(scenario)).await?;
        if let Some(structure) = structure {
            hooks::set_interface(&mut tx, team, *hook, &structure).await?;
        }
    }
    tx.commit().await?;
    Ok(Imported { scenario, hook, spreadsheets, report })
}

/// What the questions of an import were answered with.
#[derive(Default)]
struct Answers {
    links: Collection,
    made: Made,
    hook: Option<(HookId, String)>,
    spreadsheets: Vec<(String, String)>,
}

/// Answers one question with what is built in; leaves it open where nothing is.
async fn answer(
    tx: &mut WriteTx,
    team: TeamId,
    id: ModuleId,
    action: &Action,
    Answers { links, made, hook, spreadsheets }: &mut Answers,
) -> Result<(), rouage_store::Error> {
    match action {
        Action::ChooseConnection { field, built_in: true, .. } => links.insert(format!("{id}.{field}"), BUILT_IN),
        // Linked by their names, or a person must say.
        Action::ChooseConnection { .. } | Action::ChooseScenario { .. } => {}
        Action::ChooseHook { field, was } => {
            let name = was.as_deref().unwrap_or("Webhook");
            let made = hooks::create(tx, team, name, &HookSettings::default()).await?;
            links.insert(format!("{id}.{field}"), made.id.0);
            *hook = Some((made.id, made.token));
        }
        Action::ChooseDatastore { field, id: foreign, was, structure } => {
            let name = was.as_deref().unwrap_or("Imported data store");
            let store = made.datastore(tx, team, foreign, (name, structure.as_ref())).await?;
            links.insert(format!("{id}.{field}"), store);
        }
        Action::ChooseStructure { field, id: foreign, was, structure } => {
            let Some(structure) = structure else { return Ok(()) };
            let name = was.as_deref().unwrap_or("Imported data structure");
            links.insert(format!("{id}.{field}"), made.structure(tx, team, foreign, (name, structure)).await?);
        }
        Action::ChooseSpreadsheet { field, id: spreadsheet, was, sheet, headers } => {
            let built_in = ["__IMTCONN__", "account"]
                .iter()
                .any(|field| links.get(&format!("{id}.{field}")).and_then(Value::as_text) == Some(BUILT_IN));
            if !built_in {
                return Ok(());
            }
            let title = was.as_deref().unwrap_or("Imported spreadsheet");
            let sheet_title = sheet.as_deref().unwrap_or("Sheet1");
            sheets::ensure(tx, team, Wanted { id: spreadsheet, title, sheet_title, headers }).await?;
            links.insert(format!("{id}.{field}"), spreadsheet.as_str());
            if !spreadsheets.iter().any(|(known, _)| known == spreadsheet) {
                spreadsheets.push((spreadsheet.clone(), title.to_owned()));
            }
        }
    }
    Ok(())
}
