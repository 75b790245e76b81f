//! A big transfer does not spoil a call on a thin path: and does, where it does not yield.
#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Result, ensure};
use snaproom_e2e::{Apart, Conditions, Launch, PATIENCE, Tab, poll};

/// 10 Mbit/s, 20 ms there and back, and a router that lets up to 0.4 s wait, as those at home do.
const HOME: Conditions = Conditions {
    rate: Some(10_000_000),
    delay: Duration::from_millis(10),
    queue: 512 * 1024,
    ..Conditions::PERFECT
};

/// 14 pictures of 1280×720 are 51 MB.
const PHOTOS: usize = 14;

const LOOK: Duration = Duration::from_secs(12);

fn camera() -> Launch {
    Tab::with_camera_of(1280, 720).listening()
}

/// What the call is like for whoever is sent the photos.
#[derive(Debug)]
struct Call {
    frames_per_second: f64,
    /// To the sender and back, in milliseconds, as packets of the call find it.
    round_trip: f64,
}

impl Call {
    async fn of(sender: &Tab, receiver: &Tab) -> Result<Self> {
        sender.evaluate::<()>("void media.timeRoundTrips()").await?;
        let before = receiver.frames_decoded().await?;
        tokio::time::sleep(LOOK).await;
        let frames = u32::try_from(receiver.frames_decoded().await? - before)?;
        let round_trip = sender.evaluate("media.roundTrip()").await?;
        Ok(Self { frames_per_second: f64::from(frames) / LOOK.as_secs_f64(), round_trip })
    }
}

#[tokio::test]
async fn a_call_goes_on_beside_50_megabytes() -> Result<()> {
    let apart = Apart::start().await?;
    let (alice, bob) = apart.meet(camera(), camera()).await?;
    apart.path().set(HOME);
    alice.start_camera().await?;
    alice.call().await?;
    bob.accept_call().await?;
    for tab in [&alice, &bob] {
        tab.wait_pictures(1).await?;
    }
    let (alone, beside, sent) = alone_and_beside(&alice, &bob).await?;
    ensure!(sent > 2_000_000, "hardly anything was sent meanwhile: {sent} bytes");
    ensure!(
        beside.frames_per_second >= 0.8 * alone.frames_per_second,
        "{alone:?} became {beside:?} beside a transfer"
    );
    ensure!(beside.round_trip <= alone.round_trip + 50.0, "{alone:?} became {beside:?} beside a transfer");
    Ok(())
}

/// The same media on the same connection, put there behind the page's back: it knows of no call, and does not yield.
#[tokio::test]
async fn without_yielding_it_spoils_the_call() -> Result<()> {
    let apart = Apart::start().await?;
    let (alice, bob) = apart.meet(camera(), camera()).await?;
    apart.path().set(HOME);
    for tab in [&alice, &bob] {
        tab.start_camera().await?;
        tab.evaluate::<()>("media.sendCamera()").await?;
    }
    let come = poll(PATIENCE, async || Ok((bob.frames_decoded().await? > 10).then_some(())));
    ensure!(come.await?.is_some(), "no pictures come");
    let (alone, beside, _) = alone_and_beside(&alice, &bob).await?;
    ensure!(
        beside.frames_per_second < 0.8 * alone.frames_per_second
            || beside.round_trip > alone.round_trip + 50.0,
        "{alone:?} hardly became {beside:?}: the test above proves nothing"
    );
    Ok(())
}

/// What the call is like without and with the photos, and how many bytes of them came meanwhile.
async fn alone_and_beside(alice: &Tab, bob: &Tab) -> Result<(Call, Call, u64)> {
    // Until the call has found what the path carries.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let alone = Call::of(alice, bob).await?;
    let items = send(alice, bob).await?;
    let beside = Call::of(alice, bob).await?;
    let sent = arrived(bob, &items).await?;
    println!("alone {alone:?}, beside {sent} bytes {beside:?}");
    Ok((alone, beside, sent))
}

/// All of them, one after the other; back as soon as bytes of the first one move.
async fn send(alice: &Tab, bob: &Tab) -> Result<Vec<String>> {
    let mut items = Vec::new();
    for _ in 0..PHOTOS {
        items.push(alice.click_snap_and_send().await?);
    }
    let moves = poll(PATIENCE, async || Ok((arrived(bob, &items).await? > 0).then_some(())));
    ensure!(moves.await?.is_some(), "nothing moves");
    Ok(items)
}

/// Bytes of them that came and were checked.
async fn arrived(bob: &Tab, items: &[String]) -> Result<u64> {
    let trail = bob.trail().await?;
    Ok(trail.iter().filter(|photo| items.contains(&photo.item)).map(|photo| photo.bytes).sum())
}
