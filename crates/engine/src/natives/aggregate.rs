//! Aggregators: what arrives during one operation of their source becomes one
//! bundle, or one per group (source: `make-semantics.md` §3.11).

use std::collections::HashMap;

use rouage_model::value::Number;
use rouage_model::{Collection, ModuleError, Text, Value, json};
use rust_decimal::Decimal;

use super::{invalid, misconfigured, number, text, to_text};
use crate::names;
use crate::plan::NodeId;

/// What an aggregator makes of its bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Array,
    Text,
    Numeric,
    Table,
    Json,
}

/// What one aggregator has gathered so far in one operation of its source.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub aggregator: NodeId,
    groups: Vec<Group>,
    places: HashMap<Text, usize>,
    /// What the mappings wanted to have said.
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Group {
    /// Nothing without `groupBy`.
    key: Option<Value>,
    items: Vec<Value>,
}

impl Gathering {
    pub fn new(aggregator: NodeId) -> Self {
        Self { aggregator, groups: Vec::new(), places: HashMap::new(), warnings: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What the mappings of its bundles wanted to have said, once each.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// What is kept of the bundles.
    pub fn items(&self) -> impl Iterator<Item = &Value> {
        self.groups.iter().flat_map(|group| &group.items)
    }

    /// How many bundles were gathered.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.items.len()).sum()
    }

    /// Adds what [`Aggregation::item`] kept of a bundle. Groups keep the order
    /// in which their keys first appeared; keys are compared as text.
    pub fn add(&mut self, key: Option<Value>, item: Value, warnings: Vec<String>) -> Result<(), ModuleError> {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        let at = match &key {
            None => 0,
            Some(key) => {
                let place = if key.is_nothing() { "".into() } else { to_text(key, "groupBy")? };
                *self.places.entry(place).or_insert(self.groups.len())
            }
        };
        if at == self.groups.len() {
            self.groups.push(Group { key, items: Vec::new() });
        }
        self.groups[at].items.push(item);
        Ok(())
    }

    /// The output bundles: one per group, or one for nothing at all. Given
    /// back when a result cannot be made.
    pub fn finish(self, aggregation: Aggregation, parameters: &Value) -> Result<Vec<Value>, (Box<Self>, ModuleError)> {
        let items = self.groups.iter().map(|group| group.items.as_slice());
        let items = items.chain(self.groups.is_empty().then_some(&[][..]));
        let made: Result<Vec<Option<Value>>, ModuleError> =
            items.map(|items| aggregation.made_of(items, parameters)).collect();
        let made = match made {
            Ok(made) => made,
            Err(error) => return Err((Box::new(self), error)),
        };
        let groups = match self.groups {
            groups if groups.is_empty() => vec![Group { key: None, items: Vec::new() }],
            groups => groups,
        };
        let bundles = groups.into_iter().zip(made).map(|(group, made)| {
            let length = group.items.len();
            let result = made.unwrap_or_else(|| group.items.into());
            bundle(group.key, (aggregation.name(), result), length)
        });
        Ok(bundles.collect())
    }
}

fn bundle(key: Option<Value>, (name, result): (Text, Value), length: usize) -> Value {
    let mut bundle = Collection::with_capacity(3);
    bundle.insert(name, result);
    if let Some(key) = key {
        bundle.insert(names::shared(&names::GROUP_KEY), key);
    }
    bundle.insert(names::shared(&names::GROUP_LENGTH), length);
    bundle.into()
}

impl Aggregation {
    /// What is kept of one arriving bundle.
    pub fn item(self, input: &Value) -> Result<Value, ModuleError> {
        match self {
            Aggregation::Array | Aggregation::Json | Aggregation::Table => Ok(input.clone()),
            Aggregation::Text => Ok(text(input, "value")?.into()),
            Aggregation::Numeric => numeric_item(input),
        }
    }

    /// What the result is called.
    fn name(self) -> Text {
        names::shared(match self {
            Aggregation::Array => &names::ARRAY,
            Aggregation::Json => &names::JSON,
            Aggregation::Text | Aggregation::Table => &names::TEXT,
            Aggregation::Numeric => &names::RESULT,
        })
    }

    /// The result, when it is more than the items themselves.
    fn made_of(self, items: &[Value], parameters: &Value) -> Result<Option<Value>, ModuleError> {
        Ok(Some(match self {
            Aggregation::Array => return Ok(None),
            Aggregation::Json => json_text(items, parameters),
            Aggregation::Text => joined(items, separator(parameters, "rowSeparator", "otherRowSeparator")),
            Aggregation::Table => table(items, parameters)?,
            Aggregation::Numeric => calculate(items, parameters)?,
        }))
    }
}

fn numeric_item(input: &Value) -> Result<Value, ModuleError> {
    match input.field("value") {
        number @ Value::Number(_) => Ok(number.clone()),
        _ => Ok(number(input, "value")?.map_or(Value::Null, Value::from)),
    }
}

fn json_text(items: &[Value], parameters: &Value) -> Value {
    let indent = match parameters.field("space") {
        Value::Text(text) if text.as_ref() == "tab" => "\t",
        Value::Text(text) => match text.as_ref() {
            "2" => "  ",
            "4" => "    ",
            _ => "",
        },
        Value::Number(number) if number.as_i64() == Some(2) => "  ",
        Value::Number(number) if number.as_i64() == Some(4) => "    ",
        _ => "",
    };
    let items = Value::from(items.to_vec());
    match indent {
        "" => json::to_string(&items).into(),
        indent => json::write(&items, json::Style::Indented(indent)).into(),
    }
}

/// The text of a separator that is chosen from a list, or written by the user
/// when the list says `other`.
fn separator<'a>(parameters: &'a Value, name: &str, other: &str) -> &'a str {
    match parameters.field(name).as_text().unwrap_or_default() {
        "other" => parameters.field(other).as_text().unwrap_or_default(),
        separator => separator,
    }
}

