//! Faults: how the simulated service misbehaves.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// Something that goes wrong with the requests it applies to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
// The flattened kind sees what is left, so it refuses unknown members; in the
// schema only the whole can.
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it applies to.
    pub on: Area,
    /// Only requests of this method, for example `PATCH`. Left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How many such requests pass unharmed first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u64,
    /// How many such requests are then harmed. Left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let status = u64::deserialize(from)?;
    match u16::try_from(status) {
        Ok(status @ 200..=599) => Ok(status),
        _ => Err(de::Error::custom(format!(
            "`{status}` is no status to answer with; allowed are 200 to 599"
        ))),
    }
}

/// A part of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    /// The authentication methods policy and its configurations.
    Policy,
    /// Groups, also by `directoryObjects/getByIds`.
    Groups,
    /// `$batch` as a whole. The requests inside are of their own areas; faults
    /// of the connection don't apply to them, nor do those on `any`.
    Batch,
    /// Sign-in: the token endpoint and its discovery document.
    Token,
    /// Every request.
    Any,
}

/// What goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum FaultKind {
    /// Another status than the request deserved.
    Status {
        /// The HTTP status, for example 429 or 503.
        #[serde(deserialize_with = "status")]
        #[schemars(range(min = 200, max = 599))]
        status: u16,
        /// The `Retry-After` header: seconds, or any text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
        /// What the body is.
        #[serde(default)]
        body: FaultBody,
        /// Whether the request is carried out all the same, so that a write
        /// takes effect although its answer says that it failed.
        #[serde(default)]
        applied: bool,
    },
    /// The connection is reset, with no answer. Nothing was carried out.
    Reset {},
    /// The request is carried out, then the connection is reset: the answer is lost.
    ResetAfter {},
    /// The request is carried out, but the connection closes in the middle of
    /// the answer.
    Truncate {},
    /// Status 200 with a page of HTML, as a proxy or a captive portal sends.
    Html {},
    /// Status 200 that claims to be JSON and is not.
    NotJson {},
    /// Status 200 with this JSON.
    Body {
        /// The JSON to answer with.
        value: Value,
    },
    /// No answer ever comes.
    Hang {
        /// Whether the request is carried out all the same: a write that takes
        /// effect, and whose answer the client waits for in vain.
        #[serde(default, skip_serializing_if = "is_false")]
        applied: bool,
        /// After how many seconds the connection is reset. Left out: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    /// Status 302 to another place.
    Redirect {
        /// Where to.
        location: String,
    },
    /// A list of groups goes on at another place, as if the token should be
    /// sent there. Applies to lists of groups only.
    ForeignNextLink {
        /// The next page's address.
        location: String,
    },
    /// A page of groups names itself as the next one. Applies to lists of
    /// groups only.
    LoopNextLink {},
    /// A GET of a policy still shows what it was before the last write.
    /// Applies to GETs of one configuration only.
    StaleRead {},
    /// The answer takes longer. Later faults apply as well.
    Latency {
        /// How much longer.
        milliseconds: u64,
    },
}

/// The `Retry-After` header of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// Any text: an HTTP date, or nonsense.
    Text(String),
}

/// The body of a fault's answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultBody {
    /// An error as Graph shapes it.
    #[default]
    Graph,
    /// A page of HTML, as a gateway sends.
    Html,
    /// Nothing.
    Empty,
}

/// What a fault is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub area: Option<Area>,
    pub method: &'a str,
    /// Whether the request asks for a list of groups.
    pub lists_groups: bool,
    /// Whether the request asks for one configuration.
    pub one_policy: bool,
    /// Whether the request is inside a `$batch`, so has no connection of its own.
    pub inside_batch: bool,
}

/// The faults of a tenant, with what each has already seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    entries: Vec<(Fault, u64)>,
}

/// What befalls one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Misfortune {
    pub delay_ms: u64,
    pub kind: Option<FaultKind>,
}

impl Faults {
    pub fn new(faults: &[Fault]) -> Self {
        Self {
            entries: faults.iter().map(|fault| (fault.clone(), 0)).collect(),
        }
    }

    /// Adds faults that are judged before the others.
    pub fn put_first(&mut self, faults: &[Fault]) {
        let added = faults.iter().map(|fault| (fault.clone(), 0));
        self.entries.splice(0..0, added);
    }

    /// Judges one request, and counts it.
    pub fn strike(&mut self, occasion: Occasion<'_>) -> Misfortune {
        let mut misfortune = Misfortune::default();
        for (fault, seen) in &mut self.entries {
            if !applies(fault, occasion) {
                continue;
            }
            *seen += 1;
            let harmed_before = seen.saturating_sub(fault.skip).saturating_sub(1);
            if *seen <= fault.skip || fault.times.is_some_and(|times| harmed_before >= times) {
                continue;
            }
            if let FaultKind::Latency { milliseconds } = fault.kind {
                misfortune.delay_ms = misfortune.delay_ms.saturating_add(milliseconds);
                continue;
            }
            misfortune.kind = Some(fault.kind.clone());
            break;
        }
        misfortune
    }
}

fn applies(fault: &Fault, occasion: Occasion<'_>) -> bool {
    let area = match fault.on {
        Area::Any => !occasion.inside_batch,
        area => occasion.area == Some(area),
    };
    let method = fault
        .method
        .as_deref()
        .is_none_or(|method| method.eq_ignore_ascii_case(occasion.method));
    let kind = match fault.kind {
        FaultKind::ForeignNextLink { .. } | FaultKind::LoopNextLink {} => occasion.lists_groups,
        FaultKind::StaleRead {} => occasion.one_policy && occasion.method == "GET",
        FaultKind::Reset {}
        | FaultKind::ResetAfter {}
        | FaultKind::Truncate {}
        | FaultKind::Hang { .. }
        | FaultKind::Latency { .. } => !occasion.inside_batch,
        FaultKind::Status { .. }
        | FaultKind::Html {}
        | FaultKind::NotJson {}
        | FaultKind::Body { .. }
        | FaultKind::Redirect { .. } => true,
    };
    area && method && kind
}
