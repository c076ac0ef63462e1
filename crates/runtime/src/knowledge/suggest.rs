//! What would fit the data better than the operator that was chosen. Only what
//! the bundles at hand speak for is suggested; a person decides.

use rouage_expr::{compare, comparison, meant_comparison, to_number};
use rouage_model::Value;

use super::filter::rows;
use super::presence;
use super::readings::{amounts, date_format, inner, number_of, texts};
use super::words::quoted;

pub use super::filter::Fact;

/// Another operator for a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Which group; counts from 0.
    pub group: usize,
    /// Which condition of it; counts from 0.
    pub condition: usize,
    /// The operator to take.
    pub operator: &'static str,
    /// The left value to take with it; `None` to leave it.
    pub left: Option<String>,
    /// The right one.
    pub right: Option<String>,
    /// Why, as a question.
    pub why: String,
    /// Whether the condition does now what hardly anybody means.
    pub is_trap: bool,
}

/// What the data speaks for. `facts` has, for each bundle, what each condition
/// of each group saw; empty groups are left out there.
pub fn suggestions(conditions: &Value, facts: &[Vec<Vec<Fact>>]) -> Vec<Suggestion> {
    let mut found = Vec::new();
    let mut tried = 0;
    for (group, row) in rows(conditions).iter().enumerate() {
        if row.is_empty() {
            continue;
        }
        for (at, condition) in row.iter().enumerate() {
            let operator = condition.field("o").as_text().unwrap_or_default();
            let seen = facts.iter().filter_map(|bundle| bundle.get(tried)?.get(at));
            let seen: Vec<&Fact> = seen.collect();
            if let Some(Better { operator, why, left, right, is_trap }) = suggestion(operator, condition, &seen) {
                found.push(Suggestion { group, condition: at, operator, left, right, why, is_trap });
            }
        }
        tried += 1;
    }
    found
}

/// What would be better than what a condition has.
#[derive(Debug, Clone, Default)]
pub struct Better {
    /// The operator.
    pub operator: &'static str,
    /// Why, as a question.
    pub why: String,
    /// The left value; `None` to leave it.
    pub left: Option<String>,
    /// The right one.
    pub right: Option<String>,
    /// Whether the condition does now what hardly anybody means.
    pub is_trap: bool,
}

impl Better {
    /// Only another operator.
    pub fn of(operator: &'static str, why: impl Into<String>) -> Self {
        Self { operator, why: why.into(), ..Self::default() }
    }
}

/// Another operator for the same values.
type Other = Option<(&'static str, &'static str)>;

fn suggestion(operator: &str, condition: &Value, seen: &[&Fact]) -> Option<Better> {
    if comparison(operator).is_none() {
        let meant = meant_comparison(operator)?;
        return Some(Better::of(meant.name, "There is no such operator. Is this one meant?"));
    }
    let other = |found: Other| found.map(|(operator, why)| Better::of(operator, why));
    other(by_emptiness(operator, condition))
        .or_else(|| presence::instead(operator, condition, seen))
        .or_else(|| by_writing(operator, condition, seen))
        .or_else(|| other(by_type(operator, condition, seen)))
        .or_else(|| other(by_case(operator, seen)))
}

/// A text that means a number or a date, but is not written as a program does.
fn by_writing(operator: &str, condition: &Value, seen: &[&Fact]) -> Option<Better> {
    let known = comparison(operator)?;
    let lefts: Vec<&Value> = seen.iter().filter_map(|fact| fact.left.as_ref()).filter(|left| !is_empty(left)).collect();
    let written = texts(&lefts)?;
    let first = quoted(lefts.first()?, &jiff::tz::TimeZone::UTC);
    match known.name.split_once(':')? {
        ("number", _) => {
            let found = amounts(written.into_iter())?;
            let left = number_of(inner(condition.field("a").as_text()?)?, found);
            let why = format!("{first} is an amount written as a text, so it is no number yet. Make a number of it?");
            Some(Better { left: Some(format!("{{{{{left}}}}}")), ..Better::of(known.name, why) })
        }
        ("date", _) => {
            let format = date_format(written.into_iter())?;
            let left = inner(condition.field("a").as_text()?)?;
            let why = format!("{first} is a date written as a text. Read it as {format}?");
            Some(Better {
                left: Some(format!("{{{{parseDate({left}; \"{format}\")}}}}")),
                ..Better::of(known.name, why)
            })
        }
        _ => None,
    }
}

