//! The operators of filters and of expressions for people: one table each, from
//! which the editor's lists, its help and its sentences are made.

/// An operator of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// As it is stored, such as `text:equal:ci`.
    pub name: &'static str,
    /// Where the editor lists it.
    pub group: Group,
    /// What the list calls it.
    pub label: &'static str,
    /// Whether it looks at one value only, so that `b` is absent.
    pub is_unary: bool,
    /// What stands between the two values when it holds: "is equal to".
    pub holds: &'static str,
    /// The same when it does not: "is not equal to".
    pub fails: &'static str,
}

/// The groups in the order of Make's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Whether there is a value.
    Basic,
    /// As texts.
    Text,
    /// As numbers.
    Number,
    /// As dates.
    Date,
    /// As times of day.
    Time,
    /// As yes or no.
    Boolean,
    /// In arrays.
    Array,
    /// As semantic versions.
    Version,
}

impl Group {
    /// The heading above its operators.
    pub fn heading(self) -> &'static str {
        match self {
            Group::Basic => "Basic operators",
            Group::Text => "Text operators",
            Group::Number => "Numeric operators",
            Group::Date => "Datetime operators",
            Group::Time => "Time operators",
            Group::Boolean => "Boolean operators",
            Group::Array => "Array operators",
            Group::Version => "Semver operators",
        }
    }

    /// How the values are read, to say it behind a sentence; may be empty.
    pub fn reading(self) -> &'static str {
        match self {
            Group::Basic | Group::Text | Group::Array => "",
            Group::Number => "as numbers",
            Group::Date => "as dates",
            Group::Time => "as times",
            Group::Boolean => "as yes or no",
            Group::Version => "as versions",
        }
    }
}

const EQUAL: (&str, &str) = ("is equal to", "is not equal to");
const CONTAINS: (&str, &str) = ("contains", "does not contain");
const STARTS: (&str, &str) = ("starts with", "does not start with");
const ENDS: (&str, &str) = ("ends with", "does not end with");
const MATCHES: (&str, &str) = ("matches the pattern", "does not match the pattern");
const EXISTS: (&str, &str) = ("exists", "does not exist");
const GREATER: (&str, &str) = ("is greater than", "is not greater than");
const LESS: (&str, &str) = ("is less than", "is not less than");
const LATER: (&str, &str) = ("is later than", "is not later than");
const EARLIER: (&str, &str) = ("is earlier than", "is not earlier than");
const LENGTH: (&str, &str) = ("has as many items as", "does not have as many items as");
const LONGER: (&str, &str) = ("has more items than", "does not have more items than");
const SHORTER: (&str, &str) = ("has fewer items than", "does not have fewer items than");

const fn row(
    group: Group,
    name: &'static str,
    label: &'static str,
    (holds, fails): (&'static str, &'static str),
) -> Comparison {
    Comparison { name, group, label, is_unary: matches!(group, Group::Basic), holds, fails }
}

/// The same turned around.
const fn not(
    group: Group,
    name: &'static str,
    label: &'static str,
    (holds, fails): (&'static str, &'static str),
) -> Comparison {
    row(group, name, label, (fails, holds))
}

use Group::{Array, Basic, Boolean, Date, Number, Text, Time, Version};

