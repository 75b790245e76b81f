//! People who cannot reach each other, or do not want to be seen, and the relays that carry their photos.
#![cfg(target_os = "linux")]

use anyhow::{Result, ensure};
use snaproom_e2e::{
    Apart, Conditions, Coturn, Host, Launch, Nat, Network, Options, PATIENCE, Relay, Tab, poll,
};

/// Two people whose server tells them of such relays.
async fn start(network: Network, homes: [Host; 2], relay: Relay) -> Result<Apart> {
    Apart::start_with(network, homes, Options { relay, ..Options::default() }).await
}

/// Bytes between the two people that passed nobody else.
fn direct(apart: &Apart) -> u64 {
    apart.path().counters().bytes
}

/// A photo goes from the first to the second, and the list says that it took the relay.
async fn arrives_by_relay((alice, bob): &(Tab, Tab)) -> Result<()> {
    for tab in [alice, bob] {
        tab.wait_connected(1).await?;
        tab.until("the relay is told", RELAYED).await?;
    }
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}

const RELAYED: &str =
    "document.querySelector('#peers .peer[data-state=connected][data-path=relay]') !== null";

/// What the page's browser found and used: no address but a relay's.
async fn shows_nothing_but_a_relay(tab: &Tab) -> Result<()> {
    let found: Vec<String> = tab.evaluate(LOCAL_CANDIDATES).await?;
    ensure!(!found.is_empty() && found.iter().all(|kind| kind == "relay"), "candidates: {found:?}");
    Ok(())
}

/// Of the connections that are open.
const LOCAL_CANDIDATES: &str = "(async () => {
    const kinds = [];
    for (const connection of connections.filter(({ connectionState }) => connectionState === 'connected'))
        for (const report of (await connection.getStats()).values())
            if (report.type === 'local-candidate') kinds.push(report.candidateType);
    return kinds;
})()";

/// The page's connections.
const CONNECTIONS: &str = "
    window.connections = [];
    window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
        construct(target, parameters) {
            const connection = Reflect.construct(target, parameters);
            connections.push(connection);
            return connection;
        },
    });
";

fn hidden(launch: Launch) -> Launch {
    launch.inject(CONNECTIONS).inject("localStorage.setItem('snaproom:relay-only', 'yes');")
}

#[tokio::test]
async fn behind_two_symmetric_routers_a_relay_carries_the_photo_the_servers_own_or_coturn() -> Result<()> {
    for of_server in [true, false] {
        let network = Network::new()?;
        let homes = [network.host_behind(Nat::Symmetric)?, network.host_behind(Nat::Symmetric)?];
        let far = network.host()?;
        let coturn = Coturn::start_on(&far).await?;
        let relay = if of_server { Relay::Own } else { Relay::Coturn(coturn.address()) };
        let apart = start(network, homes, relay).await?;
        let tabs = apart.enter(Tab::with_camera(), Tab::without_camera()).await?;
        arrives_by_relay(&tabs).await?;
        let at = if of_server { &apart.cloud } else { &far };
        ensure!(apart.network.between(&apart.homes[0], at).counters().bytes > 1_000_000, "who carried it?");
    }
    Ok(())
}

#[tokio::test]
async fn behind_two_symmetric_routers_nobody_meets_without_a_relay() -> Result<()> {
    let network = Network::new()?;
    let homes = [network.host_behind(Nat::Symmetric)?, network.host_behind(Nat::Symmetric)?];
    let apart = start(network, homes, Relay::None).await?;
    let tabs = apart.enter(Tab::with_camera(), Tab::without_camera()).await?;
    ensure!(!connects(&tabs.0).await?, "they need no relay");
    Ok(())
}

#[tokio::test]
async fn without_cameras_the_servers_stun_brings_two_together_whose_names_nobody_resolves() -> Result<()> {
    for relay in [Relay::NoStun, Relay::None] {
        let network = Network::new()?;
        let homes = [network.host()?, network.host()?];
        let apart = start(network, homes, relay).await?;
        let launch = || Tab::without_camera().naming_addresses().inject(CONNECTIONS);
        let tabs = apart.enter(launch(), launch()).await?;
        let named = "connections.some(({ localDescription }) => localDescription?.sdp.includes('.local '))";
        tabs.0.until("an address with a name", named).await?;
        match relay {
            Relay::NoStun => ensure!(!connects(&tabs.0).await?, "they need no STUN"),
            _ => drop(tabs.0.wait_connected(1).await?),
        }
    }
    Ok(())
}

