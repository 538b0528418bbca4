//! A unified diff of the canonical YAML of both sides of a plan.

use similar::{ChangeTag, TextDiff};

use crate::core::plan::{Action, Plan};

use super::{ADDED, Look, REMOVED, clean, yaml};

/// The diff of every policy that changes; nothing where none does.
pub fn render(plan: &Plan, look: Look) -> String {
    let mut out = String::new();
    for resource in plan.resources.iter().filter(|r| r.action != Action::None) {
        let before = yaml::render(&resource.before);
        let after = yaml::render(&resource.after);
        let what = clean::line(&resource.id);
        let diff = TextDiff::from_lines(&before, &after);
        out.push_str(&look.paint(super::STRONG, &format!("--- live/{what}")));
        out.push('\n');
        let target = match resource.action {
            Action::Delete => "default",
            _ => "declared",
        };
        out.push_str(&look.paint(super::STRONG, &format!("+++ {target}/{what}")));
        out.push('\n');
        for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
            out.push_str(&look.paint(super::FAINT, &hunk.header().to_string()));
            out.push('\n');
            for op in hunk.ops() {
                for change in diff.iter_inline_changes(op) {
                    let (sign, style) = match change.tag() {
                        ChangeTag::Delete => ("-", REMOVED),
                        ChangeTag::Insert => ("+", ADDED),
                        ChangeTag::Equal => (" ", anstyle::Style::new()),
                    };
                    out.push_str(&look.paint(style, sign));
                    for (changed, part) in change.iter_strings_lossy() {
                        let part = clean::line(part.trim_end_matches('\n'));
                        let style = if changed {
                            style.underline().bold()
                        } else {
                            style
                        };
                        out.push_str(&look.paint(style, &part));
                    }
                    out.push('\n');
                }
            }
        }
    }
    out
}
