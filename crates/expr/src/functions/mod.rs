//! The functions: one table, from which evaluation, the editor's help, the
//! suggestions and the example tests are made.

mod array;
mod binary;
mod calendar;
mod date;
mod extension;
mod general;
mod math;
mod signature;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use rouage_model::{Collection, Number, Text, Value};

use crate::ast::Node;
use crate::coerce::{shorten, to_text};
use crate::context::Context;
use crate::error::EvalError;
use crate::path::NOTHING;
use crate::{dates, eval};

pub use signature::Argument;
pub(crate) use text::expand;

/// Where the editor lists a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Choices and fields.
    General,
    /// Numbers.
    Math,
    /// Text and binary.
    Text,
    /// Date and time.
    Date,
    /// Arrays and collections.
    Array,
    /// Not in Make (decision D20).
    Extension,
}

impl Category {
    /// The name as shown.
    pub fn name(self) -> &'static str {
        match self {
            Category::General => "general",
            Category::Math => "math",
            Category::Text => "text",
            Category::Date => "date",
            Category::Array => "array",
            Category::Extension => "extension",
        }
    }

    /// The heading above its functions.
    pub fn heading(self) -> &'static str {
        match self {
            Category::General => "General functions",
            Category::Math => "Math functions",
            Category::Text => "Text and binary functions",
            Category::Date => "Date and time functions",
            Category::Array => "Array functions",
            Category::Extension => "Functions that Make does not have",
        }
    }

    /// All of them, in the order of the editor.
    pub fn all() -> [Category; 6] {
        [Category::General, Category::Math, Category::Text, Category::Date, Category::Array, Category::Extension]
    }
}

/// Everything about one function.
#[derive(Debug, Clone)]
pub struct FunctionInfo {
    /// The name, in its only spelling.
    pub name: &'static str,
    /// Where the editor lists it.
    pub category: Category,
    /// The arguments by name; `[x]` may be left out, `...` repeats.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub help: &'static str,
    /// Expressions with the value that they have, as JSON.
    pub examples: &'static [(&'static str, &'static str)],
    /// Whether it gives a different value each time.
    pub volatile: bool,
    /// Whether it is ours or Workfront's and not Make's (decision D20).
    pub extension: bool,
    pub(crate) run: Run,
}

impl FunctionInfo {
    /// The arguments, as the signature names them.
    pub fn arguments(&self) -> Vec<Argument> {
        signature::arguments(self.signature)
    }

    /// Whether a search means this function: all its words stand in the name,
    /// the signature or the help.
    pub fn matches(&self, search: &str) -> bool {
        let text = format!("{} {} {}", self.signature, self.help, self.category.name()).to_lowercase();
        search.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
    }
}

/// What a function gives.
pub(crate) type Outcome = Result<Value, EvalError>;

/// How a function is run.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// With the values of all arguments.
    Eager(fn(&Call<'_>) -> Outcome),
    /// With the arguments, to evaluate only those it needs.
    Lazy(fn(&LazyCall<'_>) -> Outcome),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Run::Eager(_) => "Eager",
            Run::Lazy(_) => "Lazy",
        })
    }
}

/// A row of a category's table.
pub(crate) struct Row {
    pub signature: &'static str,
    pub help: &'static str,
    pub examples: &'static [(&'static str, &'static str)],
    pub run: Run,
}

impl Row {
    fn into_info(self, category: Category) -> FunctionInfo {
        let name = self.signature.split('(').next().unwrap_or_default();
        FunctionInfo {
            name,
            category,
            signature: self.signature,
            help: self.help,
            examples: self.examples,
            volatile: name == "shuffle",
            extension: category == Category::Extension,
            run: self.run,
        }
    }
}

static TABLE: LazyLock<Vec<FunctionInfo>> = LazyLock::new(|| {
    let categories = [
        (Category::General, general::rows()),
        (Category::Math, math::rows()),
        (Category::Text, text::rows()),
        (Category::Text, binary::rows()),
        (Category::Date, date::rows()),
        (Category::Array, array::rows()),
        (Category::Extension, extension::rows()),
        (Category::Extension, calendar::rows()),
    ];
    categories
        .into_iter()
        .flat_map(|(category, rows)| rows.into_iter().map(move |row| row.into_info(category)))
        .collect()
});

/// All functions, by category.
pub fn functions() -> &'static [FunctionInfo] {
    &TABLE
}

/// The function of that name; names are case-sensitive.
pub fn find(name: &str) -> Option<&'static FunctionInfo> {
    static BY_NAME: LazyLock<HashMap<&str, &FunctionInfo>> =
        LazyLock::new(|| TABLE.iter().map(|function| (function.name, function)).collect());
    BY_NAME.get(name).copied()
}

