//! Photos of somebody else's camera, and recordings of a call.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Film, Launch, Played, Server, Tab, call_camera as camera, in_call};

const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [30, 30, 220];

/// A camera that gives 3840×2160, and 1280×720 in a call.
fn large_camera() -> Launch {
    Tab::with_cameras(1).listening().remembered()
}

/// Alice sends red pictures and Bob blue ones.
async fn in_coloured_call() -> Result<(Server, Tab, Tab)> {
    let (red, blue) = (Film::of(RED)?, Film::of(BLUE)?);
    let (server, alice, bob) = in_call(camera().filmed(&red), camera().filmed(&blue)).await?;
    alice.wait_colour(".remoteVideo", BLUE).await?;
    bob.wait_colour(".remoteVideo", RED).await?;
    Ok((server, alice, bob))
}

/// A photo larger than the pictures of the call comes.
async fn wait_still(tab: &Tab) -> Result<()> {
    // Its 33 MB yield to the call, which takes a while here: its preview is looked at.
    let words = "document.querySelector('#trail .size')?.innerText";
    let words: String = tab.wait("the still", words).await?;
    // What Chromium's fake camera has at most.
    ensure!(words.contains("3840 × 2160"), "{words}");
    // Chromium's fake camera is green, and a darker disc goes round in it.
    let green = "(([red, green, blue]) => green > 100 && red < 100 && blue < 100)\
        (media.colour(document.querySelector('.incomingPhoto')))";
    tab.until("it is green", green).await
}

#[tokio::test]
async fn what_is_seen_of_the_other_is_a_photo_that_can_be_sent() -> Result<()> {
    let (_server, alice, bob) = in_coloured_call().await?;
    alice.wait_colour("#camera", RED).await?;
    let photo = alice.snap_other().await?;
    alice.wait_colour("#photo", BLUE).await?;
    alice.send().await?;
    ensure!(bob.wait_photo(&photo.item).await? == photo, "another photo came");
    Ok(())
}

#[tokio::test]
async fn a_still_comes_in_the_full_size_of_the_camera_once_its_person_agrees() -> Result<()> {
    let (_server, alice, bob) = in_call(large_camera(), large_camera()).await?;
    let asked = "!document.querySelector('#stillAsked').hidden";
    alice.click(".askStill").await?;
    bob.until("he is asked", asked).await?;
    let words = bob.text("#stillAsked").await?;
    ensure!(words.contains("asks for a photo from your camera"), "{words}");
    ensure!(!alice.is_usable(".askStill").await?, "she could ask again meanwhile");
    ensure!(alice.trail().await?.is_empty(), "a photo that nobody agreed to");

    bob.click("#giveStill").await?;
    wait_still(&alice).await?;
    alice.wait_usable(".askStill").await?;
    bob.until("the question is gone", "document.querySelector('#stillAsked').hidden").await?;
    // The call goes on.
    alice.wait_pictures(1).await
}

#[tokio::test]
async fn a_still_is_refused_and_a_browser_without_photos_gives_a_frame() -> Result<()> {
    let no_capture = "delete window.ImageCapture;";
    let (_server, alice, bob) = in_call(large_camera().inject(no_capture), large_camera()).await?;
    let asked = "!document.querySelector('#stillAsked').hidden";
    alice.click(".askStill").await?;
    bob.until("he is asked", asked).await?;
    bob.click("#refuseStill").await?;
    alice.until("a word", "document.querySelector('#notice').textContent.includes('sends no photo')").await?;
    alice.wait_usable(".askStill").await?;
    ensure!(alice.trail().await?.is_empty(), "he said no");

    // For a while he is left in peace, and she is told at once.
    alice.evaluate::<()>("void (document.querySelector('#notice').textContent = '')").await?;
    alice.click(".askStill").await?;
    alice.wait_usable(".askStill").await?;
    ensure!(!bob.evaluate::<bool>(asked).await?, "he is asked again at once");

    // The other way round there is one, of a browser that has no `takePhoto`.
    ensure!(alice.evaluate::<bool>("!('ImageCapture' in window)").await?, "there is one");
    bob.click(".askStill").await?;
    alice.until("she is asked", asked).await?;
    alice.click("#giveStill").await?;
    wait_still(&bob).await?;
    // And the call goes on in its size.
    alice.until("the size of the call", "document.querySelector('#camera').videoWidth === 1280").await
}

#[tokio::test]
async fn a_call_is_recorded_and_everybody_sees_that_it_is() -> Result<()> {
    let (_server, alice, bob) = in_coloured_call().await?;
    let downloads = alice.keep_downloads().await?;
    alice.click("#recordCall").await?;
    let marked = "(document.querySelector('.tile:not(.self):not(.screen) .records')?.offsetHeight ?? 0) > 0";
    bob.until("he sees it", marked).await?;
    bob.until("he hears it", "document.querySelector('.callState').innerText.includes('records it')").await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    // Another recording takes its place: it is saved, and ends nothing else.
    alice.click("#recordOwn").await?;
    bob.until("he sees that", "document.querySelector('.tiles').innerText.includes('records themselves')")
        .await?;
    let file = alice.downloaded(&downloads, "webm").await?;

    // Both of them are in it, side by side, and it is heard.
    let bytes = std::fs::read(&file).context("no recording")?;
    ensure!(bytes.len() > 10_000, "{} bytes", bytes.len());
    let played: Played = bob.play(&bytes).await?;
    println!("{played:?}");
    ensure!(played.seconds > 2.0, "{} s", played.seconds);
    ensure!(played.left[2] > 120 && played.left[0] < 100, "Bob is blue: {:?}", played.left);
    ensure!(played.right[0] > 120 && played.right[2] < 100, "Alice is red: {:?}", played.right);
    ensure!(played.loudest > 0.01, "nothing is heard");
    let goes_on = "document.querySelector('#recordOwn').ariaPressed === 'true'";
    ensure!(alice.evaluate::<bool>(goes_on).await?, "the end of the call's recording ended it");
    alice.click("#recordOwn").await?;
    bob.until("the mark is gone", &format!("!({marked})")).await
}

#[tokio::test]
async fn ones_own_part_is_recorded_alone_and_saved_when_the_call_ends() -> Result<()> {
    let (_server, alice, bob) = in_coloured_call().await?;
    let downloads = alice.keep_downloads().await?;
    alice.click("#recordOwn").await?;
    bob.until("he sees it", "document.querySelector('.tiles').innerText.includes('records themselves')")
        .await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    bob.click("#hangupButton").await?;
    alice.wait_no_call().await?;
    let file = alice.downloaded(&downloads, "webm").await?;
    let played = bob.play(&std::fs::read(&file).context("no recording")?).await?;
    println!("{played:?}");
    for side in [played.left, played.right] {
        ensure!(side[0] > 120 && side[2] < 100, "Alice is red: {side:?}");
    }
    Ok(())
}
