//! What `apply` starts from: a plan made of files now, or one that was saved,
//! and a connection to its tenant.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::baseline::find;
use crate::core::approval::{Approved, Consent, NotApproved};
use crate::core::defaults::Known;
use crate::core::diff::diff;
use crate::core::directory::{ById, Directory};
use crate::core::plan::{Action, Plan};
use crate::core::references::{References, references};
use crate::core::report::{Outcome, Problem, Report};
use crate::core::verify::{bare, is_known_default, names_of};
use crate::graph::client::Graph;
use crate::graph::error::GraphError;
use crate::graph::{groups, policies};
use crate::policy;
use crate::reconcile::differences::stale;
use crate::view::text::Purpose;

use super::args::{self, Compare};
use super::connect::{Access, Asserted, Connected, connect};
use super::output::{Ended, Shown, of_plan};
use super::plan::{Compared, gather};
use super::validate::count;
use super::{known, saved};

const NAME: &str = "apply";

/// How old a saved plan may be where nobody says otherwise.
const MAX_AGE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A clock that is a little slow elsewhere makes no plan one from the future.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// What is about to be applied.
pub struct Ready {
    /// The plan.
    pub plan: Plan,
    /// How the command ends so far.
    pub ended: Ended,
    /// The tenant.
    pub connection: Connected,
    /// Defaults that the user knows of.
    pub known_defaults: BTreeMap<&'static str, Vec<Known>>,
    /// Whether the plan was saved, and is its own approval.
    pub is_saved: bool,
}

/// From files to a plan, as `plan` makes it.
pub async fn from_files(command: &args::Apply) -> Result<Ready, Box<Ended>> {
    let compare = Compare {
        paths: command.paths.clone(),
        against: command.against.clone(),
    };
    let Compared {
        ended,
        connection,
        known_defaults,
    } = gather(&compare, NAME, 2, Access::Writes).await;
    let stops = matches!(
        ended.report.outcome,
        Outcome::Invalid | Outcome::Unknown | Outcome::Blocked
    );
    match (ended.report.plan.clone(), connection) {
        (Some(plan), Some(connection)) if !stops => Ok(Ready {
            plan,
            ended,
            connection,
            known_defaults,
            is_saved: false,
        }),
        _ => Err(Box::new(ended)),
    }
}

/// From a saved plan, checked from every side before the tenant is read.
pub async fn from_saved(command: &args::Apply, path: &Path) -> Result<Ready, Box<Ended>> {
    let name = find::name(path);
    let invalid = |problem: Problem| {
        let problem = Problem {
            file: problem.file.or(Some(name.clone())),
            ..problem
        };
        let mut ended = Ended::failed(NAME, Outcome::Invalid, vec![problem]);
        ended.shown = Shown::Text("Not applied: the saved plan cannot be used\n".to_owned());
        Box::new(ended)
    };
    let known_defaults = known::read(&command.against.known_default).map_err(invalid)?;
    let plan = saved::read(path).map_err(invalid)?;
    if let Some(expected) = command.expect.as_deref().map(str::trim)
        && expected != plan.plan_id
    {
        let message = format!(
            "`{name}` is plan {}, and plan {expected} is expected",
            plan.plan_id
        );
        return Err(invalid(Problem::new("plan-unexpected", message).hint(
            "this is not the plan that was reviewed; find out where it comes from",
        )));
    }
    if plan.tenant.id.is_none() {
        let message = format!("`{name}` does not say for which tenant it is");
        return Err(invalid(
            Problem::new("plan-without-tenant", message)
                .hint("`entrue plan --out` saves no such plan; make it anew"),
        ));
    }
    check_age(&plan, command.max_age.unwrap_or(MAX_AGE), &name).map_err(invalid)?;
    if let Err(error) = Approved::new(plan.clone(), Consent::SavedPlan, policy::find) {
        if let NotApproved::Stopped(findings) = &error
            && plan.resources.iter().any(|resource| resource.is_blocked())
            && !plan.resources.iter().any(|resource| resource.is_invalid())
        {
            let mut ended = Ended::failed(
                NAME,
                Outcome::Blocked,
                findings.iter().map(of_plan).collect(),
            );
            ended.report.plan = Some(plan);
            ended.shown = Shown::Plan(Purpose::Blocked);
            return Err(Box::new(ended));
        }
        return Err(invalid(not_approved(
            &error,
            &format!("`{name}`"),
            Some(&name),
        )));
    }
    for resource in plan.resources.iter().filter(|r| r.action == Action::Delete) {
        let more = known_defaults.get(resource.id.as_str());
        let is_known = policy::find(&resource.resource_type)
            .is_some_and(|spec| is_known_default(spec, resource, more.map_or(&[], Vec::as_slice)));
        if !is_known {
            let message = format!(
                "`{name}` resets {} to a default that is not known here",
                resource.id
            );
            return Err(invalid(Problem::new("known-default", message).hint(
                "give the same `--known-default` files as when the plan was made",
            )));
        }
    }
    let asserted = Asserted {
        tenant: plan.tenant.id.clone().unwrap_or_default(),
        cloud: Some(plan.tenant.cloud.clone()),
        file: name.clone(),
        line: None,
    };
    let connection = connect(&command.against.connection, &[asserted], Access::Writes)
        .await
        .map_err(|error| Box::new(Ended::failed(NAME, error.outcome, vec![error.problem])))?;
    let mut report = Report::new(NAME);
    let mut outcome = Outcome::Changes;
    for resource in &plan.resources {
        let Some(spec) = policy::find(&resource.resource_type) else {
            continue;
        };
        let before = bare(spec, &resource.before).unwrap_or_default();
        match policies::read(&connection.graph, spec).await {
            Err(error) => {
                outcome = Outcome::Unknown;
                report.errors.push(error.into());
            }
            Ok(live) => {
                let since = diff(spec, &before, &live, &names_of(resource));
                if !since.is_empty() {
                    outcome = Outcome::Invalid;
                    report.errors.push(Problem {
                        file: Some(name.clone()),
                        ..stale(&since, &resource.id)
                    });
                }
            }
        }
    }
    if outcome == Outcome::Changes {
        match renamed(&connection.graph, &plan).await {
            Ok(problems) if problems.is_empty() => {}
            Ok(problems) => {
                outcome = Outcome::Invalid;
                report.errors.extend(problems);
            }
            Err(error) => {
                outcome = Outcome::Unknown;
                report.errors.push(error.into());
            }
        }
    }
    report.graph = Some(connection.graph.used());
    let notes = connection.notes.clone();
    let mut ended = Ended {
        report: report.ended(outcome, 2),
        shown: Shown::Text(String::new()),
        found: Vec::new(),
        notes,
    };
    if outcome != Outcome::Changes {
        ended.shown =
            Shown::Text("Not applied: the tenant is not what the plan was made of\n".to_owned());
        return Err(Box::new(ended));
    }
    Ok(Ready {
        plan,
        ended,
        connection,
        known_defaults,
        is_saved: true,
    })
}

