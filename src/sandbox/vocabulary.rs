//! What this tenant's service knows beyond the published schema.
//!
//! Graph grows while tools stay: a stored policy may hold properties and enum
//! words that the schema table lacks. Such a policy must survive being read
//! and sent back, so what it held counts as known from then on.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::schema::{EnumType, Kind, ObjectType};

/// The word that stands for all words a caller has not asked to see.
pub(super) const SENTINEL: &str = "unknownFutureValue";

/// Property names and enum words learned from stored policies.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    properties: HashSet<(&'static str, String)>,
    words: HashSet<(&'static str, String)>,
}

impl Vocabulary {
    /// Takes up what a stored policy holds.
    pub fn learn(&mut self, of: &'static ObjectType, policy: &Value) {
        let Some(members) = policy.as_object() else {
            return;
        };
        for (name, value) in members {
            if name.contains('@') {
                continue;
            }
            match of.property(name) {
                Some(property) => self.learn_value(property.kind, value),
                None => {
                    self.properties.insert((of.name, name.clone()));
                }
            }
        }
    }

    fn learn_value(&mut self, kind: Kind, value: &Value) {
        match (kind, value) {
            (Kind::Object(of), Value::Object(_)) => self.learn(of, value),
            (Kind::List(of), Value::Array(items)) => {
                for item in items {
                    self.learn_value(*of, item);
                }
            }
            (Kind::Enum(of), Value::String(text)) => {
                for word in words(of, text) {
                    let published = of.words.contains(&word) || of.later.contains(&word);
                    if !published && word != SENTINEL {
                        self.words.insert((of.name, word.to_owned()));
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether objects of the type may carry the property although the schema
    /// does not declare it.
    pub fn knows_property(&self, of: &ObjectType, name: &str) -> bool {
        self.properties.contains(&(of.name, name.to_owned()))
    }

    /// Whether a caller may send the word.
    pub fn knows_word(&self, of: &EnumType, word: &str) -> bool {
        of.words.contains(&word)
            || of.later.contains(&word)
            || self.words.contains(&(of.name, word.to_owned()))
    }
}

/// The words of one enum value.
pub(super) fn words<'a>(of: &EnumType, text: &'a str) -> Vec<&'a str> {
    if of.flags {
        text.split(',').map(str::trim).collect()
    } else {
        vec![text]
    }
}

/// Replaces by the sentinel every enum word that callers see on request only.
pub(super) fn mask(of: &'static ObjectType, members: &mut Map<String, Value>) {
    for (name, value) in members.iter_mut() {
        if let Some(property) = of.property(name) {
            mask_value(property.kind, value);
        }
    }
}

fn mask_value(kind: Kind, value: &mut Value) {
    match (kind, value) {
        (Kind::Object(of), Value::Object(members)) => mask(of, members),
        (Kind::List(of), Value::Array(items)) => {
            for item in items {
                mask_value(*of, item);
            }
        }
        // A word that the schema does not know at all is a newer one, and newer
        // ones are numbered above the sentinel.
        (Kind::Enum(of), Value::String(text))
            if of.evolvable && words(of, text).iter().any(|word| !of.words.contains(word)) =>
        {
            SENTINEL.clone_into(text);
        }
        _ => {}
    }
}
