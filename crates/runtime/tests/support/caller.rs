//! Modules that call a scenario and that count, as the apps have them.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, Value};
use rouage_sdk::subscenario::{self, Ending, Request};
use rouage_sdk::{
    Call, Effect, Field, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec, Staged, StagedEffect,
};

pub fn modules() -> Vec<Arc<dyn Module>> {
    let call = Spec::new("test:Call", 1, "Call", Kind::Action, Effect::Write)
        .parameters(vec![Field::new("scenario", "Scenario", FieldKind::Scenario), Field::boolean("wait", "Wait")])
        .mapper(vec![Field::new("data", "Data", FieldKind::Collection(Vec::new()))]);
    let count = Spec::new("util:FunctionIncrement", 1, "Increment", Kind::Action, Effect::Idempotent);
    vec![Arc::new(Caller { spec: call }), Arc::new(Counter { spec: count })]
}

struct Caller {
    spec: Spec,
}

#[async_trait]
impl Module for Caller {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        let scenario = subscenario::chosen(call, "scenario")?;
        let (inputs, waits) = (call.input.raw("data").clone(), call.parameters.is_true("wait"));
        subscenario::prepare(call, Request { scenario, inputs, waits }).await
    }

    async fn run(&self, _call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Err(ModuleError::new(ErrorKind::UnexpectedError, "it is not run"))
    }

    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        let bundle = |child: ExecutionId, ending| match ending {
            Ending::Started => Collection::from_iter([("executionId", child.to_string())]).into(),
            Ending::Returned { outputs, .. } => outputs,
        };
        subscenario::settle(call, bundle).await
    }
}

struct Counter {
    spec: Spec,
}

#[async_trait]
impl Module for Counter {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let finish = |answer: Value| Ok(vec![Collection::from_iter([("i", answer.field("value").clone())]).into()]);
        let effect = StagedEffect::Counter { module: call.module };
        Ok(Outcome::Staged(Staged { effect, finish: Box::new(finish) }))
    }
}
