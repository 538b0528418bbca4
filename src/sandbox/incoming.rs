//! A request, taken apart once.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request with path and query decoded.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub method: Method,
    /// Scheme and host, as the client knows them.
    pub origin: String,
    pub segments: Vec<String>,
    /// Path and query as they were sent.
    pub target: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Incoming {
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        // HTTP/2 puts the host into the address, HTTP/1.1 into a header.
        let host = uri
            .authority()
            .map(|authority| authority.as_str().to_owned())
            .or_else(|| {
                headers
                    .get(HOST)
                    .and_then(|host| host.to_str().ok())
                    .map(str::to_owned)
            })
            .unwrap_or_else(|| "localhost".to_owned());
        let origin = format!("{}://{host}", uri.scheme_str().unwrap_or("http"));
        let target = uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        Self {
            origin,
            ..Self::to(method, target, headers, body)
        }
    }

    /// A request to a target on this host; the origin is still to be set.
    pub fn to(method: Method, target: String, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target.as_str(), ""));
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect();
        // A `+` reads as a space here, as it does at Graph.
        let query = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Self {
            method,
            origin: String::new(),
            segments,
            target,
            query,
            headers,
            body,
        }
    }

    /// The decoded path.
    pub fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The value of a query option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body, if it claims to be JSON and is.
    pub fn json(&self) -> Result<Value, String> {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(format!(
                "The Content-Type of the request must be `application/json`, not `{essence}`."
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            format!("Unable to read JSON request payload: {error}. Please ensure it is of valid JSON format.")
        })
    }

    /// Whether the caller asked for enum words numbered above the sentinel.
    pub fn wants_unknown_members(&self) -> bool {
        self.headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .any(|preference| {
                preference
                    .trim()
                    .eq_ignore_ascii_case("include-unknown-enum-members")
            })
    }
}
