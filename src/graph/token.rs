//! Access tokens: never printed, and read only as far as assertions need it.

use serde_json::Value;

/// A secret text. Neither `Debug` nor any other trait shows it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why a text is no token. Never says what the text is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token holds white space or characters that no token has")]
pub struct NoToken;

/// Takes a token as it was given: white space around it is cut off, any inside
/// it is refused.
pub fn tidy(text: &str) -> Result<Secret, NoToken> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NoToken);
    }
    Ok(Secret::new(text))
}

/// The claims of a token that can be read. Graph's tokens are meant for Graph;
/// nothing is decided on them but whether two sources agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The tenant that issued it.
    pub tenant: Option<String>,
    /// The resource that it is for.
    pub audience: Option<String>,
}

/// Reads the claims of a token, as far as it is a JWT.
pub fn claims(token: &Secret) -> Claims {
    let payload = || {
        let mut parts = token.expose().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = base64url(payload)?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let Some(payload) = payload() else {
        return Claims::default();
    };
    let text = |name: &str| payload[name].as_str().map(str::to_owned);
    Claims {
        tenant: text("tid").filter(|tenant| crate::core::compare::is_guid(tenant)),
        audience: text("aud"),
    }
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}
