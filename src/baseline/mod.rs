//! Baseline files: found, parsed into one tree with spans, checked whole.
//!
//! Nothing here looks at a tenant. Every finding is gathered, not only the
//! first, and each knows its file, line and column.

mod cross;
mod duplicates;
mod envelope;
pub mod find;
mod judge;
pub mod scalar;
pub mod schema;
pub mod secret;
pub mod shape;
pub mod source;
pub mod tree;
pub mod walk;
pub mod yaml;

use std::sync::Arc;

use crate::core::codes;
use crate::core::finding::{At, Finding};
use crate::core::spec::{Object, PolicySpec};

pub use judge::judge;

use source::{Source, Span};
use tree::{Node, Value};

/// A finding and its place.
#[derive(Clone, Debug)]
pub struct Found {
    /// What was found.
    pub finding: Finding,
    /// Where; `None` where it is about no file.
    pub place: Option<Place>,
}

/// A place in a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file; without a line where only its name is known.
    pub source: Arc<Source>,
    /// The stretch of it.
    pub span: Span,
}

/// One policy as it is declared.
#[derive(Debug)]
pub struct Declared {
    /// The policy's table.
    pub spec: &'static PolicySpec,
    /// What the baseline calls it.
    pub display_name: Option<String>,
    /// Whether the tenant's default is wanted.
    pub absent: bool,
    /// The declared properties without `Id` and `Ensure`, names not yet resolved.
    pub properties: Object,
    /// The tenant that the baseline asserts, as written.
    pub tenant: Option<String>,
    /// Warnings that are about this policy, as paths of its properties.
    pub findings: Vec<Finding>,
    source: Arc<Source>,
    entry: Span,
    node: Node,
}

/// All that the given paths hold.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The policies, in the order of the files.
    pub policies: Vec<Declared>,
    /// Everything that was found, in the order of the files.
    pub findings: Vec<Found>,
    /// Files of folders that are no baselines.
    pub skipped: Vec<String>,
    /// The baselines read.
    pub baselines: usize,
}

impl Declared {
    /// The file and the line of the resource.
    pub fn line(&self) -> (String, usize) {
        let (line, _) = self.source.position(self.entry.start);
        (self.source.name.clone(), line)
    }

    /// The place of a part of its properties, or of what is nearest to it.
    pub fn place(&self, way: &[At]) -> Place {
        let mut node = &self.node;
        let mut span = node.span;
        for step in way {
            let next = match (step, &node.value) {
                (At::Key(key), Value::Map(_)) => node.member(key).map(|member| &member.node),
                (At::Index(index), Value::List(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
            span = node.span;
        }
        // A whole list or mapping is pointed at by its first line.
        Place {
            source: self.source.clone(),
            span,
        }
    }
}

/// Reads and checks everything that the paths name.
pub fn load(paths: &[String]) -> Loaded {
    check(find::find(paths))
}

/// Checks a baseline that is in memory, as if a file of this name held it.
pub fn load_bytes(name: &str, bytes: Vec<u8>) -> Loaded {
    let file = find::File {
        name: name.to_owned(),
        bytes,
        from_folder: false,
    };
    check(find::Files {
        files: vec![file],
        findings: Vec::new(),
        yields: vec![(name.to_owned(), vec![0])],
    })
}

fn check(found: find::Files) -> Loaded {
    let mut loaded = Loaded::default();
    for (name, finding) in found.findings {
        let place = Some(Place {
            source: Arc::new(Source::new(name, "")),
            span: Span::default(),
        });
        loaded.findings.push(Found { finding, place });
    }
    let mut holds = Vec::new();
    for file in found.files {
        let before = (loaded.baselines, loaded.findings.len());
        read(file, &mut loaded);
        holds.push(before != (loaded.baselines, loaded.findings.len()));
    }
    for (path, files) in found.yields {
        let nothing = files
            .iter()
            .all(|index| !holds.get(*index).is_some_and(|holds| *holds));
        if nothing && (!files.is_empty() || std::path::Path::new(&path).is_dir()) {
            let message = format!("no baseline was found in `{path}`");
            let finding = Finding::new(&codes::NO_BASELINE, "", message)
                .hint("a baseline is a YAML file with `resources` at its top level");
            loaded.findings.push(Found {
                finding,
                place: None,
            });
        }
    }
    once(&mut loaded);
    loaded
}

fn read(file: find::File, loaded: &mut Loaded) {
    let text = match decode(&file.bytes) {
        Ok(text) => text,
        Err((code, message)) => {
            let place = Some(Place {
                source: Arc::new(Source::new(file.name, "")),
                span: Span::default(),
            });
            let finding = Finding::new(code, "", message).hint("save it as UTF-8 text");
            loaded.findings.push(Found { finding, place });
            return;
        }
    };
    let source = Arc::new(Source::new(file.name, text));
    let (documents, mut pointed) = yaml::parse(&source);
    if pointed.is_empty() {
        pointed.extend(cross::check(&source, &documents));
    }
    let holds_baseline = documents
        .iter()
        .any(|document| document.member("resources").is_some());
    if file.from_folder && pointed.is_empty() && !holds_baseline {
        loaded.skipped.push(source.name.clone());
        return;
    }
    if documents.is_empty() && pointed.is_empty() {
        let finding = Finding::new(&codes::NO_BASELINE, "", "the file holds no baseline");
        pointed.push((finding, Span::default()));
    }
    for document in &documents {
        loaded.baselines += 1;
        let policies = envelope::read(&source, document, &mut pointed);
        loaded.policies.extend(policies);
    }
    pointed.sort_by_key(|(_, span)| span.start);
    loaded
        .findings
        .extend(pointed.into_iter().map(|(finding, span)| Found {
            finding,
            place: Some(Place {
                source: source.clone(),
                span,
            }),
        }));
}

fn decode(bytes: &[u8]) -> Result<&str, (&'static crate::core::finding::Code, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        let message =
            format!("not UTF-8 text: line {line} holds a byte that no character begins with");
        (&codes::FILE_ENCODING, message)
    })?;
    let odd = |ch: char| ch.is_control() && !matches!(ch, '\n' | '\r' | '\t');
    if let Some(at) = text.find(odd) {
        let line = text[..at].split('\n').count();
        let message = format!("not plain text: line {line} holds a control character");
        return Err((&codes::FILE_ENCODING, message));
    }
    Ok(text)
}

/// A policy may be declared once over all files.
fn once(loaded: &mut Loaded) {
    let mut more = Vec::new();
    for (index, policy) in loaded.policies.iter().enumerate() {
        let first = loaded.policies[..index]
            .iter()
            .find(|earlier| std::ptr::eq(earlier.spec, policy.spec));
        if let Some(first) = first {
            let (file, line) = first.line();
            let finding = Finding::new(
                &codes::DUPLICATE_POLICY,
                "Id",
                format!("`{}` is declared in {file}:{line} already", policy.spec.id),
            )
            .hint("a policy has one declaration; put the two together");
            more.push(Found {
                finding,
                place: Some(policy.place(&["Id".into()])),
            });
        }
    }
    loaded.findings.extend(more);
}
