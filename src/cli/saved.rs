//! Saved plans: written by `plan --out`, read by `show` and `apply --plan`.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::baseline::find;
use crate::core::plan::{FORMAT_VERSION, Plan};
use crate::core::report::Problem;
use crate::view::json;

/// Reads a plan and checks that it is whole: its id must be that of its content.
pub fn read(path: &Path) -> Result<Plan, Problem> {
    let name = find::name(path);
    let wrong = |code: &str, message: String, hint: &str| Problem {
        file: Some(name.clone()),
        ..Problem::new(code, message).hint(hint)
    };
    let again = "make the plan anew with `entrue plan --out`";
    let text = std::fs::read_to_string(path).map_err(|error| {
        wrong(
            "plan-unreadable",
            format!("`{name}` cannot be read: {error}"),
            again,
        )
    })?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
        wrong(
            "plan-unreadable",
            format!("`{name}` is not JSON: {error}"),
            again,
        )
    })?;
    let version = json["formatVersion"].as_str().unwrap_or("none");
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(version) != major(FORMAT_VERSION) {
        let message =
            format!("`{name}` has plan format {version:?}; this entrue reads {FORMAT_VERSION}");
        return Err(wrong(
            "plan-version",
            message,
            "use the entrue that made the plan",
        ));
    }
    let plan: Plan = serde_path_to_error::deserialize(json).map_err(|error| {
        let message = format!(
            "`{name}` is no plan: {} at `{}`",
            error.inner(),
            error.path()
        );
        wrong("plan-unreadable", message, again)
    })?;
    if plan.content_id() != plan.plan_id {
        let message = format!(
            "`{name}` was changed after it was made: its content is not that of its `planId`"
        );
        return Err(wrong("plan-edited", message, again));
    }
    Ok(plan)
}

/// Saves a plan. Half a plan never exists.
pub fn save(plan: &Plan, path: &Path) -> Result<(), Problem> {
    if plan.tenant.id.is_none() {
        let message = "a plan is saved for one tenant, and nothing tells which one this is";
        return Err(Problem::new("plan-without-tenant", message)
            .hint("give `--tenant`; the token says nothing that can be read"));
    }
    let place = replaceable(path)?;
    let path = place.as_path();
    let failed = |error: std::io::Error| {
        let message = format!("the plan cannot be saved to `{}`: {error}", path.display());
        Problem::new("plan-not-saved", message)
    };
    // Written beside its place and moved there whole.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder
        .unwrap_or(Path::new("."))
        .join(format!(".{name}.{}", std::process::id()));
    std::fs::File::create(&draft)
        .and_then(|mut file| {
            file.write_all(json::render(plan).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| {
            let _ = std::fs::remove_file(&draft);
            failed(error)
        })
}

/// Where the plan goes: behind links, and never over anything but a plan. What
/// stands there may be a baseline or a tenant's file, given by mistake.
fn replaceable(path: &Path) -> Result<PathBuf, Problem> {
    let Ok(place) = std::fs::canonicalize(path) else {
        return Ok(path.to_path_buf());
    };
    let is_plan = || {
        let text = std::fs::read_to_string(&place).unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        text.is_empty() || json["planId"].is_string()
    };
    if place.is_file() && is_plan() {
        return Ok(place);
    }
    let message = format!("`{}` is there already and is no saved plan", path.display());
    Err(Problem::new("plan-not-saved", message)
        .hint("it is left as it is; give another name, or remove it yourself"))
}
