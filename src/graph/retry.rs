//! When a request is sent again, and after how long.

use std::time::Duration;

use jiff::Timestamp;

/// At most this many times is one request sent.
pub const ATTEMPTS_MAX: u32 = 6;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long Graph asks to be left alone: seconds, or an HTTP date (RFC 9110,
/// section 10.2.3).
pub fn retry_after(headers: &http::HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let wait = date.duration_since(now);
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}

/// How long to wait before attempt `next` (2 is the first repeat) where nobody
/// said: exponential, with full jitter, so that many runs do not return at once.
/// `chance` is a number from 0 to 1.
pub fn back_off(next: u32, chance: f64) -> Duration {
    let ceiling = FIRST_WAIT
        .saturating_mul(1 << next.saturating_sub(2).min(10))
        .min(LONGEST_WAIT);
    ceiling.mul_f64(chance.clamp(0.0, 1.0))
}

/// A random number from 0 to 1.
pub fn chance() -> f64 {
    let random = ring::rand::SystemRandom::new();
    let mut bytes = [0; 4];
    // Without randomness every run waits longest, which is only slower.
    match ring::rand::SecureRandom::fill(&random, &mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let after = |text: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert(http::header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            after("Sun, 22 Nov 2026 10:00:09 GMT"),
            Some(Duration::from_secs(9))
        );
        assert_eq!(after("Sun, 22 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
    }

    #[test]
    fn waits_grow_to_a_bound() {
        for next in 2..40 {
            assert!(back_off(next, chance()) <= LONGEST_WAIT);
        }
        assert!(back_off(2, 1.0) <= FIRST_WAIT);
    }
}
