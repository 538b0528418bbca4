//! Reads policies.

use serde_json::Value;

use crate::core::live::decode;
use crate::core::spec::{Object, PolicySpec};

use super::client::{Ask, Graph};
use super::error::GraphError;

/// The least right to read a policy. `Policy.Read.All` is refused on these
/// paths, whatever older pages say.
pub const READ_RIGHT: &str = "Policy.Read.AuthenticationMethod";

/// Reads the live policy in canonical form.
pub async fn read(graph: &Graph, spec: &'static PolicySpec) -> Result<Object, GraphError> {
    let ask = Ask {
        path: spec.path.to_owned(),
        // Without it, enum members after the sentinel are hidden behind it.
        headers: vec![("prefer", "include-unknown-enum-members")],
        needs: READ_RIGHT,
    };
    let wire = graph.get(&ask).await?;
    understand(spec, &wire)
}

/// Takes an answer for a policy, or says why it is none.
fn understand(spec: &'static PolicySpec, wire: &Value) -> Result<Object, GraphError> {
    decode(spec, wire).map_err(|error| {
        GraphError::new(
            "graph-not-a-policy",
            &format!("GET {}", spec.path),
            format!("the answer makes no sense as a policy: {error}"),
        )
        .hint("nothing is planned on an answer like this; check what stands between you and Graph")
    })
}
