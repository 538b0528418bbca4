//! The one value in which every command ends. Text, JSON and exit code are
//! functions of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Plan;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nothing to do. Of commands that read no tenant: done as asked.
    InSync,
    /// The tenant differs from the files.
    Changes,
    /// Written and read back.
    Applied,
    /// A guard that was not allowed stands in the way.
    Blocked,
    /// The command line, a file, a name or a saved plan is wrong.
    Invalid,
    /// The tenant could not be read or written, or an answer makes no sense.
    Unknown,
}

/// Whether the tenant was written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// No write was sent.
    #[default]
    No,
    /// At least one write took.
    Yes,
    /// The fate of a write could not be settled.
    Unknown,
}

/// Something that went wrong, or is worth knowing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Problem {
    /// Stable code, see `docs/findings.md`.
    pub code: String,
    /// What happened and what it means.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The file that it is about.
    pub file: Option<String>,
    /// Line in it, from 1.
    pub line: Option<usize>,
    /// Column in it, in characters from 1.
    pub column: Option<usize>,
    /// The property path or the request that it is about.
    pub resource: Option<String>,
    /// Graph's `request-id`, for Microsoft's support.
    pub request_id: Option<String>,
    /// Whether the same command may succeed later without a change.
    pub retryable: bool,
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Problem {
            code: code.to_owned(),
            message: message.into(),
            ..Problem::default()
        }
    }

    /// The same problem with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What the run cost at Graph, sign-in aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphUse {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Of these, repeated ones.
    pub retries: u64,
    /// Milliseconds from the first request to the last answer.
    pub milliseconds: u64,
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `entrue`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How a command ended, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Version of this format: `1.0`.
    pub format_version: String,
    /// The program.
    pub tool: Tool,
    /// The command that was run.
    pub command: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The process's exit code.
    pub exit_code: u8,
    /// Everything that stopped it.
    pub errors: Vec<Problem>,
    /// Everything worth knowing that did not stop it.
    pub warnings: Vec<Problem>,
    /// The plan; null where none was made.
    pub plan: Option<Plan>,
    /// Whether the tenant was written to.
    pub written: Written,
    /// Paths that still differ after an apply.
    pub remaining: Vec<String>,
    /// What a reset left, in Graph's JSON, where that is no known default. Only
    /// there where it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_left: Option<serde_json::Value>,
    /// The backup that an apply made; null where there is none.
    pub backup: Option<String>,
    /// What the run cost at Graph; null where no tenant was read.
    pub graph: Option<GraphUse>,
    /// Of an export: the baseline that it wrote, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Value>,
    /// Of an export: the codes that the baseline needs after `--allow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
}

/// The version of the report format.
pub const FORMAT_VERSION: &str = "1.0";

impl Report {
    /// A report of `command` that ended well and says nothing yet.
    pub fn new(command: &str) -> Self {
        Report {
            format_version: FORMAT_VERSION.to_owned(),
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            command: command.to_owned(),
            outcome: Outcome::InSync,
            exit_code: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
            plan: None,
            written: Written::No,
            remaining: Vec::new(),
            reset_left: None,
            backup: None,
            graph: None,
            baseline: None,
            allow: None,
        }
    }

    /// The same report with this outcome and the exit code that belongs to it.
    /// `differences` is the exit code for differences: 2, or 0 for a plan that
    /// was not asked to tell them by its code.
    pub fn ended(mut self, outcome: Outcome, differences: u8) -> Self {
        self.outcome = outcome;
        self.exit_code = match outcome {
            Outcome::InSync | Outcome::Applied => 0,
            Outcome::Changes => differences,
            Outcome::Blocked => 3,
            Outcome::Invalid => 1,
            Outcome::Unknown => 4,
        };
        self
    }
}
