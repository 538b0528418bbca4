//! Values compare as what they are, not as they happen to be spelt.

use std::borrow::Cow;

use super::dn;
use super::spec::Object;

/// How two texts of a property compare.
#[derive(Clone, Copy, Debug)]
pub enum Compare {
    /// As text without white space around it; an object id in its place without case.
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
    pub fn key<'t>(&self, text: &'t str, siblings: &Object) -> Cow<'t, str> {
        let trimmed = text.trim();
        match self {
            // Wherever an id may stand, its case means nothing.
            Compare::Trimmed if is_guid(trimmed) => folded(trimmed),
            Compare::Trimmed => trimmed.into(),
            Compare::Word(words) => word(words, trimmed),
            Compare::Flags(words) => {
                let mut flags: Vec<Cow<'_, str>> = trimmed
                    .split(',')
                    .map(|flag| word(words, flag.trim()))
                    .collect();
                flags.sort();
                flags.dedup();
                flags.join(",").into()
            }
            Compare::Guid | Compare::Group(_) => folded(trimmed),
            Compare::Hex => hex(trimmed),
            Compare::Dn => dn::canonical(text).map_or(trimmed.into(), Cow::Owned),
            Compare::Oid => oid(trimmed),
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

/// The same, without a copy of what is folded already.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.into()
    } else {
        fold(text).into()
    }
}

fn word<'t>(words: &'static [&'static str], text: &'t str) -> Cow<'t, str> {
    match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        Some(word) => Cow::Borrowed(word),
        None => folded(text),
    }
}

fn hex(text: &str) -> Cow<'_, str> {
    let digits: String = text
        .chars()
        .filter(|ch| !matches!(ch, ' ' | ':' | '-'))
        .collect();
    if !digits.is_empty() && digits.chars().all(|ch| ch.is_ascii_hexdigit()) {
        digits.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

fn oid(text: &str) -> Cow<'_, str> {
    let leads = |arc: &str| arc.len() > 1 && arc.starts_with('0');
    if !is_digits_and_dots(text) || !text.split('.').any(leads) {
        return text.into();
    }
    let arcs: Vec<&str> = text
        .split('.')
        .map(|arc| match arc.trim_start_matches('0') {
            "" if !arc.is_empty() => "0",
            arc => arc,
        })
        .collect();
    arcs.join(".").into()
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
