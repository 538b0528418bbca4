//! The X.509 certificate authentication method policy: certificate-based
//! authentication (CBA).
//!
//! Sources: the DSC parameter table of `AADAuthenticationMethodPolicyX509` for
//! names, order and types; the Graph v1.0 CSDL for every property beyond it;
//! Microsoft's technical deep dive on CBA for what the values mean.

pub mod check;
mod guard;
pub mod model;

use serde_json::Value;

use crate::core::compare::{ByWord, Compare};
use crate::core::spec::{Absent, Identity, Kind, KnownDefault, List, Object, PolicySpec, Property};

use super::method::STATE;
use super::target;

/// Words of `x509CertificateAuthenticationMode`.
pub const MODES: &[&str] = &["x509CertificateSingleFactor", "x509CertificateMultiFactor"];
/// Words of `x509CertificateAffinityLevel`.
pub const AFFINITIES: &[&str] = &["low", "high"];
/// Words of `x509CertificateRuleType`.
pub const RULE_TYPES: &[&str] = &["issuerSubject", "policyOID", COMBINED];
/// The rule type that needs an issuer and an OID.
pub const COMBINED: &str = "issuerSubjectAndPolicyOID";

/// Certificate fields in their current spelling, each with its affinity, which
/// Microsoft documents as a fixed trait of the field.
pub const FIELDS: &[(&str, &str)] = &[
    ("PrincipalName", "low"),
    ("RFC822Name", "low"),
    ("SubjectKeyIdentifier", "high"),
    ("SHA1PublicKey", "high"),
    ("IssuerAndSerialNumber", "high"),
    ("IssuerAndSubject", "low"),
    ("Subject", "low"),
];
const FIELD_WORDS: &[&str] = &[
    "PrincipalName",
    "RFC822Name",
    "SubjectKeyIdentifier",
    "SHA1PublicKey",
    "IssuerAndSerialNumber",
    "IssuerAndSubject",
    "Subject",
];

/// User properties in their current spelling.
pub const USER_PROPERTIES: &[&str] = &[
    "userPrincipalName",
    "onPremisesUserPrincipalName",
    "certificateUserIds",
];

const BINDINGS: List = List {
    entry: &[
        Property::of("Priority", "priority", "priority", Kind::Integer),
        Property::text(
            "X509CertificateField",
            "x509CertificateField",
            "field",
            Compare::Word(FIELD_WORDS),
            None,
        ),
        Property::text(
            "UserProperty",
            "userProperty",
            "user property",
            Compare::Word(USER_PROPERTIES),
            None,
        ),
        Property {
            name: "TrustAffinityLevel",
            wire: "trustAffinityLevel",
            title: "affinity",
            kind: Kind::Text {
                compare: Compare::Word(AFFINITIES),
                off: Some("low"),
            },
            fill: Some(|binding, _, _| {
                let field = target::text(binding, "X509CertificateField")?;
                let (_, affinity) = FIELDS
                    .iter()
                    .find(|(word, _)| word.eq_ignore_ascii_case(field.trim()))?;
                Some((*affinity).into())
            }),
        },
    ],
    identity: Identity::Fields(&["X509CertificateField", "UserProperty"]),
    order: Some("Priority"),
};

/// What a rule's `Identifier` is depends on the rule's type.
const IDENTIFIER: ByWord = ByWord {
    property: "X509CertificateRuleType",
    cases: &[("issuerSubject", Compare::Dn), ("policyOID", Compare::Oid)],
};

const RULES: List = List {
    entry: &[
        Property::text(
            "X509CertificateRuleType",
            "x509CertificateRuleType",
            "type",
            Compare::Word(RULE_TYPES),
            None,
        ),
        Property::text(
            "Identifier",
            "identifier",
            "identifier",
            Compare::By(&IDENTIFIER),
            None,
        ),
        Property::text(
            "IssuerSubjectIdentifier",
            "issuerSubjectIdentifier",
            "issuer",
            Compare::Dn,
            None,
        ),
        Property::text(
            "PolicyOidIdentifier",
            "policyOidIdentifier",
            "policy OID",
            Compare::Oid,
            None,
        ),
        Property::text(
            "X509CertificateAuthenticationMode",
            "x509CertificateAuthenticationMode",
            "mode",
            Compare::Word(MODES),
            Some("x509CertificateSingleFactor"),
        ),
        Property {
            name: "X509CertificateRequiredAffinityLevel",
            wire: "x509CertificateRequiredAffinityLevel",
            title: "required affinity",
            kind: Kind::Text {
                compare: Compare::Word(AFFINITIES),
                off: Some("low"),
            },
            fill: Some(|_, desired, live| Some(required_affinity(desired, live))),
        },
    ],
    identity: Identity::ByWord {
        by: "X509CertificateRuleType",
        cases: &[(
            COMBINED,
            &[
                "X509CertificateRuleType",
                "IssuerSubjectIdentifier",
                "PolicyOidIdentifier",
            ],
        )],
        otherwise: &["X509CertificateRuleType", "Identifier"],
    },
    order: None,
};

