//! What a write is to lead to.

use crate::core::defaults::{Known, built_in};
use crate::core::diff::{Change, diff};
use crate::core::directory::Directory;
use crate::core::plan::{Action, Resource};
use crate::core::spec::{Object, PolicySpec};
use crate::core::verify::bare;

/// What a policy is to be.
pub struct Goal {
    /// The policy's table.
    pub spec: &'static PolicySpec,
    /// What is done to it.
    pub action: Action,
    /// What the policy was.
    before: Object,
    /// Of a patch the one state that was planned; of a reset all known defaults.
    states: Vec<Object>,
}

impl Goal {
    /// The goal of a planned write.
    pub fn of(spec: &'static PolicySpec, resource: &Resource, known: &[Known]) -> Self {
        let states = match resource.action {
            Action::Delete => {
                let all = known.iter().cloned().chain(built_in(spec));
                all.map(|known| known.policy).collect()
            }
            _ => bare(spec, &resource.after).into_iter().collect(),
        };
        Goal {
            spec,
            before: bare(spec, &resource.before).unwrap_or_default(),
            action: resource.action,
            states,
        }
    }

    /// Whether this is it.
    pub fn is_met(&self, live: &Object) -> bool {
        let nobody = Directory::default();
        self.states
            .iter()
            .any(|state| diff(self.spec, live, state, &nobody).is_empty())
    }

    /// Whether the policy still shows what it was before the write.
    pub fn is_untouched(&self, live: &Object) -> bool {
        diff(self.spec, live, &self.before, &Directory::default()).is_empty()
    }

    /// What separates a policy from it, at the nearest.
    pub fn differences(&self, live: &Object, names: &Directory) -> Vec<Change> {
        self.states
            .iter()
            .map(|state| diff(self.spec, live, state, names))
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }
}
