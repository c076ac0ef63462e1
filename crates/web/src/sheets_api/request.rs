//! From an HTTP request to a call: Google's paths, parameters and bodies.

use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;
use rouage_model::sheets::{ApiError, Call, DateTimeRender, InsertData, ValueInput, ValueRender};
use rouage_model::{Text, Value, json};

use crate::query::Query;

/// What a request comes to.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// One call.
    One(Call),
    /// One reading call, answered by columns instead of rows.
    ByColumns(Call),
    /// `values:batchClear`.
    ClearAll(Vec<Call>),
}

/// Reads a request. What is at no path of ours is 404, as at Google.
pub fn read(method: &Method, uri: &Uri, body: &[u8]) -> Result<Asked, ApiError> {
    let path = uri.path().strip_prefix("/v4/spreadsheets").unwrap_or_default();
    let query = Query::parse(uri.query().unwrap_or_default());
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match (method.as_str(), segments.as_slice()) {
        ("POST", [] | [""]) => Ok(Asked::One(Call::Create { body: parse(body)? })),
        ("GET", [id]) => Ok(Asked::One(Call::Get { id: decode(id).into() })),
        ("POST", [id]) => {
            let (id, action) = action(id);
            if action != "batchUpdate" {
                return Err(ApiError::not_found());
            }
            Ok(Asked::One(Call::BatchUpdate { id: id.into(), body: parse(body)? }))
        }
        ("GET", [id, "values", range @ ..]) if !range.is_empty() => {
            values(decode(id).into(), vec![decode(&range.join("/")).into()], false, &query)
        }
        ("GET", [id, "values:batchGet"]) => {
            let ranges = query.pairs().iter().filter(|(name, _)| name == "ranges");
            values(decode(id).into(), ranges.map(|(_, range)| range.as_str().into()).collect(), true, &query)
        }
        ("PUT", [id, "values", range @ ..]) if !range.is_empty() => {
            update(decode(id).into(), decode(&range.join("/")).into(), &query, &parse(body)?)
        }
        ("POST", [id, "values", range @ ..]) if !range.is_empty() => {
            let (range, action) = action(&range.join("/"));
            on_range(decode(id).into(), range.into(), &action, (&query, body))
        }
        ("POST", [id, values]) => on_values(decode(id).into(), &decode(values), &parse(body)?),
        _ => Err(ApiError::not_found()),
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// `Sheet1!A1:append` is a range and what to do with it.
fn action(segment: &str) -> (String, String) {
    let text = decode(segment);
    text.rsplit_once(':').map_or_else(|| (text.clone(), String::new()), |(range, action)| (range.into(), action.into()))
}

/// A body; an empty one is an empty object.
fn parse(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::empty_collection());
    }
    let value = json::parse_bounded(body);
    let value = value.map_err(|error| ApiError::invalid(format!("Invalid JSON payload received. {error}")))?;
    if value.as_collection().is_none() {
        return Err(ApiError::invalid("Invalid JSON payload received. The body must be an object."));
    }
    Ok(value)
}

fn values(id: Text, ranges: Vec<Text>, batch: bool, query: &Query) -> Result<Asked, ApiError> {
    let render = match query.text("valueRenderOption") {
        "" | "FORMATTED_VALUE" => ValueRender::Formatted,
        "UNFORMATTED_VALUE" => ValueRender::Unformatted,
        "FORMULA" => ValueRender::Formula,
        other => return Err(invalid_option("value_render_option", other)),
    };
    let dates = match query.text("dateTimeRenderOption") {
        "" | "SERIAL_NUMBER" => DateTimeRender::SerialNumber,
        "FORMATTED_STRING" => DateTimeRender::FormattedString,
        other => return Err(invalid_option("date_time_render_option", other)),
    };
    let call = Call::Values { id, ranges, batch, render, dates };
    Ok(if is_columns(query.text("majorDimension"))? { Asked::ByColumns(call) } else { Asked::One(call) })
}

fn invalid_option(name: &str, value: &str) -> ApiError {
    ApiError::invalid(format!("Invalid value at '{name}', \"{value}\""))
}

fn is_columns(dimension: &str) -> Result<bool, ApiError> {
    match dimension {
        "" | "ROWS" | "DIMENSION_UNSPECIFIED" => Ok(false),
        "COLUMNS" => Ok(true),
        other => Err(invalid_option("major_dimension", other)),
    }
}

fn input_option(text: &str) -> Result<ValueInput, ApiError> {
    match text {
        "RAW" => Ok(ValueInput::Raw),
        "USER_ENTERED" => Ok(ValueInput::UserEntered),
        "" | "INPUT_VALUE_OPTION_UNSPECIFIED" => {
            Err(ApiError::invalid("'valueInputOption' is required but not specified"))
        }
        other => Err(invalid_option("value_input_option", other)),
    }
}

