//! Which pages may open a WebSocket. Browsers send the page's origin with the handshake and no page can forge it.

use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, Uri, header};

/// A web origin: scheme, host and port (RFC 6454). Only http and https; the scheme's own port is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    authority: String,
}

impl Origin {
    /// That of the page which a request comes from; two are nobody's.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        only(headers, header::ORIGIN)?.parse().ok()
    }

    /// Its host without a port; an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.authority,
        }
    }

    /// Whether the request comes from a page of this server (its Origin names the Host it asks) or from `others`.
    /// A request without Origin is no browser's and is not allowed.
    pub(crate) fn is_allowed(headers: &HeaderMap, others: &[Self]) -> bool {
        let Some(origin) = Self::of(headers) else { return false };
        // The scheme is not compared: behind a proxy that ends TLS the server cannot know it.
        let own = only(headers, header::HOST)
            .and_then(|host| format!("{}://{host}", origin.scheme).parse().ok())
            .is_some_and(|own: Self| own == origin);
        own || others.contains(&origin)
    }
}

fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SENTENCE: &str = "not an origin: use http://host, https://host or https://host:port";
        let uri: Uri = text.parse().map_err(|_| SENTENCE)?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(SENTENCE),
        };
        let authority = uri.authority().ok_or(SENTENCE)?;
        let port = authority.port_u16();
        let host = authority.host().to_ascii_lowercase();
        let written = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        // The URI's parser takes more than an origin may have: a path, a query, a user, an empty or a huge port.
        if host.is_empty() || text.to_ascii_lowercase() != format!("{scheme}://{written}") {
            return Err(SENTENCE);
        }
        let authority = if port == Some(default_port) { host } else { written };
        Ok(Self { scheme, authority })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_port() {
        for (origin, host) in [
            ("https://example.org", "example.org"),
            ("https://example.org:8443", "example.org"),
            ("http://[::1]", "[::1]"),
            ("http://[::1]:8080", "[::1]"),
            ("http://10.0.0.1:8080", "10.0.0.1"),
        ] {
            assert_eq!(origin.parse::<Origin>().unwrap().host(), host);
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        for (text, means) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://Example.ORG", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), means);
        }
        for bad in [
            "",
            "null",
            "*",
            "example.org",
            "//example.org",
            "http://",
            "http://example.org/",
            "http://example.org/a",
            "http://example.org?q",
            "http://user@example.org",
            "http://example.org:",
            "http://example.org:99999",
            "http://example.org:080",
            "ws://example.org",
            "file:///a",
            "http://a b",
            "http://a, http://b",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad} was taken");
        }
    }
}
