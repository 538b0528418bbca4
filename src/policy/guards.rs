//! Guards that all authentication method policies share: whether the method is
//! on, and for whom.

use std::collections::HashSet;

use crate::core::codes;
use crate::core::compare::{fold, is_all_users};
use crate::core::directory::Directory;
use crate::core::finding::Finding;
use crate::core::guard::{Reviewed, stop};
use crate::core::plan::Action;
use crate::core::spec::{List, Object, Refers, find};

use super::target::{PLAIN, entries, text};

/// So many names are listed before the rest is counted.
const NAMES_SHOWN: usize = 8;

/// Judges state and targets.
pub fn review(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    let before = Scope::of(plan.before);
    let after = Scope::of(plan.after);
    let names = plan.names;
    if before.enabled && !after.enabled {
        found.push(stop(
            &codes::METHOD_DISABLED,
            "State",
            format!(
                "the method would be switched off: nobody could sign in with it any more; until \
                 now it is for {}",
                before.label(names)
            ),
            "make sure that everybody it is for has another way to sign in, break-glass accounts too",
        ));
    }
    if after.covers_everybody() && !before.covers_everybody() {
        found.push(stop(
            &codes::SCOPE_ALL_USERS,
            if !before.enabled {
                "State"
            } else if before.includes_everybody() {
                "ExcludeTargets"
            } else {
                "IncludeTargets"
            },
            format!(
                "the method would come to cover all users: from now on it would be for {}; a user \
                 in its scope without a certificate counts as able to do multifactor \
                 authentication and cannot register another method",
                after.label(names)
            ),
            "make sure that all users have a certificate, or include a group instead of `all_users`",
        ));
    }
    if after.enabled && before.reaches_somebody() && !after.reaches_somebody() {
        found.push(stop(
            &codes::SCOPE_EMPTY,
            if after.include.is_empty() || before.exclude == after.exclude {
                "IncludeTargets"
            } else {
                "ExcludeTargets"
            },
            format!(
                "the method would be enabled for nobody; until now it is for {}",
                before.label(names)
            ),
            "make sure that everybody it is for has another way to sign in; to switch the method \
             off say `State: disabled`",
        ));
    }
    // What a reset takes away is told by the guard on the reset itself: only
    // the nearest known default says what would be left.
    if plan.action == Action::Patch {
        lost_targets(plan, &before, &after, found);
    }
}

/// What to say beside a loss that nobody feels before the method is on.
pub fn idle(before: &Object) -> &'static str {
    if is_enabled(before) {
        ""
    } else {
        " (the method is disabled now, so nobody uses it yet)"
    }
}

fn is_enabled(policy: &Object) -> bool {
    text(policy, "State").is_some_and(|state| state.trim().eq_ignore_ascii_case("enabled"))
}

fn lost_targets(plan: &Reviewed<'_>, before: &Scope, after: &Scope, found: &mut Vec<Finding>) {
    let idle = idle(plan.before);
    // Whoever was included is so still where everybody is.
    let for_everybody = after.includes_everybody() && !after.everybody_is_excluded();
    let gone = targets_gone(plan.before, plan.after, "IncludeTargets");
    if !gone.is_empty() && !for_everybody {
        found.push(stop(
            &codes::INCLUDE_LOST,
            "IncludeTargets",
            format!(
                "{} would no longer be included{idle}: members who are in no other included group \
                 could not sign in with the method any more",
                labels(&gone, plan.names)
            ),
            "make sure that they have another way to sign in",
        ));
    }
    // A target loses the method as well where it is excluded now. One that is
    // no longer included either was named above.
    let newly_excluded: Vec<&Object> = entries(plan.after.get("ExcludeTargets"))
        .filter(|(_, target)| {
            let id = id(target);
            before.include.contains(&id)
                && !before.exclude.contains(&id)
                && (for_everybody || after.include.contains(&id))
        })
        .map(|(_, target)| target)
        .collect();
    if !newly_excluded.is_empty() && !before.everybody_is_excluded() {
        found.push(stop(
            &codes::INCLUDE_LOST,
            "ExcludeTargets",
            format!(
                "{}, included until now, would be excluded{idle}: its members could not sign in with \
                 the method any more",
                labels(&newly_excluded, plan.names)
            ),
            "make sure that they have another way to sign in",
        ));
    }
    let gone = targets_gone(plan.before, plan.after, "ExcludeTargets");
    if !gone.is_empty() && !after.everybody_is_excluded() {
        found.push(stop(
            &codes::EXCLUSION_LOST,
            "ExcludeTargets",
            format!(
                "{} would no longer be excluded{idle}: members who are in an included group come \
                 into the method's scope",
                labels(&gone, plan.names)
            ),
            "find out why they were excluded; break-glass accounts often are",
        ));
    }
}

