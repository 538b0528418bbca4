//! Distinguished names, as far as telling two spellings of one name apart from
//! two names needs it.
//!
//! The grammar is RFC 4514's, with what people and older tools write besides:
//! spaces around separators, `;` between RDNs (RFC 2253, section 4) and quoted
//! values (RFC 1779). Attribute types compare without case; values with case,
//! for no source says that the service ignores it, and a false "same" would
//! hide a change, where a false "different" only shows one.

/// The canonical spelling of a distinguished name; `None` if the text is none.
pub fn canonical(text: &str) -> Option<String> {
    let rdns = parse(text)?;
    let rdns: Vec<String> = rdns
        .into_iter()
        .map(|mut rdn| {
            rdn.sort();
            let parts: Vec<String> = rdn
                .iter()
                .map(|(kind, value)| format!("{kind}={}", escape(value)))
                .collect();
            parts.join("+")
        })
        .collect();
    Some(rdns.join(","))
}

type Rdn = Vec<(String, String)>;

fn parse(text: &str) -> Option<Vec<Rdn>> {
    let mut chars = text.trim().chars().peekable();
    let mut rdns = vec![Rdn::new()];
    loop {
        let mut kind = String::new();
        loop {
            match chars.next()? {
                '=' => break,
                ch if ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | ' ') => kind.push(ch),
                _ => return None,
            }
        }
        let kind = attribute_type(kind.trim())?;
        let (value, end) = value(&mut chars)?;
        rdns.last_mut()?.push((kind, value));
        match end {
            None => return Some(rdns),
            Some('+') => {}
            Some(_) => rdns.push(Rdn::new()),
        }
    }
}

fn attribute_type(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(' ') {
        return None;
    }
    let upper = text.to_ascii_uppercase();
    Some(upper.strip_prefix("OID.").unwrap_or(&upper).to_owned())
}

/// A value and the separator after it.
fn value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, Option<char>)> {
    while chars.peek() == Some(&' ') {
        chars.next();
    }
    let quoted = chars.peek() == Some(&'"');
    if quoted {
        chars.next();
    }
    // Escapes give octets of UTF-8, so text is gathered as bytes.
    let mut bytes: Vec<u8> = Vec::new();
    // How much of `bytes` an unescaped trailing space must not take away.
    let mut kept = 0;
    let mut buffer = [0; 4];
    loop {
        match chars.next() {
            None if quoted => return None,
            None => return finish(bytes, kept, None),
            Some('"') if quoted => {
                while chars.peek() == Some(&' ') {
                    chars.next();
                }
                kept = bytes.len();
                return match chars.next() {
                    None => finish(bytes, kept, None),
                    Some(end @ (',' | ';' | '+')) => finish(bytes, kept, Some(end)),
                    Some(_) => None,
                };
            }
            Some('\\') => {
                let first = chars.next()?;
                match (
                    first.to_digit(16),
                    chars.peek().and_then(|ch| ch.to_digit(16)),
                ) {
                    (Some(high), Some(low)) => {
                        chars.next();
                        bytes.push(u8::try_from(high * 16 + low).ok()?);
                    }
                    _ => bytes.extend(first.encode_utf8(&mut buffer).as_bytes()),
                }
                kept = bytes.len();
            }
            Some(end @ (',' | ';' | '+')) if !quoted => return finish(bytes, kept, Some(end)),
            Some(' ') if !quoted => bytes.push(b' '),
            Some(ch) => {
                bytes.extend(ch.encode_utf8(&mut buffer).as_bytes());
                kept = bytes.len();
            }
        }
    }
}

fn finish(mut bytes: Vec<u8>, kept: usize, end: Option<char>) -> Option<(String, Option<char>)> {
    bytes.truncate(kept);
    Some((String::from_utf8(bytes).ok()?, end))
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (index, ch) in value.chars().enumerate() {
        let at_edge = (index == 0 && matches!(ch, ' ' | '#')) || (index == last && ch == ' ');
        if at_edge || matches!(ch, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::canonical;

    #[test]
    fn spellings_of_one_name_are_one() {
        let name = canonical("CN=ContosoCA,DC=Contoso,DC=org").unwrap();
        for spelling in [
            "CN=ContosoCA,DC=Contoso,DC=org ",
            " cn = ContosoCA , dc=Contoso;DC=org",
            "CN=\"ContosoCA\", DC=Contoso, DC=org",
            "CN=Contoso\\43A,DC=Contoso,DC=org",
        ] {
            assert_eq!(canonical(spelling).unwrap(), name, "{spelling}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        let name = canonical("CN=ContosoCA,DC=Contoso,DC=org").unwrap();
        for other in [
            "DC=org,DC=Contoso,CN=ContosoCA",
            "CN=contosoca,DC=Contoso,DC=org",
            "CN=ContosoCA\\,DC\\=Contoso,DC=org",
            "CN=ContosoCA+DC=Contoso,DC=org",
        ] {
            assert_ne!(canonical(other).unwrap(), name, "{other}");
        }
        assert_ne!(canonical("CN=a\\ "), canonical("CN=a "));
    }

    #[test]
    fn attributes_of_one_rdn_have_no_order() {
        assert_eq!(canonical("CN=a+OU=b,O=c"), canonical("OU=b + CN=a, O=c"));
    }

    #[test]
    fn other_text_is_no_name() {
        for text in ["", "ContosoCA", "CN", "=a", "CN=a,", "CN=\"a", "CN=a\\"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
