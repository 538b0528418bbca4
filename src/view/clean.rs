//! Text from a file or a tenant must not act: no control characters, nothing
//! that turns the reading direction, no workflow commands of a CI system.

/// Whether a character is shown by its number instead of itself.
pub fn acts(ch: char) -> bool {
    ch.is_control()
        || matches!(ch,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// A text in one line that does nothing but be read.
///
/// GitHub's runner takes `::…` at the beginning of a line and `##[…` anywhere
/// for a command, Azure Pipelines' agent `##vso[…` anywhere. Each gets a
/// backslash, `::` behind any white space: a view may break the line there, and
/// the runner does not mind what it is indented with.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if acts(ch) {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(ch)));
        } else {
            out.push(ch);
        }
    }
    commands(&out)
}

/// The same for a text whose characters must keep their columns: each one that
/// acts becomes one that does not. Tabs stay, the renderer counts them.
pub fn source_line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|ch| {
            if ch != '\t' && acts(ch) {
                '\u{fffd}'
            } else {
                ch
            }
        })
        .collect();
    clean.replace("##", "#\u{fffd}")
}

fn commands(text: &str) -> String {
    let text = text.replace("##[", "#\\#[").replace("##vso[", "#\\#vso[");
    if !text.contains("::") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 1);
    let mut may_begin = true;
    for (index, ch) in text.char_indices() {
        out.push(ch);
        if may_begin && text[index..].starts_with("::") {
            out.push('\\');
        }
        may_begin = ch.is_whitespace();
    }
    out
}

/// JSON whose strings hold nothing that a CI system takes for a command. It
/// means the same: `#` has another spelling inside JSON strings, and stands
/// nowhere else.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.replace("##", "\\u0023\\u0023").chars() {
        if acts(ch) && ch != '\n' {
            let mut units = [0; 2];
            for unit in ch.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(ch);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_cannot_act() {
        for hostile in [
            "a\u{1b}[31mred",
            "a\rb",
            "a\nb",
            "\u{202e}abc",
            "x ##vso[task.complete]",
            "##[error]x",
            "::error::x",
            "where a line is broken ::error::x",
            " \u{3000}::error::x",
            "a\u{9b}1m",
            "a\u{2028}b",
        ] {
            let clean = line(hostile);
            assert!(!clean.chars().any(acts), "{clean:?}");
            assert!(
                !clean.contains("##vso[") && !clean.contains("##["),
                "{clean:?}"
            );
            let mut words = clean.split_whitespace();
            assert!(!words.any(|word| word.starts_with("::")), "{clean:?}");
            let kept = source_line(hostile);
            assert_eq!(kept.chars().count(), hostile.chars().count());
            assert!(!kept.chars().any(acts), "{kept:?}");
        }
        assert_eq!(line("Söhne & グループ #1"), "Söhne & グループ #1");
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({"a": "##vso[x]\u{202e}\u{e0001}\u{7f}", "b": "##"});
        let text = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.contains("##"));
        assert!(!text.chars().any(|ch| acts(ch) && ch != '\n'));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
