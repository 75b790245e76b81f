//! Hosts of the bad network that walk from address to address, and that share one uplink for all they send.
#![cfg(target_os = "linux")]

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Conditions, Host, Network, PATIENCE};

/// How long a socket waits for what is not to come.
const SILENCE: Duration = Duration::from_millis(500);

fn socket(host: &Host) -> Result<UdpSocket> {
    host.inside(|| UdpSocket::bind("0.0.0.0:4000").context("no socket"))
}

fn receive(socket: &UdpSocket, limit: Duration) -> Result<Option<Vec<u8>>> {
    socket.set_read_timeout(Some(limit))?;
    let mut buffer = [0; 2048];
    Ok(socket.recv_from(&mut buffer).ok().map(|(length, _)| buffer[..length].to_vec()))
}

#[test]
fn who_moves_is_reached_at_the_new_address_alone() -> Result<()> {
    let network = Network::new()?;
    let (home, other) = (network.host()?, network.host()?);
    let (here, there) = (socket(&home)?, socket(&other)?);
    network.between(&home, &other).set(Conditions { delay: SILENCE, ..Conditions::PERFECT });

    let moved = network.readdress(&home)?;
    ensure!(moved.address() != home.address(), "it has not moved");
    let before = network.unrouted();
    there.send_to(b"old", (home.address(), 4000))?;
    there.send_to(b"new", (moved.address(), 4000))?;
    // The new path has none of the old one's delay, so that the old address had time enough.
    assert_eq!(receive(&here, PATIENCE)?.as_deref(), Some(&b"new"[..]));
    ensure!(receive(&here, 2 * SILENCE)?.is_none(), "what was sent to the old address came");
    assert_eq!(network.unrouted() - before, 1);

    here.send_to(b"from the new one", (other.address(), 4000))?;
    let mut buffer = [0; 100];
    there.set_read_timeout(Some(PATIENCE))?;
    let (_, from) = there.recv_from(&mut buffer)?;
    assert_eq!(from.ip(), moved.address());
    assert_eq!(network.between(&moved, &other).to(&other).counters().delivered, 1);

    // And once more.
    let again = network.readdress(&moved)?;
    there.send_to(b"again", (again.address(), 4000))?;
    assert_eq!(receive(&here, PATIENCE)?.as_deref(), Some(&b"again"[..]));
    Ok(())
}

#[test]
fn an_uplink_is_shared_by_all_paths_and_each_path_still_has_its_own_conditions() -> Result<()> {
    const PACKETS: u32 = 25;
    let network = Network::new()?;
    let (home, one, two) = (network.host()?, network.host()?, network.host()?);
    let (here, sockets) = (socket(&home)?, [socket(&one)?, socket(&two)?]);
    let uplink = network.uplink(&home);
    uplink.set(Conditions { rate: Some(400_000), queue: usize::MAX, ..Conditions::PERFECT });
    network.between(&home, &two).set(Conditions::DOWN);

    let start = Instant::now();
    for _ in 0..PACKETS {
        for host in [&one, &two] {
            here.send_to(&[0x55; 972], (host.address(), 4000))?;
        }
    }
    for number in 0..PACKETS {
        receive(&sockets[0], PATIENCE)?.with_context(|| format!("number {number} did not come"))?;
    }
    // All but the last one, of 1000 bytes each, are through before the last one for the first host.
    let least = Duration::from_secs_f64(f64::from(2 * PACKETS - 2) * 8000.0 / 400_000.0);
    let took = start.elapsed();
    ensure!(took > least * 9 / 10, "{PACKETS} packets for each of two came in {took:?}, not {least:?}");
    ensure!(receive(&sockets[1], SILENCE)?.is_none(), "a path that is down lets packets pass");
    assert_eq!(uplink.counters().delivered, u64::from(2 * PACKETS));
    assert_eq!(network.between(&home, &two).counters().cut, u64::from(PACKETS));

    // What comes to the host does not go through its uplink.
    sockets[0].send_to(b"down", (home.address(), 4000))?;
    assert_eq!(receive(&here, PATIENCE)?.as_deref(), Some(&b"down"[..]));
    assert_eq!(uplink.counters().sent, u64::from(2 * PACKETS));
    Ok(())
}
