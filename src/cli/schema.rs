//! `entrue schema`: the JSON Schemas, from the types.

use schemars::JsonSchema;
use serde_json::Value;

use crate::baseline::schema::{baseline, finish, generator};
use crate::core::plan::Plan;
use crate::core::report::{Outcome, Report};
use crate::sandbox::Tenant;
use crate::view::json;

use super::args::{Schema, SchemaName};
use super::output::{Ended, Shown};

/// Runs it.
pub fn run(command: &Schema) -> Ended {
    Ended {
        report: Report::new("schema").ended(Outcome::InSync, 2),
        shown: Shown::Raw(json::render(&schema(command.name))),
        found: Vec::new(),
        notes: Vec::new(),
    }
}

/// The schema of this name.
pub fn schema(name: SchemaName) -> Value {
    match name {
        SchemaName::Baseline => baseline(),
        SchemaName::Plan => of::<Plan>("plan", "entrue plan"),
        SchemaName::Report => of::<Report>("report", "entrue report"),
        SchemaName::Tenant => of::<Tenant>("tenant", "entrue simulated tenant"),
    }
}

fn of<T: JsonSchema>(name: &str, title: &str) -> Value {
    finish(
        generator().into_root_schema_for::<T>().to_value(),
        name,
        title,
    )
}
