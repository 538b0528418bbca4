//! The table that makes the generic middle work: what a policy's properties are
//! called on each side, how their values compare, what identifies a list entry.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::compare::{Compare, is_all_users};
use super::finding::{Checks, Finding};
use super::guard::Reviewed;

/// A JSON object.
pub type Object = Map<String, Value>;

/// A type of sign-in policy that entrue manages.
#[derive(Debug)]
pub struct PolicySpec {
    /// The UTCM resource type, e.g. `microsoft.entra.authenticationMethodPolicyX509`.
    pub resource_type: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The one `Id` that a declaration of this policy has. Graph's own spelling.
    pub id: &'static str,
    /// Graph's type, as `@odata.type` carries it, with the leading `#`.
    pub odata_type: &'static str,
    /// The path below the version segment of Graph.
    pub path: &'static str,
    /// The properties below the policy, in the order in which people read them.
    pub properties: &'static [Property],
    /// Pairs of top-level lists in which one target must not stand twice.
    pub exclusive: &'static [(&'static str, &'static str)],
    /// The JSON Schema of `properties` in a baseline.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// What the schema cannot say about a declaration. The value has the shape
    /// of the schema, with null where a part was refused already.
    pub check: fn(&Object, &mut Checks),
    /// What a finished plan for it must not do by accident; finds on top of
    /// what [`super::guard::review`] finds for every policy.
    pub guards: fn(&Reviewed<'_>, &mut Vec<Finding>),
    /// What `Ensure: Absent` means for it.
    pub absent: Absent,
    /// Configurations known to be what an untouched tenant has.
    pub known_defaults: &'static [KnownDefault],
}

/// What `Ensure: Absent` means for a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// DELETE restores the tenant's default configuration.
    Reset,
}

/// A configuration that an untouched tenant is known to have, in Graph's form.
#[derive(Debug)]
pub struct KnownDefault {
    /// Where the fact comes from, for people.
    pub source: &'static str,
    /// Graph's JSON.
    pub json: &'static str,
}

/// From the new entry, the declared policy and the live policy to a value.
pub type Fill = fn(&Object, &Object, &Object) -> Option<Value>;

/// A property of a policy or of an entry.
#[derive(Debug)]
pub struct Property {
    /// Its name in a baseline: the DSC parameter table's.
    pub name: &'static str,
    /// Its name in Graph.
    pub wire: &'static str,
    /// A short name for lines where its place is already plain.
    pub title: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Gives its value where a new entry leaves it out. What it gives is sent
    /// explicitly.
    pub fill: Option<Fill>,
}

/// What a property holds.
#[derive(Debug)]
pub enum Kind {
    /// A string. A missing one equals `off`, where there is such a value.
    Text {
        /// How two of them compare.
        compare: Compare,
        /// What a missing one stands for.
        off: Option<&'static str>,
    },
    /// A Boolean; a missing one is false.
    Flag,
    /// An integer.
    Integer,
    /// A group of properties, of which each may be unmanaged.
    Object(&'static [Property]),
    /// A list of strings without order.
    Set(Compare),
    /// A list of entries without order, matched by identity.
    List(&'static List),
    /// One entry that stands alone. Like an entry of a list it keeps what a
    /// declaration leaves out only while its identity stays. One whose
    /// identity is off means as little as a missing one.
    Single(&'static List),
    /// The name that people give to the object beside it. Never sent, never compared.
    Label,
}

/// What a reference to the directory means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refers<'e> {
    /// All users.
    Everybody,
    /// No target at all, by the placeholder that stands for it.
    Nobody(&'e str),
    /// A group, by display name or object id.
    Group(&'e str),
    /// Something else, by its kind and object id: a user, a role. Never looked up.
    Other(&'e str, &'e str),
}

/// Graph's word for a group, where a reference may be something else.
const GROUP: &str = "group";

/// A list of entries.
#[derive(Debug)]
pub struct List {
    /// The properties of an entry.
    pub entry: &'static [Property],
    /// Which of them identify it.
    pub identity: Identity,
    /// An integer property by which people and the wire see the list sorted.
    pub order: Option<&'static str>,
}

/// Which properties identify an entry of a list.
#[derive(Debug)]
pub enum Identity {
    /// These.
    Fields(&'static [&'static str]),
    /// Those of the first case whose word the property `by` holds, else `otherwise`.
    ByWord {
        /// The property that decides.
        by: &'static str,
        /// Words and the fields that then count.
        cases: &'static [(&'static str, &'static [&'static str])],
        /// The fields that count otherwise.
        otherwise: &'static [&'static str],
    },
}

