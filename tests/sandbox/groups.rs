//! Groups: filters, limits, pages, permissions.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::json;

use crate::{Answer, Server, send, start};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn id(number: usize) -> String {
    format!("cccccccc-0000-0000-0000-{number:012}")
}

async fn named(names: &[&str]) -> Server {
    let groups: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| json!({ "id": id(at), "displayName": name }))
        .collect();
    start(json!({ "groups": groups })).await
}

async fn filter(server: &Server, filter: &str) -> Answer {
    server
        .get(&format!("/v1.0/groups?$filter={}", encoded(filter)))
        .await
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let page = answer.json();
    let groups = page["value"].as_array().unwrap();
    groups
        .iter()
        .map(|group| group["displayName"].as_str().unwrap().to_owned())
        .collect()
}

async fn advanced(server: &Server, path: &str) -> Answer {
    send(
        server
            .request(Method::GET, path)
            .header("ConsistencyLevel", "eventual"),
    )
    .await
}

#[tokio::test]
async fn a_filter_finds_groups_by_name_without_case() {
    let server = named(&["CBA Pilot", "cba pilot", "CBA Pilots", "Größe"]).await;
    assert_eq!(
        names(&filter(&server, "displayName eq 'CBA PILOT'").await),
        ["CBA Pilot", "cba pilot"]
    );
    assert_eq!(
        names(&filter(&server, "displayName eq 'GRÖßE'").await),
        ["Größe"]
    );
    assert_eq!(
        names(&filter(&server, "displayName eq 'CBA'").await),
        [""; 0]
    );
}

#[tokio::test]
async fn quotes_and_signs_in_names_survive() {
    let all = [
        "O'Brien's",
        "R&D",
        "A+B",
        "50% #1",
        "日本 チーム",
        "(x) or 'y'",
        "a,b",
    ];
    let server = named(&all).await;
    for name in all {
        let clause = format!("displayName eq '{}'", name.replace('\'', "''"));
        assert_eq!(names(&filter(&server, &clause).await), [name]);
    }
    let list = all
        .map(|name| format!("'{}'", name.replace('\'', "''")))
        .join(", ");
    assert_eq!(
        names(&filter(&server, &format!("displayName in ({list})")).await),
        all
    );
}

#[tokio::test]
async fn a_plus_that_is_not_encoded_is_a_space() {
    let server = named(&["A+B", "A B"]).await;
    let answer = server
        .get("/v1.0/groups?$filter=displayName+eq+'A+B'")
        .await;
    assert_eq!(names(&answer), ["A B"]);
}

#[tokio::test]
async fn filters_combine() {
    let server = named(&["Alpha", "Alpine", "Beta", "Gamma"]).await;
    let cases = [
        ("startswith(displayName,'alp')", vec!["Alpha", "Alpine"]),
        (
            "displayName eq 'Beta' or displayName eq 'Gamma'",
            vec!["Beta", "Gamma"],
        ),
        (
            "startswith(displayName,'Al') and displayName eq 'Alpine'",
            vec!["Alpine"],
        ),
        // `and` binds more tightly than `or`.
        (
            "displayName eq 'Beta' or startswith(displayName,'Al') and displayName eq 'Alpha'",
            vec!["Alpha", "Beta"],
        ),
        (
            "(displayName eq 'Beta' or startswith(displayName,'Al')) and displayName eq 'Alpha'",
            vec!["Alpha"],
        ),
        ("displayName in ('beta','ALPHA')", vec!["Alpha", "Beta"]),
        ("id eq 'CCCCCCCC-0000-0000-0000-000000000002'", vec!["Beta"]),
        (
            "id in ('cccccccc-0000-0000-0000-000000000000','cccccccc-0000-0000-0000-000000000003')",
            vec!["Alpha", "Gamma"],
        ),
    ];
    for (clause, expected) in cases {
        assert_eq!(names(&filter(&server, clause).await), expected, "{clause}");
    }
}

#[tokio::test]
async fn filters_outside_the_grammar_are_refused() {
    let server = named(&["Alpha"]).await;
    for clause in [
        "",
        "displayName",
        "displayName eq",
        "displayName eq Alpha",
        "displayName eq 'O'Brien'",
        "displayName eq 'Alpha",
        "displayName EQ 'Alpha'",
        "displayname eq 'Alpha'",
        "displayName ne 'Alpha'",
        "displayName in ()",
        "displayName in ('a'",
        "displayName in 'a'",
        "(displayName eq 'a'",
        "displayName eq 'a')",
        "displayName eq 'a' or",
        "mail eq 'a'",
        "displayName eq 'a' displayName eq 'b'",
        "startswith(id,'c')",
        "startswith(displayName)",
        "not displayName eq 'a'",
        "displayName eq null",
    ] {
        filter(&server, clause)
            .await
            .refused(400, "Request_BadRequest");
    }
    filter(&server, &"(".repeat(5000))
        .await
        .refused(400, "Request_BadRequest");
}

