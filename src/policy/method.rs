//! What the policies of all authentication methods have in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::core::compare::Compare;
use crate::core::spec::Property;

/// Whether the policy is declared, or the tenant's default is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Ensure {
    /// The policy is as the other properties say.
    #[default]
    Present,
    /// The tenant's default configuration, in which the method is disabled. The
    /// policy itself always exists.
    Absent,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// On or off, as a policy or a part of it has it.
pub const STATE: Property = Property::text(
    "State",
    "state",
    "state",
    Compare::Word(&["disabled", "enabled"]),
    Some("disabled"),
);
