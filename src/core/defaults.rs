//! Configurations that a tenant is known to have when nobody touched it.

use serde_json::Value;

use super::diff::{Change, diff};
use super::directory::Directory;
use super::live::{NoPolicy, decode};
use super::spec::{Object, PolicySpec};

/// A known default in canonical form.
#[derive(Clone, Debug)]
pub struct Known {
    /// Where it is known from, for people.
    pub source: String,
    /// The configuration.
    pub policy: Object,
}

impl Known {
    /// Reads a default from Graph's JSON, as `--known-default` takes it.
    pub fn from_wire(spec: &PolicySpec, source: &str, wire: &Value) -> Result<Self, NoPolicy> {
        Ok(Known {
            source: source.to_owned(),
            policy: decode(spec, wire)?,
        })
    }
}

/// The defaults that the policy's own table knows.
pub fn built_in(spec: &PolicySpec) -> Vec<Known> {
    spec.known_defaults
        .iter()
        .filter_map(|known| {
            // A test holds that every table decodes; a default that did not
            // would only make a reset seem needed, never hide one.
            let wire = serde_json::from_str(known.json).ok()?;
            Known::from_wire(spec, known.source, &wire).ok()
        })
        .collect()
}

/// The known default that is nearest to the live policy, with what separates
/// them. A property that a default does not mention must be off.
pub fn nearest<'d>(
    spec: &PolicySpec,
    live: &Object,
    defaults: &'d [Known],
    names: &Directory,
) -> Option<(&'d Known, Vec<Change>)> {
    defaults
        .iter()
        .map(|default| (default, diff(spec, live, &default.policy, names)))
        .min_by_key(|(_, changes)| changes.len())
}
