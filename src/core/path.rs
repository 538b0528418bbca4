//! Paths of properties: stable, escaped, list entries by identity.
//!
//! ```text
//! path  = step *( "." step )
//! step  = name [ "[" part *( "," part ) "]" [ "#" number ] ]
//! name  = characters, where \ . , [ ] # stand behind a backslash
//! part  = likewise, but a dot stands bare
//! ```
//!
//! Control characters are written `\u{hex}` in both.
//!
//! ```text
//! AuthenticationModeConfiguration.Rules[policyOID,1.2.3.4].X509CertificateAuthenticationMode
//! ```

use std::fmt::{self, Write};

/// A step on the way to a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A property by name.
    Name(String),
    /// A list entry by its identity; of several entries with one identity, the
    /// `nth` (from 1).
    Entry {
        /// The parts of the identity, in the order of the table.
        key: Vec<String>,
        /// Which of several entries with this identity.
        nth: usize,
    },
}

/// A path of a property below a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The policy itself.
    pub fn root() -> Self {
        Path::default()
    }

    /// This path and one more property name.
    pub fn name(&self, name: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Name(name.to_owned()));
        Path(steps)
    }

    /// This path and an entry of the list that it names.
    pub fn entry(&self, key: Vec<String>, nth: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Entry { key, nth });
        Path(steps)
    }

    /// The name of the top-level property of a written path, without reading the rest.
    pub fn top_of(text: &str) -> Option<String> {
        token(&mut text.chars().peekable(), &['.', '[', '#', ',', ']'])
    }

    /// The steps from the policy down.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The name of the top-level property, which is what a PATCH carries whole.
    pub fn top(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Reads a path as [`fmt::Display`] writes it; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Path> {
        let mut chars = text.chars().peekable();
        let mut steps = Vec::new();
        loop {
            let name = token(&mut chars, &['.', '[', '#', ',', ']'])?;
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Name(name));
            if chars.peek() == Some(&'[') {
                chars.next();
                let mut key = Vec::new();
                loop {
                    key.push(token(&mut chars, &['[', '#', ',', ']'])?);
                    match chars.next()? {
                        ',' => {}
                        ']' => break,
                        _ => return None,
                    }
                }
                let mut nth = 1;
                if chars.peek() == Some(&'#') {
                    chars.next();
                    nth = token(&mut chars, &['.', '[', '#', ',', ']'])?
                        .parse()
                        .ok()?;
                }
                steps.push(Step::Entry { key, nth });
            }
            match chars.next() {
                None => return Some(Path(steps)),
                Some('.') => {}
                Some(_) => return None,
            }
        }
    }
}

fn token(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, ends: &[char]) -> Option<String> {
    let mut text = String::new();
    while let Some(&next) = chars.peek() {
        if ends.contains(&next) {
            break;
        }
        chars.next();
        if next != '\\' {
            text.push(next);
            continue;
        }
        let escaped = chars.next()?;
        if escaped != 'u' {
            text.push(escaped);
            continue;
        }
        if chars.next()? != '{' {
            return None;
        }
        let mut hex = String::new();
        loop {
            match chars.next()? {
                '}' => break,
                digit if hex.len() < 6 => hex.push(digit),
                _ => return None,
            }
        }
        text.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
    }
    Some(text)
}

fn escape(out: &mut impl Write, text: &str, in_key: bool) -> fmt::Result {
    for ch in text.chars() {
        match ch {
            // Inside brackets a dot separates nothing, so OIDs stay legible.
            '.' if in_key => out.write_char(ch)?,
            '\\' | '.' | ',' | '[' | ']' | '#' => write!(out, "\\{ch}")?,
            _ if ch.is_control() => write!(out, "\\u{{{:x}}}", u32::from(ch))?,
            _ => out.write_char(ch)?,
        }
    }
    Ok(())
}

/// Writes a property name behind a written path.
pub fn write_name(path: &str, name: &str) -> String {
    let mut text = String::with_capacity(path.len() + name.len() + 1);
    text.push_str(path);
    if !text.is_empty() {
        text.push('.');
    }
    // Writing into a `String` cannot fail.
    let _ = escape(&mut text, name, false);
    text
}

/// Writes an entry behind the written path of its list.
pub fn write_entry<'k>(path: &str, key: impl Iterator<Item = &'k str>, nth: usize) -> String {
    let mut text = String::with_capacity(path.len() + 64);
    text.push_str(path);
    text.push('[');
    for (index, part) in key.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let _ = escape(&mut text, part, true);
    }
    text.push(']');
    if nth > 1 {
        text.push_str(&format!("#{nth}"));
    }
    text
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.0.iter().fold(String::new(), |path, step| match step {
            Step::Name(name) => write_name(&path, name),
            Step::Entry { key, nth } => write_entry(&path, key.iter().map(String::as_str), *nth),
        });
        f.write_str(&written)
    }
}
