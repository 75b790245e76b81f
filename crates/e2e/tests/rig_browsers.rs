//! The bad network hurts browsers: a plain page feels each fault, and the product works where there is none.
#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use snaproom_e2e::{Conditions, Host, Nat, Network, PATIENCE, Server, Tab, poll, rig::Path};

/// Two plain pages, each on a host of its own.
struct Pages {
    tabs: [Tab; 2],
    hosts: [Host; 2],
    path: Path,
    _network: Network,
}

impl Pages {
    async fn open() -> Result<Self> {
        let network = Network::new()?;
        let hosts = [network.host()?, network.host()?];
        let tabs = [page_on(&hosts[0]).await?, page_on(&hosts[1]).await?];
        let path = network.between(&hosts[0], &hosts[1]);
        Ok(Self { tabs, hosts, path, _network: network })
    }

    /// Begins a new connection; whether it comes about is another matter.
    async fn begin(&self) -> Result<()> {
        let [one, other] = &self.tabs;
        let offer: Value = one.evaluate("plain.offer()").await?;
        let answer: Value = other.evaluate(&format!("plain.answer({offer})")).await?;
        one.evaluate(&format!("plain.accept({answer})")).await
    }

    async fn connect(&self) -> Result<()> {
        self.begin().await?;
        for tab in &self.tabs {
            tab.until("the channel is open", "plain.open()").await?;
        }
        Ok(())
    }

    /// How long so many bytes take from the first page to the second.
    async fn send(&self, bytes: u32) -> Result<Duration> {
        self.tabs[0].evaluate::<()>(&format!("void plain.send({bytes})")).await?;
        let took =
            poll(4 * PATIENCE, async || self.tabs[0].evaluate::<Option<f64>>("plain.took").await).await?;
        let took =
            took.with_context(|| format!("{bytes} bytes did not arrive: {:?}", self.path.counters()))?;
        Ok(Duration::from_secs_f64(took / 1000.0))
    }

    async fn wait_state(&self, state: &str) -> Result<()> {
        self.tabs[0]
            .until(&format!("the connection is {state}"), &format!("plain.state() === '{state}'"))
            .await
    }
}

async fn page_on(host: &Host) -> Result<Tab> {
    Tab::without_camera().on(host).inject(PLAIN).load("data:text/html,plain").await
}

const PLAIN: &str = include_str!("../inject/plain.js");

const BYTES: u32 = 1024 * 1024;

#[tokio::test]
async fn each_fault_hurts_a_plain_page() -> Result<()> {
    let pages = Pages::open().await?;
    pages.connect().await?;
    pages.send(BYTES).await?;

    let (short, long) = (Duration::from_millis(20), Duration::from_millis(100));
    let delayed = |delay| Conditions { delay, ..Conditions::PERFECT };
    // With and without it, all else being equal.
    let faults = [
        ("delay", delayed(long), Conditions::PERFECT),
        ("rate", Conditions { rate: Some(2_000_000), ..Conditions::PERFECT }, Conditions::PERFECT),
        ("loss", Conditions { loss: 0.05, ..delayed(short) }, delayed(short)),
    ];
    for (name, with, without) in faults {
        pages.path.set(without);
        let quick = pages.send(BYTES).await?.min(pages.send(BYTES).await?);
        let before = pages.path.counters();
        pages.path.set(with);
        let slow = pages.send(BYTES).await?;
        let after = pages.path.counters();
        println!("{name}: {slow:?}, without it {quick:?}; {after:?}");
        ensure!(slow > quick * 2, "{name} does not hurt: {slow:?}, without it {quick:?}");
        let moved = match name {
            "loss" => after.lost > before.lost,
            _ => after.delayed > before.delayed,
        };
        ensure!(moved, "{name} was not applied: {after:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_partition_disconnects_and_blocked_udp_lets_no_connection_come_about() -> Result<()> {
    let pages = Pages::open().await?;
    pages.connect().await?;
    pages.wait_state("connected").await?;
    pages.path.set(Conditions::DOWN);
    pages.wait_state("disconnected").await?;
    ensure!(pages.path.counters().cut > 0, "nothing was cut");
    pages.path.set(Conditions::PERFECT);
    pages.wait_state("connected").await?;
    pages.send(BYTES).await?;

    let firewalled = &pages.hosts[1];
    firewalled.block_udp()?;
    pages.begin().await?;
    // Without the block this takes a fraction of a second, as the end of this test shows again.
    let connected =
        poll(PATIENCE / 2, async || Ok(pages.tabs[0].evaluate::<bool>("plain.open()").await?.then_some(())));
    ensure!(connected.await?.is_none(), "it connects without UDP");
    ensure!(firewalled.blocked()? > 0, "nothing was blocked");
    firewalled.allow_udp()?;
    pages.connect().await
}

/// The server is on a host of its own, and the other person on another one.
async fn arrives_exactly(network: Network, home: Host) -> Result<()> {
    let (office, cloud) = (network.host()?, network.host()?);
    let server = Server::start_on(&cloud).await?;
    let alice = Tab::with_camera().on(&home).open(&server.url()).await?;
    let bob = Tab::without_camera().on(&office).open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;

    let path = network.between(&home, &office);
    let before = path.to(&office).counters().bytes;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    let carried = path.to(&office).counters().bytes - before;
    ensure!(carried > photo.pixels.len() as u64, "{carried} bytes over the path: the photo took another way");
    ensure!(network.between(&home, &cloud).counters().sent > 0, "the page came from elsewhere");
    Ok(())
}

#[tokio::test]
async fn a_photo_arrives_exactly_from_host_to_host() -> Result<()> {
    let network = Network::new()?;
    let home = network.host()?;
    arrives_exactly(network, home).await
}

#[tokio::test]
async fn a_photo_arrives_exactly_from_behind_a_router() -> Result<()> {
    let network = Network::new()?;
    let home = network.host_behind(Nat::PortRestricted)?;
    arrives_exactly(network, home).await
}
