//! What an apply has to say about differences, where no plan is shown.

use std::time::Duration;

use serde_json::Value;

use crate::core::diff::{Change, ChangeKind};
use crate::core::report::Problem;
use crate::core::spec::PolicySpec;

/// So many are listed before the rest is counted.
const SHOWN: usize = 20;

/// One line for each difference, every one behind a line break.
pub fn lines(changes: &[Change]) -> String {
    let mut text: String = changes
        .iter()
        .take(SHOWN)
        .map(|change| format!("\n{}", line(change)))
        .collect();
    if changes.len() > SHOWN {
        text.push_str(&format!("\nand {} more", changes.len() - SHOWN));
    }
    text
}

fn line(change: &Change) -> String {
    let label = change.label.replace(char::is_control, " ");
    match change.kind {
        ChangeKind::Add if change.after.is_object() => format!("+ {label}"),
        ChangeKind::Remove if change.before.is_object() => format!("- {label}"),
        _ => format!(
            "~ {label}: {} -> {}",
            value(&change.before),
            value(&change.after)
        ),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "(not set)".to_owned(),
        Value::String(text) => text.replace(char::is_control, " "),
        other => other.to_string(),
    }
}

/// The tenant is no longer what the plan was made of.
pub fn stale(since: &[Change], id: &str) -> Problem {
    let count = match since.len() {
        1 => "1 property was".to_owned(),
        more => format!("{more} properties were"),
    };
    Problem {
        resource: Some(id.to_owned()),
        ..Problem::new(
            "plan-stale",
            format!("{count} changed in the tenant since the plan was made; nothing is written on old knowledge"),
        )
        .hint(format!(
            "find out who changed it, then plan again; changed since then:{}",
            lines(since)
        ))
    }
}

/// A reset left something that nobody knows; `moved` tells whether it is at least
/// something else than before.
pub fn default_unknown(spec: &PolicySpec, moved: bool) -> Problem {
    let left = if moved {
        "the policy was reset, but what the reset left is no default that entrue knows"
    } else {
        "the reset was accepted, but the policy is what it was before: the service is slow to \
         show it, or the policy was this tenant's default already, which entrue does not know"
    };
    Problem {
        resource: Some(spec.id.to_owned()),
        ..Problem::new(
            "default-unknown",
            format!("{left}; so nobody can say whether the reset is complete"),
        )
        .hint(
            "look at what it left (printed below; `resetLeft` in the report); if it is this \
             tenant's default, save it to a file and give that with `--known-default FILE` from \
             now on",
        )
    }
}

/// A write was taken, and the policy is something else than was planned.
pub fn not_as_planned(
    spec: &PolicySpec,
    remaining: &[Change],
    planned: &[Change],
    after: Duration,
) -> Problem {
    let was_planned = |change: &&Change| planned.iter().any(|one| one.path == change.path);
    let others = remaining.len() - remaining.iter().filter(was_planned).count();
    let also = match (others, remaining.len()) {
        (0, _) => String::new(),
        (1, 1) => ", one that this plan does not change".to_owned(),
        (others, _) => format!(", {others} of them not changed by this plan"),
    };
    let count = match remaining.len() {
        1 => "1 property differs".to_owned(),
        more => format!("{more} properties differ"),
    };
    Problem {
        resource: Some(spec.id.to_owned()),
        ..Problem::new(
            "not-as-planned",
            format!(
                "the write was accepted, but after {} s {count} from what was planned{also}",
                after.as_secs()
            ),
        )
        .hint(format!(
            "the service changes values of its own accord, is slow to show them, or somebody else \
             wrote too; `entrue plan` shows the present state. As it is -> as it was planned:{}",
            lines(remaining)
        ))
    }
}
