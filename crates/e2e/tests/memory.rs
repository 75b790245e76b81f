//! The gauges gauge: what a plain page takes is seen, and what it gives back is seen as well.

use anyhow::{Result, ensure};
use snaproom_e2e::{Blank, Gauge, PATIENCE, Tab, Taken, poll};

#[tokio::test]
async fn what_a_page_takes_of_the_machine_is_seen_and_what_it_gives_back() -> Result<()> {
    const BALLAST: u64 = 50_000_000;
    // Pages come and go by themselves, up to this.
    const NOISE: u64 = 20_000_000;
    let blank = Blank::start().await?;
    let tab = Tab::without_camera().load(&blank.url()).await?;
    let before = settled(&tab).await?;
    ensure!(before.page < before.tree, "the page is not a part of the browser: {before:?}");

    // Random bytes: the same ones over and over need no memory where the kernel merges or packs pages.
    tab.evaluate::<()>(&format!(
        "void (window.ballast = new Uint8Array({BALLAST}),
               [...Array(Math.ceil({BALLAST} / 65536)).keys()].forEach((part) =>
                   crypto.getRandomValues(ballast.subarray(part * 65536, (part + 1) * 65536))))"
    ))
    .await?;
    let loaded = tab.gauge().await?;
    for (before, loaded) in [(before.tree, loaded.tree), (before.page, loaded.page)] {
        ensure!(loaded + NOISE >= before + BALLAST, "{BALLAST} bytes took {before} to {loaded}");
    }
    tab.evaluate::<()>("void (ballast = null)").await?;
    let limit = loaded.tree - BALLAST + NOISE;
    let given_back = poll(PATIENCE, async || Ok(Some(tab.gauge().await?).filter(|now| now.tree <= limit)));
    ensure!(given_back.await?.is_some(), "of {loaded:?} not enough was given back: {:?}", tab.gauge().await?);

    // Nodes that only scripts hold, listeners on them, and blobs: made, cut out of others, and without a name.
    tab.evaluate::<()>(
        "void (window.kept = [...Array(1000)].map(() => document.createElement('p')),
               kept.forEach((node) => node.addEventListener('click', () => {})),
               window.blobs = [new Blob([new Uint8Array(3_000_000)]), new File(['12345'], 'x')],
               blobs.push(blobs[0].slice(0, 1_000_000)))",
    )
    .await?;
    let full = tab.gauge().await?;
    assert_eq!((full.blobs, full.blob_bytes), (before.blobs + 3, before.blob_bytes + 4_000_005));
    ensure!(
        full.nodes >= before.nodes + 1000 && full.listeners >= before.listeners + 1000,
        "{full:?} of {before:?}"
    );
    tab.evaluate::<()>("void (kept = blobs = null)").await?;
    let empty = tab.gauge().await?;
    assert_eq!((empty.blobs, empty.blob_bytes), (before.blobs, before.blob_bytes));
    ensure!(
        empty.nodes < before.nodes + 500 && empty.listeners < before.listeners + 500,
        "{empty:?} of {before:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_a_page_takes_of_its_browser_is_seen_and_what_it_gives_back() -> Result<()> {
    let blank = Blank::start().await?;
    let tab = Tab::with_camera().counted().load(&blank.url()).await?;
    let before = tab.taken().await?;
    let nothing = Taken {
        connections: 0,
        connections_made: 0,
        channels: 0,
        sockets: 0,
        sockets_made: 0,
        listeners: 0,
        cameras: 0,
        locks: 0,
        urls: 0,
    };
    assert_eq!(before, nothing, "the page is not plain");

    // Two connections with a channel between them, which is two: the second one comes to the answerer.
    tab.evaluate::<()>(
        "(async () => {
            const [one, two] = window.connections = [new RTCPeerConnection(), new RTCPeerConnection()];
            one.onicecandidate = ({ candidate }) => two.addIceCandidate(candidate);
            two.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
            window.channel = one.createDataChannel('x');
            channel.addEventListener('open', () => { window.isOpen = true; });
            await one.setLocalDescription();
            await two.setRemoteDescription(one.localDescription);
            await two.setLocalDescription();
            await one.setRemoteDescription(two.localDescription);
            window.sockets = [new WebSocket(location.origin.replace('http', 'ws') + '/ws')];
            window.camera = await navigator.mediaDevices.getUserMedia({ video: true });
            window.url = URL.createObjectURL(new Blob(['x']));
            window.listener = () => {};
            addEventListener('online', listener);
            await new Promise((held) => navigator.locks.request('x', () => {
                held();
                return new Promise((release) => { window.release = release; });
            }));
        })()",
    )
    .await?;
    tab.until("the channel is open", "window.isOpen").await?;
    let held = Taken {
        connections: 2,
        connections_made: 2,
        channels: 2,
        sockets: 1,
        sockets_made: 1,
        listeners: 2,
        cameras: 1,
        locks: 1,
        urls: 1,
    };
    assert_eq!(tab.taken().await?, held);

    // A channel's end is seen on both sides, and a connection's end ends its channels.
    tab.evaluate::<()>("void channel.close()").await?;
    tab.until("both ends are closed", "taken().then(({ channels }) => channels === 0)").await?;
    tab.evaluate::<()>(
        "void (connections[0].createDataChannel('y'), connections.forEach((connection) => connection.close()),
               sockets[0].close(), camera.getTracks()[0].stop(), URL.revokeObjectURL(url),
               removeEventListener('online', listener), release())",
    )
    .await?;
    // The closed channel is still there, and its listener.
    let given_back = Taken { listeners: 1, ..nothing };
    assert_eq!(tab.taken().await?.held(), given_back);
    Ok(())
}

/// Once the browser has started all that it starts.
async fn settled(tab: &Tab) -> Result<Gauge> {
    let mut before = tab.gauge().await?;
    let settled = poll(PATIENCE, async || {
        let now = tab.gauge().await?;
        let (low, high) = (now.tree.min(before.tree), now.tree.max(before.tree));
        before = now;
        Ok((high - low < 2_000_000).then_some(now))
    });
    Ok(settled.await?.unwrap_or(before))
}
