//! Values compare as what they are, not as they happen to be spelt.

use super::dn;
use super::spec::Object;

/// How two texts of a property compare.
#[derive(Clone, Copy, Debug)]
pub enum Compare {
    /// As text without white space around it.
    Trimmed,
    /// As one of these words without case; the words are the current spelling.
    /// Other words, which a service may have grown, compare without case too.
    Word(&'static [&'static str]),
    /// As a set of these words, joined by commas as Graph writes flags.
    Flags(&'static [&'static str]),
    /// As a GUID: without case.
    Guid,
    /// As hexadecimal digits without case and separators.
    Hex,
    /// As a distinguished name: by its parsed RDNs.
    Dn,
    /// As an object identifier: by its arcs.
    Oid,
    /// As a reference to the directory: an object id, `all_users`, or a display
    /// name. The sibling of this name says what is referred to; a group if it
    /// says nothing. The property's off value refers to nobody.
    Group(&'static str),
    /// As the word of a sibling says.
    By(&'static ByWord),
}

/// How a text compares depends on the word of a sibling property.
#[derive(Debug)]
pub struct ByWord {
    /// The sibling.
    pub property: &'static str,
    /// Its words and what they mean for the comparison; otherwise as trimmed text.
    pub cases: &'static [(&'static str, Compare)],
}

impl Compare {
    /// The canonical spelling: two texts mean the same exactly if theirs are equal.
    pub fn key(&self, text: &str, siblings: &Object) -> String {
        let trimmed = text.trim();
        match self {
            Compare::Trimmed => trimmed.to_owned(),
            Compare::Word(words) => word(words, trimmed),
            Compare::Flags(words) => {
                let mut flags: Vec<String> = trimmed
                    .split(',')
                    .map(|flag| word(words, flag.trim()))
                    .collect();
                flags.sort();
                flags.dedup();
                flags.join(",")
            }
            Compare::Guid => fold(trimmed),
            Compare::Hex => hex(trimmed),
            Compare::Dn => dn::canonical(text).unwrap_or_else(|| trimmed.to_owned()),
            Compare::Oid => oid(trimmed),
            Compare::Group(_) => fold(trimmed),
            Compare::By(by) => {
                let word = siblings.get(by.property).and_then(|value| value.as_str());
                by.cases
                    .iter()
                    .find(|(case, _)| {
                        word.is_some_and(|word| case.eq_ignore_ascii_case(word.trim()))
                    })
                    .map_or(Compare::Trimmed, |(_, compare)| *compare)
                    .key(text, siblings)
            }
        }
    }
}

/// Text as Graph's case-insensitive comparisons see it.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

fn word(words: &[&str], text: &str) -> String {
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(text))
        .map_or_else(|| fold(text), |word| (*word).to_owned())
}

fn hex(text: &str) -> String {
    let digits: String = text
        .chars()
        .filter(|ch| !matches!(ch, ' ' | ':' | '-'))
        .collect();
    if !digits.is_empty() && digits.chars().all(|ch| ch.is_ascii_hexdigit()) {
        digits.to_ascii_lowercase()
    } else {
        text.to_owned()
    }
}

fn oid(text: &str) -> String {
    if !is_digits_and_dots(text) {
        return text.to_owned();
    }
    let arcs: Vec<&str> = text
        .split('.')
        .map(|arc| match arc.trim_start_matches('0') {
            "" if !arc.is_empty() => "0",
            arc => arc,
        })
        .collect();
    arcs.join(".")
}

fn is_digits_and_dots(text: &str) -> bool {
    text.chars().all(|ch| ch.is_ascii_digit() || ch == '.')
}

/// Whether this is an object identifier in dotted decimal with valid arcs: at
/// least two, the first 0 to 2, the second at most 39 below 0 and 1, no leading
/// zeros (X.660; RFC 4512, section 1.4).
pub fn is_oid(text: &str) -> bool {
    let arcs: Vec<&str> = text.split('.').collect();
    let well_formed = |arc: &&str| {
        !arc.is_empty()
            && arc.chars().all(|ch| ch.is_ascii_digit())
            && (arc.len() == 1 || !arc.starts_with('0'))
    };
    if arcs.len() < 2 || !arcs.iter().all(well_formed) {
        return false;
    }
    match arcs[0] {
        "0" | "1" => arcs[1].len() < 3 && arcs[1].parse::<u8>().is_ok_and(|arc| arc < 40),
        "2" => true,
        _ => false,
    }
}

/// Whether this is an object id: a GUID in its usual form.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Graph's word for everybody in a list of targets.
pub const ALL_USERS: &str = "all_users";

/// Whether this is Graph's word for everybody.
pub fn is_all_users(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(ALL_USERS)
}

/// Graph's placeholder for enum members that a client did not ask for.
pub const SENTINEL: &str = "unknownFutureValue";
