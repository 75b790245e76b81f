//! `/check/call`: a call from the page to itself really goes over its two connections, and what the page says of it is so.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use snaproom_e2e::{Browser, Launch, Screen, Server, Tab, poll};

/// Chromium's fake camera.
const CAMERA: [u8; 3] = [74, 255, 22];
/// What the drawn picture stands on.
const DRAWN: [u8; 3] = [11, 107, 98];

async fn open(launch: Launch) -> Result<(Server, Tab)> {
    let server = Server::start().await?;
    let tab = launch.listening().load(&format!("{}check/call", server.url())).await?;
    tab.until("the page", "!!document.querySelector('#startButton')").await?;
    Ok((server, tab))
}

async fn start(tab: &Tab) -> Result<()> {
    tab.click("#startButton").await?;
    tab.wait_usable("#callButton").await
}

/// Calls, and waits for the first picture.
async fn call(tab: &Tab) -> Result<()> {
    tab.click("#callButton").await?;
    tab.until("the first picture", "document.querySelector('#pictured').innerText.endsWith('ms')").await
}

async fn hang_up(tab: &Tab) -> Result<()> {
    tab.click("#hangupButton").await?;
    tab.until("both are closed", "pc1.signalingState === 'closed' && pc2.signalingState === 'closed'").await
}

async fn text(tab: &Tab, selector: &str) -> Result<String> {
    tab.evaluate(&format!("document.querySelector({selector:?}).innerText")).await
}

/// Of the second connection, by the browser's own statistics.
async fn frames_decoded(tab: &Tab) -> Result<f64> {
    tab.evaluate(
        "pc2.getStats().then((report) => [...report.values()]
            .find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')?.framesDecoded ?? 0)",
    )
    .await
}

async fn ensure_moving(tab: &Tab) -> Result<()> {
    let before = frames_decoded(tab).await?;
    let more =
        poll(snaproom_e2e::PATIENCE, async || Ok((frames_decoded(tab).await? > before + 5.0).then_some(())));
    ensure!(more.await?.is_some(), "the pictures stand still after {before}");
    Ok(())
}

/// Steps of the last call: who, which, and its whole line.
async fn trace(tab: &Tab) -> Result<Vec<(String, String, String)>> {
    tab.evaluate(
        "[...document.querySelectorAll('#trace tbody tr')].map((row) => [row.dataset.of, row.dataset.step, row.innerText])",
    )
    .await
}

/// Where a step stands in the trace for the first time.
fn place(trace: &[(String, String, String)], who: &str, step: &str, words: &str) -> Result<usize> {
    let found = trace.iter().position(|(of, id, line)| of == who && id == step && line.contains(words));
    found.ok_or_else(|| anyhow::anyhow!("{who} has no {step} with {words:?} in {trace:#?}"))
}

async fn accessible(tab: &Tab, when: &str) -> Result<()> {
    let violations = tab.accessibility_violations().await?;
    ensure!(violations.is_empty(), "{when}: {}", violations.join("\n"));
    Ok(())
}

