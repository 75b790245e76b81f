//! What can happen to a tab: each fault is shown on a page with nothing in it, then the room gets over it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Blank, PATIENCE, Tab, poll, two_tabs};
use tokio::time::sleep;

/// Many ticks of a timer of a few milliseconds, also of one that waits for its turn on a busy machine.
const A_WHILE: Duration = Duration::from_millis(700);

#[tokio::test]
async fn a_plain_page_is_hidden_frozen_throttled_and_out_of_storage() -> Result<()> {
    let blank = Blank::start().await?;
    let tab = Tab::without_camera().load(&blank.url()).await?;
    tab.evaluate::<()>(
        "void (window.ticks = 0, setInterval(() => { ticks += 1; }, 10),
               window.frames = 0, requestAnimationFrame(function next() { frames += 1; requestAnimationFrame(next); }),
               window.said = [], ['freeze', 'resume'].forEach((what) =>
                   document.addEventListener(what, () => said.push(what))))",
    )
    .await?;
    moves(&tab, "ticks").await?;
    moves(&tab, "frames").await?;

    tab.hide().await?;
    stands_still(&tab, "frames").await?;
    tab.show().await?;
    moves(&tab, "frames").await?;

    tab.freeze().await?;
    stands_still(&tab, "ticks").await?;
    assert_eq!(tab.evaluate::<[String; 1]>("said").await?, ["freeze"]);
    tab.thaw().await?;
    moves(&tab, "ticks").await?;
    assert_eq!(tab.evaluate::<[String; 2]>("said").await?, ["freeze", "resume"]);
    ensure!(tab.evaluate::<bool>("document.visibilityState === 'visible'").await?, "it is still hidden");

    // On a busy machine the browser does not always get round to slowing a page down.
    let quick = work(&tab).await?;
    tab.throttle(10).await?;
    let slow =
        poll(PATIENCE, async || Ok(Some(work(&tab).await?).filter(|slow| *slow > 3.0 * quick))).await?;
    let slow = slow.with_context(|| format!("what takes {quick} ms is not slower"))?;
    tab.throttle(1).await?;
    let back = poll(PATIENCE, async || Ok(Some(work(&tab).await?).filter(|back| 2.0 * back < slow))).await?;
    ensure!(back.is_some(), "what took {quick} ms stays at {slow} ms");

    assert_eq!(store(&tab, 3_000_000).await?, "stored");
    tab.limit_storage(Some(5_000_000)).await?;
    assert_eq!(store(&tab, 3_000_000).await?, "QuotaExceededError");
    tab.limit_storage(None).await?;
    assert_eq!(store(&tab, 3_000_000).await?, "stored");
    Ok(())
}

#[tokio::test]
async fn a_plain_page_loses_its_camera_and_crashes() -> Result<()> {
    let blank = Blank::start().await?;
    let tab = Tab::with_camera().load(&blank.url()).await?;
    let open = "(async () => {
        window.ended = 0;
        window.track = (await navigator.mediaDevices.getUserMedia({ video: true })).getTracks()[0];
        track.addEventListener('ended', () => { ended += 1; });
        return track.readyState;
    })()";
    let has_ended = "ended === 1 && track.readyState === 'ended'";

    assert_eq!(tab.evaluate::<String>(open).await?, "live");
    tab.unplug_camera().await?;
    tab.until("the track of the camera without a cable ends", has_ended).await?;
    assert_eq!(tab.evaluate::<String>(open).await?, "live");
    tab.revoke_camera().await?;
    tab.until("the track of the camera that is not allowed any more ends", has_ended).await?;

    assert_eq!(tab.evaluate::<u32>("1 + 1").await?, 2);
    tab.crash().await?;
    let failure = tab.evaluate::<u32>("1 + 1").await.unwrap_err();
    ensure!(format!("{failure:#}").contains("tab crashed"), "{failure:#}");
    Ok(())
}

#[tokio::test]
async fn a_room_gets_over_a_tab_that_is_frozen_throttled_full_and_crashed() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    let before = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&before.item).await?, before);

    // A photo waits for the frozen tab, which nothing arrives in.
    bob.freeze().await?;
    let photo = alice.snap_and_send().await?;
    sleep(A_WHILE).await;
    assert_eq!(bob.trail().await?.len(), 1, "a frozen page shows what came");
    bob.thaw().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    alice.wait_sent(&photo.item, "verified").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }

    // Slow, and without room for another byte.
    bob.throttle(6).await?;
    bob.limit_storage(Some(1)).await?;
    assert_eq!(store(&bob, 1000).await?, "QuotaExceededError");
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);

    bob.crash().await?;
    alice.until("Bob is missed", "document.querySelector('.peer')?.dataset.state === 'away'").await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}

/// Waits until a number in the page grows.
async fn moves(tab: &Tab, number: &str) -> Result<()> {
    let before: f64 = tab.evaluate(number).await?;
    tab.until(&format!("{number} moves on"), &format!("{number} > {before} + 5")).await
}

/// A number in the page does not grow any more, once what was under way has come.
async fn stands_still(tab: &Tab, number: &str) -> Result<()> {
    sleep(A_WHILE).await;
    let before: f64 = tab.evaluate(number).await?;
    sleep(A_WHILE).await;
    let after: f64 = tab.evaluate(number).await?;
    ensure!(after <= before, "{number} moves from {before} to {after}");
    Ok(())
}

/// Milliseconds that a loop takes, the best of three.
async fn work(tab: &Tab) -> Result<f64> {
    tab.evaluate(
        "Math.min(...[1, 2, 3].map(() => {
            const start = performance.now();
            let sum = 0;
            for (let number = 0; number < 5_000_000; number += 1) sum = (sum * 31 + number) | 0;
            window.sum = sum;
            return performance.now() - start;
        }))",
    )
    .await
}

/// Writes a new file of so many bytes into the origin's private file system; gives `stored` or the error's name.
async fn store(tab: &Tab, bytes: u32) -> Result<String> {
    tab.evaluate(&format!(
        "(async () => {{
            try {{
                const folder = await navigator.storage.getDirectory();
                const file = await folder.getFileHandle(crypto.randomUUID(), {{ create: true }});
                const writable = await file.createWritable();
                await writable.write(new Uint8Array({bytes}));
                await writable.close();
                return 'stored';
            }} catch (error) {{ return error.name; }}
        }})()"
    ))
    .await
}