/// `{range, majorDimension, values}`: the rows.
fn rows(value_range: &Value) -> Result<Vec<Vec<Value>>, ApiError> {
    let values = match value_range.field("values") {
        Value::Undefined | Value::Null => &[],
        values => values.as_array().ok_or_else(|| invalid_values("values"))?,
    };
    let row = |(at, row): (usize, &Value)| {
        row.as_array().map(<[Value]>::to_vec).ok_or_else(|| invalid_values(&format!("values[{at}]")))
    };
    let rows: Vec<Vec<Value>> = values.iter().enumerate().map(row).collect::<Result<_, _>>()?;
    if is_columns(value_range.field("majorDimension").as_text().unwrap_or_default())? {
        return Ok(transposed(&rows, &Value::Null));
    }
    Ok(rows)
}

fn invalid_values(place: &str) -> ApiError {
    ApiError::invalid(format!("Invalid value at 'data.{place}': a list of values is expected"))
}

fn transposed(rows: &[Vec<Value>], nothing: &Value) -> Vec<Vec<Value>> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |at: usize| rows.iter().map(|row| row.get(at).unwrap_or(nothing).clone()).collect();
    (0..width).map(column).collect()
}

fn update(id: Text, range: Text, query: &Query, body: &Value) -> Result<Asked, ApiError> {
    let input = input_option(query.text("valueInputOption"))?;
    Ok(Asked::One(Call::Update { id, data: vec![(range, rows(body)?)], batch: false, input }))
}

/// `:append` and `:clear`.
fn on_range(id: Text, range: Text, action: &str, (query, body): (&Query, &[u8])) -> Result<Asked, ApiError> {
    match action {
        "clear" => Ok(Asked::One(Call::Clear { id, range })),
        "append" => {
            let insert = match query.text("insertDataOption") {
                "" | "OVERWRITE" => InsertData::Overwrite,
                "INSERT_ROWS" => InsertData::InsertRows,
                other => return Err(invalid_option("insert_data_option", other)),
            };
            let input = input_option(query.text("valueInputOption"))?;
            Ok(Asked::One(Call::Append { id, range, values: rows(&parse(body)?)?, input, insert }))
        }
        _ => Err(ApiError::not_found()),
    }
}

/// `values:batchUpdate` and `values:batchClear`.
fn on_values(id: Text, segment: &str, body: &Value) -> Result<Asked, ApiError> {
    match segment {
        "values:batchUpdate" => {
            let input = input_option(body.field("valueInputOption").as_text().unwrap_or_default())?;
            let ranges = body.field("data").as_array().unwrap_or_default();
            let data = ranges.iter().map(|data| Ok((range_of(data)?, rows(data)?))).collect::<Result<_, ApiError>>()?;
            Ok(Asked::One(Call::Update { id, data, batch: true, input }))
        }
        "values:batchClear" => {
            let ranges = body.field("ranges").as_array().unwrap_or_default();
            let clear = |range: &Value| match range.as_text() {
                Some(range) => Ok(Call::Clear { id: id.clone(), range: range.into() }),
                None => Err(invalid_values("ranges")),
            };
            ranges.iter().map(clear).collect::<Result<_, _>>().map(Asked::ClearAll)
        }
        _ => Err(ApiError::not_found()),
    }
}

fn range_of(data: &Value) -> Result<Text, ApiError> {
    data.field("range").as_text().map(Into::into).ok_or_else(|| ApiError::invalid("Unable to parse range: "))
}

