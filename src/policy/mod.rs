//! What is managed: one file a policy, and the list of them.

pub mod guards;
pub mod method;
pub mod target;
pub mod x509;

use crate::core::spec::PolicySpec;

/// Every policy that entrue manages.
pub const REGISTRY: &[&PolicySpec] = &[&x509::SPEC];

/// The policy of this resource type, compared without case as UTCM does.
pub fn find(resource_type: &str) -> Option<&'static PolicySpec> {
    REGISTRY.iter().copied().find(|spec| {
        spec.resource_type
            .eq_ignore_ascii_case(resource_type.trim())
    })
}
