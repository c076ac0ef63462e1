//! A new scenario: an empty one, opened in the editor.

use rouage_model::scenario::Scheduling;
use rouage_model::{Blueprint, Value, json};
use rouage_store::scenarios::{self, NewScenario};

use crate::pages::scenario::checked_name;
use crate::render::{self, Form, Page, Reply};
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios", SignedIn, create)]
}

/// What Make writes for a scenario that nobody has changed yet.
const METADATA: &str = r#"{"instant":false,"version":1,"scenario":{"roundtrips":1,"maxErrors":3,"autoCommit":true,"autoCommitTriggerLast":true,"sequential":false,"confidential":false,"dataloss":false,"dlq":false,"freshVariables":false},"designer":{"orphans":[]}}"#;

/// `POST /scenarios`: with a name, or without.
async fn create(page: Page, Form(form): Form) -> Reply {
    let name = match form.text("name") {
        "" => t!("New scenario"),
        name => checked_name(name)?,
    };
    let new = NewScenario {
        name: name.to_owned(),
        blueprint: empty(name).map_err(PageError::internal)?.into(),
        links: Value::empty_collection(),
        scheduling: Scheduling::default(),
    };
    let mut tx = page.app.store().begin().await?;
    let id = scenarios::create(&mut tx, page.app.team(), new).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    let guide = if form.is_on("guide") { "?guide=1" } else { "" };
    render::see(&format!("/scenarios/{id}/edit{guide}"))
}

fn empty(name: &str) -> Result<Blueprint, rouage_model::blueprint::Error> {
    let text = format!(r#"{{"name":{},"flow":[],"metadata":{METADATA}}}"#, json::to_string(&Value::from(name)));
    Blueprint::parse(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_scenario_is_empty_and_has_the_usual_settings() {
        let blueprint = empty(r#"My "first" one"#).unwrap();
        assert_eq!(blueprint.name(), r#"My "first" one"#);
        assert_eq!(blueprint.settings(), Blueprint::parse(br#"{"flow":[]}"#).unwrap().settings());
        assert!(blueprint.modules().is_empty());
    }
}
