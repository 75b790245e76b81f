//! Paths that lose and delay: people find each other, and every byte arrives once.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Apart, Conditions, Tab, is_long_run};

/// "100 ms round trip": half of it each way.
const HALF_OF_100_MS: Duration = Duration::from_millis(50);

/// What a join under the faults takes at most. TCP and DTLS repeat what is lost after a second, then two.
const JOIN: Duration = Duration::from_secs(20);

/// What a photo takes at most. SCTP waits for at least 400 ms when a repetition is lost as well: where 20 % are lost,
/// some 30 kB come in a second.
const ARRIVAL: Duration = Duration::from_mins(5);

const HD: (u32, u32) = (1280, 720);

#[tokio::test]
async fn a_photo_arrives_exactly_over_100_ms_there_and_back() -> Result<()> {
    let delay = Conditions { delay: HALF_OF_100_MS, ..Conditions::PERFECT };
    arrives(HD, delay).await
}

#[tokio::test]
async fn a_photo_arrives_exactly_where_5_percent_are_lost() -> Result<()> {
    arrives(HD, Conditions { loss: 0.05, ..Conditions::PERFECT }).await
}

#[tokio::test]
async fn a_photo_arrives_exactly_where_20_percent_are_lost() -> Result<()> {
    // 3.7 MB take two minutes there.
    let size = if is_long_run() { HD } else { (320, 240) };
    arrives(size, Conditions { loss: 0.2, ..Conditions::PERFECT }).await
}

/// Joins and sends under these conditions, between the tabs and to the server.
async fn arrives((width, height): (u32, u32), conditions: Conditions) -> Result<()> {
    let apart = Apart::start().await?;
    let alice = Tab::with_camera_of(width, height).on(&apart.homes[0]).open(&apart.server.url()).await?;
    let link = alice.link().await?;
    // The page is loaded on a good line, in a room of its own: this is about the room.
    let bob = Tab::without_camera().on(&apart.homes[1]).open(&apart.server.url()).await?;
    bob.wait_status("alone").await?;
    alice.start_camera().await?;
    apart.set_all(conditions);
    let before = apart.path().counters();

    let joining = Instant::now();
    bob.paste_link(&link).await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await.context("the join")?;
    }
    let joined = joining.elapsed();
    let sending = Instant::now();
    let photo = alice.snap_and_send().await?;
    bob.receives_once(&photo, ARRIVAL).await.with_context(|| format!("{:?}", apart.path().counters()))?;
    println!("{conditions:?}: joined after {joined:?}, exact after {:?}", sending.elapsed());
    ensure!(joined < JOIN, "joined after {joined:?}");

    let after = apart.path().counters();
    ensure!(
        (conditions.loss == 0.0 || after.lost > before.lost)
            && (conditions.delay.is_zero() || after.delayed > before.delayed),
        "the fault was not applied: {before:?} {after:?}"
    );
    alice.wait_sent(&photo.item, "verified").await?;
    Ok(())
}
