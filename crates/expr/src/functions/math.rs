//! Numbers.

use rouage_model::{Number, Value};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Call, Outcome, Row, Run, number};
use crate::ast::Operator;
use crate::coerce::{shorten, to_number};
use crate::error::EvalError;
use crate::operators::{calculate, compare_numbers, decimal, from_decimal};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = rounding();
    rows.extend(aggregates());
    rows.extend(texts());
    rows
}

fn rounding() -> Vec<Row> {
    vec![
        Row {
            signature: "abs(number)",
            help: "The number without its sign.",
            examples: &[("abs(-3.7)", "3.7")],
            run: Run::Eager(|call| each(call, f64::abs)),
        },
        Row {
            signature: "ceil(number)",
            help: "The smallest whole number that is not less.",
            examples: &[("ceil(1.2)", "2"), ("ceil(-1.2)", "-1")],
            run: Run::Eager(|call| each(call, f64::ceil)),
        },
        Row {
            signature: "floor(number)",
            help: "The largest whole number that is not more.",
            examples: &[("floor(1.9)", "1"), ("floor(-1.2)", "-2")],
            run: Run::Eager(|call| each(call, f64::floor)),
        },
        Row {
            signature: "round(number)",
            help: "The nearest whole number; a half goes up.",
            examples: &[("round(1.5)", "2"), ("round(-2.5)", "-2"), ("round(1.4)", "1")],
            run: Run::Eager(|call| each(call, round_half_up)),
        },
        Row {
            signature: "trunc(number; [decimals])",
            help: "The number with its further digits cut off; negative decimals cut before the point.",
            examples: &[("trunc(-3.789)", "-3"), ("trunc(3.789; 2)", "3.78"), ("trunc(123.456; -2)", "100")],
            run: Run::Eager(trunc),
        },
    ]
}

fn aggregates() -> Vec<Row> {
    vec![
        Row {
            signature: "average(array or value1; [value2; ...])",
            help: "The mean of the numbers.",
            examples: &[("average(1; 2; 6)", "3")],
            run: Run::Eager(|call| Ok(mean(&numbers(call)).map_or(Value::Null, Value::Number))),
        },
        Row {
            signature: "sum(array or value1; [value2; ...])",
            help: "The sum of the numbers.",
            examples: &[("sum(0.1; 0.2)", "0.3"), ("sum(add(emptyarray; 1; \"x\"; 2))", "3")],
            run: Run::Eager(|call| Ok(crate::operators::number(total(&numbers(call))))),
        },
        Row {
            signature: "max(array or value1; [value2; ...])",
            help: "The largest of the numbers.",
            examples: &[("max(3; 9; 4)", "9")],
            run: Run::Eager(|call| Ok(extreme(call, std::cmp::Ordering::Greater))),
        },
        Row {
            signature: "min(array or value1; [value2; ...])",
            help: "The smallest of the numbers.",
            examples: &[("min(3; 9; 4)", "3")],
            run: Run::Eager(|call| Ok(extreme(call, std::cmp::Ordering::Less))),
        },
        Row {
            signature: "median(array or value1; [value2; ...])",
            help: "The middle number, or the mean of the two in the middle.",
            examples: &[("median(5; 1; 3)", "3"), ("median(1; 2; 3; 4)", "2.5")],
            run: Run::Eager(median),
        },
        Row {
            signature: "stdevP(array or value1; [value2; ...])",
            help: "The standard deviation of a whole population.",
            examples: &[("stdevP(2; 4; 4; 4; 5; 5; 7; 9)", "2")],
            run: Run::Eager(|call| deviation(call, 0)),
        },
        Row {
            signature: "stdevS(array or value1; [value2; ...])",
            help: "The standard deviation estimated from a sample.",
            examples: &[("round(stdevS(1; 2; 3; 4; 5) * 1000)", "1581")],
            run: Run::Eager(|call| deviation(call, 1)),
        },
    ]
}

fn texts() -> Vec<Row> {
    vec![
        Row {
            signature: "parseNumber(text; [decimalSeparator])",
            help: "The number that a text means; the separator is . or , and blanks and the other one are skipped.",
            examples: &[
                ("parseNumber(\"1 756,456\"; \",\")", "1756.456"),
                ("parseNumber(\"1,234.5\")", "1234.5"),
                ("parseNumber(7; \",\")", "7"),
            ],
            run: Run::Eager(parse_number),
        },
        Row {
            signature: "formatNumber(number; decimalPoints; [decimalSeparator]; [thousandsSeparator])",
            help: "The number as text, by default with , before the decimals and . between thousands.",
            examples: &[
                ("formatNumber(123456789; 3)", "\"123.456.789,000\""),
                ("formatNumber(-1234.565; 2; \".\"; \",\")", "\"-1,234.57\""),
                ("formatNumber(1234; 0; \".\"; emptystring)", "\"1234\""),
            ],
            run: Run::Eager(format_number),
        },
    ]
}

fn each(call: &Call<'_>, change: fn(f64) -> f64) -> Outcome {
    match call.number(0)? {
        None => Ok(Value::Null),
        // Whole numbers stay exact; only their sign may change.
        Some(Number::Integer(integer)) if change(-1.0) < 0.0 => Ok(Value::from(integer)),
        Some(other) => number(change(other.as_f64())),
    }
}

/// As JavaScript: a half goes towards +∞ (decision D12).
pub(super) fn round_half_up(float: f64) -> f64 {
    let floor = float.floor();
    if float - floor >= 0.5 { floor + 1.0 } else { floor }
}