#[rustfmt::skip]
const COMPARISONS: &[Comparison] = &[
    row(Basic, "exist", "Exists", EXISTS),
    not(Basic, "notexist", "Does not exist", EXISTS),
    row(Text, "text:equal", "Equal to", EQUAL),
    row(Text, "text:equal:ci", "Equal to (case insensitive)", EQUAL),
    not(Text, "text:notequal", "Not equal to", EQUAL),
    not(Text, "text:notequal:ci", "Not equal to (case insensitive)", EQUAL),
    row(Text, "text:contain", "Contains", CONTAINS),
    row(Text, "text:contain:ci", "Contains (case insensitive)", CONTAINS),
    not(Text, "text:notcontain", "Does not contain", CONTAINS),
    not(Text, "text:notcontain:ci", "Does not contain (case insensitive)", CONTAINS),
    row(Text, "text:startwith", "Starts with", STARTS),
    row(Text, "text:startwith:ci", "Starts with (case insensitive)", STARTS),
    not(Text, "text:notstartwith", "Does not start with", STARTS),
    not(Text, "text:notstartwith:ci", "Does not start with (case insensitive)", STARTS),
    row(Text, "text:endwith", "Ends with", ENDS),
    row(Text, "text:endwith:ci", "Ends with (case insensitive)", ENDS),
    not(Text, "text:notendwith", "Does not end with", ENDS),
    not(Text, "text:notendwith:ci", "Does not end with (case insensitive)", ENDS),
    row(Text, "text:pattern", "Matches pattern", MATCHES),
    row(Text, "text:pattern:ci", "Matches pattern (case insensitive)", MATCHES),
    not(Text, "text:notpattern", "Does not match pattern", MATCHES),
    not(Text, "text:notpattern:ci", "Does not match pattern (case insensitive)", MATCHES),
    row(Number, "number:equal", "Equal to", EQUAL),
    not(Number, "number:notequal", "Not equal to", EQUAL),
    row(Number, "number:greater", "Greater than", GREATER),
    row(Number, "number:less", "Less than", LESS),
    not(Number, "number:greaterorequal", "Greater than or equal to", LESS),
    not(Number, "number:lessorequal", "Less than or equal to", GREATER),
    row(Date, "date:equal", "Equal to", EQUAL),
    not(Date, "date:notequal", "Not equal to", EQUAL),
    row(Date, "date:greater", "Later than", LATER),
    row(Date, "date:less", "Earlier than", EARLIER),
    not(Date, "date:greaterorequal", "Later than or equal to", EARLIER),
    not(Date, "date:lessorequal", "Earlier than or equal to", LATER),
    row(Time, "time:equal", "Equal to", EQUAL),
    not(Time, "time:notequal", "Not equal to", EQUAL),
    row(Time, "time:greater", "Later than", LATER),
    row(Time, "time:less", "Earlier than", EARLIER),
    not(Time, "time:greaterorequal", "Later than or equal to", EARLIER),
    not(Time, "time:lessorequal", "Earlier than or equal to", LATER),
    row(Boolean, "boolean:equal", "Equal to", EQUAL),
    not(Boolean, "boolean:notequal", "Not equal to", EQUAL),
    row(Array, "array:contain", "Contains", CONTAINS),
    row(Array, "array:contain:ci", "Contains (case insensitive)", CONTAINS),
    not(Array, "array:notcontain", "Does not contain", CONTAINS),
    not(Array, "array:notcontain:ci", "Does not contain (case insensitive)", CONTAINS),
    row(Array, "array:equal", "Array length equal to", LENGTH),
    not(Array, "array:notequal", "Array length not equal to", LENGTH),
    row(Array, "array:greater", "Array length greater than", LONGER),
    row(Array, "array:less", "Array length less than", SHORTER),
    not(Array, "array:greaterorequal", "Array length greater than or equal to", SHORTER),
    not(Array, "array:lessorequal", "Array length less than or equal to", LONGER),
    row(Version, "semver:equal", "Equal to", EQUAL),
    not(Version, "semver:notequal", "Not equal to", EQUAL),
    row(Version, "semver:greater", "Greater than", GREATER),
    row(Version, "semver:less", "Less than", LESS),
    not(Version, "semver:greaterorequal", "Greater than or equal to", LESS),
    not(Version, "semver:lessorequal", "Less than or equal to", GREATER),
];

/// The operators of filters, in the order of Make's list.
pub fn comparisons() -> &'static [Comparison] {
    COMPARISONS
}

/// The operator of that name.
pub fn comparison(name: &str) -> Option<&'static Comparison> {
    COMPARISONS.iter().find(|comparison| comparison.name == name)
}

/// What people and other programs write for an operator that Make has.
const MISTAKEN: &[(&str, &str)] = &[
    ("text:isempty", "notexist"),
    ("text:isnotempty", "exist"),
    ("equal", "text:equal"),
    ("notequal", "text:notequal"),
    ("pattern", "text:pattern"),
    ("contain", "text:contain"),
    ("date:before", "date:less"),
    ("date:after", "date:greater"),
];