/// Comparing with nothing asks whether there is something.
fn by_emptiness(operator: &str, condition: &Value) -> Other {
    let right = condition.field("b");
    let is_empty =
        right.is_nothing() || right.as_text().is_some_and(|text| matches!(text.trim(), "" | "{{emptystring}}"));
    match operator {
        "text:notequal" | "text:notequal:ci" if is_empty => Some(("exist", "Ask whether it exists?")),
        "text:equal" | "text:equal:ci" if is_empty => Some(("notexist", "Ask whether it does not exist?")),
        _ => None,
    }
}

fn by_type(operator: &str, condition: &Value, seen: &[&Fact]) -> Other {
    let lefts: Vec<&Value> = seen.iter().filter_map(|fact| fact.left.as_ref()).filter(|left| !is_empty(left)).collect();
    let all = |is: fn(&Value) -> bool| !lefts.is_empty() && lefts.iter().all(|left| is(left));
    let rights: Vec<&Value> =
        seen.iter().filter_map(|fact| fact.right.as_ref()).filter(|right| !is_empty(right)).collect();
    let against = |is: fn(&Value) -> bool| !rights.is_empty() && rights.iter().all(|right| is(right));
    let (group, test) = operator.split_once(':').unwrap_or((operator, ""));
    let test = test.trim_end_matches(":ci");
    match (group, test) {
        ("text", "contain" | "equal") if all(is_list) => {
            Some(("array:contain", "This is a list: look whether it contains an item?"))
        }
        ("text", "notcontain" | "notequal") if all(is_list) => {
            Some(("array:notcontain", "This is a list: look whether it contains an item?"))
        }
        ("text", "equal") if all(is_boolean) => Some(("boolean:equal", "This is yes or no: compare as such?")),
        ("text", "notequal") if all(is_boolean) => Some(("boolean:notequal", "This is yes or no: compare as such?")),
        ("text", "equal") if all(is_number) && against(is_numeric) => {
            Some(("number:equal", "This is a number: compare as numbers?"))
        }
        ("text", "notequal") if all(is_number) && against(is_numeric) => {
            Some(("number:notequal", "This is a number: compare as numbers?"))
        }
        ("text", "equal" | "notequal") if differs_as_numbers(seen) => as_numbers(test),
        ("text" | "number", _) if all(is_date) => as_dates(test),
        ("number", _) if all(is_written_date) => as_dates(test),
        ("number", "equal") if all(is_boolean) => Some(("boolean:equal", "This is yes or no: compare as such?")),
        ("number", "notequal") if all(is_boolean) => Some(("boolean:notequal", "This is yes or no: compare as such?")),
        ("boolean", "equal") if all(is_word) && !all(is_yes_or_no) => {
            Some(("text:equal", "This is a text, and every text but “false” counts as Yes: compare as texts?"))
        }
        ("boolean", "notequal") if all(is_word) && !all(is_yes_or_no) => {
            Some(("text:notequal", "This is a text, and every text but “false” counts as Yes: compare as texts?"))
        }
        ("array", "contain") if all(is_text) => Some(("text:contain", "This is a text: look whether it contains it?")),
        ("array", "notcontain") if all(is_text) => {
            Some(("text:notcontain", "This is a text: look whether it contains it?"))
        }
        ("array", test) if all(is_number) => as_numbers(test),
        ("number", "equal") if all(is_word) => Some(("text:equal", "This is no number: compare as texts?")),
        ("number", "notequal") if all(is_word) => Some(("text:notequal", "This is no number: compare as texts?")),
        ("number", test) if all(is_list) => as_length(test),
        ("date", test) if all(is_number) && against(is_numeric) && is_written_number(condition) => as_numbers(test),
        _ => None,
    }
}

fn as_dates(test: &str) -> Other {
    let why = "This is a date: compare as dates?";
    let operator = match test {
        "equal" => "date:equal",
        "notequal" => "date:notequal",
        "greater" => "date:greater",
        "less" => "date:less",
        "greaterorequal" => "date:greaterorequal",
        "lessorequal" => "date:lessorequal",
        _ => return None,
    };
    Some((operator, why))
}

fn as_numbers(test: &str) -> Other {
    let why = "This is a number: compare as numbers?";
    let operator = match test {
        "equal" => "number:equal",
        "notequal" => "number:notequal",
        "greater" => "number:greater",
        "less" => "number:less",
        "greaterorequal" => "number:greaterorequal",
        "lessorequal" => "number:lessorequal",
        _ => return None,
    };
    Some((operator, why))
}

