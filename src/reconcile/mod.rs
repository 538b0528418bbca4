//! The verbs: what a command does between its arguments and its report.

pub mod apply;
pub mod differences;
pub mod export;
mod goal;
pub mod interrupt;

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};

use crate::baseline::{Declared, Found};
use crate::core::codes;
use crate::core::defaults::{self, Known};
use crate::core::directory::Directory;
use crate::core::finding::{Finding, Kind};
use crate::core::plan::{Desired, Inputs, Plan, Resource, Source, Tenant, plan_resource};
use crate::core::references::{References, references};
use crate::core::report::Problem;
use crate::core::resolve::resolve;
use crate::core::spec::Object;
use crate::graph::client::Graph;
use crate::graph::error::GraphError;
use crate::graph::{groups, policies};

/// What planning needs besides the tenant.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The declared policies, without structural findings.
    pub policies: &'a [Declared],
    /// The codes after `--allow`.
    pub allowed: &'a [String],
    /// Defaults that the user knows of, by policy `Id`.
    pub known_defaults: &'a BTreeMap<&'static str, Vec<Known>>,
    /// The tenant, for the plan.
    pub tenant: Tenant,
}

/// What planning gave.
#[derive(Debug, Default)]
pub struct Planned {
    /// The plan, where the tenant could be read and every name is one group.
    pub plan: Option<Plan>,
    /// What is wrong with names, with their places in the files.
    pub found: Vec<Found>,
    /// What could not be read.
    pub failed: Vec<Problem>,
}

/// Reads the tenant and plans. Writes nothing, and has nothing to write with.
pub async fn plan(graph: &Graph, wanted: Wanted<'_>) -> Planned {
    if let Err(error) = graph.sign_in().await {
        return Planned {
            failed: vec![error.into()],
            ..Planned::default()
        };
    }
    let declared = declared_references(wanted.policies);
    let mut directory = Directory::default();
    let reads = wanted
        .policies
        .iter()
        .map(|policy| policies::read(graph, policy.spec));
    let (reads, names) = join(
        join_all(reads),
        groups::by_names(graph, &declared.names, &mut directory),
    )
    .await;
    let mut planned = Planned::default();
    let mut lives: Vec<Option<Object>> = Vec::new();
    for read in reads {
        lives.push(match read {
            Ok(live) => Some(live),
            Err(error) => {
                planned.fail(error);
                None
            }
        });
    }
    let names_known = match names {
        Ok(()) => true,
        Err(error) => {
            planned.fail(error);
            false
        }
    };
    let mut ids = declared;
    for (policy, live) in wanted.policies.iter().zip(&lives) {
        if let Some(live) = live {
            references(policy.spec, live, &mut ids);
        }
        // A reset is compared with these, so their groups need names too.
        let defaults = wanted.known_defaults.get(policy.spec.id);
        for default in defaults.into_iter().flatten().filter(|_| policy.absent) {
            references(policy.spec, &default.policy, &mut ids);
        }
    }
    if planned.failed.is_empty()
        && let Err(error) = groups::by_ids(graph, &ids.ids, &mut directory).await
    {
        planned.fail(error);
    }
    let mut resources = Vec::new();
    for (policy, live) in wanted.policies.iter().zip(lives) {
        let whole = planned.failed.is_empty();
        match live {
            Some(live) if whole => {
                let resource = one(policy, live, &directory, &wanted, &mut planned.found);
                resources.push(resource);
            }
            // A name that nobody has is wrong whatever the rest of the tenant
            // says, so it is reported even where the policy could not be read.
            _ if names_known && !policy.absent => {
                let empty = Object::new();
                let (_, checks) = resolve(policy.spec, &policy.properties, &empty, &directory);
                let about_names = checks.found.into_iter().filter(|(_, finding)| {
                    finding.kind == Kind::Structural && finding.code != codes::DUPLICATE_ENTRY.name
                });
                planned
                    .found
                    .extend(about_names.map(|(way, finding)| Found {
                        place: Some(policy.place(&way)),
                        finding,
                    }));
            }
            _ => {}
        }
    }
    let stops = planned.found.iter().any(|found| found.finding.stops());
    if planned.failed.is_empty() && !stops {
        planned.plan = Some(Plan::new(
            wanted.tenant,
            jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            wanted.allowed.to_vec(),
            resources,
        ));
    }
    planned
}

impl Planned {
    fn fail(&mut self, error: GraphError) {
        self.failed.push(error.into());
    }
}

fn declared_references(policies: &[Declared]) -> References {
    let mut found = References::default();
    for policy in policies.iter().filter(|policy| !policy.absent) {
        references(policy.spec, &policy.properties, &mut found);
    }
    found
}

fn one(
    policy: &Declared,
    live: Object,
    directory: &Directory,
    wanted: &Wanted<'_>,
    found: &mut Vec<Found>,
) -> Resource {
    let mut findings: Vec<Finding> = policy.findings.clone();
    let desired = if policy.absent {
        Desired::Absent
    } else {
        let (desired, checks) = resolve(policy.spec, &policy.properties, &live, directory);
        for (way, mut finding) in checks.found {
            finding.allow(wanted.allowed);
            // What the file alone told already needs no second word.
            if findings
                .iter()
                .any(|f| f.code == finding.code && f.path == finding.path)
            {
                continue;
            }
            found.push(Found {
                place: Some(policy.place(&way)),
                finding: finding.clone(),
            });
            findings.push(finding);
        }
        Desired::Present(desired)
    };
    let mut known = wanted
        .known_defaults
        .get(policy.spec.id)
        .cloned()
        .unwrap_or_default();
    known.extend(defaults::built_in(policy.spec));
    let (file, line) = policy.line();
    plan_resource(Inputs {
        spec: policy.spec,
        display_name: policy.display_name.clone(),
        source: Source { file, line },
        desired: &desired,
        live,
        directory,
        defaults: &known,
        findings,
        allowed: wanted.allowed,
    })
}
