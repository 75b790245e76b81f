//! Firefox and Chromium in one room: photos and calls go both ways, whoever was there first and makes the offer.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Browser, Launch, PATIENCE, Server, Tab, poll, two_tabs};

/// Somebody with a camera, in this browser.
fn person(browser: Browser) -> Launch {
    Tab::with_camera().in_browser(browser).remembered()
}

/// Snaps a photo on each side and compares every byte of it on the other one.
async fn photos_arrive_exactly(tabs: [&Tab; 2]) -> Result<()> {
    let [one, other] = tabs;
    for (from, to) in [(one, other), (other, one)] {
        let photo = from.snap_and_send().await?;
        ensure!(photo.is_a_picture(), "the camera shows one colour alone, which proves nothing");
        to.receives_once(&photo, PATIENCE).await?;
        from.wait_sent(&photo.item, "verified").await?;
    }
    Ok(())
}

/// Photos go both ways, and again after a reload of either side: whoever stays makes the next offer.
async fn both_ways(first: Browser, second: Browser) -> Result<()> {
    let (_server, alice, bob) = two_tabs(person(first), person(second)).await?;
    photos_arrive_exactly([&alice, &bob]).await?;
    let offers = [alice.offers().await?, bob.offers().await?];
    ensure!(offers == [1, 0], "whoever was there first makes the one offer, and not {offers:?}");

    for (stays, leaves) in [(&alice, &bob), (&bob, &alice)] {
        let offers = stays.offers().await?;
        leaves.reload().await?;
        for tab in [stays, leaves] {
            tab.wait_connected(1).await?;
        }
        photos_arrive_exactly([stays, leaves]).await?;
        ensure!(stays.offers().await? > offers, "whoever stayed did not offer");
    }
    Ok(())
}

#[tokio::test]
async fn photos_go_both_ways_where_chromium_was_there_first() -> Result<()> {
    both_ways(Browser::Chromium, Browser::Firefox).await
}

#[tokio::test]
async fn photos_go_both_ways_where_firefox_was_there_first() -> Result<()> {
    both_ways(Browser::Firefox, Browser::Chromium).await
}

#[tokio::test]
async fn photos_go_both_ways_between_two_firefoxes() -> Result<()> {
    both_ways(Browser::Firefox, Browser::Firefox).await
}

/// Everybody is seen and heard, photos go on meanwhile, and no offer is made for it.
async fn call(caller: Browser, called: Browser) -> Result<()> {
    let (_server, alice, bob) = two_tabs(person(caller).listening(), person(called).listening()).await?;
    let offers = [alice.offers().await?, bob.offers().await?];
    alice.call().await?;
    bob.accept_call().await?;
    for tab in [&alice, &bob] {
        tab.wait_pictures(1).await?;
        ensure!(tab.hears(Duration::from_secs(2)).await? > 0.0, "nothing is heard");
    }
    photos_arrive_exactly([&alice, &bob]).await?;

    bob.click("#hangupButton").await?;
    for tab in [&alice, &bob] {
        tab.wait_no_call().await?;
        ensure!(tab.tracks_sent().await? == 0, "media after the end");
    }
    ensure!([alice.offers().await?, bob.offers().await?] == offers, "a call made an offer");
    Ok(())
}

#[tokio::test]
async fn chromium_calls_firefox() -> Result<()> {
    call(Browser::Chromium, Browser::Firefox).await
}

#[tokio::test]
async fn firefox_calls_chromium() -> Result<()> {
    call(Browser::Firefox, Browser::Chromium).await
}

/// Firefox says of its queue that nothing leaves it while it does not run empty.
#[tokio::test]
async fn big_photos_keep_their_connection() -> Result<()> {
    let big = || Tab::with_camera_of(1920, 1080).in_browser(Browser::Firefox).remembered();
    let (_server, alice, bob) = two_tabs(big(), big()).await?;
    for _ in 0..3 {
        let item = alice.click_snap_and_send().await?;
        bob.wait_incoming(&item, "verified").await?;
    }
    for tab in [&alice, &bob] {
        let connections = tab.history().await?.connections.len();
        ensure!(connections == 1, "{connections} connections for three photos");
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn photos_cross_a_bad_network() -> Result<()> {
    use snaproom_e2e::{Conditions, Nat, Network};

    let network = Network::new()?;
    let (home, office) = (network.host_behind(Nat::PortRestricted)?, network.host()?);
    let cloud = network.host()?;
    let server = Server::start_on(&cloud).await?;
    let alice = person(Browser::Firefox).on(&home).open(&server.url()).await?;
    let bob = person(Browser::Chromium).on(&office).open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    let path = network.between(&home, &office);
    path.set(Conditions { loss: 0.02, delay: Duration::from_millis(10), ..Conditions::PERFECT });
    photos_arrive_exactly([&alice, &bob]).await?;
    ensure!(path.counters().lost > 0, "nothing was lost, so the network was not bad");
    Ok(())
}

#[tokio::test]
async fn a_camera_that_is_refused_or_missing_is_said() -> Result<()> {
    let server = Server::start().await?;
    for (launch, sentence) in [
        (Tab::with_camera_denied(), "may not use the camera"),
        (Tab::without_camera(), "No camera was found"),
    ] {
        let tab = launch.in_browser(Browser::Firefox).open(&server.url()).await?;
        tab.click("#startCamera").await?;
        let said = format!("document.querySelector('.gate .problem').innerText.includes('{sentence}')");
        tab.until(sentence, &said).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_a_page_says_is_heard_and_what_takes_chromium_fails_clearly() -> Result<()> {
    let server = Server::start().await?;
    let tab = person(Browser::Firefox).inject("console.log('before the page')").open(&server.url()).await?;
    let console = tab.console().await?;
    ensure!(console.iter().any(|line| line.contains("before the page")), "the console says {console:?}");
    let errors: Vec<_> = console.iter().filter(|line| line.starts_with("error")).collect();
    ensure!(errors.is_empty(), "{errors:?}");

    let error = tab.freeze().await.err().context("Firefox has no such command")?;
    ensure!(error.to_string().contains("Firefox"), "{error}");
    let two = Tab::with_cameras(2).in_browser(Browser::Firefox).open(&server.url()).await;
    ensure!(two.is_err(), "Firefox has one fake camera");
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_a_firefox_that_is_dropped() -> Result<()> {
    let server = Server::start().await?;
    let tab = person(Browser::Firefox).open(&server.url()).await?;
    // The one that tells of crashes is no member of the group, and has the driver's environment all the same.
    let leader = PathBuf::from("/proc").join(tab.process_group()?.to_string());
    let folder = folder(&leader)?.context("the driver has no folder of its own")?;
    let processes = || -> Result<Vec<PathBuf>> {
        let all = fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
        let its = |process: &PathBuf| matches!(self::folder(process), Ok(Some(its)) if its == folder);
        Ok(all.filter(its).collect())
    };
    ensure!(processes()?.len() > 3, "its processes are not found");

    drop(tab);
    let gone = poll(PATIENCE, async || Ok(processes()?.is_empty().then_some(()))).await?;
    gone.with_context(|| format!("still there: {:?}", processes()))?;
    ensure!(!folder.exists(), "{} is left", folder.display());
    Ok(())
}

/// Where a process keeps what is temporary.
fn folder(process: &Path) -> Result<Option<PathBuf>> {
    let environment = fs::read(process.join("environ"))?;
    let environment = String::from_utf8_lossy(&environment);
    Ok(environment.split('\0').find_map(|entry| entry.strip_prefix("TMPDIR=")).map(PathBuf::from))
}
