//! Which request goes where, and the faults that shape its answer.

use http::StatusCode;
use serde_json::Value;

use super::bearer::authenticate;
use super::fault::{Area, FaultBody, FaultKind, Occasion, RetryAfter};
use super::incoming::Incoming;
use super::issuers::{self, Fake};
use super::reply::{Content, Ids, Reply};
use super::state::State;
use super::{batch, directory_objects, groups, policies, sign_in};

const HTML: &str = "text/html; charset=utf-8";
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\
                    <body><h1>Our services aren't available right now</h1></body></html>\n";

/// A known address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Policy,
    Configuration(&'a str),
    Groups,
    Group(&'a str),
    GetByIds,
    Batch,
    Token(&'a str),
    Discovery(&'a str),
    Fake(Fake),
    Nowhere,
}

impl<'a> Route<'a> {
    pub fn find(request: &'a Incoming) -> Self {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["v1.0", rest @ ..] => match rest {
                ["policies", "authenticationMethodsPolicy"] => Self::Policy,
                [
                    "policies",
                    "authenticationMethodsPolicy",
                    "authenticationMethodConfigurations",
                    id,
                ] => Self::Configuration(id),
                ["groups"] => Self::Groups,
                ["groups", id] => Self::Group(id),
                ["directoryObjects", "getByIds" | "microsoft.graph.getByIds"] => Self::GetByIds,
                ["$batch"] => Self::Batch,
                _ => Self::Nowhere,
            },
            ["fake", rest @ ..] => Fake::find(rest).map_or(Self::Nowhere, Self::Fake),
            [tenant, "oauth2", "v2.0", "token"] => Self::Token(tenant),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => Self::Discovery(tenant),
            _ => Self::Nowhere,
        }
    }

    fn area(self) -> Option<Area> {
        match self {
            Self::Policy | Self::Configuration(_) => Some(Area::Policy),
            Self::Groups | Self::Group(_) | Self::GetByIds => Some(Area::Groups),
            Self::Batch => Some(Area::Batch),
            Self::Token(_) | Self::Discovery(_) | Self::Fake(_) => Some(Area::Token),
            Self::Nowhere => None,
        }
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Policy | Self::Groups | Self::Group(_) | Self::Discovery(_) => &["GET"],
            Self::Configuration(_) => &["GET", "PATCH", "DELETE"],
            Self::GetByIds | Self::Batch | Self::Token(_) => &["POST"],
            Self::Fake(fake) => fake.methods(),
            Self::Nowhere => &[],
        }
    }
}

/// What the faults judge a request by.
pub(super) fn occasion(request: &Incoming, inside_batch: bool) -> Occasion<'_> {
    let route = Route::find(request);
    Occasion {
        area: route.area(),
        method: request.method.as_str(),
        lists_groups: route == Route::Groups,
        one_policy: matches!(route, Route::Configuration(_)),
        inside_batch,
    }
}

/// Answers a request under a fault, as far as the fault is one of the answer
/// and not of the connection.
pub(super) fn answer(
    state: &mut State,
    request: &Incoming,
    ids: &Ids,
    fault: Option<&FaultKind>,
) -> Reply {
    under_fault(state, request, ids, fault, false)
}

/// Answers a request of a batch. Its caller is known already.
pub(super) fn answer_inside_batch(state: &mut State, request: &Incoming, ids: &Ids) -> Reply {
    let fault = state.faults.strike(occasion(request, true)).kind;
    under_fault(state, request, ids, fault.as_ref(), true)
}

