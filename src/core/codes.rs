//! Every code that entrue can report, in one place.
//!
//! A code, once released, keeps its name and its meaning. `docs/findings.md`
//! explains each; a test holds the two together.

use super::finding::{Code, Kind, Severity};

const fn structural(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Error,
        kind: Kind::Structural,
        allowable: false,
    }
}

const fn judgement(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Error,
        kind: Kind::Judgement,
        allowable: true,
    }
}

const fn warning(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Warning,
        kind: Kind::Judgement,
        allowable: false,
    }
}

const fn note(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Note,
        kind: Kind::Judgement,
        allowable: false,
    }
}

const fn guard(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Error,
        kind: Kind::Guard,
        allowable: true,
    }
}

const fn hard_guard(name: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Error,
        kind: Kind::Guard,
        allowable: false,
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $id:ident = $make:ident($name:literal);)*) => {
        $($(#[$doc])* pub const $id: Code = $make($name);)*
        /// All codes of findings, in the order of `docs/findings.md`.
        pub const ALL: &[&Code] = &[$(&$id),*];
    };
}

codes! {
    /// A file cannot be opened or read.
    FILE_UNREADABLE = structural("file-unreadable");
    /// Not UTF-8 text, or text with control characters.
    FILE_ENCODING = structural("file-encoding");
    /// Larger than any baseline can be.
    FILE_TOO_LARGE = structural("file-too-large");
    /// A GUID in another form than 8-4-4-4-12 hexadecimal digits.
    GUID_INVALID = structural("guid-invalid");
    /// A path that yields no baseline, a file without content, a baseline without resources.
    NO_BASELINE = structural("no-baseline");
    /// The YAML cannot be read.
    YAML_SYNTAX = structural("yaml-syntax");
    /// Text that two YAML readers understand differently.
    YAML_AMBIGUOUS = structural("yaml-ambiguous");
    /// Nesting, aliases or size beyond the limits.
    YAML_LIMIT = structural("yaml-limit");
    /// A key given twice in one mapping.
    DUPLICATE_KEY = structural("duplicate-key");
    /// A property that does not exist.
    UNKNOWN_PROPERTY = structural("unknown-property");
    /// A `resourceType` that entrue does not manage.
    UNKNOWN_RESOURCE_TYPE = structural("unknown-resource-type");
    /// A value of another type than the property takes.
    WRONG_TYPE = structural("wrong-type");
    /// A property without a value.
    NULL_VALUE = structural("null-value");
    /// A word that is none of the allowed ones.
    UNKNOWN_VALUE = structural("unknown-value");
    /// Graph's placeholder `unknownFutureValue`.
    SENTINEL_VALUE = structural("sentinel-value");
    /// The `Id` of another policy.
    WRONG_ID = structural("wrong-id");
    /// A required property that is left out.
    MISSING_PROPERTY = structural("missing-property");
    /// A `Priority` that is not a non-negative Int32.
    PRIORITY_RANGE = structural("priority-range");
    /// A `Priority` used by two bindings.
    PRIORITY_DUPLICATE = structural("priority-duplicate");
    /// An identifier without content.
    IDENTIFIER_EMPTY = structural("identifier-empty");
    /// An identifier that YAML reads as a number.
    IDENTIFIER_NUMBER = structural("identifier-number");
    /// A list entry given twice.
    DUPLICATE_ENTRY = structural("duplicate-entry");
    /// A combined rule that lacks one of its identifiers.
    RULE_INCOMPLETE = structural("rule-incomplete");
    /// A user target that is not an object id.
    USER_TARGET_NAME = structural("user-target-name");
    /// A `DisplayName` label beside something that is not an object id.
    LABEL_WITHOUT_ID = structural("label-without-id");
    /// `State: enabled` beside `Ensure: Absent`.
    ABSENT_ENABLED = structural("absent-enabled");
    /// A key that looks like a secret.
    SECRET_IN_FILE = structural("secret-in-file");
    /// Text in the form reserved for expressions, or the key `parameters`.
    RESERVED = structural("reserved");
    /// One policy declared more than once.
    DUPLICATE_POLICY = structural("duplicate-policy");
    /// A `tenant` that is neither an id nor a domain, or that differs from another source.
    TENANT_MISMATCH = structural("tenant-mismatch");
    /// A name that no group has.
    GROUP_NOT_FOUND = structural("group-not-found");
    /// A name that several groups have.
    GROUP_AMBIGUOUS = structural("group-ambiguous");
    /// A `DisplayName` label that is not the group's name.
    GROUP_RENAMED = judgement("group-renamed");
    /// An OID that is not dotted decimal with valid arcs.
    OID_INVALID = judgement("oid-invalid");
    /// A target both included and excluded.
    TARGET_BOTH = judgement("target-both");
    /// `all_users` in the exclude targets.
    ALL_USERS_EXCLUDED = judgement("all-users-excluded");
    /// A target that is a user.
    USER_TARGET = judgement("user-target");
    /// An empty list of certificate user bindings.
    BINDINGS_EMPTY = judgement("bindings-empty");
    /// A certificate field bound to a user property that it cannot bind to.
    BINDING_IMPOSSIBLE = judgement("binding-impossible");
    /// More CA scopes than the service takes.
    CA_SCOPES_TOO_MANY = judgement("ca-scopes-too-many");
    /// More than one group for a CA.
    CA_SCOPE_GROUPS = judgement("ca-scope-groups");
    /// A certificate field that is not documented.
    FIELD_UNKNOWN = warning("field-unknown");
    /// A user property that is not documented.
    USER_PROPERTY_UNKNOWN = warning("user-property-unknown");
    /// An old word for a certificate field or a user property.
    STALE_SPELLING = warning("stale-spelling");
    /// Properties beside `Ensure: Absent`.
    ABSENT_IGNORED = warning("absent-ignored");
    /// A live target whose group no longer exists.
    GROUP_DELETED = warning("group-deleted");
    /// Group ids that may not be read.
    GROUP_UNREAD = warning("group-unread");
    /// A property of the tenant that no file can hold.
    EXPORT_LEFT_OUT = warning("export-left-out");
    /// A property of the tenant that entrue does not know.
    EXPORT_UNKNOWN = warning("export-unknown");
    /// A code after `--allow` that nothing needed.
    ALLOW_UNUSED = warning("allow-unused");
    /// What a reset would leave is not known, only what others were left with.
    DEFAULT_ASSUMED = note("default-assumed");
    /// A write that would have to send `unknownFutureValue`.
    SENTINEL_SENT = hard_guard("sentinel-sent");
    /// The method would be switched off.
    METHOD_DISABLED = guard("method-disabled");
    /// A customised policy would be reset.
    POLICY_RESET = guard("policy-reset");
    /// The method would come to cover all users.
    SCOPE_ALL_USERS = guard("scope-all-users");
    /// The method would be enabled for nobody.
    SCOPE_EMPTY = guard("scope-empty");
    /// An include target would go.
    INCLUDE_LOST = guard("include-lost");
    /// An exclude target would go.
    EXCLUSION_LOST = guard("exclusion-lost");
    /// A certificate user binding would go.
    BINDING_LOST = guard("binding-lost");
    /// The scope of a CA would go.
    CA_SCOPE_LOST = guard("ca-scope-lost");
    /// High affinity is required, and no binding has it.
    AFFINITY_UNREACHABLE = guard("affinity-unreachable");
    /// Required affinity would be raised.
    AFFINITY_RAISED = guard("affinity-raised");
    /// A rule of a type that Graph hides would be dropped.
    HIDDEN_RULE_DROPPED = guard("hidden-rule-dropped");
}

/// The code of this name.
pub fn find(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.name == name)
}
