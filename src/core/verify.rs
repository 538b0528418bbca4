//! Recomputes a plan from its states: whether every part of it follows.
//!
//! A saved plan passes through other hands before it is applied. What would be
//! sent, the changes and the guards' words are all functions of `before`,
//! `after` and `allowed`, so a plan in which any of them differs by a byte was
//! edited, and none of it is believed.

use std::collections::HashSet;

use serde_json::Value;

use super::approval::SpecOf;
use super::codes;
use super::compare::is_guid;
use super::defaults::{Known, built_in};
use super::diff::{diff, with_names, without_names};
use super::directory::{ById, Directory, Group};
use super::finding::{Checks, Finding, Kind, Severity};
use super::guard::{self, Reviewed};
use super::live::{decode, encode};
use super::plan::{Action, FORMAT_VERSION, Plan, Resource, groups, requests, summarise};
use super::references::{References, references};
use super::spec::{Object, PolicySpec};

/// What does not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` does not follow from the rest of the plan")]
pub struct Edited {
    /// The part of the plan, as a path in its JSON.
    pub part: String,
}

fn edited(part: impl Into<String>) -> Edited {
    Edited { part: part.into() }
}

/// Checks that a plan is what entrue itself would have made of its states.
pub fn verify(plan: &Plan, spec_of: SpecOf) -> Result<(), Edited> {
    if plan.format_version != FORMAT_VERSION {
        return Err(edited("formatVersion"));
    }
    if plan.plan_id != plan.content_id() {
        return Err(edited("planId"));
    }
    if plan.tenant.id.as_deref().is_some_and(|id| !is_guid(id)) {
        return Err(edited("tenant.id"));
    }
    let ascends = plan.allowed.windows(2).all(|pair| pair[0] < pair[1]);
    let allowable = |name: &String| codes::find(name).is_some_and(|code| code.allowable);
    if !ascends || !plan.allowed.iter().all(allowable) {
        return Err(edited("allowed"));
    }
    for (index, resource) in plan.resources.iter().enumerate() {
        let twice = plan.resources[..index]
            .iter()
            .any(|other| other.id.eq_ignore_ascii_case(&resource.id));
        let at = |part: &str| edited(format!("resources[{index}].{part}"));
        if twice {
            return Err(at("id"));
        }
        let spec = spec_of(&resource.resource_type)
            .filter(|spec| spec.resource_type == resource.resource_type)
            .ok_or_else(|| at("resourceType"))?;
        one(resource, spec, &plan.allowed).map_err(at)?;
    }
    if plan.summary != summarise(&plan.resources) {
        return Err(edited("summary"));
    }
    Ok(())
}

/// Names the first part of a policy's plan that does not follow.
fn one(
    resource: &Resource,
    spec: &'static PolicySpec,
    allowed: &[String],
) -> Result<(), &'static str> {
    let Resource {
        resource_type: _,
        id,
        // Where it was declared and what it is called there: words for people,
        // which the plan's id alone protects.
        display_name: _,
        source: _,
        action,
        changes,
        before,
        after,
        groups: named,
        requests: sent,
        findings,
    } = resource;
    if id != spec.id {
        return Err("id");
    }
    let names = names_of(resource);
    let live = state(spec, before, &names).ok_or("before")?;
    let wanted = state(spec, after, &names).ok_or("after")?;
    if !new_targets_are_ids(spec, &live, &wanted) {
        return Err("after");
    }
    if *named != groups(spec, [&live, &wanted], &names) {
        return Err("groups");
    }
    let differences = diff(spec, &live, &wanted, &names);
    if !same_bytes(&differences, changes) {
        return Err("changes");
    }
    let follows = match action {
        Action::None => differences.is_empty(),
        // Which defaults are known is for the command that applies the plan to say.
        Action::Patch | Action::Delete => !differences.is_empty(),
    };
    if !follows {
        return Err("action");
    }
    let requests = requests(spec, *action, &wanted, &differences);
    if !same_bytes(&requests, sent) {
        return Err("requests");
    }
    let mut guards = guard::review(&Reviewed {
        spec,
        action: *action,
        before: &live,
        after: &wanted,
        body: requests.first().map(|request| &request.body),
        changes: differences.len(),
        names: &names,
    });
    guards.iter_mut().for_each(|finding| finding.allow(allowed));
    let said: Vec<&Finding> = findings.iter().filter(|f| f.kind == Kind::Guard).collect();
    if said.len() != guards.len() || said.iter().zip(&guards).any(|(one, other)| *one != other) {
        return Err("findings");
    }
    let traits_hold = findings
        .iter()
        .all(|finding| has_its_codes_traits(finding, allowed));
    if !traits_hold || (*action == Action::Patch && !judged(spec, &live, &wanted, allowed)) {
        return Err("findings");
    }
    Ok(())
}

