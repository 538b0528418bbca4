//! A network and a service in which anything goes wrong that can: what lies
//! below entrue's one seam, with a simulated tenant behind it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use entrue::graph::seam::{Seam, SendFailure, Sending};
use entrue::sandbox::{ConnectionReset, Sandbox};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::rng::Rng;

pub const POLICY: &str = "X509Certificate";

/// What happened, in order.
#[derive(Clone, Debug)]
pub enum Event {
    /// A read of the policy was answered with this.
    Read(Value),
    /// A read of the policy was not answered with a policy.
    Unread(&'static str),
    /// A write was sent.
    Write {
        method: String,
        path: String,
        body: Value,
        /// Whether it took, then or later.
        took: bool,
        fate: &'static str,
    },
    /// Somebody else wrote.
    Other(&'static str),
    Interrupt,
}

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub reads_fail: f64,
    pub writes_fail: f64,
    pub others_write: f64,
    pub interrupt_at: Option<u64>,
}

#[derive(Debug)]
pub struct World {
    sandbox: Sandbox,
    inner: Mutex<Inner>,
    pub interrupted: Notify,
}

#[derive(Debug)]
struct Inner {
    rng: Rng,
    weather: Weather,
    log: Vec<Event>,
    /// The policy before its last change, for stale reads.
    previous: Option<Value>,
    /// So many reads are stale yet.
    stale: u32,
    /// A write whose sender heard nothing, still on its way.
    pending: Option<http::Request<Bytes>>,
    requests: u64,
}

impl World {
    pub fn new(sandbox: Sandbox, rng: Rng, weather: Weather) -> Arc<Self> {
        Arc::new(World {
            sandbox,
            inner: Mutex::new(Inner {
                rng,
                weather,
                log: Vec::new(),
                previous: None,
                stale: 0,
                pending: None,
                requests: 0,
            }),
            interrupted: Notify::new(),
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn log(&self) -> Vec<Event> {
        self.inner().log.clone()
    }

    fn note(&self, event: Event) {
        self.inner().log.push(event);
    }

    fn chance(&self, likelihood: f64) -> bool {
        self.inner().rng.chance(likelihood)
    }

    fn below(&self, bound: usize) -> usize {
        self.inner().rng.below(bound)
    }

    /// What is still on its way arrives.
    pub async fn settle(&self) {
        let pending = self.inner().pending.take();
        if let Some(request) = pending {
            let _ = self.carry_out(request).await;
        }
    }

    async fn carry_out(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<Response<Bytes>, SendFailure> {
        let writes = request.method() != Method::GET;
        let before = self.sandbox.policy(POLICY);
        let answer = self
            .sandbox
            .router()
            .oneshot(request.map(Body::from))
            .await
            .unwrap();
        let (parts, body) = answer.into_parts();
        let is_reset = parts.extensions.get::<ConnectionReset>().is_some();
        if writes && (is_reset || parts.status.is_success()) {
            self.inner().previous = before;
        }
        // A body that breaks off is a connection that does.
        let body = to_bytes(body, usize::MAX).await.map_err(|_| broken())?;
        Ok(Response::from_parts(parts, body))
    }

    /// Another administrator, or another pipeline.
    fn somebody_else_writes(&self) {
        let Some(now) = self.sandbox.policy(POLICY) else {
            return;
        };
        let mut policy = now.clone();
        let what = match self.below(4) {
            0 => {
                let on = policy["state"] == "enabled";
                policy["state"] = if on { "disabled" } else { "enabled" }.into();
                "switches it"
            }
            1 => {
                policy["includeTargets"] = json!([]);
                "empties the includes"
            }
            2 => {
                let previous = self.inner().previous.clone();
                match previous {
                    Some(previous) => policy = previous,
                    None => return,
                }
                "puts back what was"
            }
            _ => {
                policy["issuerHintsConfiguration"] = json!({"state": "enabled"});
                "wants issuer hints"
            }
        };
        if what != "puts back what was" {
            // Never by chance what is being applied.
            let mark = format!("{:016X}", self.inner().rng.next());
            policy["crlValidationConfiguration"] = json!({
                "state": "disabled",
                "exemptedCertificateAuthoritiesSubjectKeyIdentifiers": [mark]
            });
        }
        self.sandbox.set_policy(POLICY, policy);
        self.inner().previous = Some(now);
        self.note(Event::Other(what));
    }

    async fn read(
        &self,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<Response<Bytes>, SendFailure> {
        let is_policy = request.uri().path().contains("/policies/");
        let note = |event| {
            if is_policy {
                self.note(event);
            }
        };
        let fails = self.inner().weather.reads_fail;
        if self.chance(fails) {
            let kind = self.below(14);
            let fate = [
                "429",
                "429 after",
                "503",
                "500",
                "502",
                "504",
                "reset",
                "not connected",
                "hang",
                "html",
                "not json",
                "truncated",
                "no policy",
                "refused",
            ][kind];
            note(Event::Unread(fate));
            return match kind {
                0 => Ok(status(429)),
                1 => Ok(throttled(self.below(40) as u64)),
                2 => Ok(status(503)),
                3 => Ok(status(500)),
                4 => Ok(status(502)),
                5 => Ok(status(504)),
                6 => Err(broken()),
                7 => Err(not_connected()),
                8 => hang(within).await,
                9 => Ok(page()),
                10 => Ok(Response::new(Bytes::from_static(b"{\"value\": [}"))),
                11 => {
                    let whole = self.carry_out(request).await?;
                    let body = whole.body().slice(..whole.body().len() / 2);
                    Ok(whole.map(|_| body))
                }
                12 => Ok(Response::new(Bytes::from_static(b"{\"id\": \"Fido2\"}"))),
                _ => Ok(status(*self.inner().rng.pick(&[400, 401, 403, 404]))),
            };
        }
        let stale = {
            let mut inner = self.inner();
            let stale = is_policy && inner.stale > 0;
            if stale {
                inner.stale -= 1;
            }
            if stale { inner.previous.clone() } else { None }
        };
        let now = self.sandbox.policy(POLICY);
        if let Some(stale) = &stale {
            self.sandbox.set_policy(POLICY, stale.clone());
        }
        let answer = self.carry_out(request).await;
        if let (Some(_), Some(now)) = (stale, now) {
            self.sandbox.set_policy(POLICY, now);
        }
        let answer = answer.inspect_err(|_| note(Event::Unread("broken")))?;
        if is_policy {
            match serde_json::from_slice(answer.body()) {
                Ok(json) if answer.status() == StatusCode::OK => self.note(Event::Read(json)),
                _ => self.note(Event::Unread("status")),
            }
        }
        Ok(answer)
    }

    async fn write(
        &self,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<Response<Bytes>, SendFailure> {
        let method = request.method().to_string();
        let path = request.uri().path().to_owned();
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        let note = |took, fate| {
            self.note(Event::Write {
                method: method.clone(),
                path: path.clone(),
                body: body.clone(),
                took,
                fate,
            });
        };
        let fails = self.inner().weather.writes_fail;
        if !self.chance(fails) {
            let answer = match self.carry_out(request).await {
                Ok(answer) => answer,
                Err(lost) => {
                    note(true, "lost");
                    return Err(lost);
                }
            };
            let took = answer.status().is_success();
            note(took, "answered");
            self.inner().stale = 0;
            if took && self.chance(0.3) {
                let reads = 1 + self.below(8) as u32;
                self.inner().stale = reads;
            }
            return Ok(answer);
        }
        // What is said not to have happened has not happened.
        match self.below(6) {
            0 => {
                note(false, "429");
                return Ok(throttled(self.below(40) as u64));
            }
            1 => {
                note(false, "503");
                return Ok(status(503));
            }
            2 => {
                note(false, "not connected");
                return Err(not_connected());
            }
            3 => {
                note(false, "refused");
                return Ok(status(
                    *self.inner().rng.pick(&[400, 401, 403, 404, 405, 409, 412]),
                ));
            }
            _ => {}
        }
        // What is not said may have happened, may not, or may yet.
        let took = match self.below(3) {
            0 => false,
            1 => self.carry_out(request).await?.status().is_success(),
            _ => {
                self.inner().pending = Some(request);
                true
            }
        };
        match self.below(7) {
            0 => {
                note(took, "500");
                Ok(status(500))
            }
            1 => {
                note(took, "502");
                Ok(status(502))
            }
            2 => {
                note(took, "504");
                Ok(status(504))
            }
            3 => {
                note(took, "reset");
                Err(broken())
            }
            4 => {
                note(took, "html");
                Ok(page())
            }
            5 => {
                note(took, "too large");
                Err(SendFailure::TooLarge)
            }
            _ => {
                note(took, "hang");
                hang(within).await
            }
        }
    }
}

#[derive(Debug)]
pub struct Wire(pub Arc<World>);

impl Wire {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<Response<Bytes>, SendFailure> {
        let world = &self.0;
        let (number, weather) = {
            let mut inner = world.inner();
            inner.requests += 1;
            (inner.requests, inner.weather)
        };
        if world.chance(0.5) {
            world.settle().await;
        }
        if world.chance(weather.others_write) {
            world.somebody_else_writes();
        }
        if world.chance(0.2) {
            let pause = world.below(3000) as u64;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let interrupts = weather.interrupt_at == Some(number);
        if interrupts && world.chance(0.5) {
            world.note(Event::Interrupt);
            world.interrupted.notify_one();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let answer = if request.method() == Method::GET {
            world.read(request, within).await
        } else {
            world.write(request, within).await
        };
        if interrupts {
            world.note(Event::Interrupt);
            world.interrupted.notify_one();
        }
        if world.chance(weather.others_write) {
            world.somebody_else_writes();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        answer
    }
}

impl Seam for Wire {
    fn send(&self, request: http::Request<Bytes>, within: Duration) -> Sending<'_> {
        // As the real one does, whatever the exchange is doing then.
        Box::pin(async move {
            let exchange = self.exchange(request, within);
            match tokio::time::timeout(within, exchange).await {
                Ok(answer) => answer,
                Err(_) => Err(SendFailure::TimedOut { after: within }),
            }
        })
    }

    fn chance(&self) -> f64 {
        self.0.inner().rng.unit()
    }
}

fn status(status: u16) -> Response<Bytes> {
    let body = json!({"error": {"code": "Simulated", "message": "Simulated"}}).to_string();
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn throttled(seconds: u64) -> Response<Bytes> {
    let mut answer = status(429);
    answer.headers_mut().insert("retry-after", seconds.into());
    answer
}

fn page() -> Response<Bytes> {
    Response::new(Bytes::from_static(b"<html>Please sign in</html>"))
}

fn broken() -> SendFailure {
    SendFailure::Broken {
        why: "connection reset".to_owned(),
    }
}

fn not_connected() -> SendFailure {
    SendFailure::NotConnected {
        host: "graph.example".to_owned(),
        why: "refused".to_owned(),
    }
}

async fn hang(within: Duration) -> Result<Response<Bytes>, SendFailure> {
    tokio::time::sleep(within).await;
    Err(SendFailure::TimedOut { after: within })
}
