//! Many photos: they are saved together, and what the page takes of the machine does not grow with them.

use std::{collections::BTreeMap, fs::File, io::Read, time::Duration};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{PATIENCE, Photo, Tab, poll, two_tabs};

#[tokio::test]
async fn all_are_saved_in_one_zip_pixel_for_pixel() -> Result<()> {
    // More than the page keeps in memory at full size.
    const PHOTOS: usize = 7;
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(1280, 720), Tab::without_camera()).await?;
    let mut sent = Vec::new();
    for _ in 0..PHOTOS {
        let photo = alice.snap_and_send().await?;
        bob.wait_incoming(&photo.item, "verified").await?;
        sent.push(photo);
    }
    let downloads = bob.keep_downloads().await?;
    bob.click("#saveAll").await?;
    let zip = bob.downloaded(&downloads, "zip").await?;
    bob.until(
        "all count as saved",
        &format!("document.querySelectorAll('#trail [data-saved=true]').length === {PHOTOS}"),
    )
    .await?;

    let mut zip = zip::ZipArchive::new(File::open(zip)?)?;
    ensure!(zip.len() == PHOTOS, "{} photos are in the zip", zip.len());
    let mut names = BTreeMap::new();
    for (index, photo) in sent.iter().enumerate() {
        let mut file = zip.by_index(index)?;
        names.insert(file.name()?.into_owned(), index);
        let mut bytes = Vec::new();
        // Compares the checksum as well.
        file.read_to_end(&mut bytes)?;
        let zipped = Photo::from_png(&photo.item, &bytes)?;
        ensure!(zipped == *photo, "photo {index} has other pixels in the zip");
    }
    ensure!(names.len() == PHOTOS, "two photos have one name: {names:?}");

    // Of what is saved nobody asks; of the people who are left behind, yes.
    bob.click("#newRoom").await?;
    bob.until("the question", "document.querySelector('#leaveDialog').open").await?;
    let saves = "document.querySelector('#leaveDialog .primary').checkVisibility()";
    ensure!(!bob.evaluate::<bool>(saves).await?, "asks about photos that are saved");
    bob.click("#leaveDialog .leave").await?;
    bob.wait_status("alone").await?;
    ensure!(bob.trail().await?.is_empty(), "photos of one room show in another");
    Ok(())
}

#[tokio::test]
async fn a_photo_that_is_open_follows_what_becomes_of_it() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    let first = alice.snap_and_send().await?;
    bob.wait_photo(&first.item).await?;
    bob.click("#trail .open").await?;
    bob.until("it is large", "document.querySelector('#large').width > 0").await?;
    ensure!(bob.read_canvas(&first.item, LARGE).await? == first, "the large photo has other pixels");

    // A new one arrives meanwhile: the same one stays open, one place further.
    let second = alice.snap_and_send().await?;
    bob.wait_incoming(&second.item, "verified").await?;
    bob.until("the place is told", "document.querySelector('.facts').innerText.startsWith('2 of 2')").await?;
    ensure!(bob.read_canvas(&first.item, LARGE).await? == first, "another photo is shown");
    bob.evaluate::<()>("document.querySelector('#lightbox .newer').click()").await?;
    bob.until("the newer one", "document.querySelector('.facts').innerText.startsWith('1 of 2')").await?;
    let shown =
        poll(PATIENCE, async || Ok((bob.read_canvas(&second.item, LARGE).await? == second).then_some(())));
    shown.await?.context("the newer photo is not shown pixel for pixel")?;

    // Leaving the room closes it.
    bob.paste_link(&alice.link().await?.replace('#', "#elsewhere-")).await?;
    bob.until("it is closed", "!document.querySelector('#lightbox').open").await
}

/// A hundred photos of 1920×1080 are 830 MB. The page settles under 150 MB; while they come in it takes more.
#[tokio::test]
async fn a_hundred_large_photos_stay_under_150_megabytes() -> Result<()> {
    const PHOTOS: usize = 100;
    const MOST: u64 = 150_000_000;
    const SETTLING: Duration = Duration::from_secs(90);
    let (_server, alice, bob) = two_tabs(Tab::with_camera_of(1920, 1080), Tab::without_camera()).await?;
    let empty = bob.page_memory()?;
    let mut peak = 0;
    alice.start_camera().await?;
    for number in 1..=PHOTOS {
        alice.click_snap_and_send().await?;
        let arrived =
            format!("document.querySelectorAll('#trail [data-state=verified]').length >= {number} - 1");
        bob.until("the photo before this one arrives", &arrived).await?;
        peak = peak.max(bob.page_memory()?);
    }
    let all = format!("document.querySelectorAll('#trail [data-state=verified]').length === {PHOTOS}");
    bob.until("all photos arrive", &all).await?;
    let settled = poll(SETTLING, async || Ok(Some(bob.page_memory()?).filter(|bytes| *bytes < MOST))).await?;
    let now = bob.page_memory()?;
    println!(
        "the page took {} MB empty, {} MB at most, {} MB in the end",
        empty / MEGA,
        peak / MEGA,
        now / MEGA
    );
    ensure!(settled.is_some(), "with {PHOTOS} photos the page takes {} MB", now / MEGA);
    // The gauge sees photos that are kept.
    ensure!(peak > empty + 8 * MEGA, "the gauge does not see the photos");
    Ok(())
}

const MEGA: u64 = 1_000_000;

const LARGE: &str = "document.querySelector('#large')";
