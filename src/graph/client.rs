//! One Graph host, one token, one deadline: sends requests, repeats what may be
//! repeated, and turns every other outcome into an error that says what it means.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::core::report::GraphUse;

use super::auth::Tokens;
use super::error::{GraphError, read_body};
use super::retry::{ATTEMPTS_MAX, back_off, retry_after};
use super::seam::{Seam, SendFailure};

/// The service gives up on this API after 60 s (Graph, "authentication methods
/// policies overview"), so a client must wait longer to hear it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// A connection to one tenant's Graph. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seam: Arc<dyn Seam>,
    root: Url,
    tokens: Tokens,
    start: Instant,
    deadline: Instant,
    requests: AtomicU64,
    retries: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

/// What is asked of Graph.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The path below `/v1.0`, with the query, encoded.
    pub path: String,
    /// Headers besides the ones that every request has.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The right that it needs, for the message where it is refused.
    pub needs: &'static str,
}

/// What became of one attempt.
enum Attempt {
    Done(Value),
    Again {
        wait: Option<Duration>,
        error: GraphError,
        renew: bool,
    },
    FreshToken(GraphError),
    Failed(GraphError),
}

impl Graph {
    /// A connection that gives up `within` this time as a whole.
    pub fn new(seam: Arc<dyn Seam>, root: Url, tokens: Tokens, within: Duration) -> Self {
        let start = Instant::now();
        Graph(Arc::new(Inner {
            seam,
            root,
            tokens,
            start,
            deadline: start + within,
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        }))
    }

    /// Signs in, if nobody did yet.
    pub async fn sign_in(&self) -> Result<(), GraphError> {
        self.0.tokens.get(None, self.0.deadline).await.map(drop)
    }

    /// Reads what `ask` names; only a decoded 200 is an answer.
    pub async fn get(&self, ask: &Ask) -> Result<Value, GraphError> {
        let url = format!("{}v1.0{}", self.0.root, ask.path);
        self.get_at(&url, ask).await
    }

    /// Reads a page that Graph linked to. The token goes to the chosen host
    /// alone, so a link to another origin is refused.
    pub async fn get_link(&self, link: &str, ask: &Ask) -> Result<Value, GraphError> {
        let here = self.0.root.origin();
        if !Url::parse(link).is_ok_and(|url| url.origin() == here) {
            return Err(GraphError::new(
                "graph-foreign-link",
                &label(ask),
                format!(
                    "the answer's `nextLink` leads away from {}",
                    self.0.root.origin().ascii_serialization()
                ),
            )
            .hint(
                "the token goes to the chosen host only; check what stands between you and Graph",
            ));
        }
        self.get_at(link, ask).await
    }

