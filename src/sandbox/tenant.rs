//! The tenant file: what a simulated tenant is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::behavior::Behavior;
use super::fault::Fault;
use super::guid::is_guid;
use super::schema;

const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// A simulated Microsoft Entra tenant: its sign-in policies as Microsoft Graph
/// would return them, its groups, and how it misbehaves. Nothing in this file
/// is real; it must hold no real secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tenant {
    /// Where the JSON Schema of this file is, for editors. Ignored otherwise.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of this file format.
    pub format_version: FormatVersion,
    /// Who the tenant is.
    pub tenant: Organization,
    /// The authentication method configurations by id (`X509Certificate`,
    /// `Fido2`, …; an external method by its GUID), each as the JSON object
    /// that a GET returns. Kept raw, so a tenant may hold what this version of
    /// Graph does not know: such property names and enum words count as known
    /// to this tenant's service. Annotations (`@odata.…`) may be left out. A
    /// tenant without `X509Certificate` has the default of an untouched one.
    #[serde(
        default,
        deserialize_with = "policies",
        skip_serializing_if = "Map::is_empty"
    )]
    #[schemars(with = "std::collections::BTreeMap<String, Map<String, Value>>")]
    pub policies: Map<String, Value>,
    /// What a DELETE restores, by configuration id, where it is not what an
    /// untouched tenant has.
    #[serde(
        default,
        deserialize_with = "policies",
        skip_serializing_if = "Map::is_empty"
    )]
    #[schemars(with = "std::collections::BTreeMap<String, Map<String, Value>>")]
    pub defaults: Map<String, Value>,
    /// The groups of the directory. Names need not be unique; ids must be.
    #[serde(
        default,
        deserialize_with = "groups",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub groups: Vec<Group>,
    /// The applications that can sign in at the simulated token endpoint.
    #[serde(
        default,
        deserialize_with = "applications",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub applications: Vec<Application>,
    /// The Microsoft Graph permissions that every caller holds, for example
    /// `Policy.Read.AuthenticationMethod`. Left out, callers hold everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// How long every answer takes, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub latency_ms: u64,
    /// How the service acts where its documentation leaves the answer open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub behavior: Behavior,
    /// What goes wrong, judged in this order for each request. The first that
    /// applies decides; `latency` only adds to the time and lets the next decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// The version of the tenant file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FormatVersion {
    /// The first version.
    #[serde(rename = "1.0")]
    V1,
}

/// Who the tenant is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// The tenant id, a GUID.
    #[serde(deserialize_with = "guid")]
    #[schemars(regex(pattern = GUID))]
    pub id: String,
    /// The organization's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The verified domains, by which the tenant can be named too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
}

/// A group of the directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// The object id, a GUID that no other group has.
    #[serde(deserialize_with = "guid")]
    #[schemars(regex(pattern = GUID))]
    pub id: String,
    /// The name, 1 to 256 characters. Several groups may share one.
    #[serde(deserialize_with = "group_name")]
    #[schemars(length(min = 1, max = 256))]
    pub display_name: String,
    /// What the group is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `Unified` for a Microsoft 365 group, `DynamicMembership` for a dynamic one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_types: Vec<String>,
    /// Whether it is a security group. True if left out.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub security_enabled: bool,
    /// Whether it has a mailbox. False if left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mail_enabled: bool,
    /// The mail alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_nickname: Option<String>,
    /// The rule of a dynamic group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership_rule: Option<String>,
    /// True for a group that is synchronized from on-premises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_premises_sync_enabled: Option<bool>,
    /// Whether the group can be assigned to a directory role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_assignable_to_role: Option<bool>,
}

/// An application that can sign in at the simulated token endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// The application (client) id, a GUID.
    #[serde(deserialize_with = "guid")]
    #[schemars(regex(pattern = GUID))]
    pub app_id: String,
    /// The application's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The simulated client secrets it may present. They open nothing but this
    /// simulation: never write a real one here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Simulated client secrets that have expired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expired_secrets: Vec<String>,
    /// Whose assertions the application trusts in place of a secret, as its
    /// federated credentials in Entra.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub federated_identities: Vec<FederatedIdentity>,
    /// Says that this is a managed identity, for which the simulated hosts of
    /// App Service and of virtual machines (IMDS) give tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_identity: Option<ManagedIdentity>,
}