/// The operator that was probably meant by one that does not exist.
pub fn meant_comparison(name: &str) -> Option<&'static Comparison> {
    let mistaken = MISTAKEN.iter().find(|(mistaken, _)| mistaken.eq_ignore_ascii_case(name));
    let text = name.replace("string:", "text:").replace("greaterThan", "greater").replace("lessThan", "less");
    let near = || crate::similar(&text, COMPARISONS.iter().map(|comparison| comparison.name));
    comparison(mistaken.map(|(_, meant)| *meant).or_else(near)?)
}

/// An operator between two values of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// As it is stored.
    pub sign: &'static str,
    /// What the editor calls it.
    pub label: &'static str,
    /// What it gives, in one sentence.
    pub help: &'static str,
    /// The category of functions that it is listed with.
    pub category: &'static str,
}

const fn sign(sign: &'static str, label: &'static str, category: &'static str, help: &'static str) -> Sign {
    Sign { sign, label, help, category }
}

const SIGNS: &[Sign] = &[
    sign("=", "=", "general", "Whether both are the same; a number and a text of that number are."),
    sign("!=", "!=", "general", "Whether they differ."),
    sign("<", "<", "general", "Whether the first is less, or earlier."),
    sign("<=", "<=", "general", "Whether the first is not more, or not later."),
    sign(">", ">", "general", "Whether the first is more, or later."),
    sign(">=", ">=", "general", "Whether the first is not less, or not earlier."),
    sign("&", "and", "general", "Whether both are true."),
    sign("|", "or", "general", "Whether one of them is true."),
    sign("+", "+", "math", "Adds numbers; joins texts."),
    sign("-", "-", "math", "Subtracts."),
    sign("*", "*", "math", "Multiplies."),
    sign("/", "/", "math", "Divides; there is no value when the second is 0."),
    sign("%", "mod", "math", "What remains when it is divided."),
];

/// The operators between two values of an expression.
pub fn signs() -> &'static [Sign] {
    SIGNS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Template, is_operator};

    #[test]
    fn every_comparison_exists_once_and_its_group_is_its_name_s() {
        for comparison in comparisons() {
            assert!(is_operator(comparison.name), "{}", comparison.name);
            let same = comparisons().iter().filter(|other| other.name == comparison.name).count();
            assert_eq!(same, 1, "{}", comparison.name);
            let is_negated = comparison.name.contains("not") || comparison.name.contains("orequal");
            assert_eq!(comparison.holds.contains("not"), is_negated, "{}", comparison.name);
        }
        let kinds = ["text", "number", "date", "time", "boolean", "array", "semver"];
        let tests =
            ["equal", "contain", "startwith", "endwith", "pattern", "less", "greater", "lessorequal", "greaterorequal"];
        let mut possible = 2;
        for kind in kinds {
            for test in tests.iter().flat_map(|test| [(*test).to_owned(), format!("not{test}")]) {
                for name in [format!("{kind}:{test}"), format!("{kind}:{test}:ci")] {
                    possible += usize::from(is_operator(&name));
                    assert_eq!(is_operator(&name), comparison(&name).is_some(), "{name}");
                }
            }
        }
        assert_eq!(possible, comparisons().len());
    }

    #[test]
    fn what_was_meant_is_found() {
        let meant = |name| meant_comparison(name).map(|found| found.name);
        assert_eq!(meant("text:isempty"), Some("notexist"));
        assert_eq!(meant("text:equals"), Some("text:equal"));
        assert_eq!(meant("number:greaterThan"), Some("number:greater"));
        assert_eq!(meant("date:before"), Some("date:less"));
        assert_eq!(meant("anything else"), None);
    }

    #[test]
    fn every_sign_joins_two_values() {
        for sign in signs() {
            assert!(Template::parse(&format!("{{{{1.a {} 1.b}}}}", sign.sign)).is_ok(), "{}", sign.sign);
            assert!(Template::parse(&format!("{{{{1.a {} 1.b}}}}", sign.label)).is_ok(), "{}", sign.label);
            assert!(sign.help.ends_with('.'));
        }
    }
}