/// Groups that the plan brings in and calls otherwise than the tenant does. The
/// ids are what is written, but the names are what was read and approved.
async fn renamed(graph: &Graph, plan: &Plan) -> Result<Vec<Problem>, GraphError> {
    let mut new: BTreeMap<String, &str> = BTreeMap::new();
    for resource in &plan.resources {
        let Some(spec) = policy::find(&resource.resource_type) else {
            continue;
        };
        let ids = |state| {
            let mut found = References::default();
            references(spec, &bare(spec, state).unwrap_or_default(), &mut found);
            found.ids
        };
        let known = ids(&resource.before);
        for id in ids(&resource.after).difference(&known) {
            if let Some(Some(name)) = resource.groups.get(id) {
                new.insert(id.clone(), name);
            }
        }
    }
    let mut directory = Directory::default();
    groups::by_ids(graph, &new.keys().cloned().collect(), &mut directory).await?;
    let problem = |id: &str, now: &str, name: &str| {
        Problem::new(
            "plan-stale",
            format!("the plan brings in group {id} as `{name}`, but {now}"),
        )
        .hint("find out who renamed it, or whether the plan was edited, then plan again")
    };
    Ok(new
        .iter()
        .filter_map(|(id, name)| match directory.id(id) {
            Some(ById::Found(group)) if group.display_name == *name => None,
            Some(ById::Found(group)) => {
                let now = format!("its name is `{}`", group.display_name);
                Some(problem(id, &now, name))
            }
            Some(ById::Gone) => Some(problem(id, "it no longer exists", name)),
            // Who may not read groups cannot tell; the ids are what counts.
            Some(ById::Unread) | None => None,
        })
        .collect())
}

fn check_age(plan: &Plan, max_age: jiff::SignedDuration, name: &str) -> Result<(), Problem> {
    let again = "plan again, and have that reviewed; `--max-age` says how old a plan may be";
    let created: Timestamp = plan.created_at.parse().map_err(|_| {
        Problem::new(
            "plan-edited",
            format!("`{name}` does not say when it was made: its `createdAt` is no time"),
        )
        .hint("make the plan anew with `entrue plan --out`")
    })?;
    let age = Timestamp::now().duration_since(created);
    if age > max_age {
        let message = format!("`{name}` was made at {created}, longer ago than {max_age:#}");
        return Err(Problem::new("plan-stale", message).hint(again));
    }
    if age < -SKEW {
        let message = format!("`{name}` says that it was made at {created}, which is yet to come");
        return Err(Problem::new("plan-stale", message)
            .hint("check this machine's clock, and where the plan comes from"));
    }
    Ok(())
}

/// Why a plan may not be written, for people.
pub fn not_approved(error: &NotApproved, what: &str, file: Option<&str>) -> Problem {
    let problem = match error {
        NotApproved::Edited(edited) => Problem::new(
            "plan-edited",
            format!("{what} is not what entrue makes of its own states: {edited}"),
        )
        .hint("it was edited, or made by another version of entrue; make it anew with `entrue plan --out`"),
        NotApproved::Stopped(findings) => Problem::new(
            "plan-invalid",
            format!(
                "{what} holds {} that stop it: {}",
                count(findings.len(), "finding", "findings"),
                findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>().join(", ")
            ),
        )
        .hint("mend the baseline, or plan again with `--allow`; it cannot be added here"),
    };
    Problem {
        file: file.map(str::to_owned),
        ..problem
    }
}
