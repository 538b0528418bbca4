//! YAML 1.2 text into trees, strictly: what another reader could take for
//! something else is refused instead of interpreted.

use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Tag};

use crate::core::codes;
use crate::core::finding::{Code, Finding};

use super::scalar;
use super::source::{Source, Span};
use super::tree::{Member, Node, Value};

/// Nesting that no baseline comes near.
const DEPTH_MAX: usize = 48;
/// Nodes of all documents of a file, aliases expanded.
const NODES_MAX: usize = 1_000_000;

/// A finding and where it points.
pub type Pointed = (Finding, Span);

/// The documents of a source that hold anything, and what is wrong with the text.
pub fn parse(source: &Source) -> (Vec<Node>, Vec<Pointed>) {
    let mut builder = Builder::default();
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(&source.text, options);
    for event in parser {
        match event {
            Ok((event, span)) => {
                let span = bytes(source, &span);
                if !builder.take(event, span) {
                    return (Vec::new(), builder.findings);
                }
            }
            Err(error) => {
                let mut start = error.marker().byte_offset().unwrap_or(source.text.len());
                // The reader stops before the line whose indentation it cannot take.
                let rest = source.text.get(start..).unwrap_or_default();
                if error.info().contains("tab")
                    && let Some(tab) = rest.find("\n\t")
                {
                    start += tab + 1;
                }
                let span = Span { start, end: start };
                match error.kind() {
                    ErrorKind::RecursionLimitExceeded => builder.too_deep(span),
                    _ => {
                        let message = format!("the YAML cannot be read: {}", error.info());
                        builder.report(&codes::YAML_SYNTAX, span, message, None);
                    }
                }
                return (Vec::new(), builder.findings);
            }
        }
    }
    (builder.documents, builder.findings)
}

fn bytes(source: &Source, span: &granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or(0..0);
    let end = range.end.min(source.text.len());
    let start = range.start.min(end);
    // The parser lets a block end where the next thing starts; a finding should
    // not underline the space between.
    let text = source.text.get(start..end).unwrap_or_default();
    Span {
        start,
        end: start + text.trim_end().len(),
    }
}

enum Frame {
    List {
        span: Span,
        items: Vec<Node>,
        anchor: usize,
    },
    Map {
        span: Span,
        members: Vec<Member>,
        seen: HashSet<String>,
        key: Key,
        anchor: usize,
    },
}

/// The key that waits for its value.
#[derive(Default)]
enum Key {
    #[default]
    None,
    Waits(String, Span),
    /// Given before; its value is read and dropped.
    Repeated,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    findings: Vec<Pointed>,
}

impl Builder {
    fn report(&mut self, code: &Code, span: Span, message: impl Into<String>, hint: Option<&str>) {
        let mut finding = Finding::new(code, "", message);
        finding.hint = hint.map(str::to_owned);
        self.findings.push((finding, span));
    }

    /// Takes an event in; false where there is no use in going on.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.scalar(&text, style, anchor, span)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.open(
                    Frame::List {
                        span,
                        items: Vec::new(),
                        anchor,
                    },
                    span,
                )
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                let (members, seen) = (Vec::new(), HashSet::new());
                self.open(
                    Frame::Map {
                        span,
                        members,
                        seen,
                        key: Key::None,
                        anchor,
                    },
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::DocumentEnd => {
                self.anchors.clear();
                true
            }
            _ => true,
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, span: Span) {
        if tag.is_some() {
            self.report(
                &codes::YAML_AMBIGUOUS,
                span,
                "a YAML tag (`!…`) stands before this value, and readers differ in what it does",
                Some("take the tag away; quote text that must stay text"),
            );
        }
    }

    fn open(&mut self, frame: Frame, span: Span) -> bool {
        if self.frames.len() >= DEPTH_MAX {
            self.too_deep(span);
            return false;
        }
        if let Some(Frame::Map { key: Key::None, .. }) = self.frames.last() {
            self.report(
                &codes::WRONG_TYPE,
                span,
                "a key must be text, not a list or a mapping",
                None,
            );
            return false;
        }
        self.frames.push(frame);
        true
    }

    fn close(&mut self, end: Span) -> bool {
        match self.frames.pop() {
            Some(Frame::List {
                span,
                items,
                anchor,
            }) => self.place(
                Value::List(items),
                Span {
                    end: end.end.max(span.end),
                    ..span
                },
                anchor,
            ),
            Some(Frame::Map {
                span,
                members,
                anchor,
                ..
            }) => self.place(
                Value::Map(members),
                Span {
                    end: end.end.max(span.end),
                    ..span
                },
                anchor,
            ),
            None => true,
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: Span) -> bool {
        let plain = style == ScalarStyle::Plain;
        if plain && text == "<<" {
            self.report(
                &codes::YAML_AMBIGUOUS,
                span,
                "`<<` is a merge key for some YAML readers and a plain key for others",
                Some("write the members out"),
            );
        } else if let Some(reading) = plain.then(|| scalar::other_reading(text)).flatten() {
            self.report(
                &codes::YAML_AMBIGUOUS,
                span,
                format!("`{text}` is {reading} for some YAML readers and not for others"),
                Some("put it in quotes if it is text; write a number in plain decimal"),
            );
        }
        if let Some(Frame::Map {
            seen,
            key: key @ Key::None,
            ..
        }) = self.frames.last_mut()
        {
            if seen.contains(text) {
                *key = Key::Repeated;
                self.report(
                    &codes::DUPLICATE_KEY,
                    span,
                    format!("the key `{text}` stands in this mapping twice"),
                    Some("keep one of the two; readers differ in which one they take"),
                );
            } else {
                seen.insert(text.to_owned());
                *key = Key::Waits(text.to_owned(), span);
            }
            return true;
        }
        let value = if plain {
            scalar::read(text)
        } else {
            Value::Text(text.to_owned())
        };
        self.place(value, span, anchor)
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        if let Some(Frame::Map { key: Key::None, .. }) = self.frames.last() {
            self.report(
                &codes::WRONG_TYPE,
                span,
                "a key must be text, not an alias",
                None,
            );
            return false;
        }
        let Some((node, size)) = self.anchors.get(&id) else {
            self.report(
                &codes::YAML_LIMIT,
                span,
                "an alias inside its own anchor has no end",
                None,
            );
            return false;
        };
        // Counted before it is copied, so that an alias bomb never grows.
        if self.nodes + size > NODES_MAX {
            self.limit(span);
            return false;
        }
        self.nodes += size - 1;
        let value = node.value.clone();
        self.place(value, span, 0)
    }

    fn too_deep(&mut self, span: Span) {
        self.report(
            &codes::YAML_LIMIT,
            span,
            format!("nested more than {DEPTH_MAX} levels deep; no baseline needs that"),
            None,
        );
    }

    fn limit(&mut self, span: Span) {
        self.report(
            &codes::YAML_LIMIT,
            span,
            format!("more than {NODES_MAX} values, aliases expanded; no baseline needs that"),
            None,
        );
    }

    fn place(&mut self, value: Value, span: Span, anchor: usize) -> bool {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.limit(span);
            return false;
        }
        let node = Node { span, value };
        if anchor != 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
            self.nodes += size;
        }
        match self.frames.last_mut() {
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { members, key, .. }) => {
                if let Key::Waits(key, key_span) = std::mem::take(key) {
                    members.push(Member {
                        key,
                        key_span,
                        node,
                    });
                }
            }
            None => {
                if node.value != Value::Null {
                    self.documents.push(node);
                }
            }
        }
        true
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(members) => members.iter().map(|member| size(&member.node)).sum(),
        _ => 0,
    }
}
