//! Approval: what may be written, by type.
//!
//! A plan is plain data that anybody can make or edit. What is written is built
//! from an [`Approved`] plan alone, and there is one way to get one: a plan
//! whose every part follows from its states and its allowed codes, that no
//! finding stops, and that somebody consented to.
//!
//! ```compile_fail,E0423
//! # fn anywhere(plan: entrue::core::plan::Plan) {
//! // Nothing but the checks makes a plan an approved one.
//! let approved = entrue::core::approval::Approved(plan);
//! # }
//! ```
//!
//! ```compile_fail,E0451
//! # use entrue::core::approval::{Approved, Consent};
//! # fn anywhere(plan: entrue::core::plan::Plan) {
//! let spec_of = entrue::policy::find;
//! let approved = Approved { plan, consent: Consent::AutoApprove, spec_of };
//! # }
//! ```
//!
//! ```compile_fail,E0308
//! # fn anywhere(graph: &entrue::graph::client::Graph, plan: &entrue::core::plan::Plan) {
//! // A plan that is only a plan has no writer.
//! let writer = entrue::graph::writer::Writer::new(graph, plan);
//! # }
//! ```

use super::finding::Finding;
use super::plan::{Action, Plan, Resource};
use super::spec::PolicySpec;
use super::verify::{Edited, verify};

/// Gives the table of a resource type, if there is one.
pub type SpecOf = fn(&str) -> Option<&'static PolicySpec>;

/// Who consented, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// A person answered the question on a terminal.
    Answered,
    /// `--auto-approve`.
    AutoApprove,
    /// The plan was saved, reviewed, and named on the command line.
    SavedPlan,
    /// Nothing would be written, so there was nothing to ask.
    NothingToDo,
}

/// A plan that may be written.
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
    consent: Consent,
    spec_of: SpecOf,
}

/// One write of an approved plan. Comes from [`Approved::writes`] alone.
#[derive(Clone, Copy, Debug)]
pub struct ApprovedWrite<'a> {
    resource: &'a Resource,
    spec: &'static PolicySpec,
}

impl<'a> ApprovedWrite<'a> {
    /// What is planned for the policy.
    pub fn resource(&self) -> &'a Resource {
        self.resource
    }

    /// The policy's table.
    pub fn spec(&self) -> &'static PolicySpec {
        self.spec
    }
}

/// Why a plan may not be written.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// A part of it does not follow from the rest.
    #[error(transparent)]
    Edited(#[from] Edited),
    /// Findings stop it.
    #[error("findings stop the plan")]
    Stopped(Vec<Finding>),
}

impl Approved {
    /// Checks the plan once more, whole, and approves it.
    pub fn new(plan: Plan, consent: Consent, spec_of: SpecOf) -> Result<Self, NotApproved> {
        verify(&plan, spec_of)?;
        let stops: Vec<Finding> = plan
            .resources
            .iter()
            .flat_map(|resource| &resource.findings)
            .filter(|finding| finding.stops())
            .cloned()
            .collect();
        if !stops.is_empty() {
            return Err(NotApproved::Stopped(stops));
        }
        Ok(Approved {
            plan,
            consent,
            spec_of,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Who consented.
    pub fn consent(&self) -> Consent {
        self.consent
    }

    /// The writes, in the order of the plan.
    pub fn writes(&self) -> impl Iterator<Item = ApprovedWrite<'_>> {
        self.plan
            .resources
            .iter()
            .filter(|resource| resource.action != Action::None)
            .filter_map(|resource| {
                // The checks on the way here found a table for each.
                let spec = (self.spec_of)(&resource.resource_type)?;
                Some(ApprovedWrite { resource, spec })
            })
    }
}
