//! What may go wrong in a call: devices that take their time, people who change their minds, and people who lie.

use std::time::Duration;

use anyhow::{Result, ensure};
use snaproom_e2e::{Launch, Server, Tab, call_camera as camera, in_call, two_tabs};
use tokio::time::sleep;

/// A camera that gives 3840×2160, and 1280×720 in a call; a still takes seconds, by frames of its video.
fn slow_camera() -> Launch {
    Tab::with_cameras(1).listening().remembered().inject(
        "delete window.ImageCapture;
        window.widths = [];
        const apply = MediaStreamTrack.prototype.applyConstraints;
        MediaStreamTrack.prototype.applyConstraints = async function (constraints) {
            widths.push(constraints.width.ideal);
            await new Promise((resolve) => setTimeout(resolve, 1500));
            return apply.call(this, constraints);
        };",
    )
}

const USUAL_SIZE: &str = "document.querySelector('#camera').videoWidth === 1280";
const ASKED: &str = "!document.querySelector('#stillAsked').hidden";

async fn is_usual_again(tab: &Tab) -> Result<()> {
    // Undoing is the last of what a still does to the camera.
    tab.until("the camera's size is undone", "widths.length > 0 && widths.at(-1) === 1280").await?;
    tab.until("the camera has its usual size", USUAL_SIZE).await
}

#[tokio::test]
async fn two_who_ask_for_a_still_get_one_after_another() -> Result<()> {
    let server = Server::start().await?;
    let bob = slow_camera().open(&server.url()).await?;
    let link = bob.link().await?;
    let (alice, carol) = (camera().open(&link).await?, camera().open(&link).await?);
    bob.wait_connected(2).await?;
    bob.call().await?;
    for tab in [&alice, &carol] {
        tab.accept_call().await?;
    }
    bob.wait_pictures(2).await?;
    let of_carol = carol.peers().await?;
    let of_alice = alice.peers().await?;
    let bobs = of_alice.iter().find(|peer| of_carol.iter().any(|other| other.id == peer.id));
    let bobs = bobs.map(|peer| peer.id.clone()).unwrap_or_default();
    let askers = [&alice, &carol];
    for asker in askers {
        asker.click(&format!(".tile:has(.remoteVideo[data-peer='{bobs}']) .askStill")).await?;
        bob.until("he is asked", ASKED).await?;
        bob.click("#giveStill").await?;
    }
    bob.until("he is asked no more", "document.querySelector('#stillAsked').hidden").await?;
    for asker in askers {
        let words: String =
            asker.wait("the still", "document.querySelector('#trail .size')?.innerText").await?;
        ensure!(words.contains("3840 × 2160"), "{words}");
    }
    is_usual_again(&bob).await?;
    ensure!(bob.evaluate::<String>("widths.join(' ')").await? == "3840 1280 3840 1280", "one after another");
    Ok(())
}

#[tokio::test]
async fn a_room_that_is_left_meanwhile_leaves_the_camera_as_it_was() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), slow_camera()).await?;
    alice.click(".askStill").await?;
    bob.until("he is asked", ASKED).await?;
    bob.click("#giveStill").await?;
    bob.until("his camera is made larger", "widths.length === 1").await?;
    bob.new_room().await?;
    is_usual_again(&bob).await
}

#[tokio::test]
async fn a_still_that_nobody_waits_for_is_not_listed() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), slow_camera()).await?;
    alice.click(".askStill").await?;
    bob.until("he is asked", ASKED).await?;
    bob.click("#giveStill").await?;
    bob.until("his camera is made larger", "widths.length === 1").await?;
    alice.click("#hangupButton").await?;
    bob.wait_no_call().await?;
    is_usual_again(&bob).await?;
    // What is put together now would be there by then: the next photo is made after it.
    bob.snap_and_send().await?;
    alice.until("his photo", "document.querySelectorAll('.incomingPhoto').length === 1").await?;
    let listed = "document.querySelectorAll('.transfer[data-direction=out]').length";
    ensure!(bob.evaluate::<u32>(listed).await? == 1, "the still is listed, and nobody gets it");
    Ok(())
}