impl Kind {
    /// The properties of the one object that it holds.
    pub fn object(&self) -> Option<&'static [Property]> {
        match self {
            Kind::Object(table) => Some(table),
            Kind::Single(list) => Some(list.entry),
            _ => None,
        }
    }
}

impl List {
    /// Whether an entry that stands alone means no more than a missing one.
    pub fn is_off(&self, entry: &Object) -> bool {
        self.identity_fields(entry).iter().all(|field| {
            match (find(self.entry, field), entry.get(*field)) {
                (Some(property), Some(value)) => value.is_null() || property.is_off(value, entry),
                _ => true,
            }
        })
    }

    /// The names of the properties that identify this entry.
    pub fn identity_fields(&self, entry: &Object) -> &'static [&'static str] {
        match &self.identity {
            Identity::Fields(fields) => fields,
            Identity::ByWord {
                by,
                cases,
                otherwise,
            } => {
                let word = entry.get(*by).and_then(Value::as_str).unwrap_or_default();
                cases
                    .iter()
                    .find(|(case, _)| case.eq_ignore_ascii_case(word.trim()))
                    .map_or(*otherwise, |(_, fields)| *fields)
            }
        }
    }

    /// The identity of an entry, in canonical spelling: equal for entries that
    /// mean the same object, stable over spellings.
    pub fn key(&self, entry: &Object) -> Vec<String> {
        self.parts(entry).map(Cow::into_owned).collect()
    }

    /// The same in one text, for looking entries up.
    pub fn key_text(&self, entry: &Object) -> String {
        let mut text = String::with_capacity(48);
        for part in self.parts(entry) {
            text.push_str(&part);
            // No part can hold it: control characters end in no policy's text,
            // and if one did, the worst is a twin that is not recognised.
            text.push('\u{0}');
        }
        text
    }

    fn parts<'e>(&'e self, entry: &'e Object) -> impl Iterator<Item = Cow<'e, str>> {
        self.identity_fields(entry).iter().map(|field| {
            match (find(self.entry, field), entry.get(*field)) {
                (Some(property), Some(value)) => property.key(value, entry),
                _ => Cow::Borrowed(""),
            }
        })
    }

    /// Sorts entries by order, then identity, then content, so that equal lists
    /// have equal bytes.
    pub fn sort(&self, entries: &mut [Value]) {
        let none = Object::new();
        let key = |entry: &Value| {
            let object = entry.as_object().unwrap_or(&none);
            let order = self.order.and_then(|name| object.get(name));
            (order.and_then(Value::as_i64), self.key_text(object))
        };
        entries.sort_by_cached_key(key);
        // Content decides only where a service holds one identity several times.
        let twins = |a: &Value, b: &Value| key(a) == key(b);
        if entries.windows(2).any(|pair| twins(&pair[0], &pair[1])) {
            entries.sort_by_cached_key(|entry| (key(entry), entry.to_string()));
        }
    }
}

impl Property {
    /// A property that holds this.
    pub const fn of(
        name: &'static str,
        wire: &'static str,
        title: &'static str,
        kind: Kind,
    ) -> Self {
        Property {
            name,
            wire,
            title,
            kind,
            fill: None,
        }
    }

