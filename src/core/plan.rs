//! A plan: complete, comparable data that says what would be sent and why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::codes;
use super::compare::{is_all_users, is_guid};
use super::defaults::{Known, nearest};
use super::diff::{Change, diff, with_names};
use super::directory::Directory;
use super::finding::Finding;
use super::guard::{self, Reviewed};
use super::live::encode;
use super::overlay::overlay;
use super::path::Path;
use super::references::{References, deleted, references, unread};
use super::spec::{Object, PolicySpec};

/// The version of the plan format. Readers refuse another major version.
pub const FORMAT_VERSION: &str = "1.0";

/// What happens to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Top-level properties that differ are sent, each whole.
    Patch,
    /// The policy is reset to the tenant's default configuration.
    Delete,
    /// The tenant is as declared.
    None,
}

/// A plan for one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Version of this format: `1.0`.
    pub format_version: String,
    /// `sha256:` and the SHA-256 of everything else but `createdAt`, in hex.
    pub plan_id: String,
    /// When the tenant was read (RFC 3339, UTC).
    pub created_at: String,
    /// The tenant that was read.
    pub tenant: Tenant,
    /// The codes that were allowed with `--allow`, sorted.
    pub allowed: Vec<String>,
    /// The policies, in the order of the files.
    pub resources: Vec<Resource>,
    /// How many policies get which action.
    pub summary: Summary,
}

/// The tenant of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its id; null where no source told it.
    pub id: Option<String>,
    /// `global`, `usgov`, `usgov-dod`, `china`, `custom` or `sandbox`.
    pub cloud: String,
}

/// What is planned for one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The resource type, in its documented spelling.
    pub resource_type: String,
    /// The policy's `Id`.
    pub id: String,
    /// What the baseline calls it; null where it does not say.
    pub display_name: Option<String>,
    /// Where it is declared.
    pub source: Source,
    /// What happens.
    pub action: Action,
    /// The differences, sorted by path; of a `delete`, against the nearest known default.
    pub changes: Vec<Change>,
    /// The whole live policy: DSC names, annotations stripped, unknown properties kept.
    pub before: Value,
    /// The whole policy as it will be.
    pub after: Value,
    /// Names of the groups that occur, by object id; null where a name could not be read.
    pub groups: BTreeMap<String, Option<String>>,
    /// What would be sent. For readers: an apply computes it anew and compares.
    pub requests: Vec<Request>,
    /// Findings about this policy.
    pub findings: Vec<Finding>,
}

/// Where a policy is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, relative to the working directory, with `/`.
    pub file: String,
    /// The line of the resource, from 1.
    pub line: usize,
}

/// A request that an apply would send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `PATCH` or `DELETE`.
    pub method: String,
    /// The path below the version segment of Graph.
    pub path: String,
    /// The JSON body; null where there is none.
    pub body: Value,
}

/// How many policies get which action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Policies with a PATCH.
    pub patch: usize,
    /// Policies with a DELETE to default.
    pub delete: usize,
    /// Policies that are as declared.
    pub none: usize,
    /// Of all these, the ones that a guard blocks.
    pub blocked: usize,
}

/// What is wanted of a policy.
#[derive(Clone, Debug)]
pub enum Desired {
    /// These properties, resolved.
    Present(Object),
    /// The tenant's default configuration.
    Absent,
}

/// What a plan for one policy is made of.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The policy's table.
    pub spec: &'static PolicySpec,
    /// What the baseline calls it.
    pub display_name: Option<String>,
    /// Where it is declared.
    pub source: Source,
    /// What is wanted.
    pub desired: &'a Desired,
    /// The canonical live policy.
    pub live: Object,
    /// What is known of the groups.
    pub directory: &'a Directory,
    /// What an untouched tenant may have.
    pub defaults: &'a [Known],
    /// What is known already, from the file and from resolving it.
    pub findings: Vec<Finding>,
    /// The codes after `--allow`.
    pub allowed: &'a [String],
}

/// Plans one policy.
pub fn plan_resource(inputs: Inputs<'_>) -> Resource {
    let Inputs {
        spec,
        display_name,
        source,
        desired,
        live,
        directory,
        defaults,
        mut findings,
        allowed,
    } = inputs;
    let (action, after, changes) = match desired {
        Desired::Present(desired) => {
            let after = overlay(spec, &live, desired);
            let changes = diff(spec, &live, &after, directory);
            let action = if changes.is_empty() {
                Action::None
            } else {
                Action::Patch
            };
            (action, after, changes)
        }
        Desired::Absent => match nearest(spec, &live, defaults, directory) {
            Some((_, changes)) if changes.is_empty() => (Action::None, live.clone(), changes),
            Some((default, changes)) => {
                findings.push(assumed(&default.source));
                (Action::Delete, default.policy.clone(), changes)
            }
            None => (Action::Delete, live.clone(), Vec::new()),
        },
    };
    let requests = requests(spec, action, &after, &changes);
    findings.extend(guard::review(&Reviewed {
        spec,
        action,
        before: &live,
        after: &after,
        body: requests.first().map(|request| &request.body),
        changes: changes.len(),
        names: directory,
    }));
    if action != Action::Delete {
        let more = deleted(spec, &after, directory, &findings);
        findings.extend(more);
    }
    let more = unread(spec, [&live, &after], directory, &findings);
    findings.extend(more);
    for finding in &mut findings {
        finding.allow(allowed);
    }
    Resource {
        resource_type: spec.resource_type.to_owned(),
        id: spec.id.to_owned(),
        display_name,
        source,
        action,
        groups: groups(spec, [&live, &after], directory),
        before: with_names(spec, live, directory).into(),
        after: with_names(spec, after, directory).into(),
        changes,
        requests,
        findings,
    }
}

