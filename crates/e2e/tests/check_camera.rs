//! `/check/camera` in the built app, as a person with a camera that does not work has it before them.

use anyhow::{Result, ensure};
use snaproom_e2e::{Browser, Launch, Server, Tab};

/// The page, with one of these cameras.
async fn open(launch: Launch) -> Result<(Server, Tab)> {
    let server = Server::start().await?;
    let tab = launch.load(&format!("{}check/camera", server.url())).await?;
    tab.until("the page starts", "document.querySelector('#startButton') !== null").await?;
    Ok((server, tab))
}

async fn wait_state(tab: &Tab, selector: &str, state: &str) -> Result<()> {
    let is_so = format!("document.querySelector('{selector}').dataset.state === '{state}'");
    tab.until(&format!("{selector} is {state}"), &is_so).await
}

async fn wait_says(tab: &Tab, selector: &str, words: &str) -> Result<()> {
    let is_so = format!("document.querySelector({selector:?}).innerText.includes({words:?})");
    tab.until(&format!("{selector} says: {words}"), &is_so).await
}

/// What a person types and chooses.
async fn ask(tab: &Tab, part: &str, value: &str, limit: &str) -> Result<()> {
    tab.evaluate(&format!(
        "void [['{part}Value', '{value}'], ['{part}Limit', '{limit}']].forEach(([id, value]) => {{
            const field = document.getElementById(id);
            if (field === null) return;
            field.value = value;
            for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {{ bubbles: true }}));
        }})"
    ))
    .await
}

async fn accessible(tab: &Tab) -> Result<()> {
    let violations = tab.accessibility_violations().await?;
    ensure!(violations.is_empty(), "{}", violations.join("\n"));
    Ok(())
}

/// `getUserMedia` gives what `paint` paints on a canvas, twenty times a second.
fn camera_that(paint: &str) -> String {
    format!(
        "MediaDevices.prototype.getUserMedia = async () => {{
            const canvas = Object.assign(document.createElement('canvas'), {{ width: 640, height: 480 }});
            const context = canvas.getContext('2d');
            const stream = canvas.captureStream();
            let number = 0;
            setInterval(() => {{ number += 1; {paint} }}, 50);
            return stream;
        }};"
    )
}

#[tokio::test]
async fn what_is_asked_is_what_comes_and_stop_ends_the_track() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1)).await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    wait_says(&tab, "#pictureSize", "1280 × 720").await?;
    wait_state(&tab, "#pictureVerdict", "good").await?;

    ask(&tab, "width", "640", "exact").await?;
    ask(&tab, "height", "360", "exact").await?;
    tab.click("#applyConstraints").await?;
    tab.until("the width", "document.querySelector('#localVideo').videoWidth === 640").await?;
    wait_says(&tab, "[data-constraint=width] .answer", "640").await?;
    wait_says(&tab, "#pictureSize", "640 × 360").await?;
    ensure!(
        tab.evaluate::<u32>("stream.getVideoTracks()[0].getSettings().height").await? == 360,
        "the console"
    );

    ask(&tab, "width", "100000", "exact").await?;
    tab.click("#applyConstraints").await?;
    wait_says(&tab, "[data-constraint=width] .refusal", "cannot do exactly 100000 pixels").await?;
    wait_says(&tab, "[data-constraint=width] .refusal", "Possible is 1 to ").await?;
    ensure!(
        tab.evaluate::<bool>(
            "[...document.querySelectorAll('.refusal')].filter((one) => one.innerText !== '').length === 1"
        )
        .await?,
        "no other part is to blame"
    );
    tab.evaluate::<()>("void (window.kept = stream.getVideoTracks()[0])").await?;
    ensure!(tab.evaluate::<String>("kept.readyState").await? == "live", "it runs on");
    accessible(&tab).await?;

    tab.click("#stopButton").await?;
    wait_state(&tab, "#cameraStatus", "off").await?;
    ensure!(tab.evaluate::<String>("kept.readyState").await? == "ended", "its light is on");
    ensure!(tab.evaluate::<bool>("window.stream === undefined").await?, "it is still in the console");
    Ok(())
}

