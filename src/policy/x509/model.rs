//! The policy as a baseline declares it. Doc comments here become the
//! descriptions that an editor shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::method::{Ensure, Switch};
use crate::policy::target::{ExcludeTarget, IncludeTarget};

/// The one key of this policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PolicyId {
    /// The X.509 certificate authentication method policy.
    X509Certificate,
}

/// What a certificate counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// The certificate is one factor; a second is asked for where MFA is required.
    #[serde(rename = "x509CertificateSingleFactor")]
    SingleFactor,
    /// The certificate alone satisfies multifactor authentication.
    #[serde(rename = "x509CertificateMultiFactor")]
    MultiFactor,
}

/// How strongly a binding ties a certificate to one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Affinity {
    /// By names that can be reissued: PrincipalName, RFC822Name, IssuerAndSubject, Subject.
    Low,
    /// By the certificate's own key or number: SubjectKeyIdentifier, SHA1PublicKey, IssuerAndSerialNumber.
    High,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RuleType {
    /// The issuer's subject. Consulted last.
    #[serde(rename = "issuerSubject")]
    IssuerSubject,
    /// A policy OID of the certificate, compared whole. Consulted after the combined rules.
    #[serde(rename = "policyOID")]
    PolicyOid,
    /// Issuer and policy OID together. Consulted first.
    #[serde(rename = "issuerSubjectAndPolicyOID")]
    IssuerSubjectAndPolicyOid,
}

/// Ties a field of the certificate to a property of the user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateUserBinding {
    /// Order of trial: the lowest number is tried first. Unique in the list.
    #[serde(rename = "Priority")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub priority: i32,
    /// The certificate's field: PrincipalName, RFC822Name, SubjectKeyIdentifier,
    /// SHA1PublicKey, IssuerAndSerialNumber, IssuerAndSubject or Subject.
    #[serde(rename = "X509CertificateField")]
    #[schemars(regex(pattern = r"\S"))]
    pub x509_certificate_field: String,
    /// The user's property: userPrincipalName, onPremisesUserPrincipalName or
    /// certificateUserIds. All fields but PrincipalName and RFC822Name bind to
    /// certificateUserIds only.
    #[serde(rename = "UserProperty")]
    #[schemars(regex(pattern = r"\S"))]
    pub user_property: String,
    /// The binding's affinity. Left out, a live binding keeps its own and a new
    /// one gets the documented affinity of its field.
    #[serde(rename = "TrustAffinityLevel", default)]
    pub trust_affinity_level: Option<Affinity>,
}

/// Says what certificates of an issuer or with a policy OID count for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = {"properties": {"X509CertificateRuleType": {"const": "issuerSubjectAndPolicyOID"}}},
    "then" = {"required": ["IssuerSubjectIdentifier", "PolicyOidIdentifier"]},
    "else" = {"required": ["Identifier"]}
))]
pub struct Rule {
    /// What the rule looks at.
    #[serde(rename = "X509CertificateRuleType")]
    pub rule_type: RuleType,
    /// The issuer's distinguished name (issuerSubject) or a dotted OID
    /// (policyOID). Required for both; a combined rule uses its own two
    /// identifiers instead.
    #[serde(rename = "Identifier", default)]
    #[schemars(regex(pattern = r"\S"))]
    pub identifier: Option<String>,
    /// The issuer of a combined rule.
    #[serde(rename = "IssuerSubjectIdentifier", default)]
    #[schemars(regex(pattern = r"\S"))]
    pub issuer_subject_identifier: Option<String>,
    /// The policy OID of a combined rule.
    #[serde(rename = "PolicyOidIdentifier", default)]
    #[schemars(regex(pattern = r"\S"))]
    pub policy_oid_identifier: Option<String>,
    /// What a matching certificate counts for.
    #[serde(rename = "X509CertificateAuthenticationMode")]
    pub mode: Mode,
    /// The affinity that a binding must have for a matching certificate. Left
    /// out, a live rule keeps its own and a new one gets the tenant's default.
    #[serde(rename = "X509CertificateRequiredAffinityLevel", default)]
    pub required_affinity: Option<Affinity>,
}

