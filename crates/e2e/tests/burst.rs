//! The button is held: photos are taken one after another, their previews come at once, and the exact pixels come when
//! somebody asks for them.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use snaproom_e2e::{Photo, Tab, poll, two_tabs};

/// Photos of a burst here.
const PHOTOS: usize = 5;

#[tokio::test]
async fn held_it_takes_up_to_five_a_second_and_the_original_comes_when_it_is_asked_for() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera_of(640, 480).inject(TAKEN), Tab::without_camera()).await?;
    let items = alice.burst(PHOTOS).await?;
    let times: Vec<f64> = alice.evaluate(TIMES).await?;
    ensure!(times.len() == items.len() && items.len() >= PHOTOS);
    for (first, sixth) in times.iter().zip(times.iter().skip(6)) {
        ensure!(sixth - first >= 1_000.0, "seven photos in a second: {times:?}");
    }
    ensure!(times[3] - times[0] <= 1_500.0, "less than three in a second: {times:?}");
    let said = format!("document.querySelector('#notice').innerText === '{} photos were sent.'", items.len());
    alice.until("it is said how many were sent", &said).await?;

    for item in &items {
        let held = bob.wait_incoming(item, "held").await?;
        bob.wait_mark(item, "preview").await?;
        ensure!(held.bytes > 0 && held.bytes < 262_144, "more than a preview came: {held:?}");
        ensure!(alice.wait_sent(item, "held").await?.bytes == held.bytes);
    }
    assert_eq!(bob.trail().await?.len(), items.len());

    // Any of them, and not in their order.
    for place in [2, 0, items.len() - 1] {
        let (item, original) = (&items[place], original(&alice, &items, place).await?);
        bob.click(&get(item)).await?;
        let shown = bob.wait_photo(item).await?;
        ensure!(shown == original, "{shown:?} arrived, {original:?} was taken");
        alice.wait_sent(item, "verified").await?;
        let gone = format!("document.querySelector(\"{}\") === null", get(item));
        bob.until("there is nothing more to ask for", &gone).await?;
    }
    let others = bob.trail().await?;
    assert_eq!(others.iter().filter(|here| here.state == "held").count(), items.len() - 3);
    bob.has_once(&items[0]).await
}

#[tokio::test]
async fn a_short_press_takes_one_photo_and_sends_it_as_ever() -> Result<()> {
    // A press is short on a slow machine as well, where its two ends are seconds apart.
    let patient = "{ const wait = window.setTimeout;
        window.setTimeout = (act, ms, ...rest) => wait(act, ms === 400 ? 60_000 : ms, ...rest); }";
    let (_server, alice, bob) = two_tabs(Tab::with_camera().inject(patient), Tab::without_camera()).await?;
    alice.start_camera().await?;
    alice.hold(BUTTON).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    alice.let_go().await?;
    for (number, key) in ["Enter", " "].into_iter().enumerate() {
        taken(&alice, number + 1).await?;
        alice.evaluate::<()>("document.querySelector('#snapAndSend').focus()").await?;
        alice.press(key).await?;
    }
    taken(&alice, 3).await?;
    // By a program that speaks for somebody.
    alice.evaluate::<()>("document.querySelector('#snapAndSend').click()").await?;
    taken(&alice, 4).await?;
    nothing_more_is_taken(&alice).await?;
    for item in alice.snapped().await? {
        bob.wait_incoming(&item, "verified").await?;
    }
    assert_eq!(bob.trail().await?.len(), 4);
    let asks = "document.querySelector('#trail .original') !== null";
    ensure!(!bob.evaluate::<bool>(asks).await?, "there is something to be asked for");
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_held_takes_several_and_ends_with_them() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    alice.start_camera().await?;
    alice.wait_usable(BUTTON).await?;
    for (key, code, number, text) in [("Enter", "Enter", 13, "\r"), (" ", "Space", 32, " ")] {
        let before = alice.snapped().await?.len();
        alice.evaluate::<()>("document.querySelector('#snapAndSend').focus()").await?;
        let mut event = json!({
            "type": "keyDown", "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text,
        });
        alice.cdp("Input.dispatchKeyEvent", event.clone()).await?;
        event["autoRepeat"] = true.into();
        for _ in 0..5 {
            alice.cdp("Input.dispatchKeyEvent", event.clone()).await?;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(alice.snapped().await?.len(), before, "a key that repeats is no press each time");
        alice.until("several", &format!("{SNAPPED}.length >= {}", before + 3)).await?;
        alice.cdp("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "code": code })).await?;
        nothing_more_is_taken(&alice).await?;
    }
    for item in alice.snapped().await? {
        bob.wait_incoming(&item, "held").await?;
    }
    Ok(())
}

#[tokio::test]
async fn whatever_happens_to_the_press_ends_it() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    alice.start_camera().await?;

    // The mouse leaves the button, and comes back.
    hold(&alice).await?;
    alice.point_at("#sendHint").await?;
    nothing_more_is_taken(&alice).await?;
    alice.point_at(BUTTON).await?;
    alice.let_go().await?;
    nothing_more_is_taken(&alice).await?;

    for event in ["new PointerEvent('pointercancel')", "new FocusEvent('blur')"] {
        hold(&alice).await?;
        alice
            .evaluate::<()>(&format!("void document.querySelector('#snapAndSend').dispatchEvent({event})"))
            .await?;
        nothing_more_is_taken(&alice).await.with_context(|| event.to_owned())?;
        alice.let_go().await?;
        nothing_more_is_taken(&alice).await.with_context(|| event.to_owned())?;
    }

    hold(&alice).await?;
    alice.unplug_camera().await?;
    nothing_more_is_taken(&alice).await.context("without a camera")?;
    alice.let_go().await?;
    alice.start_camera().await?;

    // Nobody is there any more to whom they could go.
    hold(&alice).await?;
    bob.close().await?;
    alice.until("the end", "document.querySelector('#burst').innerText === ''").await?;
    nothing_more_is_taken(&alice).await.context("with nobody")?;
    alice.let_go().await?;
    nothing_more_is_taken(&alice).await
}

