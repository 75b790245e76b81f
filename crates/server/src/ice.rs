//! What tabs are told of STUN and TURN servers: this one, and others.

use std::{
    fmt,
    net::IpAddr,
    str::FromStr,
    time::{Duration, SystemTime},
};

use axum::http::uri::Authority;
use snaproom_protocol::server::{Ice, IceServer};

use crate::turn::{Credentials, TurnSecret, TurnServer};

/// How long credentials can be used to begin with a relay. A page asks for new ones before; a connection that has its
/// relay keeps it.
const LIFETIME: Duration = Duration::from_hours(1);

/// Where tabs find which address they have, and what carries their data where nothing else does.
#[derive(Debug, Clone, Default)]
pub struct IceServers {
    /// Others' STUN servers.
    pub stun: Vec<StunUrl>,
    /// Others' TURN servers, which share `secret`.
    pub turn: Vec<TurnUrl>,
    /// What a TURN server is shown. Without it, nobody is told of any.
    pub secret: Option<TurnSecret>,
    /// This process's own.
    pub own: Option<Own>,
}

/// This process's own server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// Where it is; none where it is at the address of the page.
    pub address: Option<IpAddr>,
    /// Over UDP.
    pub port: u16,
    /// Whether it is more than a STUN server.
    pub relays: bool,
}

impl Own {
    /// Reached at `address`, if that says more than the page's.
    #[must_use]
    pub fn of(server: &TurnServer, address: Option<IpAddr>) -> Self {
        let bound = server.address();
        let address = address.or_else(|| (!bound.ip().is_unspecified()).then(|| bound.ip()));
        Self { address, port: bound.port(), relays: server.relays() }
    }
}

impl IceServers {
    /// For `user`, a name that is nobody's, whose page has its address at `host`.
    pub(crate) fn for_tab(&self, host: Option<&str>, user: &str) -> Ice {
        self.for_tab_at(host, user, SystemTime::now())
    }

    fn for_tab_at(&self, host: Option<&str>, user: &str, now: SystemTime) -> Ice {
        let mut stun: Vec<_> = self.stun.iter().map(ToString::to_string).collect();
        let mut turn: Vec<_> = self.turn.iter().map(ToString::to_string).collect();
        if let Some(own) = self.own {
            let host = match own.address {
                Some(IpAddr::V6(address)) => Some(format!("[{address}]")),
                Some(IpAddr::V4(address)) => Some(address.to_string()),
                None => host.map(str::to_owned),
            };
            if let Some(host) = host {
                stun.push(format!("stun:{host}:{}", own.port));
                turn.extend(own.relays.then(|| format!("turn:{host}:{}?transport=udp", own.port)));
            }
        }
        let mut ice = Ice::default();
        // An entry without an address makes browsers refuse all of them.
        if !stun.is_empty() {
            ice.servers.push(IceServer { urls: stun, username: None, credential: None });
        }
        if let Some(secret) = self.secret.as_ref().filter(|_| !turn.is_empty()) {
            let Credentials { username, password } = secret.credentials(user, now + LIFETIME);
            ice.servers.push(IceServer { urls: turn, username: Some(username), credential: Some(password) });
            ice.expires_in = Some(LIFETIME.as_secs() as u32);
        }
        ice
    }
}

/// The address of a STUN server, as RFC 7064 writes it: `stun:host` or `stun:host:port`, or `stuns:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunUrl(String);

/// The address of a TURN server, as RFC 7065 writes it: `turn:host:port`, or `turns:`, perhaps with `?transport=tcp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnUrl(String);

// One wrong address makes every browser refuse the whole connection, so it is refused here.

impl FromStr for StunUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("turn:") || text.starts_with("turns:") {
            return Err("a TURN server needs credentials: name it with --turn-url, and --turn-secret");
        }
        let host = text.strip_prefix("stun:").or_else(|| text.strip_prefix("stuns:"));
        if host.is_some_and(is_host) {
            Ok(Self(text.to_owned()))
        } else {
            Err("not a STUN address: use stun:host:port")
        }
    }
}

