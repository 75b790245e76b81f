//! `/check/data`: a data channel from a page to itself, its options under real loss, its speed and its limits.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use snaproom_e2e::{PATIENCE, Server, Tab, poll};

/// The page; its server is gone from here on, for none is needed.
async fn page() -> Result<Tab> {
    let server = Server::start().await?;
    let tab = Tab::without_camera().load(&format!("{}check/data", server.url())).await?;
    tab.until("the page", "!!document.querySelector('#startButton')").await?;
    drop(server);
    Ok(tab)
}

async fn start(tab: &Tab) -> Result<()> {
    tab.click("#startButton").await?;
    tab.until("the channel is open", "document.querySelector('#dataStatus').dataset.state === 'open'").await
}

async fn stop(tab: &Tab) -> Result<()> {
    tab.click("#closeButton").await?;
    tab.until("it is closed", "document.querySelector('#dataStatus').dataset.state === 'closed'").await
}

/// Waits until something is said there.
async fn said(tab: &Tab, selector: &str, limit: Duration) -> Result<String> {
    let said = poll(limit, async || Ok(Some(tab.text(selector).await?).filter(|text| !text.is_empty())));
    said.await?.with_context(|| format!("nothing is said in {selector}"))
}

#[tokio::test]
async fn texts_go_both_ways_without_a_server_and_a_keyboard_is_enough() -> Result<()> {
    let tab = page().await?;
    tab.tab_to("#startButton").await?;
    tab.press("Enter").await?;
    tab.until("the channel is open", "document.querySelector('#dataStatus').dataset.state === 'open'")
        .await?;
    let channels: [String; 2] = tab.evaluate("[sendChannel.label, receiveChannel.label]").await?;
    ensure!(channels == ["sendDataChannel", "sendDataChannel"], "{channels:?}");
    ensure!(
        tab.evaluate::<bool>("!receiveChannel.negotiated && receiveChannel !== sendChannel").await?,
        "it was not announced"
    );

    for (field, button, received) in [
        ("#dataChannelSend", "#sendButton", "#dataChannelReceive"),
        ("#dataChannelAnswer", "#answerButton", "#dataChannelAnswers"),
    ] {
        tab.tab_to(field).await?;
        for letter in ["h", "i"] {
            tab.press(letter).await?;
        }
        for times in 1..=2 {
            tab.tab_to(button).await?;
            tab.press("Enter").await?;
            let all = ["hi"; 2][..times].join("\\n");
            tab.until("the text comes", &format!("document.querySelector('{received}').value === '{all}'"))
                .await?;
        }
    }
    let history: [String; 4] = tab
        .evaluate("[...document.querySelectorAll('#history .message')].map(({ dataset }) => dataset.from)")
        .await?;
    ensure!(history == ["far", "far", "near", "near"], "the newest first: {history:?}");
    let line = tab.text("#history .message").await?;
    ensure!(line.contains("The other side") && line.contains("arrived after"), "{line}");

    // Everything else is reached as well.
    for control in ["#runNumbered", "#chunkSize", "#windowSize", "#runSpeed", "#sendTooMuch", "#fillQueue"] {
        tab.tab_to(control).await?;
    }
    ensure!(tab.accessibility_violations().await?.is_empty(), "{:?}", tab.accessibility_violations().await?);
    tab.evaluate::<()>(
        "void (window.kept = [sendChannel, receiveChannel], window.ends = [localConnection, remoteConnection])",
    )
    .await?;
    tab.tab_to("#closeButton").await?;
    tab.press("Enter").await?;
    let closed = "kept.every(({ readyState }) => readyState === 'closed')
        && ends.every(({ connectionState }) => connectionState === 'closed')";
    tab.until("both ends are closed", closed).await?;
    ensure!(!tab.is_usable("#sendButton").await? && tab.is_usable("#startButton").await?, "after Stop");
    ensure!(tab.accessibility_violations().await?.is_empty(), "{:?}", tab.accessibility_violations().await?);
    ensure!(tab.console().await?.is_empty(), "{:?}", tab.console().await?);
    Ok(())
}

/// What the channel's own statistics say of a run (W3C WebRTC Statistics, section 8.12), which the page does not read.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Truth {
    sent: u32,
    received: u32,
    /// From the sending side to the other, where the messages are.
    lost_there: i64,
    /// Both ways.
    packets_lost: i64,
}

/// The first line of the page's table.
#[derive(Debug, Clone)]
struct Row {
    arrived: u32,
    out_of_order: u32,
    packets_lost: i64,
    truth: Truth,
}

