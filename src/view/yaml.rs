//! Canonical YAML of a JSON value: one way to write each value, and text quoted
//! wherever any YAML reader could take it for something else.

use serde_json::Value;

use crate::baseline::scalar;

use super::clean;

/// A value as YAML, with a line break at its end.
pub fn render(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => {
            block(value, 0, &mut out);
        }
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut out),
        scalar => {
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) => {
            for (index, (key, value)) in members.iter().enumerate() {
                // The first key of a list entry stands behind its dash.
                if index > 0 || !out.ends_with("- ") {
                    out.push_str(&" ".repeat(indent));
                }
                out.push_str(&text(key));
                out.push(':');
                nested(value, indent + 2, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                match item {
                    Value::Object(members) if !members.is_empty() => block(item, indent + 2, out),
                    other => {
                        out.push_str(&inline(other));
                        out.push('\n');
                    }
                }
            }
        }
        _ => {}
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        block(value, indent, out);
    } else {
        out.push(' ');
        out.push_str(&inline(value));
        out.push('\n');
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        // A list inside a list occurs in no policy; flow style is YAML too.
        other => other.to_string(),
    }
}

/// A text, in double quotes unless it is plainly text.
pub fn text(string: &str) -> String {
    let mut chars = string.chars();
    let plain = chars
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric() || first == '_')
        && string.chars().all(|ch| {
            ch.is_alphanumeric()
                || matches!(ch, ' ' | '_' | '-' | '.' | '/' | '@' | '=' | ',' | '+')
        })
        && !string.ends_with(' ')
        && scalar::other_reading(string).is_none()
        && scalar::read(string) == crate::baseline::tree::Value::Text(string.to_owned());
    if plain {
        return string.to_owned();
    }
    quoted(string)
}

/// A text in double quotes. What could act where it is shown has its number.
pub fn quoted(string: &str) -> String {
    let mut out = String::from("\"");
    let mut before = ' ';
    for ch in string.chars() {
        match ch {
            '"' | '\\' => {
                out.push('\\');
                out.push(ch);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // CI systems take `##[` and `##vso[` for commands.
            '#' if before == '#' => out.push_str("\\x23"),
            ch if clean::acts(ch) && u32::from(ch) > 0xffff => {
                out.push_str(&format!("\\U{:08X}", u32::from(ch)));
            }
            ch if clean::acts(ch) => out.push_str(&format!("\\u{:04X}", u32::from(ch))),
            ch => out.push(ch),
        }
        before = ch;
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn every_reader_reads_back_what_was_written() {
        let value = json!({
            "a": ["yes", "1.2", "010", "x: y", "- z", "# c", "null", "", " a ", "グループ", "a\"b\\c\nd", "12:30", "~", "\u{2028}", "\u{0}\u{7f}\r", "\u{ffff}", "\u{e0001}", "###[x"],
            "empty": [], "none": {}, "flag": true, "number": 7,
            "list": [{"Id": "x", "Inner": [{"y": "z"}]}, {"Id": "CN=a,DC=b"}]
        });
        let text = render(&value);
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
        let source = crate::baseline::source::Source::new("x", text.clone());
        let (documents, findings) = crate::baseline::yaml::parse(&source);
        assert!(findings.is_empty(), "{findings:?}\n{text}");
        assert_eq!(documents.len(), 1);
    }
}
