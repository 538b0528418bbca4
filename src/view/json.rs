//! The report, a plan or a schema as JSON.

use serde::Serialize;

use super::clean;

/// Pretty JSON with a line break at its end, safe to print into a CI log.
pub fn render(value: &impl Serialize) -> String {
    match serde_json::to_string_pretty(value) {
        Ok(text) => clean::json(&text) + "\n",
        // No type that is rendered here has keys that are no text.
        Err(error) => format!(
            "{{\"error\": \"not serialisable: {}\"}}\n",
            error.classify() as u8
        ),
    }
}