/// Runs the thousand messages over a channel of this kind, where `loss` percent of the packets are lost each way.
async fn run(tab: &Tab, effort: &str, ordered: bool, loss: u32) -> Result<Row> {
    // Without latency, or set for the first time after the connection is there, Chromium loses nothing.
    set_loss(tab, 0).await?;
    tab.click(effort).await?;
    if tab.evaluate::<bool>(&format!("document.querySelector('#ordered').checked !== {ordered}")).await? {
        tab.click("#ordered").await?;
    }
    start(tab).await?;
    set_loss(tab, loss).await?;
    let before: Truth = tab.evaluate(TRUTH).await?;
    tab.click("#runNumbered").await?;
    tab.until("it begins", "document.querySelector('#counted').innerText === ''").await?;
    let words = said(tab, "#counted", 4 * PATIENCE).await?;
    set_loss(tab, 0).await?;
    let after: Truth = tab.evaluate(TRUTH).await?;
    let cells: [String; 6] = tab
        .evaluate("[...document.querySelectorAll('#countedRuns tbody tr:first-child td')].map((cell) => cell.innerText)")
        .await?;
    stop(tab).await?;
    println!("{effort}, ordered: {ordered}, {loss} %: {words} {cells:?}");
    let number = |cell: &str| cell.replace(',', "").parse::<u32>().with_context(|| cell.to_owned());
    let (arrived, all) = cells[0].split_once(" of ").context("no count")?;
    ensure!(number(all)? == 1_000, "{words}");
    Ok(Row {
        arrived: number(arrived)?,
        out_of_order: number(&cells[1])?,
        packets_lost: number(&cells[5])?.into(),
        truth: Truth {
            sent: after.sent - before.sent,
            received: after.received - before.received,
            lost_there: after.lost_there - before.lost_there,
            packets_lost: after.packets_lost - before.packets_lost,
        },
    })
}

async fn set_loss(tab: &Tab, percent: u32) -> Result<()> {
    let conditions = json!({
        "offline": false, "latency": 1, "downloadThroughput": -1, "uploadThroughput": -1, "packetLoss": percent,
    });
    tab.cdp("Network.emulateNetworkConditions", conditions).await
}

const TRUTH: &str = "(async () => {
    const read = async (peer) => [...(await peer.getStats()).values()];
    const [near, far] = [await read(localConnection), await read(remoteConnection)];
    const of = (stats, type, member) => stats.find((one) => one.type === type)?.[member] ?? 0;
    const lost = (from, to) => of(from, 'transport', 'packetsSent') - of(to, 'transport', 'packetsReceived');
    return {
        sent: of(near, 'data-channel', 'messagesSent'),
        received: of(far, 'data-channel', 'messagesReceived'),
        lost_there: lost(near, far),
        packets_lost: lost(near, far) + lost(far, near),
    };
})()";

#[tokio::test]
async fn under_loss_a_channel_that_tries_is_late_and_one_that_gives_up_has_gaps() -> Result<()> {
    let tab = page().await?;
    tab.cdp("Network.enable", json!({})).await?;
    let whole = run(&tab, "#byRetransmits", false, 0).await?;
    let tries = run(&tab, "#reliable", true, 5).await?;
    let overtakes = run(&tab, "#reliable", false, 5).await?;
    let gives_up = run(&tab, "#byRetransmits", false, 5).await?;

    for (row, loses) in [(&whole, false), (&tries, true), (&overtakes, true), (&gives_up, true)] {
        let Truth { sent, received, lost_there, packets_lost } = row.truth;
        ensure!((sent, received) == (1_000, row.arrived), "the page counts as the browser does: {row:?}");
        // What is just under way is no loss.
        ensure!(if loses { lost_there > 20 } else { packets_lost.abs() < 5 }, "the fault: {row:?}");
        ensure!(
            (row.packets_lost - packets_lost).abs() < 10 + packets_lost / 5,
            "the page tells of it: {row:?}"
        );
    }
    ensure!(whole.arrived == 1_000, "without loss nothing is given up: {whole:?}");
    // Each message was a packet, and packets were lost: they came because they were sent again, and so late.
    ensure!(tries.arrived == 1_000 && tries.out_of_order == 0, "who waits gets all in order: {tries:?}");
    ensure!(
        overtakes.arrived == 1_000 && overtakes.out_of_order > 0,
        "and here the late are seen: {overtakes:?}"
    );
    ensure!((500..1_000).contains(&gives_up.arrived), "who gives up has gaps: {gives_up:?}");
    ensure!(gives_up.out_of_order == 0, "and nothing late: {gives_up:?}");
    Ok(())
}