#[tokio::test]
async fn what_the_camera_sees_comes_over_the_second_connection_and_each_step_is_told() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera()).await?;
    ensure!(
        !tab.is_usable("#callButton").await? && !tab.is_usable("#hangupButton").await?,
        "nothing to send"
    );
    accessible(&tab, "before").await?;
    start(&tab).await?;
    let kinds: Vec<String> = tab.evaluate("localStream.getTracks().map(({ kind }) => kind).sort()").await?;
    assert_eq!(kinds, ["audio", "video"]);
    ensure!(!tab.is_usable("#startButton").await?, "it is started");
    tab.wait_colour("#localVideo", CAMERA).await?;

    call(&tab).await?;
    tab.wait_colour("#remoteVideo", CAMERA).await?;
    ensure_moving(&tab).await?;
    let is_its_own: bool = tab
        .evaluate("pc2.getReceivers().some(({ track }) => document.querySelector('#remoteVideo').srcObject.getTracks().includes(track))")
        .await?;
    ensure!(is_its_own, "the second video shows something else than what came to pc2");

    // Orders that offer, answer and ICE demand; candidates may come at any time after a local description. Nothing says
    // that a state is told before the picture that it lets through.
    tab.until("both to be connected", "document.querySelector('#connected').innerText.endsWith('ms')")
        .await?;
    let trace = trace(&tab).await?;
    let order = [
        ("pc1", "created", ""),
        ("pc1", "addTrack", "pictures"),
        ("pc1", "offer", ""),
        ("pc1", "localDescription", "offer"),
        ("pc2", "remoteDescription", "offer"),
        ("pc2", "answer", ""),
        ("pc2", "localDescription", "answer"),
        ("pc1", "remoteDescription", "answer"),
    ];
    let places: Vec<_> =
        order.iter().map(|(who, step, words)| place(&trace, who, step, words)).collect::<Result<_>>()?;
    ensure!(places.is_sorted(), "{places:?} in {trace:#?}");
    for who in ["pc1", "pc2"] {
        let described = place(&trace, who, "localDescription", "")?;
        let found = place(&trace, who, "candidate", "(host, udp)")?;
        let checking = place(&trace, who, "ice", "checking")?;
        let connected = place(&trace, who, "ice", "connected")?;
        place(&trace, who, "connection", "connected")?;
        ensure!(described < found && checking < connected, "{who} in {trace:#?}");
    }
    ensure!(
        place(&trace, "pc2", "track", "pictures")? < place(&trace, "pc2", "firstPicture", "")?,
        "{trace:#?}"
    );
    // The times never go back, and the last is the one that is said.
    let times: Vec<f64> = tab
        .evaluate("[...document.querySelectorAll('#trace tbody td:first-child')].map((cell) => parseFloat(cell.innerText))")
        .await?;
    ensure!(times.is_sorted(), "{times:?}");
    let said = text(&tab, "#pictured").await?;
    ensure!(text(&tab, "#callStatus").await?.contains(&said), "the status says {said}");

    tab.until(
        "all candidates",
        "pc1.iceGatheringState === 'complete' && pc2.iceGatheringState === 'complete'",
    )
    .await?;
    for (id, connection) in [("offer", "pc1"), ("answer", "pc2")] {
        // Candidates come into it one after another.
        let shows_all = format!(
            "[...document.querySelectorAll('#{id} .sdp code')].map((line) => line.textContent).join('\\r\\n')
                === {connection}.localDescription.sdp.trim() && {connection}.localDescription.sdp.includes('a=candidate')"
        );
        tab.until(&format!("all of the {id}"), &shows_all).await?;
        let parts: Vec<String> = tab
            .evaluate(&format!(
                "[...document.querySelectorAll('#{id} summary')].map((part) => part.innerText)"
            ))
            .await?;
        ensure!(parts.len() == 3 && parts[1].starts_with("Sound (mid 0)"), "{parts:?}");
        tab.click(&format!("#{id} details:nth-of-type(2) summary")).await?;
    }
    ensure!(text(&tab, "#offer").await?.contains("The user name under which paths are tried."), "explained");

    tab.until("the pair in use", "document.querySelectorAll('#pairs [data-selected=true]').length === 1")
        .await?;
    let pair = text(&tab, "#pairs [data-selected=true]").await?;
    ensure!(pair.contains("works, nominated, in use") && pair.contains("(host, udp)"), "{pair}");
    tab.until(
        "curves",
        "[...document.querySelectorAll('#measured polyline')].every((curve) => curve.points.length >= 3)",
    )
    .await?;
    let measured = text(&tab, "#measured").await?;
    ensure!(
        measured.contains("bit/s") && measured.contains("\u{a0}ms") && measured.contains("0 of "),
        "{measured}"
    );
    accessible(&tab, "in a call").await?;

    hang_up(&tab).await?;
    let hidden: bool = tab.evaluate("document.querySelector('#remoteVideo').srcObject === null").await?;
    ensure!(hidden && tab.is_usable("#callButton").await?, "it is over");
    ensure!(text(&tab, "#callStatus").await?.starts_with("Hung up"), "said");
    tab.wait_colour("#localVideo", CAMERA).await?;
    accessible(&tab, "after it").await?;

    // And again, with connections of its own.
    tab.evaluate::<()>("void (window.before = pc1)").await?;
    call(&tab).await?;
    tab.until("another one", "pc1 !== before && pc1.connectionState === 'connected'").await?;
    tab.wait_colour("#remoteVideo", CAMERA).await?;
    ensure_moving(&tab).await
}