#[tokio::test]
async fn another_camera_is_opened_when_the_first_is_stopped() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(3)).await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    let third = "[...document.querySelectorAll('#deviceIdValue option')].find(({ label }) => label === 'fake_device_2')?.value";
    let third: String = tab.wait("the third camera can be chosen", third).await?;
    tab.evaluate::<()>("void (window.kept = stream.getVideoTracks()[0])").await?;
    ask(&tab, "deviceId", &third, "").await?;
    tab.click("#applyConstraints").await?;
    wait_says(&tab, "#cameraLabel", "fake_device_2").await?;
    ensure!(tab.evaluate::<String>("kept.readyState").await? == "ended", "two cameras run");
    wait_state(&tab, "#pictureVerdict", "good").await
}

#[tokio::test]
async fn a_black_picture_is_named() -> Result<()> {
    let black = camera_that("context.fillRect(0, 0, 640, 480);");
    let (_server, tab) = open(Tab::with_cameras(1).inject(&black)).await?;
    wait_state(&tab, "#pictureVerdict", "black").await?;
    wait_says(&tab, "#pictureVerdict", "cover off the lens").await?;
    accessible(&tab).await
}

#[tokio::test]
async fn a_frozen_picture_is_named_and_thaws() -> Result<()> {
    let paint = "if (window.holds) return;
        context.fillStyle = `rgb(${number % 200} 90 80)`; context.fillRect(0, 0, 640, 480);";
    let (_server, tab) = open(Tab::with_cameras(1).inject(&camera_that(paint))).await?;
    wait_state(&tab, "#pictureVerdict", "good").await?;
    tab.evaluate::<()>("void (window.holds = true)").await?;
    wait_state(&tab, "#pictureVerdict", "frozen").await?;
    tab.evaluate::<()>("void (window.holds = false)").await?;
    wait_state(&tab, "#pictureVerdict", "good").await
}

#[tokio::test]
async fn a_denied_camera_says_where_it_is_allowed_and_starts_once_it_is() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera_denied()).await?;
    wait_state(&tab, "#cameraPermission", "denied").await?;
    tab.click("#startButton").await?;
    wait_state(&tab, "#cameraStatus", "failed").await?;
    wait_says(&tab, "#cameraStatus", "may not use the camera").await?;
    wait_says(&tab, "#cameraStatus", "address bar").await?;
    accessible(&tab).await?;

    tab.allow_camera().await?;
    wait_state(&tab, "#cameraPermission", "granted").await?;
    tab.click("#startButton").await?;
    wait_state(&tab, "#cameraStatus", "on").await
}

#[tokio::test]
async fn what_goes_away_while_it_runs_is_said() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1)).await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    tab.unplug_camera().await?;
    wait_says(&tab, "#cameraStatus", "went away").await?;
    tab.click("#startButton").await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    tab.revoke_camera().await?;
    wait_says(&tab, "#cameraStatus", "may not use the camera").await
}

#[tokio::test]
async fn nobody_is_asked_before_a_click_and_without_a_camera_it_says_so() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera_unasked()).await?;
    wait_state(&tab, "#cameraPermission", "prompt").await?;
    wait_state(&tab, "#cameraStatus", "off").await?;
    accessible(&tab).await?;
    drop(tab);
    let (_server, tab) = open(Tab::without_camera()).await?;
    tab.click("#startButton").await?;
    wait_says(&tab, "#cameraStatus", "No camera was found").await
}

#[tokio::test]
async fn it_needs_no_server_once_it_is_there() -> Result<()> {
    let (mut server, tab) = open(Tab::with_cameras(1)).await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    server.kill().await?;
    tab.click("#stopButton").await?;
    wait_state(&tab, "#cameraStatus", "off").await?;
    tab.click("#startButton").await?;
    wait_state(&tab, "#pictureVerdict", "good").await?;
    ask(&tab, "width", "320", "exact").await?;
    tab.click("#applyConstraints").await?;
    tab.until("the width", "document.querySelector('#localVideo').videoWidth === 320").await
}

