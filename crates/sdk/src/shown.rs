//! Whether a field of a form is shown: the rule of [`Field::shown`], the same
//! here and in the browser.

use rouage_model::{Collection, Value};

use crate::spec::Field;

/// How many conditions may hang on each other; more are none.
const MOST_STEPS: usize = 8;

/// Whether a field is shown while its form is filled in like this. A condition
/// on a field that is not among `fields` counts as not met.
pub fn is_shown(field: &Field, fields: &[Field], given: &Collection) -> bool {
    // What an expression will give is not known before the run.
    shown_with(field, fields, given, |value| value.contains("{{"))
}

/// The same where doubt counts as no: whatever an expression will give, the
/// field is asked for.
pub(crate) fn is_surely_shown(field: &Field, fields: &[Field], given: &Collection) -> bool {
    shown_with(field, fields, given, |_| false)
}

fn shown_with(field: &Field, fields: &[Field], given: &Collection, is_open: fn(&str) -> bool) -> bool {
    let mut field = field;
    for _ in 0..MOST_STEPS {
        let Some(shown) = &field.shown else { return true };
        let Some(other) = fields.iter().find(|other| other.name == shown.field) else { return false };
        let value = text_of(given.get(other.name), other);
        if !is_open(&value) && !shown.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(&value)) {
            return false;
        }
        field = other;
    }
    true
}

/// A value as the condition sees it: as text, or the default when there is none.
fn text_of(value: Option<&Value>, field: &Field) -> String {
    match value {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Boolean(boolean)) => boolean.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => field.default.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::FieldKind;
    use crate::testing::value;

    fn form() -> Vec<Field> {
        let kinds = vec![("none", "None"), ("key", "Key")];
        vec![
            Field::new("sign_in", "Sign-in", FieldKind::Select(kinds)).default("none"),
            Field::boolean("own", "Own").shown("sign_in", &["key"]).default("true"),
            Field::text("key", "Key").shown("own", &["true"]),
        ]
    }

    fn shown(given: &str) -> bool {
        let fields = form();
        is_shown(&fields[2], &fields, value(given).as_collection().unwrap())
    }

    #[test]
    fn conditions_hang_on_each_other_and_on_defaults() {
        assert!(!shown("{}"));
        assert!(shown(r#"{"sign_in":"KEY"}"#));
        assert!(!shown(r#"{"sign_in":"key","own":false}"#));
        assert!(!shown(r#"{"own":true}"#));
        assert!(shown(r#"{"sign_in":"{{1.how}}"}"#));
    }

    #[test]
    fn conditions_in_a_circle_end() {
        let fields = vec![Field::text("a", "A").shown("b", &[""]), Field::text("b", "B").shown("a", &[""])];
        assert!(is_shown(&fields[0], &fields, &Collection::new()));
    }
}
