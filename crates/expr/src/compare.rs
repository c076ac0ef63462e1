//! The operators of filters: what each asks of its operands (`iml.md` §4).

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use rouage_model::{Number, Text, Value};

use crate::coerce::{to_boolean, to_number, to_text};
use crate::operators::compare_numbers;
use crate::{dates, pattern};

/// What an operator asks, with its direction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Exist,
    Text(TextTest, Case),
    Ordered(Kind, Relation),
    ArrayContain(Case),
    ArrayLength(Relation),
    Boolean,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Equal,
    Contain,
    StartWith,
    EndWith,
    Pattern,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Insensitive,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Date,
    Time,
    SemanticVersion,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

impl Relation {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "equal" => Relation::Equal,
            "less" => Relation::Less,
            "greater" => Relation::Greater,
            "lessorequal" => Relation::LessOrEqual,
            "greaterorequal" => Relation::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Relation::Equal => ordering.is_eq(),
            Relation::Less => ordering.is_lt(),
            Relation::Greater => ordering.is_gt(),
            Relation::LessOrEqual => ordering.is_le(),
            Relation::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// The test of an operator and whether its outcome is turned around.
fn parse_operator(operator: &str) -> Option<(Test, bool)> {
    if operator == "exist" || operator == "notexist" {
        return Some((Test::Exist, operator == "notexist"));
    }
    let (group, rest) = operator.split_once(':')?;
    let (name, case) = match rest.strip_suffix(":ci") {
        Some(name) => (name, Case::Insensitive),
        None => (rest, Case::Sensitive),
    };
    let (name, negated) = name.strip_prefix("not").map_or((name, false), |name| (name, true));
    let test = test(group, name, case)?;
    // Only equality, text and containment have a negated form.
    let negatable =
        !matches!(test, Test::Ordered(_, relation) | Test::ArrayLength(relation) if relation != Relation::Equal);
    (negatable || !negated).then_some((test, negated))
}

fn test(group: &str, name: &str, case: Case) -> Option<Test> {
    let plain = |test| (case == Case::Sensitive).then_some(test);
    match group {
        "text" => {
            let test = match name {
                "equal" => TextTest::Equal,
                "contain" => TextTest::Contain,
                "startwith" => TextTest::StartWith,
                "endwith" => TextTest::EndWith,
                "pattern" => TextTest::Pattern,
                _ => return None,
            };
            Some(Test::Text(test, case))
        }
        "array" if name == "contain" => Some(Test::ArrayContain(case)),
        "array" => plain(Test::ArrayLength(Relation::from_name(name)?)),
        "boolean" if name == "equal" => plain(Test::Boolean),
        "number" => plain(Test::Ordered(Kind::Number, Relation::from_name(name)?)),
        "date" => plain(Test::Ordered(Kind::Date, Relation::from_name(name)?)),
        "time" => plain(Test::Ordered(Kind::Time, Relation::from_name(name)?)),
        "semver" => plain(Test::Ordered(Kind::SemanticVersion, Relation::from_name(name)?)),
        _ => None,
    }
}

/// Whether Make has an operator of that name.
pub fn is_operator(operator: &str) -> bool {
    parse_operator(operator).is_some()
}

/// Whether a condition holds. An unknown operator never does (decision D32); a
/// missing or unusable operand fails the comparison and is never an error
/// (decision D31).
pub fn compare(operator: &str, left: &Value, right: Option<&Value>, timezone: &TimeZone) -> bool {
    let Some((test, negated)) = parse_operator(operator) else {
        return false;
    };
    let right = right.unwrap_or(&Value::Undefined);
    let holds = match test {
        // Decision D30.
        Test::Exist => !left.is_nothing() && left.as_text() != Some(""),
        Test::Text(test, case) => compare_texts(test, case, left, right),
        Test::Ordered(kind, relation) => {
            ordering(kind, left, right, timezone).is_some_and(|ordering| relation.holds(ordering))
        }
        Test::ArrayContain(case) => {
            let wanted = text_of(right, case);
            items(left).iter().any(|item| text_of(item, case) == wanted)
        }
        Test::ArrayLength(relation) => compare_length(left, right).is_some_and(|ordering| relation.holds(ordering)),
        Test::Boolean => to_boolean(left) == to_boolean(right),
    };
    holds != negated
}

/// A missing value is the empty text, and so is one that has no text.
fn text_of(value: &Value, case: Case) -> Text {
    let text = to_text(value).unwrap_or_else(|_| Text::from(""));
    match case {
        Case::Sensitive => text,
        Case::Insensitive => text.to_lowercase().into(),
    }
}

fn compare_texts(test: TextTest, case: Case, left: &Value, right: &Value) -> bool {
    if test == TextTest::Pattern {
        let (text, source) = (text_of(left, Case::Sensitive), text_of(right, Case::Sensitive));
        let flags = if case == Case::Insensitive { "i" } else { "" };
        return pattern::compile(&source, flags).is_ok_and(|pattern| pattern.is_match(text.as_ref()).unwrap_or(false));
    }
    let (left, right) = (text_of(left, case), text_of(right, case));
    match test {
        TextTest::Equal => left == right,
        TextTest::Contain => left.contains(right.as_ref()),
        TextTest::StartWith => left.starts_with(right.as_ref()),
        TextTest::EndWith => left.ends_with(right.as_ref()),
        TextTest::Pattern => false,
    }
}

fn ordering(kind: Kind, left: &Value, right: &Value, timezone: &TimeZone) -> Option<Ordering> {
    match kind {
        Kind::Number => compare_numbers(&number(left)?, &number(right)?),
        Kind::Date => {
            let date = |value| dates::from_value(value, timezone).ok();
            Some(date(left)?.cmp(&date(right)?))
        }
        Kind::Time => {
            let time = |value: &Value| match value {
                Value::Date(date) => Some(timezone.to_datetime(*date).time()),
                other => dates::time_of_day(&to_text(other).ok()?),
            };
            Some(time(left)?.cmp(&time(right)?))
        }
        Kind::SemanticVersion => {
            Some(Version::parse(&to_text(left).ok()?)?.cmp(&Version::parse(&to_text(right).ok()?)?))
        }
    }
}

/// Dates count as milliseconds, as in arithmetic.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Date(date) => Some(Number::Integer(date.as_millisecond())),
        other => to_number(other),
    }
}

