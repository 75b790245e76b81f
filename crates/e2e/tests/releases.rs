//! What is taken from the browser is given back, counted outside of the app by wrappers that run before it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use snaproom_e2e::{PATIENCE, Server, Tab, poll};

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    connections: i32,
    connections_made: i32,
    sockets: i32,
    sockets_made: i32,
    listeners: i32,
    cameras: i32,
    locks: i32,
    urls: i32,
}

impl Taken {
    /// What must not grow.
    fn held(self) -> Self {
        Self { connections_made: 0, sockets_made: 0, ..self }
    }
}

#[tokio::test]
async fn a_change_of_room_leaves_nothing_behind() -> Result<()> {
    const ROOMS: i32 = 5;
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(COUNT).open(&server.url()).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let alone = taken(&alice).await?;
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

        let now = taken(&alice).await?;
        let before = with_bob.get_or_insert(now);
        assert_eq!(now.held(), before.held(), "room {room} left something behind");
        assert_eq!((now.connections, now.sockets, now.cameras), (1, 1, 1), "{now:?}");
    }
    let after = taken(&alice).await?;
    ensure!(
        after.connections_made >= ROOMS && after.sockets_made >= ROOMS,
        "nothing was replaced: {after:?}"
    );

    // Alone again in a room of its own, as at the beginning.
    alice.new_room().await?;
    alice.wait_status("alone").await?;
    assert_eq!(taken(&alice).await?.held(), alone.held());
    Ok(())
}

#[tokio::test]
async fn a_peer_who_comes_and_goes_leaves_nothing_behind() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(COUNT).open(&server.url()).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let alone = taken(&alice).await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    bob.reload().await?;
    bob.wait_connected(1).await?;
    alice.wait_connected(1).await?;
    bob.new_room().await?;
    alice.wait_status("alone").await?;
    let after = taken(&alice).await?;
    ensure!(after.connections_made >= 2, "the reload made no new connection: {after:?}");
    assert_eq!(after.held(), alone.held());
    Ok(())
}

#[tokio::test]
async fn a_page_put_aside_holds_no_connection() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(COUNT).open(&server.url()).await?;
    alice.start_camera().await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    // What a browser tells a page that is left, also to come back to later.
    alice
        .evaluate::<()>("void dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        .await?;
    bob.wait_status("alone").await?;
    let aside = taken(&alice).await?;
    assert_eq!((aside.connections, aside.sockets, aside.locks), (0, 0, 0), "{aside:?}");

    alice
        .evaluate::<()>("void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        .await?;
    bob.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}

/// The counters count: a page that leaks on purpose is seen.
#[tokio::test]
async fn leaks_are_seen() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(COUNT).open(&server.url()).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let before = taken(&alice).await?;
    alice
        .evaluate::<()>(
            "(async () => {
                window.leaked = [
                    new RTCPeerConnection(),
                    new WebSocket(location.origin.replace('http', 'ws') + '/ws'),
                    await navigator.mediaDevices.getUserMedia({ video: true }),
                    URL.createObjectURL(new Blob(['x'])),
                ];
                leaked[0].addEventListener('icecandidate', () => {});
                leaked[0].createDataChannel('x').addEventListener('open', () => {});
                window.addEventListener('online', () => {});
                navigator.locks.request('leaked', () => new Promise(() => {}));
            })()",
        )
        .await?;
    let after = taken(&alice).await?;
    assert_eq!(
        after.held(),
        Taken {
            connections: before.connections + 1,
            sockets: before.sockets + 1,
            listeners: before.listeners + 3,
            cameras: before.cameras + 1,
            locks: before.locks + 1,
            urls: before.urls + 1,
            ..before.held()
        }
    );
    // And what is given back is seen as well.
    alice
        .evaluate::<()>("(leaked[0].close(), leaked[1].close(), leaked[2].getTracks()[0].stop(), void URL.revokeObjectURL(leaked[3]))")
        .await?;
    let given_back = taken(&alice).await?;
    assert_eq!(
        given_back.held(),
        Taken { listeners: before.listeners + 3, locks: before.locks + 1, ..before.held() }
    );
    Ok(())
}

/// Read once nothing changes any more: locks and sockets are given back a moment after they are let go.
async fn taken(tab: &Tab) -> Result<Taken> {
    let mut before = None;
    let settled = poll(PATIENCE, async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = tab.evaluate::<Taken>("taken()").await?;
        Ok((before.replace(now) == Some(now)).then_some(now))
    });
    settled.await?.context("what the page holds changes all the time")
}

const COUNT: &str = include_str!("../inject/count.js");