#[tokio::test]
async fn a_channel_outlives_its_limits() -> Result<()> {
    let tab = page().await?;
    start(&tab).await?;
    let largest: u32 = tab.evaluate("localConnection.sctp.maxMessageSize").await?;
    ensure!(largest == 262_144, "{largest}");
    let shown = tab.text("#maxMessageSize").await?;
    ensure!(shown == "256 KiB (262,144 bytes)", "{shown}");

    tab.click("#sendTooMuch").await?;
    let words = said(&tab, "#oversize", PATIENCE).await?;
    ensure!(words.contains("262,145 bytes (TypeError") && words.contains("still open"), "{words}");

    tab.click("#fillQueue").await?;
    tab.until("the queue is full", "document.querySelector('#filling').innerText.includes('OperationError')")
        .await?;
    let empty = "document.querySelector('#filling').innerText.includes('had everything after')";
    let is_empty = poll(4 * PATIENCE, async || Ok(tab.evaluate::<bool>(empty).await?.then_some(()))).await?;
    let words = tab.text("#filling").await?;
    ensure!(is_empty.is_some(), "{words}");
    for part in ["The queue took 16 MiB", "still open", "bufferedamountlow came after"] {
        ensure!(words.contains(part), "{words}");
    }
    ensure!(
        tab.evaluate::<bool>("sendChannel.readyState === 'open' && sendChannel.bufferedAmount === 0").await?
    );

    tab.evaluate::<()>("void (document.querySelector('#dataChannelSend').value = 'still here')").await?;
    tab.click("#sendButton").await?;
    tab.until("the channel lives on", "document.querySelector('#dataChannelReceive').value === 'still here'")
        .await?;
    ensure!(tab.accessibility_violations().await?.is_empty(), "{:?}", tab.accessibility_violations().await?);
    Ok(())
}

#[tokio::test]
async fn a_throughput_run_ends_with_what_came() -> Result<()> {
    let tab = page().await?;
    start(&tab).await?;
    let before = bytes_received(&tab).await?;
    tab.click("#runSpeed").await?;
    tab.until("it begins", "document.querySelector('#measured').innerText === ''").await?;
    let points = "document.querySelector('.plot polyline').getAttribute('points').split(' ').length";
    tab.until("the curve grows", &format!("{points} > 3")).await?;
    // Nothing else goes meanwhile but texts.
    ensure!(!tab.is_usable("#fillQueue").await?, "two runs at once");
    tab.evaluate::<()>("void (document.querySelector('#dataChannelAnswer').value = 'meanwhile')").await?;
    tab.click("#answerButton").await?;
    tab.until("a text", "document.querySelector('#dataChannelAnswers').value === 'meanwhile'").await?;

    let words = said(&tab, "#measured", PATIENCE).await?;
    let speed: f64 = words.split(' ').next().context("no speed")?.parse()?;
    let received = bytes_received(&tab).await? - before;
    let true_speed = received / 5.0 / 1e6;
    println!("{words} By the browser's count {true_speed:.1} MB/s.");
    ensure!(speed > 0.1, "{words}");
    // What was under way at the end came later, and a busy page may be late with the end.
    ensure!(speed < 1.05 * true_speed && speed > 0.3 * true_speed, "{words}, but {received} bytes came");

    // What was under way at the end is gone soon, and the page says so.
    tab.until("an empty queue", "document.querySelector('#bufferedAmount').innerText === '0 bytes'").await?;
    let row = tab.text("#measuredRuns tbody tr").await?;
    ensure!(row.starts_with("64 KiB\t384 KiB"), "{row}");
    Ok(())
}

#[tokio::test]
async fn a_channel_that_is_open_outlives_a_way_that_the_browser_refuses() -> Result<()> {
    let server = Server::start().await?;
    let tab = Tab::without_camera().inject(LATE_REFUSAL).load(&format!("{}check/data", server.url())).await?;
    start(&tab).await?;
    tab.until("the refusal", "window.refused > 0").await?;
    tab.evaluate::<()>("void (document.querySelector('#dataChannelSend').value = 'still here')").await?;
    tab.click("#sendButton").await?;
    tab.until("a text", "document.querySelector('#dataChannelReceive').value === 'still here'").await
}

/// Each candidate is taken, and refused once the channel is open.
const LATE_REFUSAL: &str = "{
    const { addIceCandidate } = RTCPeerConnection.prototype;
    window.refused = 0;
    RTCPeerConnection.prototype.addIceCandidate = async function (candidate) {
        await addIceCandidate.call(this, candidate);
        while (window.receiveChannel?.readyState !== 'open') await new Promise((again) => setTimeout(again, 50));
        await new Promise((later) => setTimeout(later, 500));
        window.refused += 1;
        throw new DOMException('no such way', 'OperationError');
    };
}";

async fn bytes_received(tab: &Tab) -> Result<f64> {
    tab.evaluate(
        "remoteConnection.getStats().then((stats) =>
            [...stats.values()].find(({ type }) => type === 'data-channel').bytesReceived)",
    )
    .await
}