#[tokio::test]
async fn a_preview_stays_and_is_saved_when_its_sender_has_left() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(640, 480), Tab::without_camera()).await?;
    let items = alice.burst(2).await?;
    for item in &items {
        bob.wait_incoming(item, "held").await?;
        bob.wait_mark(item, "preview").await?;
    }
    alice.new_room().await?;
    for item in &items {
        let gone = bob.wait_incoming(item, "failed").await?;
        ensure!(gone.words.contains("Preview only"), "{gone:?}");
    }
    ensure!(!bob.evaluate::<bool>("document.querySelector('#trail .original button') !== null").await?);
    let downloads = bob.keep_downloads().await?;
    bob.click(&format!("#trail [data-id='{}'] .save", items[0])).await?;
    let saved = fs::read(bob.downloaded(&downloads, "jpg").await?)?;
    ensure!(saved.starts_with(&[0xFF, 0xD8, 0xFF]), "no JPEG");
    bob.until("it counts as saved", "document.querySelectorAll('#trail [data-saved=true]').length === 1")
        .await
}

/// A hundred previews of 1920×1080, most of which nobody looks at.
#[tokio::test]
async fn a_hundred_previews_are_small_wherever_they_are() -> Result<()> {
    const MOST: u64 = 150_000_000;
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(1920, 1080), Tab::without_camera()).await?;
    alice.start_camera().await?;
    let mut items = Vec::new();
    while items.len() < 100 {
        items.extend(alice.burst(40).await?);
    }
    bob.wait_incoming(&items[items.len() - 1], "held").await?;
    let small = "[...document.querySelectorAll('#trail canvas')].every((canvas) => canvas.width <= 384)";
    bob.until("each is a thumbnail", small).await?;
    // What Chromium keeps of pictures that were drawn, up to 512 MB, until memory runs short.
    alice.cdp("Memory.simulatePressureNotification", json!({ "level": "critical" })).await?;
    for (name, tab) in [("sender", &alice), ("receiver", &bob)] {
        let settled =
            poll(Duration::from_secs(90), async || Ok(Some(tab.page_memory()?).filter(|now| *now < MOST)));
        let settled = settled.await?;
        let now = tab.page_memory()?;
        println!("the {name} takes {} MB, {:?}", now / 1_000_000, tab.gauge().await?);
        ensure!(settled.is_some(), "the {name} takes {now} bytes");
    }
    // The oldest of more than a hundred made way, and the newest one is still there.
    let newest = &items[items.len() - 1];
    bob.click(&get(newest)).await?;
    bob.wait_incoming(newest, "verified").await.map(drop)
}

/// Presses and holds until photos come.
async fn hold(tab: &Tab) -> Result<()> {
    let before = tab.snapped().await?.len();
    tab.hold(BUTTON).await?;
    tab.until("photos come", &format!("{SNAPPED}.length >= {}", before + 2)).await
}

async fn taken(tab: &Tab, photos: usize) -> Result<()> {
    tab.until(&format!("{photos} photos"), &format!("{SNAPPED}.length === {photos}")).await
}

/// In the time of three photos.
async fn nothing_more_is_taken(tab: &Tab) -> Result<()> {
    // What is on its way when the press ends.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = tab.snapped().await?.len();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let now = tab.snapped().await?.len();
    ensure!(now == before, "{} more were taken", now - before);
    Ok(())
}

/// What was read from `#photo` for the photo at this place.
async fn original(sender: &Tab, items: &[String], place: usize) -> Result<Photo> {
    let count: usize = sender.evaluate("taken.length").await?;
    ensure!(count == items.len(), "{count} pictures were read for {} photos", items.len());
    sender.read_canvas(&items[place], &format!("taken[{place}]")).await
}

fn get(item: &str) -> String {
    format!("#trail [data-id='{item}'] .original button")
}

const BUTTON: &str = "#snapAndSend";

const SNAPPED: &str = "performance.getEntriesByType('mark').filter((mark) => mark.name.endsWith(':snapped'))";

/// When each was taken, in milliseconds.
const TIMES: &str = "performance.getEntriesByType('mark').filter((mark) => mark.name.endsWith(':snapped'))
    .map((mark) => mark.startTime)";

/// Keeps what is read from `#photo`, each in a canvas of its own.
const TAKEN: &str = "
    window.taken = [];
    const { getImageData } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.getImageData = function (...region) {
        const data = getImageData.apply(this, region);
        if (this.canvas.id === 'photo') {
            const copy = new OffscreenCanvas(data.width, data.height);
            copy.getContext('2d', { willReadFrequently: true }).putImageData(data, 0, 0);
            window.taken.push(copy);
        }
        return data;
    };
";