fn assumed(source: &str) -> Finding {
    let message = format!(
        "a reset restores this tenant's own default, which cannot be read beforehand; the \
         changes are against the nearest known one: {source}"
    );
    Finding::new(&codes::DEFAULT_ASSUMED, "", message)
        .hint("if you know this tenant's default, give it with `--known-default`")
}

/// What would be sent: method and path from the policy's table, the body from
/// the state that is wanted and the changes.
pub fn requests(
    spec: &PolicySpec,
    action: Action,
    after: &Object,
    changes: &[Change],
) -> Vec<Request> {
    match action {
        Action::None => Vec::new(),
        Action::Delete => vec![Request {
            method: "DELETE".to_owned(),
            path: spec.path.to_owned(),
            body: Value::Null,
        }],
        Action::Patch => vec![Request {
            method: "PATCH".to_owned(),
            path: spec.path.to_owned(),
            body: body(spec, after, changes),
        }],
    }
}

/// `@odata.type` and the top-level properties that change, each whole.
fn body(spec: &PolicySpec, after: &Object, changes: &[Change]) -> Value {
    let mut tops: Vec<String> = changes
        .iter()
        .filter_map(|change| Path::top_of(&change.path))
        .collect();
    tops.dedup();
    let mut body = Object::new();
    body.insert("@odata.type".to_owned(), json!(spec.odata_type));
    for property in spec.properties {
        let changed = tops.iter().any(|top| top == property.name);
        if let (true, Some(value)) = (changed, after.get(property.name)) {
            body.insert(property.wire.to_owned(), encode(property, value));
        }
    }
    Value::Object(body)
}

/// The groups that occur in some states of a policy, with their names.
pub fn groups(
    spec: &PolicySpec,
    states: [&Object; 2],
    directory: &Directory,
) -> BTreeMap<String, Option<String>> {
    let mut found = References::default();
    for state in states {
        references(spec, state, &mut found);
    }
    found
        .ids
        .into_iter()
        .filter(|id| is_guid(id) && !is_all_users(id))
        .map(|id| {
            let name = directory.display_name(&id).map(str::to_owned);
            (id, name)
        })
        .collect()
}

impl Resource {
    /// Whether a finding stops it that is a guard's.
    pub fn is_blocked(&self) -> bool {
        self.findings
            .iter()
            .any(|f| f.stops() && f.kind == super::finding::Kind::Guard)
    }

    /// Whether a finding stops it that is about the file.
    pub fn is_invalid(&self) -> bool {
        self.findings
            .iter()
            .any(|f| f.stops() && f.kind != super::finding::Kind::Guard)
    }
}

impl Plan {
    /// Puts the planned policies together and names the plan by its content.
    pub fn new(
        tenant: Tenant,
        created_at: String,
        mut allowed: Vec<String>,
        resources: Vec<Resource>,
    ) -> Self {
        allowed.sort();
        allowed.dedup();
        let mut plan = Plan {
            format_version: FORMAT_VERSION.to_owned(),
            plan_id: String::new(),
            created_at,
            tenant,
            allowed,
            summary: summarise(&resources),
            resources,
        };
        plan.plan_id = plan.content_id();
        plan
    }

    /// `sha256:` and the digest of all but `planId` and `createdAt`, over the
    /// compact JSON with the keys in the order of the format.
    pub fn content_id(&self) -> String {
        let Plan {
            format_version,
            plan_id: _,
            created_at: _,
            tenant,
            allowed,
            resources,
            summary,
        } = self;
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Content<'a> {
            format_version: &'a str,
            tenant: &'a Tenant,
            allowed: &'a [String],
            resources: &'a [Resource],
            summary: &'a Summary,
        }
        let content = Content {
            format_version,
            tenant,
            allowed,
            resources,
            summary,
        };
        let mut digest = Sha256(ring::digest::Context::new(&ring::digest::SHA256));
        // Writing into a digest cannot fail, and every key of a plan is text.
        let _ = serde_json::to_writer(&mut digest, &content);
        let hex: String = digest
            .0
            .finish()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("sha256:{hex}")
    }

    /// Whether anything would be written.
    pub fn has_changes(&self) -> bool {
        self.resources.iter().any(|r| r.action != Action::None)
    }
}

/// A digest that is written to, so that the JSON of a large plan is never held.
struct Sha256(ring::digest::Context);

impl std::io::Write for Sha256 {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many policies get which action.
pub fn summarise(resources: &[Resource]) -> Summary {
    let count = |action| resources.iter().filter(|r| r.action == action).count();
    Summary {
        patch: count(Action::Patch),
        delete: count(Action::Delete),
        none: count(Action::None),
        blocked: resources.iter().filter(|r| r.is_blocked()).count(),
    }
}
