//! The clouds: Graph's root, the sign-in authority and the scope go together.
//!
//! Source: Microsoft Graph, "National cloud deployments"; Microsoft Entra,
//! "National clouds".

use url::Url;

/// A cloud by its contract name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The word after `--cloud`.
    pub name: &'static str,
    /// Graph's root, without a version.
    pub graph: &'static str,
    /// Where tokens come from.
    pub authority: &'static str,
}

/// The clouds that entrue knows; the first is the default.
pub const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "global",
        graph: "https://graph.microsoft.com",
        authority: "https://login.microsoftonline.com",
    },
    Cloud {
        name: "usgov",
        graph: "https://graph.microsoft.us",
        authority: "https://login.microsoftonline.us",
    },
    Cloud {
        name: "usgov-dod",
        graph: "https://dod-graph.microsoft.us",
        authority: "https://login.microsoftonline.us",
    },
    Cloud {
        name: "china",
        graph: "https://microsoftgraph.chinacloudapi.cn",
        authority: "https://login.partner.microsoftonline.cn",
    },
];

impl Cloud {
    /// The cloud of this name.
    pub fn find(name: &str) -> Option<&'static Cloud> {
        CLOUDS.iter().find(|cloud| cloud.name == name)
    }

    /// What a sign-in asks for, whatever host Graph is reached at.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.graph)
    }
}

/// Checks a root that somebody gave: https, or http on loopback; no path
/// version, query, fragment or credentials.
pub fn root(text: &str, what: &str) -> Result<Url, String> {
    let url =
        Url::parse(text.trim()).map_err(|error| format!("{what} `{text}` is no URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{what} holds a user name or a password"));
    }
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(format!("{what} `{text}` names no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => {
            return Err(format!(
                "{what} `{text}` must be https; plain http is for this machine only (127.0.0.1)"
            ));
        }
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{what} `{text}` holds a query"));
    }
    if url.path() != "/" && !url.path().is_empty() {
        return Err(format!(
            "{what} `{text}` holds a path; give the root only, entrue adds `/v1.0` itself"
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roots_that_are_safe_are_taken() {
        for good in [
            "https://graph.microsoft.com",
            "https://graph.test/",
            "http://127.0.0.1:80",
            "http://[::1]:1",
            "http://localhost:9",
        ] {
            assert!(root(good, "x").is_ok(), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com",
            "https://graph.microsoft.com/v1.0",
            "https://a?b",
            "https://u:p@a",
            "ftp://a",
            "graph.microsoft.com",
            "http://127.0.0.1.evil.test",
            "https://a/#b",
            "",
        ] {
            assert!(root(bad, "x").is_err(), "{bad}");
        }
    }
}
