//! Guards: what a finished plan would do that must not happen by accident.
//!
//! They look at the plan alone: at what it would send, at the whole policy
//! before and after. So they judge the same in `plan` and in `apply`, and a
//! saved plan can be judged again without the files that it came from.

use serde_json::Value;

use super::codes;
use super::diff::diff;
use super::directory::Directory;
use super::finding::{Code, Finding};
use super::live::holds_sentinel;
use super::plan::{Action, requests};
use super::spec::{Object, PolicySpec};

/// A finished plan for one policy, as a guard sees it.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    /// The policy's table.
    pub spec: &'static PolicySpec,
    /// What would be done.
    pub action: Action,
    /// The canonical live policy.
    pub before: &'a Object,
    /// The policy as it would be; of a reset, the nearest known default.
    pub after: &'a Object,
    /// The body that would be sent.
    pub body: Option<&'a Value>,
    /// How many differences there are.
    pub changes: usize,
    /// What is known of the groups.
    pub names: &'a Directory,
}

/// Judges a finished plan. A plan that writes nothing needs no guard.
pub fn review(plan: &Reviewed<'_>) -> Vec<Finding> {
    if plan.action == Action::None {
        return Vec::new();
    }
    let mut found = sentinels(plan);
    if plan.action == Action::Delete {
        found.push(reset(plan));
    }
    (plan.spec.guards)(plan, &mut found);
    found
}

/// A guard's finding. What to check comes first, how to allow it last.
pub fn stop(code: &Code, path: &str, message: String, check: &str) -> Finding {
    let hint = if code.allowable {
        format!("{check}; `--allow {}` accepts it", code.name)
    } else {
        check.to_owned()
    };
    Finding::new(code, path, message).hint(hint)
}

/// Graph answers `unknownFutureValue` for a word that this client was not
/// meant to see. Sent back, it would overwrite that word, so a property that
/// holds it anywhere, managed or not, must not be sent at all.
fn sentinels(plan: &Reviewed<'_>) -> Vec<Finding> {
    let members = plan.body.and_then(Value::as_object);
    plan.spec
        .properties
        .iter()
        .filter(|property| {
            members
                .and_then(|members| members.get(property.wire))
                .is_some_and(holds_sentinel)
        })
        .map(|property| {
            stop(
                &codes::SENTINEL_SENT,
                property.name,
                format!(
                    "the live `{}` holds `unknownFutureValue`: a word that Graph does not show to this \
                     client. A change to this property sends it whole and would overwrite that word",
                    property.name
                ),
                "declare the property without the entries that hold it, or make this change where the \
                 word is understood (the Entra admin centre); a newer entrue may know the word",
            )
        })
        .collect()
}

fn reset(plan: &Reviewed<'_>) -> Finding {
    let differences = match plan.changes {
        1 => "1 difference".to_owned(),
        more => format!("{more} differences"),
    };
    stop(
        &codes::POLICY_RESET,
        "",
        format!(
            "the policy is customised and would be reset to the tenant's default: its {differences} \
             from the nearest known default would go, whoever signs in by them is affected, and \
             what a reset really leaves is only seen afterwards"
        ),
        "read the changes above, and make sure that nobody depends on what goes",
    )
}

/// The codes that bringing back what was would need allowed.
pub fn codes_to_undo(
    spec: &'static PolicySpec,
    before: &Object,
    after: &Object,
    names: &Directory,
) -> Vec<String> {
    let changes = diff(spec, after, before, names);
    let requests = requests(spec, Action::Patch, before, &changes);
    let mut codes: Vec<String> = review(&Reviewed {
        spec,
        action: Action::Patch,
        before: after,
        after: before,
        body: requests.first().map(|request| &request.body),
        changes: changes.len(),
        names,
    })
    .into_iter()
    .filter(|finding| finding.allowable)
    .map(|finding| finding.code)
    .collect();
    codes.sort();
    codes.dedup();
    codes
}
