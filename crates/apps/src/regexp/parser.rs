//! `regexp:Parser` and `regexp:AdvancedParser`: one bundle for each match.
//!
//! They differ in where the pattern stands: in the parameters, or mapped.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::regex::{Found, Match};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

pub(super) struct Parser {
    spec: Spec,
    advanced: bool,
}

fn pattern_field() -> Field {
    Field::text("pattern", "Pattern").required().help("A regular expression as in JavaScript, such as Order (\\d+). What stands in brackets becomes an item.")
}

fn parameters() -> Vec<Field> {
    let mut fields = super::flags();
    fields.push(super::continue_field());
    fields.push(
        Field::boolean("ignoreInfiniteLoopsWhenGlobal", "Ignore errors when there is an infinite search loop")
            .default("false")
            .advanced()
            .help("Yes: matches of no text are left out instead of being an error."),
    );
    fields
}

impl Parser {
    pub(super) fn simple() -> Self {
        let mut fields = vec![pattern_field()];
        fields.extend(parameters());
        let spec = Spec::new("regexp:Parser", 1, "Match pattern", Kind::Search, Effect::Pure)
            .describe("Takes parts out of a text by a pattern (regular expression).")
            .parameters(fields)
            .mapper(vec![text_field()]);
        Self { spec: described(spec), advanced: false }
    }

    pub(super) fn advanced() -> Self {
        let spec = Spec::new("regexp:AdvancedParser", 1, "Match pattern (advanced)", Kind::Search, Effect::Pure)
            .describe("Takes parts out of a text by a pattern (regular expression) that can be mapped.")
            .parameters(parameters())
            .mapper(vec![pattern_field(), text_field()]);
        Self { spec: described(spec), advanced: true }
    }
}

fn text_field() -> Field {
    Field::text("text", "Text").multiline().help("The text that is searched.")
}

fn described(spec: Spec) -> Spec {
    spec.output(vec![
        Field::new("i", "i", FieldKind::UnsignedInteger),
        Field::text("$1", "$1"),
        Field::new("__IMTMATCH__", "Fallback Match", FieldKind::Any),
    ])
    .synonyms(&["cut out", "extract", "find", "match", "part of a text", "regex", "regular expression", "text parser"])
}

#[async_trait]
impl Module for Parser {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let fields = if self.advanced { &call.input } else { &call.parameters };
        let all = call.parameters.is_true("global");
        let expression = super::expression(fields.text("pattern").unwrap_or_default(), &call.parameters);
        let mut found = expression.find(call.input.text("text").unwrap_or_default().into(), all).await?;
        if all {
            let ignore = call.parameters.is_true("ignoreInfiniteLoopsWhenGlobal");
            leave_out_empty(&mut found, ignore)?;
        }
        if found.matches.is_empty() && call.parameters.is_true("continueWhenNoRes") {
            return Ok(Outcome::bundle(Value::empty_collection()));
        }
        Ok(Outcome::Bundles(found.matches.iter().zip(1_i64..).map(|(one, i)| bundle(&found, one, i)).collect()))
    }
}

/// In Make a global search that matches no text would never end.
fn leave_out_empty(found: &mut Found, ignore: bool) -> Result<(), ModuleError> {
    if !ignore && found.matches.iter().any(|one| one.whole.is_empty()) {
        return Err(ModuleError::data(
            "the pattern also matches an empty text, which would be found without end; change the pattern, or ignore \
             infinite search loops",
        ));
    }
    found.matches.retain(|one| !one.whole.is_empty());
    Ok(())
}

/// Groups as `$1` and so on, or by their names. `__IMTMATCH__` is the match as
/// JavaScript gives it: the whole, then every group.
fn bundle(found: &Found, one: &Match, i: i64) -> Value {
    let mut bundle = Collection::new();
    let text = |group: &Option<rouage_model::Text>| group.clone().map_or(Value::Null, Value::Text);
    for (at, (name, group)) in found.names.iter().zip(&one.groups).enumerate() {
        match name {
            Some(name) => bundle.insert(name.clone(), text(group)),
            None => bundle.insert(format!("${}", at + 1), text(group)),
        }
    }
    bundle.insert("i", i);
    let whole = std::iter::once(Value::Text(one.whole.clone()));
    bundle.insert("__IMTMATCH__", whole.chain(one.groups.iter().map(text)).collect::<Vec<Value>>());
    bundle.into()
}

