//! The bad network is as bad as it says: plain UDP sockets feel every fault, and a counter moves with it.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    net::{SocketAddr, UdpSocket},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use snaproom_e2e::{
    Conditions, Host, Network, PATIENCE,
    rig::{Counters, Path},
};

/// How long a socket waits for what is not to come.
const SILENCE: Duration = Duration::from_millis(500);

/// Two hosts, a socket on each, and the path between them.
struct Pair {
    network: Network,
    path: Path,
    here: UdpSocket,
    there: UdpSocket,
    /// Of the second socket.
    target: SocketAddr,
    /// From the first to the second.
    hosts: (Host, Host),
}

impl Pair {
    fn new() -> Result<Self> {
        Self::on(Network::new()?)
    }

    fn on(network: Network) -> Result<Self> {
        let hosts = (network.host()?, network.host()?);
        let (here, there) = (socket(&hosts.0)?, socket(&hosts.1)?);
        let target = SocketAddr::from((hosts.1.address(), there.local_addr()?.port()));
        let path = network.between(&hosts.0, &hosts.1);
        Ok(Self { network, path, here, there, target, hosts })
    }

    /// Sends numbered datagrams of this many bytes, `gap` apart; gives what arrives until nothing does any more.
    fn run(&self, count: u32, length: usize, gap: Duration) -> Result<Vec<Vec<u8>>> {
        let is_sent = AtomicBool::new(false);
        thread::scope(|scope| {
            // Somebody reads meanwhile: a socket's buffer holds few packets.
            let reader = scope.spawn(|| self.read_until(&is_sent));
            let sent = (0..count).try_for_each(|number| {
                self.here.send_to(&datagram(number, length), self.target)?;
                thread::sleep(gap);
                anyhow::Ok(())
            });
            is_sent.store(true, Ordering::Release);
            sent?;
            reader.join().map_err(|_| anyhow!("the reader panicked"))?
        })
    }

    fn rest(&self) -> Result<Vec<Vec<u8>>> {
        self.read_until(&AtomicBool::new(true))
    }

    /// Everything, until all is sent and nothing comes any more.
    fn read_until(&self, is_sent: &AtomicBool) -> Result<Vec<Vec<u8>>> {
        self.there.set_read_timeout(Some(SILENCE))?;
        let mut arrived = Vec::new();
        loop {
            let was_sent = is_sent.load(Ordering::Acquire);
            match receive(&self.there) {
                Some(datagram) => arrived.push(datagram),
                None if was_sent => return Ok(arrived),
                None => {}
            }
        }
    }

    /// The quickest of some round trips.
    fn round_trip(&self) -> Result<Duration> {
        let mut quickest = Duration::MAX;
        for number in 0..5 {
            let start = Instant::now();
            self.here.send_to(&datagram(number, 100), self.target)?;
            self.there.set_read_timeout(Some(PATIENCE))?;
            let mut buffer = [0; 2048];
            let (length, from) = self.there.recv_from(&mut buffer)?;
            self.there.send_to(&buffer[..length], from)?;
            self.here.set_read_timeout(Some(PATIENCE))?;
            self.here.recv_from(&mut buffer)?;
            quickest = quickest.min(start.elapsed());
        }
        Ok(quickest)
    }

    /// From the first host to the second.
    fn counters(&self) -> Counters {
        self.path.to(&self.hosts.1).counters()
    }
}

fn socket(host: &Host) -> Result<UdpSocket> {
    host.inside(|| UdpSocket::bind("0.0.0.0:0").context("no socket"))
}

fn datagram(number: u32, length: usize) -> Vec<u8> {
    let mut datagram = vec![0x55; length];
    datagram[..4].copy_from_slice(&number.to_be_bytes());
    datagram
}

/// None when nothing comes in the time that the socket waits.
fn receive(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = [0; 2048];
    socket.recv_from(&mut buffer).ok().map(|(length, _)| buffer[..length].to_vec())
}

