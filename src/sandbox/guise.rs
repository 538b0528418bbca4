//! How a stored policy looks in an answer, where the service's behaviour
//! differs from showing what is stored.

use serde_json::{Map, Value};

use super::behavior::{Behavior, BetaProperties, EmptyValues, IdCase, WordCase};
use super::guid::is_guid;
use super::schema::{BINDING, CONFIGURATION, Kind, ObjectType, X509};
use super::vocabulary::Vocabulary;

/// The property of the beta endpoint that may come to v1.0 next.
const BETA_PROPERTY: &str = "requireCertificateSidAlignment";
/// Properties that hold hexadecimal key identifiers.
const KEY_IDENTIFIERS: [&str; 2] = [
    "subjectKeyIdentifier",
    "exemptedCertificateAuthoritiesSubjectKeyIdentifiers",
];

/// What a service of this behaviour knows beyond the published schema.
pub(super) fn learn(known: &mut Vocabulary, behavior: Behavior) {
    if behavior.beta_properties == BetaProperties::Present {
        known.learn(&X509, &beta().into());
    }
}

fn beta() -> Map<String, Value> {
    Map::from_iter([(BETA_PROPERTY.to_owned(), Value::Bool(false))])
}

/// Changes a policy that is about to be shown.
pub(super) fn dress(of: &'static ObjectType, shown: &mut Map<String, Value>, behavior: Behavior) {
    if behavior.beta_properties == BetaProperties::Present && of.is(&X509) {
        for (name, value) in beta() {
            shown.entry(name).or_insert(value);
        }
    }
    if behavior.id_case == IdCase::Changed
        && of.is(&CONFIGURATION)
        && let Some(Value::String(id)) = shown.get_mut("id")
    {
        *id = as_in_addresses(id);
    }
    dress_members(of, shown, behavior);
}

fn dress_members(of: &'static ObjectType, members: &mut Map<String, Value>, behavior: Behavior) {
    for (name, value) in members.iter_mut() {
        if let Some(property) = of.property(name) {
            dress_value(of, name, property.kind, value, behavior);
        }
    }
    empty(of, members, behavior.empty_values);
}

fn dress_value(
    owner: &'static ObjectType,
    name: &str,
    kind: Kind,
    value: &mut Value,
    behavior: Behavior,
) {
    match (kind, value) {
        (Kind::Object(of), Value::Object(members)) => dress_members(of, members, behavior),
        (Kind::List(of), Value::Array(items)) => {
            for item in items {
                dress_value(owner, name, *of, item, behavior);
            }
        }
        (Kind::Enum(_), Value::String(text)) if behavior.word_case == WordCase::Lower => {
            text.make_ascii_lowercase();
        }
        (Kind::String | Kind::Guid, Value::String(text)) => {
            if behavior.id_case == IdCase::Changed
                && (is_guid(text) || KEY_IDENTIFIERS.contains(&name))
            {
                text.make_ascii_uppercase();
            } else if behavior.word_case == WordCase::Lower && owner.is(&BINDING) {
                text.make_ascii_lowercase();
            }
        }
        _ => {}
    }
}

fn empty(of: &'static ObjectType, members: &mut Map<String, Value>, how: EmptyValues) {
    if how == EmptyValues::AsStored {
        return;
    }
    for property in of.all_properties() {
        let nothing = match property.kind {
            Kind::List(_) => Value::Array(Vec::new()),
            Kind::String => Value::String(String::new()),
            _ => continue,
        };
        if !property.nullable {
            continue;
        }
        let is_list = nothing.is_array();
        let held = members.get(property.name);
        let is_missing = held.is_none();
        let is_null = held.is_some_and(Value::is_null);
        let is_empty = held == Some(&nothing);
        match how {
            EmptyValues::AsStored => {}
            EmptyValues::Null => {
                if is_empty {
                    members.insert(property.name.to_owned(), Value::Null);
                }
            }
            EmptyValues::Missing => {
                if is_empty || is_null {
                    members.shift_remove(property.name);
                }
            }
            EmptyValues::Empty => {
                if is_null || (is_missing && is_list) {
                    members.insert(property.name.to_owned(), nothing);
                }
            }
        }
    }
}

/// A configuration's id with its first word in lower case: `x509Certificate`,
/// `fido2`, `qrCodePin`.
fn as_in_addresses(id: &str) -> String {
    let capitals = id.chars().take_while(char::is_ascii_uppercase).count();
    let next_is_small = id
        .chars()
        .nth(capitals)
        .is_some_and(|next| next.is_ascii_lowercase());
    // Of several capitals the last begins the second word.
    let first_word = if capitals > 1 && next_is_small {
        capitals - 1
    } else {
        capitals
    };
    id.chars()
        .enumerate()
        .map(|(at, ch)| {
            if at < first_word {
                ch.to_ascii_lowercase()
            } else {
                ch
            }
        })
        .collect()
}

/// Drops from a sent body what a GET adds. Types stay: they are judged.
pub(super) fn drop_annotations(members: &mut Map<String, Value>) {
    members.retain(|name, _| !name.contains('@') || name == "@odata.type");
    for value in members.values_mut() {
        let items = match value {
            Value::Object(members) => {
                drop_annotations(members);
                continue;
            }
            Value::Array(items) => items,
            _ => continue,
        };
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            drop_annotations(item);
        }
    }
}

/// Spells the enum words of a sent body as the schema does.
pub(super) fn restore_words(of: &'static ObjectType, members: &mut Map<String, Value>) {
    for (name, value) in members.iter_mut() {
        if let Some(property) = of.property(name) {
            restore_word(property.kind, value);
        }
    }
}

fn restore_word(kind: Kind, value: &mut Value) {
    match (kind, value) {
        (Kind::Object(of), Value::Object(members)) => restore_words(of, members),
        (Kind::List(of), Value::Array(items)) => {
            for item in items {
                restore_word(*of, item);
            }
        }
        (Kind::Enum(of), Value::String(text)) => {
            let published = of.words.iter().chain(of.later);
            for word in published {
                if word.eq_ignore_ascii_case(text) {
                    (*word).clone_into(text);
                    return;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::as_in_addresses;

    #[test]
    fn ids_are_spelt_as_in_the_addresses_of_the_documentation() {
        for (id, address) in [
            ("X509Certificate", "x509Certificate"),
            ("QRCodePin", "qrCodePin"),
            ("Fido2", "fido2"),
            ("", ""),
        ] {
            assert_eq!(as_in_addresses(id), address);
        }
    }
}