/// What people write instead of the function that does it (`iml.md` §2.8).
const MISTAKEN: &[(&str, &str)] = &[
    ("compact", "use split(text; separator) or remove(array; emptystring)"),
    ("coalesce", "Did you mean ifempty?"),
    ("count", "Did you mean length?"),
    ("createJSON", "use a \"JSON > Create JSON\" module, or toString(collection)"),
    ("divide", "use the operator /"),
    ("endOfDay", "use setHour, setMinute and setSecond"),
    ("endsWith", "use substring and length, or the filter operator \"ends with\""),
    ("exists", "use if(value; …; …), or a filter with \"Exists\""),
    ("filter", "use map(array; key; filter key; filter values), or an iterator with a filter"),
    ("iferror", "use an error handler"),
    ("isEmpty", "Did you mean isBlank?"),
    ("json", "use toString(collection)"),
    ("multiply", "use the operator *"),
    ("not", "use if(condition; false; true)"),
    ("parseJSON", "use a \"JSON > Parse JSON\" module"),
    ("pow", "Did you mean power?"),
    ("regexMatch", "use a \"Text parser > Match pattern\" module"),
    ("startOfDay", "use setHour, setMinute and setSecond"),
    ("startsWith", "use indexOf(text; start) = 0"),
    ("stringify", "use toString(collection)"),
    ("subtract", "use the operator -"),
    ("toBoolean", "use the comparison = true"),
    ("toDate", "Did you mean parseDate?"),
    ("toJSON", "use toString(collection)"),
    ("toNumber", "Did you mean parseNumber?"),
    ("today", "use now, or formatDate(now; \"YYYY-MM-DD\")"),
    ("urlEncode", "Did you mean encodeURL?"),
    ("values", "use map(toArray(collection); \"value\")"),
];

/// What to do about an unknown function: what people usually mean by it, or
/// the function with the most similar name.
pub fn suggestion(name: &str) -> Option<String> {
    if let Some((_, instead)) = MISTAKEN.iter().find(|(mistaken, _)| mistaken.eq_ignore_ascii_case(name)) {
        return Some((*instead).to_owned());
    }
    similar(name, TABLE.iter().map(|function| function.name)).map(|near| format!("Did you mean {near}?"))
}

/// The most similar of some names, if one is similar enough to be meant.
pub fn similar<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = if name.chars().count() <= 4 { 1 } else { 2 };
    let (far, near) = names.map(|other| (distance(name, other), other)).min()?;
    (far <= limit).then_some(near)
}

/// Letters to change, add or drop, without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let lower = |text: &str| text.to_lowercase().chars().take(40).collect::<Vec<_>>();
    let (left, right) = (lower(left), lower(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, from) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (position, to) in right.iter().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[position + 1];
            row[position + 1] = change.min(diagonal + 1).min(row[position] + 1);
        }
    }
    row[right.len()]
}

/// A call with the values of its arguments, and the coercions of parameters.
pub(crate) struct Call<'c> {
    pub values: &'c [Value],
    pub context: &'c Context<'c>,
}