fn numbers(datagrams: &[Vec<u8>]) -> Vec<u32> {
    datagrams
        .iter()
        .map(|datagram| u32::from_be_bytes([datagram[0], datagram[1], datagram[2], datagram[3]]))
        .collect()
}

/// Slow enough for a busy machine's socket buffers.
const GAP: Duration = Duration::from_millis(1);

#[test]
fn without_a_fault_everything_arrives_in_order() -> Result<()> {
    let pair = Pair::new()?;
    let arrived = pair.run(500, 1000, GAP)?;
    assert_eq!(numbers(&arrived), (0..500).collect::<Vec<_>>());
    ensure!(
        arrived.iter().zip(0..).all(|(is, number)| *is == datagram(number, 1000)),
        "a packet was changed"
    );
    let expected = Counters { sent: 500, delivered: 500, bytes: 500 * 1028, ..Counters::default() };
    assert_eq!(pair.counters(), expected);
    Ok(())
}

#[test]
fn delay_holds_both_ways_and_jitter_spreads() -> Result<()> {
    let pair = Pair::new()?;
    let quick = pair.round_trip()?;
    let delay = Duration::from_millis(150);
    pair.path.set(Conditions { delay, ..Conditions::PERFECT });
    let slow = pair.round_trip()?;
    ensure!(slow >= delay * 2, "a round trip of {slow:?}");
    ensure!(quick < delay, "it took {quick:?} without the delay, so that proves nothing");
    assert_eq!(pair.path.counters().delayed, 10);

    // One at a time, so that nobody waits behind another one.
    let jitter = Duration::from_millis(200);
    pair.path.set(Conditions { jitter, ..Conditions::PERFECT });
    pair.there.set_read_timeout(Some(PATIENCE))?;
    let mut times = Vec::new();
    for number in 0..20 {
        let start = Instant::now();
        pair.here.send_to(&datagram(number, 100), pair.target)?;
        receive(&pair.there).context("nothing came")?;
        times.push(start.elapsed());
    }
    times.sort();
    ensure!(times[15] > times[4] + jitter / 8, "they all took the same time: {times:?}");
    Ok(())
}

#[test]
fn what_is_lost_is_what_is_missing_and_the_same_seed_loses_the_same() -> Result<()> {
    let lost = || -> Result<_> {
        let pair = Pair::on(Network::with_seed(42)?)?;
        pair.path.set(Conditions { loss: 0.2, ..Conditions::PERFECT });
        let arrived: BTreeSet<u32> = numbers(&pair.run(300, 100, GAP)?).into_iter().collect();
        assert_eq!(pair.counters().lost, 300 - arrived.len() as u64);
        Ok(arrived)
    };
    let arrived = lost()?;
    ensure!((180..290).contains(&arrived.len()), "{} of 300 arrived", arrived.len());
    assert_eq!(lost()?, arrived);
    Ok(())
}

#[test]
fn reordered_duplicated_and_corrupted_packets_reach_the_application() -> Result<()> {
    let pair = Pair::new()?;
    pair.path.set(Conditions { reorder: 0.2, ..Conditions::PERFECT });
    let order = numbers(&pair.run(200, 100, GAP)?);
    let overtaken =
        order.iter().enumerate().filter(|(at, one)| order[..*at].iter().any(|other| other > *one)).count();
    ensure!(overtaken > 0 && order.len() == 200, "{overtaken} of {} were overtaken", order.len());
    assert_eq!(pair.counters().reordered, overtaken as u64);

    pair.path.set(Conditions { duplicate: 0.2, ..Conditions::PERFECT });
    let arrived = pair.run(200, 100, GAP)?;
    let copies = pair.counters().duplicated;
    ensure!(copies > 0 && arrived.len() as u64 == 200 + copies, "{} with {copies} copies", arrived.len());

    pair.path.set(Conditions { corrupt: 0.2, ..Conditions::PERFECT });
    let arrived = pair.run(200, 100, GAP)?;
    assert_eq!(arrived.len(), 200, "a broken packet was thrown away");
    let broken = arrived.iter().zip(0..).filter(|(is, number)| **is != datagram(*number, 100)).count() as u64;
    ensure!(broken > 0, "nothing was broken");
    assert_eq!(pair.counters().corrupted, broken);
    Ok(())
}