impl FromStr for TurnUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("turn:").or_else(|| text.strip_prefix("turns:")).unwrap_or_default();
        let host = match rest.split_once('?') {
            Some((host, "transport=udp" | "transport=tcp")) => host,
            Some(_) => "",
            None => rest,
        };
        if is_host(host) {
            Ok(Self(text.to_owned()))
        } else {
            Err("not a TURN address: use turn:host:port or turns:host:port, perhaps with ?transport=tcp")
        }
    }
}

/// A host, perhaps with its port. The URI's parser takes a user, no host, and what is no port.
fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    !authority.host().is_empty() && authority.as_str() == format!("{}{port}", authority.host())
}

impl fmt::Display for StunUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TurnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn told(servers: &IceServers, host: Option<&str>) -> Ice {
        servers.for_tab_at(host, "ab", UNIX_EPOCH + Duration::from_secs(1_700_000_000) - LIFETIME)
    }

    fn with_secret(servers: IceServers) -> IceServers {
        IceServers { secret: Some("a secret of sixteen or more".parse().unwrap()), ..servers }
    }

    #[test]
    fn who_has_no_server_is_told_of_none() {
        assert_eq!(told(&IceServers::default(), Some("a.example")), Ice::default());
        let own = Some(Own { address: None, port: 1, relays: true });
        assert_eq!(told(&with_secret(IceServers { own, ..Default::default() }), None), Ice::default());
    }

    #[test]
    fn the_own_server_is_where_the_page_is_or_where_it_says() {
        for (address, host, stun, turn) in [
            (None, "a.example", "stun:a.example:3478", "turn:a.example:3478?transport=udp"),
            (Some("192.0.2.1"), "a.example", "stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp"),
            (Some("2001:db8::1"), "a", "stun:[2001:db8::1]:3478", "turn:[2001:db8::1]:3478?transport=udp"),
            (None, "[::1]", "stun:[::1]:3478", "turn:[::1]:3478?transport=udp"),
        ] {
            let address = address.map(|address| address.parse().unwrap());
            let own = Some(Own { address, port: 3478, relays: true });
            let ice = told(&with_secret(IceServers { own, ..Default::default() }), Some(host));
            let urls: Vec<_> = ice.servers.iter().flat_map(|server| server.urls.clone()).collect();
            assert_eq!(urls, [stun, turn]);
        }
    }

    #[test]
    fn whoever_relays_is_shown_credentials_that_end() {
        let turn = vec!["turns:relay.example:5349?transport=tcp".parse().unwrap()];
        let servers = with_secret(IceServers { turn, ..Default::default() });
        let ice = told(&servers, Some("a.example"));
        let server = IceServer {
            urls: vec!["turns:relay.example:5349?transport=tcp".into()],
            username: Some("1700000000:ab".into()),
            credential: Some("XCKn7NP1oYD+hvGAF19uUH9uuJc=".into()),
        };
        assert_eq!(ice, Ice { servers: vec![server], expires_in: Some(3600) });
        assert_eq!(told(&IceServers { secret: None, ..servers }, None), Ice::default(), "without a secret");
    }

    #[test]
    fn addresses_are_told_from_what_a_browser_would_throw_on() {
        for good in ["stun:stun.example.org", "stun:10.0.0.1:3478", "stuns:[::1]:5349"] {
            assert_eq!(good.parse::<StunUrl>().unwrap().to_string(), good);
        }
        for good in
            ["turn:relay.example.org", "turn:10.0.0.1:3478?transport=udp", "turns:[::1]:5349?transport=tcp"]
        {
            assert_eq!(good.parse::<TurnUrl>().unwrap().to_string(), good);
            assert!(good.parse::<StunUrl>().is_err());
        }
        for bad in [
            "",
            ":",
            "//host",
            "@b",
            "a@b",
            "a b",
            "a:",
            "a:b",
            "a:99999",
            "a:080",
            ":3478",
            "[::1",
            "a?x",
            "a?transport=sctp",
            "a?transport=udp&x",
            "a?",
        ] {
            for scheme in ["stun:", "turn:", "turns:", "http:", ""] {
                let text = format!("{scheme}{bad}");
                assert!(
                    text.parse::<StunUrl>().is_err() && text.parse::<TurnUrl>().is_err(),
                    "{text} was taken"
                );
            }
        }
        for bad in ["host:3478", "http://host"] {
            assert!(bad.parse::<StunUrl>().is_err() && bad.parse::<TurnUrl>().is_err(), "{bad} was taken");
        }
    }
}
