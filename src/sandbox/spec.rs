//! Faults as a person types them on a command line.
//!
//! One is `AREA[:METHOD]:KIND[=VALUE][,NAME=VALUE…]`, for example
//! `policy:PATCH:status=503,retryAfter=2,times=1`, or the JSON object that
//! stands in a tenant file.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::fault::Fault;

/// Why something typed is no fault or no switch, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

pub(super) fn wrong<T>(message: impl Into<String>) -> Result<T, SpecError> {
    Err(SpecError(message.into()))
}

/// What a parameter of a fault is.
#[derive(Debug, Clone, Copy)]
enum Takes {
    Number,
    Flag,
    Text,
    NumberOrText,
    OneOf(&'static [&'static str]),
    Json,
}

type Parameter = (&'static str, Takes);

const AREAS: &[&str] = &["policy", "groups", "batch", "token", "any"];
const METHODS: &[&str] = &["GET", "PATCH", "POST", "DELETE"];
/// Parameters that every fault takes.
const COMMON: &[Parameter] = &[("skip", Takes::Number), ("times", Takes::Number)];

/// A kind of fault, as far as its words go. A test holds this table and the
/// type together.
struct KindWords {
    name: &'static str,
    /// What `KIND=VALUE` sets, and whether the kind can't do without.
    main: Option<(Parameter, bool)>,
    more: &'static [Parameter],
}

const fn plain(name: &'static str) -> KindWords {
    KindWords {
        name,
        main: None,
        more: &[],
    }
}

const fn with(name: &'static str, parameter: &'static str, takes: Takes) -> KindWords {
    KindWords {
        name,
        main: Some(((parameter, takes), true)),
        more: &[],
    }
}

const KINDS: &[KindWords] = &[
    KindWords {
        name: "status",
        main: Some((("status", Takes::Number), true)),
        more: &[
            ("retryAfter", Takes::NumberOrText),
            ("body", Takes::OneOf(&["graph", "html", "empty"])),
            ("applied", Takes::Flag),
        ],
    },
    plain("reset"),
    plain("resetAfter"),
    plain("truncate"),
    plain("html"),
    plain("notJson"),
    with("body", "value", Takes::Json),
    KindWords {
        name: "hang",
        main: Some((("seconds", Takes::Number), false)),
        more: &[("applied", Takes::Flag)],
    },
    with("redirect", "location", Takes::Text),
    with("foreignNextLink", "location", Takes::Text),
    plain("loopNextLink"),
    plain("staleRead"),
    with("latency", "milliseconds", Takes::Number),
];

impl FromStr for Fault {
    type Err = SpecError;

    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let spec = spec.trim();
        if spec.starts_with('{') {
            return serde_json::from_str(spec).or_else(|error| wrong(without_position(&error)));
        }
        let Some((area, rest)) = spec.split_once(':') else {
            return wrong(
                "a fault is AREA[:METHOD]:KIND[=VALUE][,NAME=VALUE…], for example \
                 `policy:PATCH:status=503,times=1`, or a JSON object as in a tenant file",
            );
        };
        if !AREAS.contains(&area) {
            return wrong(format!(
                "there is no area `{area}`; allowed: {}",
                AREAS.join(", ")
            ));
        }
        let mut members = Map::new();
        members.insert("on".to_owned(), area.into());
        let (head, tail) = rest.split_once(':').unwrap_or((rest, ""));
        let method = METHODS
            .iter()
            .find(|method| method.eq_ignore_ascii_case(head));
        let told = match method {
            Some(method) => {
                members.insert("method".to_owned(), (*method).into());
                tail
            }
            // A colon may stand in a value, as in an address, but not in a kind.
            None if !tail.is_empty() && !head.contains('=') => {
                return wrong(format!(
                    "`{head}` is no method; allowed: {}",
                    METHODS.join(", ")
                ));
            }
            None => rest,
        };
        kind(told, &mut members)?;
        serde_json::from_value(members.into()).or_else(|error| wrong(without_position(&error)))
    }
}

