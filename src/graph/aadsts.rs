//! Entra's reasons to refuse a sign-in, and what to do about each.
//!
//! Source: Microsoft Learn, "Microsoft Entra authentication and authorization
//! error codes".

use serde_json::Value;

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The number after `AADSTS`.
    pub code: u32,
    /// What it means.
    pub means: &'static str,
    /// What to do.
    pub fix: &'static str,
}

const fn reason(code: u32, means: &'static str, fix: &'static str) -> Meaning {
    Meaning { code, means, fix }
}

const FEDERATION: &str = "compare issuer, subject and audience of the application's federated credential with what Entra says it was shown, to the letter; GitHub's subjects of newer repositories hold ids (`repo:OWNER@ID/NAME@ID:…`); a new credential takes minutes to work";

/// The reasons that an application meets.
pub const TABLE: &[Meaning] = &[
    reason(
        7_000_215,
        "the client secret is wrong",
        "put the secret's value, not its id, into AZURE_CLIENT_SECRET, and check that it is this application's",
    ),
    reason(
        7_000_222,
        "the client secret has expired",
        "make a new one, or sign in without any: docs/authentication.md",
    ),
    reason(
        700_016,
        "the tenant does not know this application",
        "check the application's id and the tenant; an application of another tenant needs an admin's consent first",
    ),
    reason(
        90_002,
        "there is no such tenant in this cloud",
        "check the tenant (--tenant, AZURE_TENANT_ID) and --cloud",
    ),
    reason(
        900_023,
        "the tenant's name is neither an id nor a domain",
        "check the tenant (--tenant, AZURE_TENANT_ID)",
    ),
    reason(
        70_021,
        "the application trusts no such assertion: no federated credential matches",
        FEDERATION,
    ),
    reason(
        700_211,
        "the application trusts no assertion of this issuer",
        FEDERATION,
    ),
    reason(
        700_212,
        "the application trusts no assertion for this audience",
        FEDERATION,
    ),
    reason(
        700_213,
        "the application trusts no assertion about this subject",
        FEDERATION,
    ),
    reason(
        700_024,
        "the assertion has expired, or is not valid yet",
        "check this machine's clock, and that the file of AZURE_FEDERATED_TOKEN_FILE is renewed",
    ),
    reason(
        700_027,
        "the assertion's signature is wrong",
        "check that the issuer publishes the key that it signs with",
    ),
    reason(
        50_027,
        "the assertion is no token",
        "check what gives the assertion",
    ),
    reason(
        53_003,
        "a Conditional Access policy blocks it",
        "find the policy in the sign-in log (service principal sign-ins); it may name locations, or risk, for workload identities",
    ),
    reason(
        65_001,
        "nobody consented to what the application asks for",
        "grant admin consent for its permissions: docs/authentication.md",
    ),
    reason(
        500_011,
        "the tenant does not know the service that the token is for",
        "check --cloud: the token is for that cloud's Microsoft Graph",
    ),
    reason(
        700_082,
        "the sign-in that was kept has expired",
        "sign in again: `az login`",
    ),
    reason(
        7_000_112,
        "the application is disabled",
        "enable it among the enterprise applications, or find out who disabled it",
    ),
    reason(
        50_034,
        "the account is not in this tenant",
        "check the tenant (--tenant, AZURE_TENANT_ID)",
    ),
];

/// What a code means.
pub fn meaning(code: u32) -> Option<&'static Meaning> {
    TABLE.iter().find(|known| known.code == code)
}

/// The code of a refusal, from its list of codes or else from its description.
pub fn code(body: &Value, description: &str) -> Option<u32> {
    let listed = body["error_codes"]
        .as_array()
        .and_then(|codes| codes.first())
        .and_then(Value::as_u64)
        .and_then(|code| u32::try_from(code).ok());
    listed.or_else(|| in_text(description))
}

/// The code that a text names, as `AADSTS700016: …`.
pub fn in_text(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits = rest
        .find(|ch: char| !ch.is_ascii_digit())
        .map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_reason_is_there_once_and_says_what_to_do() {
        for (index, known) in TABLE.iter().enumerate() {
            assert!(TABLE[..index].iter().all(|other| other.code != known.code));
            assert!(!known.means.ends_with('.') && !known.fix.ends_with('.'));
            assert!(!known.means.is_empty() && !known.fix.is_empty());
            assert_eq!(meaning(known.code), Some(known));
        }
    }

    #[test]
    fn codes_are_found_in_both_places() {
        assert_eq!(
            code(&json!({"error_codes": [53003]}), "AADSTS1: x"),
            Some(53_003)
        );
        assert_eq!(code(&json!({}), "AADSTS65001: no"), Some(65_001));
        assert_eq!(
            code(&json!({"error_codes": []}), "x (AADSTS90002)"),
            Some(90_002)
        );
        assert_eq!(code(&json!([]), "nothing"), None);
        assert_eq!(in_text("AADSTS"), None);
    }
}
