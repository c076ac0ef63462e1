//! What would turn a mapped value into what its field wants: one formula around
//! the one that stands there, to be taken with one click.

use rouage_expr::Target;
use rouage_model::Value;

use super::readings::{amounts, date_format, inner, number_of};

/// A better text for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The text.
    pub text: String,
    /// What it does, for people.
    pub label: String,
}

/// What to put instead of a text that gives this value, where its field wants
/// something else.
pub fn offer(text: &str, value: &Value, target: Target) -> Option<Offer> {
    let inner = inner(text)?;
    let made = |formula: String, label: String| Some(Offer { text: format!("{{{{{formula}}}}}"), label });
    match (value, target) {
        (Value::Text(written), Target::Number | Target::Integer | Target::UnsignedInteger) => {
            let formula = number_of(inner, amounts(std::iter::once(written.as_ref()))?);
            let formula = if target == Target::Number { formula } else { format!("round({formula})") };
            made(formula, "Make a number of it".to_owned())
        }
        (Value::Text(written), Target::Date) => {
            let format = date_format(std::iter::once(written.as_ref()))?;
            made(format!("parseDate({inner}; \"{format}\")"), format!("Read it as {format}"))
        }
        (Value::Text(written), Target::Boolean) => {
            let yes = yes_beside(written)?;
            made(format!("{inner} = \"{yes}\""), format!("Yes when it is “{yes}”"))
        }
        (Value::Number(_), Target::Boolean) => made(format!("{inner} > 0"), "Yes when it is more than 0".to_owned()),
        (Value::Date(_), Target::Text) => {
            made(format!("formatDate({inner}; \"YYYY-MM-DD HH:mm\")"), "Write it as a date and a time".to_owned())
        }
        (Value::Array(items), Target::Text) if items.len() > 1 && items.iter().all(is_simple) => {
            made(format!("join({inner}; \", \")"), "Join all of them with commas".to_owned())
        }
        _ => None,
    }
}

/// The word for Yes of those who write this for No or Yes.
fn yes_beside(text: &str) -> Option<&'static str> {
    match text.trim() {
        "no" | "yes" => Some("yes"),
        "No" | "Yes" => Some("Yes"),
        "non" | "oui" => Some("oui"),
        "nein" | "ja" => Some("ja"),
        "off" | "on" => Some("on"),
        "0" | "1" => Some("1"),
        _ => None,
    }
}

fn is_simple(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_) | Value::Boolean(_))
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn offered(value: &str, target: Target) -> String {
        let value = json::parse(value.as_bytes()).unwrap();
        offer("{{1.x}}", &value, target).map(|offer| offer.text).unwrap_or_default()
    }

    #[test]
    fn a_value_of_another_kind_gets_the_formula_that_turns_it() {
        assert_eq!(offered("\"1 234,50\"", Target::Number), "{{parseNumber(1.x; \",\")}}");
        assert_eq!(offered("\"1 234,50\"", Target::Integer), "{{round(parseNumber(1.x; \",\"))}}");
        assert_eq!(offered("\"24/12/2026\"", Target::Date), "{{parseDate(1.x; \"DD/MM/YYYY\")}}");
        assert_eq!(offered("\"no\"", Target::Boolean), "{{1.x = \"yes\"}}");
        assert_eq!(offered("[\"a\",\"b\"]", Target::Text), "{{join(1.x; \", \")}}");
    }

    #[test]
    fn what_fits_or_means_nothing_else_gets_none() {
        assert_eq!(offered("\"50.000\"", Target::Number), "");
        assert_eq!(offered("\"open\"", Target::Number), "");
        assert_eq!(offered("[{\"a\":1},{\"a\":2}]", Target::Text), "");
        let value = Value::from("1,5 €");
        assert_eq!(offer("{{1.x}} and more", &value, Target::Number), None);
    }
}
