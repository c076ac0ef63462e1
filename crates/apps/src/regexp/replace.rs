//! `regexp:Replace`: the text with what a pattern matches replaced.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Text};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec};

pub(super) struct Replace {
    spec: Spec,
}

impl Default for Replace {
    fn default() -> Self {
        let mut mapper = vec![
            Field::text("pattern", "Pattern").required().help("What is replaced: a text, or a regular expression as in JavaScript."),
            Field::text("value", "New value").help("What stands there instead; $1 is the first group, $& the match. Empty takes it out."),
        ];
        mapper.extend(super::flags());
        mapper.push(Field::text("text", "Text").multiline().help("The text in which it is replaced."));
        let spec = Spec::new("regexp:Replace", 1, "Replace", Kind::Action, Effect::Pure)
            .describe("Replaces parts of a text by a pattern (regular expression).")
            .mapper(mapper)
            .output(vec![Field::text("text", "Text")])
            .synonyms(&["change", "clean", "find and replace", "regex", "regular expression", "remove", "substitute", "text parser"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for Replace {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = |name: &str| Text::from(call.input.text(name).unwrap_or_default());
        let expression = super::expression(&text("pattern"), &call.input);
        let replaced = expression.replace(text("text"), text("value"), call.input.is_true("global")).await?;
        Ok(Outcome::bundle(Collection::from_iter([("text", replaced)])))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn real_replacements() {
        for (mapper, expected) in [
            (r#"{"pattern":"\"","value":"","global":true,"sensitive":true,"text":"say \"hi\""}"#, "say hi"),
            (r#"{"pattern":"^0+","value":"","global":false,"sensitive":false,"text":"0070"}"#, "70"),
            (r#"{"pattern":"(\\n\\n+)|(\\s\\s+)","value":" ","global":true,"text":"a\n\nb   c"}"#, "a b c"),
            (r#"{"pattern":"\\(","value":"\\(","global":true,"text":"f(x)"}"#, "f\\(x)"),
            (r#"{"pattern":"(\\w+)@\\w+","value":"$1","global":false,"text":"ada@x bob@y"}"#, "ada bob@y"),
            (r#"{"pattern":"x","global":true}"#, ""),
        ] {
            let bundles =
                Bench::default().bundles(&Replace::default(), &Value::Undefined, &value(mapper)).await.unwrap();
            assert_eq!(bundles[0].field("text").as_text(), Some(expected), "{mapper}");
        }
    }
}
