//! What would fit the data better than the operator that was chosen. Only what
//! the bundles at hand speak for is suggested; a person decides.

use rouage_expr::{compare, comparison, meant_comparison, to_number};
use rouage_model::Value;

use super::filter::{Fact, rows};

/// Another operator for a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Which group; counts from 0.
    pub group: usize,
    /// Which condition of it; counts from 0.
    pub condition: usize,
    /// The operator to take.
    pub operator: &'static str,
    /// Why, as a question.
    pub why: String,
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
            if let Some((operator, why)) = suggestion(operator, condition, &seen) {
                found.push(Suggestion { group, condition: at, operator, why: why.to_owned() });
            }
        }
        tried += 1;
    }
    found
}

type Better = Option<(&'static str, &'static str)>;

fn suggestion(operator: &str, condition: &Value, seen: &[&Fact]) -> Better {
    if comparison(operator).is_none() {
        let meant = meant_comparison(operator)?;
        return Some((meant.name, "There is no such operator. Is this one meant?"));
    }
    by_emptiness(operator, condition).or_else(|| by_type(operator, condition, seen)).or_else(|| by_case(operator, seen))
}

/// Comparing with nothing asks whether there is something.
fn by_emptiness(operator: &str, condition: &Value) -> Better {
    let right = condition.field("b");
    let is_empty =
        right.is_nothing() || right.as_text().is_some_and(|text| matches!(text.trim(), "" | "{{emptystring}}"));
    match operator {
        "text:notequal" | "text:notequal:ci" if is_empty => Some(("exist", "Ask whether it exists?")),
        "text:equal" | "text:equal:ci" if is_empty => Some(("notexist", "Ask whether it does not exist?")),
        _ => None,
    }
}

fn by_type(operator: &str, condition: &Value, seen: &[&Fact]) -> Better {
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
        ("text" | "number", _) if all(is_date) => as_dates(test),
        ("number", "equal") if all(is_word) => Some(("text:equal", "This is no number: compare as texts?")),
        ("number", "notequal") if all(is_word) => Some(("text:notequal", "This is no number: compare as texts?")),
        ("number", test) if all(is_list) => as_length(test),
        ("date", test) if all(is_number) && against(is_numeric) && is_written_number(condition) => as_numbers(test),
        _ => None,
    }
}

fn as_dates(test: &str) -> Better {
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

fn as_numbers(test: &str) -> Better {
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

fn as_length(test: &str) -> Better {
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
fn by_case(operator: &str, seen: &[&Fact]) -> Better {
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
