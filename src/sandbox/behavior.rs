//! What the simulated service does where Graph's documentation is silent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the service acts where its documentation leaves the answer open. The
/// default of each switch is this simulation's choice, not a known fact: a
/// careful client gets the same result under all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Behavior {
    /// What a PATCH does to the members of a nested object that it leaves out.
    pub nested_objects: NestedObjects,
    /// What becomes of an affinity level that a written rule or binding leaves out.
    pub omitted_affinity: OmittedAffinity,
    /// In which order a written list is stored.
    pub list_order: ListOrder,
}

/// What a PATCH does to the members of a nested object that it leaves out.
/// Lists are replaced whole in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NestedObjects {
    /// They keep their values, as OData says.
    #[default]
    Merge,
    /// They are gone.
    Replace,
}

/// What becomes of an affinity level that a written rule or binding leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OmittedAffinity {
    /// A binding gets its certificate field's class (high for
    /// `SubjectKeyIdentifier`, `SHA1PublicKey` and `IssuerAndSerialNumber`,
    /// else low), a rule the tenant's default.
    #[default]
    Fill,
    /// It stays left out.
    LeaveOut,
}

/// In which order a written list is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ListOrder {
    /// As sent.
    #[default]
    AsSent,
    /// Backwards, to find who relies on the order.
    Reversed,
}
