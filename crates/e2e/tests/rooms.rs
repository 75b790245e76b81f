//! Rooms are closed worlds: what happens in one is seen in no other, and a full one sends nobody away empty-handed.

use anyhow::{Result, ensure};
use snaproom_e2e::{Options, Server, Tab};

#[tokio::test]
async fn two_rooms_at_once_see_nothing_of_each_other() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    let carol = Tab::with_camera().open(&server.url()).await?;
    let dave = Tab::without_camera().open(&carol.link().await?).await?;
    ensure!(alice.link().await? != carol.link().await?, "two visits made one room");

    // Each room works inside, at the same time.
    for tab in [&alice, &bob, &carol, &dave] {
        tab.wait_connected(1).await?;
    }
    let red = alice.snap_and_send().await?;
    let blue = carol.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&red.item).await?, red);
    assert_eq!(dave.wait_photo(&blue.item).await?, blue);

    // And nothing went across: one person and one photo each.
    for (tab, photos) in [(&alice, 0), (&bob, 1), (&carol, 0), (&dave, 1)] {
        assert_eq!(tab.peers().await?.len(), 1);
        assert_eq!(tab.trail().await?.len(), photos);
    }
    assert_eq!(alice.sent(&red.item).await?.len(), 1, "one recipient");
    Ok(())
}

#[tokio::test]
async fn the_third_in_a_room_for_two_gets_a_room_of_its_own() -> Result<()> {
    let server = Server::start_with(Options { room_capacity: 2, ..Options::default() }).await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::with_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    bob.wait_connected(1).await?;
    for tab in [&alice, &bob] {
        tab.evaluate::<()>("void (window.stillHere = true)").await?;
    }

    let carol = Tab::with_camera().open(&link).await?;
    carol.wait_status("full").await?;
    let sentence = carol.text("#status").await?;
    ensure!(sentence.contains("full") && sentence.contains('2'), "no reason: {sentence}");
    assert_eq!(carol.peers().await?, [], "nobody of a room that one is not in");

    // The two in it were neither reloaded nor disturbed.
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    for tab in [&alice, &bob] {
        ensure!(tab.evaluate::<bool>("window.stillHere === true").await?, "a page was reloaded");
        tab.wait_connected(1).await?;
    }

    // The way on leads to a room that works.
    carol.new_room().await?;
    carol.wait_status("alone").await?;
    let other = carol.link().await?;
    ensure!(other != link, "the new room is the full one");
    let dave = Tab::without_camera().open(&other).await?;
    carol.wait_connected(1).await?;
    let photo = carol.snap_and_send().await?;
    assert_eq!(dave.wait_photo(&photo.item).await?, photo);
    assert_eq!(bob.trail().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_seat_that_gets_free_is_taken_by_trying_again() -> Result<()> {
    let server = Server::start_with(Options { room_capacity: 2, ..Options::default() }).await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::without_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    let carol = Tab::without_camera().open(&link).await?;
    carol.wait_status("full").await?;

    // Bob goes to a room of his own, which gives his seat up at once.
    bob.new_room().await?;
    bob.wait_status("alone").await?;
    carol.click("#retry").await?;
    carol.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(carol.wait_photo(&photo.item).await?, photo);
    Ok(())
}

#[tokio::test]
async fn a_link_pasted_into_the_open_page_leaves_this_room_and_joins_that_one() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    let carol = Tab::with_camera().open(&server.url()).await?;
    bob.wait_connected(1).await?;
    let before = alice.snap_and_send().await?;
    bob.wait_photo(&before.item).await?;

    let link = carol.link().await?;
    bob.paste_link(&link).await?;
    carol.wait_connected(1).await?;
    alice.wait_status("alone").await?;
    assert_eq!(alice.peers().await?, [], "he did not just fall silent, he left");
    assert_eq!(bob.link().await?, link);
    assert_eq!(bob.trail().await?, [], "the other room's photos stay in the other room");

    let photo = carol.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}
