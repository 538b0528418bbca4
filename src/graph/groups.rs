//! Names to ids and ids to names, in as few requests as the documented limits
//! allow (Graph, "Query parameters" and "Known issues").

use std::collections::BTreeSet;

use futures_util::future::join_all;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::core::compare::{fold, is_guid};
use crate::core::directory::{ById, ByName, Directory, Group};

use super::client::{Ask, Graph};
use super::error::GraphError;

/// The least right to read names and ids of groups.
pub const READ_RIGHT: &str = "GroupMember.Read.All";

/// Expressions in one filter.
const FILTER_MAX: usize = 15;
/// Characters of a value, but in advanced queries.
const VALUE_MAX: usize = 120;
/// Characters of the URL of an advanced query.
const ADVANCED_URL_MAX: usize = 2048;
/// Our own bound for other URLs: servers and proxies on the way take 8 KB.
const URL_MAX: usize = 7_000;
/// Pages of one look-up; a name that fills them all is no usable name.
const PAGES_MAX: usize = 20;
const SIMILAR_MAX: usize = 5;
const SIMILAR_NAMES_MAX: usize = 10;

const SELECT: &str = "$select=id,displayName,groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled,isAssignableToRole";

/// What RFC 3986 leaves bare.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One look-up: its filter and how it is sent.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    path: String,
    advanced: bool,
}

/// Looks up names. A name that several groups have, or none, is not an error
/// here; a refused or failed look-up is, for without it no plan can be made.
pub async fn by_names(
    graph: &Graph,
    names: &BTreeSet<String>,
    directory: &mut Directory,
) -> Result<(), GraphError> {
    let answers = join_all(name_queries(names).iter().map(|query| list(graph, query))).await;
    let mut groups = Vec::new();
    for answer in answers {
        groups.extend(answer?);
    }
    let matching = |name: &str| -> Vec<Group> {
        let mut matches: Vec<Group> = groups
            .iter()
            .filter(|group| fold(group.display_name.trim()) == fold(name))
            .cloned()
            .collect();
        matches.sort_by(|a, b| a.id.cmp(&b.id));
        matches.dedup_by(|a, b| a.id == b.id);
        matches
    };
    let unknown: Vec<&String> = names
        .iter()
        .filter(|name| matching(name).is_empty())
        .collect();
    // Candidates help to mend a typo; failing to get them changes nothing.
    // Where many are unknown, the tenant or the file is wrong, not the spelling.
    let similar = join_all(
        unknown
            .iter()
            .take(SIMILAR_NAMES_MAX)
            .map(|name| similar(graph, name)),
    );
    let similar = similar
        .await
        .into_iter()
        .chain(std::iter::repeat_with(Vec::new));
    for (name, similar) in unknown.iter().zip(similar) {
        directory.learn_name(
            name,
            ByName {
                matches: Vec::new(),
                similar,
            },
        );
    }
    for name in names {
        let matches = matching(name);
        if !matches.is_empty() {
            directory.learn_name(
                name,
                ByName {
                    matches,
                    similar: Vec::new(),
                },
            );
        }
    }
    Ok(())
}