/// As a parameter of type array: nothing is empty, anything else one item.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        value if value.is_nothing() => &[],
        value => std::slice::from_ref(value),
    }
}

fn compare_length(left: &Value, right: &Value) -> Option<Ordering> {
    let length = i64::try_from(items(left).len()).ok()?;
    compare_numbers(&Number::Integer(length), &to_number(right)?)
}

/// A semantic version (semver.org 2.0.0), read leniently: `v1.2` is `1.2.0`.
#[derive(PartialEq, Eq)]
struct Version {
    numbers: Vec<u64>,
    /// Identifiers of the pre-release; none is later than any.
    pre_release: Vec<String>,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V', '=']);
        let text = text.split('+').next()?;
        let (core, pre_release) = text.split_once('-').map_or((text, None), |(core, rest)| (core, Some(rest)));
        let mut numbers = core.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        numbers.resize(numbers.len().max(3), 0);
        let pre_release = pre_release.map(|rest| rest.split('.').map(str::to_owned).collect()).unwrap_or_default();
        Some(Self { numbers, pre_release })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let release = self.pre_release.is_empty().cmp(&other.pre_release.is_empty());
        let identifiers = || {
            let pairs = self.pre_release.iter().zip(&other.pre_release);
            let first = pairs.map(|(a, b)| compare_identifiers(a, b)).find(|ordering| ordering.is_ne());
            first.unwrap_or_else(|| self.pre_release.len().cmp(&other.pre_release.len()))
        };
        self.numbers.cmp(&other.numbers).then(release).then_with(identifiers)
    }
}

/// Numbers by size and before words; words by their characters.
fn compare_identifiers(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

/// Why an outcome may surprise the one who reads it.
pub(crate) fn note(operator: &str, left: &Value, right: Option<&Value>, timezone: &TimeZone) -> Option<String> {
    let right = right.unwrap_or(&Value::Undefined);
    let Some((test, _)) = parse_operator(operator) else {
        return Some(format!("'{operator}' is not an operator, so the condition never matches"));
    };
    match test {
        Test::Ordered(kind, _) if ordering(kind, left, right, timezone).is_none() => {
            let wanted = match kind {
                Kind::Number => "a number",
                Kind::Date => "a date",
                Kind::Time => "a time",
                Kind::SemanticVersion => "a version",
            };
            let side = if ordering(kind, left, left, timezone).is_none() { "the left" } else { "the right" };
            Some(format!("{side} value is not {wanted}, so the two cannot be compared"))
        }
        Test::ArrayLength(_) if compare_length(left, right).is_none() => {
            Some("the length of the array is compared, and the right value is not a number".to_owned())
        }
        Test::Text(TextTest::Pattern, _) => {
            pattern::compile(&text_of(right, Case::Sensitive), "").err().map(|reason| format!("the pattern: {reason}"))
        }
        Test::Text(..) if left.is_nothing() => Some("the left value is missing and counts as empty text".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn holds(operator: &str, left: &str, right: &str) -> bool {
        let parsed = |text: &str| json::parse(text.as_bytes()).unwrap();
        compare(operator, &parsed(left), Some(&parsed(right)), &TimeZone::UTC)
    }

    #[test]
    fn d30_exist_is_false_for_missing_null_and_empty_text_only() {
        let exist = |value| compare("exist", &value, None, &TimeZone::UTC);
        assert!(!exist(Value::Undefined) && !exist(Value::Null) && !exist(Value::from("")));
        assert!(exist(Value::from(0)) && exist(Value::from(false)) && exist(Value::from(Vec::new())));
        assert!(exist(Value::empty_collection()) && exist(Value::from(" ")));
    }

    #[test]
    fn d31_missing_operands_fail_comparisons_and_pass_not_equal() {
        for group in ["number", "date", "time", "semver"] {
            for relation in ["equal", "less", "greater", "lessorequal", "greaterorequal"] {
                assert!(!holds(&format!("{group}:{relation}"), "null", "\"1\""), "{group}:{relation}");
                assert!(!holds(&format!("{group}:{relation}"), "\"x y\"", "\"1\""), "{group}:{relation}");
            }
            assert!(holds(&format!("{group}:notequal"), "null", "\"1\""));
        }
        assert!(holds("text:equal", "null", "\"\"") && holds("text:startwith", "null", "null"));
    }

    #[test]
    fn versions_follow_semantic_versioning() {
        assert!(holds("semver:less", r#""1.0.0-alpha.2""#, r#""1.0.0-alpha.10""#));
        assert!(holds("semver:less", r#""1.0.0-rc.1""#, r#""1.0.0""#));
        assert!(holds("semver:equal", r#""v1.2""#, r#""1.2.0+build""#));
    }

    #[test]
    fn d32_unknown_operators_never_match() {
        for name in ["text:contains", "string:equal", "notExist", "number:greaterequal", "equal", "", "number:notless"]
        {
            assert!(!holds(name, "1", "1"), "{name}");
        }
    }
}
