//! Whose request it is: what limits count by.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who counts as one: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber gets (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// The socket's own address, unless that is a proxy's that is trusted: then what the proxy says. It writes the
    /// rightmost entry; whatever stands before that may be the client's own invention, except where the entry is
    /// another proxy's that is trusted. An entry that cannot be read says nothing, and the proxy itself counts.
    pub(crate) fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[Proxy]) -> Self {
        let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.has(address));
        let mut said = headers.get_all(FORWARDED_FOR).iter().rev().flat_map(|line| {
            let entries = line.to_str().unwrap_or("?").rsplit(',').map(str::trim);
            entries.map(address_in).collect::<Vec<_>>()
        });
        let mut address = peer;
        while is_proxy(address)
            && let Some(Some(before)) = said.next()
        {
            address = before;
        }
        Self::of(address)
    }
}

/// An entry may have a port, and then IPv6 has brackets, as it may have without one.
fn address_in(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// A proxy, or a network of them, whose word about its clients counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy(IpNet);

impl Proxy {
    /// Whether it is `address`, or has it among its own.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let net = net.map_err(|_| "neither an address nor a network: use 10.0.0.1 or 10.0.0.0/8")?;
        // Sockets that take both kinds have IPv4 addresses in this form, and clients are compared without it.
        let mapped = net.addr().to_canonical();
        let bits =
            if net.addr() == mapped { Some(net.prefix_len()) } else { net.prefix_len().checked_sub(96) };
        match bits.and_then(|bits| IpNet::new(mapped, bits).ok()) {
            Some(net) if net.prefix_len() > 0 => Ok(Self(net.trunc())),
            _ => Err("everybody would be a proxy, and every client say who it is: name the network of yours"),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str], proxies: &[&str]) -> String {
        let headers =
            lines.iter().map(|line| (FORWARDED_FOR.parse().unwrap(), line.parse().unwrap())).collect();
        let proxies: Vec<_> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        Client::behind(peer.parse().unwrap(), &headers, &proxies).0.to_string()
    }

    #[test]
    fn the_client_is_who_the_last_trusted_proxy_says_and_nobody_else() {
        const NONE: &[&str] = &[];
        const LOCAL: &[&str] = &["127.0.0.1", "::1"];
        const TWO: &[&str] = &["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        for (peer, lines, proxies, expected) in [
            // Directly: what the client says of itself is not asked.
            ("203.0.113.7", &[][..], NONE, "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], NONE, "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], LOCAL, "203.0.113.7"),
            ("203.0.113.7", &["127.0.0.1"], LOCAL, "203.0.113.7"),
            ("127.0.0.1", &["198.51.100.1"], NONE, "127.0.0.1"),
            ("127.0.0.1", &[], LOCAL, "127.0.0.1"),
            ("10.1.2.3", &["198.51.100.1"], LOCAL, "10.1.2.3"),
            ("::ffff:203.0.113.7", &[], NONE, "203.0.113.7"),
            // One proxy.
            ("127.0.0.1", &["198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &[" 198.51.100.1 "], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1:4711"], LOCAL, "198.51.100.1"),
            ("::1", &["198.51.100.1"], LOCAL, "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.9, 198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.9,198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.9", "198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["127.0.0.1, 198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["10.0.0.5, 198.51.100.1"], TWO, "198.51.100.1"),
            // A client behind a proxy who writes itself in front of its own address.
            ("127.0.0.1", &["1.1.1.1, 2.2.2.2, 3.3.3.3, 198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &["junk, 198.51.100.1"], LOCAL, "198.51.100.1"),
            ("127.0.0.1", &[", 198.51.100.1"], LOCAL, "198.51.100.1"),
            // Two proxies.
            ("127.0.0.1", &["198.51.100.1, 10.0.0.5"], TWO, "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1", "10.0.0.5"], TWO, "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.9, 198.51.100.1, 10.0.0.5"], TWO, "198.51.100.1"),
            ("10.0.0.5", &["198.51.100.1, 10.0.0.6"], TWO, "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, [fd00::5]:80"], TWO, "198.51.100.1"),
            // The second one is not trusted: it counts as the client.
            ("127.0.0.1", &["198.51.100.1, 10.0.0.5"], LOCAL, "10.0.0.5"),
            // Everybody is a proxy: the first one.
            ("127.0.0.1", &["10.0.0.7, 10.0.0.5"], TWO, "10.0.0.7"),
            ("127.0.0.1", &["10.0.0.5"], TWO, "10.0.0.5"),
            // IPv6: a subscriber's 64 bits.
            ("2001:db8:1:2:3:4:5:6", &[], NONE, "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::", &[], NONE, "2001:db8:1:2::"),
            ("2001:db8:1:3::1", &[], NONE, "2001:db8:1:3::"),
            ("::1", &["2001:db8:1:2:3:4:5:6"], LOCAL, "2001:db8:1:2::"),
            ("::1", &["[2001:db8:1:2:3:4:5:6]"], LOCAL, "2001:db8:1:2::"),
            ("::1", &["[2001:db8:1:2:3:4:5:6]:443"], LOCAL, "2001:db8:1:2::"),
            ("::1", &["::ffff:198.51.100.1"], LOCAL, "198.51.100.1"),
            ("fd00::1", &["2001:db8:1:2::9, fd12::1"], TWO, "2001:db8:1:2::"),
            // What cannot be read says nothing: the proxy counts.
            ("127.0.0.1", &[""], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &[","], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["unknown"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["_hidden"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1,"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.256"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1:99999"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1 198.51.100.2"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["0x7f.1"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["[198.51.100.1"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1/32"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["fe80::1%eth0"], LOCAL, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown, 10.0.0.5"], TWO, "10.0.0.5"),
        ] {
            assert_eq!(client(peer, lines, proxies), expected, "{peer} {lines:?} {proxies:?}");
        }
        let mut binary = HeaderMap::new();
        binary.insert(FORWARDED_FOR, b"198.51.100.1\xFF".as_slice().try_into().unwrap());
        let local = "127.0.0.1".parse().unwrap();
        assert_eq!(Client::behind(local, &binary, &["127.0.0.1".parse().unwrap()]), Client::of(local));
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        for (text, shown) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0",
            "10.0.0.1:80",
            "*",
            "0.0.0.0/0",
            "::/0",
            "::ffff:0.0.0.0/96",
        ] {
            assert!(bad.parse::<Proxy>().is_err(), "{bad}");
        }
    }
}
