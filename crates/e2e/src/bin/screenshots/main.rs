//! Pictures of every state of the page, for people who judge how it looks: `cargo xtask screenshots` runs this.
//!
//! `screenshots FOLDER [STATE…]` leaves FOLDER/STATE-SCREEN-THEME.png and a page with all of them; `screenshots --readme
//! FOLDER` makes the two pictures of the README alone.

mod moving;
mod raster;
mod readme;

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use snaproom_e2e::{Film, Screen, Stage, State, Tab, Theme, states};

/// Every state is shown on these.
const SCREENS: [Screen; 2] = [Screen::PHONE, Screen::DESK];
/// These states show whether the page fits.
const FITTING: [&str; 6] = ["alone", "connected", "sent", "trail-12", "lightbox", "invite"];
/// And those on these.
const MORE_SCREENS: [Screen; 3] = [Screen::SMALL, Screen::LANDSCAPE, Screen::WIDE];
/// These states go on below a phone's screen, with the trail.
const LONG: [&str; 8] =
    ["chat", "chat-unread", "chat-long", "sent", "receiving", "previews", "trail-12", "refused-photo"];
/// And those with files.
const FILES: [&str; 8] = [
    "file-offered",
    "file-long-name",
    "file-coming",
    "file-paused",
    "files-here",
    "files-out",
    "file-to-choose-again",
    "photo-without-place",
];
/// States of pages that are read from top to bottom begin with this.
const READ: &str = "check-";
const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let film = Film::paint()?;
    match words[..] {
        ["--readme", folder] => readme::make(Path::new(folder), &film).await,
        [folder, ref names @ ..] => all(&PathBuf::from(folder), &chosen(names)?, &film).await,
        [] => bail!("usage: screenshots [--readme] FOLDER [STATE…]"),
    }
}

/// The states of these names; without names, every state.
fn chosen(names: &[&str]) -> Result<Vec<&'static State>> {
    let unknown = names.iter().find(|name| states().all(|state| state.name != **name));
    ensure!(unknown.is_none(), "there is no state {unknown:?}");
    Ok(states().filter(|state| names.is_empty() || names.contains(&state.name)).collect())
}

async fn all(folder: &Path, states: &[&State], film: &Film) -> Result<()> {
    // Pictures of states that are no more would mislead.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut page = String::from(HEAD);
    for state in states {
        let files = pictures(state, folder, film).await?;
        println!("{}: {} pictures", state.name, files.len());
        writeln!(page, "<h2>{}</h2>\n<div>", state.name)?;
        for file in files {
            writeln!(page, "<a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\" alt=\"{file}\"></a>")?;
        }
        page.push_str("</div>\n");
    }
    let sheet = folder.join("index.html");
    fs::write(&sheet, page).context("cannot write the page of all pictures")?;
    println!("All of them: {}", sheet.display());
    Ok(())
}

/// Takes a state's pictures; gives the files' names.
async fn pictures(state: &State, folder: &Path, film: &Film) -> Result<Vec<String>> {
    let Stage { tab, .. } = &Stage::reach(state, Some(film)).await?;
    let mut files = Vec::new();
    let more = if FITTING.contains(&state.name) { MORE_SCREENS.as_slice() } else { &[] };
    for screen in SCREENS.iter().chain(more) {
        tab.set_screen(*screen).await?;
        if state.name.starts_with(READ) {
            tab.set_screen(whole(tab, *screen).await?).await?;
        }
        for theme in THEMES {
            tab.set_theme(Some(theme)).await?;
            let file = format!("{}-{}-{theme}.png", state.name, screen.name);
            fs::write(folder.join(&file), tab.picture().await?)?;
            files.push(file);
        }
    }
    let below = if FILES.contains(&state.name) { Some("#files") } else { None };
    if let Some(below) = below.or(LONG.contains(&state.name).then_some("#incoming")) {
        tab.set_screen(Screen::PHONE).await?;
        let scroll =
            format!("void document.querySelector('{below}').scrollIntoView({{ behavior: 'instant' }})");
        tab.evaluate::<()>(&scroll).await?;
        let file = format!("{}-phone-below.png", state.name);
        fs::write(folder.join(&file), tab.picture().await?)?;
        files.push(file);
    }
    Ok(files)
}

/// A screen of this width that shows all of the page.
async fn whole(tab: &Tab, screen: Screen) -> Result<Screen> {
    let height: u32 = tab.evaluate("document.documentElement.scrollHeight").await?;
    Ok(Screen { height: height.max(screen.height), ..screen })
}

const HEAD: &str = "<!doctype html>
<meta charset=\"utf-8\">
<title>Snaproom, every state</title>
<style>
    body { margin: 2rem; font: 16px system-ui; background: #888; }
    div { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
    img { max-height: 26rem; max-width: 100%; }
</style>
";