/// Reads `KIND[=VALUE][,NAME=VALUE…]`.
fn kind(told: &str, members: &mut Map<String, Value>) -> Result<(), SpecError> {
    let mut items = told.split(',').map(str::trim);
    let first = items.next().unwrap_or_default();
    let (name, main) = match first.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (first, None),
    };
    let Some(words) = KINDS.iter().find(|words| words.name == name) else {
        let known: Vec<&str> = KINDS.iter().map(|words| words.name).collect();
        return wrong(format!(
            "there is no fault `{name}`; allowed: {}",
            known.join(", ")
        ));
    };
    members.insert("kind".to_owned(), name.into());
    match (words.main, main) {
        (Some(((parameter, takes), _)), Some(text)) => {
            members.insert(parameter.to_owned(), value(parameter, takes, text)?);
        }
        (Some(((parameter, _), true)), None) => {
            return wrong(format!("`{name}` needs its {parameter}: `{name}=…`"));
        }
        (None, Some(_)) => return wrong(format!("`{name}` takes no value of its own")),
        (_, None) => {}
    }
    let allowed: Vec<Parameter> = COMMON.iter().chain(words.more).copied().collect();
    for item in items {
        let (parameter, text) = item.split_once('=').unwrap_or((item, "true"));
        let Some((_, takes)) = allowed.iter().find(|(known, _)| *known == parameter) else {
            let known: Vec<&str> = allowed.iter().map(|(known, _)| *known).collect();
            return wrong(format!(
                "`{name}` takes no `{parameter}`; allowed: {}. A value with a comma in it needs \
                 the JSON form",
                known.join(", ")
            ));
        };
        let value = value(parameter, *takes, text)?;
        if members.insert(parameter.to_owned(), value).is_some() {
            return wrong(format!("`{parameter}` is given twice"));
        }
    }
    Ok(())
}

fn value(name: &str, takes: Takes, text: &str) -> Result<Value, SpecError> {
    let number = text.parse::<u64>().ok();
    let (value, expected) = match takes {
        Takes::Number => (number.map(Value::from), "a whole number".to_owned()),
        Takes::Flag => (
            text.parse::<bool>().ok().map(Value::from),
            "true or false".to_owned(),
        ),
        Takes::Text => (Some(text.into()), String::new()),
        Takes::NumberOrText => (
            Some(number.map_or_else(|| text.into(), Value::from)),
            String::new(),
        ),
        Takes::OneOf(words) => (words.contains(&text).then(|| text.into()), words.join(", ")),
        Takes::Json => (
            serde_json::from_str(text).ok(),
            "JSON; with a comma in it, write the whole fault as JSON".to_owned(),
        ),
    };
    match value {
        Some(value) => Ok(value),
        None => wrong(format!("`{name}` can't be `{text}`; allowed: {expected}")),
    }
}

