//! People close tabs, reload, come back and duplicate; servers end. Each is noticed, and each is got over.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{PATIENCE, Server, Tab, poll, two_tabs};

#[tokio::test]
async fn a_closed_tab_is_noticed_within_a_second_and_can_come_back() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::with_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    // A photo that waits to be sent: only that nobody is there may keep it back.
    alice.snap().await?;
    alice.wait_usable("#send").await?;

    let closing = Instant::now();
    bob.close().await?;
    let noticed = missed(&alice, closing).await?;
    println!("a closed tab was noticed after {} ms", noticed.as_millis());
    ensure!(noticed < Duration::from_secs(1), "only noticed after {noticed:?}");
    ensure!(!alice.is_usable("#send").await?, "Send to nobody");
    let hint = alice.text("#sendHint").await?;
    ensure!(hint.contains("when somebody is back"), "Send does not say why it waits: {hint}");

    let bob = Tab::with_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    // The photo that waited goes now.
    let waited = alice.evaluate::<String>(LAST_SNAPPED).await?;
    alice.send().await?;
    assert_eq!(bob.wait_photo(&waited).await?, alice.read_canvas(&waited, PHOTO).await?);
    let answer = bob.snap_and_send().await?;
    assert_eq!(alice.wait_photo(&answer.item).await?, answer);
    Ok(())
}

#[tokio::test]
async fn a_killed_browser_is_noticed_without_waiting_for_ice() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;

    let killed = Instant::now();
    drop(bob);
    let noticed = missed(&alice, killed).await?;
    println!("a killed browser was noticed after {} ms", noticed.as_millis());
    // The server sees the socket go, and nothing on the data channel answers. ICE alone takes five seconds or more.
    ensure!(noticed < Duration::from_secs(2), "only noticed after {noticed:?}");
    Ok(())
}

#[tokio::test]
async fn a_photo_under_way_to_somebody_who_leaves_waits_for_them_or_is_cancelled() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera().inject(LIE)).await?;
    bob.evaluate::<()>("void (lie = stalling())").await?;
    let photo = alice.snap_and_send().await?;
    alice.wait_sent(&photo.item, "active").await?;
    bob.close().await?;
    let told = alice.wait_sent(&photo.item, "waiting").await?;
    ensure!(told.words.contains("waits for the connection"), "the sender reads {}", told.words);
    ensure!(told.bytes < told.total, "all of it arrived: {told:?}");
    alice.click(".transfer .cancel").await?;
    alice.wait_sent(&photo.item, "cancelled").await?;
    Ok(())
}

#[tokio::test]
async fn a_reload_keeps_who_one_is() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::with_camera()).await?;
    let before = alice.wait_connected(1).await?;

    bob.reload().await?;
    bob.wait_connected(1).await?;
    // The page before the reload is gone for good, the one after it is the same person.
    let photo = bob.snap_and_send().await?;
    assert_eq!(alice.wait_photo(&photo.item).await?, photo);
    assert_eq!(alice.wait_connected(1).await?, before);
    assert_eq!(alice.peers().await?.len(), 1);

    let answer = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&answer.item).await?, answer);
    Ok(())
}

#[tokio::test]
async fn a_duplicated_tab_is_somebody_else_and_replaces_nobody() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::with_camera()).await?;
    let before = alice.wait_connected(1).await?;
    ensure!(bob.evaluate::<u32>("sessionStorage.length").await? > 0, "there is nothing to duplicate");

    let first = bob.duplicate().await?;
    ensure!(bob.evaluate::<u32>("sessionStorage.length").await? > 0, "the storage was not duplicated");
    bob.wait_connected(2).await?;
    let after = alice.wait_connected(2).await?;
    ensure!(after.contains(&before[0]), "{after:?} without {before:?}");
    let photo = bob.snap_and_send().await?;
    assert_eq!(alice.wait_photo(&photo.item).await?, photo);

    bob.switch_to(first).await?;
    bob.wait_connected(2).await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo, "the first tab hears its duplicate");
    Ok(())
}

#[tokio::test]
async fn a_server_that_ends_takes_no_connection_with_it_and_is_found_again() -> Result<()> {
    let mut server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::without_camera().open(&link).await?;
    let before = alice.wait_connected(1).await?;

    server.kill().await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    alice.wait_status("connected").await?;

    server.start_again().await?;
    // A third person is let in only by a server that both have found again.
    let carol = Tab::without_camera().open(&link).await?;
    carol.wait_connected(2).await?;
    ensure!(alice.wait_connected(2).await?.contains(&before[0]), "the connection did not last");
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    assert_eq!(carol.wait_photo(&photo.item).await?, photo);
    Ok(())
}

/// How long after `since` the page shows that everybody else is away or gone.
async fn missed(tab: &Tab, since: Instant) -> Result<Duration> {
    let noticed = poll(PATIENCE, async || {
        let all_away = tab.peers().await?.iter().all(|peer| peer.state == "away");
        Ok(all_away.then(|| since.elapsed()))
    });
    noticed.await?.context("nobody noticed that somebody is gone")
}

const PHOTO: &str = "document.querySelector('#photo')";

const LAST_SNAPPED: &str = "performance.getEntriesByType('mark').map((mark) => mark.name)\
                            .findLast((name) => name.endsWith(':snapped')).split(':')[1]";

const LIE: &str = include_str!("../inject/lie.js");
