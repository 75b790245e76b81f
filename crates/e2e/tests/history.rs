//! A page's history is what happened: what was to be seen for a moment only, and what both sides agreed on.

use anyhow::{Result, ensure};
use snaproom_e2e::{Blank, PATIENCE, Tab, now};

#[tokio::test]
async fn what_a_page_said_for_a_moment_is_remembered() -> Result<()> {
    let blank = Blank::start().await?;
    let tab = Tab::without_camera().remembered().load(&blank.url()).await?;
    let before = now();
    tab.evaluate::<()>(
        "(async () => {
            const task = () => new Promise((next) => setTimeout(next, 20));
            document.body.innerHTML = '<p id=status data-state=connecting></p><ul id=peers></ul>';
            peers.innerHTML = '<li class=peer data-peer=x data-state=connecting>';
            await task();
            peers.firstChild.dataset.state = 'connected';
            await task();
            peers.firstChild.dataset.state = 'connected';
            peers.firstChild.remove();
            await task();
            peers.innerHTML = '<li class=peer data-peer=x data-state=away>';
            document.querySelector('#status').dataset.state = 'alone';
            await task();
        })()",
    )
    .await?;
    let history = tab.history().await?;
    assert_eq!(history.of("x"), ["connecting", "connected", "gone", "away"]);
    assert_eq!(history.of("status"), ["connecting", "alone"]);
    let gone = history.when("x", "gone", before);
    ensure!(gone.is_some_and(|gone| gone >= before && gone <= now()), "{:?}", history.said);
    assert_eq!(history.when("x", "away", now()).map(|since| since > before), Some(true), "it still is");
    assert_eq!(history.when("x", "connected", now()), None, "it was, and is not");
    assert!(tab.wait_said("x", "gone", before, PATIENCE).await? < PATIENCE);
    Ok(())
}

#[tokio::test]
async fn restarts_are_counted_and_offers_that_are_rolled_back_are_none() -> Result<()> {
    let blank = Blank::start().await?;
    let tab = Tab::without_camera().remembered().load(&blank.url()).await?;
    tab.evaluate::<()>(
        "(async () => {
            const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
            one.onicecandidate = ({ candidate }) => two.addIceCandidate(candidate);
            two.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
            const channel = one.createDataChannel('x');
            const agree = async () => {
                await one.setLocalDescription();
                await two.setRemoteDescription(one.localDescription);
                await two.setLocalDescription();
                await one.setRemoteDescription(two.localDescription);
            };
            await agree();
            await new Promise((open) => { channel.onopen = open; });
            one.restartIce();
            await agree();
            // Both at once: the second one yields.
            one.restartIce();
            two.restartIce();
            await two.setLocalDescription();
            await agree();
        })()",
    )
    .await?;
    let [one, two] = &tab.history().await?.connections[..] else { anyhow::bail!("there are two") };
    assert_eq!((one.ufrags.len(), one.offers, one.channels.as_slice()), (3, 3, &["open".to_owned()][..]));
    assert_eq!((two.ufrags.len(), two.offers), (3, 1));
    ensure!(one.states.contains(&"connected".to_owned()), "{one:?}");
    Ok(())
}