#[cfg(test)]
mod tests {
    use rouage_model::{ErrorKind, json};
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn parse(parameters: &str, text: &str) -> Result<String, ModuleError> {
        let mapper = Collection::from_iter([("text", text)]).into();
        let bundles = Bench::default().bundles(&Parser::simple(), &value(parameters), &mapper).await?;
        Ok(json::to_string(&bundles.into()))
    }

    #[tokio::test]
    async fn the_first_match_gives_its_groups() {
        let parameters = r#"{"global":false,"pattern":"^(\\d{3})\\s*(\\d+)\\s*(.+)$","multiline":false,"sensitive":false,"singleline":false,"continueWhenNoRes":false}"#;
        assert_eq!(
            parse(parameters, "123 45 abc").await.unwrap(),
            r#"[{"$1":"123","$2":"45","$3":"abc","i":1,"__IMTMATCH__":["123 45 abc","123","45","abc"]}]"#
        );
        assert_eq!(parse(parameters, "nothing").await.unwrap(), "[]");
    }

    #[tokio::test]
    async fn a_global_match_gives_a_bundle_each_and_names_stand_for_numbers() {
        let parameters = r#"{"global":true,"pattern":"(?<letter>[A-Z])(\\d)?","sensitive":false}"#;
        assert_eq!(
            parse(parameters, "a1 B").await.unwrap(),
            r#"[{"letter":"a","$2":"1","i":1,"__IMTMATCH__":["a1","a","1"]},{"letter":"B","$2":null,"i":2,"__IMTMATCH__":["B","B",null]}]"#
        );
    }

    #[tokio::test]
    async fn without_groups_only_the_number_and_the_fallback_are_there() {
        assert_eq!(parse(r#"{"pattern":"o."}"#, "foo bar").await.unwrap(), r#"[{"i":1,"__IMTMATCH__":["oo"]}]"#);
    }

    #[tokio::test]
    async fn continue_lets_an_empty_bundle_go_on() {
        assert_eq!(parse(r#"{"pattern":"x","continueWhenNoRes":true}"#, "a").await.unwrap(), "[{}]");
        assert_eq!(parse(r#"{"pattern":"x","continueWhenNoRes":true}"#, "").await.unwrap(), "[{}]");
    }

    #[tokio::test]
    async fn flags_are_those_of_the_form() {
        for (parameters, text, matches) in [
            (r#"{"pattern":"^b","multiline":true}"#, "a\nb", true),
            (r#"{"pattern":"^b","multiline":false}"#, "a\nb", false),
            (r#"{"pattern":"a.b","singleline":true}"#, "a\nb", true),
            (r#"{"pattern":"a.b","singleline":false}"#, "a\nb", false),
            (r#"{"pattern":"A","sensitive":true}"#, "a", false),
            (r#"{"pattern":"A"}"#, "a", false),
            (r#"{"pattern":"A","sensitive":false}"#, "a", true),
        ] {
            assert_eq!(parse(parameters, text).await.unwrap() != "[]", matches, "{parameters}");
        }
    }

    #[tokio::test]
    async fn a_global_match_of_nothing_is_an_error_unless_ignored() {
        let error = parse(r#"{"pattern":"a*","global":true}"#, "ab").await.unwrap_err();
        assert_eq!((error.kind, error.message.contains("without end")), (ErrorKind::DataError, true));
        let ignored = r#"{"pattern":"a*","global":true,"ignoreInfiniteLoopsWhenGlobal":true}"#;
        assert_eq!(parse(ignored, "ab").await.unwrap(), r#"[{"i":1,"__IMTMATCH__":["a"]}]"#);
    }

    #[tokio::test]
    async fn the_advanced_parser_takes_a_mapped_pattern() {
        let parameters = value(
            r#"{"global":false,"sensitive":true,"advancedParser":true,"multiline":false,"singleline":false,"continueWhenNoRes":false}"#,
        );
        let mapper = value(r#"{"pattern":"(?<=Job\\s)([A-Z][^A-Z]*)","text":"A Job Clerk"}"#);
        let bundles = Bench::default().bundles(&Parser::advanced(), &parameters, &mapper).await.unwrap();
        assert_eq!(bundles[0].field("$1").as_text(), Some("Clerk"));
        let error = Bench::default().bundles(&Parser::advanced(), &parameters, &value("{}")).await.unwrap_err();
        assert_eq!(error.details[0].as_ref(), "Missing value of required parameter 'pattern'.");
    }
}