#[tokio::test]
async fn who_is_asked_for_a_still_sees_that_in_full_screen() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), camera()).await?;
    bob.click(".tile:not(.self):not(.screen) .fullScreen").await?;
    bob.until("a picture fills the screen", "document.fullscreenElement !== null").await?;
    alice.click(".askStill").await?;
    bob.until("he is asked", ASKED).await?;
    bob.until("the page is back", "document.fullscreenElement === null").await?;
    bob.click("#refuseStill").await
}

#[tokio::test]
async fn a_camera_that_changes_is_not_off_and_refuses_nothing() -> Result<()> {
    let cameras = || Tab::with_cameras(3).listening().remembered();
    let (_server, alice, bob) = in_call(cameras(), cameras()).await?;
    alice
        .evaluate::<()>(
            "void (window.off = 0, new MutationObserver(() => {
                off += document.querySelector('.tile:not(.self):not(.screen)').dataset.camera === 'false';
            }).observe(document.querySelector('.tiles'), { attributes: true, subtree: true }))",
        )
        .await?;
    alice.click(".askStill").await?;
    bob.until("he is asked", ASKED).await?;
    let before: String = bob.evaluate("document.querySelector('#cameraSelect').value").await?;
    bob.choose("#cameraSelect", 2).await?;
    bob.until(
        "another camera",
        &format!("document.querySelector('#cameraSelect').value !== '{before}' && {USUAL_SIZE}"),
    )
    .await?;
    alice.wait_colour(".remoteVideo", [0, 128, 1]).await?;
    ensure!(bob.evaluate::<bool>(ASKED).await?, "he is asked still");
    ensure!(alice.evaluate::<u32>("off").await? == 0, "she heard that his camera is off");
    Ok(())
}

/// A browser that takes a moment to open a camera.
const LATE_CAMERA: &str = "
    const opening = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
        if (constraints.video && window.isLate) await new Promise((resolve) => setTimeout(resolve, 1500));
        return opening.call(this, constraints);
    };
";

#[tokio::test]
async fn a_camera_that_is_switched_off_while_it_starts_stays_off() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), camera().inject(LATE_CAMERA)).await?;
    bob.evaluate::<()>("void (window.isLate = true)").await?;
    bob.click("#cameraButton").await?;
    alice
        .until(
            "she sees that it is off",
            "document.querySelector('.tile:not(.self):not(.screen)').dataset.camera === 'false'",
        )
        .await?;
    bob.click("#cameraButton").await?;
    bob.click("#cameraButton").await?;
    sleep(Duration::from_secs(3)).await;
    ensure!(bob.evaluate::<bool>("document.querySelector('#camera').srcObject === null").await?, "it is on");
    bob.click("#cameraButton").await?;
    alice
        .until(
            "she sees it again",
            "document.querySelector('.tile:not(.self):not(.screen)').dataset.camera === 'true'",
        )
        .await
}

#[tokio::test]
async fn a_camera_that_only_the_call_wanted_goes_off_with_it() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), Tab::with_camera_unasked().listening()).await?;
    alice.call().await?;
    bob.wait_ringing().await?;
    bob.allow_camera().await?;
    bob.click("#acceptCall").await?;
    bob.wait_in_call().await?;
    alice.wait_pictures(1).await?;
    alice.click("#hangupButton").await?;
    bob.wait_no_call().await?;
    bob.until("his camera is off", "document.querySelector('#camera').srcObject === null").await?;
    let is_on = "document.querySelector('#camera').srcObject !== null";
    ensure!(alice.evaluate::<bool>(is_on).await?, "hers was on before");
    Ok(())
}

