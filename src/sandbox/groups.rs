//! Groups: lists with filters and pages, and one by its id.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::base64;
use super::bearer::authorize;
use super::filter::Filter;
use super::incoming::Incoming;
use super::reply::Reply;
use super::state::State;
use super::tenant::Group;

/// What lets a caller read groups.
pub(super) const READ: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DEFAULT_TOP: usize = 100;
const MAX_TOP: usize = 999;
/// Graph's limit on the address of an advanced query.
const MAX_ADVANCED_URL: usize = 2048;
/// The limit is on the address at the real service, so it must not matter how
/// short this host's name is.
const REAL_ORIGIN: &str = "https://graph.microsoft.com";

/// `GET /groups`.
pub(super) fn list(state: &State, request: &Incoming) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(
        request,
        &[
            "$filter",
            "$select",
            "$top",
            "$count",
            "$orderby",
            "$skiptoken",
        ],
    )?;
    let eventual = request
        .header("consistencylevel")
        .is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    let counted = match request.option("$count") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return Err(Reply::bad_request(format!(
                "Invalid value '{other}' for $count."
            )));
        }
    };
    let advanced = eventual && counted;
    let url_length = REAL_ORIGIN.len() + request.target.len();
    if advanced && url_length > MAX_ADVANCED_URL {
        return Err(Reply::bad_request(format!(
            "The URL of an advanced query can have {MAX_ADVANCED_URL} characters; this one has {url_length}."
        )));
    }
    let select = select(request)?;
    let top = match request.option("$top") {
        None => DEFAULT_TOP,
        Some(text) => match text.parse::<usize>() {
            Ok(top @ 1..=MAX_TOP) => top,
            _ => {
                return Err(Reply::bad_request(format!(
                    "Invalid page size specified: '{text}'. Must be between 1 and {MAX_TOP} inclusive."
                )));
            }
        },
    };
    let skip = skip(request, advanced)?;
    let filter = request
        .option("$filter")
        .map(|text| Filter::parse(text, advanced))
        .transpose()
        .map_err(Reply::bad_request)?;
    let mut found: Vec<&Group> = state
        .tenant
        .groups
        .iter()
        .filter(|group| filter.as_ref().is_none_or(|filter| filter.matches(group)))
        .collect();
    sort(&mut found, request, advanced)?;

    let page: Vec<Value> = found
        .iter()
        .skip(skip)
        .take(top)
        .map(|group| show(group, select.as_deref()))
        .collect();
    let mut answer = Map::new();
    answer.insert(
        "@odata.context".to_owned(),
        context(request, "groups", select.as_deref()).into(),
    );
    if advanced && skip == 0 {
        answer.insert("@odata.count".to_owned(), found.len().into());
    }
    if skip + page.len() < found.len() {
        let next = next_link(request, skip + page.len(), advanced);
        answer.insert("@odata.nextLink".to_owned(), next.into());
    }
    answer.insert("value".to_owned(), page.into());
    Ok(Reply::json(answer.into()))
}

/// `GET /groups/{id}`.
pub(super) fn get(state: &State, request: &Incoming, id: &str) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(request, &["$select"])?;
    let select = select(request)?;
    let group = state
        .tenant
        .groups
        .iter()
        .find(|group| group.id.eq_ignore_ascii_case(id));
    let Some(group) = group else {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        return Err(Reply::error(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            message,
        ));
    };
    let mut answer = Map::new();
    let context = context(request, "groups", select.as_deref()) + "/$entity";
    answer.insert("@odata.context".to_owned(), context.into());
    if let Value::Object(members) = show(group, select.as_deref()) {
        answer.extend(members);
    }
    Ok(Reply::json(answer.into()))
}