#[tokio::test]
async fn the_codec_that_is_chosen_is_the_one_that_is_used() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera_of(320, 180)).await?;
    start(&tab).await?;
    let codecs: Vec<String> = tab
        .evaluate("[...document.querySelectorAll('#codecSelect option')].map(({ value }) => value)")
        .await?;
    ensure!(codecs.len() >= 3 && codecs[0].is_empty(), "{codecs:?}");
    let mut used = Vec::new();
    for (place, codec) in codecs.iter().enumerate().skip(1) {
        tab.choose("#codecSelect", place).await?;
        call(&tab).await?;
        tab.until("a codec", "document.querySelector('#usedCodec').innerText.includes('encoded by')").await?;
        let sends: Value = tab
            .evaluate(
                "pc1.getStats().then((report) => {
                    const sends = [...report.values()].find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
                    return report.get(sends.codecId).mimeType;
                })",
            )
            .await?;
        ensure!(sends == format!("video/{codec}").as_str(), "{sends} instead of {codec}");
        let said = text(&tab, "#usedCodec").await?;
        ensure!(said.starts_with(&format!("{codec}, 320 × 180")), "{said}, chosen was {codec}");
        place_of_codec(&tab, codec).await?;
        tab.wait_colour("#remoteVideo", CAMERA).await?;
        hang_up(&tab).await?;
        used.push(codec);
    }
    ensure!(used.iter().any(|codec| *codec == "VP8") && used.iter().any(|codec| *codec == "VP9"), "{used:?}");
    Ok(())
}

async fn place_of_codec(tab: &Tab, codec: &str) -> Result<()> {
    let trace = trace(tab).await?;
    ensure!(place(&trace, "pc1", "codec", codec)? < place(&trace, "pc1", "offer", "")?, "{trace:#?}");
    ensure!(!trace.iter().any(|(_, step, _)| step == "refused"), "{trace:#?}");
    Ok(())
}

#[tokio::test]
async fn firefox_calls_itself_as_well() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1).in_browser(Browser::Firefox)).await?;
    start(&tab).await?;
    let codecs: Vec<String> = tab
        .evaluate("[...document.querySelectorAll('#codecSelect option')].map(({ value }) => value)")
        .await?;
    for codec in ["VP8", "VP9"] {
        let place = codecs.iter().position(|one| one == codec);
        tab.choose("#codecSelect", place.with_context(|| format!("no {codec} in {codecs:?}"))?).await?;
        call(&tab).await?;
        ensure_moving(&tab).await?;
        place_of_codec(&tab, codec).await?;
        tab.until(
            "the codec",
            &format!("document.querySelector('#usedCodec').innerText.startsWith('{codec}')"),
        )
        .await?;
        tab.until("the pair in use", "document.querySelectorAll('#pairs [data-selected=true]').length === 1")
            .await?;
        // Its fake camera shows one colour, which changes.
        let seen = tab.colour("#remoteVideo").await?;
        ensure!(seen.iter().any(|part| *part > 40), "{seen:?} is black");
        hang_up(&tab).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_has_no_camera_is_told_why_and_calls_with_a_drawn_picture() -> Result<()> {
    for (launch, says) in [
        (Tab::with_camera_denied().naming_addresses(), "This page may not use the camera."),
        (Tab::without_camera(), "No camera was found."),
    ] {
        let (_server, tab) = open(launch).await?;
        tab.click("#startButton").await?;
        tab.until(
            "the reason",
            &format!("document.querySelector('#callStatus').innerText.includes({says:?})"),
        )
        .await?;
        ensure!(text(&tab, "#callStatus .remedy").await?.contains("then try again."), "what to do");
        ensure!(!tab.is_usable("#callButton").await?, "nothing to send");
        accessible(&tab, says).await?;
        tab.click("#drawButton").await?;
        call(&tab).await?;
        // The ring is not in the corner.
        let corner = "((video) => {
            const context = new OffscreenCanvas(1, 1).getContext('2d');
            context.drawImage(video, 8, 8, 1, 1, 0, 0, 1, 1);
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
        })(document.querySelector('#remoteVideo'))";
        let seen: [u8; 3] = tab.evaluate(corner).await?;
        ensure!(seen.iter().zip(DRAWN).all(|(a, b)| a.abs_diff(b) < 40), "{seen:?}");
        ensure_moving(&tab).await?;
        hang_up(&tab).await?;
    }
    Ok(())
}

