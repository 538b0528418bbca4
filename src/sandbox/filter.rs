//! `$filter` over groups: the part of OData's grammar that Graph documents for them.
//!
//! ```text
//! or   = and *( "or" and )
//! and  = term *( "and" term )
//! term = "(" or ")" | property "eq" text | property "in" "(" text *( "," text ) ")"
//!      | "startswith(" property "," text ")"
//! ```

use super::tenant::Group;

/// Graph's limit on the expressions of one filter.
const MAX_EXPRESSIONS: usize = 15;
/// Graph's limit on a compared value, unless the query is an advanced one.
const MAX_VALUE_CHARS: usize = 120;
/// How deep parentheses may nest: a guard of this simulator's own stack.
const MAX_DEPTH: usize = 32;

/// A parsed filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Equals(Field, Vec<String>),
    StartsWith(Field, String),
}

/// A property that can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    DisplayName,
}

impl Filter {
    /// Reads a filter and holds it to the documented limits.
    pub fn parse(text: &str, advanced: bool) -> Result<Self, String> {
        let mut parser = Parser {
            rest: text,
            expressions: 0,
            advanced,
            depth: 0,
        };
        let filter = parser.or()?;
        parser.skip_space();
        if !parser.rest.is_empty() {
            return Err(format!(
                "Invalid filter clause: unexpected '{}'.",
                parser.rest
            ));
        }
        if parser.expressions > MAX_EXPRESSIONS {
            return Err(format!(
                "Too many expressions in the filter: {}. The maximum is {MAX_EXPRESSIONS}.",
                parser.expressions
            ));
        }
        Ok(filter)
    }

    /// Whether the group passes. Text compares without case.
    pub fn matches(&self, group: &Group) -> bool {
        match self {
            Self::Or(terms) => terms.iter().any(|term| term.matches(group)),
            Self::And(terms) => terms.iter().all(|term| term.matches(group)),
            Self::Equals(field, values) => {
                let held = fold(field.of(group));
                values.iter().any(|value| fold(value) == held)
            }
            Self::StartsWith(field, start) => fold(field.of(group)).starts_with(&fold(start)),
        }
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}

impl Field {
    fn of(self, group: &Group) -> &str {
        match self {
            Self::Id => &group.id,
            Self::DisplayName => &group.display_name,
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    expressions: usize,
    advanced: bool,
    depth: usize,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Filter, String> {
        let mut terms = vec![self.and()?];
        while self.word("or") {
            terms.push(self.and()?);
        }
        Ok(one_or(terms, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut terms = vec![self.term()?];
        while self.word("and") {
            terms.push(self.term()?);
        }
        Ok(one_or(terms, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, String> {
        if self.symbol('(') {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("The filter nests too deeply.".to_owned());
            }
            let inner = self.or()?;
            self.expect(')')?;
            self.depth -= 1;
            return Ok(inner);
        }
        let name = self.name();
        if name.eq_ignore_ascii_case("startswith") {
            self.expect('(')?;
            let field = self.field()?;
            if field == Field::Id {
                return Err("Unsupported filter: 'startswith' on 'id'.".to_owned());
            }
            self.expect(',')?;
            let value = self.text()?;
            self.expect(')')?;
            return Ok(Filter::StartsWith(field, value));
        }
        let field = field_named(&name)?;
        let operator = self.name();
        match operator.as_str() {
            "eq" => Ok(Filter::Equals(field, vec![self.text()?])),
            "in" => {
                self.expect('(')?;
                let mut values = vec![self.text()?];
                while self.symbol(',') {
                    values.push(self.text()?);
                }
                self.expect(')')?;
                Ok(Filter::Equals(field, values))
            }
            other => Err(format!(
                "Unsupported or invalid filter operator '{other}'; this tenant knows eq, in and \
                 startswith."
            )),
        }
    }

    fn field(&mut self) -> Result<Field, String> {
        let name = self.name();
        field_named(&name)
    }

    fn name(&mut self) -> String {
        self.skip_space();
        let end = self
            .rest
            .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    /// A quoted text; a quote inside it is doubled.
    fn text(&mut self) -> Result<String, String> {
        self.skip_space();
        let Some(mut rest) = self.rest.strip_prefix('\'') else {
            return Err(format!(
                "Invalid filter clause: a quoted text was expected at '{}'.",
                self.rest
            ));
        };
        let mut text = String::new();
        loop {
            let Some((before, after)) = rest.split_once('\'') else {
                return Err("Invalid filter clause: unterminated string literal.".to_owned());
            };
            text.push_str(before);
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => {
                    self.rest = after;
                    break;
                }
            }
        }
        self.expressions += 1;
        let length = text.chars().count();
        if !self.advanced && length > MAX_VALUE_CHARS {
            return Err(format!(
                "The value in the filter has {length} characters; the maximum is {MAX_VALUE_CHARS} \
                 without advanced query capabilities."
            ));
        }
        Ok(text)
    }

    /// Takes a keyword that stands alone.
    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(word) {
            Some(rest) if rest.starts_with([' ', '(']) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, symbol: char) -> Result<(), String> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(format!(
                "Invalid filter clause: '{symbol}' was expected at '{}'.",
                self.rest
            ))
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }
}

fn field_named(name: &str) -> Result<Field, String> {
    match name {
        "id" => Ok(Field::Id),
        "displayName" => Ok(Field::DisplayName),
        other => Err(format!(
            "Invalid filter clause: this tenant filters groups by id and displayName, not by '{other}'."
        )),
    }
}

fn one_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (terms.len(), terms.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            terms.extend(last);
            many(terms)
        }
    }
}
