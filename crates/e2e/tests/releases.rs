//! What is taken from the browser is given back, counted outside of the app by wrappers that run before it.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab};

#[tokio::test]
async fn a_change_of_room_leaves_nothing_behind() -> Result<()> {
    const ROOMS: i32 = 5;
    let server = Server::start().await?;
    let alice = Tab::with_camera().counted().open(&server.url()).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let alone = alice.taken().await?;
    assert_eq!((alone.connections, alone.sockets, alone.cameras, alone.locks), (0, 1, 1, 1), "{alone:?}");

    let bob = Tab::with_camera().open(&alice.link().await?).await?;
    let mut with_bob = None;
    for room in 0..ROOMS {
        if room > 0 {
            let link = format!("{}#room-{room}", server.url());
            alice.paste_link(&link).await?;
            bob.paste_link(&link).await?;
        }
        alice.wait_connected(1).await?;
        bob.wait_connected(1).await?;
        let photo = alice.snap_and_send().await?;
        bob.wait_photo(&photo.item).await?;
        alice.wait_sent(&photo.item, "verified").await?;

        let now = alice.taken().await?;
        let before = with_bob.get_or_insert(now);
        assert_eq!(now.held(), before.held(), "room {room} left something behind");
        assert_eq!((now.connections, now.channels, now.sockets, now.cameras), (1, 2, 1, 1), "{now:?}");
    }
    let after = alice.taken().await?;
    ensure!(
        after.connections_made >= ROOMS && after.sockets_made >= ROOMS,
        "nothing was replaced: {after:?}"
    );

    // Alone again in a room of its own, as at the beginning.
    alice.new_room().await?;
    alice.wait_status("alone").await?;
    assert_eq!(alice.taken().await?.held(), alone.held());
    Ok(())
}

#[tokio::test]
async fn a_peer_who_comes_and_goes_leaves_nothing_behind() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().counted().open(&server.url()).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let alone = alice.taken().await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    bob.reload().await?;
    bob.wait_connected(1).await?;
    alice.wait_connected(1).await?;
    bob.new_room().await?;
    alice.wait_status("alone").await?;
    let after = alice.taken().await?;
    ensure!(after.connections_made >= 2, "the reload made no new connection: {after:?}");
    assert_eq!(after.held(), alone.held());
    Ok(())
}

#[tokio::test]
async fn a_page_put_aside_holds_no_connection() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().counted().open(&server.url()).await?;
    alice.start_camera().await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    // What a browser tells a page that is left, also to come back to later.
    alice
        .evaluate::<()>("void dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        .await?;
    bob.wait_status("alone").await?;
    let aside = alice.taken().await?;
    let held = (aside.connections, aside.channels, aside.sockets, aside.locks);
    assert_eq!(held, (0, 0, 0, 0), "{aside:?}");

    alice
        .evaluate::<()>("void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        .await?;
    bob.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}
