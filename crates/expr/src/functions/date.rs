//! Date and time, in the zone of the organisation.

use jiff::tz::TimeZone;
use rouage_model::Value;

use super::{Call, Outcome, Row, Run};
use crate::coerce::shorten;
use crate::dates::{self, Field, MONTHS, WEEKDAYS};
use crate::error::EvalError;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = texts();
    rows.extend(additions());
    rows.extend(settings());
    rows
}

fn texts() -> Vec<Row> {
    vec![
        Row {
            signature: "formatDate(date; [format]; [timezone])",
            help: "The date as text, by the tokens of the format.",
            examples: &[
                (
                    "formatDate(\"2018-10-01T07:32:00Z\"; \"DD.MM.YYYY HH:mm\"; \"Europe/Prague\")",
                    "\"01.10.2018 09:32\"",
                ),
                ("formatDate(\"2018-10-01T07:32:00Z\")", "\"2018-10-01T07:32:00+00:00\""),
            ],
            run: Run::Eager(format_date),
        },
        Row {
            signature: "parseDate(text; [format]; [timezone])",
            help: "The date that a text means by the tokens of the format.",
            examples: &[
                ("parseDate(\"2016-12-28 16:03\"; \"YYYY-MM-DD HH:mm\")", r#"{"$date":"2016-12-28T16:03:00.000Z"}"#),
                ("parseDate(1482940986; \"X\")", r#"{"$date":"2016-12-28T16:03:06.000Z"}"#),
            ],
            run: Run::Eager(parse_date),
        },
    ]
}

fn additions() -> Vec<Row> {
    vec![
        Row {
            signature: "addSeconds(date; number)",
            help: "The date that many seconds later.",
            examples: &[("addSeconds(\"2016-12-08T15:55:57Z\"; 2)", r#"{"$date":"2016-12-08T15:55:59.000Z"}"#)],
            run: Run::Eager(|call| add_exact(call, 1_000.0)),
        },
        Row {
            signature: "addMinutes(date; number)",
            help: "The date that many minutes later.",
            examples: &[("addMinutes(\"2016-12-08T15:55:57Z\"; \"-2\")", r#"{"$date":"2016-12-08T15:53:57.000Z"}"#)],
            run: Run::Eager(|call| add_exact(call, 60_000.0)),
        },
        Row {
            signature: "addHours(date; number)",
            help: "The date that many hours later.",
            examples: &[("addHours(\"2016-12-08T15:55:57Z\"; 2)", r#"{"$date":"2016-12-08T17:55:57.000Z"}"#)],
            run: Run::Eager(|call| add_exact(call, 3_600_000.0)),
        },
        Row {
            signature: "addDays(date; number)",
            help: "The date that many days later, at the same time of day.",
            examples: &[("addDays(\"2016-12-08T15:55:57Z\"; -2)", r#"{"$date":"2016-12-06T15:55:57.000Z"}"#)],
            run: Run::Eager(|call| add_calendar(call, 0.0, 1.0)),
        },
        Row {
            signature: "addMonths(date; number)",
            help: "The date that many months later; a day that the month does not have is its last.",
            examples: &[("addMonths(\"2016-01-31T15:55:57Z\"; 1)", r#"{"$date":"2016-02-29T15:55:57.000Z"}"#)],
            run: Run::Eager(|call| add_calendar(call, 1.0, 0.0)),
        },
        Row {
            signature: "addYears(date; number)",
            help: "The date that many years later.",
            examples: &[("addYears(\"2016-08-08T15:55:57Z\"; 2)", r#"{"$date":"2018-08-08T15:55:57.000Z"}"#)],
            run: Run::Eager(|call| add_calendar(call, 12.0, 0.0)),
        },
    ]
}

fn settings() -> Vec<Row> {
    vec![
        Row {
            signature: "setSecond(date; number)",
            help: "The date with another second; beyond 0 to 59 it rolls into the next minute.",
            examples: &[("setSecond(\"2015-10-07T11:36:39Z\"; 61)", r#"{"$date":"2015-10-07T11:37:01.000Z"}"#)],
            run: Run::Eager(|call| set(call, Field::Second)),
        },
        Row {
            signature: "setMinute(date; number)",
            help: "The date with another minute; beyond 0 to 59 it rolls into the next hour.",
            examples: &[("setMinute(\"2015-10-07T11:36:39Z\"; 61)", r#"{"$date":"2015-10-07T12:01:39.000Z"}"#)],
            run: Run::Eager(|call| set(call, Field::Minute)),
        },
        Row {
            signature: "setHour(date; number)",
            help: "The date with another hour; beyond 0 to 23 it rolls into the next day.",
            examples: &[("setHour(\"2015-08-07T11:36:39Z\"; -6)", r#"{"$date":"2015-08-06T18:36:39.000Z"}"#)],
            run: Run::Eager(|call| set(call, Field::Hour)),
        },
        Row {
            signature: "setDay(date; number or name)",
            help: "The date on another day of its week, Sunday (1) to Saturday (7), or by its English name.",
            examples: &[
                ("setDay(\"2018-06-27T11:36:39Z\"; \"monday\")", r#"{"$date":"2018-06-25T11:36:39.000Z"}"#),
                ("setDay(\"2018-06-27T11:36:39Z\"; 1)", r#"{"$date":"2018-06-24T11:36:39.000Z"}"#),
            ],
            run: Run::Eager(|call| set(call, Field::Weekday)),
        },
        Row {
            signature: "setDate(date; number)",
            help: "The date on another day of its month; beyond the month it rolls into the next.",
            examples: &[("setDate(\"2015-08-07T11:36:39Z\"; 32)", r#"{"$date":"2015-09-01T11:36:39.000Z"}"#)],
            run: Run::Eager(|call| set(call, Field::DayOfMonth)),
        },
        Row {
            signature: "setMonth(date; number or name)",
            help: "The date in another month, by number or English name; beyond 1 to 12 it rolls into the next year.",
            examples: &[
                ("setMonth(\"2015-08-07T11:36:39Z\"; 17)", r#"{"$date":"2016-05-07T11:36:39.000Z"}"#),
                ("setMonth(\"2015-08-07T11:36:39Z\"; \"jan\")", r#"{"$date":"2015-01-07T11:36:39.000Z"}"#),
            ],
            run: Run::Eager(|call| set(call, Field::Month)),
        },
        Row {
            signature: "setYear(date; number)",
            help: "The date in another year.",
            examples: &[("setYear(\"2015-08-07T11:36:39Z\"; 2017)", r#"{"$date":"2017-08-07T11:36:39.000Z"}"#)],
            run: Run::Eager(|call| set(call, Field::Year)),
        },
    ]
}

/// The zone that an argument names; what is no zone is ignored, as Make documents.
fn zone(call: &Call<'_>, at: usize) -> Result<TimeZone, EvalError> {
    let named = call.optional_text(at)?.and_then(|name| dates::timezone(name.trim()));
    Ok(named.unwrap_or_else(|| call.context.timezone.clone()))
}

fn format_date(call: &Call<'_>) -> Outcome {
    let Some(date) = call.date(0)? else {
        return Ok(Value::Null);
    };
    let format = call.optional_text(1)?.filter(|format| !format.is_empty());
    let format = format.as_deref().unwrap_or("YYYY-MM-DDTHH:mm:ssZ");
    // No token writes more than 64 characters for each of its own.
    call.context.budget.produce(format.len().saturating_mul(16))?;
    Ok(Value::from(dates::format(date, format, &zone(call, 2)?)))
}

fn parse_date(call: &Call<'_>) -> Outcome {
    if call.value(0).is_nothing() {
        return Ok(Value::Null);
    }
    let zone = zone(call, 2)?;
    let format = call.optional_text(1)?.filter(|format| !format.is_empty());
    let date = match (call.value(0), format) {
        (Value::Date(date), Some(format)) if matches!(format.as_ref(), "x" | "X") => Some(*date),
        (value, None) => Some(dates::from_value(value, &zone).map_err(EvalError::of_range)?),
        (_, Some(format)) => dates::parse(&call.text(0)?, &format, call.context.now, &zone),
    };
    match date {
        Some(date) => Ok(Value::Date(date)),
        None => Err(EvalError::of_range(format!("'{}' is not a valid date", shorten(&call.text(0)?)))),
    }
}

fn add_exact(call: &Call<'_>, milliseconds: f64) -> Outcome {
    let (Some(date), Some(number)) = (call.date(0)?, call.number(1)?) else {
        return Ok(call.date(0)?.map_or(Value::Null, Value::Date));
    };
    dates::add_milliseconds(date, number.as_f64() * milliseconds).map(Value::Date).map_err(EvalError::of_range)
}

/// Calendar units are whole; a fraction is rounded, as moment does.
fn add_calendar(call: &Call<'_>, months: f64, days: f64) -> Outcome {
    let (Some(date), Some(number)) = (call.date(0)?, call.number(1)?) else {
        return Ok(call.date(0)?.map_or(Value::Null, Value::Date));
    };
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and the range is checked after")]
    let whole = |unit: f64| (number.as_f64() * unit).round() as i64;
    dates::add_calendar(date, whole(months), whole(days), call.context.timezone)
        .map(Value::Date)
        .map_err(EvalError::of_range)
}

/// Names are accepted where only a number is missing from the usual message.
fn no_name(call: &Call<'_>, field: Field, error: EvalError) -> EvalError {
    let Value::Text(name) = call.value(1) else { return error };
    let (what, example) = if field == Field::Month { ("month", "january") } else { ("day of the week", "monday") };
    EvalError::of_type(format!("'{}' is not a {what}, write its number or its name such as {example}", shorten(name)))
}

fn set(call: &Call<'_>, field: Field) -> Outcome {
    let Some(date) = call.date(0)? else {
        return Ok(Value::Null);
    };
    let named = match (field, call.value(1)) {
        (Field::Weekday, Value::Text(name)) => dates::number_of_name(&WEEKDAYS, name),
        (Field::Month, Value::Text(name)) => dates::number_of_name(&MONTHS, name),
        _ => None,
    };
    let number = match (named, field) {
        (Some(number), _) => Some(number),
        (None, Field::Weekday | Field::Month) => call.integer(1).map_err(|error| no_name(call, field, error))?,
        _ => call.integer(1)?,
    };
    let Some(number) = number else {
        return Ok(Value::Date(date));
    };
    // Beyond this no date is left; it also keeps the arithmetic from overflowing.
    let number = number.clamp(-1_000_000_000_000, 1_000_000_000_000);
    dates::set(date, field, number, call.context.timezone).map(Value::Date).map_err(EvalError::of_range)
}
