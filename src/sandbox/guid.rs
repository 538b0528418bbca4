//! GUIDs as Graph spells them.

/// Eight, four, four, four and twelve hexadecimal digits, with hyphens.
/// Stricter than most parsers, as the service is: no braces, no URN.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
