//! Which required fields are empty as they are written, before anything runs.
//!
//! Follows the rules of [`super::validate`], and names only what no run can
//! fill: an expression counts as a value, and what hangs on a mapped choice is
//! not judged.

use rouage_model::{Collection, Value};

use super::check::is_missing;
use crate::place::Path;
use crate::shown::is_surely_shown;
use crate::spec::{Field, FieldKind};

/// A required field without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where it is, as `to[1].address`.
    pub path: String,
    /// Its labels and positions for people, from the outside in.
    pub labels: Vec<String>,
}

/// The required fields that have no value in what is written. Fields that a
/// person chooses beside the blueprint, such as accounts, are left out.
pub fn missing(fields: &[Field], written: &Value) -> Vec<Missing> {
    let nothing = Collection::new();
    let written = match written {
        Value::Collection(written) => written,
        value if value.is_nothing() => &nothing,
        // The whole of it is mapped.
        _ => return Vec::new(),
    };
    let mut search = Search { found: Vec::new(), labels: Vec::new() };
    search.collection(fields, written, Path::Root);
    search.found
}

struct Search {
    found: Vec<Missing>,
    labels: Vec<String>,
}

impl Search {
    fn collection(&mut self, fields: &[Field], written: &Collection, path: Path<'_>) {
        for field in fields.iter().filter(|field| !field.name.is_empty() && is_surely_shown(field, fields, written)) {
            let value = written.get(field.name).unwrap_or(&Value::Undefined);
            self.labels.push(field.label.to_owned());
            self.field(field, value, Path::Name(&path, field.name));
            self.labels.pop();
        }
    }

    fn field(&mut self, field: &Field, value: &Value, path: Path<'_>) {
        if !is_missing(&field.kind, value) {
            return self.inside(&field.kind, value, path);
        }
        if field.required && field.default.is_none() && !field.kind.is_account_like() {
            self.found.push(Missing { path: path.to_string(), labels: self.labels.clone() });
        }
    }

    fn inside(&mut self, kind: &FieldKind, value: &Value, path: Path<'_>) {
        match (kind, value) {
            (FieldKind::Collection(fields), Value::Collection(written)) => self.collection(fields, written, path),
            (FieldKind::Array(item), Value::Array(values)) => {
                for (at, value) in values.iter().enumerate() {
                    self.labels.push((at + 1).to_string());
                    self.item(item, value, Path::Item(&path, at + 1));
                    self.labels.pop();
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &[Field], value: &Value, path: Path<'_>) {
        match (item, value) {
            // Such an item is skipped.
            (_, Value::Undefined | Value::Ignore) => {}
            ([field], value) if field.name.is_empty() => self.field(field, value, path),
            (fields, Value::Collection(written)) => self.collection(fields, written, path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value;

    fn form() -> Vec<Field> {
        let how = FieldKind::Select(vec![("id", "By number"), ("name", "By name")]);
        let person = vec![Field::text("mail", "E-mail").required(), Field::text("name", "Name")];
        vec![
            Field::text("title", "Title").required(),
            Field::new("how", "How", how).required().default("id"),
            Field::text("number", "Number").required().shown("how", &["id"]),
            Field::text("name", "Name").required().shown("how", &["name"]),
            Field::new("to", "To", FieldKind::Array(person)).required(),
            Field::new("tags", "Tags", FieldKind::Array(vec![Field::text("", "Tag").required()])),
            Field::new("account", "Account", FieldKind::Connection(&["x"])).required(),
        ]
    }

    fn paths(written: &str) -> Vec<String> {
        missing(&form(), &value(written)).into_iter().map(|missing| missing.path).collect()
    }

    #[test]
    fn what_is_empty_is_named_and_an_expression_is_a_value() {
        assert_eq!(paths("{}"), ["title", "number", "to"]);
        assert_eq!(paths(r#"{"title":"","number":null,"to":[]}"#), ["title", "number"]);
        assert!(paths(r#"{"title":"{{1.title}}","number":0,"to":"{{1.people}}"}"#).is_empty());
        assert!(missing(&form(), &Value::text("{{1.all}}")).is_empty());
    }

    #[test]
    fn a_choice_decides_what_is_asked_for_and_a_mapped_choice_does_not() {
        assert_eq!(paths(r#"{"title":"t","how":"name","to":[]}"#), ["name"]);
        assert!(paths(r#"{"title":"t","how":"{{1.how}}","to":[]}"#).is_empty());
    }

    #[test]
    fn lists_are_looked_into_and_the_labels_say_where() {
        let written = value(r#"{"title":"t","number":1,"to":[{"mail":"a"},{"name":"b"},"{{1.x}}"],"tags":["","x"]}"#);
        let found = missing(&form(), &written);
        assert_eq!(found[0].path, "to[2].mail");
        assert_eq!(found[0].labels, ["To", "2", "E-mail"]);
        assert_eq!(found[1].path, "tags[1]");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn it_agrees_with_the_check_of_a_run() {
        for written in ["{}", r#"{"title":"t","how":"name"}"#, r#"{"title":"t","number":1,"to":[{}],"tags":[""]}"#] {
            let written = value(written);
            let told = super::super::validate(&form()[..6], &written, &jiff::tz::TimeZone::UTC).unwrap_err();
            let told: Vec<String> = told.details.iter().map(ToString::to_string).collect();
            let found = missing(&form(), &written).into_iter().map(|missing| missing.path);
            let found: Vec<_> = found.map(|path| format!("Missing value of required parameter '{path}'.")).collect();
            let mut sorted = [told, found];
            sorted.iter_mut().for_each(|texts| texts.sort());
            assert_eq!(sorted[0], sorted[1]);
        }
    }
}