/// The tenant's default required affinity as it will be: a new rule that says
/// nothing of its own is to behave as no rule would.
fn required_affinity(desired: &Object, live: &Object) -> Value {
    let default = |policy: &Object| {
        policy
            .get("AuthenticationModeConfiguration")?
            .get("X509CertificateDefaultRequiredAffinityLevel")
            .cloned()
    };
    default(desired)
        .or_else(|| default(live))
        .unwrap_or_else(|| "low".into())
}

const CA_SCOPES: List = List {
    entry: &[
        Property::text(
            "SubjectKeyIdentifier",
            "subjectKeyIdentifier",
            "SKI",
            Compare::Hex,
            None,
        ),
        Property::text(
            "PublicKeyInfrastructureIdentifier",
            "publicKeyInfrastructureIdentifier",
            "PKI",
            Compare::Trimmed,
            None,
        ),
        Property::of(
            "IncludeTargets",
            "includeTargets",
            "for",
            Kind::List(&target::PLAIN),
        ),
    ],
    identity: Identity::Fields(&["PublicKeyInfrastructureIdentifier", "SubjectKeyIdentifier"]),
    order: None,
};

const MODE_CONFIGURATION: &[Property] = &[
    Property::text(
        "X509CertificateAuthenticationDefaultMode",
        "x509CertificateAuthenticationDefaultMode",
        "default mode",
        Compare::Word(MODES),
        Some("x509CertificateSingleFactor"),
    ),
    Property::text(
        "X509CertificateDefaultRequiredAffinityLevel",
        "x509CertificateDefaultRequiredAffinityLevel",
        "default required affinity",
        Compare::Word(AFFINITIES),
        Some("low"),
    ),
    Property::of("Rules", "rules", "rules", Kind::List(&RULES)),
];

/// The policy's table, specification and checks.
pub const SPEC: PolicySpec = PolicySpec {
    resource_type: "microsoft.entra.authenticationMethodPolicyX509",
    title: "X.509 certificate authentication method policy",
    id: "X509Certificate",
    odata_type: "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration",
    path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/x509Certificate",
    properties: &[
        STATE,
        Property::of(
            "CertificateUserBindings",
            "certificateUserBindings",
            "bindings",
            Kind::List(&BINDINGS),
        ),
        Property::of(
            "AuthenticationModeConfiguration",
            "authenticationModeConfiguration",
            "authentication mode",
            Kind::Object(MODE_CONFIGURATION),
        ),
        target::INCLUDE_TARGETS,
        target::EXCLUDE_TARGETS,
        Property::of(
            "IssuerHintsConfiguration",
            "issuerHintsConfiguration",
            "issuer hints",
            Kind::Object(&[STATE]),
        ),
        Property::of(
            "CrlValidationConfiguration",
            "crlValidationConfiguration",
            "CRL validation",
            Kind::Object(&[
                STATE,
                Property::of(
                    "ExemptedCertificateAuthoritiesSubjectKeyIdentifiers",
                    "exemptedCertificateAuthoritiesSubjectKeyIdentifiers",
                    "exempted CAs",
                    Kind::Set(Compare::Hex),
                ),
            ]),
        ),
        Property::of(
            "CertificateAuthorityScopes",
            "certificateAuthorityScopes",
            "CA scopes",
            Kind::List(&CA_SCOPES),
        ),
    ],
    exclusive: &[("IncludeTargets", "ExcludeTargets")],
    schema: |generator| generator.subschema_for::<model::X509Policy>(),
    check: check::check,
    guards: guard::review,
    absent: Absent::Reset,
    known_defaults: &[
        KnownDefault {
            source: "observed in untouched tenants (2026)",
            json: include_str!("default-observed.json"),
        },
        KnownDefault {
            source: "documented on the Graph v1.0 Get page",
            json: include_str!("default-documented.json"),
        },
    ],
};
