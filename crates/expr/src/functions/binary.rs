//! Bytes: digests, and texts in encodings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rouage_model::{Buffer, Text, Value};
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

use super::text::is_blank;
use super::{Call, Outcome, Row, Run};
use crate::coerce::{decode, shorten, to_buffer};
use crate::error::EvalError;
use crate::files;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            signature: "base64(text or buffer)",
            help: "The bytes in base64.",
            examples: &[("base64(\"Make\")", "\"TWFrZQ==\"")],
            run: Run::Eager(|call| Ok(Value::from(STANDARD.encode(bytes(call, 0)?)))),
        },
        Row {
            signature: "md5(text or buffer)",
            help: "The MD5 digest in hexadecimal.",
            examples: &[("md5(\"workfront\")", "\"1448bbbeaa7a9b8091d426999f1f666b\"")],
            run: Run::Eager(|call| Ok(Value::from(hex::encode(Md5::digest(bytes(call, 0)?))))),
        },
        Row {
            signature: "sha1(text; [encoding]; [key]; [keyEncoding])",
            help: "The SHA-1 digest, or with a key the HMAC, in hex, base64 or latin1.",
            examples: &[("sha1(\"workfront\")", "\"b2b30b8ae1f9e5b40fbb0696eaabdbfd8d0c087f\"")],
            run: Run::Eager(|call| digest(call, |data| Sha1::digest(data).to_vec(), signed::<Hmac<Sha1>>)),
        },
        Row {
            signature: "sha256(text; [encoding]; [key]; [keyEncoding])",
            help: "The SHA-256 digest, or with a key the HMAC, in hex, base64 or latin1.",
            examples: &[("sha256(\"Make\"; \"base64\")", "\"zN0l1CMPuZen7hFm+K+r0VckjrgS6lXsfD0bfIr3+hE=\"")],
            run: Run::Eager(|call| digest(call, |data| Sha256::digest(data).to_vec(), signed::<Hmac<Sha256>>)),
        },
        Row {
            signature: "sha512(text; [encoding]; [key]; [keyEncoding])",
            help: "The SHA-512 digest, or with a key the HMAC, in hex, base64 or latin1.",
            examples: &[("length(sha512(\"Make\"))", "128")],
            run: Run::Eager(|call| digest(call, |data| Sha512::digest(data).to_vec(), signed::<Hmac<Sha512>>)),
        },
        Row {
            signature: "toBinary(value; [encoding])",
            help: "The bytes of a value; hex and base64 are decoded.",
            examples: &[("toBinary(\"TWFrZQ==\"; \"base64\")", r#"{"$buffer":"4d616b65"}"#)],
            run: Run::Eager(to_binary),
        },
        Row {
            signature: "toString(value; [encoding])",
            help: "The value as text; a collection is JSON, a buffer is decoded.",
            examples: &[
                ("toString(toBinary(\"TWFrZQ==\"; \"base64\"))", "\"Make\""),
                ("toString(set(null; \"a\"; 1))", r#""{\"a\":1}""#),
            ],
            run: Run::Eager(to_string),
        },
    ]
}

/// The bytes of a text or buffer argument; nothing has none.
fn bytes(call: &Call<'_>, at: usize) -> Result<bytes::Bytes, EvalError> {
    match call.value(at) {
        Value::Buffer(buffer) => files::bytes(buffer, call.context),
        value => Ok(call.text_of(value)?.as_bytes().to_vec().into()),
    }
}

fn digest(call: &Call<'_>, hash: fn(&[u8]) -> Vec<u8>, sign: fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Outcome {
    let data = bytes(call, 0)?;
    let encoding = call.optional_text(1)?.filter(|encoding| !encoding.is_empty()).unwrap_or_else(|| "hex".into());
    let digest = match call.value(2) {
        key if key.is_nothing() || key.as_text() == Some("") => hash(&data),
        key => {
            let key = key_bytes(call, key)?;
            sign(&data, &key).ok_or_else(|| EvalError::of_range("the key cannot be used"))?
        }
    };
    if !matches!(encoding.as_ref(), "hex" | "base64" | "latin1" | "binary") {
        return Err(EvalError::of_range(format!("'{}' is not hex, base64 or latin1", shorten(&encoding))));
    }
    decode(&digest, &encoding).map(Value::Text).map_err(EvalError::of_range)
}

/// The HMAC of data with a key.
fn signed<M: Mac + KeyInit>(data: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    <M as KeyInit>::new_from_slice(key).ok().map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
}

fn key_bytes(call: &Call<'_>, key: &Value) -> Result<Vec<u8>, EvalError> {
    let encoding = call.optional_text(3)?.filter(|encoding| !encoding.is_empty()).unwrap_or_else(|| "text".into());
    match (key, encoding.as_ref()) {
        (Value::Buffer(buffer), _) => Ok(files::bytes(buffer, call.context)?.to_vec()),
        (_, "binary") => Err(EvalError::of_type("a key of encoding binary must be a buffer")),
        (key, "text" | "utf8") => Ok(call.text_of(key)?.as_bytes().to_vec()),
        (key, encoding) => encoded_bytes(&call.text_of(key)?, encoding),
    }
}

/// The bytes that a text means in an encoding.
fn encoded_bytes(text: &Text, encoding: &str) -> Result<Vec<u8>, EvalError> {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let wrong = || EvalError::of_range(format!("'{}' is not valid {encoding}", shorten(text)));
    match encoding.to_ascii_lowercase().as_str() {
        "hex" => hex::decode(text.trim()).map_err(|_| wrong()),
        "base64" => {
            let digits: String = text.chars().filter(|character| !is_blank(*character)).collect();
            let digits = digits.trim_end_matches('=');
            STANDARD_NO_PAD.decode(digits).or_else(|_| URL_SAFE_NO_PAD.decode(digits)).map_err(|_| wrong())
        }
        #[expect(clippy::cast_possible_truncation, reason = "the low byte is what this encoding keeps")]
        "latin1" | "binary" => Ok(text.chars().map(|character| u32::from(character) as u8).collect()),
        "utf8" | "utf-8" | "text" | "ascii" => Ok(text.as_bytes().to_vec()),
        _ => Err(EvalError::of_range(format!("'{}' is not a known encoding", shorten(encoding)))),
    }
}

fn to_binary(call: &Call<'_>) -> Outcome {
    let encoding = call.optional_text(1)?.filter(|encoding| !encoding.is_empty());
    match (call.value(0), encoding) {
        (value, _) if value.is_nothing() => Ok(Value::Null),
        (Value::Buffer(buffer), _) => Ok(Value::Buffer(buffer.clone())),
        (Value::Array(_) | Value::Collection(_), _) => {
            let text = call.text(0)?;
            Ok(Value::Buffer(Buffer::utf8(text.as_bytes().to_vec())))
        }
        (_, Some(encoding)) => {
            let bytes = encoded_bytes(&call.text(0)?, &encoding)?;
            let text = matches!(encoding.as_ref(), "utf8" | "utf-8" | "text" | "ascii");
            let encoding = text.then(|| Text::from("utf8"));
            Ok(Value::Buffer(Buffer::new(bytes).encoded(encoding)))
        }
        (value, None) => to_buffer(value).map(Value::Buffer).map_err(EvalError::of_type),
    }
}

fn to_string(call: &Call<'_>) -> Outcome {
    match call.value(0) {
        Value::Buffer(buffer) => {
            let given = call.optional_text(1)?.filter(|encoding| !encoding.is_empty());
            let encoding = given.or_else(|| buffer.encoding.clone()).unwrap_or_else(|| "utf8".into());
            decode(&files::bytes(buffer, call.context)?, &encoding).map(Value::Text).map_err(EvalError::of_range)
        }
        _ => call.text(0).map(Value::Text),
    }
}