fn as_length(test: &str) -> Other {
    let why = "This is a list: compare how many items it has?";
    let operator = match test {
        "equal" => "array:equal",
        "notequal" => "array:notequal",
        "greater" => "array:greater",
        "less" => "array:less",
        "greaterorequal" => "array:greaterorequal",
        "lessorequal" => "array:lessorequal",
        _ => return None,
    };
    Some((operator, why))
}

/// A text that fails for nothing but its capitals.
fn by_case(operator: &str, seen: &[&Fact]) -> Other {
    let known = comparison(operator).filter(|known| known.name.starts_with("text:") && !known.name.ends_with(":ci"))?;
    if known.name.contains(":not") {
        return None;
    }
    let insensitive = comparison(&format!("{operator}:ci"))?;
    let differs = |fact: &&&Fact| {
        let left = fact.left.as_ref().filter(|left| !is_empty(left));
        left.is_some_and(|left| {
            !fact.passed && compare(insensitive.name, left, fact.right.as_ref(), &jiff::tz::TimeZone::UTC)
        })
    };
    seen.iter().any(|fact| differs(&fact)).then_some((insensitive.name, "Only capital letters differ: ignore them?"))
}

fn is_empty(value: &Value) -> bool {
    value.is_nothing() || value.as_text() == Some("")
}

fn is_list(value: &Value) -> bool {
    matches!(value, Value::Array(_))
}

fn is_text(value: &Value) -> bool {
    value.as_text().is_some()
}

fn is_yes_or_no(value: &Value) -> bool {
    matches!(value.as_text(), Some("true" | "false"))
}

/// A text as programs write dates: `2026-11-24T09:30:00Z`.
fn is_written_date(value: &Value) -> bool {
    let is_long = |text: &str| {
        text.len() >= 10 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-'
    };
    value.as_text().is_some_and(is_long)
        && rouage_expr::coerce(value, rouage_expr::Target::Date, &jiff::tz::TimeZone::UTC).is_ok()
}

/// Numbers that are written as texts, `50.000` and `50`, and differ as such only.
fn differs_as_numbers(seen: &[&Fact]) -> bool {
    let both = |fact: &&&Fact| {
        let (Some(left), Some(right)) = (&fact.left, &fact.right) else { return false };
        let as_texts = compare("text:equal", left, Some(right), &jiff::tz::TimeZone::UTC);
        !as_texts && compare("number:equal", left, Some(right), &jiff::tz::TimeZone::UTC)
    };
    seen.iter().any(|fact| both(&fact))
}

fn is_boolean(value: &Value) -> bool {
    matches!(value, Value::Boolean(_))
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Number(_))
}

fn is_numeric(value: &Value) -> bool {
    to_number(value).is_some()
}

fn is_date(value: &Value) -> bool {
    matches!(value, Value::Date(_))
}

/// A text that is no number.
fn is_word(value: &Value) -> bool {
    value.as_text().is_some() && to_number(value).is_none()
}

/// Milliseconds that somebody computed are no date that was typed.
fn is_written_number(condition: &Value) -> bool {
    condition.field("b").as_text().is_some_and(|text| !text.contains("{{"))
}

#[cfg(test)]
mod tests {
    use rouage_model::{Collection, json};

    use super::*;

