//! Both sides restart ICE at the same instant, again and again: both offer, one yields, and nothing is replaced.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{PATIENCE, Tab, now, poll, two_tabs};

/// "Both sides restarting at the same instant, 50 times".
const RESTARTS: usize = 50;

/// A photo passes during each of these.
const EVERY: usize = 10;

/// Both act within this: less than anything takes between them.
const SAME_INSTANT_MS: f64 = 5.0;

/// From the order to both pages to the moment that both act: more than an order takes.
const LEAD_MS: f64 = 60.0;

/// Both sides agree on a new generation so soon.
const AGREED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn fifty_restarts_by_both_sides_at_the_same_instant_replace_nothing() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera_of(1920, 1080).remembered(), Tab::with_camera().remembered()).await?;
    bob.wait_connected(1).await?;
    alice.start_camera().await?;
    let (mut glares, mut photos_under_way, mut apart) = (0, 0, Vec::new());
    for restart in 1..=RESTARTS {
        let item = if restart % EVERY == 0 { Some(alice.click_snap_and_send().await?) } else { None };
        let (before, offers) = generations(&alice, &bob).await?;
        let at = both_restart(&alice, &bob).await?;
        let agreed = poll(AGREED, async || {
            let (after, _) = generations(&alice, &bob).await?;
            Ok((after[0] > before[0] && after[1] > before[1]).then_some(()))
        });
        agreed.await?.with_context(|| format!("restart {restart} was not agreed on within {AGREED:?}"))?;
        let (_, after) = generations(&alice, &bob).await?;
        glares += usize::from(after[0] > offers[0] && after[1] > offers[1]);
        if let Some(item) = item {
            bob.wait_incoming(&item, "verified").await?;
            let photo = alice.read_canvas(&item, "document.querySelector('#photo')").await?;
            bob.receives_once(&photo, PATIENCE).await?;
            photos_under_way += usize::from(shown_at(&bob, &item).await? > at[0].max(at[1]));
        }
        apart.push((at[0] - at[1]).abs());
    }
    apart.sort_by(f64::total_cmp);
    println!(
        "{RESTARTS} restarts, {:.1} ms apart in the middle and {:.1} at most; both sides offered in {glares}; \
         photos under way in {photos_under_way}",
        apart[RESTARTS / 2],
        apart[RESTARTS - 1]
    );
    ensure!(apart[RESTARTS / 2] < SAME_INSTANT_MS, "they were not ordered at the same instant: {apart:.1?}");
    ensure!(photos_under_way > 0, "every photo was there before its restart");

    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
        let history = tab.history().await?;
        ensure!(
            history.of_people().all(|said| ["connecting", "connected"].contains(&said.state.as_str())),
            "somebody was missed: {:?}",
            history.said
        );
        let [connection] = history.connections.as_slice() else {
            anyhow::bail!("{} connections were made", history.connections.len());
        };
        ensure!(connection.ufrags.len() > RESTARTS, "only {} generations", connection.ufrags.len());
        assert_eq!(connection.channels, ["open", "open"], "the channels are not the same ones");
        ensure!(!connection.states.contains(&"failed".to_owned()), "{:?}", connection.states);
    }
    Ok(())
}

/// What a change of network makes a browser say, to both pages at the same moment; gives when each of them heard it, in
/// milliseconds since 1970.
async fn both_restart(alice: &Tab, bob: &Tab) -> Result<[f64; 2]> {
    let order = format!(
        "new Promise((done) => {{
            const at = {};
            setTimeout(() => {{
                while (Date.now() < at);
                const heard = Date.now();
                dispatchEvent(new Event('online'));
                done(heard);
            }}, at - Date.now() - 5);
        }})",
        now() + LEAD_MS
    );
    let (alice, bob) = tokio::try_join!(alice.evaluate(&order), bob.evaluate(&order))?;
    Ok([alice, bob])
}

/// When the exact photo was painted, in milliseconds since 1970.
async fn shown_at(tab: &Tab, item: &str) -> Result<f64> {
    let mark = format!("performance.getEntriesByName('photo:{item}:exact')[0]");
    tab.evaluate(&format!("performance.timeOrigin + {mark}.startTime")).await
}

/// Generations of ICE that Alice and Bob agreed on, and offers that each of them made.
async fn generations(alice: &Tab, bob: &Tab) -> Result<([usize; 2], [usize; 2])> {
    let (mut agreed, mut offers) = ([0; 2], [0; 2]);
    for (place, tab) in [alice, bob].into_iter().enumerate() {
        let history = tab.history().await?;
        let connection = history.connections.last().context("there is no connection")?;
        (agreed[place], offers[place]) = (connection.ufrags.len(), connection.offers);
    }
    Ok((agreed, offers))
}
