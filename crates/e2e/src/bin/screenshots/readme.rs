//! The two pictures of the README: two tabs after a few photos, and how it comes to that.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use snaproom_e2e::{Film, Screen, Server, Tab, Theme};

use super::{moving, raster::Raster};

/// Whoever makes the room sits at a desk; the other one holds a phone.
const DESK: Screen = Screen { name: "desk", width: 960, height: 720, is_phone: false };
const PHONE: Screen = Screen { name: "phone", width: 360, height: 720, is_phone: false };
/// Pixels between and around the two.
const GAP: usize = 24;
const GROUND: [u8; 3] = [0xd9, 0xd6, 0xcf];
/// A receiver that allows no more bytes for a while, so that the preview is seen.
const LIE: &str = include_str!("../../../inject/lie.js");

pub async fn make(folder: &Path, film: &Film) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let server = Server::start().await?;
    let alice = Tab::with_camera_of(1280, 720).filmed(film).inject(LIE).open(&server.url()).await?;
    set_up(&alice, DESK).await?;
    alice.start_camera().await?;
    alice.wait_status("alone").await?;
    let alone = picture(&alice, None).await?;

    let bob = Tab::with_camera_of(1280, 720).filmed(film).inject(LIE).open(&alice.link().await?).await?;
    set_up(&bob, PHONE).await?;
    bob.start_camera().await?;
    alice.wait_connected(1).await?;
    bob.wait_connected(1).await?;
    let connected = picture(&alice, Some(&bob)).await?;

    // Bob sends one, and sees it arrive over there; then Alice answers.
    let mut frames = vec![(alone, 12), (connected, 12)];
    for (from, to) in [(&bob, &alice), (&alice, &bob)] {
        from.snap().await?;
        frames.push((picture(&alice, Some(&bob)).await?, 8));
        to.evaluate::<()>("void (lie = stalling())").await?;
        from.send().await?;
        to.until(
            "the preview shows",
            "document.querySelector('#trail .transfer')?.dataset.shows === 'preview'",
        )
        .await?;
        frames.push((picture(&alice, Some(&bob)).await?, 8));
        to.evaluate::<()>("allow()").await?;
        let newest = "document.querySelector('#trail .transfer').dataset";
        to.until(
            "the photo is there",
            &format!("{newest}.state === 'verified' && {newest}.shows === 'exact'"),
        )
        .await?;
        frames.push((picture(&alice, Some(&bob)).await?, 14));
    }
    write(folder, "two-tabs-moving.png", &moving::encode(&frames)?)?;

    for _ in 0..3 {
        for (from, to) in [(&bob, &alice), (&alice, &bob)] {
            let item = from.click_snap_and_send().await?;
            to.wait_incoming(&item, "verified").await?;
        }
    }
    write(folder, "two-tabs.png", &picture(&alice, Some(&bob)).await?.encode()?)
}

async fn set_up(tab: &Tab, screen: Screen) -> Result<()> {
    tab.set_screen(screen).await?;
    tab.hide_scrollbars().await?;
    tab.set_theme(Some(Theme::Light)).await
}

/// Both windows beside each other; the phone's place is empty until there is one.
async fn picture(desk: &Tab, phone: Option<&Tab>) -> Result<Raster> {
    let [width, height, phone_width] = [DESK.width, DESK.height, PHONE.width].map(|pixels| pixels as usize);
    let mut both = Raster::plain(width + phone_width + 3 * GAP, height + 2 * GAP, GROUND);
    both.draw(&Raster::decode(&desk.picture().await?)?, GAP, GAP);
    if let Some(phone) = phone {
        both.draw(&Raster::decode(&phone.picture().await?)?, width + 2 * GAP, GAP);
    }
    Ok(both)
}

fn write(folder: &Path, name: &str, file: &[u8]) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, file).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}: {} bytes", path.display(), file.len());
    Ok(())
}
