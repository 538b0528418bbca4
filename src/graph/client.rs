//! One Graph host, one token, one deadline: sends requests, repeats what may be
//! repeated, and turns every other outcome into an error that says what it means.
//!
//! Anybody in the crate can read with it. Writing is for [`super::writer`] alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::core::report::GraphUse;

use super::answer::{Attempt, Write, WriteFailure, failed, judge, out_of_time};
use super::auth::Tokens;
use super::error::GraphError;
use super::retry::{ATTEMPTS_MAX, back_off};
use super::seam::{Seam, SendFailure};

/// The service gives up on this API after 60 s (Graph, "authentication methods
/// policies overview"), so a client must wait longer to hear it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// What a write leaves of the command's time for reading what became of it.
const SETTLING: Duration = Duration::from_secs(15);

/// A connection to one tenant's Graph. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seam: Arc<dyn Seam>,
    root: Url,
    tokens: Tokens,
    start: Instant,
    /// Microseconds from the start to the deadline.
    within: AtomicU64,
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

/// A request as it is sent.
struct Sent<'a> {
    method: Method,
    url: String,
    headers: &'a [(&'static str, &'static str)],
    body: Bytes,
    /// Method and path for people; the query may hold names of groups.
    name: String,
    /// The right that it needs.
    needs: &'static str,
}

impl Sent<'_> {
    fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

impl Graph {
    /// A connection that gives up `within` this time as a whole.
    pub fn new(seam: Arc<dyn Seam>, root: Url, tokens: Tokens, within: Duration) -> Self {
        Graph(Arc::new(Inner {
            seam,
            root,
            tokens,
            start: Instant::now(),
            within: AtomicU64::new(micros(within)),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        }))
    }

    /// Signs in, if nobody did yet.
    pub async fn sign_in(&self) -> Result<(), GraphError> {
        self.0.tokens.get(None, self.deadline()).await.map(drop)
    }

    /// When everything must be done.
    pub fn deadline(&self) -> Instant {
        self.0.start + Duration::from_micros(self.0.within.load(Ordering::Relaxed))
    }

    /// Gives more time: what a person took to answer does not count.
    pub fn extend(&self, by: Duration) {
        self.0.within.fetch_add(micros(by), Ordering::Relaxed);
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
        let request = Sent {
            method: Method::GET,
            url: url.to_owned(),
            headers: &ask.headers,
            body: Bytes::new(),
            name: label(ask),
            needs: ask.needs,
        };
        let answer = self
            .exchange(&request, async |wait| {
                tokio::time::sleep(wait).await;
                true
            })
            .await;
        answer.map_err(|failure| match failure {
            WriteFailure::Refused(error) | WriteFailure::Lost(error) => error,
            // Nobody withdraws a read.
            WriteFailure::Withdrawn => GraphError::new("graph-refused", &request.name, "withdrawn"),
        })
    }

    /// Sends a write, and sends it again only where it certainly did nothing and
    /// `pause`, which waits, says that it is still wanted. For [`super::writer`], which has an
    /// approved plan.
    pub(super) async fn write(
        &self,
        write: &Write<'_>,
        pause: impl AsyncFn(Duration) -> bool,
    ) -> Result<(), WriteFailure> {
        let name = format!("{} {}", write.method, write.path);
        let request = Sent {
            method: write.method.clone(),
            url: format!("{}v1.0{}", self.0.root, write.path),
            headers: &[],
            body: write
                .body
                .map(|body| Bytes::from(body.to_string()))
                .unwrap_or_default(),
            name,
            needs: write.needs,
        };
        self.exchange(&request, pause).await.map(drop)
    }

