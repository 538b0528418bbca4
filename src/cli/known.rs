//! `--known-default`: configurations that this tenant has when untouched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::baseline::find;
use crate::core::defaults::Known;
use crate::core::report::Problem;
use crate::policy::REGISTRY;

/// Reads the files; each holds Graph's JSON of one policy.
pub fn read(paths: &[PathBuf]) -> Result<BTreeMap<&'static str, Vec<Known>>, Problem> {
    let mut known: BTreeMap<&'static str, Vec<Known>> = BTreeMap::new();
    for path in paths {
        let name = find::name(path);
        let wrong = |message: String| Problem {
            file: Some(name.clone()),
            ..Problem::new("known-default", message)
                .hint("give Graph's JSON of the policy, as a GET answers it")
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("`{name}` cannot be read: {error}")))?;
        let wire: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("`{name}` is not JSON: {error}")))?;
        let id = wire["id"].as_str().unwrap_or_default();
        let spec = REGISTRY
            .iter()
            .find(|spec| spec.id.eq_ignore_ascii_case(id))
            .ok_or_else(|| {
                wrong(format!(
                    "`{name}` has no `id` of a policy that entrue manages"
                ))
            })?;
        let default = Known::from_wire(spec, &name, &wire)
            .map_err(|error| wrong(format!("`{name}` is no policy: {error}")))?;
        known.entry(spec.id).or_default().push(default);
    }
    Ok(known)
}
