//! The seam: a request in, an answer or a failure out.

use std::future::Future;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;

/// No answer that entrue asks for comes near it; more is refused unread.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// How the network failed, as far as it matters for what may be done next.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    /// No connection was opened, so nothing was sent.
    #[error("no connection to {host}: {why}")]
    NotConnected {
        /// The host.
        host: String,
        /// The library's words, innermost cause last.
        why: String,
    },
    /// The connection was lost or made no sense after the request may have been sent.
    #[error("the connection broke: {why}")]
    Broken {
        /// The library's words, innermost cause last.
        why: String,
    },
    /// No answer in time.
    #[error("no answer within {} s", .after.as_secs())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The answer is larger than anything that was asked for.
    #[error("the answer is larger than {} MB", BODY_MAX >> 20)]
    TooLarge,
}

/// What a send gives, some time.
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, SendFailure>> + Send + 'a>>;

/// Sends one request, once. Follows no redirect, repeats nothing.
pub trait Seam: Send + Sync + std::fmt::Debug {
    /// Sends it and reads the whole answer, within this time.
    fn send(&self, request: http::Request<Bytes>, within: Duration) -> Sending<'_>;

    /// Lets go of open connections, so that the next request gets a new one.
    fn renew(&self) {}

    /// The chance that spreads waits, from 0 to 1. Here, so that a schedule of
    /// faults can be replayed to the millisecond.
    fn chance(&self) -> f64 {
        super::retry::chance()
    }
}

/// The real network.
#[derive(Debug)]
pub struct Network {
    client: RwLock<reqwest::Client>,
    /// Whether requests go past any proxy.
    direct: bool,
}

/// Why no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made: {0}")]
pub struct NoClient(String);

impl Network {
    /// A client with ring's cryptography and the machine's CA certificates.
    pub fn new() -> Result<Self, NoClient> {
        Self::make(false)
    }

    /// The same past any proxy: for addresses that only this machine has.
    pub fn direct() -> Result<Self, NoClient> {
        Self::make(true)
    }

    fn make(direct: bool) -> Result<Self, NoClient> {
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        client(direct)
            .map(|client| Network {
                client: RwLock::new(client),
                direct,
            })
            .map_err(|error| NoClient(causes(&error)))
    }

    /// The client at hand. Whoever held the lock cannot have left it half done.
    fn client(&self) -> reqwest::Client {
        self.client
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Seam for Network {
    fn send(&self, request: http::Request<Bytes>, within: Duration) -> Sending<'_> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let sent = tokio::time::timeout(within, self.exchange(request, &host));
            match sent.await {
                Ok(answer) => answer,
                Err(_) => Err(SendFailure::TimedOut { after: within }),
            }
        })
    }

    fn renew(&self) {
        if let Ok(client) = client(self.direct) {
            *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
        }
    }
}

fn client(direct: bool) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("entrue/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(20));
    if direct {
        builder.no_proxy().build()
    } else {
        builder.build()
    }
}

impl Network {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        host: &str,
    ) -> Result<http::Response<Bytes>, SendFailure> {
        let broken = |error: reqwest::Error| SendFailure::Broken {
            why: causes(&error),
        };
        let request = reqwest::Request::try_from(request).map_err(broken)?;
        let answer = self.client().execute(request).await.map_err(|error| {
            if error.is_connect() {
                SendFailure::NotConnected {
                    host: host.to_owned(),
                    why: causes(&error),
                }
            } else {
                SendFailure::Broken {
                    why: causes(&error),
                }
            }
        })?;
        let mut parts = http::Response::new(());
        *parts.status_mut() = answer.status();
        *parts.headers_mut() = answer.headers().clone();
        let mut body = Vec::new();
        let mut stream = answer.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(broken)?;
            if body.len() + chunk.len() > BODY_MAX {
                return Err(SendFailure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(parts.map(|()| Bytes::from(body)))
    }
}

/// An error and its causes in one line, without URLs, which may hold names.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    if text.is_empty() {
        text.push_str(if error.is_decode() {
            "the answer ended early"
        } else {
            "no cause given"
        });
    }
    text
}