impl Call<'_> {
    /// An argument; nothing when it was not given.
    pub(crate) fn value(&self, at: usize) -> &Value {
        self.values.get(at).unwrap_or(NOTHING)
    }

    /// The arguments from a position on.
    pub(crate) fn rest(&self, from: usize) -> &[Value] {
        self.values.get(from..).unwrap_or_default()
    }

    /// Text; nothing is the empty text.
    pub(crate) fn text(&self, at: usize) -> Result<Text, EvalError> {
        self.text_of(self.value(at))
    }

    pub(crate) fn text_of(&self, value: &Value) -> Result<Text, EvalError> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Array(_) | Value::Collection(_) | Value::Buffer(_) => {
                let mut writer = crate::coerce::TextWriter::new(self.context);
                writer.value(value)?;
                to_text(&writer.finish()).map_err(EvalError::of_type)
            }
            other => to_text(other).map_err(EvalError::of_type),
        }
    }

    /// Text that may be left out.
    pub(crate) fn optional_text(&self, at: usize) -> Result<Option<Text>, EvalError> {
        if self.value(at).is_nothing() { Ok(None) } else { self.text(at).map(Some) }
    }

    /// A number that may be left out.
    pub(crate) fn number(&self, at: usize) -> Result<Option<Number>, EvalError> {
        match self.value(at) {
            value if value.is_nothing() => Ok(None),
            Value::Number(number) => Ok(Some(number.clone())),
            Value::Text(text) => match crate::coerce::parse_number(text) {
                Some(number) => Ok(Some(number)),
                None => Err(EvalError::of_type(format!("'{}' is not a valid number", shorten(text)))),
            },
            other => match crate::operators::operand(other) {
                Some(number) => Ok(Some(number)),
                None => Err(EvalError::of_type(format!("a {} is not a number", other.type_name()))),
            },
        }
    }

    /// A whole number that may be left out; fractions are cut off and what is
    /// too large is cut to size, as positions are in JavaScript.
    pub(crate) fn integer(&self, at: usize) -> Result<Option<i64>, EvalError> {
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
        Ok(self.number(at)?.map(|number| match number {
            Number::Integer(integer) => integer,
            other => other.as_f64().trunc() as i64,
        }))
    }

    /// An array; nothing is an empty one, anything else is Make's error.
    pub(crate) fn array(&self, at: usize) -> Result<&[Value], EvalError> {
        match self.value(at) {
            Value::Array(items) => Ok(items),
            value if value.is_nothing() => Ok(&[]),
            other => {
                let shown = to_text(other).unwrap_or_else(|_| other.type_name().into());
                Err(EvalError::of_type(format!("'{}' is not a valid array", shorten(&shown))))
            }
        }
    }

    /// A collection; nothing is an empty one.
    pub(crate) fn collection(&self, at: usize) -> Result<Option<&Collection>, EvalError> {
        match self.value(at) {
            Value::Collection(collection) => Ok(Some(collection)),
            value if value.is_nothing() => Ok(None),
            other => {
                let shown = to_text(other).unwrap_or_else(|_| other.type_name().into());
                Err(EvalError::of_type(format!("'{}' is not a valid collection", shorten(&shown))))
            }
        }
    }

    /// A date; nothing stays nothing.
    pub(crate) fn date(&self, at: usize) -> Result<Option<Timestamp>, EvalError> {
        match self.value(at) {
            value if value.is_nothing() => Ok(None),
            value => dates::from_value(value, self.context.timezone).map(Some).map_err(EvalError::of_type),
        }
    }

    /// Whether an optional flag is set.
    pub(crate) fn flag(&self, at: usize) -> bool {
        crate::coerce::to_boolean(self.value(at))
    }
}

/// A call whose arguments are evaluated as they are needed.
pub(crate) struct LazyCall<'c> {
    pub arguments: &'c [Node],
    pub context: &'c Context<'c>,
}

impl LazyCall<'_> {
    /// The value of an argument; `null` when it was not given.
    pub(crate) fn value(&self, at: usize) -> Outcome {
        self.arguments.get(at).map_or(Ok(Value::Null), |argument| eval::evaluate(argument, self.context))
    }
}

/// A number as an outcome; what is not a number is no value.
pub(crate) fn number(number: f64) -> Outcome {
    Ok(crate::operators::number(Number::from_f64(number)))
}

#[cfg(test)]
mod tests {
    use rouage_model::tagged;

    use super::*;
    use crate::testing;

    #[test]
    fn every_example_is_true() {
        for function in functions() {
            for (expression, expected) in function.examples {
                let value = testing::evaluated(&format!("{{{{{expression}}}}}"))
                    .unwrap_or_else(|error| panic!("{expression}: {error}"));
                assert_eq!(tagged::to_string(&value), *expected, "{expression}");
            }
        }
    }

    #[test]
    fn every_function_is_documented() {
        let mut names = std::collections::BTreeSet::new();
        for function in functions() {
            assert!(names.insert(function.name), "{} is there twice", function.name);
            assert!(function.help.ends_with('.') && function.signature.ends_with(')'), "{}", function.name);
            assert!(!function.examples.is_empty() || function.volatile, "{} has no example", function.name);
        }
    }

    #[test]
    fn wrong_names_are_met_with_the_right_one() {
        for (wrong, right) in [
            ("formatdate", "Did you mean formatDate?"),
            ("stripHtml", "Did you mean stripHTML?"),
            ("uper", "Did you mean upper?"),
            ("toNumber", "Did you mean parseNumber?"),
            ("parseJson", "use a \"JSON > Parse JSON\" module"),
        ] {
            assert_eq!(suggestion(wrong).as_deref(), Some(right));
        }
        assert_eq!(suggestion("extractUrnFromUrl"), None);
        for (mistaken, _) in MISTAKEN {
            assert!(find(mistaken).is_none(), "{mistaken} exists");
        }
    }
}
