//! `make:runScenarioWithInputs`: what the API run gives, as a module. Here it
//! runs a scenario of this server, so it needs no account.

use async_trait::async_trait;
use rouage_model::execution::Status;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, Value};
use rouage_sdk::subscenario::{self, Ending, Request};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec};

const SCENARIO: &str = "scenario";

pub(super) struct RunScenarioWithInputs {
    spec: Spec,
}

impl Default for RunScenarioWithInputs {
    fn default() -> Self {
        let spec = Spec::new("make:runScenarioWithInputs", 1, "Run a scenario", Kind::Action, Effect::Write)
            .legacy()
            .describe("Runs a scenario of your team and, if you like, waits for what it returns.")
            .parameters(vec![
                Field::new(SCENARIO, "Scenario", FieldKind::Scenario)
                    .required()
                    .help("A scenario of your team that is on and runs on demand."),
            ])
            .mapper(vec![
                Field::new("data", "Scenario inputs", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("What the other scenario is given."),
                Field::boolean("responsive", "Wait for the scenario to finish")
                    .default("false")
                    .help("Yes: this run goes on when the other one has ended. No: it goes on at once."),
            ])
            .output(vec![
                Field::text("executionId", "Execution ID"),
                Field::new("status", "Status", FieldKind::Integer).help("1: success, 2: warning."),
                Field::new("outputs", "Outputs", FieldKind::Collection(Vec::new())),
            ])
            .synonyms(&["subscenario", "run", "call", "start", "scenario", "api"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for RunScenarioWithInputs {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        let request = Request {
            scenario: subscenario::chosen(call, SCENARIO)?,
            inputs: call.input.raw("data").clone(),
            waits: call.input.is_true("responsive"),
        };
        subscenario::prepare(call, request).await
    }

    async fn run(&self, _call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Err(ModuleError::new(ErrorKind::UnexpectedError, "a scenario is called when the call is written down"))
    }

    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        subscenario::settle(call, bundle).await
    }
}

fn bundle(child: ExecutionId, ending: Ending) -> Value {
    let mut bundle = Collection::from_iter([("executionId", child.to_string())]);
    if let Ending::Returned { status, outputs } = ending {
        bundle.insert("status", if status == Status::Success { 1 } else { 2 });
        bundle.insert("outputs", outputs);
    }
    bundle.into()
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::subscenario::State;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn it_answers_as_the_api_does() {
        let (mut bench, module) = (Bench::default(), RunScenarioWithInputs::default());
        for (responsive, expected) in [("false", ""), ("true", r#","status":2,"outputs":{"total":9}"#)] {
            let mapper = value(&format!(r#"{{"data":{{"id":3}},"responsive":{responsive}}}"#));
            let call = bench.call(&module, &value(r#"{"scenario":7}"#), &mapper).unwrap();
            let prepared = module.prepare(&call).await.unwrap();
            let id = prepared.child.unwrap().execution;
            bench.note = prepared.note;
            let outputs = value(r#"{"total":9}"#);
            bench.host.child_stands(State::Ended { status: Status::Warning, error: None, outputs });
            let call = bench.call(&module, &value(r#"{"scenario":7}"#), &mapper).unwrap();
            let Settled::Happened(bundles) = module.settle(&call).await.unwrap() else { panic!("it has ended") };
            assert_eq!(json::to_string(&bundles[0]), format!(r#"{{"executionId":"{id}"{expected}}}"#));
        }
    }
}
