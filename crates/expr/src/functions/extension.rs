//! Functions that Make does not have (decision D20): those that Workfront
//! Fusion documents, and our own.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan};
use jsonpath_rust::JsonPath;
use rouage_model::{Collection, Number, Text, Value, json};

use super::math::numbers;
use super::text::{capitalized, replace_pattern, without_marks};
use super::{Call, Outcome, Row, Run, array, number};
use crate::ast::Operator;
use crate::coerce::{TextWriter, measure};
use crate::error::EvalError;
use crate::operators::{calculate, compare_numbers, strictly_equal};
use crate::{dates, path, pattern};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = choices();
    rows.extend(arithmetic());
    rows.extend(texts());
    rows.extend(calendar());
    rows.extend(durations());
    rows
}

fn choices() -> Vec<Row> {
    vec![
        Row {
            signature: "isBlank(value)",
            help: "Whether the value is missing, null or empty text.",
            examples: &[("isBlank(\"\")", "true"), ("isBlank(0)", "false")],
            run: Run::Eager(|call| {
                let value = call.value(0);
                Ok(Value::Boolean(value.is_nothing() || value.as_text() == Some("")))
            }),
        },
        Row {
            signature: "in(value; value1; [value2; ...])",
            help: "Whether the value is one of the others, type included.",
            examples: &[("in(2; 1; 2; 3)", "true"), ("in(\"2\"; 1; 2; 3)", "false")],
            run: Run::Eager(|call| Ok(Value::Boolean(is_among(call.value(0), call.rest(1))))),
        },
        Row {
            signature: "ifin(value; value1; [value2; ...]; trueValue; falseValue)",
            help: "One value if the first is among the ones after it, otherwise the other.",
            examples: &[("ifin(\"B\"; \"A\"; \"B\"; \"yes\"; \"no\")", "\"yes\"")],
            run: Run::Eager(ifin),
        },
        Row {
            signature: "case(number; value1; [value2; ...])",
            help: "The value at a position, counted from 1.",
            examples: &[("case(2; \"Sun\"; \"Mon\")", "\"Mon\""), ("case(5; \"a\"; \"b\")", "null")],
            run: Run::Eager(|call| {
                let index = call.integer(0)?.filter(|index| *index >= 1).and_then(|index| usize::try_from(index).ok());
                Ok(index.and_then(|index| call.values.get(index)).cloned().unwrap_or(Value::Null))
            }),
        },
        Row {
            signature: "mergeCollections(collection1; collection2)",
            help: "The fields of both collections; the second one wins.",
            examples: &[("mergeCollections(set(null; \"a\"; 1); set(null; \"b\"; 2))", r#"{"a":1,"b":2}"#)],
            run: Run::Eager(merge_collections),
        },
        Row {
            signature: "arrayDifference(array1; array2; [mode])",
            help: "The items of one array that the other lacks (classic), or of both (symmetric).",
            examples: &[(
                "arrayDifference(split(\"1,2\"; \",\"); split(\"2,3\"; \",\"); \"symmetric\")",
                r#"["1","3"]"#,
            )],
            run: Run::Eager(array_difference),
        },
        Row {
            signature: "arrayElement(array; index)",
            help: "The item at a position, counted from 1.",
            examples: &[("arrayElement(split(\"a,b\"; \",\"); 2)", "\"b\""), ("arrayElement(emptyarray; 1)", "null")],
            run: Run::Eager(|call| {
                let index = call.integer(1)?.filter(|index| *index >= 1).unwrap_or(0);
                Ok(some_or_null(path::item(call.array(0)?, index)))
            }),
        },
        Row {
            signature: "jsonpath(value; path)",
            help: "All values at an RFC 9535 JSONPath, as an array; a text is read as JSON first.",
            examples: &[("jsonpath(\"{\"\"a\"\":[{\"\"b\"\":1},{\"\"b\"\":2}]}\"; \"$.a[*].b\")", "[1,2]")],
            run: Run::Eager(jsonpath),
        },
    ]
}

fn arithmetic() -> Vec<Row> {
    vec![
        Row {
            signature: "div(number1; number2; [number3; ...])",
            help: "The first number divided by the others.",
            examples: &[("div(100; 5; 4)", "5")],
            run: Run::Eager(|call| chain(call, Operator::Divide)),
        },
        Row {
            signature: "sub(number1; number2; [number3; ...])",
            help: "The first number less the others.",
            examples: &[("sub(10; 3; 2)", "5")],
            run: Run::Eager(|call| chain(call, Operator::Subtract)),
        },
        Row {
            signature: "prod(number1; [number2; ...])",
            help: "The product of the numbers.",
            examples: &[("prod(5; 5)", "25")],
            run: Run::Eager(|call| chain(call, Operator::Multiply)),
        },
        Row {
            signature: "ln(number)",
            help: "The natural logarithm.",
            examples: &[("ln(1)", "0")],
            run: Run::Eager(|call| real(call, f64::ln)),
        },
        Row {
            signature: "log(base; number)",
            help: "The logarithm to a base.",
            examples: &[("log(10; 100)", "2"), ("log(2; 8)", "3")],
            run: Run::Eager(log),
        },
        Row {
            signature: "number(value)",
            help: "The value as a number.",
            examples: &[("number(\"3.5\")", "3.5")],
            run: Run::Eager(|call| Ok(call.number(0)?.map_or(Value::Null, Value::Number))),
        },
        Row {
            signature: "power(number; exponent)",
            help: "The number to the power of another.",
            examples: &[("power(2; 3)", "8")],
            run: Run::Eager(|call| {
                let (Some(base), Some(exponent)) = (call.number(0)?, call.number(1)?) else {
                    return Ok(Value::Null);
                };
                number(base.as_f64().powf(exponent.as_f64()))
            }),
        },
        Row {
            signature: "sqrt(number)",
            help: "The square root.",
            examples: &[("sqrt(9)", "3")],
            run: Run::Eager(|call| real(call, f64::sqrt)),
        },
        Row {
            signature: "sortAscNum(number1; [number2; ...])",
            help: "The numbers as an array, smallest first.",
            examples: &[("sortAscNum(3; 1; 2)", "[1,2,3]")],
            run: Run::Eager(|call| Ok(sorted_numbers(call).into())),
        },
        Row {
            signature: "sortDescNum(number1; [number2; ...])",
            help: "The numbers as an array, largest first.",
            examples: &[("sortDescNum(3; 1; 2)", "[3,2,1]")],
            run: Run::Eager(|call| Ok(sorted_numbers(call).into_iter().rev().collect::<Vec<_>>().into())),
        },
    ]
}

fn texts() -> Vec<Row> {
    vec![
        Row {
            signature: "concat(separator; text1; [text2; ...])",
            help: "The texts with the separator between them.",
            examples: &[("concat(\"-\"; \"a\"; \"b\"; \"c\")", "\"a-b-c\"")],
            run: Run::Eager(concat),
        },
        Row {
            signature: "left(text; count)",
            help: "The first characters of the text.",
            examples: &[("left(\"Hello\"; 3)", "\"Hel\"")],
            run: Run::Eager(|call| {
                let count = usize::try_from(call.integer(1)?.unwrap_or(0)).unwrap_or(0);
                Ok(Value::from(call.text(0)?.chars().take(count).collect::<String>()))
            }),
        },
        Row {
            signature: "right(text; count)",
            help: "The last characters of the text.",
            examples: &[("right(\"Hello\"; 3)", "\"llo\"")],
            run: Run::Eager(|call| {
                let text = call.text(0)?;
                let count = usize::try_from(call.integer(1)?.unwrap_or(0)).unwrap_or(0);
                let skipped = text.chars().count().saturating_sub(count);
                Ok(Value::from(text.chars().skip(skipped).collect::<String>()))
            }),
        },
        Row {
            signature: "removeAccents(text)",
            help: "The text with letters without their accents.",
            examples: &[("removeAccents(\"Héllo wörld\")", "\"Hello world\"")],
            run: Run::Eager(|call| Ok(Value::from(without_marks(&call.text(0)?)))),
        },
        Row {
            signature: "replacePattern(text; pattern; replacement)",
            help: "The text with everything that a regular expression matches replaced.",
            examples: &[("replacePattern(\"a1b2\"; \"\\d\"; \"-\")", "\"a-b-\"")],
            run: Run::Eager(|call| {
                let pattern = call.text(1)?;
                let parts = pattern::delimited(&pattern).unwrap_or((&pattern, "g"));
                replace_pattern(call, &call.text(0)?, parts, &call.text(2)?)
            }),
        },
        Row {
            signature: "sortAscString(text1; [text2; ...])",
            help: "The texts as an array, in order.",
            examples: &[("sortAscString(\"b\"; \"a\")", r#"["a","b"]"#)],
            run: Run::Eager(|call| Ok(sorted_texts(call)?.into())),
        },
        Row {
            signature: "sortDescString(text1; [text2; ...])",
            help: "The texts as an array, in reverse order.",
            examples: &[("sortDescString(\"a\"; \"b\")", r#"["b","a"]"#)],
            run: Run::Eager(|call| Ok(sorted_texts(call)?.into_iter().rev().collect::<Vec<_>>().into())),
        },
        Row {
            signature: "pascal(text)",
            help: "The words of the text joined, each with its first letter in upper case.",
            examples: &[("pascal(\"foo bar baz\")", "\"FooBarBaz\"")],
            run: Run::Eager(pascal),
        },
    ]
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

fn some_or_null(value: &Value) -> Value {
    if value.is_nothing() { Value::Null } else { value.clone() }
}

fn is_among(value: &Value, others: &[Value]) -> bool {
    others.iter().any(|other| strictly_equal(value, other))
}

fn ifin(call: &Call<'_>) -> Outcome {
    let rest = call.rest(1);
    let Some((candidates, [yes, no])) = rest.split_last_chunk::<2>() else {
        return Err(EvalError::of_range("ifin needs a value, values to compare, and two results"));
    };
    Ok(if is_among(call.value(0), candidates) { yes } else { no }.clone())
}

fn merge_collections(call: &Call<'_>) -> Outcome {
    let mut merged = Collection::new();
    for at in 0..call.values.len() {
        for (name, value) in call.collection(at)?.into_iter().flat_map(Collection::iter) {
            merged.insert(name.clone(), value.clone());
        }
    }
    Ok(merged.into())
}

fn array_difference(call: &Call<'_>) -> Outcome {
    let mut items = array::difference(call, 0, 1)?;
    match call.text(2)?.as_ref() {
        "" | "classic" => {}
        "symmetric" => items.extend(array::difference(call, 1, 0)?),
        other => return Err(EvalError::of_range(format!("'{other}' is not classic or symmetric"))),
    }
    Ok(items.into())
}

/// Longer or deeper paths are refused: the reader of paths recurses.
const LONGEST_PATH: usize = 1000;
const DEEPEST_PATH: usize = 16;

fn jsonpath(call: &Call<'_>) -> Outcome {
    let source = call.text(1)?;
    let nesting = source.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'!')).count();
    if source.len() > LONGEST_PATH || nesting > DEEPEST_PATH {
        return Err(EvalError::of_range("the JSONPath is too long or nests too deep"));
    }
    let value = match call.value(0) {
        Value::Text(text) => json::parse(text.as_bytes()).map_err(|error| EvalError::of_range(error.to_string()))?,
        other => other.clone(),
    };
    measure(&value, call.context.budget, 0)?;
    let value = json::to_serde(&value);
    let found = value.query(&source).map_err(|error| EvalError::of_range(format!("invalid JSONPath: {error}")))?;
    let mut items = Vec::with_capacity(found.len());
    for item in found {
        let item = json::from_serde(item);
        measure(&item, call.context.budget, 0)?;
        items.push(item);
    }
    Ok(items.into())
}

fn chain(call: &Call<'_>, operator: Operator) -> Outcome {
    let mut numbers = numbers(call).into_iter();
    let Some(first) = numbers.next() else {
        return Ok(Value::Null);
    };
    let mut result = first;
    for number in numbers {
        if operator == Operator::Divide && number.as_f64() == 0.0 {
            call.context.budget.warn("division by zero; the result has no value");
            return Ok(Value::Null);
        }
        result = calculate(operator, &result, &number);
    }
    Ok(crate::operators::number(result))
}

fn real(call: &Call<'_>, function: fn(f64) -> f64) -> Outcome {
    call.number(0)?.map_or(Ok(Value::Null), |value| finite(function(value.as_f64())))
}

fn finite(result: f64) -> Outcome {
    if result.is_finite() { number(result) } else { Ok(Value::Null) }
}

fn log(call: &Call<'_>) -> Outcome {
    let (Some(base), Some(value)) = (call.number(0)?, call.number(1)?) else {
        return Ok(Value::Null);
    };
    let (base, value) = (base.as_f64(), value.as_f64());
    // These two are exact where the quotient of logarithms is not.
    finite(match base {
        2.0 => value.log2(),
        10.0 => value.log10(),
        base => value.log(base),
    })
}

fn sorted_numbers(call: &Call<'_>) -> Vec<Value> {
    let mut numbers = numbers(call);
    numbers.sort_by(|left, right| compare_numbers(left, right).unwrap_or(std::cmp::Ordering::Equal));
    numbers.into_iter().map(Value::Number).collect()
}

/// The texts among the arguments and the arrays that are arguments.
fn texts_of(call: &Call<'_>, from: usize) -> Result<Vec<Text>, EvalError> {
    let values = call.rest(from).iter().flat_map(|value| value.as_array().unwrap_or(std::slice::from_ref(value)));
    values.map(|value| call.text_of(value)).collect()
}

fn sorted_texts(call: &Call<'_>) -> Result<Vec<Value>, EvalError> {
    let mut texts = texts_of(call, 0)?;
    texts.sort();
    Ok(texts.into_iter().map(Value::Text).collect())
}

fn concat(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let mut writer = TextWriter::new(call.context.budget);
    for (at, text) in texts_of(call, 1)?.iter().enumerate() {
        if at > 0 {
            writer.push(&separator)?;
        }
        writer.push(text)?;
    }
    Ok(writer.finish())
}

fn pascal(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    Ok(Value::from(words.map(|word| capitalized(&word.to_lowercase())).collect::<String>()))
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