#[tokio::test]
async fn the_microphone_that_is_used_is_the_one_that_is_shown() -> Result<()> {
    let spy = "
        const opening = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = async function (constraints) {
            const stream = await opening.call(this, constraints);
            if (constraints.audio) window.microphone = stream.getAudioTracks()[0].label;
            return stream;
        };
    ";
    let (_server, _alice, bob) = in_call(camera(), camera().inject(spy)).await?;
    let shown = "document.querySelector('#microphoneSelect').selectedOptions[0].textContent";
    ensure!(bob.evaluate::<String>("microphone").await? == "Fake Default Audio Input", "Chromium's own");
    bob.until("the system's", &format!("{shown} === 'The system’s'")).await?;
    let first: String = bob.choose("#microphoneSelect", 1).await?;
    bob.until(
        "the first one is used",
        &format!("microphone !== 'Fake Default Audio Input' && {shown} === microphone"),
    )
    .await?;
    ensure!(!first.is_empty(), "it has an id");
    Ok(())
}

#[tokio::test]
async fn who_says_that_they_are_muted_is_not_heard_whatever_they_send() -> Result<()> {
    let spy = "
        const opening = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = async function (constraints) {
            const stream = await opening.call(this, constraints);
            if (constraints.audio) window.microphone = stream.getAudioTracks()[0];
            return stream;
        };
    ";
    let heard = "window.sounds = []; const Plain = window.Audio;
        window.Audio = function (...given) { const audio = new Plain(...given); sounds.push(audio); return audio; };";
    let (_server, alice, bob) = in_call(camera().inject(heard), camera().inject(spy)).await?;
    alice.until("she hears him", "sounds.some((sound) => sound.srcObject !== null && !sound.muted)").await?;
    bob.click("#muteButton").await?;
    alice
        .until(
            "she sees that he is muted",
            "document.querySelector('.tile .how').innerText.includes('muted')",
        )
        .await?;
    bob.evaluate::<()>("void (microphone.enabled = true)").await?;
    let is_heard = "sounds.some((sound) => sound.srcObject !== null && !sound.muted)";
    sleep(Duration::from_secs(1)).await;
    ensure!(!alice.evaluate::<bool>(is_heard).await?, "she hears somebody who says that they are muted");
    // Without that the attack wins.
    alice.evaluate::<()>("sounds.forEach((sound) => { sound.muted = false; })").await?;
    alice.wait_heard().await?;
    alice.evaluate::<()>("sounds.forEach((sound) => { sound.muted = true; })").await?;
    bob.click("#muteButton").await?;
    alice.until("she hears him again", is_heard).await
}

#[tokio::test]
async fn a_wake_lock_that_comes_after_the_call_is_let_go() -> Result<()> {
    let late = "
        window.locks = [];
        const request = WakeLock.prototype.request;
        WakeLock.prototype.request = async function (...given) {
            await new Promise((resolve) => setTimeout(resolve, 1500));
            const lock = await request.apply(this, given);
            locks.push(lock);
            return lock;
        };
    ";
    let (_server, _alice, bob) = in_call(camera(), camera().inject(late)).await?;
    bob.click("#hangupButton").await?;
    bob.wait_no_call().await?;
    bob.until("it came, and is let go", "locks.length > 0 && locks.every((lock) => lock.released)").await
}

#[tokio::test]
async fn the_help_for_keys_never_keeps_the_page_from_anybody() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera(), camera()).await?;
    bob.press_with_shift("?").await?;
    ensure!(
        bob.evaluate::<bool>("document.querySelector('dialog:modal') === null").await?,
        "there is no call"
    );
    alice.call().await?;
    bob.accept_call().await?;
    bob.wait_in_call().await?;
    bob.press_with_shift("?").await?;
    bob.until("the help", "document.querySelector('#keysDialog:modal') !== null").await?;
    alice.click("#hangupButton").await?;
    bob.wait_no_call().await?;
    bob.until("it is closed", "document.querySelector('dialog:modal') === null").await?;
    bob.snap().await?;
    Ok(())
}
