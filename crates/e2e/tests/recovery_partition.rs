//! A path is cut in the middle of a photo and heals: the room is usable again at once, and nothing is lost.
#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Apart, Conditions, PATIENCE, Tab, is_long_run, now, poll, rig::Path};
use tokio::time::sleep;

/// "8 s, 60 s and 150 s partitions".
const SHORT: Duration = Duration::from_secs(8);
const LONG: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_secs(150);

/// "Usable again within 3 s of the healing of the 8 s partition".
const USABLE_AFTER_SHORT: Duration = Duration::from_secs(3);

/// "And within 5 s of the longer ones".
const USABLE_AFTER_LONG: Duration = Duration::from_secs(5);

/// For so long the server keeps a seat whose socket is gone.
const LEASE: Duration = Duration::from_secs(30);

/// 8.3 MB take 14 s.
const LINK: Conditions = Conditions { rate: Some(5_000_000), ..Conditions::PERFECT };

/// The rest of the photo after the healing.
const ARRIVAL: Duration = Duration::from_mins(1);

/// Who cannot reach whom.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// The two people each other. Both reach the server.
    Path,
    /// One of them anybody, the server included.
    Host,
}

#[tokio::test]
async fn a_photo_outlives_8_s_without_a_path() -> Result<()> {
    both_ways_to_be_cut(SHORT, USABLE_AFTER_SHORT).await
}

#[tokio::test]
async fn a_photo_outlives_60_s_without_a_path_and_150_s_in_a_long_run() -> Result<()> {
    both_ways_to_be_cut(LONG, USABLE_AFTER_LONG).await?;
    if is_long_run() {
        both_ways_to_be_cut(LONGEST, USABLE_AFTER_LONG).await?;
    }
    Ok(())
}

/// Two rooms on two networks, at the same time; what the second one has to say of a failure is said as well.
async fn both_ways_to_be_cut(time: Duration, usable: Duration) -> Result<()> {
    let results = tokio::join!(outlives(Cut::Path, time, usable), outlives(Cut::Host, time, usable));
    match results {
        (Ok(()), Ok(())) => Ok(()),
        (Err(error), Ok(())) | (Ok(()), Err(error)) => Err(error),
        (Err(one), Err(other)) => Err(one.context(format!("{other:#}"))),
    }
}

async fn outlives(cut: Cut, time: Duration, usable: Duration) -> Result<()> {
    outlives_this(cut, time, usable).await.with_context(|| format!("{cut:?} cut for {time:?}"))
}

async fn outlives_this(cut: Cut, time: Duration, usable: Duration) -> Result<()> {
    let apart = Apart::start().await?;
    let alice = Tab::with_camera_of(1920, 1080).remembered();
    let bob = Tab::without_camera().remembered().inject(ARRIVALS);
    let (alice, bob) = apart.meet(alice, bob).await?;
    let bobs_id = alice.wait_other().await?;
    let alices_id = bob.wait_other().await?;
    let paths: Vec<Path> = match cut {
        Cut::Path => vec![apart.path()],
        Cut::Host => vec![apart.path(), apart.to_server(1)],
    };
    apart.path().set(LINK);
    let photo = alice.snap_and_send().await?;
    let half_way = photo.pixels.len() as u64 / 3;
    bob.until(
        "a third of the photo is there",
        &format!("document.querySelector('#trail .transfer')?.dataset.bytes > {half_way}"),
    )
    .await?;

    // A socket may have nothing to say for a while.
    let before = apart.path().counters().cut;
    set(&paths, Conditions::DOWN);
    sleep(time).await;
    let came = bob.trail().await?;
    ensure!(came.iter().all(|here| here.state != "verified"), "it was there before the path was cut");
    ensure!(apart.path().counters().cut > before, "nobody said anything into the silence");
    for (tab, who) in [(&alice, &bobs_id), (&bob, &alices_id)] {
        let history = tab.history().await?;
        let said = history.of(who);
        println!("{cut:?} cut for {time:?}: the chip said {said:?}");
        // A server that has not heard of somebody for longer than the lease lets the seat go.
        let may_be_gone = matches!(cut, Cut::Host) && time > LEASE;
        ensure!(may_be_gone || !said.contains(&"gone"), "{:?}", history.said);
        ensure!(time > SHORT || !said.contains(&"failed"), "{:?}", history.said);
    }

    let healed = now();
    set(&paths, LINK);
    let connected = [
        alice.wait_said(&bobs_id, "connected", healed, PATIENCE).await.context("Alice's page"),
        bob.wait_said(&alices_id, "connected", healed, PATIENCE).await.context("Bob's page"),
    ];
    let progress = progress_since(&bob, healed).await;
    println!("{cut:?} cut for {time:?}: connected after {connected:?}, a byte after {progress:?}");
    let [alice_connected, bob_connected] = connected;
    let slowest = alice_connected?.max(bob_connected?).max(progress?);

    // The rest is not about time.
    set(&paths, Conditions::PERFECT);
    bob.receives_once(&photo, ARRIVAL).await?;
    assert_eq!(bob.trail().await?.len(), 1, "nothing came twice");
    let sent = alice.wait_sent(&photo.item, "verified").await?;
    assert_eq!(sent.bytes, sent.total, "zero bytes lost");
    let next = alice.snap_and_send().await?;
    bob.receives_once(&next, ARRIVAL).await?;
    ensure!(slowest < usable, "usable again only after {slowest:?}");
    for (tab, who) in [(&alice, &bobs_id), (&bob, &alices_id)] {
        tab.wait_status("connected").await?;
        assert_eq!(tab.wait_other().await?, *who, "somebody else is there now");
    }
    Ok(())
}

fn set(paths: &[Path], conditions: Conditions) {
    for path in paths {
        path.set(conditions);
    }
}

/// How long after `since` the first byte of a photo came.
async fn progress_since(tab: &Tab, since: f64) -> Result<Duration> {
    let first = format!("arrivals.find((time) => performance.timeOrigin + time >= {since}) ?? null");
    let at = poll(PATIENCE, async || tab.evaluate::<Option<f64>>(&first).await).await?;
    let at = at.with_context(|| format!("not a byte within {PATIENCE:?}"))?;
    let began: f64 = tab.evaluate("performance.timeOrigin").await?;
    Ok(Duration::from_secs_f64((began + at - since).max(0.0) / 1000.0))
}

const ARRIVALS: &str = include_str!("../inject/arrivals.js");