fn under_fault(
    state: &mut State,
    request: &Incoming,
    ids: &Ids,
    fault: Option<&FaultKind>,
    inside: bool,
) -> Reply {
    match fault {
        Some(FaultKind::Status {
            status,
            retry_after,
            body,
            applied,
        }) => {
            if *applied {
                carry_out(state, request, ids, false, inside);
            }
            failure(*status, retry_after.as_ref(), *body)
        }
        Some(FaultKind::Html {}) => Reply::with(StatusCode::OK, page()),
        Some(FaultKind::NotJson {}) => Reply::with(
            StatusCode::OK,
            text("application/json", "{\"value\": [{\"id\": \"X509"),
        ),
        Some(FaultKind::Body { value }) => Reply::json(value.clone()),
        Some(FaultKind::Redirect { location }) => {
            Reply::with(StatusCode::FOUND, Content::Empty).header("location", location)
        }
        Some(FaultKind::ForeignNextLink { location }) => continued(
            carry_out(state, request, ids, false, inside),
            location.clone(),
        ),
        Some(FaultKind::LoopNextLink {}) => {
            let itself = format!("{}{}", request.origin, request.target);
            continued(carry_out(state, request, ids, false, inside), itself)
        }
        Some(FaultKind::StaleRead {}) => carry_out(state, request, ids, true, inside),
        None
        | Some(
            FaultKind::Reset {}
            | FaultKind::ResetAfter {}
            | FaultKind::Truncate {}
            | FaultKind::Hang { .. }
            | FaultKind::Latency { .. },
        ) => carry_out(state, request, ids, false, inside),
    }
}

fn carry_out(state: &mut State, request: &Incoming, ids: &Ids, stale: bool, inside: bool) -> Reply {
    let route = Route::find(request);
    let is_sign_in = matches!(
        route,
        Route::Token(_) | Route::Discovery(_) | Route::Fake(_)
    );
    if !is_sign_in
        && !inside
        && let Err(refusal) = authenticate(request, &state.tenant.tenant.id)
    {
        return refusal;
    }
    let method = request.method.as_str();
    if route == Route::Nowhere || (inside && (is_sign_in || route == Route::Batch)) {
        return nowhere(request);
    }
    if !route.methods().contains(&method) {
        let message = format!(
            "The method {method} is not allowed for '{}'.",
            request.path()
        );
        return Reply::error(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            message,
        )
        .header("allow", route.methods().join(", "));
    }
    let result = match route {
        Route::Policy => policies::get_all(state, request),
        Route::Configuration(id) => match method {
            "PATCH" => policies::patch(state, request, id),
            "DELETE" => policies::delete(state, request, id),
            _ => policies::get(state, request, id, stale),
        },
        Route::Groups => groups::list(state, request),
        Route::Group(id) => groups::get(state, request, id),
        Route::GetByIds => directory_objects::get_by_ids(state, request),
        Route::Batch => batch::run(state, request, ids),
        Route::Token(tenant) => Ok(sign_in::token(state, request, tenant, ids)),
        Route::Discovery(tenant) => Ok(sign_in::discovery(state, request, tenant, ids)),
        Route::Fake(fake) => Ok(issuers::answer(state, request, fake)),
        Route::Nowhere => Ok(nowhere(request)),
    };
    result.unwrap_or_else(|refusal| refusal)
}

fn nowhere(request: &Incoming) -> Reply {
    let message = format!("Resource not found for the path '{}'.", request.path());
    Reply::error(StatusCode::NOT_FOUND, "ResourceNotFound", message)
}

fn failure(status: u16, retry_after: Option<&RetryAfter>, body: FaultBody) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status.as_u16() {
        429 => "TooManyRequests",
        401 => "InvalidAuthenticationToken",
        403 => "Authorization_RequestDenied",
        404 => "ResourceNotFound",
        409 => "Request_Conflict",
        412 => "PreconditionFailed",
        500 => "InternalServerError",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "UnknownError",
    };
    let reply = match body {
        FaultBody::Graph => Reply::error(status, code, "A simulated fault."),
        FaultBody::Html => Reply::with(status, page()),
        FaultBody::Empty => Reply::with(status, Content::Empty),
    };
    match retry_after {
        None => reply,
        Some(RetryAfter::Seconds(seconds)) => reply.header("retry-after", seconds.to_string()),
        Some(RetryAfter::Text(text)) => reply.header("retry-after", text),
    }
}

fn page() -> Content {
    text(HTML, PAGE)
}

fn text(content_type: &'static str, text: &str) -> Content {
    Content::Text {
        content_type,
        text: text.to_owned(),
    }
}

/// The same page, said to go on elsewhere.
fn continued(mut reply: Reply, next: String) -> Reply {
    if let Content::Json(Value::Object(page)) = &mut reply.content
        && page.contains_key("value")
    {
        page.insert("@odata.nextLink".to_owned(), next.into());
    }
    reply
}
