use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Host, Namespace};

/// What a router at home does with UDP (RFC 4787, in the words of RFC 3489). TCP goes out through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// A socket has one public port, and anybody may send to it.
    FullCone,
    /// A socket has one public port, and whoever was sent something may answer from there.
    PortRestricted,
    /// A socket has another public port for every destination, and only that one may answer.
    Symmetric,
}

/// The namespace between the network and a home.
#[derive(Clone)]
pub(super) struct Router {
    outer: Namespace,
    home: Ipv4Addr,
}

impl Router {
    pub(super) fn outer(&self) -> &Namespace {
        &self.outer
    }

    /// The address of the one host behind it.
    pub(super) fn home(&self) -> Ipv4Addr {
        self.home
    }
}

/// Makes a router of a namespace, and a home behind it.
pub(super) fn home(nat: Nat, outer: Namespace, public: Ipv4Addr) -> Result<(Namespace, Router)> {
    // Two homes with the same addresses would ask themselves when they look for each other.
    let [.., subnet] = public.octets();
    let [gateway, home] = [1, 2].map(|last| Ipv4Addr::new(192, 168, subnet, last));
    let inner = Namespace::new()?;
    outer.ip(&format!(
        "link add home type veth peer name eth0 netns {}\naddress add {gateway}/24 dev home\nlink set home up",
        inner.path()
    ))?;
    inner
        .ip(&format!("address add {home}/24 dev eth0\nlink set eth0 up\nroute add default via {gateway}"))?;
    outer.configure("net/ipv4/ip_forward", "1")?;
    let how = if nat == Nat::Symmetric { "masquerade fully-random" } else { "masquerade" };
    let anybody = match nat {
        Nat::FullCone => format!("iifname eth0 meta l4proto udp dnat to {home}"),
        Nat::PortRestricted | Nat::Symmetric => String::new(),
    };
    // A packet that comes too early must leave no trace: the kernel would take its port for used, and give the answer
    // another one, as no cone does.
    let rules = format!(
        "table ip nat {{
            chain outwards {{ type nat hook postrouting priority srcnat; oifname eth0 {how}; }}
            chain inwards {{ type nat hook prerouting priority dstnat; {anybody}
            }}
            chain unasked {{ type filter hook input priority filter; iifname eth0 ct state new drop; }}
        }}"
    );
    nft(&outer, &["-f", "-"], &rules)?;
    Ok((inner, Router { outer, home }))
}

impl Host {
    /// No UDP comes in or goes out any more, as behind many a company's firewall. Programs here may be told so: their
    /// packets are refused.
    pub fn block_udp(&self) -> Result<()> {
        let rule = |device| format!("{device} eth0 meta l4proto udp counter name blocked drop");
        let rules = format!(
            "{FIREWALL}\nadd rule ip firewall outwards {}\nadd rule ip firewall inwards {}",
            rule("oifname"),
            rule("iifname")
        );
        nft(self.outer_namespace(), &["-f", "-"], &rules).map(drop)
    }

    /// Ends that.
    pub fn allow_udp(&self) -> Result<()> {
        nft(self.outer_namespace(), &["-f", "-"], FIREWALL).map(drop)
    }

    /// Packets that were refused since UDP was blocked for the first time; before that, there is no counter.
    pub fn blocked(&self) -> Result<u64> {
        let json = nft(self.outer_namespace(), &["-j", "list", "counter", "ip", "firewall", "blocked"], "")?;
        let answer: Value = serde_json::from_str(&json).context("nft's JSON")?;
        let mut objects = answer["nftables"].as_array().into_iter().flatten();
        let packets = objects.find_map(|object| object["counter"]["packets"].as_u64());
        packets.with_context(|| format!("no counter in {json}"))
    }
}

/// Without its rules the firewall lets everything pass, and its counter stays. What is there already is left alone.
const FIREWALL: &str = "add table ip firewall
add counter ip firewall blocked
add chain ip firewall outwards { type filter hook postrouting priority filter; }
add chain ip firewall inwards { type filter hook prerouting priority filter; }
flush chain ip firewall outwards
flush chain ip firewall inwards";

fn nft(namespace: &Namespace, arguments: &[&str], input: &str) -> Result<String> {
    namespace.run("nft", arguments, input)
}
