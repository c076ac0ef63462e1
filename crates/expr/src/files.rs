//! Stored files in expressions: their bytes are read where a function or a
//! text needs them, and only there. A bare path hands the handle on.

use bytes::Bytes;
use rouage_model::{Buffer, Content, Stored, Value};

use crate::context::{Budget, Context, Lookup};
use crate::error::EvalError;

/// The largest file that an expression reads.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The bytes of a buffer.
pub(crate) fn bytes(buffer: &Buffer, context: &Context<'_>) -> Result<Bytes, EvalError> {
    match &buffer.content {
        Content::Inline(bytes) => Ok(bytes.clone()),
        Content::Stored(file) => read(file, context.budget, Some(context.lookup)),
    }
}

/// The bytes of a file, which the budget pays for.
pub(crate) fn read(file: &Stored, budget: &Budget, lookup: Option<&dyn Lookup>) -> Result<Bytes, EvalError> {
    if file.size > LARGEST_FILE {
        let text = format!(
            "a file of {} bytes is too large to be read by an expression ({LARGEST_FILE} bytes are the most); \
             map it to a module as it is",
            file.size
        );
        return Err(EvalError::of_range(text));
    }
    let Some(lookup) = lookup else {
        return Err(EvalError::of_type("a stored file must be read with toString(file) first"));
    };
    budget.produce(usize::try_from(file.size).unwrap_or(usize::MAX))?;
    lookup.file(file).map_err(EvalError::of_range)
}

/// The value with the bytes of the files in it, for what writes or compares
/// all of a value.
pub(crate) fn with_bytes(value: &Value, budget: &Budget, lookup: Option<&dyn Lookup>) -> Result<Value, EvalError> {
    value.with_files(&mut |file| read(file, budget, lookup))
}

/// An operand of a filter: a file that is known to be text is read.
pub(crate) fn operand(value: Value, context: &Context<'_>) -> Result<Value, EvalError> {
    match &value {
        Value::Buffer(Buffer { content: Content::Stored(_), encoding: Some(_) }) => {
            with_bytes(&value, context.budget, Some(context.lookup))
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;
    use crate::testing::with_bundles;
    use crate::{Filter, Template};

    /// `1.text` and `1.data` are stored files, `1.large` is too large to read.
    const BUNDLES: &str = r#"{"1":{"data":{"$file":"00000000000000000000000000000001","size":300000},
        "text":{"$file":"00000000000000000000000000000002","size":300000,"encoding":"utf8"},
        "large":{"$file":"00000000000000000000000000000003","size":104857600,"encoding":"utf8"}}}"#;

    fn evaluated(text: &str) -> Result<Value, String> {
        let template = Template::parse(text).unwrap();
        with_bundles(BUNDLES, |context| template.evaluate(context)).map_err(|error| error.message)
    }

    #[test]
    fn a_path_and_a_length_do_not_read_a_file() {
        let Ok(Value::Buffer(buffer)) = evaluated("{{1.large}}") else { panic!("it is a file") };
        assert!(matches!(buffer.content, Content::Stored(_)));
        assert_eq!(evaluated("{{length(1.large)}}"), Ok(Value::from(104_857_600)));
        assert_eq!(evaluated("{{toBinary(1.large)}}"), evaluated("{{1.large}}"));
    }

    #[test]
    fn functions_and_texts_read_it() {
        for (text, value) in [
            ("{{length(toString(1.data))}}", "200000"),
            ("{{substring(toString(1.data; \"latin1\"); 0; 3)}}", "Ã©!"),
            ("{{length(base64(1.data))}}", "400000"),
            ("{{length(sha256(1.data))}}", "64"),
            ("{{md5(1.data) = md5(1.text)}}", "true"),
            ("{{substring(1.text; 0; 2)}}", "é!"),
            ("{{length(upper(1.text))}}", "200000"),
            ("{{length(join(add(emptyarray; 1.text; 1.text); \"\"))}}", "400000"),
            ("{{length(toString(set(null; \"a\"; 1.text)))}}", "200008"),
        ] {
            assert_eq!(
                evaluated(&format!("{text}.")).map(|value| json::to_string(&value)),
                Ok(format!("\"{value}.\"")),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_too_large_or_of_no_encoding_says_so() {
        for text in ["{{md5(1.large)}}", "{{toString(1.large)}}", "a {{1.large}}", "{{upper(1.large)}}"] {
            let error = evaluated(text).unwrap_err();
            assert!(error.contains("104857600 bytes is too large"), "{text}: {error}");
        }
        assert!(evaluated("a {{1.data}}").unwrap_err().contains("unknown encoding"));
    }

    #[test]
    fn a_filter_reads_a_file_that_is_text() {
        for (condition, passes) in [
            (r#"{"a":"{{1.text}}","o":"text:startwith","b":"é!é!"}"#, true),
            (r#"{"a":"{{1.text}}","o":"text:contain","b":"x"}"#, false),
            (r#"{"a":"{{1.data}}","o":"exist"}"#, true),
        ] {
            let (filter, _) = Filter::compile(&json::parse(format!("[[{condition}]]").as_bytes()).unwrap());
            assert_eq!(with_bundles(BUNDLES, |context| filter.passes(context)).unwrap(), passes, "{condition}");
        }
    }
}
