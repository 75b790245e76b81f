//! To whom the relay may send: it stands inside of networks that its users stand outside of.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Nobody's, or this machine's own (RFC 6890 and its registries).
const NEVER: [IpNet; 13] = [
    v4([0, 0, 0, 0], 8),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast, reserved, broadcast.
    v4([224, 0, 0, 0], 3),
    // Unspecified and loopback, and the old ways to write IPv4 that are not the one below.
    v6(0, 16),
    v6(0x100 << 112, 64),
    v6(0x2001_0DB8 << 96, 32),
    v6(0xFE80 << 112, 10),
    v6(0xFF00 << 112, 8),
];

/// Those of a local network, or of a provider's.
const PRIVATE: [IpNet; 8] = [
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v6(0xFC00 << 112, 7),
    v6(0xFEC0 << 112, 10),
    // Local-use translation of IPv4 (RFC 8215).
    v6(0x0064_FF9B_0001 << 80, 48),
];

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits))
}

const fn v6(address: u128, bits: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(address), bits))
}

/// Which peers may be sent to.
#[derive(Debug)]
pub(crate) struct Peers {
    /// Those of local networks as well.
    private: bool,
    /// The relay's own address: two people who both hide theirs meet there.
    own: IpAddr,
    /// Where users have their ports. Whatever else listens at the relay's address is none of their business.
    ports: Mutex<HashSet<u16>>,
}

impl Peers {
    /// Of a relay at an address of its own.
    pub(crate) fn new(own: IpAddr, private: bool) -> Self {
        Self { private, own, ports: Mutex::default() }
    }

    /// Whether somebody at this address may be a peer at all. IPv6 addresses that stand for an IPv4 address are judged
    /// as that.
    pub(crate) fn may_be(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(v6) => carried(v6).map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        let is_in = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        address == self.own || !is_in(&NEVER) && (self.private || !is_in(&PRIVATE))
    }

    /// Whether something may be sent there.
    pub(crate) fn may_get(&self, peer: SocketAddr) -> bool {
        if self.is_own(peer.ip()) { self.is_user(peer.port()) } else { self.may_be(peer.ip()) }
    }

    pub(crate) fn is_own(&self, address: IpAddr) -> bool {
        address.to_canonical() == self.own
    }

    pub(crate) fn is_user(&self, port: u16) -> bool {
        self.ports().contains(&port)
    }

    /// One that no user has, by chance; none where all are taken.
    pub(crate) fn take(self: &Arc<Self>, of: RangeInclusive<u16>) -> Option<Port> {
        let first = rand::random_range(of.clone());
        let mut ports = self.ports();
        let number = (first..=*of.end()).chain(*of.start()..first).find(|port| !ports.contains(port))?;
        ports.insert(number);
        Some(Port { number, peers: Arc::clone(self) })
    }

    fn ports(&self) -> MutexGuard<'_, HashSet<u16>> {
        // Nothing panics while it holds this.
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the relay's, until it is dropped.
pub(crate) struct Port {
    pub(crate) number: u16,
    peers: Arc<Peers>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.peers.ports().remove(&self.number);
    }
}

/// The IPv4 address that gateways and kernels take an IPv6 address for: mapped (RFC 4291), translated (RFC 6052),
/// 6to4 (RFC 3056), Teredo's client (RFC 4380).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xFFFF, high, low]
        | [0x64, 0xFF9B, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, .., high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(private: bool) -> Arc<Peers> {
        Arc::new(Peers::new([10, 9, 8, 7].into(), private))
    }

    fn may_be(address: &str, private: bool) -> bool {
        peers(private).may_be(address.parse().unwrap())
    }

    #[test]
    fn those_who_hide_meet_at_the_relay_and_find_nothing_else_there() {
        for private in [false, true] {
            let peers = peers(private);
            let user = peers.take(50_000..=50_000);
            let may_get = |peer: &str| peers.may_get(peer.parse().unwrap());
            for (peer, may) in [
                ("10.9.8.7:50000", true),
                ("[::ffff:10.9.8.7]:50000", true),
                ("10.9.8.7:50001", false),
                ("10.9.8.7:53", false),
                ("[::ffff:10.9.8.7]:53", false),
                ("10.9.8.6:50000", private),
                ("1.1.1.1:53", true),
                ("127.0.0.1:50000", false),
            ] {
                assert_eq!(may_get(peer), may, "{peer}");
            }
            drop(user);
            assert!(!may_get("10.9.8.7:50000"), "nobody is there any more");
        }
    }

    #[test]
    fn every_port_is_found() {
        for first in [1, 50_000, u16::MAX - 9] {
            let range = first..=first + 9;
            let peers = peers(false);
            let ports: Vec<_> = range.clone().map_while(|_| peers.take(range.clone())).collect();
            let mut numbers: Vec<_> = ports.iter().map(|port| port.number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, range.clone().collect::<Vec<_>>());
            assert!(peers.take(range.clone()).is_none());
            drop(ports);
            assert!(peers.take(range).is_some());
        }
    }

    #[test]
    fn nobody_is_relayed_into_this_machine_or_its_network() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "192.0.0.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.1.1",
            "::ffff:0.0.0.0",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001::80ff:fffe",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            for private in [false, true] {
                assert!(!may_be(address, private), "{address}");
            }
        }
    }

    #[test]
    fn local_networks_are_a_choice() {
        for address in [
            "10.0.0.1",
            "100.64.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "::ffff:192.168.1.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "64:ff9b:1::1",
        ] {
            assert!(!may_be(address, false), "{address}");
            assert!(may_be(address, true), "{address}");
        }
    }

    #[test]
    fn everybody_else_may_be_reached() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::",
            "2001:4860::8888",
            "2606:4700::1",
        ] {
            assert!(may_be(address, false), "{address}");
        }
    }
}