#[tokio::test]
async fn the_microphone_is_heard() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1)).await?;
    tab.click("#listenButton").await?;
    wait_state(&tab, "#soundStatus", "on").await?;
    // Chromium's fake microphone beeps.
    tab.until("the bar moves", "Number(document.querySelector('#soundLevel').ariaValueNow) > 10").await?;
    wait_says(&tab, "#heard", "others").await?;
    accessible(&tab).await?;
    tab.click("#listenButton").await?;
    wait_state(&tab, "#soundStatus", "off").await
}

#[tokio::test]
async fn filters_and_the_mirror_are_for_the_eye_alone() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1)).await?;
    wait_state(&tab, "#pictureVerdict", "good").await?;
    let looks = "(({ filter, transform }) => [filter, transform])(getComputedStyle(document.querySelector('#localVideo')))";
    let [filter, transform]: [String; 2] = tab.evaluate(looks).await?;
    ensure!(filter == "none" && transform.starts_with("matrix(-1,"), "{filter} {transform}");
    tab.evaluate::<()>("void (document.querySelector('#filterSelect').value = 'invert')").await?;
    tab.click("#mirrorSwitch").await?;
    wait_says(&tab, ".picture", "as others see you").await?;
    let [filter, transform]: [String; 2] = tab.evaluate(looks).await?;
    ensure!(filter == "invert(1)" && transform == "none", "{filter} {transform}");
    Ok(())
}

#[tokio::test]
async fn firefox_shows_the_same_and_says_its_own_way() -> Result<()> {
    let (_server, tab) = open(Tab::with_cameras(1).in_browser(Browser::Firefox)).await?;
    tab.click("#startButton").await?;
    wait_state(&tab, "#pictureVerdict", "good").await?;
    tab.until("frames come", "Number(document.querySelector('.plot b').innerText) > 1").await?;
    wait_says(&tab, "#howToChange", "crossed out").await?;

    // Its fake camera says yes to everything while it runs, and does nothing of it.
    ask(&tab, "width", "320", "exact").await?;
    tab.click("#applyConstraints").await?;
    wait_says(&tab, "[data-constraint=width] .refusal", "The browser agreed, but").await?;
    tab.click("#stopButton").await?;
    wait_state(&tab, "#cameraStatus", "off").await?;
    tab.click("#startButton").await?;
    tab.until("the width", "document.querySelector('#localVideo').videoWidth === 320").await?;
    wait_says(&tab, "#applied", "The camera took it").await?;
    tab.click("#stopButton").await?;
    wait_state(&tab, "#cameraStatus", "off").await?;

    // And it comes as near as it can as soon as another part is a wish.
    ask(&tab, "height", "720", "").await?;
    ask(&tab, "width", "100000", "exact").await?;
    tab.click("#startButton").await?;
    wait_says(&tab, "[data-constraint=width] .refusal", "cannot do exactly 100000 pixels").await
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() -> Result<()> {
    let (_server, tab) = open(Tab::with_camera_unasked()).await?;
    tab.allow_camera().await?;
    tab.tab_to("#startButton").await?;
    tab.press("Enter").await?;
    wait_state(&tab, "#cameraStatus", "on").await?;
    tab.tab_to("#widthValue").await?;
    for key in ["Backspace", "Backspace", "Backspace", "Backspace", "3", "2", "0", "Enter"] {
        tab.press(key).await?;
    }
    wait_says(&tab, "[data-constraint=width] .answer", "320").await?;
    tab.tab_to("#applyConstraints").await?;
    tab.press_with_shift("Tab").await?;
    tab.tab_to("#applyConstraints").await?;
    tab.evaluate::<()>("void document.querySelector('#mirrorSwitch').focus()").await?;
    tab.tab_to("#stopButton").await?;
    tab.press(" ").await?;
    wait_state(&tab, "#cameraStatus", "off").await
}
