//! What an untouched tenant has, as observed or documented.

use serde_json::{Value, json};

/// The default of a configuration, or nothing where none is known.
pub(super) fn default_of(id: &str) -> Option<Value> {
    let all_users =
        json!([{ "targetType": "group", "id": "all_users", "isRegistrationRequired": false }]);
    Some(match id {
        // As observed in an untouched tenant. The documented default is older:
        // it lacks the third binding.
        "X509Certificate" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "certificateUserBindings": [
                { "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName",
                  "priority": 1, "trustAffinityLevel": "low" },
                { "x509CertificateField": "RFC822Name", "userProperty": "userPrincipalName",
                  "priority": 2, "trustAffinityLevel": "low" },
                { "x509CertificateField": "SubjectKeyIdentifier", "userProperty": "certificateUserIds",
                  "priority": 3, "trustAffinityLevel": "high" },
            ],
            "authenticationModeConfiguration": {
                "x509CertificateAuthenticationDefaultMode": "x509CertificateSingleFactor",
                "x509CertificateDefaultRequiredAffinityLevel": "low",
                "rules": [],
            },
            "issuerHintsConfiguration": { "state": "disabled" },
            "crlValidationConfiguration": {
                "state": "disabled",
                "exemptedCertificateAuthoritiesSubjectKeyIdentifiers": [],
            },
            "certificateAuthorityScopes": [],
            "includeTargets": all_users,
        }),
        "Fido2" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "isSelfServiceRegistrationAllowed": true,
            "isAttestationEnforced": true,
            "keyRestrictions": { "isEnforced": false, "enforcementType": "block", "aaGuids": [] },
            "includeTargets": all_users,
        }),
        "MicrosoftAuthenticator" => {
            let feature = json!({
                "state": "default",
                "includeTarget": { "targetType": "group", "id": "all_users" },
                "excludeTarget": { "targetType": "group", "id": "00000000-0000-0000-0000-000000000000" },
            });
            json!({
                "id": id,
                "state": "disabled",
                "excludeTargets": [],
                "isSoftwareOathEnabled": false,
                "featureSettings": {
                    "displayAppInformationRequiredState": feature,
                    "displayLocationInformationRequiredState": feature,
                },
                "includeTargets": [
                    { "targetType": "group", "id": "all_users", "isRegistrationRequired": false,
                      "authenticationMode": "any" },
                ],
            })
        }
        "Sms" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "includeTargets": [
                { "targetType": "group", "id": "all_users", "isRegistrationRequired": false,
                  "isUsableForSignIn": false },
            ],
        }),
        "Voice" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "isOfficePhoneAllowed": false,
            "includeTargets": all_users,
        }),
        "Email" => json!({
            "id": id,
            "state": "enabled",
            "excludeTargets": [],
            "allowExternalIdToUseEmailOtp": "default",
            "includeTargets": [],
        }),
        "SoftwareOath" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "includeTargets": all_users,
        }),
        "TemporaryAccessPass" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "defaultLifetimeInMinutes": 60,
            "defaultLength": 8,
            "minimumLifetimeInMinutes": 60,
            "maximumLifetimeInMinutes": 480,
            "isUsableOnce": false,
            "includeTargets": all_users,
        }),
        "QRCodePin" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "standardQRCodeLifetimeInDays": 365,
            "pinLength": 8,
            "includeTargets": all_users,
        }),
        "VerifiableCredentials" => json!({
            "id": id,
            "state": "disabled",
            "excludeTargets": [],
            "includeTargets": [],
        }),
        _ => return None,
    })
}
