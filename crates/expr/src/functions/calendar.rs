//! Dates beyond what Make has (decision D20): parts of dates, weekdays and
//! working hours, as Workfront Fusion documents them.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan};
use rouage_model::{Number, Value};

use super::{Call, Outcome, Row, Run};
use crate::coerce::shorten;
use crate::dates;
use crate::error::EvalError;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = calendar();
    rows.extend(durations());
    rows
}

fn calendar() -> Vec<Row> {
    vec![
        Row {
            signature: "year(date)",
            help: "The year.",
            examples: &[("year(\"2016-12-08T15:55:57Z\")", "2016")],
            run: Run::Eager(|call| part(call, |local| local.year().into())),
        },
        Row {
            signature: "month(date)",
            help: "The month, 1 to 12.",
            examples: &[("month(\"2016-12-08T15:55:57Z\")", "12")],
            run: Run::Eager(|call| part(call, |local| local.month().into())),
        },
        Row {
            signature: "dayOfMonth(date)",
            help: "The day of the month, 1 to 31.",
            examples: &[("dayOfMonth(\"2016-12-28T16:03:06Z\")", "28")],
            run: Run::Eager(|call| part(call, |local| local.day().into())),
        },
        Row {
            signature: "dayOfWeek(date)",
            help: "The day of the week, Sunday (1) to Saturday (7).",
            examples: &[("dayOfWeek(\"2016-12-25T16:03:06Z\")", "1")],
            run: Run::Eager(|call| part(call, |local| i64::from(dates::weekday(local)) + 1)),
        },
        Row {
            signature: "hour(date)",
            help: "The hour, 0 to 23.",
            examples: &[("hour(\"2016-12-08T15:55:57Z\")", "15")],
            run: Run::Eager(|call| part(call, |local| local.hour().into())),
        },
        Row {
            signature: "minute(date)",
            help: "The minute, 0 to 59.",
            examples: &[("minute(\"2016-12-08T15:55:57Z\")", "55")],
            run: Run::Eager(|call| part(call, |local| local.minute().into())),
        },
        Row {
            signature: "second(date)",
            help: "The second, 0 to 59.",
            examples: &[("second(\"2016-12-08T15:55:57Z\")", "57")],
            run: Run::Eager(|call| part(call, |local| local.second().into())),
        },
        Row {
            signature: "daysInMonth(date)",
            help: "How many days the month has.",
            examples: &[("daysInMonth(\"2016-02-01T00:00:00Z\")", "29")],
            run: Run::Eager(|call| part(call, |local| local.days_in_month().into())),
        },
        Row {
            signature: "daysInYear(date)",
            help: "How many days the year has.",
            examples: &[("daysInYear(\"2016-06-01T00:00:00Z\")", "366")],
            run: Run::Eager(|call| part(call, |local| local.days_in_year().into())),
        },
        Row {
            signature: "daysInSplitWeek(date)",
            help: "How many weekdays are left until the end of the week or of the month, the date included.",
            examples: &[
                ("daysInSplitWeek(\"2016-12-28T16:03:06Z\")", "3"),
                ("daysInSplitWeek(\"2016-01-25T16:03:06Z\")", "5"),
            ],
            run: Run::Eager(|call| part(call, days_in_split_week)),
        },
        Row {
            signature: "isWeekend(date)",
            help: "Whether the date is a Saturday or Sunday.",
            examples: &[("isWeekend(\"2016-12-11T00:00:00Z\")", "true")],
            run: Run::Eager(|call| {
                let local = local(call, 0)?;
                Ok(local.map_or(Value::Null, |local| Value::Boolean(is_weekend(local.date()))))
            }),
        },
        Row {
            signature: "startOfMonth(date)",
            help: "The first moment of the month.",
            examples: &[("startOfMonth(\"2024-02-14T08:00:00Z\")", r#"{"$date":"2024-02-01T00:00:00.000Z"}"#)],
            run: Run::Eager(|call| {
                moved(call, |local| Some(local.date().first_of_month().to_datetime(Time::midnight())))
            }),
        },
        Row {
            signature: "endOfMonth(date)",
            help: "The last millisecond of the month.",
            examples: &[("endOfMonth(\"2016-02-01T00:00:00Z\")", r#"{"$date":"2016-02-29T23:59:59.999Z"}"#)],
            run: Run::Eager(|call| {
                moved(call, |local| {
                    let last = Time::new(23, 59, 59, 999_000_000).ok()?;
                    Some(local.date().last_of_month().to_datetime(last))
                })
            }),
        },
    ]
}

fn durations() -> Vec<Row> {
    vec![
        Row {
            signature: "addWeekDays(date; number)",
            help: "The date that many weekdays later.",
            examples: &[("addWeekDays(\"2016-12-08T15:55:57Z\"; 2)", r#"{"$date":"2016-12-12T15:55:57.000Z"}"#)],
            run: Run::Eager(add_week_days),
        },
        Row {
            signature: "dateMax(date1; [date2; ...])",
            help: "The latest of the dates.",
            examples: &[("dateMax(\"2016-06-01\"; \"2016-12-01\")", r#"{"$date":"2016-12-01T00:00:00.000Z"}"#)],
            run: Run::Eager(|call| Ok(all_dates(call)?.into_iter().max().map_or(Value::Null, Value::Date))),
        },
        Row {
            signature: "dateMin(date1; [date2; ...])",
            help: "The earliest of the dates.",
            examples: &[("dateMin(\"2016-06-01\"; \"2016-12-01\")", r#"{"$date":"2016-06-01T00:00:00.000Z"}"#)],
            run: Run::Eager(|call| Ok(all_dates(call)?.into_iter().min().map_or(Value::Null, Value::Date))),
        },
        Row {
            signature: "dateDifference(date1; date2; [unit])",
            help: "How much later the first date is, in milliseconds or another unit from seconds to months.",
            examples: &[
                ("dateDifference(\"2021-05-11T18:10:00Z\"; \"2021-05-11T18:00:00Z\")", "600000"),
                ("dateDifference(\"2021-06-11T18:10:00Z\"; \"2021-05-11T18:00:00Z\"; \"months\")", "1"),
            ],
            run: Run::Eager(date_difference),
        },
        Row {
            signature: "dateDiff(endDate; startDate; unit)",
            help: "How long one date is after another in D, H, m or s; RH, Rm and Rs are what remains beside the larger unit.",
            examples: &[
                ("dateDiff(\"2026-11-24T10:30:00Z\"; \"2026-11-20T09:00:00Z\"; \"D\")", "4"),
                ("dateDiff(\"2026-11-24T10:30:00Z\"; \"2026-11-20T09:00:00Z\"; \"RH\")", "1"),
            ],
            run: Run::Eager(date_diff),
        },
        Row {
            signature: "weekDayDiff(date2; date1)",
            help: "How many weekdays lie between the second date and the first, with fractions of days.",
            examples: &[("weekDayDiff(\"2016-12-07T12:00:00Z\"; \"2016-12-05T00:00:00Z\")", "2.5")],
            run: Run::Eager(|call| {
                working(call, 1, 0, (0, 86_400_000))
                    .map(|found| found.map_or(Value::Null, |ms| as_unit(ms, 86_400_000.0)))
            }),
        },
        Row {
            signature: "workMinutesDiff(date1; date2)",
            help: "How many minutes between Monday and Friday, 9 to 17 o'clock, lie between two dates.",
            examples: &[("workMinutesDiff(\"2016-12-05T09:00:00Z\"; \"2016-12-06T17:00:00Z\")", "960")],
            run: Run::Eager(|call| {
                let hours = (9 * 3_600_000, 17 * 3_600_000);
                working(call, 0, 1, hours).map(|found| found.map_or(Value::Null, |ms| as_unit(ms, 60_000.0)))
            }),
        },
    ]
}

fn local(call: &Call<'_>, at: usize) -> Result<Option<DateTime>, EvalError> {
    Ok(call.date(at)?.map(|date| call.context.timezone.to_datetime(date)))
}

fn part(call: &Call<'_>, part: fn(DateTime) -> i64) -> Outcome {
    Ok(local(call, 0)?.map_or(Value::Null, |local| Value::from(part(local))))
}

fn moved(call: &Call<'_>, change: fn(DateTime) -> Option<DateTime>) -> Outcome {
    let Some(local) = local(call, 0)? else {
        return Ok(Value::Null);
    };
    let changed = change(local).ok_or_else(|| EvalError::of_range(dates::out_of_range()))?;
    dates::to_timestamp(changed, call.context.timezone).map(Value::Date).map_err(EvalError::of_range)
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday().to_sunday_zero_offset(), 0 | 6)
}

fn days_in_split_week(local: DateTime) -> i64 {
    let date = local.date();
    let to_friday = (6 - i64::from(dates::weekday(local))).max(0);
    let weekdays = if is_weekend(date) { 0 } else { to_friday };
    weekdays.min(i64::from(date.days_in_month() - date.day()) + 1)
}

fn add_week_days(call: &Call<'_>) -> Outcome {
    let (Some(local), Some(number)) = (local(call, 0)?, call.number(1)?) else {
        return Ok(Value::Null);
    };
    let out_of_range = || EvalError::of_range(dates::out_of_range());
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and the range is checked after")]
    let count = number.as_f64().floor() as i64;
    // Whole weeks at once; the days that remain one by one.
    let weeks = jiff::Span::new().try_weeks(count / 5).map_err(|_| out_of_range())?;
    let mut moved = local.checked_add(weeks).map_err(|_| out_of_range())?;
    let mut left = (count % 5).abs();
    while left > 0 {
        let step = if count < 0 { -1_i32 } else { 1 };
        moved = moved.checked_add(step.days()).map_err(|_| out_of_range())?;
        left -= i64::from(!is_weekend(moved.date()));
    }
    dates::to_timestamp(moved, call.context.timezone).map(Value::Date).map_err(EvalError::of_range)
}

fn all_dates(call: &Call<'_>) -> Result<Vec<Timestamp>, EvalError> {
    let values = call.values.iter().flat_map(|value| value.as_array().unwrap_or(std::slice::from_ref(value)));
    let given = values.filter(|value| !value.is_nothing() && value.as_text() != Some(""));
    given.map(|value| dates::from_value(value, call.context.timezone).map_err(EvalError::of_type)).collect()
}

/// Whole units, fractions cut off.
fn date_difference(call: &Call<'_>) -> Outcome {
    let (Some(later), Some(earlier)) = (call.date(0)?, call.date(1)?) else {
        return Ok(Value::Null);
    };
    let milliseconds = later.as_millisecond() - earlier.as_millisecond();
    let unit = match call.text(2)?.as_ref() {
        "" | "milliseconds" => 1,
        "seconds" => 1_000,
        "minutes" => 60_000,
        "hours" => 3_600_000,
        "days" => 86_400_000,
        "weeks" => 7 * 86_400_000,
        "months" => return months_between(call, later, earlier),
        other => return Err(EvalError::of_range(format!("'{other}' is not a unit from milliseconds to months"))),
    };
    Ok(Value::from(milliseconds / unit))
}

/// Not in Make's list, but its engine has it and blueprints use it.
fn date_diff(call: &Call<'_>) -> Outcome {
    let (Some(end), Some(start)) = (call.date(0)?, call.date(1)?) else {
        return Ok(Value::Null);
    };
    let seconds = (end.as_millisecond() - start.as_millisecond()) / 1000;
    if end < start {
        return Err(EvalError::of_range("the start date is after the end date"));
    }
    Ok(Value::from(match call.text(2)?.as_ref() {
        "D" => seconds / 86_400,
        "H" => seconds / 3600,
        "m" => seconds / 60,
        "s" => seconds,
        "RH" => seconds / 3600 % 24,
        "Rm" => seconds / 60 % 60,
        "Rs" => seconds % 60,
        other => return Err(EvalError::of_range(format!("'{}' is not one of D, H, m, s, RH, Rm, Rs", shorten(other)))),
    }))
}

fn months_between(call: &Call<'_>, later: Timestamp, earlier: Timestamp) -> Outcome {
    let zone = call.context.timezone;
    let span = zone.to_datetime(earlier).until((jiff::Unit::Month, zone.to_datetime(later)));
    let months = span.map_err(|_| EvalError::of_range(dates::out_of_range()))?.get_months();
    Ok(Value::from(i64::from(months)))
}

/// Milliseconds between two dates that fall on weekdays within the hours given
/// as milliseconds of the day; negative when the dates are the other way round.
fn working(call: &Call<'_>, from: usize, to: usize, (start, end): (i64, i64)) -> Result<Option<i64>, EvalError> {
    let (Some(from), Some(to)) = (local(call, from)?, local(call, to)?) else {
        return Ok(None);
    };
    if from > to {
        return Ok(Some(-working_between(to, from, start, end)));
    }
    Ok(Some(working_between(from, to, start, end)))
}

fn working_between(from: DateTime, to: DateTime, start: i64, end: i64) -> i64 {
    let days = (to.date() - from.date()).get_days();
    let of_day = |local: DateTime| {
        let time = local.time() - Time::midnight();
        time.total(jiff::Unit::Millisecond).map_or(0.0, f64::round)
    };
    #[expect(clippy::cast_possible_truncation, reason = "a day has 86 400 000 milliseconds")]
    let within = |local: DateTime| {
        if is_weekend(local.date()) { 0 } else { (of_day(local) as i64).clamp(start, end) - start }
    };
    whole_weekdays(from.date(), i64::from(days)) * (end - start) + within(to) - within(from)
}

/// Weekdays among that many days from a date on.
fn whole_weekdays(from: Date, days: i64) -> i64 {
    let first = i64::from(from.weekday().to_sunday_zero_offset());
    let rest = (0..days % 7).filter(|day| !matches!((first + day) % 7, 0 | 6)).count();
    days / 7 * 5 + i64::try_from(rest).unwrap_or(0)
}

fn as_unit(milliseconds: i64, unit: f64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "all dates are within 2^53 milliseconds")]
    let units = milliseconds as f64 / unit;
    Value::Number(Number::from_f64(units))
}
