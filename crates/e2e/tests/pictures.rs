//! What is done to a picture before it is sent: what the person sees is what the others get, but for the mirror; and a
//! photo may be waited for.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Film, Launch, Photo, Server, Tab, two_tabs};

/// The camera's pictures in pixels.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// What it sees: upright stripes, none like another, nor like its mirror image.
const STRIPES: [[f32; 3]; 4] = [[0.9, 0.2, 0.1], [0.15, 0.6, 0.3], [0.2, 0.3, 0.85], [0.75, 0.75, 0.4]];

/// How far a colour may be from what it has to be: browsers round between their steps.
const CLOSE: f32 = 2.0;

type Colour = [f32; 3];

/// Its name, and what it makes of a colour.
type Filter = (&'static str, fn(Colour) -> Colour);

#[tokio::test]
async fn what_a_filter_does_is_seen_and_sent_pixel_for_pixel() -> Result<()> {
    let stripes = Film::stripes((WIDTH, HEIGHT), &STRIPES)?;
    let (_server, alice, bob) = two_tabs(sees(&stripes), Tab::without_camera()).await?;
    let plain = stripes_of(&sent(&alice, &bob).await?)?;
    ensure!(all_differ(&plain), "the camera does not show the stripes: {plain:?}");

    // Filter Effects Module Level 1, section 13.
    let filters: [Filter; 6] = [
        ("invert", |colour| colour.map(|part| 255.0 - part)),
        // Half of it over white.
        ("fade", |colour| colour.map(|part| part.midpoint(255.0))),
        ("hue", |colour| {
            let rows = [[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]];
            multiply(rows, colour)
        }),
        ("saturate", |colour| {
            let rows = [[1.787, -0.715, -0.072], [-0.213, 1.285, -0.072], [-0.213, -0.715, 1.928]];
            multiply(rows, colour)
        }),
        ("grey", |colour| multiply([[0.2126, 0.7152, 0.0722]; 3], colour)),
        ("poster", |colour| colour.map(|part| ((part * 3.0 / 255.0).floor() / 2.0).min(1.0) * 255.0)),
    ];
    let offered = "[...document.querySelectorAll('#filterSelect option')].map((option) => option.value)";
    let offered: Vec<String> = alice.evaluate(offered).await?;
    let tested = ["none", "blur"].into_iter().chain(filters.iter().map(|(name, _)| *name));
    assert_eq!(offered, tested.collect::<Vec<_>>(), "a filter is not tested");

    for (name, filter) in filters {
        choose(&alice, "#filterSelect", name).await?;
        alice.until("the viewfinder has it", &format!("{VIEWFINDER}.filter !== 'none'")).await?;
        let found = stripes_of(&sent(&alice, &bob).await?)?;
        for (plain, found) in plain.into_iter().zip(found) {
            let right = filter(plain);
            ensure!(is_close(found, right), "{name} makes {found:?} of {plain:?}, and {right:?} is right");
        }
    }
    choose(&alice, "#filterSelect", "none").await?;
    assert_eq!(stripes_of(&sent(&alice, &bob).await?)?, plain, "without a filter");
    Ok(())
}

#[tokio::test]
async fn a_blur_is_as_wide_in_the_photo_as_in_the_viewfinder() -> Result<()> {
    let stripes = Film::stripes((WIDTH, HEIGHT), &STRIPES)?;
    let (_server, alice, bob) = two_tabs(sees(&stripes).sized((390, 844)), Tab::without_camera()).await?;
    let plain = sent(&alice, &bob).await?;
    choose(&alice, "#filterSelect", "blur").await?;
    let shown: f32 = alice.evaluate("document.querySelector('#camera').clientWidth").await?;
    ensure!(shown < 400.0, "the viewfinder is as large as the photo, which proves nothing");
    let blurred = sent(&alice, &bob).await?;
    // Four pixels of the screen, as standard deviation. Of what lies within it on either side of an edge, a blur leaves
    // two thirds of the difference.
    let (wide, edge) = (4.0 * small(WIDTH) / shown, WIDTH / STRIPES.len());
    let [left, right] = [edge - 60, edge + 60].map(|x| colour(&plain, x, HEIGHT / 2));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
    let near = [edge - wide as usize, edge + wide as usize].map(|x| colour(&blurred, x, HEIGHT / 2));
    for part in 0..3 {
        let (difference, remains) = (left[part] - right[part], near[0][part] - near[1][part]);
        if difference.abs() > 30.0 {
            let share = remains / difference;
            ensure!((0.55..0.8).contains(&share), "{share} of the difference remains at {wide} pixels");
        }
    }
    // Neither the middle of a stripe nor the picture's rim has anything else than its own colour.
    for (x, y) in [(edge / 2, HEIGHT / 2), (edge / 2, 0), (0, HEIGHT - 1)] {
        let (found, plain) = (colour(&blurred, x, y), colour(&plain, x, y));
        ensure!(is_close(found, plain), "{found:?} at {x},{y} instead of {plain:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_mirror_is_for_ones_own_eyes_and_remembered() -> Result<()> {
    let stripes = Film::stripes((WIDTH, HEIGHT), &STRIPES)?;
    let (_server, alice, bob) = two_tabs(sees(&stripes), Tab::without_camera()).await?;
    alice.start_camera().await?;
    ensure!(mirrors(&alice).await?, "a camera that looks at somebody is not mirrored");
    let mirrored = sent(&alice, &bob).await?;
    alice.click("#mirrorSwitch").await?;
    alice.until("it is not mirrored", &format!("{VIEWFINDER}.transform === 'none'")).await?;
    let plain = sent(&alice, &bob).await?;
    assert_eq!(stripes_of(&mirrored)?, stripes_of(&plain)?);
    ensure!(all_differ(&stripes_of(&plain)?), "the mirror would not be seen");

    alice.reload().await?;
    alice.start_camera().await?;
    ensure!(!mirrors(&alice).await?, "it was forgotten");
    alice.tab_to("#mirrorSwitch").await?;
    alice.press(" ").await?;
    alice.until("it is mirrored", &format!("{VIEWFINDER}.transform !== 'none'")).await
}

#[tokio::test]
async fn a_camera_that_looks_away_is_not_mirrored_unless_somebody_wants_that() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(LOOKS_AWAY).open(&server.url()).await?;
    alice.until("it is not mirrored", &format!("{VIEWFINDER}.transform === 'none' && {ON}")).await?;
    alice.click("#mirrorSwitch").await?;
    alice.until("it is mirrored", &format!("{VIEWFINDER}.transform !== 'none'")).await?;
    alice.reload().await?;
    alice.until("it still is", &format!("{VIEWFINDER}.transform !== 'none' && {ON}")).await
}

#[tokio::test]
async fn browsers_that_draw_without_filters_offer_none() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(NO_FILTERS).open(&server.url()).await?;
    alice.wait_usable("#timerSelect").await?;
    ensure!(
        alice.evaluate::<bool>("document.querySelector('#filterSelect') === null").await?,
        "a filter is offered"
    );
    alice.snap().await.map(drop)
}

#[tokio::test]
async fn a_photo_is_taken_when_its_time_has_come_and_no_earlier() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera().inject(HEARD), Tab::without_camera()).await?;
    alice.start_camera().await?;
    choose(&alice, "#timerSelect", "3").await?;
    let pressed = Instant::now();
    alice.click("#snapAndSend").await?;
    alice.until("the number", "document.querySelector('#countdown').innerText === '3'").await?;
    ensure!(alice.text("#snapAndSend").await? == "Stop", "nothing says how it is stopped");
    let item: String = alice.wait("a photo", SNAPPED).await?;
    let took = pressed.elapsed();
    ensure!(took >= Duration::from_secs(3), "it was taken after {took:?}");
    bob.wait_photo(&item).await?;
    ensure!(alice.text("#countdown").await?.is_empty(), "the number is still there");
    ensure!(alice.text("#snapAndSend").await? != "Stop", "the button still stops it");
    // People who do not see it are told once, not every second.
    let heard: Vec<String> = alice.evaluate("heard").await?;
    assert_eq!(heard, ["Photo in 3 seconds.", ""]);

    // And Snap alone sends nothing.
    alice.click("#snap").await?;
    alice.until("another photo", "document.querySelector('#sendHint').innerText.startsWith('Ready')").await?;
    assert_eq!(bob.trail().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_countdown_is_stopped_by_the_button_and_by_escape() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    alice.start_camera().await?;
    choose(&alice, "#timerSelect", "3").await?;
    alice.click("#snapAndSend").await?;
    counts(&alice).await?;
    alice.click("#snapAndSend").await?;
    stops(&alice).await?;
    alice.until("it is said", "document.querySelector('#notice').innerText.startsWith('Stopped')").await?;

    // By keyboard alone, whatever the focus is on.
    alice.press_with_shift("Tab").await?;
    alice.tab_to("#snapAndSend").await?;
    for leave in [false, true] {
        alice.press("Enter").await?;
        counts(&alice).await?;
        if leave {
            alice.press_with_shift("Tab").await?;
        }
        alice.press("Escape").await?;
        stops(&alice).await?;
    }
    alice.tab_to("#snap").await?;
    alice.press(" ").await?;
    counts(&alice).await?;
    alice.press(" ").await?;
    stops(&alice).await?;
    no_photo_comes(&alice).await?;
    assert_eq!(bob.trail().await?.len(), 0);

    // The timer is where it was, and does its work.
    alice.press(" ").await?;
    alice.wait::<String>("a photo", SNAPPED).await.map(drop)
}