    /// A text; a missing one equals `off`.
    pub const fn text(
        name: &'static str,
        wire: &'static str,
        title: &'static str,
        compare: Compare,
        off: Option<&'static str>,
    ) -> Self {
        Property::of(name, wire, title, Kind::Text { compare, off })
    }

    /// The canonical spelling of a scalar value of this property.
    pub fn key<'v>(&self, value: &'v Value, siblings: &Object) -> Cow<'v, str> {
        match (&self.kind, value) {
            (Kind::Text { compare, .. } | Kind::Set(compare), Value::String(text)) => {
                compare.key(text, siblings)
            }
            (_, Value::String(text)) => text.into(),
            (_, Value::Null) => Cow::Borrowed(""),
            (_, other) => other.to_string().into(),
        }
    }

    /// Whether two scalar values of this property mean the same, where a
    /// missing one means what the service takes it for.
    pub fn same(&self, a: Option<&Value>, b: Option<&Value>, siblings: &Object) -> bool {
        let a = a.filter(|value| !value.is_null());
        let b = b.filter(|value| !value.is_null());
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => a == b || self.key(a, siblings) == self.key(b, siblings),
            (Some(one), None) | (None, Some(one)) => self.is_off(one, siblings),
        }
    }

    /// Whether this scalar value is what a missing one stands for.
    pub fn is_off(&self, value: &Value, siblings: &Object) -> bool {
        match &self.kind {
            Kind::Text {
                compare,
                off: Some(off),
            } => value
                .as_str()
                .is_some_and(|text| compare.key(text, siblings) == compare.key(off, siblings)),
            Kind::Flag => value == &Value::Bool(false),
            _ => false,
        }
    }

    /// Whether it refers to the directory.
    pub fn is_reference(&self) -> bool {
        matches!(
            self.kind,
            Kind::Text {
                compare: Compare::Group(_),
                ..
            }
        )
    }

    /// Like [`Property::refers`], where an entry that does not say what kind of
    /// target it names keeps the kind of its live twin.
    pub fn refers_beside<'e>(
        &self,
        entry: &'e Object,
        twin: Option<&'e Object>,
    ) -> Option<Refers<'e>> {
        let Kind::Text {
            compare: Compare::Group(by),
            ..
        } = self.kind
        else {
            return None;
        };
        twin.filter(|twin| !entry.contains_key(by) && twin.contains_key(by))
            .filter(|twin| self.same(twin.get(self.name), entry.get(self.name), entry))
            .and_then(|twin| self.refers(twin))
            .filter(|target| matches!(target, Refers::Other(..)))
            .or_else(|| self.refers(entry))
    }

    /// What this property of an entry refers to in the directory; `None` where
    /// it is no reference or has no value.
    pub fn refers<'e>(&self, entry: &'e Object) -> Option<Refers<'e>> {
        let Kind::Text {
            compare: Compare::Group(by),
            ..
        } = self.kind
        else {
            return None;
        };
        let value = entry.get(self.name)?;
        let text = value.as_str()?.trim();
        let kind = entry.get(by).and_then(Value::as_str).map(str::trim);
        Some(match kind {
            _ if is_all_users(text) => Refers::Everybody,
            _ if self.is_off(value, entry) => Refers::Nobody(text),
            Some(kind) if !kind.eq_ignore_ascii_case(GROUP) => Refers::Other(kind, text),
            _ => Refers::Group(text),
        })
    }
}

/// The property of this name in a table.
pub fn find<'t>(table: &'t [Property], name: &str) -> Option<&'t Property> {
    table.iter().find(|property| property.name == name)
}

/// Whether anything below a table refers to the directory.
pub fn refers_anywhere(table: &[Property]) -> bool {
    table.iter().any(|property| match &property.kind {
        Kind::Object(table) => refers_anywhere(table),
        Kind::List(list) | Kind::Single(list) => refers_anywhere(list.entry),
        _ => property.is_reference(),
    })
}

/// Whether a value that no table knows is what a missing one stands for.
pub fn unknown_is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(unknown_is_off),
        _ => false,
    }
}