/// All of a group's properties as Graph names them.
pub(super) fn properties(group: &Group) -> Map<String, Value> {
    let all = json!({
        "id": group.id,
        "description": group.description,
        "displayName": group.display_name,
        "groupTypes": group.group_types,
        "isAssignableToRole": group.is_assignable_to_role,
        "mailEnabled": group.mail_enabled,
        "mailNickname": group.mail_nickname,
        "membershipRule": group.membership_rule,
        "onPremisesSyncEnabled": group.on_premises_sync_enabled,
        "securityEnabled": group.security_enabled,
    });
    match all {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

const PROPERTIES: &[&str] = &[
    "id",
    "description",
    "displayName",
    "groupTypes",
    "isAssignableToRole",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "onPremisesSyncEnabled",
    "securityEnabled",
];

fn show(group: &Group, select: Option<&[String]>) -> Value {
    let mut members = properties(group);
    if let Some(select) = select {
        members.retain(|name, _| select.contains(name));
    }
    members.into()
}

fn refuse_options(request: &Incoming, known: &[&str]) -> Result<(), Reply> {
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in &request.query {
        if !name.starts_with('$') {
            continue;
        }
        if !known.contains(&name.as_str()) {
            return Err(Reply::bad_request(format!(
                "The query option '{name}' is not supported here; supported are {}.",
                known.join(", ")
            )));
        }
        if seen.contains(&name.as_str()) {
            return Err(Reply::bad_request(format!(
                "Query option '{name}' was specified more than once."
            )));
        }
        seen.push(name);
    }
    Ok(())
}

fn select(request: &Incoming) -> Result<Option<Vec<String>>, Reply> {
    let Some(text) = request.option("$select") else {
        return Ok(None);
    };
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names
        .iter()
        .find(|name| !PROPERTIES.contains(&name.as_str()))
    {
        None => Ok(Some(names)),
        Some(name) => Err(Reply::bad_request(format!(
            "Could not find a property named '{name}' on type 'microsoft.graph.group'."
        ))),
    }
}

fn sort(found: &mut [&Group], request: &Incoming, advanced: bool) -> Result<(), Reply> {
    let Some(order) = request.option("$orderby") else {
        return Ok(());
    };
    if !advanced {
        return Err(Reply::error(
            StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            "Sorting needs advanced query capabilities: 'ConsistencyLevel: eventual' and $count=true.",
        ));
    }
    let words: Vec<&str> = order.split_whitespace().collect();
    found.sort_by_key(|group| group.display_name.to_lowercase());
    match words.as_slice() {
        ["displayName"] | ["displayName", "asc"] => {}
        ["displayName", "desc"] => found.reverse(),
        _ => {
            return Err(Reply::bad_request(format!(
                "Sorting by '{order}' is not supported; displayName is."
            )));
        }
    }
    Ok(())
}

fn context(request: &Incoming, of: &str, select: Option<&[String]>) -> String {
    let select = select
        .map(|names| format!("({})", names.join(",")))
        .unwrap_or_default();
    format!("{}/v1.0/$metadata#{of}{select}", request.origin)
}

/// Where a page starts, as an earlier page said.
fn skip(request: &Incoming, advanced: bool) -> Result<usize, Reply> {
    let Some(token) = request.option("$skiptoken") else {
        return Ok(0);
    };
    let plain = base64::decode(token).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((skip, mode)) = plain.as_deref().and_then(|plain| plain.split_once(':')) else {
        return Err(Reply::bad_request("The skip token is not valid."));
    };
    // Graph wants the consistency header on each page, not on the first only.
    if mode == "advanced" && !advanced {
        return Err(Reply::error(
            StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            "This page belongs to an advanced query: send 'ConsistencyLevel: eventual' again.",
        ));
    }
    skip.parse()
        .map_err(|_| Reply::bad_request("The skip token is not valid."))
}

fn next_link(request: &Incoming, skip: usize, advanced: bool) -> String {
    let mode = if advanced { "advanced" } else { "default" };
    let token = base64::encode(format!("{skip}:{mode}").as_bytes());
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty()
                && !name
                    .trim_start_matches("%24")
                    .trim_start_matches('$')
                    .eq("skiptoken")
        })
        .collect();
    let kept = if kept.is_empty() {
        String::new()
    } else {
        format!("{}&", kept.join("&"))
    };
    format!("{}{path}?{kept}$skiptoken={token}", request.origin)
}