    async fn get_at(&self, url: &str, ask: &Ask) -> Result<Value, GraphError> {
        let mut attempts = 0;
        let mut refreshed = false;
        let mut token = self.0.tokens.get(None, self.0.deadline).await?;
        loop {
            attempts += 1;
            if attempts > 1 {
                self.0.retries.fetch_add(1, Ordering::Relaxed);
            }
            let (wait, error) = match self.attempt(url, ask, &token).await {
                Attempt::Done(json) => return Ok(json),
                Attempt::Failed(error) => return Err(error),
                Attempt::FreshToken(error) if refreshed || !self.0.tokens.can_refresh() => {
                    return Err(error);
                }
                Attempt::FreshToken(_) => {
                    refreshed = true;
                    token = self.0.tokens.get(Some(&token), self.0.deadline).await?;
                    continue;
                }
                Attempt::Again { wait, error, renew } => {
                    if renew {
                        self.0.seam.renew();
                    }
                    (wait, error)
                }
            };
            if attempts >= ATTEMPTS_MAX {
                let message = format!("{} ({attempts} attempts)", error.message);
                return Err(GraphError { message, ..error });
            }
            let wait = wait.unwrap_or_else(|| back_off(attempts + 1));
            if Instant::now() + wait >= self.0.deadline {
                let message = format!(
                    "{}; trying again in {} s would pass the time that the command has",
                    error.message,
                    wait.as_secs()
                );
                return Err(
                    GraphError { message, ..error }.hint("raise --timeout, or run it later")
                );
            }
            tracing::debug!(wait_ms = wait.as_millis(), "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, url: &str, ask: &Ask, token: &super::token::Secret) -> Attempt {
        let inner = &*self.0;
        let name = label(ask);
        let left = inner.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Attempt::Failed(out_of_time(&name, inner.deadline - inner.start));
        }
        let within = REQUEST_TIMEOUT.min(left);
        let request = match build(url, ask, token) {
            Ok(request) => request,
            Err(error) => return Attempt::Failed(error),
        };
        inner.requests.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        inner
            .first
            .fetch_min(micros(began - inner.start), Ordering::Relaxed);
        let sent = inner.seam.send(request, within).await;
        inner
            .last
            .fetch_max(micros(inner.start.elapsed()), Ordering::Relaxed);
        tracing::info!(
            request = %name,
            status = sent.as_ref().map(|answer| answer.status().as_u16()).ok(),
            milliseconds = began.elapsed().as_millis(),
            "graph"
        );
        match sent {
            Ok(answer) => judge(&answer, &name, ask),
            Err(SendFailure::TimedOut { .. }) if within < REQUEST_TIMEOUT => {
                Attempt::Failed(out_of_time(&name, inner.deadline - inner.start))
            }
            Err(failure) => failed(failure, &name),
        }
    }

    /// What this connection has cost so far.
    pub fn used(&self) -> GraphUse {
        let first = self.0.first.load(Ordering::Relaxed);
        let last = self.0.last.load(Ordering::Relaxed);
        GraphUse {
            requests: self.0.requests.load(Ordering::Relaxed),
            retries: self.0.retries.load(Ordering::Relaxed),
            milliseconds: last.saturating_sub(first) / 1000,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Method and path for people; the query may hold names of groups.
fn label(ask: &Ask) -> String {
    let path = ask.path.split('?').next().unwrap_or_default();
    format!("GET {path}")
}

fn build(
    url: &str,
    ask: &Ask,
    token: &super::token::Secret,
) -> Result<http::Request<Bytes>, GraphError> {
    let wrong = |what: &str| GraphError::new("graph-refused", &label(ask), what.to_owned());
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| wrong("the access token cannot be sent in a header"))?;
    bearer.set_sensitive(true);
    let mut request = http::Request::builder()
        .method(Method::GET)
        .uri(url)
        .header("accept", "application/json")
        .header("client-request-id", uuid::Uuid::new_v4().to_string());
    for (name, value) in &ask.headers {
        request = request.header(*name, *value);
    }
    let mut request = request
        .body(Bytes::new())
        .map_err(|_| wrong("the request has no valid address"))?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    Ok(request)
}

fn out_of_time(request: &str, whole: Duration) -> GraphError {
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

fn failed(failure: SendFailure, request: &str) -> Attempt {
    let (code, hint, renew) = match &failure {
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
        SendFailure::TooLarge => {
            let error = GraphError::new("graph-not-a-policy", request, failure.to_string());
            return Attempt::Failed(error);
        }
    };
    Attempt::Again {
        wait: None,
        error: GraphError::new(code, request, failure.to_string())
            .hint(hint)
            .retryable(),
        renew,
    }
}

fn judge(answer: &http::Response<Bytes>, request: &str, ask: &Ask) -> Attempt {
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
    let wait = || retry_after(answer.headers(), jiff::Timestamp::now());
    match status {
        StatusCode::OK => match serde_json::from_slice(answer.body()) {
            Ok(json) => Attempt::Done(json),
            Err(_) => again(
                None,
                with("graph-not-json", format!("the answer to {request} is not JSON"))
                    .hint("a proxy or a sign-in page may stand between you and Graph"),
                false,
            ),
        },
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
        | StatusCode::GATEWAY_TIMEOUT => again(
            None,
            with("graph-unavailable", format!("Graph failed ({}){said}", status.as_u16())),
            false,
        ),
        StatusCode::UNAUTHORIZED => Attempt::FreshToken(
            with("graph-unauthorized", format!("Graph does not accept the token (401){said}"))
                .hint("the token may have expired, or be for another tenant, cloud or resource"),
        ),
        StatusCode::FORBIDDEN => Attempt::Failed(
            with("graph-forbidden", format!("Graph refuses {request} (403){said}"))
                .hint(format!("the least right for it is {}", ask.needs)),
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