#[tokio::test]
async fn it_needs_no_mouse_and_no_server() -> Result<()> {
    let (server, tab) = open(Tab::with_camera()).await?;
    drop(server);
    tab.tab_to("#startButton").await?;
    tab.press("Enter").await?;
    tab.wait_usable("#callButton").await?;
    tab.tab_to("#callButton").await?;
    tab.press(" ").await?;
    tab.until("the first picture", "document.querySelector('#pictured').innerText.endsWith('ms')").await?;
    tab.tab_to("#codecSelect").await?;
    tab.tab_to("#offer details:nth-of-type(2) summary").await?;
    tab.press("Enter").await?;
    tab.until("it is open", "document.querySelector('#offer details:nth-of-type(2)').open").await?;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    ensure!(
        tab.evaluate::<bool>("document.querySelector('#offer details:nth-of-type(2)').open").await?,
        "what is measured closes nothing"
    );
    tab.tab_to("#hangupButton").await?;
    tab.press("Enter").await?;
    tab.until("both are closed", "pc1.signalingState === 'closed' && pc2.signalingState === 'closed'")
        .await?;
    tab.tab_to("#callButton").await?;
    tab.press("Enter").await?;
    tab.until("another call", "pc1.connectionState === 'connected'").await
}

#[tokio::test]
async fn it_fits_into_every_window_and_stays_where_it_is() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera()).await?;
    let top = "document.querySelector('#codecSelect').getBoundingClientRect().top + scrollY";
    for screen in [Screen::SMALL, Screen::PHONE, Screen::DESK, Screen::WIDE] {
        tab.set_screen(screen).await?;
        let before: f64 = tab.evaluate(top).await?;
        if tab.is_usable("#startButton").await? {
            start(&tab).await?;
        }
        call(&tab).await?;
        tab.until("the pair in use", "!!document.querySelector('#pairs [data-selected=true]')").await?;
        tab.evaluate::<()>(
            "void document.querySelectorAll('details').forEach((part) => { part.open = true })",
        )
        .await?;
        // A phone's browser makes the window wider where something is.
        let wide: Vec<String> = tab
            .evaluate(&format!(
                "document.documentElement.scrollWidth <= {width} ? [] : [...document.querySelectorAll('*')]
                    .filter((element) => element.getBoundingClientRect().right > {width})
                    .map((element) => element.outerHTML.slice(0, 200))",
                width = screen.width
            ))
            .await?;
        ensure!(wide.is_empty(), "{}: {wide:#?}", screen.name);
        let now: f64 = tab.evaluate(top).await?;
        ensure!((now - before).abs() < 1.0, "{}: from {before} to {now}", screen.name);
        hang_up(&tab).await?;
    }
    Ok(())
}
