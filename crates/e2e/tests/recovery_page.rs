//! Pages that are reloaded and frozen in the middle of a photo.

use std::time::Duration;

use anyhow::{Result, ensure};
use snaproom_e2e::{PATIENCE, Tab, now, two_tabs};
use tokio::time::sleep;

/// "A page frozen for 30 s".
const FROZEN: Duration = Duration::from_secs(30);

/// "A frozen or sleeping tab is shown as away within 10 s".
const MISSED: Duration = Duration::from_secs(10);

/// What was frozen is back so soon after it goes on.
const BACK: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_receiver_who_reloads_mid_photo_gets_all_of_it_without_another_click() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera().remembered(), Tab::without_camera().inject(LIE)).await?;
    let who = alice.wait_other().await?;
    bob.evaluate::<()>("void (lie = stalling())").await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_mark(&photo.item, "preview").await?;
    alice.wait_sent(&photo.item, "active").await?;

    let reload = now();
    bob.reload().await?;
    bob.wait_connected(1).await?;
    bob.receives_once(&photo, PATIENCE).await?;
    alice.wait_sent(&photo.item, "verified").await?;
    assert_eq!(alice.sent(&photo.item).await?.len(), 1, "one recipient");

    // The same person in the same place.
    assert_eq!(alice.wait_other().await?, who);
    let history = alice.history().await?;
    let since: Vec<&str> = history
        .of_people()
        .filter(|said| said.at >= reload)
        .map(|said| {
            assert_eq!(said.who, who, "somebody else");
            said.state.as_str()
        })
        .collect();
    println!("the chip of who reloads says {since:?}");
    // The end of the connection and the server's word that the page is gone race each other: either may come first.
    ensure!(
        since.len() > 1
            && since.last() == Some(&"connected")
            && since.iter().all(|state| ["away", "connecting", "connected"].contains(state)),
        "{:?}",
        history.said
    );
    Ok(())
}

#[tokio::test]
async fn a_photo_whose_sender_reloads_is_told_as_lost_and_the_next_one_arrives() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera().inject(LIE)).await?;
    bob.evaluate::<()>("void (lie = stalling())").await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_mark(&photo.item, "preview").await?;
    alice.wait_sent(&photo.item, "active").await?;
    // What is allowed from now on is allowed to whoever comes; this photo has waited for it in vain.
    bob.evaluate::<()>("void (lie = (label, message) => [message])").await?;

    alice.reload().await?;
    let told = bob.wait_incoming(&photo.item, "failed").await?;
    ensure!(told.bytes < told.total, "all of it had come: {told:?}");
    let words = bob.text(&format!("#trail [data-id='{}'] .how", photo.item)).await?;
    println!("who waits for a photo of a page that is gone reads: {words}");
    ensure!(!words.trim().is_empty(), "not a word about it");

    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    let next = alice.snap_and_send().await?;
    bob.receives_once(&next, PATIENCE).await?;
    ensure!(!bob.marks(&photo.item).await?.contains(&"exact".to_owned()), "half a photo is shown as exact");
    Ok(())
}

#[tokio::test]
async fn a_page_frozen_for_30_s_is_away_never_gone_and_gets_what_was_sent_meanwhile() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera().remembered(), Tab::without_camera().remembered()).await?;
    let who = alice.wait_other().await?;
    // With her in the room, Alice can send while Bob is away.
    let carol = Tab::without_camera().remembered().open(&alice.link().await?).await?;
    for tab in [&alice, &bob, &carol] {
        tab.wait_connected(2).await?;
    }

    let frozen = now();
    bob.freeze().await?;
    let at_once = alice.snap_and_send().await?;
    let mut missed = Vec::new();
    for tab in [&alice, &carol] {
        missed.push(tab.wait_said(&who, "away", frozen, PATIENCE).await?);
    }
    println!("a frozen page is away after {missed:?}");
    let while_away = alice.snap_and_send().await?;
    for photo in [&at_once, &while_away] {
        carol.receives_once(photo, PATIENCE).await?;
    }
    sleep(FROZEN.saturating_sub(Duration::from_secs_f64((now() - frozen) / 1000.0))).await;
    assert_eq!(bob.trail().await?.len(), 0, "a frozen page shows what came");
    for tab in [&alice, &carol] {
        let history = tab.history().await?;
        assert_eq!(history.of(&who).last(), Some(&"away"), "{:?}", history.said);
        ensure!(history.of_people().all(|said| said.state != "gone"), "{:?}", history.said);
    }

    let thawed = now();
    bob.thaw().await?;
    let mut back = Vec::new();
    for tab in [&alice, &carol] {
        back.push(tab.wait_said(&who, "connected", thawed, PATIENCE).await?);
    }
    println!("a page that goes on is connected after {back:?}");
    for photo in [&at_once, &while_away] {
        bob.receives_once(photo, PATIENCE).await?;
    }
    let history = bob.history().await?;
    let life = |what| history.when("page", what, frozen).unwrap_or_default();
    ensure!(
        life("resume") - life("freeze") >= 1000.0 * FROZEN.as_secs_f64(),
        "it was not frozen: {history:?}"
    );
    ensure!(missed.iter().all(|missed| *missed < MISSED), "away only after {missed:?}");
    ensure!(back.iter().all(|back| *back < BACK), "back only after {back:?}");
    for tab in [&alice, &carol] {
        let history = tab.history().await?;
        ensure!(history.of_people().all(|said| said.state != "gone"), "{:?}", history.said);
    }
    Ok(())
}

const LIE: &str = include_str!("../inject/lie.js");
