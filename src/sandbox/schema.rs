//! The Graph types this tenant serves, as the published v1.0 CSDL declares them.
//!
//! The table is the sandbox's own. The tool under test has another one, and
//! the two must be able to disagree: a shared table would share its mistakes.

/// An enum type: its words in the order of their numbers.
#[derive(Debug)]
pub(super) struct EnumType {
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
pub(super) enum Kind {
    String,
    Boolean,
    Int32,
    Guid,
    Enum(&'static EnumType),
    Object(&'static ObjectType),
    List(&'static Kind),
}

#[derive(Debug)]
pub(super) struct Property {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A complex or entity type.
#[derive(Debug)]
pub(super) struct ObjectType {
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
pub(super) struct Configuration {
    /// The id as the service spells it.
    pub id: &'static str,
    pub of: &'static ObjectType,
}

/// The configurations that exist once in every tenant.
pub(super) static CONFIGURATIONS: &[Configuration] = &[
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
pub(super) fn well_known(id: &str) -> Option<&'static Configuration> {
    CONFIGURATIONS
        .iter()
        .find(|configuration| configuration.id.eq_ignore_ascii_case(id))
}

/// The type of a configuration that a tenant holds. One whose `@odata.type`
/// this table does not know has at least what every configuration has.
pub(super) fn type_of(id: &str, odata_type: Option<&str>) -> &'static ObjectType {
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

static STATE: EnumType = closed("authenticationMethodState", &["enabled", "disabled"]);
static TARGET_TYPE: EnumType = evolvable("authenticationMethodTargetType", &["user", "group"]);
static MODE: EnumType = evolvable(
    "x509CertificateAuthenticationMode",
    &["x509CertificateSingleFactor", "x509CertificateMultiFactor"],
);
static AFFINITY: EnumType = evolvable("x509CertificateAffinityLevel", &["low", "high"]);
static RULE_TYPE: EnumType = EnumType {
    name: "x509CertificateRuleType",
    words: &["issuerSubject", "policyOID"],
    later: &["issuerSubjectAndPolicyOID"],
    evolvable: true,
    flags: false,
};
static HINTS_STATE: EnumType =
    evolvable("x509CertificateIssuerHintsState", &["disabled", "enabled"]);
static CRL_STATE: EnumType = evolvable(
    "x509CertificateCRLValidationConfigurationState",
    &["disabled", "enabled"],
);
static RESTRICTION: EnumType = evolvable("fido2RestrictionEnforcementType", &["allow", "block"]);
static ATTESTATION: EnumType =
    evolvable("attestationEnforcement", &["disabled", "registrationOnly"]);
static PASSKEY_TYPES: EnumType = EnumType {
    name: "passkeyTypes",
    words: &["deviceBound", "synced"],
    later: &[],
    evolvable: true,
    flags: true,
};
static AUTHENTICATOR_MODE: EnumType = closed(
    "microsoftAuthenticatorAuthenticationMode",
    &["deviceBasedPush", "push", "any"],
);
static FEATURE_TARGET_TYPE: EnumType = evolvable(
    "featureTargetType",
    &["group", "administrativeUnit", "role"],
);
static ADVANCED_STATE: EnumType =
    evolvable("advancedConfigState", &["default", "enabled", "disabled"]);
static EMAIL_OTP_STATE: EnumType =
    evolvable("externalEmailOtpState", &["default", "enabled", "disabled"]);

/// What every configuration has.
pub(super) static CONFIGURATION: ObjectType = object(
    "authenticationMethodConfiguration",
    &[
        required("id", Kind::String),
        nullable("state", Kind::Enum(&STATE)),
        nullable("excludeTargets", Kind::List(&Kind::Object(&EXCLUDE_TARGET))),
    ],
);

/// The entity that `includeTargets` of a configuration lists.
pub(super) static TARGET: ObjectType = ObjectType {
    name: "authenticationMethodTarget",
    base: None,
    properties: &[
        required("id", Kind::String),
        required("targetType", Kind::Enum(&TARGET_TYPE)),
        required("isRegistrationRequired", Kind::Boolean),
    ],
    required: &["id", "targetType"],
};
pub(super) static EXCLUDE_TARGET: ObjectType = ObjectType {
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
pub(super) static INCLUDE_TARGET: ObjectType = ObjectType {
    name: "includeTarget",
    base: None,
    properties: &[
        required("id", Kind::String),
        required("targetType", Kind::Enum(&TARGET_TYPE)),
    ],
    required: &["id", "targetType"],
};

pub(super) static X509: ObjectType = derived(
    "x509CertificateAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable(
            "certificateUserBindings",
            Kind::List(&Kind::Object(&BINDING)),
        ),
        nullable(
            "authenticationModeConfiguration",
            Kind::Object(&MODE_CONFIGURATION),
        ),
        nullable("issuerHintsConfiguration", Kind::Object(&ISSUER_HINTS)),
        required("crlValidationConfiguration", Kind::Object(&CRL_VALIDATION)),
        nullable(
            "certificateAuthorityScopes",
            Kind::List(&Kind::Object(&SCOPE)),
        ),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);
pub(super) static BINDING: ObjectType = ObjectType {
    name: "x509CertificateUserBinding",
    base: None,
    properties: &[
        nullable("x509CertificateField", Kind::String),
        nullable("userProperty", Kind::String),
        required("priority", Kind::Int32),
        nullable("trustAffinityLevel", Kind::Enum(&AFFINITY)),
    ],
    required: &["priority"],
};
pub(super) static MODE_CONFIGURATION: ObjectType = object(
    "x509CertificateAuthenticationModeConfiguration",
    &[
        nullable(
            "x509CertificateAuthenticationDefaultMode",
            Kind::Enum(&MODE),
        ),
        nullable(
            "x509CertificateDefaultRequiredAffinityLevel",
            Kind::Enum(&AFFINITY),
        ),
        nullable("rules", Kind::List(&Kind::Object(&RULE))),
    ],
);
pub(super) static RULE: ObjectType = object(
    "x509CertificateRule",
    &[
        nullable("x509CertificateRuleType", Kind::Enum(&RULE_TYPE)),
        nullable("identifier", Kind::String),
        nullable("issuerSubjectIdentifier", Kind::String),
        nullable("policyOidIdentifier", Kind::String),
        nullable("x509CertificateAuthenticationMode", Kind::Enum(&MODE)),
        nullable(
            "x509CertificateRequiredAffinityLevel",
            Kind::Enum(&AFFINITY),
        ),
    ],
);
pub(super) static SCOPE: ObjectType = object(
    "x509CertificateAuthorityScope",
    &[
        nullable("subjectKeyIdentifier", Kind::String),
        nullable("publicKeyInfrastructureIdentifier", Kind::String),
        nullable("includeTargets", Kind::List(&Kind::Object(&INCLUDE_TARGET))),
    ],
);
static ISSUER_HINTS: ObjectType = object(
    "x509CertificateIssuerHintsConfiguration",
    &[nullable("state", Kind::Enum(&HINTS_STATE))],
);
static CRL_VALIDATION: ObjectType = object(
    "x509CertificateCRLValidationConfiguration",
    &[
        required("state", Kind::Enum(&CRL_STATE)),
        nullable(
            "exemptedCertificateAuthoritiesSubjectKeyIdentifiers",
            Kind::List(&Kind::String),
        ),
    ],
);

static FIDO2: ObjectType = derived(
    "fido2AuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("defaultPasskeyProfile", Kind::String),
        nullable("isAttestationEnforced", Kind::Boolean),
        nullable("isSelfServiceRegistrationAllowed", Kind::Boolean),
        nullable("keyRestrictions", Kind::Object(&KEY_RESTRICTIONS)),
        nullable("includeTargets", Kind::List(&Kind::Object(&PASSKEY_TARGET))),
        nullable(
            "passkeyProfiles",
            Kind::List(&Kind::Object(&PASSKEY_PROFILE)),
        ),
    ],
);
static KEY_RESTRICTIONS: ObjectType = object(
    "fido2KeyRestrictions",
    &[
        nullable("isEnforced", Kind::Boolean),
        nullable("enforcementType", Kind::Enum(&RESTRICTION)),
        nullable("aaGuids", Kind::List(&Kind::String)),
    ],
);
static PASSKEY_TARGET: ObjectType = derived(
    "passkeyAuthenticationMethodTarget",
    &TARGET,
    &[nullable("allowedPasskeyProfiles", Kind::List(&Kind::Guid))],
);
static PASSKEY_PROFILE: ObjectType = ObjectType {
    name: "passkeyProfile",
    base: None,
    properties: &[
        required("id", Kind::String),
        nullable("name", Kind::String),
        nullable("passkeyTypes", Kind::Enum(&PASSKEY_TYPES)),
        required("attestationEnforcement", Kind::Enum(&ATTESTATION)),
        nullable("keyRestrictions", Kind::Object(&KEY_RESTRICTIONS)),
    ],
    required: &["id"],
};

static AUTHENTICATOR: ObjectType = derived(
    "microsoftAuthenticatorAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("isSoftwareOathEnabled", Kind::Boolean),
        nullable("featureSettings", Kind::Object(&FEATURE_SETTINGS)),
        nullable(
            "includeTargets",
            Kind::List(&Kind::Object(&AUTHENTICATOR_TARGET)),
        ),
    ],
);
static AUTHENTICATOR_TARGET: ObjectType = derived(
    "microsoftAuthenticatorAuthenticationMethodTarget",
    &TARGET,
    &[required(
        "authenticationMode",
        Kind::Enum(&AUTHENTICATOR_MODE),
    )],
);
static FEATURE_SETTINGS: ObjectType = object(
    "microsoftAuthenticatorFeatureSettings",
    &[
        nullable("displayAppInformationRequiredState", Kind::Object(&FEATURE)),
        nullable(
            "displayLocationInformationRequiredState",
            Kind::Object(&FEATURE),
        ),
    ],
);
static FEATURE: ObjectType = object(
    "authenticationMethodFeatureConfiguration",
    &[
        nullable("state", Kind::Enum(&ADVANCED_STATE)),
        nullable("includeTarget", Kind::Object(&FEATURE_TARGET)),
        nullable("excludeTarget", Kind::Object(&FEATURE_TARGET)),
    ],
);
pub(super) static FEATURE_TARGET: ObjectType = object(
    "featureTarget",
    &[
        nullable("id", Kind::String),
        nullable("targetType", Kind::Enum(&FEATURE_TARGET_TYPE)),
    ],
);

static SMS: ObjectType = derived(
    "smsAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&SMS_TARGET)),
    )],
);
static SMS_TARGET: ObjectType = derived(
    "smsAuthenticationMethodTarget",
    &TARGET,
    &[required("isUsableForSignIn", Kind::Boolean)],
);

static VOICE: ObjectType = derived(
    "voiceAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("isOfficePhoneAllowed", Kind::Boolean),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

static EMAIL: ObjectType = derived(
    "emailAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("allowExternalIdToUseEmailOtp", Kind::Enum(&EMAIL_OTP_STATE)),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

static SOFTWARE_OATH: ObjectType = derived(
    "softwareOathAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&TARGET)),
    )],
);

static TEMPORARY_ACCESS_PASS: ObjectType = derived(
    "temporaryAccessPassAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("defaultLifetimeInMinutes", Kind::Int32),
        nullable("defaultLength", Kind::Int32),
        nullable("minimumLifetimeInMinutes", Kind::Int32),
        nullable("maximumLifetimeInMinutes", Kind::Int32),
        nullable("isUsableOnce", Kind::Boolean),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

static QR_CODE_PIN: ObjectType = derived(
    "qrCodePinAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("standardQRCodeLifetimeInDays", Kind::Int32),
        nullable("pinLength", Kind::Int32),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

/// A provider that the customer registered: one object for each, its id a GUID.
pub(super) static EXTERNAL: ObjectType = derived(
    "externalAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        required("displayName", Kind::String),
        required("appId", Kind::String),
        required("openIdConnectSetting", Kind::Object(&OPEN_ID_CONNECT)),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);
static OPEN_ID_CONNECT: ObjectType = object(
    "openIdConnectSetting",
    &[
        required("clientId", Kind::String),
        required("discoveryUrl", Kind::String),
    ],
);

static VERIFIABLE_CREDENTIALS: ObjectType = derived(
    "verifiableCredentialsAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&VERIFIABLE_CREDENTIAL_TARGET)),
    )],
);
static VERIFIABLE_CREDENTIAL_TARGET: ObjectType = derived(
    "verifiableCredentialAuthenticationMethodTarget",
    &TARGET,
    &[required("verifiedIdProfiles", Kind::List(&Kind::Guid))],
);