fn trunc(call: &Call<'_>) -> Outcome {
    let (Some(value), decimals) = (call.number(0)?, call.integer(1)?.unwrap_or(0)) else {
        return Ok(Value::Null);
    };
    let places = u32::try_from(decimals.unsigned_abs()).unwrap_or(u32::MAX);
    let exact = decimal(&value).and_then(|decimal| match decimals {
        0.. => Some(decimal.trunc_with_scale(places.min(28))),
        _ => {
            let unit = Decimal::from(10_i64.checked_pow(places)?);
            Some((decimal / unit).trunc() * unit)
        }
    });
    match exact.and_then(from_decimal) {
        Some(exact) => Ok(Value::Number(exact)),
        None if decimals < 0 && decimal(&value).is_some() => Ok(Value::from(0)),
        None => number(value.as_f64().trunc()),
    }
}

/// The numbers among the arguments and the arrays that are arguments; texts
/// that are numbers count, anything else is skipped.
pub(super) fn numbers(call: &Call<'_>) -> Vec<Number> {
    let values = call.values.iter().flat_map(|value| value.as_array().unwrap_or(std::slice::from_ref(value)));
    values.filter_map(to_number).collect()
}

fn total(numbers: &[Number]) -> Number {
    numbers.iter().fold(Number::Integer(0), |sum, number| calculate(Operator::Add, &sum, number))
}

fn count(numbers: &[Number]) -> Number {
    Number::Integer(i64::try_from(numbers.len()).unwrap_or(i64::MAX))
}

fn mean(numbers: &[Number]) -> Option<Number> {
    (!numbers.is_empty()).then(|| calculate(Operator::Divide, &total(numbers), &count(numbers)))
}

fn extreme(call: &Call<'_>, wanted: std::cmp::Ordering) -> Value {
    let best = numbers(call)
        .into_iter()
        .reduce(|best, number| if compare_numbers(&number, &best) == Some(wanted) { number } else { best });
    best.map_or(Value::Null, Value::Number)
}

fn median(call: &Call<'_>) -> Outcome {
    let mut numbers = numbers(call);
    numbers.sort_by(|left, right| compare_numbers(left, right).unwrap_or(std::cmp::Ordering::Equal));
    let middle = numbers.len() / 2;
    let around = if numbers.len() % 2 == 1 { middle..middle + 1 } else { middle.saturating_sub(1)..middle + 1 };
    Ok(numbers.get(around).and_then(mean).map_or(Value::Null, Value::Number))
}

fn deviation(call: &Call<'_>, fewer: usize) -> Outcome {
    let numbers: Vec<f64> = numbers(call).iter().map(Number::as_f64).collect();
    let Some(divisor) = numbers.len().checked_sub(fewer).filter(|divisor| *divisor > 0) else {
        return Ok(Value::Null);
    };
    #[expect(clippy::cast_precision_loss, reason = "no array has 2^53 items")]
    let (length, divisor) = (numbers.len() as f64, divisor as f64);
    let mean = numbers.iter().sum::<f64>() / length;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    number((squares / divisor).sqrt())
}

fn parse_number(call: &Call<'_>) -> Outcome {
    let separator = call.optional_text(1)?.unwrap_or_else(|| ".".into());
    let other = match separator.as_ref() {
        "," => '.',
        "." | "" => ',',
        wrong => {
            return Err(EvalError::of_range(format!("'{}' is not a decimal separator, use . or ,", shorten(wrong))));
        }
    };
    if let Value::Number(_) = call.value(0) {
        return Ok(call.value(0).clone());
    }
    if call.value(0).is_nothing() {
        return Ok(Value::Null);
    }
    let text = call.text(0)?;
    let plain: String = text
        .chars()
        .filter(|character| !character.is_whitespace() && *character != other)
        .map(|character| if character == ',' { '.' } else { character })
        .collect();
    match crate::coerce::parse_number(&plain) {
        Some(number) => Ok(Value::Number(number)),
        None => Err(EvalError::of_range(format!("'{}' is not a valid number", shorten(&text)))),
    }
}

/// More decimals than any number has.
const MOST_DECIMALS: i64 = 100;

fn format_number(call: &Call<'_>) -> Outcome {
    let Some(value) = call.number(0)? else {
        return Ok(Value::Null);
    };
    let decimals = call.integer(1)?.unwrap_or(0);
    if !(0..=MOST_DECIMALS).contains(&decimals) {
        return Err(EvalError::of_range(format!("decimal points are from 0 to {MOST_DECIMALS}")));
    }
    let point = call.optional_text(2)?.unwrap_or_else(|| ",".into());
    let separator = call.optional_text(3)?.unwrap_or_else(|| ".".into());
    let digits = fixed(&value, usize::try_from(decimals).unwrap_or(0));
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            out.push_str(&separator);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push_str(&point);
        out.push_str(fraction);
    }
    Ok(Value::from(out))
}

/// The number with that many decimals, halves away from zero (decision D12).
fn fixed(value: &Number, decimals: usize) -> String {
    let places = u32::try_from(decimals).unwrap_or(28).min(28);
    let text = match decimal(value) {
        Some(exact) => {
            let rounded = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
            padded(&rounded.normalize().to_string(), decimals)
        }
        None => format!("{:.decimals$}", value.as_f64()),
    };
    let zero = text.bytes().all(|byte| matches!(byte, b'-' | b'.' | b'0'));
    if zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// The digits with zeros up to that many decimals.
fn padded(digits: &str, decimals: usize) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if decimals == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<decimals$}") }
}
