//! Calls between real browsers: what comes is looked at, and not only that an element is there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use snaproom_e2e::{Film, PATIENCE, Server, Tab, call_camera as camera, poll, two_tabs};

const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [30, 30, 220];
/// What Chromium's first and third fake cameras are filled with.
const GREEN: [u8; 3] = [74, 255, 22];
const DARK_GREEN: [u8; 3] = [0, 128, 1];

const DEVICE: &str = ".getSettings().deviceId";

#[tokio::test]
async fn two_people_see_and_hear_each_other_without_another_offer() -> Result<()> {
    let (red, blue) = (Film::of(RED)?, Film::of(BLUE)?);
    let (_server, alice, bob) = two_tabs(camera().filmed(&red), camera().filmed(&blue)).await?;
    let offers = [alice.offers().await?, bob.offers().await?];
    alice.call().await?;
    bob.wait_ringing().await?;
    ensure!(bob.text("#ringing").await?.contains("calls"), "{}", bob.text("#ringing").await?);
    ensure!((alice.tracks_sent().await?, bob.tracks_sent().await?) == (0, 0), "media before an answer");
    ensure!(alice.frames_decoded().await? + bob.frames_decoded().await? == 0, "pictures before an answer");

    bob.click("#acceptCall").await?;
    bob.wait_in_call().await?;
    for tab in [&alice, &bob] {
        tab.wait_pictures(1).await?;
    }
    alice.wait_colour(".remoteVideo", BLUE).await?;
    bob.wait_colour(".remoteVideo", RED).await?;
    alice.wait_colour("#localVideo", RED).await?;
    alice.wait_heard().await?;
    alice.until("bob speaks", "document.querySelector('.tile[data-speaks=true]') !== null").await?;
    alice
        .until(
            "how bob comes",
            r"/^direct, \d+ ms, \d+ % lost$/.test(document.querySelector('.tile summary').innerText)",
        )
        .await?;
    alice.click(".tile summary").await?;
    let figures = r"/\d+ × \d+, \d+ pictures a second, \d+ kbit\/s/.test(document.querySelector('.tile details').innerText)";
    alice.until("the figures", figures).await?;

    // Photos go on meanwhile.
    let photo = alice.snap_and_send().await?;
    ensure!(bob.wait_photo(&photo.item).await? == photo, "the photo is another one");

    bob.click("#hangupButton").await?;
    for tab in [&alice, &bob] {
        tab.wait_no_call().await?;
        ensure!(tab.tracks_sent().await? == 0, "media after the end");
    }
    let frames = alice.frames_decoded().await?;
    let photo = bob.snap_and_send().await?;
    ensure!(alice.wait_photo(&photo.item).await? == photo, "the photo is another one");
    ensure!(alice.frames_decoded().await? <= frames + 30, "pictures after the end");
    ensure!([alice.offers().await?, bob.offers().await?] == offers, "a call made an offer");

    // And again, the other way round.
    bob.call().await?;
    alice.accept_call().await?;
    alice.wait_pictures(1).await?;
    bob.wait_pictures(1).await
}

#[tokio::test]
async fn who_declines_is_not_called_and_the_caller_is_told() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    alice.call().await?;
    bob.wait_ringing().await?;
    bob.click("#declineCall").await?;
    alice.wait_no_call().await?;
    ensure!(alice.text("#notice").await?.contains("Nobody can answer"), "{}", alice.text("#notice").await?);
    bob.until("it does not ring", "document.querySelector('#ringing').hidden").await?;
    ensure!(bob.tracks_sent().await? == 0 && alice.tracks_sent().await? == 0, "media");
    Ok(())
}

#[tokio::test]
async fn muted_is_silence_and_a_camera_that_is_off_is_dark() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    alice.call().await?;
    bob.wait_ringing().await?;
    bob.click("#acceptSound").await?;
    bob.wait_pictures(1).await?;
    let off = "document.querySelector('.tile:not(.self):not(.screen)').dataset.camera === 'false'";
    alice.until("bob is not seen", off).await?;
    ensure!(alice.frames_decoded().await? == 0, "bob wanted not to be seen");
    let heard = alice.wait_heard().await?;

    bob.click("#muteButton").await?;
    alice.until("alice is told", "document.querySelector('.tile .how').innerText.includes('muted')").await?;
    // What was under way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let muted = alice.hears(Duration::from_secs(2)).await?;
    ensure!(muted < heard / 1000.0, "{muted} is heard of somebody who is muted, {heard} before");
    bob.click("#muteButton").await?;
    alice.wait_heard().await?;

    // Bob lets himself be seen, and not any more.
    bob.click("#cameraButton").await?;
    alice.wait_pictures(1).await?;
    bob.click("#cameraButton").await?;
    alice.until("bob is not seen any more", off).await?;
    bob.until("his camera is off", "document.querySelector('#camera').srcObject === null").await
}

#[tokio::test]
async fn three_people_are_in_one_call_and_photos_reach_all() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    let carol = camera().open(&alice.link().await?).await?;
    carol.wait_connected(2).await?;
    alice.call().await?;
    bob.accept_call().await?;
    carol.wait_ringing().await?;
    ensure!(carol.text("#ringing").await?.contains("one more person"), "{}", carol.text("#ringing").await?);
    carol.click("#acceptCall").await?;
    let tabs = [&alice, &bob, &carol];
    for tab in tabs {
        tab.wait_pictures(2).await?;
    }
    let photo = carol.snap_and_send().await?;
    for tab in [&alice, &bob] {
        ensure!(tab.wait_photo(&photo.item).await? == photo, "the photo is another one");
    }

    // Whoever loads the page anew is asked, and comes back in.
    bob.reload().await?;
    bob.accept_call().await?;
    for tab in tabs {
        tab.wait_pictures(2).await?;
    }
    bob.click("#hangupButton").await?;
    for tab in [&alice, &carol] {
        tab.until("two are left", "document.querySelectorAll('.remoteVideo').length === 1").await?;
        tab.wait_pictures(1).await?;
    }
    bob.until("bob may join again", "document.querySelector('#callButton').innerText.includes('Join')").await
}