/// The same answer with columns instead of rows.
pub fn by_columns(answer: &Value) -> Value {
    let Some(fields) = answer.as_collection() else { return answer.clone() };
    let mut turned = fields.clone();
    if let Some(ranges) = answer.field("valueRanges").as_array() {
        turned.insert("valueRanges", ranges.iter().map(by_columns).collect::<Vec<_>>());
        return turned.into();
    }
    turned.insert("majorDimension", "COLUMNS");
    if let Some(rows) = answer.field("values").as_array() {
        let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.as_array().unwrap_or_default().to_vec()).collect();
        let columns = transposed(&rows, &Value::text("")).into_iter().map(|mut column| {
            while column.last().is_some_and(|value| value.as_text() == Some("")) {
                column.pop();
            }
            Value::from(column)
        });
        turned.insert("values", columns.collect::<Vec<_>>());
    }
    turned.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(method: &str, path: &str, body: &str) -> Result<Asked, String> {
        let method = method.parse().unwrap();
        read(&method, &path.parse().unwrap(), body.as_bytes()).map_err(|error| error.message)
    }

    #[test]
    fn googles_paths_become_calls() {
        let id: Text = "abc".into();
        for (method, path, body, asked) in [
            ("POST", "/v4/spreadsheets", "{}", Asked::One(Call::Create { body: Value::empty_collection() })),
            ("GET", "/v4/spreadsheets/abc?includeGridData=false", "", Asked::One(Call::Get { id: id.clone() })),
            (
                "POST",
                "/v4/spreadsheets/abc:batchUpdate",
                "",
                Asked::One(Call::BatchUpdate { id: id.clone(), body: Value::empty_collection() }),
            ),
            (
                "GET",
                "/v4/spreadsheets/abc/values/%27It%27%27s%20%2F%20x%27%21A1:B?valueRenderOption=FORMULA&majorDimension=COLUMNS",
                "",
                Asked::ByColumns(Call::Values {
                    id: id.clone(),
                    ranges: vec!["'It''s / x'!A1:B".into()],
                    batch: false,
                    render: ValueRender::Formula,
                    dates: DateTimeRender::SerialNumber,
                }),
            ),
            (
                "GET",
                "/v4/spreadsheets/abc/values:batchGet?ranges=A1&ranges=B%3AC",
                "",
                Asked::One(Call::Values {
                    id: id.clone(),
                    ranges: vec!["A1".into(), "B:C".into()],
                    batch: true,
                    render: ValueRender::Formatted,
                    dates: DateTimeRender::SerialNumber,
                }),
            ),
            (
                "POST",
                "/v4/spreadsheets/abc/values/Sheet1!A1:C1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS",
                r#"{"values":[[1]]}"#,
                Asked::One(Call::Append {
                    id: id.clone(),
                    range: "Sheet1!A1:C1".into(),
                    values: vec![vec![Value::from(1)]],
                    input: ValueInput::Raw,
                    insert: InsertData::InsertRows,
                }),
            ),
            (
                "PUT",
                "/v4/spreadsheets/abc/values/A1?valueInputOption=USER_ENTERED",
                r#"{"majorDimension":"COLUMNS","values":[[1,2],[3]]}"#,
                Asked::One(Call::Update {
                    id: id.clone(),
                    data: vec![(
                        "A1".into(),
                        vec![vec![Value::from(1), Value::from(3)], vec![Value::from(2), Value::Null]],
                    )],
                    batch: false,
                    input: ValueInput::UserEntered,
                }),
            ),
            (
                "POST",
                "/v4/spreadsheets/abc/values/A1:B2:clear",
                "{}",
                Asked::One(Call::Clear { id: id.clone(), range: "A1:B2".into() }),
            ),
            (
                "POST",
                "/v4/spreadsheets/abc/values:batchClear",
                r#"{"ranges":["A1","B2"]}"#,
                Asked::ClearAll(vec![
                    Call::Clear { id: id.clone(), range: "A1".into() },
                    Call::Clear { id: id.clone(), range: "B2".into() },
                ]),
            ),
        ] {
            assert_eq!(read_text(method, path, body), Ok(asked), "{method} {path}");
        }
    }

    #[test]
    fn what_google_refuses_is_refused() {
        for (method, path, body, message) in [
            ("GET", "/v4/spreadsheets", "", "Requested entity was not found."),
            ("POST", "/v4/spreadsheets/abc:explode", "", "Requested entity was not found."),
            ("DELETE", "/v4/spreadsheets/abc", "", "Requested entity was not found."),
            ("PUT", "/v4/spreadsheets/abc/values/A1", "{}", "'valueInputOption' is required but not specified"),
            (
                "PUT",
                "/v4/spreadsheets/abc/values/A1?valueInputOption=ODD",
                "{}",
                "Invalid value at 'value_input_option', \"ODD\"",
            ),
            (
                "PUT",
                "/v4/spreadsheets/abc/values/A1?valueInputOption=RAW",
                r#"{"values":["a"]}"#,
                "Invalid value at 'data.values[0]': a list of values is expected",
            ),
            ("POST", "/v4/spreadsheets", "[]", "Invalid JSON payload received. The body must be an object."),
        ] {
            assert_eq!(read_text(method, path, body), Err(message.to_owned()), "{method} {path}");
        }
        assert!(read_text("POST", "/v4/spreadsheets", "{").unwrap_err().starts_with("Invalid JSON payload received."));
    }

    #[test]
    fn columns_are_trimmed_one_by_one() {
        let answer = json::parse(br#"{"range":"A1:B3","majorDimension":"ROWS","values":[["a","b"],["c"],["d",""]]}"#);
        assert_eq!(
            json::to_string(&by_columns(&answer.unwrap())),
            r#"{"range":"A1:B3","majorDimension":"COLUMNS","values":[["a","c","d"],["b"]]}"#
        );
    }
}