/// Looks up ids, for names that people read and to tell whether a group still
/// exists. Where that is refused, the ids are noted as unread; any other
/// failure is an error, for a failed read is never "deleted".
pub async fn by_ids(
    graph: &Graph,
    ids: &BTreeSet<String>,
    directory: &mut Directory,
) -> Result<(), GraphError> {
    let ids: Vec<&String> = ids.iter().filter(|id| directory.id(id).is_none()).collect();
    let chunks: Vec<&[&String]> = ids.chunks(FILTER_MAX).collect();
    let queries: Vec<Query> = chunks
        .iter()
        .map(|chunk| query(&in_list("id", chunk.iter().map(|id| id.as_str())), false))
        .collect();
    let answers = join_all(queries.iter().map(|query| list(graph, query))).await;
    for (chunk, answer) in chunks.iter().zip(answers) {
        match answer {
            Ok(groups) => {
                for id in *chunk {
                    let found = groups
                        .iter()
                        .find(|group| group.id.eq_ignore_ascii_case(id));
                    let told = found.map_or(ById::Gone, |group| ById::Found(group.clone()));
                    directory.learn_id(id, told);
                }
            }
            Err(error) if error.code == "graph-forbidden" => {
                directory.unread_because = Some("Graph refuses it, 403".to_owned());
                for id in *chunk {
                    directory.learn_id(id, ById::Unread);
                }
            }
            Err(error) => return Err(error),
        }
    }
    // Rights that come or go between two answers: what is missing in either
    // may only be hidden.
    if directory.unread_because.is_some() {
        for id in ids {
            if directory.id(id) == Some(&ById::Gone) {
                directory.learn_id(id, ById::Unread);
            }
        }
    }
    Ok(())
}

/// The queries for some names: as many in one as fit. An exact query reads the
/// directory itself, an advanced one its index, which may lag behind; so names
/// go by exact query, unless a long one among them would cost a request more.
fn name_queries(names: &BTreeSet<String>) -> Vec<Query> {
    let fits = |name: &&String| name.chars().count() <= VALUE_MAX;
    let (short, long): (Vec<&String>, Vec<&String>) = names.iter().partition(fits);
    let (advanced, longest): (Vec<&String>, Vec<&String>) = long.into_iter().partition(|name| {
        let alone = query(&in_list("displayName", [name.as_str()].into_iter()), true);
        alone.path.len() + URL_OVERHEAD <= ADVANCED_URL_MAX
    });
    let together: Vec<&String> = short.iter().chain(&advanced).copied().collect();
    let together = pack(&together, FILTER_MAX, ADVANCED_URL_MAX, true);
    let mut queries = if !advanced.is_empty() && together.len() == 1 {
        together
    } else {
        let mut apart = pack(&short, FILTER_MAX, URL_MAX, false);
        apart.extend(pack(&advanced, FILTER_MAX, ADVANCED_URL_MAX, true));
        apart
    };
    // A name that fits no filter is found by its beginning and compared here.
    queries.extend(longest.iter().map(|name| {
        let beginning: String = name.chars().take(VALUE_MAX).collect();
        let filter = format!("startswith(displayName,{})", quoted(&beginning));
        query(&filter, false)
    }));
    queries
}

/// Room for scheme, host and version, which the limit counts too.
const URL_OVERHEAD: usize = 64;

fn pack(names: &[&String], most: usize, url: usize, advanced: bool) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut packed: Vec<&str> = Vec::new();
    for name in names {
        packed.push(name);
        let whole = query(&in_list("displayName", packed.iter().copied()), advanced);
        if packed.len() > most || (whole.path.len() + URL_OVERHEAD > url && packed.len() > 1) {
            packed.pop();
            queries.push(query(
                &in_list("displayName", packed.iter().copied()),
                advanced,
            ));
            packed = vec![name];
        }
    }
    if !packed.is_empty() {
        queries.push(query(
            &in_list("displayName", packed.iter().copied()),
            advanced,
        ));
    }
    queries
}

fn in_list<'a>(property: &str, values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(quoted).collect();
    format!("{property} in ({})", values.join(","))
}

/// An OData string: quotes are doubled; percent-encoding comes after.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn query(filter: &str, advanced: bool) -> Query {
    let filter = utf8_percent_encode(filter, UNRESERVED);
    let count = if advanced { "&$count=true" } else { "" };
    Query {
        path: format!("/groups?$filter={filter}&{SELECT}&$top=999{count}"),
        advanced,
    }
}

