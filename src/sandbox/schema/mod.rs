//! The Graph types this tenant serves, as the published v1.0 CSDL declares them.
//!
//! The table is the sandbox's own. The tool under test has another one, and
//! the two must be able to disagree: a shared table would share its mistakes.

mod others;
mod x509;

use others::{
    AUTHENTICATOR, EMAIL, FIDO2, QR_CODE_PIN, SMS, SOFTWARE_OATH, TEMPORARY_ACCESS_PASS,
    VERIFIABLE_CREDENTIALS, VOICE,
};
pub(in crate::sandbox) use others::{EXTERNAL, FEATURE_TARGET};
pub(in crate::sandbox) use x509::{BINDING, MODE_CONFIGURATION, RULE, SCOPE, X509};

/// An enum type: its words in the order of their numbers.
#[derive(Debug)]
pub(in crate::sandbox) struct EnumType {
    pub name: &'static str,
    /// Words that every caller sees.
    pub words: &'static [&'static str],
    /// Words numbered above `unknownFutureValue`: shown on request only.
    pub later: &'static [&'static str],
    /// Whether the type has the sentinel `unknownFutureValue`.
    pub evolvable: bool,
    /// Whether a value may be several words joined by commas.
    pub flags: bool,
}

/// What a property holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) enum Kind {
    String,
    Boolean,
    Int32,
    Guid,
    Enum(&'static EnumType),
    Object(&'static ObjectType),
    List(&'static Kind),
}

#[derive(Debug)]
pub(in crate::sandbox) struct Property {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A complex or entity type.
#[derive(Debug)]
pub(in crate::sandbox) struct ObjectType {
    pub name: &'static str,
    pub base: Option<&'static ObjectType>,
    pub properties: &'static [Property],
    /// Members without which an entry of a list is refused. Narrower than
    /// "not nullable": the service fills in the rest.
    pub required: &'static [&'static str],
}

impl ObjectType {
    /// The declared property of that exact name, own or inherited, with the
    /// name of the type that declares it.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
            .or_else(|| self.base.and_then(|base| base.property(name)))
    }

    /// All properties, the base type's first.
    pub fn all_properties(&self) -> Vec<&'static Property> {
        let mut all = self.base.map(Self::all_properties).unwrap_or_default();
        all.extend(self.properties);
        all
    }

    /// Whether this is `other` or derives from it.
    pub fn is(&self, other: &ObjectType) -> bool {
        self.name == other.name || self.base.is_some_and(|base| base.is(other))
    }

    /// Members that an entry must carry, inherited ones included.
    pub fn all_required(&self) -> Vec<&'static str> {
        let mut all = self.base.map(Self::all_required).unwrap_or_default();
        all.extend(self.required);
        all
    }
}

/// One authentication method configuration.
#[derive(Debug)]
pub(in crate::sandbox) struct Configuration {
    /// The id as the service spells it.
    pub id: &'static str,
    pub of: &'static ObjectType,
}

/// The configurations that exist once in every tenant.
pub(in crate::sandbox) static CONFIGURATIONS: &[Configuration] = &[
    configuration("Fido2", &FIDO2),
    configuration("MicrosoftAuthenticator", &AUTHENTICATOR),
    configuration("Sms", &SMS),
    configuration("TemporaryAccessPass", &TEMPORARY_ACCESS_PASS),
    configuration("SoftwareOath", &SOFTWARE_OATH),
    configuration("Voice", &VOICE),
    configuration("Email", &EMAIL),
    configuration("X509Certificate", &X509),
    configuration("QRCodePin", &QR_CODE_PIN),
    configuration("VerifiableCredentials", &VERIFIABLE_CREDENTIALS),
];

const fn configuration(id: &'static str, of: &'static ObjectType) -> Configuration {
    Configuration { id, of }
}

/// The configuration with that id, in any case.
pub(in crate::sandbox) fn well_known(id: &str) -> Option<&'static Configuration> {
    CONFIGURATIONS
        .iter()
        .find(|configuration| configuration.id.eq_ignore_ascii_case(id))
}

/// The type of a configuration that a tenant holds. One whose `@odata.type`
/// this table does not know has at least what every configuration has.
pub(in crate::sandbox) fn type_of(id: &str, odata_type: Option<&str>) -> &'static ObjectType {
    if let Some(configuration) = well_known(id) {
        return configuration.of;
    }
    let named = odata_type.and_then(|name| name.strip_prefix("#microsoft.graph."));
    match named {
        None => &EXTERNAL,
        Some(name) if name == EXTERNAL.name => &EXTERNAL,
        Some(_) => &CONFIGURATION,
    }
}

const fn nullable(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        nullable: true,
    }
}

const fn required(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        nullable: false,
    }
}

const fn object(name: &'static str, properties: &'static [Property]) -> ObjectType {
    ObjectType {
        name,
        base: None,
        properties,
        required: &[],
    }
}

const fn derived(
    name: &'static str,
    base: &'static ObjectType,
    properties: &'static [Property],
) -> ObjectType {
    ObjectType {
        name,
        base: Some(base),
        properties,
        required: &[],
    }
}

const fn evolvable(name: &'static str, words: &'static [&'static str]) -> EnumType {
    EnumType {
        name,
        words,
        later: &[],
        evolvable: true,
        flags: false,
    }
}

const fn closed(name: &'static str, words: &'static [&'static str]) -> EnumType {
    EnumType {
        name,
        words,
        later: &[],
        evolvable: false,
        flags: false,
    }
}

pub(in crate::sandbox) static STATE: EnumType =
    closed("authenticationMethodState", &["enabled", "disabled"]);

pub(in crate::sandbox) static TARGET_TYPE: EnumType =
    evolvable("authenticationMethodTargetType", &["user", "group"]);

/// What every configuration has.
pub(in crate::sandbox) static CONFIGURATION: ObjectType = object(
    "authenticationMethodConfiguration",
    &[
        required("id", Kind::String),
        nullable("state", Kind::Enum(&STATE)),
        nullable("excludeTargets", Kind::List(&Kind::Object(&EXCLUDE_TARGET))),
    ],
);

/// The entity that `includeTargets` of a configuration lists.
pub(in crate::sandbox) static TARGET: ObjectType = ObjectType {
    name: "authenticationMethodTarget",
    base: None,
    properties: &[
        required("id", Kind::String),
        required("targetType", Kind::Enum(&TARGET_TYPE)),
        required("isRegistrationRequired", Kind::Boolean),
    ],
    required: &["id", "targetType"],
};

pub(in crate::sandbox) static EXCLUDE_TARGET: ObjectType = ObjectType {
    name: "excludeTarget",
    base: None,
    properties: &[
        required("id", Kind::String),
        required("targetType", Kind::Enum(&TARGET_TYPE)),
    ],
    required: &["id", "targetType"],
};

/// The complex type inside certificate authority scopes: no entity, and
/// without `isRegistrationRequired`.
pub(in crate::sandbox) static INCLUDE_TARGET: ObjectType = ObjectType {
    name: "includeTarget",
    base: None,
    properties: &[
        required("id", Kind::String),
        required("targetType", Kind::Enum(&TARGET_TYPE)),
    ],
    required: &["id", "targetType"],
};
