//! Targets: who a policy is for. All authentication method policies share them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::codes;
use crate::core::compare::{Compare, fold, is_all_users, is_guid};
use crate::core::finding::Checks;
use crate::core::spec::{Identity, Kind, List, Object, Property};
use crate::way;

/// What a target is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetType {
    /// A group, or everybody with `all_users`.
    #[default]
    Group,
    /// One user, by object id. The service no longer takes new ones.
    User,
}

/// Users for whom the method is enabled.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncludeTarget {
    /// A group's display name, its object id, or `all_users`.
    #[serde(rename = "Id")]
    #[schemars(regex(pattern = r"\S"))]
    pub id: String,
    /// Beside an object id: the group's display name. It is checked, never sent.
    #[serde(rename = "DisplayName", default)]
    pub display_name: Option<String>,
    /// What the target is; `group` if left out.
    #[serde(rename = "TargetType", default)]
    pub target_type: Option<TargetType>,
    /// Whether users must register the method. A new target gets false if it is left out.
    #[serde(rename = "isRegistrationRequired", default)]
    pub is_registration_required: Option<bool>,
}

/// Users who are left out, whatever the include targets say.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcludeTarget {
    /// A group's display name or its object id.
    #[serde(rename = "Id")]
    #[schemars(regex(pattern = r"\S"))]
    pub id: String,
    /// Beside an object id: the group's display name. It is checked, never sent.
    #[serde(rename = "DisplayName", default)]
    pub display_name: Option<String>,
    /// What the target is; `group` if left out.
    #[serde(rename = "TargetType", default)]
    pub target_type: Option<TargetType>,
}

/// The words of `TargetType`.
pub const TARGET_TYPES: &[&str] = &["group", "user"];

/// Who: a group, a user, or everybody.
pub const ID: Property = Property {
    name: "Id",
    wire: "id",
    title: "id",
    kind: Kind::Text {
        compare: Compare::Group("TargetType"),
        off: None,
    },
    fill: None,
};

/// The name beside an object id.
pub const LABEL: Property = Property {
    name: "DisplayName",
    wire: "",
    title: "name",
    kind: Kind::Label,
    fill: None,
};

/// What the target is.
pub const TARGET_TYPE: Property = Property {
    name: "TargetType",
    wire: "targetType",
    title: "target type",
    kind: Kind::Text {
        compare: Compare::Word(TARGET_TYPES),
        off: Some("group"),
    },
    fill: Some(|_, _, _| Some("group".into())),
};

/// Whether users must register.
pub const IS_REGISTRATION_REQUIRED: Property = Property {
    name: "isRegistrationRequired",
    wire: "isRegistrationRequired",
    title: "registration required",
    kind: Kind::Flag,
    fill: Some(|_, _, _| Some(false.into())),
};

/// Include targets: entities with `isRegistrationRequired`.
pub const INCLUDE: List = List {
    entry: &[ID, LABEL, TARGET_TYPE, IS_REGISTRATION_REQUIRED],
    identity: Identity::Fields(&["Id"]),
    order: None,
};

/// Targets that are just an id and a type: exclude targets, and those of a CA scope.
pub const PLAIN: List = List {
    entry: &[ID, LABEL, TARGET_TYPE],
    identity: Identity::Fields(&["Id"]),
    order: None,
};

/// Whom a method is for, as every method has it.
pub const INCLUDE_TARGETS: Property = Property::of(
    "IncludeTargets",
    "includeTargets",
    "include",
    Kind::List(&INCLUDE),
);

/// Who is left out of it.
pub const EXCLUDE_TARGETS: Property = Property::of(
    "ExcludeTargets",
    "excludeTargets",
    "exclude",
    Kind::List(&PLAIN),
);

/// Checks a pair of target lists as far as a file alone tells.
pub fn check(properties: &Object, checks: &mut Checks) {
    for list in ["IncludeTargets", "ExcludeTargets"] {
        for (index, entry) in entries(properties.get(list)) {
            let base = way![list, index];
            check_target(entry, &base, checks);
            let id = text(entry, "Id").unwrap_or_default();
            if list == "ExcludeTargets" && is_all_users(id) {
                checks
                    .add(
                        &codes::ALL_USERS_EXCLUDED,
                        way![list, index, "Id"],
                        "`all_users` is excluded, so the method would be for nobody",
                    )
                    .hint = Some("exclude groups, or set `State: disabled`".to_owned());
            }
        }
    }
    let included: Vec<String> = entries(properties.get("IncludeTargets"))
        .filter_map(|(_, entry)| text(entry, "Id"))
        .map(|id| fold(id.trim()))
        .collect();
    for (index, entry) in entries(properties.get("ExcludeTargets")) {
        let Some(id) = text(entry, "Id") else {
            continue;
        };
        if included.contains(&fold(id.trim())) {
            checks
                .add(
                    &codes::TARGET_BOTH,
                    way!["ExcludeTargets", index, "Id"],
                    format!("`{id}` stands in `IncludeTargets` and in `ExcludeTargets` too"),
                )
                .hint = Some(
                "which of the two wins is not documented; keep the target in one list".to_owned(),
            );
        }
    }
}

/// Checks one target.
pub fn check_target(entry: &Object, base: &[crate::core::finding::At], checks: &mut Checks) {
    let Some(id) = text(entry, "Id").map(str::trim) else {
        return;
    };
    let at = |name: &str| {
        let mut way = base.to_vec();
        way.push(name.into());
        way
    };
    let kind = text(entry, "TargetType").filter(|kind| *kind != "group");
    if let Some(kind) = kind {
        if is_guid(id) && kind == "user" {
            checks
                .add(
                    &codes::USER_TARGET,
                    at("TargetType"),
                    format!(
                        "user {id} is a target of its own; the service no longer takes new ones"
                    ),
                )
                .hint = Some("put the user into a group and target that".to_owned());
        } else if !is_guid(id) {
            checks
                .add(
                    &codes::USER_TARGET_NAME,
                    at("Id"),
                    format!("`{id}` is no object id; a target of type `{kind}` takes nothing else"),
                )
                .hint = Some("write its object id, or target a group".to_owned());
        }
    }
    if entry.get("DisplayName").is_some_and(Value::is_string) && !is_guid(id) {
        checks
            .add(
                &codes::LABEL_WITHOUT_ID,
                at("DisplayName"),
                format!("`DisplayName` labels an object id, and `{id}` is none"),
            )
            .hint = Some("leave `DisplayName` out, or write the object id as `Id`".to_owned());
    }
}

/// The entries of a list that are objects, with their index.
pub fn entries(list: Option<&Value>) -> impl Iterator<Item = (usize, &Object)> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, entry)| Some((index, entry.as_object()?)))
}

/// The text of a member, if it has one.
pub fn text<'a>(entry: &'a Object, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(Value::as_str)
}
