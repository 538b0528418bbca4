//! `POST /$batch`.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::incoming::Incoming;
use super::reply::{Content, Ids, Reply};
use super::routes;
use super::state::State;

const MAX_REQUESTS: usize = 20;

/// Carries out the requests of a batch, each as if it had come alone.
pub(super) fn run(state: &mut State, request: &Incoming, ids: &Ids) -> Result<Reply, Reply> {
    let body = request.json().map_err(Reply::bad_request)?;
    let Some(entries) = body.get("requests").and_then(Value::as_array) else {
        return Err(Reply::bad_request(
            "The batch payload must have a list of 'requests'.",
        ));
    };
    if entries.is_empty() || entries.len() > MAX_REQUESTS {
        return Err(Reply::bad_request(format!(
            "A batch has 1 to {MAX_REQUESTS} requests; {} were given.",
            entries.len()
        )));
    }
    let entries = entries
        .iter()
        .map(|entry| parse(entry, request))
        .collect::<Result<Vec<_>, _>>()?;
    let mut known: Vec<&str> = Vec::new();
    for entry in &entries {
        if known.contains(&entry.id.as_str()) {
            return Err(Reply::bad_request(format!(
                "The request id '{}' is not unique.",
                entry.id
            )));
        }
        // Naming earlier requests only also rules circles out.
        if let Some(unknown) = entry
            .depends_on
            .iter()
            .find(|id| !known.contains(&id.as_str()))
        {
            return Err(Reply::bad_request(format!(
                "The request '{}' depends on '{unknown}', which is no earlier request.",
                entry.id
            )));
        }
        known.push(&entry.id);
    }
    let mut failed: HashMap<&str, bool> = HashMap::new();
    let mut answers = Vec::new();
    for entry in &entries {
        let blocked = entry
            .depends_on
            .iter()
            .any(|id| failed.get(id.as_str()) == Some(&true));
        let reply = if blocked {
            let message = "A request that this one depends on failed.";
            Reply::error(StatusCode::FAILED_DEPENDENCY, "FailedDependency", message)
        } else {
            routes::answer_inside_batch(state, &entry.request, ids)
        };
        failed.insert(&entry.id, reply.status.as_u16() >= 400);
        answers.push(answer(&entry.id, &reply, ids));
    }
    // Graph promises no order. Backwards finds whoever relies on one.
    answers.reverse();
    Ok(Reply::json(json!({ "responses": answers })))
}

struct Entry {
    id: String,
    depends_on: Vec<String>,
    request: Incoming,
}

fn parse(entry: &Value, outer: &Incoming) -> Result<Entry, Reply> {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let missing =
        |name: &str| Reply::bad_request(format!("A request of the batch lacks its '{name}'."));
    let id = text("id").ok_or_else(|| missing("id"))?.to_owned();
    let method = text("method").ok_or_else(|| missing("method"))?;
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Reply::bad_request(format!("'{method}' is no HTTP method.")))?;
    let url = text("url").ok_or_else(|| missing("url"))?;
    if url.starts_with("//")
        || url
            .split(['/', '?'])
            .next()
            .is_some_and(|first| first.ends_with(':'))
    {
        return Err(Reply::bad_request(format!(
            "The url of request '{id}' must be relative, not '{url}'."
        )));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in entry
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let value = value.as_str().unwrap_or_default();
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    let body = entry.get("body").filter(|body| !body.is_null());
    if body.is_some() && !headers.contains_key("content-type") {
        return Err(Reply::bad_request(format!(
            "The request '{id}' has a body and does not contain a Content-Type header."
        )));
    }
    let body = body.map(ToString::to_string).unwrap_or_default();
    let target = format!("/v1.0/{}", url.trim_start_matches('/'));
    let mut request = Incoming::to(method, target, headers, Bytes::from(body));
    request.origin.clone_from(&outer.origin);
    let depends_on = match entry.get("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(_) => {
            return Err(Reply::bad_request(
                "'dependsOn' must be a list of request ids.",
            ));
        }
    };
    Ok(Entry {
        id,
        depends_on,
        request,
    })
}

fn answer(id: &str, reply: &Reply, ids: &Ids) -> Value {
    let mut headers = Map::new();
    for (name, value) in reply.all_headers(ids) {
        headers.insert(spelled(name), value.into());
    }
    let mut answer = Map::new();
    answer.insert("id".to_owned(), id.into());
    answer.insert("status".to_owned(), reply.status.as_u16().into());
    answer.insert("headers".to_owned(), headers.into());
    if !matches!(reply.content, Content::Empty)
        && let Some(body) = reply.body(ids)
    {
        answer.insert("body".to_owned(), body);
    }
    answer.into()
}

/// Headers inside a batch are JSON names, written as Graph writes them.
fn spelled(name: &str) -> String {
    match name {
        "content-type" => "Content-Type".to_owned(),
        "retry-after" => "Retry-After".to_owned(),
        "preference-applied" => "Preference-Applied".to_owned(),
        "allow" => "Allow".to_owned(),
        "location" => "Location".to_owned(),
        other => other.to_owned(),
    }
}