/// Whose assertions an application trusts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FederatedIdentity {
    /// Who asserts: the `iss` of the assertion, to the letter.
    pub issuer: String,
    /// About whom: its `sub`, to the letter.
    pub subject: String,
    /// For whom: its `aud`. Left out, what Entra expects in the global cloud.
    #[serde(default = "token_exchange")]
    pub audience: String,
    /// What the issuer signs with. Left out, the key of the issuers that are
    /// simulated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKey>,
}

/// The public part of an RSA key, as a JSON Web Key has it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// The type of key.
    pub kty: KeyType,
    /// The modulus, in base64 with the URL alphabet.
    pub n: String,
    /// The exponent, likewise.
    pub e: String,
}

/// The type of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeyType {
    /// RSA.
    #[serde(rename = "RSA")]
    Rsa,
}

/// Whose managed identity one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ManagedIdentity {
    /// The machine's or app's own: the one that is meant where none is named.
    SystemAssigned,
    /// One that is asked for by its client id.
    UserAssigned,
}

fn token_exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn is_default(value: &Behavior) -> bool {
    *value == Behavior::default()
}

// Checks stand inside deserialization, not after it, because only there does
// the JSON reader still know the line and column.

fn guid<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_guid(&text) {
        Ok(text)
    } else {
        Err(de::Error::custom(format!(
            "`{text}` is not a GUID like `11111111-2222-3333-4444-555555555555`"
        )))
    }
}

fn group_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.chars().count() {
        1..=256 => Ok(text),
        length => Err(de::Error::custom(format!(
            "a group's name has 1 to 256 characters, this one has {length}"
        ))),
    }
}

/// Reads a list whose entries each carry an id that no other may have.
struct Distinct<T> {
    what: &'static str,
    id: fn(&T) -> &str,
}

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Distinct<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a list of {}s", self.what)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries: Vec<T> = Vec::new();
        while let Some(entry) = list.next_element::<T>()? {
            let id = (self.id)(&entry);
            let same = |other: &T| (self.id)(other).eq_ignore_ascii_case(id);
            if let Some(first) = entries.iter().position(same) {
                return Err(de::Error::custom(format!(
                    "{0}s {1} and {2} both have the id `{id}`; each needs its own",
                    self.what,
                    first + 1,
                    entries.len() + 1
                )));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

fn groups<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Group>, D::Error> {
    from.deserialize_seq(Distinct {
        what: "group",
        id: |group: &Group| &group.id,
    })
}

fn applications<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Application>, D::Error> {
    fn app_id(application: &Application) -> &str {
        &application.app_id
    }
    from.deserialize_seq(Distinct {
        what: "application",
        id: app_id,
    })
}

/// Reads the policies: keys are checked, values stay as they are.
struct Policies;

impl<'de> de::Visitor<'de> for Policies {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of policies by configuration id")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut policies = Map::new();
        while let Some((id, policy)) = map.next_entry::<String, Map<String, Value>>()? {
            if policies.keys().any(|other| other.eq_ignore_ascii_case(&id)) {
                return Err(de::Error::custom(format!(
                    "`{id}` is given twice; ids differ in more than case"
                )));
            }
            check_configuration_id(&id, &policy).map_err(de::Error::custom)?;
            policies.insert(id, Value::Object(policy));
        }
        Ok(policies)
    }
}

fn policies<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    from.deserialize_map(Policies)
}

/// A mistyped id would be a policy that nobody ever asks for.
pub(super) fn check_configuration_id(id: &str, policy: &Map<String, Value>) -> Result<(), String> {
    if schema::well_known(id).is_some() || is_guid(id) || policy.contains_key("@odata.type") {
        return Ok(());
    }
    let known: Vec<String> = schema::CONFIGURATIONS
        .iter()
        .map(|known| format!("`{}`", known.id))
        .collect();
    Err(format!(
        "`{id}` is no authentication method configuration; allowed are {}, the GUID of an external \
         method, or any id whose policy states its `@odata.type`",
        known.join(", ")
    ))
}
