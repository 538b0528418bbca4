//! What an answer, or the lack of one, means for what may be done next.
//!
//! A read can always be sent again. A write cannot once it may have reached the
//! service: then its fate is unknown, and reading must settle it.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;

use super::error::{GraphError, read_body};
use super::retry::retry_after;
use super::seam::SendFailure;

/// A write to a policy.
pub(super) struct Write<'a> {
    /// PATCH or DELETE.
    pub method: Method,
    /// The path below `/v1.0`.
    pub path: &'a str,
    /// What is sent.
    pub body: Option<&'a Value>,
    /// The right that it needs, for the message where it is refused.
    pub needs: &'static str,
}

/// Why a write is not known to have taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteFailure {
    /// It was never sent, or the service said no.
    Refused(GraphError),
    /// It may have reached the service, and nobody said what became of it.
    Lost(GraphError),
    /// It did nothing so far, and was not sent again: its sender said so.
    Withdrawn,
}

/// What became of one attempt.
pub(super) enum Attempt {
    /// The answer.
    Done(Value),
    /// It may be sent again, after this long.
    Again {
        wait: Option<Duration>,
        error: GraphError,
        renew: bool,
    },
    /// The token was not accepted.
    FreshToken(GraphError),
    /// It was refused for good.
    Failed(GraphError),
    /// It was a write, and may have taken.
    Lost(GraphError),
}

/// The command has no time left.
pub(super) fn out_of_time(request: &str, whole: Duration) -> GraphError {
    GraphError::new(
        "deadline",
        request,
        format!(
            "no answer within the {} s that the command has",
            whole.as_secs()
        ),
    )
    .hint("raise --timeout, or look at the network between you and Graph")
    .retryable()
}

/// What a failure of the network means.
pub(super) fn failed(failure: &SendFailure, request: &str, is_write: bool) -> Attempt {
    let (code, hint, renew) = match failure {
        SendFailure::NotConnected { .. } => (
            "graph-unreachable",
            "check the network, the proxy (HTTPS_PROXY) and the host",
            true,
        ),
        SendFailure::TimedOut { .. } => (
            "graph-timeout",
            "Graph may be slow; run it again later",
            false,
        ),
        SendFailure::Broken { .. } => (
            "graph-broken",
            "something between you and Graph cuts answers short; run it again",
            true,
        ),
        SendFailure::TooLarge => (
            "graph-not-a-policy",
            "nothing that Graph has to say is as large; check what stands between",
            false,
        ),
    };
    let error = GraphError::new(code, request, failure.to_string()).hint(hint);
    match failure {
        SendFailure::NotConnected { .. } => {}
        _ if is_write => return Attempt::Lost(error.retryable()),
        SendFailure::TooLarge => return Attempt::Failed(error),
        SendFailure::TimedOut { .. } | SendFailure::Broken { .. } => {}
    }
    Attempt::Again {
        wait: None,
        error: error.retryable(),
        renew,
    }
}

/// What an answer means.
pub(super) fn judge(
    answer: &http::Response<Bytes>,
    request: &str,
    needs: &str,
    is_write: bool,
) -> Attempt {
    let status = answer.status();
    let header_id = answer
        .headers()
        .get("request-id")
        .and_then(|value| value.to_str().ok())
        .map(|id| id.chars().take(64).collect::<String>());
    let says = read_body(answer.body()).unwrap_or_default();
    let with = |code, message: String| {
        let mut error = GraphError::new(code, request, message);
        error.request_id = header_id.clone().or_else(|| says.request_id.clone());
        error.status = Some(status.as_u16());
        error
    };
    let said = if says.code.is_empty() {
        String::new()
    } else {
        format!(": {}: {}", says.code, says.message)
    };
    let again = |wait, error: GraphError, renew| Attempt::Again {
        wait,
        error: error.retryable(),
        renew,
    };
    // Where a read is sent again, a write may have taken all the same.
    let perhaps = |error: GraphError| {
        if is_write {
            Attempt::Lost(error.retryable())
        } else {
            again(None, error, false)
        }
    };
    let wait = || retry_after(answer.headers(), jiff::Timestamp::now());
    match status {
        // Graph documents 204 without a body for a write; an older page 200 with one.
        status if is_write && status.is_success() && answer.body().is_empty() => {
            Attempt::Done(Value::Null)
        }
        status if status == StatusCode::OK || (is_write && status.is_success()) => {
            match serde_json::from_slice(answer.body()) {
                Ok(json) => Attempt::Done(json),
                Err(_) => perhaps(
                    with("graph-not-json", format!("the answer to {request} is not JSON"))
                        .hint("a proxy or a sign-in page may stand between you and Graph"),
                ),
            }
        }
        StatusCode::TOO_MANY_REQUESTS => again(
            wait(),
            with("graph-throttled", format!("Graph throttles this app or tenant (429){said}")),
            false,
        ),
        StatusCode::SERVICE_UNAVAILABLE => again(
            wait(),
            with("graph-unavailable", format!("Graph is not available (503){said}")),
            true,
        ),
        StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::GATEWAY_TIMEOUT => perhaps(with(
            "graph-unavailable",
            format!("Graph failed ({}){said}", status.as_u16()),
        )),
        StatusCode::UNAUTHORIZED => Attempt::FreshToken(
            with("graph-unauthorized", format!("Graph does not accept the token (401){said}"))
                .hint("the token may have expired, or be for another tenant, cloud or resource"),
        ),
        StatusCode::FORBIDDEN => Attempt::Failed(
            with("graph-forbidden", format!("Graph refuses {request} (403){said}"))
                .hint(format!("the least right for it is {}", needs)),
        ),
        StatusCode::NOT_FOUND => Attempt::Failed(
            with("graph-not-found", format!("Graph knows no {request} (404){said}")).hint(
                "this says nothing about the policy: the path is missing in this cloud or tenant, or a proxy answers",
            ),
        ),
        status if status.is_redirection() => Attempt::Failed(
            with("graph-redirect", format!("{request} was answered with a redirect ({})", status.as_u16()))
                .hint("a token is never sent along a redirect; check the host and the proxy"),
        ),
        status => Attempt::Failed(with(
            "graph-refused",
            format!("Graph refuses {request} ({}){said}", status.as_u16()),
        )),
    }
}
