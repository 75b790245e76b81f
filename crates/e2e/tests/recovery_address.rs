//! A device walks from one network into the next: its address changes in the middle of a photo.
#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Apart, Conditions, PATIENCE, Tab, now, poll};

/// Connected again so soon, also where nothing but silence tells that the path is gone.
const BACK: Duration = Duration::from_secs(10);

/// 3.7 MB take 10 s.
const LINK: Conditions = Conditions { rate: Some(3_000_000), ..Conditions::PERFECT };

/// The rest of the photo.
const ARRIVAL: Duration = Duration::from_mins(1);

#[tokio::test]
async fn an_address_that_changes_mid_photo_costs_only_time() -> Result<()> {
    outlives_a_walk(false).await
}

#[tokio::test]
async fn an_address_that_changes_with_the_browsers_word_for_it_costs_only_time() -> Result<()> {
    outlives_a_walk(true).await
}

/// The receiver walks. Whether its page hears of it is the browser's choice, unless the test says it.
async fn outlives_a_walk(is_told: bool) -> Result<()> {
    let apart = Apart::start().await?;
    let alice = Tab::with_camera_of(1280, 720).remembered();
    let bob = Tab::without_camera().remembered().inject(TOLD).inject(ARRIVALS);
    let (alice, bob) = apart.meet(alice, bob).await?;
    let bobs_id = alice.wait_other().await?;
    apart.path().set(LINK);
    let photo = alice.snap_and_send().await?;
    bob.until(
        "the photo is on its way",
        "document.querySelector('#trail .transfer')?.dataset.bytes > 1000000",
    )
    .await?;

    let (old, unrouted) = (apart.path(), apart.network.unrouted());
    let moved = now();
    let home = apart.network.readdress(&apart.homes[1])?;
    let new = apart.network.between(&apart.homes[0], &home);
    new.set(LINK);
    if is_told {
        bob.evaluate::<()>("void dispatchEvent(new Event('online'))").await?;
    }
    let before = old.to(&apart.homes[0]).counters().sent;

    // What comes now came over the new path: nothing else leads there.
    let first = format!("arrivals.find((time) => performance.timeOrigin + time >= {moved} + 200) ?? null");
    let at = poll(2 * PATIENCE, async || bob.evaluate::<Option<f64>>(&first).await).await?;
    let told: Vec<String> = bob.evaluate("told").await?;
    let history = alice.history().await?;
    let began: f64 = bob.evaluate("performance.timeOrigin").await?;
    let progress = at.map(|at| Duration::from_secs_f64((began + at - moved) / 1000.0));
    println!("told {told:?}; a byte after {progress:?}; Alice's page: {:?}", history.said);
    let progress = progress.with_context(|| format!("not a byte within {:?}", 2 * PATIENCE))?;
    new.set(Conditions::PERFECT);
    alice.wait_connected(1).await?;
    bob.receives_once(&photo, ARRIVAL).await?;
    assert_eq!(bob.trail().await?.len(), 1, "nothing came twice");

    assert_eq!(old.to(&apart.homes[0]).counters().sent, before, "it still sends from its old address");
    ensure!(apart.network.unrouted() > unrouted, "nothing was sent to the old address");
    ensure!(new.counters().bytes > 1_000_000, "the photo took another path: {:?}", new.counters());
    ensure!(progress < BACK, "connected again only after {progress:?}");
    let history = alice.history().await?;
    ensure!(
        history.of(&bobs_id).iter().all(|state| ["connecting", "connected", "away"].contains(state)),
        "{:?}",
        history.said
    );
    for tab in [&alice, &bob] {
        tab.wait_status("connected").await?;
        tab.wait_connected(1).await?;
    }
    Ok(())
}

/// What the browser says of the network by itself.
const TOLD: &str = "window.told = [];
    for (const what of ['online', 'offline']) addEventListener(what, ({ isTrusted }) => told.push(`${what} ${isTrusted}`));
    navigator.connection?.addEventListener('change', () => told.push('change'));";

const ARRIVALS: &str = include_str!("../inject/arrivals.js");
