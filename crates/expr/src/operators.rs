//! What the operators do with values of any type.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use rouage_model::{Number, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::ast::Operator;
use crate::coerce::{TextWriter, parse_number, visit};
use crate::context::{Budget, Context};
use crate::dates;
use crate::error::EvalError;

/// Applies an operator that needs both operands.
pub(crate) fn apply(
    operator: Operator,
    left: &Value,
    right: &Value,
    context: &Context<'_>,
) -> Result<Value, EvalError> {
    Ok(match operator {
        Operator::Equal => Value::Boolean(equal_within(left, right, context.budget)?),
        Operator::NotEqual => Value::Boolean(!equal_within(left, right, context.budget)?),
        Operator::Less => Value::Boolean(ordering(left, right, context.timezone) == Some(Ordering::Less)),
        Operator::Greater => Value::Boolean(ordering(left, right, context.timezone) == Some(Ordering::Greater)),
        Operator::LessOrEqual => Value::Boolean(ordering(left, right, context.timezone).is_some_and(Ordering::is_le)),
        Operator::GreaterOrEqual => {
            Value::Boolean(ordering(left, right, context.timezone).is_some_and(Ordering::is_ge))
        }
        Operator::Add => add(left, right, context)?,
        _ => arithmetic(operator, &operand(left), &operand(right), context),
    })
}

/// Texts are joined, numbers are added, and nothing changes nothing.
fn add(left: &Value, right: &Value, context: &Context<'_>) -> Result<Value, EvalError> {
    let numeric = |value: &Value| matches!(value, Value::Number(_) | Value::Boolean(_) | Value::Date(_));
    match (left, right) {
        (left, right) if left.is_nothing() && right.is_nothing() => Ok(Value::Null),
        (nothing, value) | (value, nothing) if nothing.is_nothing() => Ok(value.clone()),
        (left, right) if numeric(left) && numeric(right) => {
            Ok(arithmetic(Operator::Add, &operand(left), &operand(right), context))
        }
        _ => {
            let mut writer = TextWriter::new(context.budget);
            writer.value(left)?;
            writer.value(right)?;
            Ok(writer.finish())
        }
    }
}

/// A value as an operand of arithmetic: dates are milliseconds, nothing is 0,
/// and what is not a number is `None`.
pub(crate) fn operand(value: &Value) -> Option<Number> {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => Some(Number::Integer(0)),
        Value::Boolean(boolean) => Some(Number::Integer(i64::from(*boolean))),
        Value::Number(number) => Some(number.clone()),
        Value::Text(text) if text.trim().is_empty() => Some(Number::Integer(0)),
        Value::Text(text) => parse_number(text),
        Value::Date(date) => Some(Number::Integer(date.as_millisecond())),
        Value::Buffer(_) | Value::Array(_) | Value::Collection(_) => None,
    }
}

/// Decimal arithmetic, so that `0.1 + 0.2` is `0.3` (decision D10), and the
/// doubles of JavaScript where decimals do not reach.
pub(crate) fn arithmetic(
    operator: Operator,
    left: &Option<Number>,
    right: &Option<Number>,
    context: &Context<'_>,
) -> Value {
    let (Some(left), Some(right)) = (left, right) else {
        context.budget.warn("a value that is not a number was used in a calculation; the result has no value");
        return Value::Null;
    };
    if right.as_f64() == 0.0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        context.budget.warn("division by zero; the result has no value");
        return Value::Null;
    }
    number(calculate(operator, left, right))
}

/// A number as a value; a result that is no number is no value.
pub(crate) fn number(number: Number) -> Value {
    match number {
        Number::Float(float) if float.is_nan() => Value::Null,
        number => Value::Number(number),
    }
}

pub(crate) fn calculate(operator: Operator, left: &Number, right: &Number) -> Number {
    let (a, b) = (left.as_f64(), right.as_f64());
    let double = match operator {
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        _ => a + b,
    };
    // Beyond these magnitudes 28 digits say less than a double does.
    let in_reach = double == 0.0 || (1e-9..1e20).contains(&double.abs());
    if !in_reach {
        return Number::from_f64(double);
    }
    exactly(operator, left, right).unwrap_or_else(|| Number::from_f64(double))
}