/// What certificates count for: a default, and rules that depart from it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationModeConfiguration {
    /// What a certificate counts for where no rule says otherwise.
    #[serde(rename = "X509CertificateAuthenticationDefaultMode", default)]
    pub default_mode: Option<Mode>,
    /// The affinity that a binding must have where no rule says otherwise. With
    /// `high`, bindings of low affinity are not tried: users without values in
    /// certificateUserIds cannot sign in with a certificate.
    #[serde(rename = "X509CertificateDefaultRequiredAffinityLevel", default)]
    pub default_required_affinity: Option<Affinity>,
    /// The rules, all of them: a list that is given is the whole list. The
    /// order means nothing.
    #[serde(rename = "Rules", default)]
    pub rules: Option<Vec<Rule>>,
}

/// Tells clients which CAs are trusted, so that they offer matching certificates only.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerHintsConfiguration {
    /// Whether hints are sent. Enabling moves the certificate prompt to a
    /// tenant-specific host name, which TLS-inspecting proxies must let pass.
    #[serde(rename = "State", default)]
    pub state: Option<Switch>,
}

/// Whether sign-in fails for CAs without a revocation list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrlValidationConfiguration {
    /// Enabled, certificates of a CA without a configured CRL fail, unless the
    /// CA is exempted.
    #[serde(rename = "State", default)]
    pub state: Option<Switch>,
    /// Subject key identifiers of exempted CAs, in hex.
    #[serde(
        rename = "ExemptedCertificateAuthoritiesSubjectKeyIdentifiers",
        default
    )]
    pub exempted: Option<Vec<ExemptedSki>>,
}

/// A subject key identifier in hex.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ExemptedSki(#[schemars(regex(pattern = r"\S"))] pub String);

/// Limits a certificate authority to a group of users.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateAuthorityScope {
    /// The CA's subject key identifier, in hex.
    #[serde(rename = "SubjectKeyIdentifier")]
    #[schemars(regex(pattern = r"\S"))]
    pub subject_key_identifier: String,
    /// The PKI in the tenant's trust store that holds the CA.
    #[serde(rename = "PublicKeyInfrastructureIdentifier")]
    #[schemars(regex(pattern = r"\S"))]
    pub public_key_infrastructure_identifier: String,
    /// Who may use certificates of this CA. The service takes one group a CA.
    #[serde(rename = "IncludeTargets")]
    pub include_targets: Vec<ExcludeTarget>,
}

/// Certificate-based authentication (CBA): who may sign in with an X.509
/// certificate, how a certificate finds its user, and what it counts for. A
/// property that is left out is not managed, at any depth.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("not" = {
    "properties": {"Ensure": {"const": "Absent"}, "State": {"const": "enabled"}},
    "required": ["Ensure", "State"]
}))]
pub struct X509Policy {
    /// The policy's key: `X509Certificate`.
    #[serde(rename = "Id")]
    pub id: PolicyId,
    /// `Present` (default), or `Absent` for the tenant's default configuration.
    #[serde(rename = "Ensure", default)]
    pub ensure: Option<Ensure>,
    /// Whether the method can be used at all. Enabling reaches everybody in the
    /// effective include targets, also where the file does not manage them.
    #[serde(rename = "State", default)]
    pub state: Option<Switch>,
    /// How a certificate finds its user; tried by ascending priority until one
    /// matches. A list that is given is the whole list.
    #[serde(rename = "CertificateUserBindings", default)]
    pub certificate_user_bindings: Option<Vec<CertificateUserBinding>>,
    /// What certificates count for.
    #[serde(rename = "AuthenticationModeConfiguration", default)]
    pub authentication_mode_configuration: Option<AuthenticationModeConfiguration>,
    /// Who may use the method. A user in scope counts as able to do MFA, and
    /// without a certificate cannot register another method: prefer groups to
    /// `all_users`. A list that is given is the whole list.
    #[serde(rename = "IncludeTargets", default)]
    pub include_targets: Option<Vec<IncludeTarget>>,
    /// Who may not use it. A list that is given is the whole list.
    #[serde(rename = "ExcludeTargets", default)]
    pub exclude_targets: Option<Vec<ExcludeTarget>>,
    /// Whether clients are told which CAs are trusted.
    #[serde(rename = "IssuerHintsConfiguration", default)]
    pub issuer_hints_configuration: Option<IssuerHintsConfiguration>,
    /// Whether a CA needs a revocation list.
    #[serde(rename = "CrlValidationConfiguration", default)]
    pub crl_validation_configuration: Option<CrlValidationConfiguration>,
    /// Which groups may use which CA; at most 30. A list that is given is the
    /// whole list.
    #[serde(rename = "CertificateAuthorityScopes", default)]
    pub certificate_authority_scopes: Option<Vec<CertificateAuthorityScope>>,
}
