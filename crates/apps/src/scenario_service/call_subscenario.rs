//! `scenario-service:CallSubscenario`: runs another scenario of the team, and
//! waits for what it returns or not.

use async_trait::async_trait;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, Value};
use rouage_sdk::subscenario::{self, Ending, Request};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec};

const SCENARIO: &str = "scenario";
const WAITS: &str = "shouldWaitForExecutionEnd";

pub(super) struct CallSubscenario {
    spec: Spec,
}

impl Default for CallSubscenario {
    fn default() -> Self {
        let spec = Spec::new("scenario-service:CallSubscenario", 2, "Call a subscenario", Kind::Action, Effect::Write)
            .describe("Runs another scenario of yours and gives what it returns.")
            .takes_files()
            .parameters(vec![
                Field::new(SCENARIO, "Scenario", FieldKind::Scenario)
                    .required()
                    .help("A scenario of your team that is on and runs on demand."),
                Field::boolean(WAITS, "Wait for subscenario output")
                    .required()
                    .default("true")
                    .help("Yes: this run goes on when the other one has ended. No: it goes on at once."),
            ])
            .mapper(vec![
                Field::new("data", "Scenario inputs", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("What the other scenario is given."),
            ])
            .output(vec![
                Field::text("executionId", "Execution ID")
                    .help("When it does not wait; otherwise the outputs of the other scenario."),
            ])
            .synonyms(&["subscenario", "run", "child", "call", "start", "scenario"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for CallSubscenario {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        let request = Request {
            scenario: subscenario::chosen(call, SCENARIO)?,
            inputs: call.input.raw("data").clone(),
            waits: call.parameters.is_true(WAITS),
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
    match ending {
        Ending::Started => Collection::from_iter([("executionId", child.to_string())]).into(),
        Ending::Returned { outputs, .. } => outputs,
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::execution::Status;
    use rouage_sdk::subscenario::State;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn prepared(bench: &Bench, parameters: &str, mapper: &str) -> Result<Prepared, ModuleError> {
        let module = CallSubscenario::default();
        module.prepare(&bench.call(&module, &value(parameters), &value(mapper))?).await
    }

    async fn settled(bench: &Bench) -> Settled {
        let module = CallSubscenario::default();
        let call = bench.call(&module, &value(r#"{"scenario":7}"#), &Value::Undefined).unwrap();
        module.settle(&call).await.unwrap()
    }

    #[tokio::test]
    async fn a_call_that_does_not_wait_gives_the_id_of_the_run() {
        let mut bench = Bench::default();
        let call = prepared(&bench, r#"{"scenario":7,"shouldWaitForExecutionEnd":false}"#, r#"{"data":{"id":3}}"#);
        let prepared = call.await.unwrap();
        let child = prepared.child.unwrap();
        assert_eq!((child.scenario.0, child.inputs), (7, value(r#"{"id":3}"#)));
        bench.note = prepared.note;
        let id = Collection::from_iter([("executionId", child.execution.to_string())]);
        assert_eq!(settled(&bench).await, Settled::Happened(vec![id.into()]));
    }

    #[tokio::test]
    async fn a_call_that_waits_gives_what_was_returned() {
        let mut bench = Bench::default();
        let prepared = prepared(&bench, r#"{"scenario":7,"shouldWaitForExecutionEnd":true}"#, "{}").await.unwrap();
        bench.note = prepared.note;
        bench.host.child_stands(State::Active);
        assert_eq!(settled(&bench).await, Settled::Pending(prepared.child.unwrap().execution));
        for (status, error) in [(Status::Success, None), (Status::Warning, Some("one bundle was stored".into()))] {
            bench.host.child_stands(State::Ended { status, error, outputs: value(r#"{"total":9}"#) });
            assert_eq!(settled(&bench).await, Settled::Happened(vec![value(r#"{"total":9}"#)]));
        }
        for (status, text) in [(Status::Error, "DataError: no such order"), (Status::Stopped, "stopped by hand")] {
            bench.host.child_stands(State::Ended {
                status,
                error: Some(text.into()),
                outputs: Value::empty_collection(),
            });
            let Settled::Failed(error) = settled(&bench).await else { panic!("it must fail") };
            assert!(error.message.ends_with(text), "{error}");
        }
        assert!(matches!(settled(&bench).await, Settled::Failed(_)), "nothing is known of it any more");
    }

    #[tokio::test]
    async fn the_number_of_another_server_is_not_a_choice() {
        let error = prepared(&Bench::default(), r#"{"scenario":"SCN_4882761"}"#, "{}").await.err().unwrap();
        assert!(error.message.contains("Set-up tab"), "{error}");
    }
}