/// What the plan knows of the groups. A group without a name was deleted,
/// unless the plan warns that names could not be read.
pub fn names_of(resource: &Resource) -> Directory {
    let unread = resource
        .findings
        .iter()
        .any(|finding| finding.code == codes::GROUP_UNREAD.name);
    let mut directory = Directory::default();
    for (id, name) in &resource.groups {
        let told = match name {
            Some(name) => ById::Found(Group {
                id: id.clone(),
                display_name: name.clone(),
                ..Group::default()
            }),
            None if unread => ById::Unread,
            None => ById::Gone,
        };
        directory.learn_id(id, told);
    }
    directory
}

/// A state of the plan without its names, if it is one that a tenant can have:
/// in canonical form, with the right names.
fn state(spec: &'static PolicySpec, stated: &Value, names: &Directory) -> Option<Object> {
    let bare = bare(spec, stated)?;
    let wire = to_wire(spec, &bare);
    let again = decode(spec, &wire).ok()?;
    let named: Value = with_names(spec, again.clone(), names).into();
    same_bytes(&named, stated).then_some(again)
}

/// A state of a plan without the names of groups: the canonical policy.
pub fn bare(spec: &PolicySpec, stated: &Value) -> Option<Object> {
    Some(without_names(spec, stated.as_object()?))
}

/// A canonical policy in Graph's names, whole.
pub fn to_wire(spec: &PolicySpec, policy: &Object) -> Value {
    let mut wire = Object::new();
    wire.insert("@odata.type".to_owned(), spec.odata_type.into());
    for (name, value) in policy {
        let property = spec.properties.iter().find(|p| p.name == name.as_str());
        match property {
            _ if name == "Id" => wire.insert("id".to_owned(), value.clone()),
            Some(property) => wire.insert(property.wire.to_owned(), encode(property, value)),
            None => wire.insert(name.clone(), value.clone()),
        };
    }
    wire.into()
}

/// Names are resolved when a plan is made, so whatever else stands where a group
/// is meant, and is not live, was put there later.
fn new_targets_are_ids(spec: &PolicySpec, live: &Object, wanted: &Object) -> bool {
    let names = |policy| {
        let mut found = References::default();
        references(spec, policy, &mut found);
        found.names
    };
    names(wanted).is_subset(&names(live))
}

/// Whether what a reset is planned against is a default that is known here.
pub fn is_known_default(spec: &'static PolicySpec, resource: &Resource, more: &[Known]) -> bool {
    let Some(after) = bare(spec, &resource.after) else {
        return false;
    };
    let names = Directory::default();
    more.iter()
        .cloned()
        .chain(built_in(spec))
        .any(|known| diff(spec, &known.policy, &after, &names).is_empty())
}

fn has_its_codes_traits(finding: &Finding, allowed: &[String]) -> bool {
    let Finding {
        code,
        severity,
        kind,
        allowable,
        allowed: was_allowed,
        path: _,
        message: _,
        hint: _,
    } = finding;
    codes::find(code).is_some_and(|known| {
        known.severity == *severity
            && known.kind == *kind
            && known.allowable == *allowable
            && *was_allowed == (known.allowable && allowed.contains(code))
    })
}

/// Whether everything that a change brings in and that a file would be judged
/// for was allowed. What the tenant holds already is not judged again.
fn judged(spec: &'static PolicySpec, live: &Object, wanted: &Object, allowed: &[String]) -> bool {
    let findings = |policy: &Object| {
        let mut checks = Checks::default();
        (spec.check)(policy, &mut checks);
        checks.found.into_iter().map(|(_, finding)| finding)
    };
    let known: HashSet<(String, String)> = findings(live).map(|f| (f.code, f.message)).collect();
    findings(wanted)
        .filter(|finding| finding.severity == Severity::Error)
        .filter(|finding| !known.contains(&(finding.code.clone(), finding.message.clone())))
        .all(|finding| finding.allowable && allowed.contains(&finding.code))
}

fn same_bytes<T: serde::Serialize>(one: &T, other: &T) -> bool {
    let text = |value: &T| serde_json::to_string(value).ok();
    text(one) == text(other)
}