#[tokio::test]
async fn a_filter_has_at_most_fifteen_expressions() {
    let server = named(&["n1"]).await;
    let list = |count: usize| {
        let names: Vec<_> = (1..=count).map(|at| format!("'n{at}'")).collect();
        format!("displayName in ({})", names.join(","))
    };
    assert_eq!(names(&filter(&server, &list(15)).await), ["n1"]);
    filter(&server, &list(16))
        .await
        .refused(400, "Request_BadRequest");
    let or = |count: usize| vec!["displayName eq 'n1'"; count].join(" or ");
    assert_eq!(filter(&server, &or(15)).await.status, 200);
    filter(&server, &or(16))
        .await
        .refused(400, "Request_BadRequest");
}

#[tokio::test]
async fn a_value_over_120_characters_needs_an_advanced_query() {
    let (short, long) = ("ä".repeat(120), "ä".repeat(121));
    let server = named(&[&short, &long]).await;
    assert_eq!(
        names(&filter(&server, &format!("displayName eq '{short}'")).await),
        [short]
    );
    let clause = format!("displayName eq '{long}'");
    filter(&server, &clause)
        .await
        .refused(400, "Request_BadRequest");
    let path = format!("/v1.0/groups?$filter={}", encoded(&clause));
    // Both the header and the count make a query advanced.
    advanced(&server, &path)
        .await
        .refused(400, "Request_BadRequest");
    let counted = format!("{path}&$count=true");
    server
        .get(&counted)
        .await
        .refused(400, "Request_BadRequest");
    let answer = advanced(&server, &counted).await;
    assert_eq!(answer.json()["@odata.count"], 1);
    assert_eq!(names(&answer), [long]);
}

#[tokio::test]
async fn an_advanced_query_has_a_short_address() {
    let server = named(&["a"]).await;
    let path = |length: usize| {
        let start = "/v1.0/groups?$count=true&x=";
        format!(
            "{start}{}",
            "y".repeat(length - "https://graph.microsoft.com".len() - start.len())
        )
    };
    assert_eq!(advanced(&server, &path(2048)).await.status, 200);
    advanced(&server, &path(2049))
        .await
        .refused(400, "Request_BadRequest");
    assert_eq!(server.get(&path(2049)).await.status, 200);
}

#[tokio::test]
async fn pages_lead_to_every_group_once() {
    let all: Vec<String> = (0..250).map(|at| format!("g{at}")).collect();
    let server = named(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    let mut path =
        "/v1.0/groups?$filter=startswith(displayName,'G')&$select=id,displayName".to_owned();
    loop {
        let answer = server.get(&path).await;
        let page = names(&answer);
        sizes.push(page.len());
        seen.extend(page);
        match answer.json()["@odata.nextLink"].as_str() {
            None => break,
            Some(next) => {
                assert!(next.contains("$skiptoken="), "{next}");
                path = next
                    .strip_prefix(&server.url)
                    .expect("same origin")
                    .to_owned();
            }
        }
    }
    assert_eq!(seen, all);
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test]
async fn page_sizes_are_held_to_the_limits() {
    let server = named(&["a", "b", "c"]).await;
    let answer = server.get("/v1.0/groups?$top=2").await;
    assert_eq!(names(&answer), ["a", "b"]);
    assert!(answer.json()["@odata.nextLink"].is_string());
    assert_eq!(
        server
            .get("/v1.0/groups?$top=3")
            .await
            .json()
            .get("@odata.nextLink"),
        None
    );
    assert_eq!(server.get("/v1.0/groups?$top=999").await.status, 200);
    for top in ["0", "1000", "-1", "x"] {
        server
            .get(&format!("/v1.0/groups?$top={top}"))
            .await
            .refused(400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn every_page_of_an_advanced_query_needs_the_header() {
    let server = named(&["b", "a", "c"]).await;
    let path = "/v1.0/groups?$count=true&$top=2";
    let answer = advanced(&server, path).await;
    assert_eq!(names(&answer), ["b", "a"]);
    let page = answer.json();
    let next = page["@odata.nextLink"]
        .as_str()
        .unwrap()
        .strip_prefix(&server.url)
        .unwrap();
    server
        .get(next)
        .await
        .refused(400, "Request_UnsupportedQuery");
    assert_eq!(names(&advanced(&server, next).await), ["c"]);
}

#[tokio::test]
async fn sorting_needs_an_advanced_query() {
    let server = named(&["b", "a"]).await;
    let path = "/v1.0/groups?$orderby=displayName";
    server
        .get(path)
        .await
        .refused(400, "Request_UnsupportedQuery");
    advanced(&server, path)
        .await
        .refused(400, "Request_UnsupportedQuery");
    assert_eq!(
        names(&advanced(&server, &format!("{path}&$count=true")).await),
        ["a", "b"]
    );
    assert_eq!(
        names(&advanced(&server, &format!("{path}%20desc&$count=true")).await),
        ["b", "a"]
    );
}

#[tokio::test]
async fn options_that_groups_lack_are_refused() {
    let server = named(&["a"]).await;
    for option in [
        "$skip=1",
        "$search=x",
        "$expand=members",
        "$Filter=x",
        "$top=1&$top=2",
        "$select=displayname",
        "$count=yes",
        "$skiptoken=zzz",
    ] {
        server
            .get(&format!("/v1.0/groups?{option}"))
            .await
            .refused(400, "Request_BadRequest");
    }
}
