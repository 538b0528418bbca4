//! The assertion in place of a secret: a signed token of an issuer that an
//! application trusts. Its signature is really verified.

use http::StatusCode;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

use super::base64;
use super::issuers;
use super::sign_in::Refusal;
use super::tenant::{Application, FederatedIdentity};

/// The only type of assertion that Entra takes.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may differ.
const SKEW_SECONDS: i64 = 300;

/// An assertion, taken apart.
struct Assertion<'a> {
    /// What is signed.
    signed: &'a str,
    signature: Vec<u8>,
    claims: Value,
}

impl<'a> Assertion<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&base64::decode(header)?).ok()?;
        // No other algorithm, and least of all none.
        if header["alg"] != "RS256" {
            return None;
        }
        let claims: Value = serde_json::from_slice(&base64::decode(payload)?).ok()?;
        claims.is_object().then_some(Self {
            signed,
            signature: base64::decode(signature)?,
            claims,
        })
    }

    fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_default()
    }

    fn is_for(&self, audience: &str) -> bool {
        match &self.claims["aud"] {
            Value::Array(all) => all.iter().any(|one| one == audience),
            one => one == audience,
        }
    }

    fn is_signed_by(&self, identity: &FederatedIdentity) -> bool {
        let (n, e) = match &identity.public_key {
            Some(key) => (base64::decode(&key.n), base64::decode(&key.e)),
            None => match issuers::public_key() {
                Some((n, e)) => (Some(n), Some(e)),
                None => (None, None),
            },
        };
        let (Some(n), Some(e)) = (n, e) else {
            return false;
        };
        RsaPublicKeyComponents { n, e }
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                self.signed.as_bytes(),
                &self.signature,
            )
            .is_ok()
    }
}

/// Checks that an assertion is one that the application trusts.
pub(super) fn check(application: &Application, text: &str) -> Result<(), Refusal> {
    let refuse = |code, message: String| {
        Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", code, message)
    };
    let Some(assertion) = Assertion::read(text) else {
        let message = "JWT token is invalid or malformed.".to_owned();
        return Err(refuse(50_027, message));
    };
    let unmatched = |code, what: &str, shown: &str| {
        let message = format!(
            "No matching federated identity record found for presented assertion {what} '{shown}'. \
             Check your federated identity credential Subject, Audience and Issuer against the \
             presented assertion."
        );
        refuse(code, message)
    };
    let (issuer, subject) = (assertion.text("iss"), assertion.text("sub"));
    let mut left: Vec<&FederatedIdentity> = application.federated_identities.iter().collect();
    left.retain(|identity| identity.issuer == issuer);
    if left.is_empty() {
        return Err(unmatched(700_211, "issuer", issuer));
    }
    left.retain(|identity| identity.subject == subject);
    if left.is_empty() {
        return Err(unmatched(700_213, "subject", subject));
    }
    left.retain(|identity| assertion.is_for(&identity.audience));
    if left.is_empty() {
        let shown = assertion.claims["aud"].to_string();
        return Err(unmatched(700_212, "audience", shown.trim_matches('"')));
    }
    if !left.iter().any(|identity| assertion.is_signed_by(identity)) {
        let message = "Client assertion failed signature validation.".to_owned();
        return Err(refuse(700_027, message));
    }
    let now = jiff::Timestamp::now().as_second();
    let time = |name: &str| assertion.claims[name].as_i64();
    let is_over = time("exp").is_none_or(|expiry| expiry + SKEW_SECONDS <= now);
    if is_over || time("nbf").is_some_and(|begin| begin > now + SKEW_SECONDS) {
        let message = format!(
            "Client assertion is not within its valid time range. Current time: {now}, expiry \
             time of assertion {}.",
            assertion.claims["exp"]
        );
        return Err(refuse(700_024, message));
    }
    Ok(())
}
