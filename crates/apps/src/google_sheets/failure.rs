//! What a failed call to Google means: its kind, and whether the effect may
//! have happened all the same (source: the table "Google" in `stack.md`).

use google_sheets4::Error;
use rouage_model::{ErrorKind, ModuleError, sheets};
use rouage_sdk::Connection;
use rouage_sdk::guard::ConnectError;
use serde_json::Value as Json;

use super::tokens::renew;

/// A failed attempt.
pub(super) enum Failure {
    /// 401: the token is refused. Google's words.
    Unauthorized(String),
    /// Anything else, final for this attempt.
    Other(ModuleError),
}

impl Failure {
    /// The error for the user, when no other token can help.
    pub(super) fn into_error(self, connection: &Connection) -> ModuleError {
        match self {
            Failure::Unauthorized(reason) => renew(connection, &reason),
            Failure::Other(error) => error,
        }
    }
}

/// The call was sent and there is no answer that can be read.
pub(super) fn silent(call: &sheets::Call, reason: &str) -> Failure {
    let error = ModuleError::new(ErrorKind::ConnectionError, format!("{}: {reason}", what(call)));
    Failure::Other(if call.is_write() { error.maybe_applied() } else { error })
}

/// An error of the library, with the status and Retry-After that were seen.
pub(super) fn of(call: &sheets::Call, error: Error, status: Option<u16>, retry_after: Option<u32>) -> Failure {
    match error {
        Error::HttpError(error) if error.is_connect() => Failure::Other(not_connected(call, &error)),
        Error::HttpError(error) => silent(call, &format!("the connection broke before the answer: {error}")),
        Error::BadRequest(body) => {
            let told = body["error"]["code"].as_u64().and_then(|code| u16::try_from(code).ok());
            answered(call, status.or(told).unwrap_or(400), &body, retry_after)
        }
        Error::Failure(response) => answered(call, response.status().as_u16(), &Json::Null, retry_after),
        Error::JsonDecodeError(..) => silent(call, "the answer is cut off or unreadable"),
        other => silent(call, &other.to_string()),
    }
}

fn answered(call: &sheets::Call, status: u16, body: &Json, retry_after: Option<u32>) -> Failure {
    let text = body["error"]["message"].as_str().map_or_else(|| format!("Google answered {status}"), str::to_owned);
    let error = |kind: ErrorKind| ModuleError::new(kind, format!("[{status}] {text}"));
    match status {
        401 => Failure::Unauthorized(text),
        429 => Failure::Other(error(ErrorKind::RateLimitError).retry_after(retry_after)),
        403 if is_rate_limit(&body["error"]) => {
            Failure::Other(error(ErrorKind::RateLimitError).retry_after(retry_after))
        }
        500.. => silent(call, &format!("[{status}] {text}")),
        _ => Failure::Other(error(ErrorKind::DataError)),
    }
}

/// The reason stands in `errors` in the older form and in `details` in the newer.
fn is_rate_limit(error: &Json) -> bool {
    let lists = [&error["errors"], &error["details"]];
    let reasons = lists.into_iter().filter_map(Json::as_array).flatten().filter_map(|entry| entry["reason"].as_str());
    let mut reasons = reasons.chain(error["status"].as_str());
    reasons.any(|reason| {
        matches!(reason, "rateLimitExceeded" | "userRateLimitExceeded" | "RATE_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED")
    })
}

/// Refused by the guard, refused by the other side, or not found: not sent.
fn not_connected(call: &sheets::Call, error: &(dyn std::error::Error + 'static)) -> ModuleError {
    let mut cause = Some(error);
    let mut reason = error.to_string();
    while let Some(error) = cause {
        if let Some(ConnectError::Refused(refusal)) = error.downcast_ref::<ConnectError>() {
            return refusal.clone().into();
        }
        reason = error.to_string();
        cause = error.source();
    }
    ModuleError::new(ErrorKind::ConnectionError, format!("{}: {reason}", what(call)))
}

fn what(call: &sheets::Call) -> &'static str {
    match call {
        sheets::Call::Create { .. } => "could not create the spreadsheet",
        sheets::Call::Get { .. } | sheets::Call::Values { .. } => "could not read the spreadsheet",
        sheets::Call::Append { .. } => "could not add rows to the spreadsheet",
        _ => "could not change the spreadsheet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_is_a_rate_limit_only_when_its_reason_says_so() {
        let old = serde_json::json!({"errors": [{"reason": "rateLimitExceeded"}]});
        let new = serde_json::json!({"details": [{"reason": "RATE_LIMIT_EXCEEDED"}]});
        let denied = serde_json::json!({"status": "PERMISSION_DENIED", "errors": [{"reason": "forbidden"}]});
        assert!(is_rate_limit(&old) && is_rate_limit(&new));
        assert!(!is_rate_limit(&denied));
    }
}
