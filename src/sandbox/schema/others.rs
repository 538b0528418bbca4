//! The other authentication methods.

use super::{
    CONFIGURATION, EnumType, Kind, ObjectType, TARGET, closed, derived, evolvable, nullable,
    object, required,
};

pub(in crate::sandbox) static RESTRICTION: EnumType =
    evolvable("fido2RestrictionEnforcementType", &["allow", "block"]);

pub(in crate::sandbox) static ATTESTATION: EnumType =
    evolvable("attestationEnforcement", &["disabled", "registrationOnly"]);

pub(in crate::sandbox) static PASSKEY_TYPES: EnumType = EnumType {
    name: "passkeyTypes",
    words: &["deviceBound", "synced"],
    later: &[],
    evolvable: true,
    flags: true,
};

pub(in crate::sandbox) static AUTHENTICATOR_MODE: EnumType = closed(
    "microsoftAuthenticatorAuthenticationMode",
    &["deviceBasedPush", "push", "any"],
);

pub(in crate::sandbox) static FEATURE_TARGET_TYPE: EnumType = evolvable(
    "featureTargetType",
    &["group", "administrativeUnit", "role"],
);

pub(in crate::sandbox) static ADVANCED_STATE: EnumType =
    evolvable("advancedConfigState", &["default", "enabled", "disabled"]);

pub(in crate::sandbox) static EMAIL_OTP_STATE: EnumType =
    evolvable("externalEmailOtpState", &["default", "enabled", "disabled"]);

pub(in crate::sandbox) static FIDO2: ObjectType = derived(
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

pub(in crate::sandbox) static KEY_RESTRICTIONS: ObjectType = object(
    "fido2KeyRestrictions",
    &[
        nullable("isEnforced", Kind::Boolean),
        nullable("enforcementType", Kind::Enum(&RESTRICTION)),
        nullable("aaGuids", Kind::List(&Kind::String)),
    ],
);

pub(in crate::sandbox) static PASSKEY_TARGET: ObjectType = derived(
    "passkeyAuthenticationMethodTarget",
    &TARGET,
    &[nullable("allowedPasskeyProfiles", Kind::List(&Kind::Guid))],
);

pub(in crate::sandbox) static PASSKEY_PROFILE: ObjectType = ObjectType {
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

pub(in crate::sandbox) static AUTHENTICATOR: ObjectType = derived(
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

pub(in crate::sandbox) static AUTHENTICATOR_TARGET: ObjectType = derived(
    "microsoftAuthenticatorAuthenticationMethodTarget",
    &TARGET,
    &[required(
        "authenticationMode",
        Kind::Enum(&AUTHENTICATOR_MODE),
    )],
);

pub(in crate::sandbox) static FEATURE_SETTINGS: ObjectType = object(
    "microsoftAuthenticatorFeatureSettings",
    &[
        nullable("displayAppInformationRequiredState", Kind::Object(&FEATURE)),
        nullable(
            "displayLocationInformationRequiredState",
            Kind::Object(&FEATURE),
        ),
    ],
);

pub(in crate::sandbox) static FEATURE: ObjectType = object(
    "authenticationMethodFeatureConfiguration",
    &[
        nullable("state", Kind::Enum(&ADVANCED_STATE)),
        nullable("includeTarget", Kind::Object(&FEATURE_TARGET)),
        nullable("excludeTarget", Kind::Object(&FEATURE_TARGET)),
    ],
);

pub(in crate::sandbox) static FEATURE_TARGET: ObjectType = object(
    "featureTarget",
    &[
        nullable("id", Kind::String),
        nullable("targetType", Kind::Enum(&FEATURE_TARGET_TYPE)),
    ],
);

pub(in crate::sandbox) static SMS: ObjectType = derived(
    "smsAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&SMS_TARGET)),
    )],
);

pub(in crate::sandbox) static SMS_TARGET: ObjectType = derived(
    "smsAuthenticationMethodTarget",
    &TARGET,
    &[required("isUsableForSignIn", Kind::Boolean)],
);

pub(in crate::sandbox) static VOICE: ObjectType = derived(
    "voiceAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("isOfficePhoneAllowed", Kind::Boolean),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

pub(in crate::sandbox) static EMAIL: ObjectType = derived(
    "emailAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("allowExternalIdToUseEmailOtp", Kind::Enum(&EMAIL_OTP_STATE)),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

pub(in crate::sandbox) static SOFTWARE_OATH: ObjectType = derived(
    "softwareOathAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&TARGET)),
    )],
);

pub(in crate::sandbox) static TEMPORARY_ACCESS_PASS: ObjectType = derived(
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

pub(in crate::sandbox) static QR_CODE_PIN: ObjectType = derived(
    "qrCodePinAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        nullable("standardQRCodeLifetimeInDays", Kind::Int32),
        nullable("pinLength", Kind::Int32),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

/// A provider that the customer registered: one object for each, its id a GUID.
pub(in crate::sandbox) static EXTERNAL: ObjectType = derived(
    "externalAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[
        required("displayName", Kind::String),
        required("appId", Kind::String),
        required("openIdConnectSetting", Kind::Object(&OPEN_ID_CONNECT)),
        nullable("includeTargets", Kind::List(&Kind::Object(&TARGET))),
    ],
);

pub(in crate::sandbox) static OPEN_ID_CONNECT: ObjectType = object(
    "openIdConnectSetting",
    &[
        required("clientId", Kind::String),
        required("discoveryUrl", Kind::String),
    ],
);

pub(in crate::sandbox) static VERIFIABLE_CREDENTIALS: ObjectType = derived(
    "verifiableCredentialsAuthenticationMethodConfiguration",
    &CONFIGURATION,
    &[nullable(
        "includeTargets",
        Kind::List(&Kind::Object(&VERIFIABLE_CREDENTIAL_TARGET)),
    )],
);

pub(in crate::sandbox) static VERIFIABLE_CREDENTIAL_TARGET: ObjectType = derived(
    "verifiableCredentialAuthenticationMethodTarget",
    &TARGET,
    &[required("verifiedIdProfiles", Kind::List(&Kind::Guid))],
);
