//! An answer, before it knows its request ids.

use axum::body::Body;
use bytes::Bytes;
use http::header::{DATE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// What Graph says its JSON is.
const GRAPH_JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                          IEEE754Compatible=false;charset=utf-8";

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// An error of Graph; the ids inside it come when it is sent.
    Error {
        code: String,
        message: String,
    },
    Text {
        content_type: &'static str,
        text: String,
    },
}

/// The ids of one exchange.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub request: String,
    pub client: Option<String>,
}

impl Reply {
    pub fn json(value: Value) -> Self {
        Self::with(StatusCode::OK, Content::Json(value))
    }

    pub fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, Content::Empty)
    }

    pub fn with(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content,
        }
    }

    pub fn error(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::with(
            status,
            Content::Error {
                code: code.to_owned(),
                message: message.into(),
            },
        )
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as JSON, where it is JSON.
    pub fn body(&self, ids: &Ids) -> Option<Value> {
        match &self.content {
            Content::Empty => None,
            Content::Json(value) => Some(value.clone()),
            Content::Text { text, .. } => Some(Value::String(text.clone())),
            Content::Error { code, message } => {
                let date = jiff::Timestamp::now()
                    .strftime("%Y-%m-%dT%H:%M:%S")
                    .to_string();
                Some(json!({
                    "error": {
                        "code": code,
                        "message": message,
                        "innerError": {
                            "date": date,
                            "request-id": ids.request,
                            "client-request-id": ids.client.as_ref().unwrap_or(&ids.request),
                        },
                    },
                }))
            }
        }
    }

    /// All headers but the length and the date, as (name, value).
    pub fn all_headers(&self, ids: &Ids) -> Vec<(&'static str, String)> {
        let mut headers = vec![("request-id", ids.request.clone())];
        if let Some(client) = &ids.client {
            headers.push(("client-request-id", client.clone()));
        }
        match &self.content {
            Content::Empty => {}
            Content::Json(_) | Content::Error { .. } => {
                headers.push(("content-type", GRAPH_JSON.to_owned()));
            }
            Content::Text { content_type, .. } => {
                headers.push(("content-type", (*content_type).to_owned()));
            }
        }
        for (name, value) in &self.headers {
            headers.retain(|(other, _)| other != name);
            headers.push((name, value.clone()));
        }
        headers
    }

    /// The bytes of the body.
    pub fn bytes(&self, ids: &Ids) -> Bytes {
        match &self.content {
            Content::Text { text, .. } => text.clone().into(),
            _ => self
                .body(ids)
                .map(|value| value.to_string())
                .unwrap_or_default()
                .into(),
        }
    }

    /// The answer as HTTP.
    pub fn into_response(self, ids: &Ids) -> Response<Body> {
        let mut response = Response::new(Body::from(self.bytes(ids)));
        *response.status_mut() = self.status;
        set_headers(&mut response, self.all_headers(ids));
        response
    }
}

/// Sets the headers of an answer, and its date.
pub(super) fn set_headers(response: &mut Response<Body>, headers: Vec<(&'static str, String)>) {
    let date = jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    for (name, value) in headers.into_iter().chain([(DATE.as_str(), date)]) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}