/// The entries of a list that are there before and not after.
pub fn lost<'a>(
    list: &'static List,
    before: &'a Object,
    after: &Object,
    name: &str,
) -> Vec<&'a Object> {
    let kept: HashSet<String> = entries(after.get(name))
        .map(|(_, entry)| list.key_text(entry))
        .collect();
    entries(before.get(name))
        .map(|(_, entry)| entry)
        .filter(|entry| !kept.contains(&list.key_text(entry)))
        .collect()
}

/// The targets of a list that are there before and not after.
fn targets_gone<'a>(before: &'a Object, after: &'a Object, name: &str) -> Vec<&'a Object> {
    missing(
        entries(before.get(name)).map(|(_, target)| target),
        entries(after.get(name)).map(|(_, target)| target),
    )
}

/// The targets of the first that are not in the second. An id that is said to
/// be another kind of target is another target: a user's id is no group's.
pub fn missing<'a>(
    before: impl Iterator<Item = &'a Object>,
    after: impl Iterator<Item = &'a Object>,
) -> Vec<&'a Object> {
    let who = |target: &Object| {
        let id = id(target);
        let kind = text(target, "TargetType").map_or("", str::trim);
        let kind = match kind {
            "" => "group".to_owned(),
            _ if is_all_users(&id) => "group".to_owned(),
            kind => fold(kind),
        };
        (id, kind)
    };
    let kept: HashSet<(String, String)> = after.map(who).collect();
    before
        .filter(|target| !kept.contains(&who(target)))
        .collect()
}

fn id(target: &Object) -> String {
    fold(text(target, "Id").unwrap_or_default().trim())
}

/// Whether one of these targets is everybody.
pub fn has_everybody<'a>(mut targets: impl Iterator<Item = &'a Object>) -> bool {
    targets.any(|target| text(target, "Id").is_some_and(is_all_users))
}

/// Targets as people know them.
pub fn labels(targets: &[&Object], names: &Directory) -> String {
    let labels = targets
        .iter()
        .filter_map(|target| find(PLAIN.entry, "Id")?.refers(target))
        .map(|target| match target {
            Refers::Everybody => "everybody (all_users)".to_owned(),
            target => names.label(target),
        })
        .collect();
    listed(labels)
}

/// Names in a sentence, not more than fit it.
pub fn listed(labels: Vec<String>) -> String {
    match labels.len() {
        0 => "nobody".to_owned(),
        more if more > NAMES_SHOWN => format!(
            "{} and {} more",
            labels[..NAMES_SHOWN].join(", "),
            more - NAMES_SHOWN
        ),
        _ => labels.join(", "),
    }
}

/// Whom a policy is for.
struct Scope<'a> {
    enabled: bool,
    include: Vec<String>,
    exclude: Vec<String>,
    policy: &'a Object,
}

impl<'a> Scope<'a> {
    fn of(policy: &'a Object) -> Self {
        let ids = |list: &str| {
            entries(policy.get(list))
                .filter(|(_, entry)| text(entry, "Id").is_some())
                .map(|(_, entry)| id(entry))
                .collect()
        };
        Scope {
            enabled: is_enabled(policy),
            include: ids("IncludeTargets"),
            exclude: ids("ExcludeTargets"),
            policy,
        }
    }

    fn includes_everybody(&self) -> bool {
        self.include.iter().any(|id| is_all_users(id))
    }

    fn everybody_is_excluded(&self) -> bool {
        self.exclude.iter().any(|id| is_all_users(id))
    }

    /// Enabled for all users, but for groups that are excluded.
    fn covers_everybody(&self) -> bool {
        self.enabled && self.includes_everybody() && !self.everybody_is_excluded()
    }

    /// Whether anybody can be in scope, as far as ids tell.
    fn reaches_somebody(&self) -> bool {
        self.enabled
            && !self.everybody_is_excluded()
            && self.include.iter().any(|id| !self.exclude.contains(id))
    }

    fn label(&self, names: &Directory) -> String {
        let of = |list: &str| -> Vec<&Object> {
            entries(self.policy.get(list))
                .map(|(_, entry)| entry)
                .collect()
        };
        let include = labels(&of("IncludeTargets"), names);
        match of("ExcludeTargets").as_slice() {
            [] => include,
            excluded => format!("{include}, excluded {}", labels(excluded, names)),
        }
    }
}
