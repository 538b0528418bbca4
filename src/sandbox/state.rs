//! The tenant as it is now, and its file.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::RequestRecord;
use super::behavior::Behavior;
use super::defaults;
use super::error::SandboxError;
use super::fault::{Fault, Faults};
use super::guise;
use super::schema::{self, ObjectType};
use super::tenant::Tenant;
use super::vocabulary::Vocabulary;

/// The one configuration that every tenant here has.
const X509: &str = "X509Certificate";

/// A tenant, its history and its file.
#[derive(Debug)]
pub(super) struct State {
    pub tenant: Tenant,
    pub known: Vocabulary,
    pub faults: Faults,
    pub records: Vec<RequestRecord>,
    pub save_on_write: bool,
    /// When the policy last changed, as Graph writes times. One stamp for all
    /// configurations, as in the service.
    pub last_modified: String,
    sequence: u64,
    /// What each configuration was before its last write.
    previous: HashMap<String, Previous>,
    /// The file as it was read: what is saved differs from it in the policies
    /// alone, so a checked-in tenant keeps its layout.
    document: Value,
    path: Option<PathBuf>,
    /// The file's text as it was last read or written here.
    on_disk: Option<String>,
}

/// What a configuration was before its last write.
#[derive(Debug)]
struct Previous {
    policy: Value,
    written: Instant,
    /// How many reads still show it.
    reads: u64,
}