    fn suggested(operator: &str, right: &str, lefts: &[&str]) -> Option<&'static str> {
        let condition: Value = Collection::from_iter([("a", "{{1.x}}"), ("o", operator), ("b", right)]).into();
        let conditions = vec![Value::from(vec![condition])].into();
        let facts: Vec<Vec<Vec<Fact>>> = lefts
            .iter()
            .map(|left| {
                let left = json::parse(left.as_bytes()).unwrap();
                let right = Value::from(right);
                let passed = compare(operator, &left, Some(&right), &jiff::tz::TimeZone::UTC);
                vec![vec![Fact { left: Some(left), right: Some(right), passed }]]
            })
            .collect();
        suggestions(&conditions, &facts).first().map(|found| found.operator)
    }

    #[test]
    fn the_data_decides() {
        assert_eq!(suggested("text:equal", "5", &["5", "7"]), Some("number:equal"));
        assert_eq!(suggested("text:equal", "five", &["5", "7"]), None);
        assert_eq!(suggested("text:equal", "5", &["\"5\""]), None);
        assert_eq!(suggested("text:contain", "red", &["[\"red\"]"]), Some("array:contain"));
        assert_eq!(suggested("text:equal", "true", &["true"]), Some("boolean:equal"));
        assert_eq!(suggested("number:equal", "open", &["\"open\""]), Some("text:equal"));
        assert_eq!(suggested("number:greater", "2", &["[1,2,3]"]), Some("array:greater"));
        assert_eq!(suggested("text:equal", "paris", &["\"Paris\"", "\"Lyon\""]), Some("text:equal:ci"));
        assert_eq!(suggested("text:equal", "Paris", &["\"Paris\"", "\"Lyon\""]), None);
        assert_eq!(suggested("text:equal", "Paris", &[]), None);
    }

    fn better(operator: &str, right: &str, lefts: &[&str]) -> (String, String, String, bool) {
        let condition: Value = Collection::from_iter([("a", "{{1.x}}"), ("o", operator), ("b", right)]).into();
        let lefts: Vec<Value> = lefts.iter().map(|left| json::parse(left.as_bytes()).unwrap()).collect();
        let facts = lefts.into_iter().map(|left| {
            let right = Value::from(right);
            let passed = compare(operator, &left, Some(&right), &jiff::tz::TimeZone::UTC);
            Fact { left: Some(left), right: Some(right), passed }
        });
        let facts: Vec<Fact> = facts.collect();
        let seen: Vec<&Fact> = facts.iter().collect();
        let found = suggestion(operator, &condition, &seen).unwrap_or_default();
        let side = |text: Option<String>| text.unwrap_or_default();
        (found.operator.to_owned(), side(found.left), side(found.right), found.is_trap)
    }

    #[test]
    fn what_is_empty_in_its_own_way_is_told_from_what_exists() {
        let expect =
            |operator: &str, left: &str, right: &str| (operator.to_owned(), left.to_owned(), right.to_owned(), true);
        assert_eq!(better("exist", "", &["[]"]), expect("array:greater", "", "0"));
        assert_eq!(better("exist", "", &["{\"code\":\"X\"}", "[]"]), expect("array:greater", "", "0"));
        assert_eq!(better("notexist", "", &["[]"]), expect("array:equal", "", "0"));
        assert_eq!(better("exist", "", &["{}"]), expect("number:greater", "{{length(keys(1.x))}}", "0"));
        assert_eq!(better("exist", "", &["true", "false"]), expect("boolean:equal", "", "true"));
        assert_eq!(better("exist", "", &["0", "\"12.00\""]), expect("number:greater", "", "0"));
        assert!(!better("exist", "", &["[1]"]).3);
        for fine in ["\"\"", "\"text\"", "5", "true", "null", "{\"a\":1}"] {
            assert_eq!(better("exist", "", &[fine]).0, "", "{fine}");
        }
    }

    #[test]
    fn amounts_and_dates_of_people_are_read_by_a_formula() {
        let money = better("number:greater", "100", &["\"1 234,50 €\""]);
        assert_eq!(money.0, "number:greater");
        assert_eq!(money.1, "{{parseNumber(replace(1.x; \"/[^0-9.,-]/g\"; emptystring); \",\")}}");
        assert_eq!(better("number:greater", "100", &["\"50.000\""]).0, "");
        let date = better("date:greater", "2026-01-01", &["\"24/12/2026\""]);
        assert_eq!(date.1, "{{parseDate(1.x; \"DD/MM/YYYY\")}}");
        assert_eq!(
            suggested("number:greater", "2020-01-01", &["\"2021-01-15T09:02:16.000000Z\""]),
            Some("date:greater")
        );
        assert_eq!(suggested("text:equal", "50", &["\"50.000\""]), Some("number:equal"));
        assert_eq!(suggested("boolean:equal", "true", &["\"no\""]), Some("text:equal"));
        assert_eq!(suggested("array:contain", "a", &["\"abc\""]), Some("text:contain"));
        assert_eq!(suggested("array:greater", "2", &["5"]), Some("number:greater"));
    }

    #[test]
    fn comparing_with_nothing_is_asking_whether_it_exists() {
        assert_eq!(suggested("text:notequal", "", &[]), Some("exist"));
        assert_eq!(suggested("text:equal", "", &["\"x\""]), Some("notexist"));
    }

    #[test]
    fn operators_of_others_are_translated() {
        assert_eq!(suggested("text:isempty", "", &[]), Some("notexist"));
        assert_eq!(suggested("text:contains", "x", &[]), Some("text:contain"));
    }
}
