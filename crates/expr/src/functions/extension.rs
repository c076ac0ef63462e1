//! Functions that Make does not have (decision D20): those that Workfront
//! Fusion documents, and our own.

use jsonpath_rust::JsonPath;
use rouage_model::{Collection, Text, Value, json};

use super::math::numbers;
use super::text::{capitalized, replace_pattern, without_marks};
use super::{Call, Outcome, Row, Run, array, number};
use crate::ast::Operator;
use crate::coerce::{TextWriter, measure, visit};
use crate::error::EvalError;
use crate::operators::{calculate, compare_numbers, strictly_equal};
use crate::{files, path, pattern};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = choices();
    rows.extend(arithmetic());
    rows.extend(texts());
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
            run: Run::Eager(|call| is_among(call, call.value(0), call.rest(1)).map(Value::Boolean)),
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

fn some_or_null(value: &Value) -> Value {
    if value.is_nothing() { Value::Null } else { value.clone() }
}

fn is_among(call: &Call<'_>, value: &Value, others: &[Value]) -> Result<bool, EvalError> {
    for other in others {
        visit(value, call.context.budget, 0)?;
        if strictly_equal(value, other) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ifin(call: &Call<'_>) -> Outcome {
    let rest = call.rest(1);
    let Some((candidates, [yes, no])) = rest.split_last_chunk::<2>() else {
        return Err(EvalError::of_range("ifin needs a value, values to compare, and two results"));
    };
    Ok(if is_among(call, call.value(0), candidates)? { yes } else { no }.clone())
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
        other => files::with_bytes(other, call.context.budget, Some(call.context.lookup))?,
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
    let mut writer = TextWriter::new(call.context);
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
