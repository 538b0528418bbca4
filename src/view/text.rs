//! The plan as people read it, in 80 columns: the tenant, each policy with its
//! action, a line for each leaf that changes, findings, a closing line.

use crate::core::finding::{Finding, Kind, Severity};
use crate::core::plan::{Action, Plan, Resource};
use crate::core::spec::PolicySpec;

use super::findings::wrap;
use super::{ADDED, FAINT, Look, REMOVED, REPLACED, STRONG, changes, clean};

/// What the plan is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What an apply would do.
    Plan,
    /// Why an apply does nothing.
    Blocked,
    /// What differs.
    Drift,
}

/// The whole text. `spec_of` gives the table of a resource type, if it is known.
pub fn render(
    plan: &Plan,
    purpose: Purpose,
    spec_of: impl Fn(&str) -> Option<&'static PolicySpec>,
    look: Look,
) -> String {
    let mut out = String::new();
    let id = plan.tenant.id.as_deref().unwrap_or("(id unknown)");
    out.push_str(&format!(
        "Tenant {} ({})\n",
        look.paint(STRONG, &clean::line(id)),
        clean::line(&plan.tenant.cloud)
    ));
    for resource in &plan.resources {
        out.push('\n');
        policy(resource, spec_of(&resource.resource_type), look, &mut out);
    }
    out.push('\n');
    out.push_str(&closing(plan, purpose));
    out.push('\n');
    out
}

/// The line that a script can look for.
fn closing(plan: &Plan, purpose: Purpose) -> String {
    let summary = &plan.summary;
    let counts = format!(
        "{} patch, {} delete, {} none, {} blocked",
        summary.patch, summary.delete, summary.none, summary.blocked
    );
    match purpose {
        Purpose::Plan => format!("Plan: {counts}"),
        Purpose::Blocked => {
            format!("Plan: {counts}\nNot applied: blocked by a guard that was not allowed")
        }
        Purpose::Drift if plan.has_changes() => {
            let differ = summary.patch + summary.delete;
            let verb = if differ == 1 { "differs" } else { "differ" };
            format!("Drift: {differ} of {} {verb}", policies(plan))
        }
        Purpose::Drift => format!("Drift: none, {} as declared", policies(plan)),
    }
}

fn policies(plan: &Plan) -> String {
    match plan.resources.len() {
        1 => "1 policy".to_owned(),
        more => format!("{more} policies"),
    }
}

/// Whom the method is for once the change is made: what a signer asks first, and
/// what the changes alone do not tell where targets stay as they are.
fn scope(resource: &Resource, look: Look, out: &mut String) {
    const SHOWN: usize = 8;
    let named = |list: &str| -> Vec<String> {
        let entries = resource.after[list].as_array().into_iter().flatten();
        entries
            .map(|entry| {
                let name = entry["DisplayName"].as_str().or(entry["Id"].as_str());
                match name.unwrap_or_default() {
                    id if id.eq_ignore_ascii_case("all_users") => {
                        "everybody (all_users)".to_owned()
                    }
                    name => clean::line(name),
                }
            })
            .collect()
    };
    let listed = |names: Vec<String>| match names.len() {
        0 => "nobody".to_owned(),
        more if more > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    };
    let Some(state) = resource.after["State"].as_str() else {
        return;
    };
    let text = if state.eq_ignore_ascii_case("enabled") {
        let include = listed(named("IncludeTargets"));
        format!(
            "afterwards enabled for {include}; excluded: {}",
            listed(named("ExcludeTargets"))
        )
    } else {
        "afterwards the method is disabled: nobody can use it".to_owned()
    };
    out.push('\n');
    for line in wrap(&text, look.width.saturating_sub(3)).lines() {
        out.push_str(&format!("  {}\n", look.paint(STRONG, line)));
    }
}

fn policy(resource: &Resource, spec: Option<&'static PolicySpec>, look: Look, out: &mut String) {
    let (sign, word, style) = match resource.action {
        Action::Patch => ("~", "patch", REPLACED),
        Action::Delete => ("-", "reset to default (delete)", REMOVED),
        Action::None => ("=", "as declared", FAINT),
    };
    let name = resource
        .display_name
        .as_deref()
        .or(spec.map(|spec| spec.title))
        .unwrap_or(&resource.id);
    out.push_str(&format!(
        "{} {}: {}\n",
        look.paint(style, sign),
        look.paint(STRONG, &clean::line(name)),
        look.paint(style, word),
    ));
    let origin = format!(
        "  {} ({}:{})",
        clean::line(&resource.id),
        clean::line(&resource.source.file),
        resource.source.line
    );
    out.push_str(&look.paint(FAINT, &origin));
    out.push('\n');
    if !resource.changes.is_empty() {
        out.push('\n');
    }
    changes::render(resource, spec, look, out);
    if !resource.changes.is_empty() {
        scope(resource, look, out);
    }
    for finding in &resource.findings {
        out.push('\n');
        note(finding, look, out);
    }
}

fn note(finding: &Finding, look: Look, out: &mut String) {
    let (word, style) = match (finding.severity, finding.allowed) {
        (Severity::Error, false) => ("error", REMOVED.bold()),
        (Severity::Error, true) => ("allowed", REPLACED.bold()),
        (Severity::Warning, _) => ("warning", REPLACED.bold()),
        (Severity::Note, _) => ("note", ADDED.bold()),
    };
    let head = format!(
        "{}[{}]",
        look.paint(style, word),
        clean::line(&finding.code)
    );
    let place = if finding.path.is_empty() {
        String::new()
    } else {
        format!(" {}", clean::line(&finding.path))
    };
    out.push_str(&format!("  {head}{place}\n"));
    let mut lines = vec![clean::line(&finding.message)];
    // What was allowed was checked; how to allow it is of no use any more.
    if let Some(hint) = finding.hint.as_ref().filter(|_| !finding.allowed) {
        let mut parts = hint.split('\n').map(clean::line);
        lines.extend(parts.next().map(|first| format!("hint: {first}")));
        lines.extend(parts.map(|part| format!("  {part}")));
    }
    // A guard's own hint says it.
    if finding.stops() && finding.allowable && finding.kind != Kind::Guard {
        lines.push(format!("`--allow {}` accepts it", finding.code));
    }
    for line in lines {
        for line in wrap(&line, look.width.saturating_sub(5)).lines() {
            out.push_str(&format!("    {line}\n"));
        }
    }
}
