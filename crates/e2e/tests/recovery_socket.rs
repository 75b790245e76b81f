//! The server ends and its sockets are cut while photos are under way. The photos go on, and nobody notices but the
//! sockets, which come back.
#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use snaproom_e2e::{Apart, Conditions, History, Network, PATIENCE, Photo, Proxy, Server, Tab};

/// "20 photos are in flight": ten each way.
const PHOTOS_EACH_WAY: usize = 10;

/// "The socket cut 20 times during one 8 MB photo".
const CUTS: usize = 20;

/// All 20 photos, or the 8 MB one, once the path is good again.
const ARRIVAL: Duration = Duration::from_mins(1);

/// So thin that what is under way stays so for as long as a test wants.
const TRICKLE: Conditions = Conditions { rate: Some(500_000), ..Conditions::PERFECT };

#[tokio::test]
async fn a_server_that_is_killed_and_restarted_costs_none_of_20_photos_in_flight() -> Result<()> {
    let mut apart = Apart::start().await?;
    let camera = || Tab::with_camera_of(320, 240).remembered().counted();
    let (alice, bob) = apart.meet(camera(), camera()).await?;
    let tabs = [&alice, &bob];
    try_join_all(tabs.map(Tab::start_camera)).await?;
    let before = [alice.taken().await?, bob.taken().await?];
    apart.path().set(TRICKLE);
    let sent = try_join_all(tabs.map(sends_some)).await?;

    apart.server.kill().await?;
    for tab in tabs {
        let arrived = tab.trail().await?.iter().filter(|photo| photo.state == "verified").count();
        assert_eq!(arrived, 0, "of the photos in flight, some were there before the server was killed");
    }
    // Both pages have noticed it, and both try again.
    for (tab, before) in tabs.into_iter().zip(&before) {
        let tries = format!("taken().then(({{ socketsMade }}) => socketsMade > {})", before.sockets_made);
        tab.until("the page misses its server", &tries).await?;
    }
    apart.server.start_again().await?;
    // Somebody new is let in only by a server that both have found again.
    let carol = Tab::without_camera().on(&apart.network.host()?).open(&alice.link().await?).await?;
    carol.wait_connected(2).await.context("the sockets come back")?;
    for tab in tabs {
        tab.wait_connected(2).await?;
        let arrived = tab.trail().await?.iter().filter(|photo| photo.state == "verified").count();
        ensure!(arrived < PHOTOS_EACH_WAY, "all photos were there before the server was");
    }

    apart.path().set(Conditions::PERFECT);
    for (tab, photos) in [(&bob, &sent[0]), (&alice, &sent[1])] {
        for photo in photos {
            tab.receives_once(photo, ARRIVAL).await?;
        }
        assert_eq!(tab.trail().await?.len(), PHOTOS_EACH_WAY, "nothing came twice");
    }
    for (tab, before) in tabs.into_iter().zip(before) {
        let after = tab.taken().await?;
        assert_eq!(after.connections_made, before.connections_made + 1, "Carol's, and no other one");
        assert_eq!((after.sockets, after.channels), (1, before.channels * 2), "{after:?}");
        let history = tab.history().await?;
        nobody_was_missed(&history)?;
        assert_eq!(history.connections[0].ufrags.len(), 1, "a restart that nobody needed");
        assert_eq!(history.of("status").last(), Some(&"connected"), "{:?}", history.said);
    }
    Ok(())
}

/// Nobody was taken for away, but where the browser itself heard nothing on the path for some seconds: a machine that
/// stands still does that, and a socket that ends does not.
fn nobody_was_missed(history: &History) -> Result<()> {
    let missed =
        history.of_people().filter(|said| !["connecting", "connected"].contains(&said.state.as_str()));
    let silences = history.connections.iter().flat_map(|connection| &connection.states);
    let silences = silences.filter(|state| *state == "disconnected").count();
    ensure!(missed.count() <= silences, "somebody was missed: {:?}", history.said);
    Ok(())
}

/// Snaps and sends ten photos as quickly as the page allows.
async fn sends_some(tab: &Tab) -> Result<Vec<Photo>> {
    let mut sent = Vec::new();
    for _ in 0..PHOTOS_EACH_WAY {
        sent.push(tab.snap_and_send().await?);
    }
    Ok(sent)
}

#[tokio::test]
async fn a_socket_that_is_cut_20_times_during_one_photo_of_8_mb_costs_it_nothing() -> Result<()> {
    let network = Network::new()?;
    let (homes, cloud) = ([network.host()?, network.host()?], network.host()?);
    let server = Server::start().await?;
    let proxy = Proxy::on(&cloud, &server)?;
    let alice = Tab::with_camera_of(1920, 1080).remembered().on(&homes[0]).open(&proxy.url()).await?;
    let bob = Tab::without_camera().remembered().on(&homes[1]).open(&alice.link().await?).await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    let path = network.between(&homes[0], &homes[1]);
    path.set(TRICKLE);
    let photo = alice.snap_and_send().await?;
    alice.wait_sent(&photo.item, "active").await?;

    for cut in 0..CUTS {
        // Both are there to be cut: a page that has not come back yet has no socket to lose.
        let both = |opened: u64| opened >= 2 * (cut as u64 + 1);
        proxy.wait("both sockets are back", |counters| both(counters.opened)).await?;
        assert_eq!(proxy.reset().await?, 2, "cut {cut}");
    }
    ensure!(
        bob.trail().await?.iter().all(|here| here.state != "verified"),
        "the photo was there before the last cut"
    );
    path.set(Conditions::PERFECT);
    bob.receives_once(&photo, ARRIVAL).await?;
    assert_eq!(bob.trail().await?.len(), 1, "nothing came twice");

    // The last one is got over as well.
    proxy.wait("both sockets are back", |counters| counters.opened >= 2 * (CUTS as u64 + 1)).await?;
    let counters = proxy.counters();
    assert_eq!(counters.reset, 2 * CUTS as u64, "{counters:?}");
    for tab in [&alice, &bob] {
        tab.wait_status("connected").await?;
        let history = tab.history().await?;
        assert_eq!(history.connections.len(), 1, "the connection was replaced");
        nobody_was_missed(&history)?;
    }
    let next = alice.snap_and_send().await?;
    bob.receives_once(&next, PATIENCE).await
}