async fn list(graph: &Graph, query: &Query) -> Result<Vec<Group>, GraphError> {
    let ask = Ask {
        path: query.path.clone(),
        headers: if query.advanced {
            vec![("consistencylevel", "eventual")]
        } else {
            Vec::new()
        },
        needs: READ_RIGHT,
    };
    let malformed = |what: &str| {
        GraphError::new(
            "graph-not-a-policy",
            "GET /groups",
            format!("the answer makes no sense as a list of groups: {what}"),
        )
    };
    let mut groups = Vec::new();
    let mut seen = BTreeSet::new();
    let mut answer = graph.get(&ask).await?;
    loop {
        let items = answer["value"]
            .as_array()
            .ok_or_else(|| malformed("it has no `value`"))?;
        for item in items {
            groups.push(group(item).ok_or_else(|| malformed("an entry has no id"))?);
        }
        let Some(link) = answer.get("@odata.nextLink").filter(|link| !link.is_null()) else {
            return Ok(groups);
        };
        let link = link
            .as_str()
            .ok_or_else(|| malformed("its `nextLink` is no text"))?
            .to_owned();
        if !seen.insert(link.clone()) || seen.len() > PAGES_MAX {
            return Err(malformed("its pages do not end"));
        }
        answer = graph.get_link(&link, &ask).await?;
    }
}

fn group(item: &Value) -> Option<Group> {
    let id = item["id"].as_str().filter(|id| is_guid(id))?;
    let flag = |name: &str| item[name].as_bool().unwrap_or(false);
    let types = || item["groupTypes"].as_array().into_iter().flatten();
    let is = |kind: &str| types().any(|one| one == kind);
    Some(Group {
        id: id.to_ascii_lowercase(),
        display_name: item["displayName"].as_str().unwrap_or_default().to_owned(),
        kind: if is("Unified") {
            "Microsoft 365"
        } else {
            match (flag("securityEnabled"), flag("mailEnabled")) {
                (true, true) => "mail-enabled security",
                (_, true) => "distribution",
                _ => "security",
            }
        },
        dynamic: is("DynamicMembership"),
        synced: flag("onPremisesSyncEnabled"),
        role_assignable: flag("isAssignableToRole"),
    })
}

/// Groups whose name begins like a name that nobody has, the nearest first.
async fn similar(graph: &Graph, name: &str) -> Vec<Group> {
    let beginning: String = name.chars().take(3).collect();
    let filter = format!("startswith(displayName,{})", quoted(&beginning));
    let path = query(&filter, false).path.replace("$top=999", "$top=100");
    let query = Query {
        path,
        advanced: false,
    };
    let mut groups = list(graph, &query).await.unwrap_or_default();
    let score = |group: &Group| strsim::jaro_winkler(&fold(&group.display_name), &fold(name));
    groups.sort_by(|a, b| score(b).total_cmp(&score(a)).then_with(|| a.id.cmp(&b.id)));
    groups.truncate(SIMILAR_MAX);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn fifteen_names_are_one_request_and_sixteen_are_two() {
        let many: Vec<String> = (0..16).map(|n| format!("Group {n:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(name_queries(&names(&many[..15])).len(), 1);
        assert_eq!(name_queries(&names(&many)).len(), 2);
    }

    #[test]
    fn odd_characters_are_quoted_and_encoded() {
        let queries = name_queries(&names(&["O'Brien & Söhne #1+2%"]));
        assert!(
            queries[0]
                .path
                .contains("%28%27O%27%27Brien%20%26%20S%C3%B6hne%20%231%2B2%25%27%29"),
            "{}",
            queries[0].path
        );
    }

    #[test]
    fn long_names_go_by_advanced_query_and_the_longest_by_their_beginning() {
        let long = "x".repeat(200);
        let longest = "グ".repeat(256);
        let queries = name_queries(&names(&["short", &long, &longest]));
        let advanced: Vec<bool> = queries.iter().map(|query| query.advanced).collect();
        assert_eq!(advanced, [true, false]);
        assert!(queries[1].path.contains("startswith"));
        assert!(queries.iter().all(|query| query.path.len() < URL_MAX));
    }
}