impl State {
    /// Reads a tenant file.
    pub fn load(path: &Path) -> Result<Self, SandboxError> {
        let text = fs::read_to_string(path).map_err(|source| SandboxError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut reader = serde_json::Deserializer::from_str(&text);
        let tenant: Tenant = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let at = match error.path().to_string().as_str() {
                "." => String::new(),
                at => format!("{at}: "),
            };
            format_error(path, at, error.inner())
        })?;
        reader
            .end()
            .map_err(|error| format_error(path, String::new(), &error))?;
        let document = serde_json::from_str(&text)
            .map_err(|error| format_error(path, String::new(), &error))?;
        let mut state = Self::new(tenant, document, Some(path.to_owned()));
        state.on_disk = Some(text);
        Ok(state)
    }

    /// Takes a tenant made in memory, held to the same rules as a file.
    pub fn from_tenant(tenant: &Tenant) -> Result<Self, SandboxError> {
        let invalid = |error: serde_json::Error| SandboxError::Invalid {
            message: error.to_string(),
        };
        let document = serde_json::to_value(tenant).map_err(invalid)?;
        let tenant: Tenant = serde_json::from_value(document.clone()).map_err(invalid)?;
        Ok(Self::new(tenant, document, None))
    }

    fn new(tenant: Tenant, document: Value, path: Option<PathBuf>) -> Self {
        let mut known = Vocabulary::default();
        for (id, policy) in tenant.policies.iter().chain(&tenant.defaults) {
            known.learn(type_of(id, policy), policy);
        }
        guise::learn(&mut known, tenant.behavior);
        Self {
            faults: Faults::new(&tenant.faults),
            tenant,
            known,
            records: Vec::new(),
            save_on_write: false,
            last_modified: "2026-01-01T00:00:00Z".to_owned(),
            sequence: 0,
            previous: HashMap::new(),
            document,
            path,
            on_disk: None,
        }
    }

    /// Acts so from now on, and suffers these faults before those of the file.
    /// Neither ever gets into the file.
    pub fn misbehave(&mut self, behavior: Behavior, faults: &[Fault]) {
        guise::learn(&mut self.known, behavior);
        self.tenant.behavior = behavior;
        self.faults.put_first(faults);
    }

    /// A request id. Counted, not random: the same requests to the same
    /// tenant give the same answers.
    pub fn next_request_id(&mut self) -> String {
        self.sequence += 1;
        format!("5a4db0c5-0000-4000-8000-{:012x}", self.sequence)
    }

    /// The id of a configuration as it stands in the file, else as the
    /// service spells it, else as given.
    fn key(&self, id: &str) -> String {
        let held = self
            .tenant
            .policies
            .keys()
            .find(|key| key.eq_ignore_ascii_case(id));
        match (held, schema::well_known(id)) {
            (Some(key), _) => key.clone(),
            (None, Some(known)) => known.id.to_owned(),
            (None, None) => id.to_owned(),
        }
    }

    /// The ids of all configurations that the tenant holds.
    pub fn configuration_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.tenant.policies.keys().cloned().collect();
        if !ids.iter().any(|id| id.eq_ignore_ascii_case(X509)) {
            ids.push(X509.to_owned());
        }
        ids
    }

    /// A configuration as it is stored.
    pub fn policy(&self, id: &str) -> Option<Value> {
        match self.tenant.policies.get(&self.key(id)) {
            Some(policy) => Some(policy.clone()),
            None if id.eq_ignore_ascii_case(X509) => defaults::default_of(X509),
            None => None,
        }
    }

    /// A configuration as it was before its last write.
    pub fn previous_policy(&self, id: &str) -> Option<Value> {
        self.previous
            .get(&self.key(id))
            .map(|previous| previous.policy.clone())
            .or_else(|| self.policy(id))
    }

    /// A configuration as a reader sees it, who may see it late.
    pub fn visible_policy(&self, id: &str) -> Option<Value> {
        let delay = Duration::from_millis(self.tenant.behavior.stale_milliseconds);
        match self.previous.get(&self.key(id)) {
            Some(previous) if previous.reads > 0 || previous.written.elapsed() < delay => {
                Some(previous.policy.clone())
            }
            _ => self.policy(id),
        }
    }

    /// Counts a read of one configuration.
    pub fn count_read(&mut self, id: &str) {
        let key = self.key(id);
        if let Some(previous) = self.previous.get_mut(&key) {
            previous.reads = previous.reads.saturating_sub(1);
        }
    }

    /// What a DELETE restores, if it is known.
    pub fn default_policy(&self, id: &str) -> Option<Value> {
        let own = self
            .tenant
            .defaults
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(id));
        match own {
            Some((_, policy)) => Some(policy.clone()),
            None => schema::well_known(id).and_then(|known| defaults::default_of(known.id)),
        }
    }

    /// Puts a configuration in place without a request.
    pub fn set_policy(&mut self, id: &str, policy: Value) {
        self.known.learn(type_of(id, &policy), &policy);
        self.store(id, Some(policy));
    }

    /// Carries out a write; with `None` the configuration is gone. A write
    /// that can't be saved has not happened.
    pub fn write(&mut self, id: &str, policy: Option<Value>) -> Result<(), SandboxError> {
        let before = (self.tenant.policies.clone(), self.document.clone());
        let previous = self.policy(id);
        self.store(id, policy);
        if self.save_on_write
            && self.path.is_some()
            && let Err(error) = self.save()
        {
            (self.tenant.policies, self.document) = before;
            return Err(error);
        }
        let key = self.key(id);
        if let Some(policy) = previous {
            let previous = Previous {
                policy,
                written: Instant::now(),
                reads: self.tenant.behavior.stale_reads,
            };
            self.previous.insert(key, previous);
        }
        self.last_modified = jiff::Timestamp::now().to_string();
        Ok(())
    }

    fn store(&mut self, id: &str, policy: Option<Value>) {
        let key = self.key(id);
        if let Some(document) = self.document.as_object_mut() {
            let policies = document
                .entry("policies")
                .or_insert_with(|| Map::new().into());
            if let Some(policies) = policies.as_object_mut() {
                put(policies, &key, policy.clone());
            }
        }
        put(&mut self.tenant.policies, &key, policy);
    }

    /// Writes the tenant to its file. A reader sees the old file or the new
    /// one, never a part.
    pub fn save(&mut self) -> Result<(), SandboxError> {
        let Some(path) = self.path.clone() else {
            return Err(SandboxError::NoFile);
        };
        let failed = |source| SandboxError::Write {
            path: path.clone(),
            source,
        };
        let held = fs::File::open(&path).map_err(failed)?;
        if held.metadata().map_err(failed)?.permissions().readonly() {
            return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
        }
        // One after the other, and each looks whether it is the first: two
        // programs may have one tenant open.
        held.lock().map_err(failed)?;
        let now = fs::read_to_string(&path).map_err(failed)?;
        if self.on_disk.as_ref().is_some_and(|known| *known != now) {
            return Err(SandboxError::Changed { path });
        }
        let text = format!("{:#}\n", self.document);
        replace_file(&path, text.as_bytes()).map_err(failed)?;
        self.on_disk = Some(text);
        Ok(())
    }
}

fn put(policies: &mut Map<String, Value>, key: &str, policy: Option<Value>) {
    match policy {
        Some(policy) => {
            policies.insert(key.to_owned(), policy);
        }
        None => {
            policies.shift_remove(key);
        }
    }
}

/// The type of a configuration that the tenant holds.
pub(super) fn type_of(id: &str, policy: &Value) -> &'static ObjectType {
    schema::type_of(id, policy.get("@odata.type").and_then(Value::as_str))
}

fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link stays a link: its target is what is replaced.
    let target = fs::canonicalize(path)?;
    let name = target
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let temporary = target.with_file_name(format!(".{name}.{}.tmp", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        file.set_permissions(fs::metadata(&target)?.permissions())?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    })();
    if written.is_err() {
        // The first error is the one to tell; a leftover is no second one.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn format_error(path: &Path, at: String, error: &serde_json::Error) -> SandboxError {
    // The position stands before the message already.
    let full = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&position).unwrap_or(&full).to_owned();
    SandboxError::Format {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        at,
        message,
    }
}
