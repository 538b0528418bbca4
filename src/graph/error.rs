//! What went wrong at Graph, in the terms of the person who has to act on it.

use crate::core::report::Problem;

/// Codes of these problems; `docs/findings.md` explains each.
pub const CODES: &[&str] = &[
    "graph-unreachable",
    "graph-timeout",
    "graph-broken",
    "graph-throttled",
    "graph-unavailable",
    "graph-unauthorized",
    "graph-forbidden",
    "graph-not-found",
    "graph-refused",
    "graph-redirect",
    "graph-not-json",
    "graph-not-a-policy",
    "graph-foreign-link",
    "deadline",
    "sign-in-failed",
    "http-client",
];

/// A request that did not yield what was asked for. Always means "unknown",
/// never "absent".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    /// One of [`CODES`].
    pub code: &'static str,
    /// What happened and what it means.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Method and path, without the query.
    pub request: String,
    /// Graph's `request-id`.
    pub request_id: Option<String>,
    /// Whether the same command may succeed later.
    pub retryable: bool,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
}

impl GraphError {
    /// An error about a request.
    pub fn new(code: &'static str, request: &str, message: impl Into<String>) -> Self {
        GraphError {
            code,
            message: message.into(),
            hint: None,
            request: request.to_owned(),
            request_id: None,
            retryable: false,
            status: None,
        }
    }

    /// The same error with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, worth another try later.
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl From<GraphError> for Problem {
    fn from(error: GraphError) -> Self {
        Problem {
            code: error.code.to_owned(),
            message: error.message,
            hint: error.hint,
            resource: (!error.request.is_empty()).then_some(error.request),
            request_id: error.request_id,
            retryable: error.retryable,
            ..Problem::default()
        }
    }
}

/// What Graph says in an error body (`{"error":{"code","message",…}}`).
#[derive(Debug, Default)]
pub struct GraphSays {
    /// Its code.
    pub code: String,
    /// Its message, shortened.
    pub message: String,
    /// The `request-id` of its inner error.
    pub request_id: Option<String>,
}

/// Reads an error body as far as it is one.
pub fn read_body(body: &[u8]) -> Option<GraphSays> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let error = json.get("error")?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let inner = error.get("innerError").or_else(|| error.get("innererror"));
    Some(GraphSays {
        code: text(&error["code"]).unwrap_or_default(),
        message: error["message"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(400)
            .collect(),
        request_id: inner.and_then(|inner| text(&inner["request-id"])),
    })
}