fn exactly(operator: Operator, left: &Number, right: &Number) -> Option<Number> {
    let (a, b) = (decimal(left)?, decimal(right)?);
    let result = match operator {
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => a.checked_add(b),
    };
    result.and_then(from_decimal)
}

/// The decimal that a number prints as.
pub(crate) fn decimal(number: &Number) -> Option<Decimal> {
    match number {
        Number::Integer(integer) => Some(Decimal::from(*integer)),
        Number::Float(float) => {
            let magnitude = float.abs();
            if *float != 0.0 && !(1e-12..1e20).contains(&magnitude) {
                return None;
            }
            Decimal::from_str_exact(&format!("{float}")).ok()
        }
        Number::Exact(digits) => Decimal::from_str_exact(digits).ok(),
    }
}

/// The number of a decimal: whole when it is.
pub(crate) fn from_decimal(decimal: Decimal) -> Option<Number> {
    if decimal.fract().is_zero()
        && let Some(integer) = decimal.to_i64()
    {
        return Some(Number::Integer(integer));
    }
    decimal.to_string().parse().ok().map(Number::from_f64)
}

/// `=` (decision D1): JavaScript's `==` for text, numbers, booleans and empty;
/// dates by instant, arrays and collections by content.
pub(crate) fn loosely_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (left, right) if left.is_nothing() || right.is_nothing() => left.is_nothing() && right.is_nothing(),
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => equal_numbers(left, right),
        (Value::Date(date), Value::Text(text)) | (Value::Text(text), Value::Date(date)) => {
            text.parse::<jiff::Timestamp>().is_ok_and(|parsed| parsed == *date)
        }
        (Value::Number(_) | Value::Text(_) | Value::Boolean(_) | Value::Date(_), _)
            if matches!(right, Value::Number(_) | Value::Text(_) | Value::Boolean(_) | Value::Date(_)) =>
        {
            match (operand(left), operand(right)) {
                (Some(left), Some(right)) => equal_numbers(&left, &right),
                _ => false,
            }
        }
        _ => strictly_equal(left, right),
    }
}

/// [`loosely_equal`] after the budget has paid for what has to be compared.
pub(crate) fn equal_within(left: &Value, right: &Value, budget: &Budget) -> Result<bool, EvalError> {
    visit(left, budget, 0)?;
    visit(right, budget, 0)?;
    Ok(loosely_equal(left, right))
}

/// Equality without conversion, deep for arrays and collections.
pub(crate) fn strictly_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (left, right) if left.is_nothing() || right.is_nothing() => left.is_nothing() && right.is_nothing(),
        (Value::Number(left), Value::Number(right)) => equal_numbers(left, right),
        (Value::Buffer(left), Value::Buffer(right)) => left.bytes == right.bytes,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(a, b)| strictly_equal(a, b))
        }
        (Value::Collection(left), Value::Collection(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| strictly_equal(value, other)))
        }
        _ => left == right,
    }
}

fn equal_numbers(left: &Number, right: &Number) -> bool {
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => left == right,
        (Number::Exact(left), Number::Exact(right)) => left == right,
        _ => left.as_f64() == right.as_f64(),
    }
}

/// How two values compare: two texts by their characters, a date with a text
/// that is one by time, anything else as numbers. `None` if they do not.
pub(crate) fn ordering(left: &Value, right: &Value, timezone: &TimeZone) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Date(date), Value::Text(text)) => Some(date.cmp(&dates::parse_text(text, timezone).ok()?)),
        (Value::Text(text), Value::Date(date)) => Some(dates::parse_text(text, timezone).ok()?.cmp(date)),
        _ => compare_numbers(&operand_or_none(left)?, &operand_or_none(right)?),
    }
}

/// As in JavaScript a missing value compares with nothing, while `null` is 0.
fn operand_or_none(value: &Value) -> Option<Number> {
    match value {
        Value::Undefined | Value::Ignore => None,
        value => operand(value),
    }
}

/// Numbers by size, exactly.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => Some(left.cmp(right)),
        _ => match (decimal(left), decimal(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
    }
}
