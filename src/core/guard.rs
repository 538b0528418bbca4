//! Guards: what a finished plan would do that must not happen by accident.

use serde_json::Value;

use super::codes;
use super::finding::Finding;
use super::live::holds_sentinel;
use super::spec::PolicySpec;

/// Judges the body that a plan would send.
///
/// Graph answers `unknownFutureValue` for a word that this client was not
/// meant to see. Sent back, it would overwrite that word, so a property that
/// holds it anywhere, managed or not, must not be sent at all.
pub fn review(spec: &PolicySpec, body: Option<&Value>) -> Vec<Finding> {
    let members = body.and_then(Value::as_object);
    spec.properties
        .iter()
        .filter(|property| {
            members
                .and_then(|members| members.get(property.wire))
                .is_some_and(holds_sentinel)
        })
        .map(|property| {
            Finding::new(
                &codes::SENTINEL_SENT,
                property.name,
                format!(
                    "the live `{}` holds `unknownFutureValue`: a word that Graph does not show to this \
                     client. A change to this property sends it whole and would overwrite that word",
                    property.name
                ),
            )
            .hint(
                "declare the property without the entries that hold it, or make this change where the \
                 word is understood (the Entra admin centre); a newer entrue may know the word",
            )
        })
        .collect()
}
