//! What entrue has to say about a file or a plan, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stops the command, unless it is allowable and allowed.
    Error,
    /// Worth a look; stops nothing.
    Warning,
    /// Says what a change means; asks for nothing.
    Note,
}

impl Severity {
    /// The word that is printed and serialised.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Where a finding comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The file, or what it names, is not well formed. Can never be allowed.
    Structural,
    /// Well formed, but wrong or dangerous unless somebody says that it is meant.
    Judgement,
    /// Found on the finished plan: what the change would do to people who sign in.
    Guard,
}

/// A stable code with its fixed traits. The list of all of them is
/// [`crate::core::codes::ALL`], and each has a paragraph in `docs/findings.md`.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The word that users write after `--allow` and search for in logs.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Where it comes from.
    pub kind: Kind,
    /// Whether `--allow` may name it.
    pub allowable: bool,
}

/// One finding, complete enough to be read without its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable code, see `docs/findings.md`.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Where it comes from.
    pub kind: Kind,
    /// Whether `--allow CODE` can set it aside.
    pub allowable: bool,
    /// Whether it was set aside in this run.
    pub allowed: bool,
    /// The property that it is about: a path in the file, or a path of the plan.
    pub path: String,
    /// What is wrong or worth knowing, with what is allowed instead.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding of this code.
    pub fn new(code: &Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Finding {
            code: code.name.to_owned(),
            severity: code.severity,
            kind: code.kind,
            allowable: code.allowable,
            allowed: false,
            path: path.into(),
            message: message.into(),
            hint: None,
        }
    }

    /// The same finding with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it stops the command.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && !self.allowed
    }

    /// Sets it aside if it can be and `codes` names it.
    pub fn allow(&mut self, codes: &[String]) {
        if self.allowable && codes.iter().any(|code| code == &self.code) {
            self.allowed = true;
        }
    }
}

/// A step from a declaration down to the part that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// Into the member of this name.
    Key(String),
    /// Into the list entry at this index, from 0.
    Index(usize),
}

impl From<&str> for At {
    fn from(key: &str) -> Self {
        At::Key(key.to_owned())
    }
}

impl From<usize> for At {
    fn from(index: usize) -> Self {
        At::Index(index)
    }
}

/// Writes the way down as people write it: `IncludeTargets[0].Id`.
pub fn show_way(way: &[At]) -> String {
    let mut text = String::new();
    for step in way {
        match step {
            At::Key(key) if text.is_empty() => text.push_str(key),
            At::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            At::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Findings about one declaration, each with the way to its part below `properties`.
#[derive(Debug, Default)]
pub struct Checks {
    /// Way and finding, in the order found.
    pub found: Vec<(Vec<At>, Finding)>,
}

impl Checks {
    /// Adds a finding about the part at `way`.
    pub fn add(&mut self, code: &Code, way: Vec<At>, message: impl Into<String>) -> &mut Finding {
        let finding = Finding::new(code, show_way(&way), message);
        self.found.push((way, finding));
        let last = self.found.len() - 1;
        &mut self.found[last].1
    }
}

/// Builds the way to a part: `way!["IncludeTargets", 0, "Id"]`.
#[macro_export]
macro_rules! way {
    ($($step:expr),* $(,)?) => { vec![$($crate::core::finding::At::from($step)),*] };
}