#[tokio::test]
async fn another_camera_is_seen_without_an_offer_and_is_remembered() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_cameras(3).listening().remembered(), camera()).await?;
    alice.call().await?;
    bob.accept_call().await?;
    bob.wait_pictures(1).await?;
    let offers = alice.offers().await?;
    alice.click("#muteButton").await?;
    alice
        .until("three to choose from", "document.querySelectorAll('#cameraSelect option').length === 3")
        .await?;

    // The second one is a depth camera, whose pictures Chromium does not encode.
    let mut chosen = String::new();
    for (place, colour) in [(2, DARK_GREEN), (0, GREEN), (2, DARK_GREEN)] {
        chosen = alice.choose("#cameraSelect", place).await?;
        let begin = Instant::now();
        bob.wait_colour(".remoteVideo", colour).await?;
        println!("the other camera is seen after {:?}", begin.elapsed());
        let used =
            format!("document.querySelector('#localVideo').srcObject.getTracks()[0]{DEVICE} === '{chosen}'");
        ensure!(alice.evaluate::<bool>(&used).await?, "another camera than the chosen one");
    }
    ensure!(alice.offers().await? == offers, "another camera made an offer");
    let muted = "document.querySelector('#muteButton').ariaPressed === 'false'";
    ensure!(alice.evaluate::<bool>(muted).await?, "another camera ended the mute");

    // The choice is remembered.
    alice.reload().await?;
    alice.start_camera().await?;
    let used = format!("document.querySelector('#camera').srcObject.getTracks()[0]{DEVICE} === '{chosen}'");
    ensure!(alice.evaluate::<bool>(&used).await?, "another camera than the chosen one");
    Ok(())
}

#[tokio::test]
async fn a_screen_is_shown_beside_the_camera_until_its_end() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    alice.call().await?;
    bob.accept_call().await?;
    bob.wait_pictures(1).await?;
    alice.click("#screenButton").await?;
    let shown = "((video) => video.videoWidth > 0 && video.checkVisibility())(document.querySelector('.remoteScreen'))";
    bob.until("alice's screen", shown).await?;
    bob.wait_pictures(1).await?;

    // Ended beside the page.
    alice
        .evaluate::<()>(
            "void media.open().flatMap((connection) => connection.getSenders()).at(-1).track.dispatchEvent(new Event('ended'))",
        )
        .await?;
    bob.until("no screen", "!document.querySelector('.remoteScreen').checkVisibility()").await?;
    alice.until("it is said", "document.querySelector('#screenButton').ariaPressed === 'false'").await?;
    bob.wait_pictures(1).await
}

#[tokio::test]
async fn a_camera_that_is_unplugged_comes_back_into_the_call() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    alice.call().await?;
    bob.accept_call().await?;
    bob.wait_pictures(1).await?;
    alice.unplug_camera().await?;
    let off = "document.querySelector('.tile:not(.self):not(.screen)').dataset.camera === 'false'";
    bob.until("alice is not seen", off).await?;
    bob.wait_heard().await?;
    alice.click("#startCamera").await?;
    bob.until("alice is seen again", &format!("!({off})")).await?;
    bob.wait_pictures(1).await
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_gap() -> Result<()> {
    let mut server = Server::start().await?;
    let alice = camera().open(&server.url()).await?;
    let bob = camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    alice.call().await?;
    bob.accept_call().await?;
    for tab in [&alice, &bob] {
        tab.wait_pictures(1).await?;
        tab.gap(".remoteVideo").await?;
    }
    server.kill().await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.start_again().await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    for tab in [&alice, &bob] {
        let gap = tab.gap(".remoteVideo").await?;
        ensure!(gap < Duration::from_millis(500), "{gap:?} without a frame");
        ensure!(gap > Duration::from_millis(10), "{gap:?} between frames is not measured");
    }
    // The server was gone, and is there again for both.
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.wait_connected(2).await?;
    // What is looked for is there to be found.
    alice.click("#cameraButton").await?;
    let gap =
        poll(PATIENCE, async || Ok(Some(bob.gap(".remoteVideo").await?).filter(|gap| gap.as_millis() > 500)));
    ensure!(gap.await?.is_some(), "a picture that stands still is not noticed");
    Ok(())
}

#[tokio::test]
async fn who_answers_too_late_calls_nobody_back() -> Result<()> {
    // The browser asks for the microphone, and the person takes their time.
    let slow = "{ const open = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = async function (constraints) {
            if (constraints.audio) await new Promise((answer) => { window.answer = answer; });
            return open.call(this, constraints);
        }; }";
    let (_server, alice, bob) = two_tabs(camera(), camera().inject(slow)).await?;
    alice.call().await?;
    bob.wait_ringing().await?;
    bob.click("#acceptCall").await?;
    bob.until("the browser asks", "typeof window.answer === 'function'").await?;
    alice.click("#hangupButton").await?;
    bob.until("the call is over", "document.querySelector('#callButton').innerText.includes('Calling')")
        .await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    bob.evaluate::<()>("void window.answer()").await?;
    bob.until("it is said", "document.querySelector('#notice').innerText.includes('has ended')").await?;
    bob.wait_no_call().await?;
    ensure!(
        alice.evaluate::<bool>("document.querySelector('#ringing').hidden").await?,
        "alice is called back"
    );
    Ok(())
}
