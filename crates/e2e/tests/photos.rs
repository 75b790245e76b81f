//! Photos arrive pixel for pixel: the bytes of the sender's `#photo` are those of the receiver's canvas.

use std::fs;

use anyhow::{Result, anyhow, ensure};
use snaproom_e2e::{Photo, Tab, two_tabs};

/// Sends a photo of this size from one tab to another and compares every byte.
async fn arrives_exactly(width: u32, height: u32) -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(width, height), Tab::without_camera()).await?;

    let photo = alice.snap_and_send().await?;
    assert_eq!((photo.width, photo.height), (width, height), "the camera gives another size");
    ensure!(photo.is_a_picture(), "the camera shows one colour alone, which proves nothing");
    let received = bob.wait_photo(&photo.item).await?;
    assert!(received == photo, "{received:?} arrived, {photo:?} was sent");

    // The preview shows first and the exact pixels replace it. Those of a small photo are there within some
    // milliseconds, perhaps before the browser has decoded the preview; then it is not shown any more.
    let marks = bob.marks(&photo.item).await?;
    let is_small = width * height <= 640 * 480;
    ensure!(marks == ["preview", "exact"] || is_small && marks == ["exact"], "shown in the order {marks:?}");
    assert_eq!(alice.marks(&photo.item).await?, ["snapped", "sent"]);

    let there = alice.wait_sent(&photo.item, "verified").await?;
    assert_eq!(there.bytes, there.total, "what the receiver says that it has");
    ensure!(there.total > photo.pixels.len() as u64, "the preview is counted as well: {there:?}");
    let here = bob.wait_incoming(&photo.item, "verified").await?;
    assert_eq!((here.bytes, here.total), (there.bytes, there.total));
    Ok(())
}

#[tokio::test]
async fn exactly_at_640x480() -> Result<()> {
    arrives_exactly(640, 480).await
}

#[tokio::test]
async fn exactly_at_1280x720() -> Result<()> {
    arrives_exactly(1280, 720).await
}

#[tokio::test]
async fn exactly_at_1920x1080() -> Result<()> {
    arrives_exactly(1920, 1080).await
}

#[tokio::test]
async fn exactly_at_odd_321x241() -> Result<()> {
    arrives_exactly(321, 241).await
}

/// On a quiet machine the largest gap is some 30 ms; a busy one drops packets of its own, and SCTP then waits for 400 ms
/// or longer. What is asserted here is what no machine excuses three times in a row.
#[tokio::test]
async fn the_largest_size_comes_without_standing_still() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera_of(1920, 1080), Tab::without_camera().inject(ARRIVALS)).await?;
    let mut gaps = Vec::new();
    for _ in 0..3 {
        bob.evaluate::<()>("void (arrivals = [])").await?;
        // Not `snap_and_send`: reading 8 MB out of the sender's canvas would stop the sender meanwhile.
        let item = alice.click_snap_and_send().await?;
        bob.wait_incoming(&item, "verified").await?;
        let gap = "Math.max(...arrivals.slice(1).map((time, index) => time - arrivals[index]))";
        gaps.push(bob.evaluate::<f64>(gap).await?);
    }
    println!("the largest gaps between two arrivals are {gaps:.0?} ms");
    ensure!(gaps.iter().any(|gap| *gap < 1000.0), "the delivery stands still for {gaps:.0?} ms");
    Ok(())
}

#[tokio::test]
async fn both_ways_and_the_newest_first() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::with_camera()).await?;

    // Snap and Send as two clicks: what is sent is what was looked at.
    let first = alice.snap().await?;
    alice.send().await?;
    assert_eq!(bob.wait_photo(&first.item).await?, first);
    let second = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&second.item).await?, second);
    ensure!(first.pixels != second.pixels, "the camera's picture does not move, so the order proves nothing");
    let trail: Vec<String> = bob.trail().await?.into_iter().map(|transfer| transfer.item).collect();
    assert_eq!(trail, [second.item.clone(), first.item.clone()]);
    let newest =
        bob.read_canvas(&second.item, "document.querySelector('#trail canvas.incomingPhoto')").await?;
    assert_eq!(newest, second);

    let answer = bob.snap_and_send().await?;
    assert_eq!(alice.wait_photo(&answer.item).await?, answer);
    assert_eq!(alice.trail().await?.len(), 1, "one's own photos are not among those of others");
    Ok(())
}

#[tokio::test]
async fn saved_as_a_png_of_the_same_pixels() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_photo(&photo.item).await?;

    assert!(saved(&bob, &photo.item).await? == photo, "the saved pixels are others");
    Ok(())
}

#[tokio::test]
async fn many_in_a_row_arrive_and_an_old_one_is_still_saved_exactly() -> Result<()> {
    // More than the page keeps in memory at full size.
    const PHOTOS: usize = 7;
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(1280, 720), Tab::without_camera()).await?;
    let mut photos = Vec::new();
    for _ in 0..PHOTOS {
        photos.push(alice.snap_and_send().await?);
    }
    for photo in &photos {
        bob.wait_incoming(&photo.item, "verified").await?;
    }
    let newest_first = photos.iter().rev().map(|photo| photo.item.clone());
    let trail = bob.trail().await?.into_iter().map(|transfer| transfer.item);
    assert_eq!(trail.collect::<Vec<_>>(), newest_first.collect::<Vec<_>>());

    let oldest = &photos[0];
    let canvas = format!("document.querySelector(\"#trail [data-id='{}'] canvas\")", oldest.item);
    bob.until("the oldest photo is a thumbnail", &format!("{canvas}.width < {}", oldest.width)).await?;
    assert!(saved(&bob, &oldest.item).await? == *oldest, "the saved pixels are others");
    Ok(())
}

#[tokio::test]
async fn the_senders_progress_is_what_the_receiver_says() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera().inject(LIE)).await?;
    // Bob has all of it and does not say so.
    let silent = "['received', 'verified'].includes(message.type) ? [] : [message]";
    bob.evaluate::<()>(&format!("void (lie = (label, message) => {silent})")).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    let [recipient] =
        alice.sent(&photo.item).await?.try_into().map_err(|all| anyhow!("one recipient, not {all:?}"))?;
    assert_eq!((recipient.state.as_str(), recipient.bytes), ("waiting", 0));
    Ok(())
}

#[tokio::test]
async fn a_cancelled_photo_stops_and_the_next_one_arrives() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera().inject(LIE)).await?;
    bob.evaluate::<()>("void (lie = stalling())").await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_mark(&photo.item, "preview").await?;

    alice.click(".transfer .cancel").await?;
    alice.wait_sent(&photo.item, "cancelled").await?;
    bob.wait_incoming(&photo.item, "cancelled").await?;
    bob.evaluate::<()>("allow()").await?;
    let next = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&next.item).await?, next);
    assert_eq!(bob.marks(&photo.item).await?, ["preview"], "a photo that was taken back is shown");
    Ok(())
}

#[tokio::test]
async fn a_hidden_tab_receives() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    bob.hide().await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    ensure!(bob.evaluate::<bool>("document.hidden").await?, "the tab came back by itself");
    Ok(())
}

/// Clicks the photo's Save and decodes the file that comes of it.
async fn saved(tab: &Tab, item: &str) -> Result<Photo> {
    let downloads = tab.keep_downloads().await?;
    tab.click(&format!("#trail [data-id='{item}'] .save")).await?;
    Photo::from_png(item, &fs::read(tab.downloaded(&downloads, "png").await?)?)
}

const ARRIVALS: &str = include_str!("../inject/arrivals.js");

const LIE: &str = include_str!("../inject/lie.js");
