//! The photo room over what a train or a crowded café gives: 100 ms there and back, 2 % loss, 10 Mbit/s, between the
//! tabs and to the server.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Conditions, Host, Network, Photo, Server, Tab, poll, rig::Path};

const THIN: Conditions = Conditions {
    rate: Some(10_000_000),
    delay: Duration::from_millis(50),
    loss: 0.02,
    ..Conditions::PERFECT
};

/// SCTP gets about 100 kB a second through this loss and this delay (Mathis: segment ÷ round trip × 1.2 ÷ √loss).
const ARRIVAL: Duration = Duration::from_mins(2);

/// Two people who reach each other and the server over thin links.
struct Room {
    network: Network,
    homes: [Host; 2],
    _server: Server,
    alice: Tab,
    bob: Tab,
}

impl Room {
    async fn open() -> Result<Self> {
        let network = Network::new()?;
        let (homes, cloud) = ([network.host()?, network.host()?], network.host()?);
        let server = Server::start_on(&cloud).await?;
        network.between(&homes[0], &homes[1]).set(THIN);
        for home in &homes {
            network.between(home, &cloud).set(THIN);
        }
        let alice = Tab::with_camera().inject(STATES).on(&homes[0]).open(&server.url()).await?;
        let bob = Tab::without_camera().on(&homes[1]).open(&alice.link().await?).await?;
        alice.wait_connected(1).await?;
        bob.wait_connected(1).await?;
        Ok(Self { network, homes, _server: server, alice, bob })
    }

    /// Between the tabs.
    fn path(&self) -> Path {
        self.network.between(&self.homes[0], &self.homes[1])
    }

    /// Waits for a photo of Alice's longer than a good network takes; gives what Bob's canvas shows.
    async fn arrives(&self, item: &str) -> Result<Photo> {
        let arrived = poll(ARRIVAL, async || {
            let trail = self.bob.trail().await?;
            let photo = trail.iter().find(|photo| photo.item == item);
            ensure!(photo.is_none_or(|photo| photo.state != "failed"), "the photo failed: {photo:?}");
            Ok(photo.filter(|photo| photo.state == "verified").map(|photo| photo.bytes))
        });
        arrived.await?.with_context(|| {
            format!("the photo is not there after {ARRIVAL:?}: {:?}", self.path().counters())
        })?;
        self.bob.wait_photo(item).await
    }

    /// What the status and the chip of the other one said since Alice was connected.
    async fn states(&self) -> Result<Vec<String>> {
        self.alice.evaluate("states").await
    }
}

#[tokio::test]
async fn a_photo_arrives_exactly_and_its_preview_long_before() -> Result<()> {
    let room = Room::open().await?;
    let before = room.path().counters();
    room.alice.evaluate::<()>("void (states = [])").await?;

    let clicked = Instant::now();
    let photo = room.alice.snap_and_send().await?;
    room.bob.wait_mark(&photo.item, "preview").await?;
    let preview = clicked.elapsed();
    assert_eq!(room.arrives(&photo.item).await?, photo);
    let exact = clicked.elapsed();
    println!("the preview after {} ms, exact after {} ms", preview.as_millis(), exact.as_millis());
    assert_eq!(room.bob.marks(&photo.item).await?, ["preview", "exact"]);
    // By the receiver's own clock, since what is shown and what is read of it are two things.
    let times = format!(
        "['sent', 'preview', 'exact'].flatMap((what) => performance.getEntriesByName('photo:{}:' + what))
            .map(({{ startTime }}) => performance.timeOrigin + startTime)",
        photo.item
    );
    let sent: [f64; 1] = room.alice.evaluate(&times).await?;
    let [preview_shown, exact_shown]: [f64; 2] = room.bob.evaluate(&times).await?;
    ensure!((preview_shown - sent[0]) * 3.0 < exact_shown - sent[0], "the preview came hardly sooner");

    // The link was thin indeed.
    let after = room.path().counters();
    ensure!(after.lost > before.lost && after.delayed > before.delayed, "a good link: {before:?} {after:?}");
    // 10 Mbit/s are 1,250 bytes a millisecond.
    let least = Duration::from_millis(photo.pixels.len() as u64 / 1250);
    ensure!(exact > least, "{exact:?} for what takes {least:?} at 10 Mbit/s");
    // Slow is not away.
    let states = room.states().await?;
    ensure!(states.is_empty(), "people were told of {states:?}");
    Ok(())
}

#[tokio::test]
async fn a_silence_of_some_seconds_costs_a_photo_only_time() -> Result<()> {
    let room = Room::open().await?;
    let photo = room.alice.snap_and_send().await?;
    room.alice.wait_sent(&photo.item, "active").await?;
    let cut = room.path().counters().cut;
    room.path().set(Conditions { down: true, ..THIN });
    tokio::time::sleep(Duration::from_secs(4)).await;
    ensure!(room.path().counters().cut > cut, "nobody said anything into the silence");
    ensure!(
        room.bob.trail().await?.iter().all(|photo| photo.state != "verified"),
        "it was there before the silence"
    );
    room.path().set(THIN);
    assert_eq!(room.arrives(&photo.item).await?, photo);
    Ok(())
}

/// Collects what the status and the chips say when it changes.
const STATES: &str = "states = [];
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            if (target.matches?.('#status, .peer')) states.push(`${target.id || 'peer'} ${target.dataset.state}`);
        }
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] });";
