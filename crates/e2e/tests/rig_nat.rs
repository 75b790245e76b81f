//! Routers of each kind do to plain sockets what their kind is known for, and a firewall without UDP lets none pass.
#![cfg(target_os = "linux")]

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Host, Nat, Network, PATIENCE};

/// How long a socket waits for what is not to come.
const SILENCE: Duration = Duration::from_millis(500);

fn socket(host: &Host, port: u16) -> Result<UdpSocket> {
    host.inside(|| UdpSocket::bind(("0.0.0.0", port)).with_context(|| format!("port {port}")))
}

/// What comes within this time, and from where.
fn receive(socket: &UdpSocket, limit: Duration) -> Result<Option<(Vec<u8>, SocketAddr)>> {
    socket.set_read_timeout(Some(limit))?;
    let mut buffer = [0; 100];
    Ok(socket.recv_from(&mut buffer).ok().map(|(length, from)| (buffer[..length].to_vec(), from)))
}

/// What a person behind such a router sees, by the means of STUN.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// All destinations see the same port.
    one_port: bool,
    /// Who was never sent anything may send in.
    anybody: bool,
    /// Another port of a host that was sent something may send in.
    other_port: bool,
}

fn look(nat: Nat) -> Result<Seen> {
    let network = Network::new()?;
    let (home, one, two) = (network.host_behind(nat)?, network.host()?, network.host()?);
    assert_ne!(home.inner_address(), home.address());
    let inside = socket(&home, 4000)?;
    let outside = [socket(&one, 3478)?, socket(&one, 3479)?, socket(&two, 3478)?, socket(&two, 3479)?];
    let addresses = [(one.address(), 3478), (one.address(), 3479), (two.address(), 3478)];

    let mut ports = Vec::new();
    for (target, socket) in addresses.into_iter().zip(&outside) {
        inside.send_to(b"who am I?", target)?;
        let (_, from) = receive(socket, PATIENCE)?.context("nothing came out")?;
        assert_eq!(from.ip(), home.address(), "the router's address is seen");
        socket.send_to(b"answer", from)?;
        let (answer, _) = receive(&inside, PATIENCE)?.context("whoever was asked cannot answer")?;
        assert_eq!(answer, b"answer");
        ports.push(from.port());
    }
    // A mapping of its own, which nobody else was sent anything from.
    let fresh = socket(&home, 4001)?;
    fresh.send_to(b"hello", (one.address(), 3478))?;
    let (_, mapped) = receive(&outside[0], PATIENCE)?.context("nothing came out")?;
    outside[1].send_to(b"other port", mapped)?;
    // What is to come is waited for; what is not, for a while.
    let patience = if nat == Nat::FullCone { PATIENCE } else { SILENCE };
    let other_port = receive(&fresh, patience)?.is_some();
    outside[3].send_to(b"anybody", mapped)?;
    let anybody = receive(&fresh, patience)?.is_some();

    // What came in too early takes no port away: the mapping stays what it is.
    outside[2].send_to(b"early", mapped)?;
    receive(&fresh, SILENCE)?;
    fresh.send_to(b"now", (two.address(), 3478))?;
    let (_, again) = receive(&outside[2], PATIENCE)?.context("nothing came out")?;
    let one_port = ports.iter().all(|port| *port == ports[0]);
    ensure!(!one_port || again == mapped, "an early packet moved the mapping from {mapped} to {again}");
    assert_eq!(network.unrouted(), 0, "a private address was let out");
    Ok(Seen { one_port, anybody, other_port })
}

#[test]
fn a_full_cone_has_one_port_for_everybody() -> Result<()> {
    assert_eq!(look(Nat::FullCone)?, Seen { one_port: true, anybody: true, other_port: true });
    Ok(())
}

#[test]
fn behind_a_port_restricted_cone_only_those_may_answer_who_were_asked() -> Result<()> {
    assert_eq!(look(Nat::PortRestricted)?, Seen { one_port: true, anybody: false, other_port: false });
    Ok(())
}

#[test]
fn a_symmetric_router_has_another_port_for_each() -> Result<()> {
    assert_eq!(look(Nat::Symmetric)?, Seen { one_port: false, anybody: false, other_port: false });
    Ok(())
}

#[test]
fn blocked_udp_neither_goes_out_nor_comes_in_until_it_is_allowed_again() -> Result<()> {
    let network = Network::new()?;
    let other = network.host()?;
    let outside = socket(&other, 3478)?;
    let to_outside = (other.address(), 3478);
    for host in [network.host()?, network.host_behind(Nat::FullCone)?] {
        let inside = socket(&host, 4000)?;
        inside.send_to(b"out", to_outside)?;
        let (_, mapped) = receive(&outside, PATIENCE)?.context("UDP passes at first")?;

        host.block_udp()?;
        assert_eq!(host.blocked()?, 0);
        // Where the firewall is the host's own, the kernel says so.
        let _ = inside.send_to(b"out", to_outside);
        ensure!(receive(&outside, SILENCE)?.is_none(), "UDP goes out");
        let out = host.blocked()?;
        ensure!(out > 0, "nothing was blocked on the way out");
        outside.send_to(b"in", mapped)?;
        ensure!(receive(&inside, SILENCE)?.is_none(), "UDP comes in");
        ensure!(host.blocked()? > out, "nothing was blocked on the way in");

        host.allow_udp()?;
        let blocked = host.blocked()?;
        inside.send_to(b"out", to_outside)?;
        receive(&outside, PATIENCE)?.context("UDP is still blocked")?;
        assert_eq!(host.blocked()?, blocked);
    }
    Ok(())
}
