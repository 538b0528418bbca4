//! What the simulated service does where Graph's documentation is silent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the service acts where its documentation leaves the answer open. The
/// default of each switch is what is documented or was observed, else this
/// simulation's choice: a careful client gets the same result under all of them,
/// or a clear refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Behavior {
    /// What a PATCH does to the members of a nested object that it leaves out.
    pub nested_objects: NestedObjects,
    /// What becomes of an affinity level that a written rule or binding leaves out.
    pub omitted_affinity: OmittedAffinity,
    /// Whether a written binding keeps the affinity level that was sent with it.
    pub binding_affinity: BindingAffinity,
    /// In which order a written list is stored.
    pub list_order: ListOrder,
    /// How written text is stored.
    pub written_text: WrittenText,
    /// What is set anew when a PATCH changes something else. Graph documents for
    /// sibling resources that properties left out "keep their value or are
    /// recalculated from changes to others".
    pub recalculated: Recalculated,
    /// What becomes of annotations in a PATCH, such as the `@odata.context` that a
    /// GET shows and a client sends back. `@odata.type` is needed in any case.
    pub annotations: Annotations,
    /// Whether a policy may be written without any certificate user binding.
    pub empty_bindings: Verdict,
    /// Whether a method that is enabled may be left with an empty
    /// `includeTargets` by a PATCH of either.
    pub empty_targets: Verdict,
    /// Whether a rule may be written with a policy OID that is not numbers
    /// joined by dots.
    pub malformed_oids: Verdict,
    /// Whether a target may be written that is the id of no group.
    pub unknown_groups: Verdict,
    /// What answers a PATCH that was carried out.
    pub write_answer: WriteAnswer,
    /// How many GETs of a configuration still show what it was before its last
    /// write, counted from each write anew.
    pub stale_reads: u64,
    /// For how many milliseconds after a write GETs still show what was before it.
    pub stale_milliseconds: u64,
    /// How empty lists and empty text come back.
    pub empty_values: EmptyValues,
    /// In which case ids come back.
    pub id_case: IdCase,
    /// In which case words come back.
    pub word_case: WordCase,
    /// Whether answers hold a property that the published v1.0 schema lacks.
    pub beta_properties: BetaProperties,
    /// Whether answers carry an entity tag. None was observed or is documented.
    pub etag: Etag,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            nested_objects: NestedObjects::default(),
            omitted_affinity: OmittedAffinity::default(),
            binding_affinity: BindingAffinity::default(),
            list_order: ListOrder::default(),
            written_text: WrittenText::default(),
            recalculated: Recalculated::default(),
            annotations: Annotations::default(),
            empty_bindings: Verdict::Accept,
            empty_targets: Verdict::Accept,
            malformed_oids: Verdict::Accept,
            unknown_groups: Verdict::Refuse,
            write_answer: WriteAnswer::default(),
            stale_reads: 0,
            stale_milliseconds: 0,
            empty_values: EmptyValues::default(),
            id_case: IdCase::default(),
            word_case: WordCase::default(),
            beta_properties: BetaProperties::default(),
            etag: Etag::default(),
        }
    }
}

/// What a PATCH does to the members of a nested object that it leaves out.
/// Lists are replaced whole in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NestedObjects {
    /// They keep their values, as OData says.
    #[default]
    Merge,
    /// They are gone.
    Replace,
}

/// What becomes of an affinity level that a written rule or binding leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OmittedAffinity {
    /// A binding gets its certificate field's class (high for
    /// `SubjectKeyIdentifier`, `SHA1PublicKey` and `IssuerAndSerialNumber`,
    /// else low), a rule the tenant's default.
    #[default]
    Fill,
    /// It stays left out.
    LeaveOut,
}

/// Whether a written binding keeps the affinity level that was sent with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BindingAffinity {
    /// It does.
    #[default]
    AsSent,
    /// Its certificate field's class is stored, whatever was sent.
    Derived,
}

/// In which order a written list is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ListOrder {
    /// As sent.
    #[default]
    AsSent,
    /// Backwards, to find who relies on the order.
    Reversed,
}

/// How written text is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WrittenText {
    /// As sent.
    #[default]
    AsSent,
    /// Without white space at its ends.
    Trimmed,
    /// Trimmed; and the distinguished names of rules with one space after each
    /// comma between their parts, and their attribute names in capitals.
    Reformatted,
}

/// What is set anew when a PATCH changes something else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Recalculated {
    /// Nothing: what is left out keeps its value.
    #[default]
    Nothing,
    /// A PATCH that switches the certificate method on or off, and says nothing
    /// of issuer hints, switches issuer hints with it.
    IssuerHints,
}

/// What becomes of annotations in a PATCH.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Annotations {
    /// The PATCH is answered 400 and changes nothing.
    #[default]
    Refuse,
    /// They are overlooked.
    Ignore,
}

/// Whether something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is stored.
    Accept,
    /// The PATCH is answered 400 and changes nothing.
    Refuse,
}

/// What answers a PATCH that was carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WriteAnswer {
    /// Status 204 without a body, as documented.
    #[default]
    NoContent,
    /// Status 200 with the policy, as an old page of the documentation had it.
    Entity,
}

/// How empty lists and empty text come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EmptyValues {
    /// As they are stored.
    #[default]
    AsStored,
    /// As null.
    Null,
    /// Not at all; nulls neither.
    Missing,
    /// Lists as `[]` and text as `""`, also where null is stored, and lists also
    /// where nothing is.
    Empty,
}

/// In which case ids come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IdCase {
    /// As stored.
    #[default]
    AsStored,
    /// Object ids and hexadecimal key identifiers inside policies in capitals;
    /// the policy's own id as the documentation's addresses spell it, for
    /// example `x509Certificate`.
    Changed,
}

/// In which case words come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WordCase {
    /// As stored.
    #[default]
    AsStored,
    /// Enum words, certificate fields and user properties in lower case. The
    /// words are then taken in any case, too.
    Lower,
}

/// Whether answers hold a property that the published v1.0 schema lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BetaProperties {
    /// Only what the tenant file holds.
    #[default]
    Absent,
    /// The certificate policy also shows `requireCertificateSidAlignment`, false
    /// until it is written.
    Present,
}

/// Whether answers carry an entity tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Etag {
    /// No; `If-Match` is ignored.
    #[default]
    Absent,
    /// A GET of one configuration has the header `ETag` and the annotation
    /// `@odata.etag`; a write whose `If-Match` is another one is answered 412.
    Present,
}
