//! Files between real browsers: wanted before they come, whole, resumed, kept and saved.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Tab, two_tabs};

#[tokio::test]
async fn a_file_is_asked_about_comes_whole_and_is_saved_under_its_name() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("Grüße & <b>film<b>.mp4", 5_000_000)?;
    let name = "Grüße & _b_film_b_.mp4";
    alice.give(&[&path]).await?;
    let offered = bob.wait_file(name, "offered").await?;
    ensure!(offered.total == 5_000_000 && offered.bytes == 0, "{offered:?}");
    let sent = alice.file(name).await?.context("it is listed")?;
    ensure!(sent.recipients.len() == 1 && sent.recipients[0].1 == "offered", "{sent:?}");

    bob.press_file(&offered.item, "accept").await?;
    let whole = bob.wait_file(name, "verified").await?;
    ensure!(whole.bytes == 5_000_000, "{whole:?}");
    let sent = alice.wait_file(name, "verified").await?;
    ensure!(sent.recipients[0].1 == "verified", "{sent:?}");

    let downloads = bob.keep_downloads().await?;
    bob.press_file(&whole.item, "save").await?;
    let saved = bob.downloaded(&downloads, "mp4").await?;
    ensure!(fs::read(&saved)? == fs::read(&path)?, "other bytes");
    ensure!(saved.file_name().is_some_and(|saved| saved == name), "{saved:?}");
    alice.until("the sender knows", "document.querySelector('.recipient').dataset.state === 'saved'").await
}

#[tokio::test]
async fn what_is_declined_stays_away_and_what_is_cancelled_goes() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let small = alice.make_file("small.bin", 1_000)?;
    let large = alice.make_file("large.bin", 200_000_000)?;
    alice.give(&[&small, &large]).await?;
    let offered = bob.wait_file("small.bin", "offered").await?;
    bob.press_file(&offered.item, "decline").await?;
    bob.wait_file("small.bin", "declined").await?;
    alice.wait_file("small.bin", "declined").await?;
    let item = bob.accept_file("large.bin").await?;
    bob.wait_file("large.bin", "active").await?;
    bob.press_file(&item, "pause").await?;
    let paused = bob.wait_file("large.bin", "paused").await?;
    alice.wait_file("large.bin", "paused").await?;
    bob.press_file(&item, "resume").await?;
    bob.until(
        "it goes on",
        &format!("+document.querySelector('[data-id=\"{item}\"]').dataset.bytes > {}", paused.bytes),
    )
    .await?;
    bob.press_file(&item, "cancel").await?;
    bob.wait_file("large.bin", "cancelled").await?;
    alice.wait_file("large.bin", "cancelled").await?;
    Ok(())
}

#[tokio::test]
async fn a_file_survives_the_reload_of_either_tab() -> Result<()> {
    const BYTES: u64 = 100_000_000;
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("film.mp4", BYTES)?;
    alice.give(&[&path]).await?;
    let item = bob.accept_file("film.mp4").await?;
    let came = |more: u64| format!("+document.querySelector('[data-id=\"{item}\"]')?.dataset.bytes > {more}");
    bob.until("some of it came", &came(10_000_000)).await?;
    bob.reload().await?;
    let after = bob.wait_file("film.mp4", "active").await?;
    ensure!(after.bytes >= 10_000_000, "what came is remembered: {after:?}");
    bob.until("more of it came", &came(after.bytes + 5_000_000)).await?;

    alice.reload().await?;
    alice.wait_file("film.mp4", "paused").await?;
    let waits = bob.wait_file("film.mp4", "paused").await?;
    ensure!(waits.bytes >= after.bytes, "{waits:?}");
    alice.give(&[&path]).await?;
    let whole = bob.wait_file("film.mp4", "verified").await?;
    ensure!(whole.bytes == BYTES, "{whole:?}");
    alice.wait_file("film.mp4", "verified").await?;

    // And once more when all of it is there.
    bob.reload().await?;
    let kept = bob.wait_file("film.mp4", "verified").await?;
    let downloads = bob.keep_downloads().await?;
    bob.press_file(&kept.item, "save").await?;
    let saved = bob.downloaded(&downloads, "mp4").await?;
    ensure!(fs::read(saved)? == fs::read(&path)?, "other bytes");
    Ok(())
}

/// A folder of many small files, and its structure in the zip.
#[tokio::test]
async fn a_folder_of_a_thousand_files_keeps_its_structure() -> Result<()> {
    const FILES: usize = 1_000;
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let folder = alice.folder().join("Holiday");
    for number in 0..FILES {
        let place =
            folder.join(format!("day {}", number % 7)).join(if number % 2 == 0 { "sea" } else { "land" });
        fs::create_dir_all(&place)?;
        fs::write(place.join(format!("{number}.txt")), content(number))?;
    }
    alice.choose_files("#folderInput", &[Path::new(&folder)]).await?;
    let item = bob.accept_file("Holiday").await?;
    let whole = bob.wait_file("Holiday", "verified").await?;
    ensure!(whole.item == item);
    let downloads = bob.keep_downloads().await?;
    bob.press_file(&item, "save").await?;
    let mut zip = zip::ZipArchive::new(fs::File::open(bob.downloaded(&downloads, "zip").await?)?)?;
    ensure!(zip.len() == FILES, "{} files", zip.len());
    for number in 0..FILES {
        let within = if number % 2 == 0 { "sea" } else { "land" };
        let mut file = zip.by_name(&format!("Holiday/day {}/{within}/{number}.txt", number % 7))?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text)?;
        ensure!(text == content(number), "file {number} has other bytes");
    }
    Ok(())
}

fn content(number: usize) -> String {
    format!("file {number}\n").repeat(number % 50)
}
