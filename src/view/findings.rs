//! Findings for people: code, place, what is wrong, the line with a caret, a hint.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::baseline::secret;
use crate::baseline::{Found, Place};
use crate::core::finding::{Finding, Severity};
use crate::core::report::Problem;

use super::{Look, clean};

/// The renderer shows a window of a line that does not fit; a line longer than
/// this is cut before, so that no input makes it work hard.
const LONG: usize = 400;

/// The longest path that stands beside its caret instead of on a line of its own.
const LABEL: usize = 36;

/// All findings, one after the other, each with its line.
pub fn render(found: &[Found], look: Look) -> String {
    let mut out = String::new();
    let mut masks: Vec<(*const crate::baseline::source::Source, Vec<Option<usize>>)> = Vec::new();
    for one in found {
        let mask = one.place.as_ref().map(|place| {
            let key = std::sync::Arc::as_ptr(&place.source);
            let known = masks.iter().position(|(source, _)| *source == key);
            let index = known.unwrap_or_else(|| {
                masks.push((key, secret::mask(&place.source.text)));
                masks.len() - 1
            });
            masks[index].1.as_slice()
        });
        out.push_str(&block(one, mask.unwrap_or_default(), look));
        out.push_str("\n\n");
    }
    out
}

fn block(found: &Found, mask: &[Option<usize>], look: Look) -> String {
    let Finding {
        code,
        severity,
        kind: _,
        allowable,
        allowed,
        path,
        message,
        hint,
    } = &found.finding;
    let level = match (severity, allowed) {
        (Severity::Error, false) => Level::ERROR,
        (Severity::Warning, _) => Level::WARNING,
        _ => Level::NOTE,
    };
    let message = titled(message, code, look);
    let title = level.primary_title(message).id(code.clone());
    let mut group = Group::with_title(title);
    let shown;
    if let Some(place) = &found.place {
        let (line, column) = place.source.position(place.span.start);
        if place.source.text.is_empty() {
            group = group.element(annotate_snippets::Origin::path(clean::line(
                &place.source.name,
            )));
        } else {
            shown = window(place, line, mask);
            let (text, start, end, before) = &shown;
            let label = clean::line(path);
            let annotation = AnnotationKind::Primary.span(*start..*end);
            // A long path would run out of the terminal behind the caret.
            let beside = !label.is_empty() && label.chars().count() <= LABEL;
            let annotation = if beside {
                annotation.label(label.clone())
            } else {
                annotation
            };
            let file = clean::line(&place.source.name);
            // The renderer counts columns in the text that it is given, so what
            // a window cuts off in front would be missing from the place.
            if *before > 0 {
                let origin = annotate_snippets::Origin::path(file)
                    .line(line)
                    .char_column(column);
                group = group.element(origin);
                group = group.element(
                    Snippet::source(text)
                        .line_start(line)
                        .annotation(annotation),
                );
            } else {
                let snippet = Snippet::source(text).line_start(line).path(file);
                group = group.element(snippet.annotation(annotation));
            }
        }
    }
    let beside = found.place.is_some() && path.chars().count() <= LABEL;
    if !path.is_empty() && !beside {
        group = group.element(Level::NOTE.message(format!("at {}", clean::line(path))));
    }
    if let Some(hint) = hint {
        let hint = lines(hint, look.width.saturating_sub(12));
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    if *allowed {
        group = group.element(Level::NOTE.message("allowed by `--allow`"));
    } else if *allowable {
        let note = format!("`--allow {code}` accepts it as it is");
        group = group.element(Level::NOTE.message(note));
    }
    let renderer = if look.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(look.width);
    renderer.render(&[group]).trim_end().to_owned()
}

/// The line that is shown, with the bytes to point at in it, and how many
/// characters were cut off in front.
fn window(place: &Place, line: usize, mask: &[Option<usize>]) -> (String, usize, usize, usize) {
    const MASK: &str = "[hidden]";
    let whole = place.source.line(line);
    let (_, column) = place.source.position(place.span.start);
    let (_, end_column) = place.source.position(place.span.end);
    let (end_line, _) = place.source.position(place.span.end);
    let hidden = mask.get(line - 1).copied().flatten();
    let visible = match hidden {
        Some(upto) => whole.get(..upto).unwrap_or_default(),
        None => whole,
    };
    let mut chars: Vec<char> = clean::source_line(visible).chars().collect();
    if hidden.is_some() {
        chars.push(' ');
        chars.extend(MASK.chars());
    }
    let last = chars.len();
    let start = (column - 1).min(last);
    let end = if end_line > line {
        whole.chars().count()
    } else {
        end_column - 1
    };
    let end = end.clamp(start, last).max(start);
    let mut from = 0;
    if last > LONG {
        from = start.saturating_sub(20);
    }
    let to = last.min(from + LONG);
    let end = end.min(to).max(start);
    let mut text = String::new();
    if from > 0 {
        text.push_str("... ");
    }
    let lead = text.len();
    let bytes = |chars: &[char]| chars.iter().map(|ch| ch.len_utf8()).sum::<usize>();
    let (at, until) = (
        lead + bytes(&chars[from..start]),
        lead + bytes(&chars[from..end]),
    );
    text.extend(&chars[from..to]);
    if to < last {
        text.push_str(" ...");
    }
    // A caret needs something to stand under.
    if at >= text.len() {
        text.push(' ');
    }
    let until = until.max(at + text[at..].chars().next().map_or(0, char::len_utf8));
    (text, at, until, from)
}

/// A problem that is about no place in a file.
pub fn problem(problem: &Problem, severity: Severity, look: Look) -> String {
    let Problem {
        code,
        message,
        hint,
        resource,
        request_id,
        ..
    } = problem;
    let message = titled(message, code, look);
    let level = if severity == Severity::Error {
        Level::ERROR
    } else {
        Level::WARNING
    };
    let mut group = Group::with_title(level.primary_title(message).id(code.clone()));
    if let Some(resource) = resource
        .as_ref()
        .filter(|one| !problem.message.contains(*one))
    {
        group = group.element(
            Level::NOTE
                .no_name()
                .message(format!("at {}", clean::line(resource))),
        );
    }
    if let Some(id) = request_id {
        group = group.element(
            Level::NOTE
                .no_name()
                .message(format!("request-id {}", clean::line(id))),
        );
    }
    if let Some(hint) = hint {
        let hint = lines(hint, look.width.saturating_sub(12));
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    let renderer = if look.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group]) + "\n\n"
}

/// A message that fits beside `error[code]: `; the renderer indents its further
/// lines as far.
fn titled(message: &str, code: &str, look: Look) -> String {
    let room = look.width.saturating_sub(code.chars().count() + 12);
    wrap(&clean::line(message), room.max(30))
}

/// A text that may have lines of its own, each cleaned and wrapped.
pub fn lines(text: &str, width: usize) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| wrap(&clean::line(line), width))
        .collect();
    lines.join("\n")
}

/// Breaks a text between words so that no line is longer than `width`.
pub fn wrap(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}