/// Whether the two meet within a time in which they do where they can.
async fn connects(tab: &Tab) -> Result<bool> {
    let connected = poll(PATIENCE / 2, async || Ok(tab.evaluate::<bool>(CONNECTED).await?.then_some(())));
    Ok(connected.await?.is_some())
}

#[tokio::test]
async fn where_the_way_between_two_is_cut_the_relay_carries_on() -> Result<()> {
    let network = Network::new()?;
    let homes = [network.host()?, network.host()?];
    network.between(&homes[0], &homes[1]).set(Conditions::DOWN);
    let apart = start(network, homes, Relay::Own).await?;
    let tabs = apart.enter(Tab::with_camera(), Tab::without_camera()).await?;
    arrives_by_relay(&tabs).await?;
    ensure!(apart.path().counters().cut > 0, "nothing was cut");
    Ok(())
}

#[tokio::test]
async fn without_udp_coturn_carries_the_photo_over_tcp() -> Result<()> {
    let network = Network::new()?;
    let (homes, far) = ([network.host()?, network.host()?], network.host()?);
    let coturn = Coturn::start_on(&far).await?;
    let apart = start(network, homes, Relay::Coturn(coturn.address())).await?;
    for home in &apart.homes {
        home.block_udp()?;
    }
    let tabs = apart.enter(Tab::with_camera(), Tab::without_camera()).await?;
    arrives_by_relay(&tabs).await?;
    for home in &apart.homes {
        ensure!(home.blocked()? > 0, "no UDP was blocked");
    }
    ensure!(
        apart.network.between(&apart.homes[0], &far).counters().bytes > 1_000_000,
        "coturn had nothing to do"
    );
    Ok(())
}

#[tokio::test]
async fn who_hides_the_address_in_a_room_is_seen_at_the_relay_alone() -> Result<()> {
    let network = Network::new()?;
    let homes = [network.host()?, network.host()?];
    let apart = start(network, homes, Relay::Own).await?;
    let alice = Tab::with_camera().inject(CONNECTIONS);
    let tabs = apart.enter(alice, Tab::without_camera()).await?;
    tabs.0.wait_connected(1).await?;
    let photo = tabs.0.snap_and_send().await?;
    assert_eq!(tabs.1.wait_photo(&photo.item).await?, photo);
    ensure!(direct(&apart) > 1_000_000, "the photo took another way than the direct one");

    tabs.0.click("#editName").await?;
    tabs.0.click("#relayOnly").await?;
    tabs.0.click("#nameDialog .close").await?;
    tabs.0.until("a new connection by a relay", RELAYED).await?;
    let before = direct(&apart);
    arrives_by_relay(&tabs).await?;
    shows_nothing_but_a_relay(&tabs.0).await?;
    // Bob's browser still looks whether there is a shorter way, and Alice's answers nothing.
    ensure!(direct(&apart) - before < 100_000, "{} bytes went directly", direct(&apart) - before);
    Ok(())
}

#[tokio::test]
async fn two_who_hide_their_addresses_from_the_first_moment_meet_at_the_relay() -> Result<()> {
    let network = Network::new()?;
    let homes = [network.host()?, network.host()?];
    let apart = start(network, homes, Relay::Own).await?;
    let tabs = apart.enter(hidden(Tab::with_camera()), hidden(Tab::without_camera())).await?;
    arrives_by_relay(&tabs).await?;
    for tab in [&tabs.0, &tabs.1] {
        shows_nothing_but_a_relay(tab).await?;
    }
    assert_eq!(direct(&apart), 0, "something went directly");
    Ok(())
}

const CONNECTED: &str = "document.querySelector('#status').dataset.state === 'connected'";