#[tokio::test]
async fn a_countdown_ends_with_the_camera_and_with_the_room() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    alice.start_camera().await?;
    choose(&alice, "#timerSelect", "3").await?;
    alice.click("#snap").await?;
    counts(&alice).await?;
    alice.unplug_camera().await?;
    stops(&alice).await?;
    alice.click("#startCamera").await?;
    alice.start_camera().await?;

    alice.wait_usable("#snap").await?;
    alice.click("#snap").await?;
    counts(&alice).await?;
    alice.new_room().await?;
    stops(&alice).await?;
    no_photo_comes(&alice).await
}

fn sees(stripes: &Film) -> Launch {
    Tab::with_camera_of(640, 480).filmed(stripes)
}

/// Chooses from a list, as a person does.
async fn choose(tab: &Tab, select: &str, value: &str) -> Result<()> {
    tab.click(&format!("{select} option[value='{value}']")).await?;
    let chosen = format!("document.querySelector('{select}').value === '{value}'");
    tab.until(&format!("{value} is chosen"), &chosen).await
}

/// Takes a photo, which arrives as it is.
async fn sent(from: &Tab, to: &Tab) -> Result<Photo> {
    let photo = from.snap_and_send().await?;
    let received = to.wait_photo(&photo.item).await?;
    ensure!(received == photo, "{received:?} arrived, {photo:?} was sent");
    let opaque = photo.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255);
    ensure!(opaque, "something shines through");
    Ok(photo)
}

