//! What becomes of a room while the line to its server is bad. What goes from browser to browser goes on.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{
    PATIENCE, Proxy, Server, Tab, poll,
    proxy::{Counters, Direction, Side},
};

#[tokio::test]
async fn a_page_whose_socket_ends_says_so_and_comes_back() -> Result<()> {
    let server = Server::start().await?;
    let proxy = Proxy::start(&server).await?;
    let alice = Tab::without_camera().open(&proxy.url()).await?;
    alice.wait_status("alone").await?;
    watch_status(&alice).await?;

    assert_eq!(proxy.reset().await?, 1);
    comes_back(&alice).await?;
    // The server still holds the lost socket: the same tab takes its seat over.
    assert_eq!(proxy.half_open(Side::Page).await?, 1);
    comes_back(&alice).await?;
    proxy.wait("the old socket is told", |counters| counters.to_page.unheard == 1).await?;
    let counters = proxy.counters();
    assert_eq!((counters.reset, counters.half_open, counters.opened), (1, 1, 3));

    // A line that takes connections and answers nothing.
    proxy.silence();
    proxy.reset().await?;
    alice.wait_status("reconnecting").await?;
    proxy.wait("it tries again", |counters| counters.unanswered > 0).await?;
    proxy.heal().await?;
    comes_back(&alice).await?;

    proxy.delay(Direction::ToServer, Duration::from_millis(500));
    proxy.delay(Direction::ToPage, Duration::from_millis(500));
    proxy.reset().await?;
    comes_back(&alice).await?;
    let counters = proxy.counters();
    ensure!(
        counters.to_server.delayed > 0 && counters.to_page.delayed > 0,
        "nothing was delayed: {counters:?}"
    );
    Ok(())
}

#[tokio::test]
async fn photos_go_on_while_the_line_to_the_server_is_silent_cut_or_half_open() -> Result<()> {
    let server = Server::start().await?;
    let proxy = Proxy::start(&server).await?;
    // Large enough to be under way for a while.
    let alice = Tab::with_camera_of(1280, 720).open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::with_camera().open(&proxy.through(&link)?).await?;
    bob.wait_connected(1).await?;

    // Silence hurts: Bob does not hear of somebody who comes. It is short: the server gives a silent socket up.
    let carol = Tab::without_camera().load("about:blank").await?;
    proxy.silence();
    carol.go(&link).await?;
    carol.wait_connected(1).await?;
    proxy.wait("Bob is to be told of Carol", |counters| counters.to_page.held > 0).await?;
    assert_eq!(bob.peers().await?.len(), 1);
    both_ways(&alice, &bob).await?;
    assert_eq!(bob.peers().await?.len(), 1, "he heard of Carol after all");
    proxy.heal().await?;
    for tab in [&alice, &bob, &carol] {
        tab.wait_connected(2).await?;
    }

    // A photo under way does not notice that its introducer goes.
    let item = alice.click_snap_and_send().await?;
    assert_eq!(proxy.reset().await?, 1);
    let there = bob.trail().await?.into_iter().find(|photo| photo.item == item);
    ensure!(there.is_none_or(|photo| photo.state != "verified"), "it was there before the reset");
    bob.wait_incoming(&item, "verified").await?;
    let photo = alice.read_canvas(&item, "document.querySelector('#photo')").await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    assert_eq!(carol.wait_photo(&photo.item).await?, photo);
    proxy.wait("Bob is back at the server", |counters| counters.opened >= 2).await?;

    // The server has closed, and Bob's page is not told.
    assert_eq!(proxy.half_open(Side::Server).await?, 1);
    let opened = proxy.counters().opened;
    both_ways(&alice, &bob).await?;
    assert_eq!(proxy.counters().opened, opened);
    // It finds out when the line is good again, and Carol, who comes anew, is introduced.
    proxy.heal().await?;
    proxy.wait("Bob is back at the server", |counters| counters.opened > opened).await?;
    carol.reload().await?;
    carol.wait_connected(2).await?;
    let photo = bob.snap_and_send().await?;
    assert_eq!(carol.wait_photo(&photo.item).await?, photo);
    Ok(())
}

#[tokio::test]
async fn an_introduction_survives_messages_that_come_twice_or_never() -> Result<()> {
    let server = Server::start().await?;
    let proxy = Proxy::start(&server).await?;
    let alice = Tab::with_camera().open(&proxy.url()).await?;
    alice.wait_status("alone").await?;
    let link = alice.link().await?.replace(&proxy.url(), &server.url());
    for direction in [Direction::ToServer, Direction::ToPage] {
        proxy.repeat_messages(direction, 0..1000);
    }
    let bob = Tab::with_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    bob.wait_connected(1).await?;
    let counters = proxy.counters();
    ensure!(counters.to_server.repeated > 2 && counters.to_page.repeated > 2, "{counters:?}");

    // Alice's hello and her offer, Bob's arrival and his answer.
    for direction in [Direction::ToServer, Direction::ToPage] {
        for place in 0..2 {
            bob.new_room().await?;
            alice.wait_status("alone").await?;
            proxy.heal().await?;
            let before = at_rest(&proxy).await?;
            proxy.drop_messages(direction, place..place + 1);
            bob.paste_link(&link).await?;
            for tab in [&alice, &bob] {
                let connected = tab.wait_connected(1).await;
                connected.with_context(|| format!("without message {place} {direction:?}"))?;
            }
            let after = proxy.counters();
            let dropped =
                [after, before].map(|counters| counters.to_server.dropped + counters.to_page.dropped);
            assert_eq!(dropped[0], dropped[1] + 1, "message {place} {direction:?} was not dropped");
        }
    }
    assert_eq!(proxy.counters().opened, 1, "the socket was given up for it");
    both_ways(&alice, &bob).await
}

/// The counters, once nothing is left to be said.
async fn at_rest(proxy: &Proxy) -> Result<Counters> {
    let mut before = proxy.counters();
    let rest = poll(PATIENCE, async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = proxy.counters();
        Ok((std::mem::replace(&mut before, now) == now).then_some(now))
    });
    rest.await?.context("somebody talks all the time")
}

/// Keeps every state of `#status` from now on.
async fn watch_status(tab: &Tab) -> Result<()> {
    tab.evaluate(
        "void (window.states = [], new MutationObserver(() => {
            const { state } = document.querySelector('#status').dataset;
            if (states.at(-1) !== state) states.push(state);
        }).observe(document.querySelector('#status'), { attributeFilter: ['data-state'] }))",
    )
    .await
}

/// The page has said that it lost its server, and then that it is alone in its room again.
async fn comes_back(tab: &Tab) -> Result<()> {
    tab.until(
        "it says that the connection was lost, then that it is back",
        "states[0] === 'reconnecting' && states.at(-1) === 'alone'",
    )
    .await?;
    tab.evaluate("void (states = [])").await
}

async fn both_ways(alice: &Tab, bob: &Tab) -> Result<()> {
    for (from, to) in [(alice, bob), (bob, alice)] {
        let photo = from.snap_and_send().await?;
        assert_eq!(to.wait_photo(&photo.item).await?, photo);
    }
    Ok(())
}
