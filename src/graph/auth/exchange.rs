//! One request of a sign-in and its answer: repeated where that may help, under
//! the command's deadline, over the one seam.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::graph::error::GraphError;
use crate::graph::retry::{ATTEMPTS_MAX, back_off, retry_after};
use crate::graph::seam::{Seam, SendFailure};
use crate::graph::token::Secret;

use super::failed;

/// Whom is asked, and how patiently.
pub(super) struct Exchange<'a> {
    pub seam: &'a Arc<dyn Seam>,
    pub deadline: Instant,
    /// Who answers, for messages: "the sign-in service".
    pub who: &'static str,
    /// What to do where nobody does.
    pub hint: &'static str,
    /// How long one attempt may take.
    pub each: Duration,
    /// How many attempts may go without any answer.
    pub silent: u32,
    /// Statuses beside 429 and the usual 5xx that pass by themselves.
    pub passing: &'static [u16],
}

impl<'a> Exchange<'a> {
    /// With the patience that the internet needs.
    pub fn new(seam: &'a Arc<dyn Seam>, deadline: Instant, who: &'static str) -> Self {
        Exchange {
            seam,
            deadline,
            who,
            hint: "check the network and the authority",
            each: Duration::from_secs(60),
            silent: ATTEMPTS_MAX,
            passing: &[],
        }
    }

    /// Sends what `request` makes until there is an answer that counts: JSON, or
    /// a refusal. `None` is a request that cannot be made.
    pub async fn send(
        &self,
        request: impl Fn() -> Option<http::Request<Bytes>> + Send + Sync,
    ) -> Result<http::Response<Bytes>, GraphError> {
        let broken = |message: String| failed(message).hint(self.hint).retryable();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = self.deadline.saturating_duration_since(Instant::now());
            let made = request()
                .ok_or_else(|| failed(format!("the request to {} is malformed", self.who)))?;
            let sent = self.seam.send(made, left.min(self.each)).await;
            tracing::info!(
                status = sent.as_ref().map(|answer| answer.status().as_u16()).ok(),
                "sign-in: {}",
                self.who
            );
            let mut most = ATTEMPTS_MAX;
            let (wait, error) = match sent {
                Ok(answer) if self.passes(answer.status().as_u16()) => {
                    let status = answer.status().as_u16();
                    let wait = retry_after(answer.headers(), jiff::Timestamp::now());
                    (wait, broken(format!("{} failed ({status})", self.who)))
                }
                Ok(answer)
                    if answer.status().is_success()
                        && serde_json::from_slice::<Value>(answer.body()).is_err() =>
                {
                    let message = format!("the answer of {} is not JSON", self.who);
                    (None, broken(message))
                }
                Ok(answer) => return Ok(answer),
                Err(error @ SendFailure::TooLarge) => return Err(broken(error.to_string())),
                Err(error) => {
                    self.seam.renew();
                    most = self.silent;
                    (
                        None,
                        broken(format!("{} did not answer: {error}", self.who)),
                    )
                }
            };
            let wait = wait.unwrap_or_else(|| back_off(attempts + 1, self.seam.chance()));
            if attempts >= most || Instant::now() + wait >= self.deadline {
                return Err(error);
            }
            tracing::debug!(wait_ms = wait.as_millis(), "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    fn passes(&self, status: u16) -> bool {
        matches!(status, 429 | 500 | 502 | 503 | 504) || self.passing.contains(&status)
    }
}

/// A request whose headers must not show up anywhere.
pub(super) fn request(
    method: http::Method,
    url: &Url,
    secret_headers: &[(&'static str, String)],
    headers: &[(&'static str, &'static str)],
) -> Option<http::Request<Bytes>> {
    let mut request = http::Request::builder().method(method).uri(url.as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    for (name, value) in secret_headers {
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        request = request.header(*name, value);
    }
    request.body(Bytes::new()).ok()
}

/// The header that carries a bearer token.
pub(super) fn bearer(token: &Secret) -> (&'static str, String) {
    (AUTHORIZATION.as_str(), format!("Bearer {}", token.expose()))
}

/// A text from elsewhere for a message: one line, not long, and without what
/// looks like a token or is a secret. A service that repeats what it was sent
/// must not make us print it.
pub(super) fn tame(text: &str, secrets: &[&Secret]) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty());
    let mut said = line.unwrap_or_default().trim().to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        said = said.replace(secret.expose(), "[secret]");
    }
    let words = said.split(' ').map(|word| match word.find("eyJ") {
        Some(at) => format!("{}[token]", &word[..at]),
        None => word.to_owned(),
    });
    let plain = words.collect::<Vec<_>>().join(" ");
    plain
        .chars()
        .filter(|ch| !ch.is_control())
        .take(300)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_shown_without_tokens() {
        let secret = Secret::new("s3cret~value");
        let said = "bad 's3cret~value' in (eyJhbGciOiJub25lIn0.eyJh.x), subject 'repo:a/b'\nTrace";
        assert_eq!(
            tame(said, &[&secret]),
            "bad '[secret]' in ([token] subject 'repo:a/b'"
        );
        assert_eq!(tame(&"x".repeat(999), &[]).len(), 300);
        assert_eq!(tame("\n\n \u{1b}[31mred", &[]), "[31mred");
    }
}