/// The colour in the middle of each stripe; fails where a stripe has more than one.
fn stripes_of(photo: &Photo) -> Result<[Colour; STRIPES.len()]> {
    let mut found = [[0.0; 3]; STRIPES.len()];
    for (number, found) in found.iter_mut().enumerate() {
        let x = WIDTH * (2 * number + 1) / (2 * STRIPES.len());
        *found = colour(photo, x, HEIGHT / 2);
        for (x, y) in [(x - 20, 3), (x + 20, HEIGHT - 3)] {
            let other = colour(photo, x, y);
            ensure!(is_close(*found, other), "stripe {number} is {found:?} and {other:?}");
        }
    }
    Ok(found)
}

fn colour(photo: &Photo, x: usize, y: usize) -> Colour {
    let at = 4 * (y * WIDTH + x);
    [0, 1, 2].map(|part| f32::from(photo.pixels[at + part]))
}

fn is_close(one: Colour, other: Colour) -> bool {
    one.into_iter().zip(other).all(|(one, other)| (one - other).abs() <= CLOSE)
}

fn all_differ(colours: &[Colour]) -> bool {
    colours
        .iter()
        .enumerate()
        .all(|(number, one)| colours[..number].iter().all(|other| !is_close(*one, *other)))
}

fn multiply(rows: [[f32; 3]; 3], colour: Colour) -> Colour {
    rows.map(|row| {
        let sum: f32 = row.into_iter().zip(colour).map(|(factor, part)| factor * part).sum();
        sum.clamp(0.0, 255.0)
    })
}

async fn mirrors(tab: &Tab) -> Result<bool> {
    tab.evaluate(&format!("new DOMMatrix({VIEWFINDER}.transform).a === -1")).await
}

async fn counts(tab: &Tab) -> Result<()> {
    tab.until("a number", "document.querySelector('#countdown').innerText !== ''").await
}

async fn stops(tab: &Tab) -> Result<()> {
    tab.until("no number", "document.querySelector('#countdown').innerText === ''").await
}

/// Not within the time that a countdown takes, and not before.
async fn no_photo_comes(tab: &Tab) -> Result<()> {
    tab.evaluate::<()>("new Promise((later) => setTimeout(() => later(), 3500))").await?;
    let photo: Option<String> = tab.evaluate(SNAPPED).await.context("no marks")?;
    ensure!(photo.is_none(), "a photo was taken");
    Ok(())
}

/// A picture's side is far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "at most 640")]
fn small(number: usize) -> f32 {
    number as f32
}

const VIEWFINDER: &str = "getComputedStyle(document.querySelector('#camera'))";

/// The camera is on.
const ON: &str = "document.querySelector('.gate').hidden";

/// The newest photo, if there is one.
const SNAPPED: &str = "performance.getEntriesByType('mark').map((mark) => mark.name.split(':'))
    .findLast(([kind, , what]) => kind === 'photo' && what === 'snapped')?.[1] ?? null";

/// As a phone's camera on its back.
const LOOKS_AWAY: &str = "{
    const { getSettings } = MediaStreamTrack.prototype;
    MediaStreamTrack.prototype.getSettings = function () {
        return { ...getSettings.call(this), facingMode: 'environment' };
    };
}";

/// As in Safari.
const NO_FILTERS: &str = "delete CanvasRenderingContext2D.prototype.filter;";

/// Keeps what is said beside the viewfinder.
const HEARD: &str = "
    window.heard = [];
    new MutationObserver(() => {
        const region = document.querySelector('#countdown ~ [role=status]');
        if (region !== null && region.textContent !== (heard.at(-1) ?? '')) heard.push(region.textContent);
    }).observe(document, { subtree: true, childList: true, characterData: true });
";
