//! Secrets do not belong in a baseline, and where one stands in it all the same,
//! it must not be printed.

/// Parts of keys under which people keep secrets.
const PARTS: &[&str] = &[
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "token",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "clientkey",
    "connectionstring",
    "assertion",
];

/// Whether a key looks as if a secret stood behind it.
pub fn looks_secret(key: &str) -> bool {
    let bare: String = key
        .chars()
        .filter(|ch| ch.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    PARTS.iter().any(|part| bare.contains(part))
}

/// How much of each line may be printed: all of it (`None`), or so many bytes.
///
/// Works on text, not on the tree, for it must also hold where the text is not
/// YAML. It would rather hide too much: everything after the key, every deeper
/// line below it, and the rest of the file behind an open bracket or quote.
pub fn mask(text: &str) -> Vec<Option<usize>> {
    let mut masked = Vec::new();
    let mut hiding = Hiding::Nothing;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let blank = line.trim().is_empty();
        match &hiding {
            Hiding::Deeper(than) if !blank && indent <= *than => hiding = Hiding::Nothing,
            Hiding::Nothing => {}
            Hiding::Deeper(_) | Hiding::All => {
                masked.push(Some(0));
                continue;
            }
            Hiding::Until(quote) => {
                masked.push(Some(0));
                if line.contains(*quote) {
                    hiding = Hiding::Nothing;
                }
                continue;
            }
        }
        let Some(end) = secret_key_end(line) else {
            masked.push(None);
            continue;
        };
        masked.push(Some(end));
        let rest = line[end..].trim_start_matches([':', '=', ' ', '\t']);
        let opening = line.matches(['{', '[']).count();
        let closing = line.matches(['}', ']']).count();
        let quote = rest.chars().next().filter(|ch| matches!(ch, '"' | '\''));
        hiding = match quote {
            _ if opening > closing => Hiding::All,
            Some(quote) if rest[1..].matches(quote).count() == 0 => Hiding::Until(quote),
            _ => Hiding::Deeper(indent),
        };
    }
    masked
}

enum Hiding {
    Nothing,
    /// Lines that are indented deeper than this, and blank ones.
    Deeper(usize),
    /// Up to the line that holds this quote.
    Until(char),
    All,
}

/// The byte after the first key of a line that looks like a secret's.
fn secret_key_end(line: &str) -> Option<usize> {
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | ' ');
    for (index, _) in line.match_indices([':', '=']) {
        let before = line[..index].trim_end().trim_end_matches(['"', '\'']);
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, ch)| is_word(*ch))
            .last()
            .map_or(before.len(), |(start, _)| start);
        if looks_secret(&before[start..]) {
            return Some(index);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let lines = text.lines().zip(mask(text));
        let shown: Vec<&str> = lines
            .map(|(line, upto)| upto.map_or(line, |upto| &line[..upto]))
            .collect();
        shown.join("\n")
    }

    #[test]
    fn nothing_of_a_secret_is_left() {
        for text in [
            "ClientSecret: hunter2",
            "\"client_secret\" : \"hunter2\"",
            "a: {b: 1, Password: hunter2}",
            "- api-key: hunter2",
            "token=hunter2",
            "Password: |\n  hunter2\n\n  hunter2\nb: 1",
            "Password: \"a\nhunter2\"\nb: 1",
            "a: {Password:\nhunter2}",
            "Password:\n    - hunter2\n",
            "# the password: hunter2",
        ] {
            assert!(!shown(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn other_lines_stay_readable() {
        let text = "a: 1\nPassword: x\nb: 2";
        assert_eq!(shown(text), "a: 1\nPassword\nb: 2");
        assert!(!looks_secret("SubjectKeyIdentifier"));
        assert!(!looks_secret("PublicKeyInfrastructureIdentifier"));
    }
}
