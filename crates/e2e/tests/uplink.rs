//! One thin uplink, and a full room behind it.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use snaproom_e2e::{Conditions, Network, Server, Tab};

/// "A 10 Mbit/s link with 7 peers".
const PEERS: usize = 7;
const UPLINK: Conditions = Conditions { rate: Some(RATE), ..Conditions::PERFECT };
const RATE: u64 = 10_000_000;

/// Seven photos of 1.2 MB take 7 s there; eight browsers share the machine.
const ARRIVAL: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_photo_for_seven_over_10_mbit_comes_as_a_preview_and_then_exactly_to_each() -> Result<()> {
    let network = Network::new()?;
    let (home, cloud) = (network.host()?, network.host()?);
    let server = Server::start_on(&cloud).await?;
    let alice = Tab::with_camera().on(&home).open(&server.url()).await?;
    let link = alice.link().await?;
    let hosts = (0..PEERS).map(|_| network.host()).collect::<Result<Vec<_>>>()?;
    let mut others = Vec::new();
    for host in &hosts {
        others.push(Tab::without_camera().on(host).open(&link).await?);
    }
    for tab in others.iter().chain([&alice]) {
        tab.wait_connected(PEERS).await?;
    }
    alice.start_camera().await?;

    let uplink = network.uplink(&home);
    uplink.set(UPLINK);
    let clicked = Instant::now();
    let photo = alice.snap_and_send().await?;
    let previews = others.iter().map(|tab| async {
        tab.wait_mark(&photo.item, "preview").await?;
        anyhow::Ok(clicked.elapsed())
    });
    let previews = try_join_all(previews).await?;
    let exacts = others.iter().map(|tab| async {
        tab.receives_once(&photo, ARRIVAL).await?;
        anyhow::Ok(clicked.elapsed())
    });
    let exacts = try_join_all(exacts).await.with_context(|| format!("{:?}", uplink.counters()))?;
    println!("previews after {previews:.1?}, exact after {exacts:.1?}");
    for tab in &others {
        assert_eq!(tab.marks(&photo.item).await?, ["preview", "exact"]);
    }
    let recipients = alice.sent(&photo.item).await?;
    ensure!(
        recipients.len() == PEERS && recipients.iter().all(|one| one.state == "verified"),
        "{recipients:?}"
    );

    // All of it went through the uplink, no faster than that is.
    let (counters, took) = (uplink.counters(), exacts.into_iter().max().unwrap_or_default());
    ensure!(counters.bytes >= (PEERS * photo.pixels.len()) as u64, "{counters:?}");
    let least = Duration::from_millis((PEERS * photo.pixels.len()) as u64 * 8 / (RATE / 1000));
    ensure!(took > least, "{took:?} for what takes {least:?}");
    Ok(())
}
