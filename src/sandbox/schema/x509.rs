//! Certificate-based authentication.

use super::{
    CONFIGURATION, EnumType, INCLUDE_TARGET, Kind, ObjectType, TARGET, derived, evolvable,
    nullable, object, required,
};

pub(in crate::sandbox) static MODE: EnumType = evolvable(
    "x509CertificateAuthenticationMode",
    &["x509CertificateSingleFactor", "x509CertificateMultiFactor"],
);

pub(in crate::sandbox) static AFFINITY: EnumType =
    evolvable("x509CertificateAffinityLevel", &["low", "high"]);

pub(in crate::sandbox) static RULE_TYPE: EnumType = EnumType {
    name: "x509CertificateRuleType",
    words: &["issuerSubject", "policyOID"],
    later: &["issuerSubjectAndPolicyOID"],
    evolvable: true,
    flags: false,
};

pub(in crate::sandbox) static HINTS_STATE: EnumType =
    evolvable("x509CertificateIssuerHintsState", &["disabled", "enabled"]);

pub(in crate::sandbox) static CRL_STATE: EnumType = evolvable(
    "x509CertificateCRLValidationConfigurationState",
    &["disabled", "enabled"],
);

pub(in crate::sandbox) static X509: ObjectType = derived(
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

pub(in crate::sandbox) static BINDING: ObjectType = ObjectType {
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

pub(in crate::sandbox) static MODE_CONFIGURATION: ObjectType = object(
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

pub(in crate::sandbox) static RULE: ObjectType = object(
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

pub(in crate::sandbox) static SCOPE: ObjectType = object(
    "x509CertificateAuthorityScope",
    &[
        nullable("subjectKeyIdentifier", Kind::String),
        nullable("publicKeyInfrastructureIdentifier", Kind::String),
        nullable("includeTargets", Kind::List(&Kind::Object(&INCLUDE_TARGET))),
    ],
);

pub(in crate::sandbox) static ISSUER_HINTS: ObjectType = object(
    "x509CertificateIssuerHintsConfiguration",
    &[nullable("state", Kind::Enum(&HINTS_STATE))],
);

pub(in crate::sandbox) static CRL_VALIDATION: ObjectType = object(
    "x509CertificateCRLValidationConfiguration",
    &[
        required("state", Kind::Enum(&CRL_STATE)),
        nullable(
            "exemptedCertificateAuthoritiesSubjectKeyIdentifiers",
            Kind::List(&Kind::String),
        ),
    ],
);
