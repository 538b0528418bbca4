//! `POST /directoryObjects/getByIds`.

use serde_json::{Map, Value};

use super::bearer::{authorize, holds};
use super::groups;
use super::guid::is_guid;
use super::incoming::Incoming;
use super::reply::Reply;
use super::state::State;

const MAX_IDS: usize = 1000;
/// With less than these, objects come back without their properties.
const FULL_READ: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All"];

/// Objects by their ids. Ids that nothing has are left out without a word.
pub(super) fn get_by_ids(state: &State, request: &Incoming) -> Result<Reply, Reply> {
    let held = state.tenant.permissions.as_deref();
    authorize(held, groups::READ)?;
    let body = request.json().map_err(Reply::bad_request)?;
    let ids = texts(&body, "ids")?.unwrap_or_default();
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Err(Reply::bad_request(format!(
            "The number of ids must be between 1 and {MAX_IDS}; {} were given.",
            ids.len()
        )));
    }
    if let Some(id) = ids.iter().find(|id| !is_guid(id)) {
        return Err(Reply::bad_request(format!("Invalid GUID: '{id}'.")));
    }
    let types = texts(&body, "types")?;
    let wants_groups = types.is_none_or(|types| {
        types.is_empty()
            || types.iter().any(|name| {
                ["group", "directoryObject"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            })
    });
    let full = holds(held, FULL_READ);
    let found: Vec<Value> = state
        .tenant
        .groups
        .iter()
        .filter(|group| wants_groups && ids.iter().any(|id| id.eq_ignore_ascii_case(&group.id)))
        .map(|group| {
            let mut shown = Map::new();
            shown.insert("@odata.type".to_owned(), "#microsoft.graph.group".into());
            for (name, value) in groups::properties(group) {
                let value = if full || name == "id" {
                    value
                } else {
                    Value::Null
                };
                shown.insert(name, value);
            }
            shown.into()
        })
        .collect();
    let mut answer = Map::new();
    let context = format!("{}/v1.0/$metadata#directoryObjects", request.origin);
    answer.insert("@odata.context".to_owned(), context.into());
    answer.insert("value".to_owned(), found.into());
    Ok(Reply::json(answer.into()))
}

fn texts(body: &Value, name: &str) -> Result<Option<Vec<String>>, Reply> {
    let wrong = || Reply::bad_request(format!("'{name}' must be a list of strings."));
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect::<Result<Vec<_>, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}
