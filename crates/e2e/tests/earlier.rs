//! Who comes later gets what was shown before, from whoever holds it.

use std::fs;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Tab, two_tabs};

const ALL: &str = "document.querySelectorAll('#earlier li').length";

#[tokio::test]
async fn who_comes_later_gets_photos_and_files_of_who_has_left() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    alice.set_name("Anna").await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_photo(&photo.item).await?;
    let path = alice.make_file("film.mp4", 3_000_000)?;
    let film = fs::read(&path)?;
    alice.give(&[&path]).await?;
    bob.accept_file("film.mp4").await?;
    bob.wait_file("film.mp4", "verified").await?;
    let link = alice.link().await?;
    alice.close().await?;

    let carla = Tab::without_camera().open(&link).await?;
    carla.until("both are told of", &format!("{ALL} === 2")).await?;
    let words = carla.text("#earlier").await?;
    ensure!(words.contains("Photo, 640 × 480") && words.contains("film.mp4"), "{words}");
    ensure!(words.contains("Anna") && words.contains(", as "), "who showed it, and who says so: {words}");
    ensure!(bob.evaluate::<u32>(ALL).await? == 0, "he was there");
    carla.click("#getEarlier").await?;
    ensure!(carla.wait_photo(&photo.item).await? == photo, "other pixels");
    let file = carla.wait_file("film.mp4", "verified").await?;
    carla.until("nothing is left of before", &format!("{ALL} === 0")).await?;
    ensure!(bob.files().await?.len() == 1, "what he passes on is in none of his lists");

    let downloads = carla.keep_downloads().await?;
    carla.press_file(&file.item, "save").await?;
    let saved = carla.downloaded(&downloads, "mp4").await?;
    ensure!(fs::read(saved)? == film, "other bytes");

    // And so it goes on from her.
    bob.close().await?;
    let dora = Tab::without_camera().open(&link).await?;
    dora.until("told", &format!("{ALL} === 2")).await?;
    dora.click("#getEarlier").await?;
    ensure!(dora.wait_photo(&photo.item).await? == photo, "other pixels");
    dora.wait_file("film.mp4", "verified").await.map(drop)
}

#[tokio::test]
async fn a_file_that_nobody_wanted_yet_and_ones_own_photos_are_there_as_well() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_photo(&photo.item).await?;
    alice.wait_sent(&photo.item, "verified").await?;
    let path = alice.make_file("notes.txt", 900)?;
    alice.give(&[&path]).await?;
    bob.wait_file("notes.txt", "offered").await?;
    let link = alice.link().await?;
    bob.close().await?;

    let carla = Tab::without_camera().open(&link).await?;
    carla.until("both are told of", &format!("{ALL} === 2")).await?;
    carla.click("#earlier li:nth-child(2) .get").await?;
    carla.wait_file("notes.txt", "verified").await?;
    carla.click("#earlier .get").await?;
    ensure!(carla.wait_photo(&photo.item).await? == photo, "other pixels");

    // Her page is loaded anew, and others have what she showed.
    alice.reload().await?;
    alice.until("her own", "document.querySelector('#earlier .what')?.innerText === 'You'").await?;
    alice.click("#earlier .get").await?;
    ensure!(alice.wait_photo(&photo.item).await? == photo, "other pixels");
    Ok(())
}

#[tokio::test]
async fn what_nobody_has_any_more_is_said_to_be_nowhere() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_photo(&photo.item).await?;
    let link = alice.link().await?;
    alice.close().await?;
    let carla = Tab::without_camera().open(&link).await?;
    carla.until("told", &format!("{ALL} === 1")).await?;
    let _downloads = bob.keep_downloads().await?;
    bob.click("#trail .save").await?;
    bob.until("it is saved", "document.querySelector('#trail .transfer').dataset.saved === 'true'").await?;
    bob.click("#trail .open").await?;
    bob.click("#lightbox .remove").await?;
    bob.until("it is gone", "document.querySelector('#trail').children.length === 0").await?;
    carla.click("#earlier .get").await?;
    carla.until("nowhere", "document.querySelector('#earlier li').dataset.state === 'nowhere'").await?;
    let words = carla.text("#earlier .how").await?;
    ensure!(words.starts_with("Nobody who is here has it"), "{words}");
    // Whoever comes now is told of nothing.
    let dora = Tab::without_camera().open(&link).await?;
    dora.wait_connected(2).await.context("both are here")?;
    ensure!(dora.evaluate::<u32>(ALL).await? == 0, "told of what nobody has");
    Ok(())
}