    async fn exchange(
        &self,
        request: &Sent<'_>,
        pause: impl AsyncFn(Duration) -> bool,
    ) -> Result<Value, WriteFailure> {
        let refused = WriteFailure::Refused;
        let mut attempts = 0;
        let mut refreshed = false;
        let tokens = &self.0.tokens;
        let mut token = tokens.get(None, self.deadline()).await.map_err(refused)?;
        loop {
            attempts += 1;
            if attempts > 1 {
                self.0.retries.fetch_add(1, Ordering::Relaxed);
            }
            let (wait, error) = match self.attempt(request, &token).await {
                Attempt::Done(json) => return Ok(json),
                Attempt::Failed(error) => return Err(refused(error)),
                Attempt::Lost(error) => return Err(WriteFailure::Lost(error)),
                Attempt::FreshToken(error) if refreshed || !tokens.can_refresh() => {
                    return Err(refused(error));
                }
                Attempt::FreshToken(_) => {
                    refreshed = true;
                    let fresh = tokens.get(Some(&token), self.deadline()).await;
                    token = fresh.map_err(refused)?;
                    if !pause(Duration::ZERO).await {
                        return Err(WriteFailure::Withdrawn);
                    }
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
                return Err(refused(GraphError { message, ..error }));
            }
            let wait = wait.unwrap_or_else(|| back_off(attempts + 1, self.0.seam.chance()));
            if Instant::now() + wait >= self.deadline() {
                let message = format!(
                    "{}; trying again in {} s would pass the time that the command has",
                    error.message,
                    wait.as_secs()
                );
                let error = GraphError { message, ..error };
                return Err(refused(error.hint("raise --timeout, or run it later")));
            }
            tracing::debug!(wait_ms = wait.as_millis(), "trying again");
            if !pause(wait).await {
                return Err(WriteFailure::Withdrawn);
            }
        }
    }

    async fn attempt(&self, sent: &Sent<'_>, token: &super::token::Secret) -> Attempt {
        let inner = &*self.0;
        let whole = Duration::from_micros(inner.within.load(Ordering::Relaxed));
        let left = self.deadline().saturating_duration_since(Instant::now());
        // A write whose answer stays away must leave time to read what became of it.
        let left = if sent.is_write() {
            left.saturating_sub(SETTLING.min(left / 4))
        } else {
            left
        };
        if left.is_zero() {
            return Attempt::Failed(out_of_time(&sent.name, whole));
        }
        let within = REQUEST_TIMEOUT.min(left);
        let request = match build(sent, token) {
            Ok(request) => request,
            Err(error) => return Attempt::Failed(error),
        };
        inner.requests.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        inner
            .first
            .fetch_min(micros(began - inner.start), Ordering::Relaxed);
        let answer = inner.seam.send(request, within).await;
        inner
            .last
            .fetch_max(micros(inner.start.elapsed()), Ordering::Relaxed);
        tracing::info!(
            request = %sent.name,
            status = answer.as_ref().map(|answer| answer.status().as_u16()).ok(),
            milliseconds = began.elapsed().as_millis(),
            "graph"
        );
        match answer {
            Ok(answer) => judge(&answer, &sent.name, sent.needs, sent.is_write()),
            Err(SendFailure::TimedOut { .. }) if within < REQUEST_TIMEOUT && !sent.is_write() => {
                Attempt::Failed(out_of_time(&sent.name, whole))
            }
            Err(failure) => failed(&failure, &sent.name, sent.is_write()),
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
    sent: &Sent<'_>,
    token: &super::token::Secret,
) -> Result<http::Request<Bytes>, GraphError> {
    let wrong = |what: &str| GraphError::new("graph-refused", &sent.name, what.to_owned());
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| wrong("the access token cannot be sent in a header"))?;
    bearer.set_sensitive(true);
    let mut request = http::Request::builder()
        .method(sent.method.clone())
        .uri(&sent.url)
        .header("accept", "application/json")
        .header("client-request-id", uuid::Uuid::new_v4().to_string());
    for (name, value) in sent.headers {
        request = request.header(*name, *value);
    }
    if !sent.body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let mut request = request
        .body(sent.body.clone())
        .map_err(|_| wrong("the request has no valid address"))?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    Ok(request)
}
