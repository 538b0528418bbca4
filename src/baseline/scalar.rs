//! Plain scalars: what YAML 1.2's core schema makes of them, and whether a
//! YAML 1.1 reader would make something else of the same text.

use super::tree::Value;

/// The value of an unquoted text (YAML 1.2.2, section 10.3.2).
pub fn read(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Value::Int(text.parse().ok());
    }
    if is_float(digits) {
        return text
            .parse()
            .map_or_else(|_| Value::Text(text.to_owned()), Value::Float);
    }
    Value::Text(text.to_owned())
}

fn is_float(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        !text.is_empty() && all_digits(text)
    });
    all_digits(whole)
        && fraction.is_none_or(all_digits)
        && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
        && exponent_fits
        && (exponent.is_some() || fraction.is_some())
}

/// What another YAML reader takes an unquoted text for, where readers differ:
/// the types of YAML 1.1 that 1.2 dropped, and the other way round.
pub fn other_reading(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "y" | "n") {
        return Some("a Boolean");
    }
    if matches!(lower.as_str(), ".inf" | "-.inf" | "+.inf" | ".nan") {
        return Some("a number");
    }
    if text == "=" {
        return Some("a default value");
    }
    let digits = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    if !digits.starts_with(|ch: char| ch.is_ascii_digit() || ch == '.') {
        return None;
    }
    let of = |set: &str| digits.chars().all(|ch| set.contains(ch));
    if digits.starts_with("0x") || digits.starts_with("0o") || digits.starts_with("0b") {
        return digits[2..]
            .chars()
            .all(|ch| ch.is_ascii_hexdigit() || ch == '_')
            .then_some("a number in another base");
    }
    if of("0123456789") && digits.len() > 1 && digits.starts_with('0') {
        return Some("an octal number");
    }
    if digits.contains('_') && of("0123456789_.") {
        return Some("a number with separators");
    }
    if digits.contains(':') && of("0123456789_:.") {
        return Some("a number in base 60");
    }
    if is_date(digits) {
        return Some("a date");
    }
    // YAML 1.1 wants a dot in a number with an exponent, and a digit before it.
    let exponent = digits.contains('e') && of("0123456789.e+-");
    if exponent && is_float(digits) {
        return Some("a number");
    }
    None
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let part = |text: Option<&str>, most: usize| {
        text.is_some_and(|text| {
            let digits = text.chars().take_while(char::is_ascii_digit).count();
            (1..=most).contains(&digits)
        })
    };
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    year.is_some_and(|year| year.len() == 4)
        && part(year, 4)
        && month.is_some_and(|text| text.len() <= 2)
        && part(month, 2)
        && part(day, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_reads_as_the_core_schema_says() {
        for (text, value) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("true", Value::Bool(true)),
            ("-17", Value::Int(Some(-17))),
            ("99999999999999999999", Value::Int(None)),
            ("1.2", Value::Float(1.2)),
            ("1.2.3.4", Value::Text("1.2.3.4".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
            (".", Value::Text(".".into())),
            ("CBA Pilot", Value::Text("CBA Pilot".into())),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
    }

    #[test]
    fn text_that_readers_differ_on_is_named() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "010",
            "-007",
            "1_000",
            "0x1F",
            "0o17",
            "0b11",
            "12:30",
            "190:20:30",
            "2026-11-22",
            "1e3",
            ".inf",
            ".NaN",
            "=",
        ] {
            assert!(other_reading(text).is_some(), "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_not_doubted() {
        for text in [
            "1.2.3.4",
            "0",
            "10",
            "-1",
            "1.5",
            "true",
            "null",
            "all_users",
            "enabled",
            "1.2.840.113549",
            "72f988bf-86f1-41af-91ab-2d7cd011db47",
            "0a:1b:2c",
            "0A1B",
            "note",
            "CN=a,DC=b",
            "e3",
            "3com",
        ] {
            assert!(other_reading(text).is_none(), "{text}");
        }
    }
}
