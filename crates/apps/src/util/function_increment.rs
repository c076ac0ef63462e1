//! `util:FunctionIncrement` that is never reset: its counter is kept with the
//! scenario. With the other two resets the engine counts by itself and this
//! module is not called.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Staged, StagedEffect};

pub(super) struct FunctionIncrement {
    spec: Spec,
}

impl Default for FunctionIncrement {
    fn default() -> Self {
        let resets = vec![("run", "After one cycle"), ("execution", "After one scenario run"), ("scenario", "Never")];
        let spec = Spec::new("util:FunctionIncrement", 1, "Increment function", Kind::Action, Effect::Idempotent)
            .describe("Counts up by one at every bundle.")
            .parameters(vec![
                Field::new("reset", "Reset a value", FieldKind::Select(resets))
                    .required()
                    .help("When counting begins with 1 again."),
            ])
            .output(vec![Field::new("i", "i", FieldKind::Integer)])
            .synonyms(&["counter", "number", "sequence", "increment"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for FunctionIncrement {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let finish = |answer: Value| Ok(vec![Collection::from_iter([("i", answer.field("value").clone())]).into()]);
        let effect = StagedEffect::Counter { module: call.module };
        Ok(Outcome::Staged(Staged { effect, finish: Box::new(finish) }))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::ModuleId;
    use rouage_sdk::testing::{run, value};

    use super::*;

    #[tokio::test]
    async fn the_counter_of_the_module_becomes_i() {
        let outcome = run(&FunctionIncrement::default(), &value(r#"{"reset":"scenario"}"#), &Value::Undefined).await;
        let Ok(Outcome::Staged(staged)) = outcome else { panic!("it counts in the store") };
        assert_eq!(staged.effect, StagedEffect::Counter { module: ModuleId(1) });
        assert_eq!((staged.finish)(value(r#"{"value":41}"#)).unwrap(), [value(r#"{"i":41}"#)]);
    }
}
