//! What is written in text: distinguished names and OIDs.

/// A distinguished name with one space after each comma between its parts, and
/// with its attribute names in capitals. Commas that are escaped or inside
/// quotes part nothing.
pub(super) fn reformat_dn(dn: &str) -> String {
    let mut parts = vec![String::new()];
    let (mut escaped, mut quoted) = (false, false);
    for ch in dn.chars() {
        if ch == ',' && !escaped && !quoted {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(ch);
        }
        quoted ^= ch == '"' && !escaped;
        escaped = ch == '\\' && !escaped;
    }
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part.trim().split_once('=') {
            Some((name, value)) => {
                format!("{}={}", name.trim().to_ascii_uppercase(), value.trim())
            }
            None => part.trim().to_owned(),
        })
        .collect();
    parts.join(", ")
}

/// Whether text is numbers joined by dots, at least two.
pub(super) fn is_oid(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{is_oid, reformat_dn};

    #[test]
    fn names_are_taken_apart_at_their_commas_only() {
        for (sent, stored) in [
            (
                "cn=ContosoCA,DC=Contoso , dc=org ",
                "CN=ContosoCA, DC=Contoso, DC=org",
            ),
            (r"CN=Smith\, John,O=a", r"CN=Smith\, John, O=a"),
            (r#"CN="a,b",O=c"#, r#"CN="a,b", O=c"#),
            ("no name", "no name"),
            ("", ""),
        ] {
            assert_eq!(reformat_dn(sent), stored);
        }
    }

    #[test]
    fn oids_are_numbers_and_dots() {
        assert!(is_oid("1.2.3") && is_oid("2.5.29.32.0"));
        assert!(
            !is_oid("1") && !is_oid("1..2") && !is_oid("1.2.x") && !is_oid("") && !is_oid(" 1.2")
        );
    }
}
