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
            let mut writer = TextWriter::new(context);
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
    if let (Number::Integer(left), Number::Integer(right)) = (left, right)
        && let Some(result) = whole(operator, *left, *right)
    {
        return Number::Integer(result);
    }
    let (a, b) = (left.as_f64(), right.as_f64());
    let double = match operator {
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        _ => a + b,
    };
    // Beyond these magnitudes 28 digits say less than a double does; sums and
    // remainders have no more digits than their operands, however small.
    let rounds = matches!(operator, Operator::Multiply | Operator::Divide);
    let in_reach = double == 0.0 || (!rounds && double.abs() < 1e20) || (1e-9..1e20).contains(&double.abs());
    if !in_reach {
        return Number::from_f64(double);
    }
    exactly(operator, left, right).unwrap_or_else(|| Number::from_f64(double))
}

/// What whole numbers give when the result is one.
fn whole(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide if left.checked_rem(right) == Some(0) => left.checked_div(right),
        Operator::Divide => None,
        Operator::Remainder => left.checked_rem(right),
        _ => left.checked_add(right),
    }
}

fn exactly(operator: Operator, left: &Number, right: &Number) -> Option<Number> {
    let (a, b) = (decimal(left)?, decimal(right)?);
    let result = match operator {
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => return quotient(a, b).or_else(|| a.checked_div(b).and_then(from_decimal)),
        Operator::Remainder => a.checked_rem(b),
        _ => a.checked_add(b),
    };
    result.and_then(from_decimal)
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Whole numbers below this are exact as doubles.
const EXACT: u128 = 1 << 53;

/// The quotient as the nearest double, when both sides are whole numbers that
/// a double holds once their decimal points are moved.
fn quotient(left: Decimal, right: Decimal) -> Option<Number> {
    let moved = |number: Decimal, scale: u32| {
        let factor = 10_i128.checked_pow(scale)?;
        number.mantissa().checked_mul(factor).filter(|moved| moved.unsigned_abs() < EXACT)
    };
    let (left, right) = (moved(left, right.scale())?, moved(right, left.scale())?);
    #[expect(clippy::cast_precision_loss, reason = "both are held exactly")]
    (right != 0).then(|| Number::from_f64(left as f64 / right as f64))
}

/// The decimal that a double prints as, found without printing it: a whole
/// number of at most 15 digits over a power of ten that gives this double is
/// the only such one, and so the shortest.
fn short_decimal(float: f64) -> Option<Decimal> {
    for (scale, power) in (0..).zip(&POWERS[..8]) {
        let whole = (float * power).round();
        if whole.abs() >= 1e15 {
            return None;
        }
        if whole / power == float {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 10^15")]
            return Some(Decimal::new(whole as i64, scale));
        }
    }
    None
}

/// Writes a number as JavaScript prints it, quickly for the usual ones.
pub(crate) fn write_number(out: &mut String, number: &Number) {
    use std::fmt::Write as _;
    if let Number::Float(float) = number
        && float.abs() >= 1e-6
        && let Some(decimal) = short_decimal(*float)
    {
        let scale = usize::try_from(decimal.scale()).unwrap_or(0);
        if *float < 0.0 {
            out.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{:0width$}", decimal.mantissa().unsigned_abs(), width = scale + 1);
        if scale > 0 {
            out.insert(out.len() - scale, '.');
        }
        return;
    }
    let _ = write!(out, "{number}");
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
            short_decimal(*float).or_else(|| Decimal::from_str_exact(&format!("{float}")).ok())
        }
        Number::Exact(digits) => Decimal::from_str_exact(digits).ok(),
    }
}

/// The number of a decimal: whole when it is.
pub(crate) fn from_decimal(decimal: Decimal) -> Option<Number> {
    let power = usize::try_from(decimal.scale()).ok().and_then(|scale| POWERS.get(scale));
    if let Some(power) = power.filter(|_| decimal.mantissa().unsigned_abs() < EXACT) {
        #[expect(clippy::cast_precision_loss, reason = "held exactly")]
        return Some(Number::from_f64(decimal.mantissa() as f64 / power));
    }
    match decimal.to_i64().filter(|_| decimal.fract().is_zero()) {
        Some(integer) => Some(Number::Integer(integer)),
        None => decimal.to_string().parse().ok().map(Number::from_f64),
    }
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
        (Value::Buffer(left), Value::Buffer(right)) => left.content == right.content,
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
        _ if is_double(left) && is_double(right) => left.as_f64().partial_cmp(&right.as_f64()),
        _ => match (decimal(left), decimal(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
    }
}

/// Whether a double holds the number exactly. Of two such the doubles compare
/// as what they print as.
fn is_double(number: &Number) -> bool {
    match number {
        Number::Integer(integer) => u128::from(integer.unsigned_abs()) <= EXACT,
        Number::Float(_) => true,
        Number::Exact(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(float: f64) -> Option<Decimal> {
        Decimal::from_str_exact(&float.to_string()).ok()
    }

    #[test]
    fn decimals_are_found_without_printing() {
        for float in [0.0, -0.5, 0.1, 12.25, 1e14, 123_456_789.123_4, 0.300_000_1, -1.005, 99.99, 4.35] {
            assert_eq!(short_decimal(float), printed(float), "{float}");
            assert_eq!(short_decimal(float).unwrap().scale(), printed(float).unwrap().scale(), "{float}");
        }
        for float in [0.5, -0.25, 12.25, 1e-6, 1e-7, -99.5, 1e21, 1e14, 0.1 + 0.2, -0.0, 4.0] {
            let mut out = String::from("x");
            write_number(&mut out, &Number::Float(float));
            assert_eq!(out[1..], Number::Float(float).to_string());
        }
        for float in [1.0 / 3.0, 0.1 + 0.2, 1e15, 2.0_f64.sqrt()] {
            assert_eq!(short_decimal(float), None, "{float}");
        }
    }

    #[test]
    fn short_ways_give_what_decimals_give() {
        let operators = [Operator::Add, Operator::Subtract, Operator::Multiply, Operator::Divide, Operator::Remainder];
        let numbers = [0.1, 0.2, -3.0, 7.0, 1.005, 99.99, 1234.5, 1e14, 2.5e-7, 3.337_592_653_589_793];
        for (left, right) in numbers.iter().flat_map(|left| numbers.iter().map(move |right| (*left, *right))) {
            let (a, b) = (printed(left).unwrap(), printed(right).unwrap());
            for operator in operators {
                let exact = match operator {
                    Operator::Add => a.checked_add(b),
                    Operator::Subtract => a.checked_sub(b),
                    Operator::Multiply => a.checked_mul(b),
                    Operator::Divide => a.checked_div(b),
                    _ => a.checked_rem(b),
                };
                let expected: f64 = exact.unwrap().to_string().parse().unwrap();
                let found = calculate(operator, &Number::from_f64(left), &Number::from_f64(right));
                let rounded = matches!(operator, Operator::Multiply | Operator::Divide) && expected.abs() < 1e-9;
                assert!(rounded || found.as_f64() == expected, "{left} {operator:?} {right}: {found} {expected}");
            }
        }
        assert_eq!(calculate(Operator::Add, &Number::Integer(i64::MAX), &Number::Integer(1)).as_f64(), 2_f64.powi(63));
    }
}