fn joined(items: &[Value], separator: &str) -> Value {
    let texts: Vec<&str> = items.iter().map(|item| item.as_text().unwrap_or_default()).collect();
    texts.join(separator).into()
}

fn table(items: &[Value], parameters: &Value) -> Result<Value, ModuleError> {
    let between_columns = separator(parameters, "columnSeparator", "otherColumnSeparator");
    let rows = items.iter().map(|item| row(item, between_columns));
    let rows = rows.collect::<Result<Vec<String>, ModuleError>>()?;
    Ok(rows.join(separator(parameters, "rowSeparator", "otherRowSeparator")).into())
}

fn row(item: &Value, separator: &str) -> Result<String, ModuleError> {
    let Some(fields) = item.as_collection() else { return Ok(String::new()) };
    let cells = fields.iter().map(|(name, value)| match value {
        value if value.is_nothing() => Ok(Text::from("")),
        value => to_text(value, name),
    });
    Ok(cells.collect::<Result<Vec<Text>, ModuleError>>()?.join(separator))
}

fn calculate(items: &[Value], parameters: &Value) -> Result<Value, ModuleError> {
    let numbers: Vec<&Number> = items
        .iter()
        .filter_map(|item| match item {
            Value::Number(number) => Some(number),
            _ => None,
        })
        .collect();
    let by_size = |one: &&&Number, other: &&&Number| one.as_f64().total_cmp(&other.as_f64());
    Ok(match parameters.field("fn").as_text().unwrap_or_default() {
        "sum" => sum(&numbers),
        "avg" => average(&numbers),
        "count" => items.len().into(),
        "max" => numbers.iter().max_by(by_size).map_or(Value::Null, |number| Value::Number((**number).clone())),
        "min" => numbers.iter().min_by(by_size).map_or(Value::Null, |number| Value::Number((**number).clone())),
        "" => return Err(misconfigured("choose what the numeric aggregator calculates: sum, avg, count, max or min")),
        other => return Err(invalid("fn", &format!("{other:?} is not one of sum, avg, count, max, min"))),
    })
}

/// In decimal, so that 0.1 and 0.2 make 0.3; in doubles beyond its range.
fn sum(numbers: &[&Number]) -> Value {
    match decimal_sum(numbers) {
        Some(sum) => from_decimal(sum),
        None => numbers.iter().map(|number| number.as_f64()).sum::<f64>().into(),
    }
}

fn average(numbers: &[&Number]) -> Value {
    if numbers.is_empty() {
        return Value::Null;
    }
    let exact = decimal_sum(numbers).and_then(|sum| sum.checked_div(Decimal::from(numbers.len())));
    match exact {
        Some(average) => from_decimal(average),
        None => {
            #[expect(clippy::cast_precision_loss, reason = "a count of bundles is far below 2^53")]
            let count = numbers.len() as f64;
            (numbers.iter().map(|number| number.as_f64()).sum::<f64>() / count).into()
        }
    }
}

fn decimal_sum(numbers: &[&Number]) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    for number in numbers {
        sum = sum.checked_add(number.to_string().parse().ok()?)?;
    }
    Some(sum)
}

fn from_decimal(decimal: Decimal) -> Value {
    let digits = decimal.normalize().to_string();
    digits.parse::<i64>().map(Value::from).or_else(|_| digits.parse::<f64>().map(Value::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calculated(function: &str, numbers: &[f64]) -> Value {
        let items: Vec<Value> = numbers.iter().map(|number| Value::from(*number)).collect();
        let parameters = [("fn", function)].into_iter().collect::<Collection>().into();
        calculate(&items, &parameters).unwrap()
    }

    #[test]
    fn numbers_are_added_in_decimal() {
        assert_eq!(calculated("sum", &[0.1, 0.2]), Value::from(0.3));
        assert_eq!(calculated("sum", &[1e300, 1e300]), Value::from(2e300));
        assert_eq!(calculated("sum", &[]), Value::from(0));
        assert_eq!(calculated("avg", &[1.0, 2.0]), Value::from(1.5));
        assert_eq!(calculated("avg", &[]), Value::Null);
        assert_eq!(calculated("max", &[3.0, 7.0, 5.0]), Value::from(7));
        assert_eq!(calculated("min", &[3.0, 7.0, 5.0]), Value::from(3));
        assert_eq!(calculated("count", &[3.0, 7.0, 5.0]), Value::from(3));
    }
}
