//! What is known of the directory's groups: the answers of this run's look-ups.

use std::collections::BTreeMap;

use super::compare::{ALL_USERS, fold, is_guid};
use super::spec::Refers;

/// A group as far as entrue looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Group {
    /// Object id.
    pub id: String,
    /// Display name, which need not be unique.
    pub display_name: String,
    /// `Microsoft 365`, `security`, `mail-enabled security` or `distribution`.
    pub kind: &'static str,
    /// Membership follows a rule.
    pub dynamic: bool,
    /// Synchronised from on-premises.
    pub synced: bool,
    /// Roles can be assigned to it, which also protects its membership.
    pub role_assignable: bool,
}

impl Group {
    /// The traits that tell candidates of one name apart.
    pub fn traits(&self) -> String {
        let mut text = self.kind.to_owned();
        for (has, word) in [
            (self.dynamic, "dynamic"),
            (self.synced, "synced"),
            (self.role_assignable, "role-assignable"),
        ] {
            if has {
                text.push_str(", ");
                text.push_str(word);
            }
        }
        text
    }
}

/// What a look-up by id told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ById {
    /// The group.
    Found(Group),
    /// A successful answer without it: no such group, or one that was deleted.
    Gone,
    /// It may not be read; it may well exist.
    Unread,
}

/// What a look-up by name told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByName {
    /// Groups of that name, compared without case.
    pub matches: Vec<Group>,
    /// Where there is none: groups whose name begins alike.
    pub similar: Vec<Group>,
}

impl ByName {
    /// The one group that is meant by a text in a file: the only one of that
    /// name, or of several the only one that is spelt exactly so.
    pub fn meant(&self, text: &str) -> Option<&Group> {
        let exact = |group: &&Group| group.display_name.trim() == text;
        match self.matches.as_slice() {
            [one] => Some(one),
            several => {
                let mut spelt = several.iter().filter(exact);
                spelt.next().filter(|_| spelt.next().is_none())
            }
        }
    }
}

/// The answers of this run's look-ups.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    ids: BTreeMap<String, ById>,
    names: BTreeMap<String, ByName>,
    /// Why ids could not be read, where that is so.
    pub unread_because: Option<String>,
}

impl Directory {
    /// Takes in what a look-up of an id told.
    pub fn learn_id(&mut self, id: &str, told: ById) {
        self.ids.insert(fold(id), told);
    }

    /// Takes in what a look-up of a name told.
    pub fn learn_name(&mut self, name: &str, told: ByName) {
        for group in told.matches.iter().chain(&told.similar) {
            self.learn_id(&group.id, ById::Found(group.clone()));
        }
        self.names.insert(fold(name), told);
    }

    /// What is known of an id.
    pub fn id(&self, id: &str) -> Option<&ById> {
        self.ids.get(&fold(id))
    }

    /// What is known of a name.
    pub fn name(&self, name: &str) -> Option<&ByName> {
        self.names.get(&fold(name))
    }

    /// The group's name, if the group could be read.
    pub fn display_name(&self, id: &str) -> Option<&str> {
        match self.id(id) {
            Some(ById::Found(group)) => Some(&group.display_name),
            _ => None,
        }
    }

    /// How people see a target.
    pub fn label(&self, target: Refers<'_>) -> String {
        match target {
            Refers::Everybody => ALL_USERS.to_owned(),
            Refers::Nobody(_) => "nobody".to_owned(),
            Refers::Other(kind, id) => format!("{kind} {id}"),
            Refers::Group(id) if !is_guid(id) => id.to_owned(),
            Refers::Group(id) => match self.id(id) {
                Some(ById::Found(group)) => group.display_name.clone(),
                Some(ById::Gone) => format!("deleted group {id}"),
                _ => format!("group {id}"),
            },
        }
    }
}