/// What typed text has is no line and no column.
fn without_position(error: &serde_json::Error) -> String {
    let full = error.to_string();
    match full.rfind(" at line ") {
        Some(at) => full.get(..at).unwrap_or(&full).to_owned(),
        None => full,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use serde_json::{Value, json};

    use super::*;

    /// Every word of the type is a word of the table, and the other way round.
    #[test]
    fn the_table_of_kinds_is_that_of_the_type() {
        let schema = schemars::schema_for!(Fault).to_value();
        let kinds = schema["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), KINDS.len());
        for (kind, words) in kinds.iter().zip(KINDS) {
            assert_eq!(kind["properties"]["kind"]["const"], words.name);
            let mut theirs: Vec<&str> = kind["properties"]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .filter(|name| *name != "kind")
                .collect();
            let main = words.main.iter().map(|((name, _), _)| *name);
            let mut ours: Vec<&str> = main
                .chain(words.more.iter().map(|(name, _)| *name))
                .collect();
            theirs.sort_unstable();
            ours.sort_unstable();
            assert_eq!(theirs, ours, "{}", words.name);
        }
        let areas = schema["$defs"]["Area"]["oneOf"].as_array().unwrap();
        let areas: Vec<&Value> = areas.iter().map(|area| &area["const"]).collect();
        assert_eq!(json!(areas), json!(AREAS));
    }

    #[test]
    fn a_short_fault_is_the_one_of_the_file() {
        for (short, long) in [
            (
                "policy:PATCH:status=503,retryAfter=2,times=1",
                json!({ "on": "policy", "method": "PATCH", "kind": "status", "status": 503,
                    "retryAfter": 2, "times": 1 }),
            ),
            (
                "policy:patch:status=504,applied,body=empty",
                json!({ "on": "policy", "method": "PATCH", "kind": "status", "status": 504,
                    "applied": true, "body": "empty" }),
            ),
            ("any:reset", json!({ "on": "any", "kind": "reset" })),
            (
                "policy:hang=1,applied=true,skip=2",
                json!({ "on": "policy", "kind": "hang", "seconds": 1, "applied": true, "skip": 2 }),
            ),
            ("token:hang", json!({ "on": "token", "kind": "hang" })),
            (
                "groups:foreignNextLink=http://127.0.0.1:9/x?y=1",
                json!({ "on": "groups", "kind": "foreignNextLink", "location": "http://127.0.0.1:9/x?y=1" }),
            ),
            (
                "groups:GET:redirect=https://evil.example/",
                json!({ "on": "groups", "method": "GET", "kind": "redirect", "location": "https://evil.example/" }),
            ),
            (
                "any:status=429,retryAfter=soon",
                json!({ "on": "any", "kind": "status", "status": 429, "retryAfter": "soon" }),
            ),
            (
                "policy:body={\"state\":null}",
                json!({ "on": "policy", "kind": "body", "value": { "state": null } }),
            ),
            (
                r#" {"on": "policy", "kind": "body", "value": [1, 2]}"#,
                json!({ "on": "policy", "kind": "body", "value": [1, 2] }),
            ),
        ] {
            let parsed: Fault = short
                .parse()
                .unwrap_or_else(|error| panic!("{short}: {error}"));
            let written: Fault = serde_json::from_value(long).unwrap();
            assert_eq!(
                serde_json::to_value(parsed).unwrap(),
                serde_json::to_value(written).unwrap(),
                "{short}"
            );
        }
    }

    #[test]
    fn a_wrong_fault_says_what_is_allowed() {
        for (spec, says) in [
            ("status=503", "AREA[:METHOD]:KIND"),
            (
                "polcy:reset",
                "there is no area `polcy`; allowed: policy, groups",
            ),
            (
                "policy:PUT:reset",
                "`PUT` is no method; allowed: GET, PATCH",
            ),
            (
                "policy:rest",
                "there is no fault `rest`; allowed: status, reset",
            ),
            ("policy:PATCH", "there is no fault ``"),
            ("policy:", "there is no fault ``"),
            ("policy:status", "`status` needs its status: `status=…`"),
            (
                "policy:status=often",
                "`status` can't be `often`; allowed: a whole number",
            ),
            ("policy:status=999", "allowed are 200 to 599"),
            (
                "policy:status=500,time=1",
                "`status` takes no `time`; allowed: skip, times, retryAfter",
            ),
            (
                "policy:status=500,times=1,times=2",
                "`times` is given twice",
            ),
            ("policy:status=500,applied=maybe", "true or false"),
            ("policy:status=500,body=xml", "allowed: graph, html, empty"),
            ("policy:reset=1", "takes no value"),
            (
                "policy:body={\"a\":1,\"b\":2}",
                "write the whole fault as JSON",
            ),
            (r#"{"on": "policy"}"#, "missing field `kind`"),
            (
                r#"{"on": "polcy", "kind": "reset"}"#,
                "expected one of `policy`",
            ),
            (
                r#"{"on": "policy", "kind": "reset", "x": 1}"#,
                "unknown field `x`",
            ),
            ("{", "EOF"),
        ] {
            let error = spec.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(says), "{spec}: {error}");
            assert!(
                !error.contains(" at line ") && !error.ends_with('.'),
                "{error}"
            );
        }
    }
}
