//! Where HTTP meets the tenant: requests in, answers or broken connections out.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};

use super::Sandbox;
use super::fault::FaultKind;
use super::incoming::Incoming;
use super::reply::{Ids, Reply, set_headers};

/// Graph's limit on a request.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// In the extensions of a response: this is no answer, the connection is reset.
///
/// A server that can't reset connections sends what the response holds, a
/// body that fails. One that drives [`Sandbox::router`] in process looks for
/// this mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionReset;

pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new().fallback(exchange).with_state(sandbox)
}

async fn exchange(State(sandbox): State<Sandbox>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(_) => {
            let ids = sandbox.unread();
            let message = "The request is too large, or broke off.";
            return Reply::error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                message,
            )
            .into_response(&ids);
        }
    };
    let incoming = Incoming::new(parts.method, &parts.uri, parts.headers, body);
    let turn = sandbox.begin(&incoming);
    if turn.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(turn.delay_ms)).await;
    }
    match turn.fault {
        Some(FaultKind::Reset {}) => reset(),
        Some(FaultKind::Hang { applied, seconds }) => {
            if applied {
                sandbox.answer(&incoming, &turn);
            }
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
            reset()
        }
        Some(FaultKind::ResetAfter {}) => {
            sandbox.answer(&incoming, &turn);
            reset()
        }
        Some(FaultKind::Truncate {}) => truncate(&sandbox.answer(&incoming, &turn), &turn.ids),
        _ => {
            let reply = sandbox.answer(&incoming, &turn);
            sandbox.note_status(&turn, reply.status);
            reply.into_response(&turn.ids)
        }
    }
}

fn reset() -> Response<Body> {
    let failing = stream::once(async { Err::<Bytes, _>(broken()) });
    let mut response = Response::new(Body::from_stream(failing));
    response.extensions_mut().insert(ConnectionReset);
    response
}

/// An answer that promises more than it sends.
fn truncate(reply: &Reply, ids: &Ids) -> Response<Body> {
    let whole = reply.bytes(ids);
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::unfold(0u8, move |step| {
        let half = half.clone();
        async move {
            match step {
                0 => Some((Ok(half), 1)),
                1 => {
                    // Lets the server send the first half before it fails.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    Some((Err(broken()), 2))
                }
                _ => None,
            }
        }
    });
    // An answer without a body is cut as well: one was promised.
    let status = if whole.is_empty() {
        StatusCode::OK
    } else {
        reply.status
    };
    let promised = whole.len().max(64);
    let mut response = Response::new(Body::from_stream(parts));
    *response.status_mut() = status;
    let mut headers = reply.all_headers(ids);
    headers.push((CONTENT_LENGTH.as_str(), promised.to_string()));
    set_headers(&mut response, headers);
    response
}

fn broken() -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "a simulated fault broke the connection",
    )
}
