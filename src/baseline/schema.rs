//! The JSON Schema of a baseline file, for editors and for other tools.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::core::spec::PolicySpec;
use crate::policy::REGISTRY;

/// A baseline: the sign-in policies of a tenant as they are meant to be.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineFile {
    /// The schema that an editor checks the file with.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// What people call the baseline.
    #[serde(rename = "displayName", default)]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The tenant it is for: an id or a domain. A run against another tenant is refused.
    #[serde(default)]
    #[schemars(regex(pattern = r"^\s*[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\s*$"))]
    pub tenant: Option<String>,
    /// The policies, each declared once.
    #[schemars(length(min = 1))]
    pub resources: Vec<ResourceEntry>,
}

/// One policy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceEntry {
    /// The type of the policy.
    #[serde(rename = "resourceType")]
    pub resource_type: String,
    /// What people call it; shown in plans.
    #[serde(rename = "displayName", default)]
    pub display_name: Option<String>,
    /// What is wanted of it.
    pub properties: Map<String, Value>,
}

/// The schema of a baseline, with one branch for each policy of the registry.
pub fn baseline() -> Value {
    let mut generator = generator();
    let mut root = generator.root_schema_for::<BaselineFile>().to_value();
    let branches: Vec<Value> = REGISTRY
        .iter()
        .map(|spec| branch(spec, &(spec.schema)(&mut generator).to_value()))
        .collect();
    let mut definitions = generator.take_definitions(true);
    if let Some(entry) = definitions.get_mut("ResourceEntry") {
        entry["properties"]["resourceType"] = resource_type(entry);
        entry["properties"]["properties"] =
            json!({"description": "What is wanted of it.", "type": "object"});
        entry["allOf"] = branches.into();
    }
    root["$defs"] = Value::Object(definitions);
    without_nulls(&mut root);
    finish(root, "baseline", "entrue baseline")
}

/// The schema of one policy's `properties`, with its definitions.
pub fn properties(spec: &PolicySpec) -> Value {
    let mut generator = generator();
    let reference = (spec.schema)(&mut generator).to_value();
    let mut schema = json!({"$ref": reference["$ref"], "$defs": generator.take_definitions(true)});
    without_nulls(&mut schema);
    schema
}

/// The generator that all schemas come from.
pub fn generator() -> schemars::SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// Puts name, title and dialect to a finished schema, in front.
pub fn finish(schema: Value, name: &str, title: &str) -> Value {
    let mut finished = Map::new();
    finished.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    finished.insert("$id".into(), json!(format!("urn:entrue:schema:{name}:1.0")));
    finished.insert("title".into(), json!(title));
    if let Value::Object(members) = schema {
        for (key, value) in members {
            finished.entry(key).or_insert(value);
        }
    }
    Value::Object(finished)
}

fn resource_type(entry: &Value) -> Value {
    let words: Vec<&str> = REGISTRY.iter().map(|spec| spec.resource_type).collect();
    let patterns: Vec<Value> = REGISTRY
        .iter()
        .map(|spec| json!({"pattern": any_case(spec.resource_type)}))
        .collect();
    let mut any = vec![json!({"enum": words})];
    any.extend(patterns);
    json!({
        "description": entry["properties"]["resourceType"]["description"],
        "type": "string",
        "anyOf": any,
    })
}

/// `definition` comes from the generator of the whole schema, which renames
/// types of two policies that have one name.
fn branch(spec: &PolicySpec, definition: &Value) -> Value {
    json!({
        "if": {"properties": {"resourceType": {"pattern": any_case(spec.resource_type)}}},
        "then": {"properties": {"properties": {"$ref": definition["$ref"]}}}
    })
}

/// A pattern for a word in any case, since JSON Schema knows no flag for it.
fn any_case(word: &str) -> String {
    let letters: String = word
        .chars()
        .map(|ch| match ch {
            '.' => "\\.".to_owned(),
            ch if ch.is_ascii_alphabetic() => {
                format!("[{}{}]", ch.to_ascii_uppercase(), ch.to_ascii_lowercase())
            }
            ch => ch.to_string(),
        })
        .collect();
    format!("^\\s*{letters}\\s*$")
}

/// A null in a file is an error, so no schema offers one.
fn without_nulls(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    members.insert("type".into(), one);
                }
            }
            let alternatives = members.get_mut("anyOf").and_then(Value::as_array_mut);
            if let Some(alternatives) = alternatives {
                alternatives.retain(|one| one != &json!({"type": "null"}));
                if let [Value::Object(one)] = alternatives.as_slice() {
                    let one = one.clone();
                    members.shift_remove("anyOf");
                    members.extend(one);
                }
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.shift_remove("default");
            }
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