#[test]
fn the_rate_holds_and_the_queue_overflows() -> Result<()> {
    const RATE: u64 = 400_000;
    let pair = Pair::new()?;
    pair.path.set(Conditions { rate: Some(RATE), queue: usize::MAX, ..Conditions::PERFECT });
    let start = Instant::now();
    for number in 0..50 {
        pair.here.send_to(&datagram(number, 972), pair.target)?;
    }
    pair.there.set_read_timeout(Some(PATIENCE))?;
    for number in 0..50 {
        receive(&pair.there).with_context(|| format!("number {number} did not come"))?;
    }
    // 50 packets of 1000 bytes.
    let least = Duration::from_secs_f64(50.0 * 8000.0 / 400_000.0);
    let took = start.elapsed();
    ensure!(took > least * 9 / 10, "400 kbit came in {took:?}");
    ensure!(pair.counters().delayed >= 49 && pair.counters().overflowed == 0, "{:?}", pair.counters());

    pair.path.set(Conditions { rate: Some(RATE), queue: 10_000, ..Conditions::PERFECT });
    let arrived = pair.run(50, 972, Duration::ZERO)?;
    let overflowed = pair.counters().overflowed;
    ensure!(overflowed > 0 && arrived.len() as u64 == 50 - overflowed, "{} arrived", arrived.len());
    Ok(())
}

#[test]
fn a_partition_cuts_and_heals_while_everything_runs() -> Result<()> {
    let pair = Pair::new()?;
    assert_eq!(pair.run(10, 100, GAP)?.len(), 10);
    pair.path.set(Conditions::DOWN);
    assert_eq!(pair.run(10, 100, GAP)?.len(), 0);
    assert_eq!(pair.counters().cut, 10);
    pair.path.set(Conditions::PERFECT);
    assert_eq!(pair.run(10, 100, GAP)?.len(), 10);

    // One direction alone, and nobody else is hurt.
    let third = pair.network.host()?;
    let stranger = socket(&third)?;
    pair.path.to(&pair.hosts.1).set(Conditions::DOWN);
    stranger.send_to(&datagram(7, 100), pair.target)?;
    pair.here.send_to(&datagram(8, 100), pair.target)?;
    assert_eq!(numbers(&pair.rest()?), [7]);
    pair.there.send_to(&datagram(9, 100), (pair.hosts.0.address(), pair.here.local_addr()?.port()))?;
    pair.here.set_read_timeout(Some(PATIENCE))?;
    assert_eq!(numbers(&[receive(&pair.here).context("the other direction is cut as well")?]), [9]);
    Ok(())
}

#[test]
fn what_goes_nowhere_is_counted() -> Result<()> {
    let pair = Pair::new()?;
    let before = pair.network.unrouted();
    pair.here.send_to(b"nobody", "10.77.0.200:9")?;
    pair.here.send_to(b"the internet", "192.0.2.1:9")?;
    assert_eq!(pair.run(1, 100, GAP)?.len(), 1);
    assert_eq!(pair.network.unrouted() - before, 2);
    Ok(())
}

#[test]
fn hosts_see_nothing_of_this_machine() -> Result<()> {
    let outside = UdpSocket::bind("127.0.0.1:0")?;
    let pair = Pair::new()?;
    pair.here.send_to(b"out", outside.local_addr()?)?;
    outside.set_read_timeout(Some(SILENCE))?;
    ensure!(receive(&outside).is_none(), "a packet came out of the namespace");
    Ok(())
}

#[test]
fn a_network_that_is_dropped_unplugs_its_hosts() -> Result<()> {
    let Pair { network, hosts: (host, _), .. } = Pair::new()?;
    let devices = || host.inside(|| Ok(fs::read_to_string("/proc/thread-self/net/dev")?));
    ensure!(devices()?.contains("eth0:"), "no device to begin with");
    drop(network);
    ensure!(!devices()?.contains("eth0:"), "the device is still there");
    Ok(())
}
