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
    /// Whom an assertion is for that Entra is to take for an application
    /// (Microsoft Entra, "Configure an app to trust a managed identity").
    pub token_exchange: &'static str,
}

/// The clouds that entrue knows; the first is the default.
pub const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "global",
        graph: "https://graph.microsoft.com",
        authority: "https://login.microsoftonline.com",
        token_exchange: "api://AzureADTokenExchange",
    },
    Cloud {
        name: "usgov",
        graph: "https://graph.microsoft.us",
        authority: "https://login.microsoftonline.us",
        token_exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        name: "usgov-dod",
        graph: "https://dod-graph.microsoft.us",
        authority: "https://login.microsoftonline.us",
        token_exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        name: "china",
        graph: "https://microsoftgraph.chinacloudapi.cn",
        authority: "https://login.partner.microsoftonline.cn",
        token_exchange: "api://AzureADTokenExchangeChina",
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
    let url = checked(text, what, &format!("{what} `{text}`"), |_| false)?;
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

/// Checks an address that a secret is sent to: https, or http on loopback; no
/// credentials. Where it is none it is not shown: somebody may have put the
/// secret there.
pub fn address(text: &str, what: &str) -> Result<Url, String> {
    checked(text, what, what, |_| false)
}

/// Checks an address that this machine's host gives tokens at: as
/// [`address`], or http to a link-local address, which no packet to another
/// network has. Azure's own are there.
pub fn host_address(text: &str, what: &str) -> Result<Url, String> {
    checked(
        text,
        what,
        what,
        |host| matches!(host, url::Host::Ipv4(address) if address.is_link_local()),
    )
}

fn checked(
    text: &str,
    what: &str,
    named: &str,
    is_plain: impl Fn(&url::Host<&str>) -> bool,
) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("{named} is no URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{what} holds a user name or a password"));
    }
    let is_near = match url.host() {
        Some(url::Host::Domain("localhost")) => true,
        Some(url::Host::Ipv4(address)) if address.is_loopback() => true,
        Some(url::Host::Ipv6(address)) if address.is_loopback() => true,
        Some(host) => is_plain(&host),
        None => return Err(format!("{named} names no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_near => {}
        _ => {
            return Err(format!(
                "{named} must be https; plain http is for this machine only (127.0.0.1)"
            ));
        }
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

    #[test]
    fn plain_http_stays_on_this_machine_and_its_host() {
        for near in ["http://127.0.0.1:9/a?b", "https://a.test/x?y=z"] {
            assert!(address(near, "x").is_ok() && host_address(near, "x").is_ok());
        }
        let host = "http://169.254.129.3:8081/msi/token";
        assert!(address(host, "x").is_err() && host_address(host, "x").is_ok());
        for far in [
            "http://10.0.0.1/",
            "http://169.253.1.1/",
            "http://169.254.169.254.evil.test/",
            "http://u:p@127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(address(far, "x").is_err() && host_address(far, "x").is_err());
        }
    }
}
