//! How files are given: chosen for some people, dropped, pasted; photos without what they tell beside their picture;
//! and between two kinds of browsers.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Browser, Tab, photo_with_position, two_tabs};

#[tokio::test]
async fn a_photo_goes_without_its_position_and_with_it_when_that_is_wanted() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let photo = photo_with_position();
    ensure!(has_position(&photo), "the photo of this test tells no position");
    let path = alice.folder().join("beach.jpg");
    fs::write(&path, &photo)?;
    alice.give(&[&path]).await?;
    let item = bob.accept_file("beach.jpg").await?;
    bob.wait_file("beach.jpg", "verified").await?;
    let told = alice.text("#fileList .removed").await?;
    ensure!(told.contains("Sent without the place where it was taken"), "{told}");

    let downloads = bob.keep_downloads().await?;
    bob.press_file(&item, "save").await?;
    let saved = bob.downloaded(&downloads, "jpg").await?;
    let clean = fs::read(&saved)?;
    ensure!(!has_position(&clean), "the position is in it");
    let picture = photo.windows(2).position(|marker| marker == [0xFF, 0xDB]).context("no table")?;
    ensure!(clean.ends_with(&photo[picture..]), "the picture is another one");

    let another = photo_with_position();
    let path = alice.folder().join("garden.jpg");
    fs::write(&path, &another)?;
    alice.give(&[&path]).await?;
    let offered = bob.wait_file("garden.jpg", "offered").await?;
    alice.click("#fileList > :first-child .removed button").await?;
    let gone = format!("document.querySelector('#fileList > [data-id=\"{}\"]') === null", offered.item);
    bob.until("the one without is taken back", &gone).await?;
    let item = bob.accept_file("garden.jpg").await?;
    bob.wait_file("garden.jpg", "verified").await?;
    fs::remove_file(&saved)?;
    bob.press_file(&item, "save").await?;
    let saved = bob.downloaded(&downloads, "jpg").await?;
    ensure!(fs::read(saved)? == another, "it is not the original");
    Ok(())
}

#[tokio::test]
async fn what_is_dropped_or_pasted_is_given() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let transfer = |names: &[&str]| {
        format!(
            "const transfer = new DataTransfer();
             for (const name of {names:?}) transfer.items.add(new File([`in ${{name}}`], name, {{ type: 'text/plain' }}));"
        )
    };
    let drop = format!(
        "(() => {{
            {}
            const zone = document.querySelector('main.room');
            const drag = (type) => new DragEvent(type, {{ bubbles: true, cancelable: true, dataTransfer: transfer }});
            zone.dispatchEvent(drag('dragenter'));
            zone.dispatchEvent(drag('dragover'));
            return !zone.dispatchEvent(drag('drop'));
        }})()",
        transfer(&["one.txt", "two.txt"])
    );
    ensure!(alice.evaluate::<bool>(&drop).await?, "the browser opens what is dropped");
    let paste = format!(
        "(() => {{
            {}
            document.body.dispatchEvent(
                new ClipboardEvent('paste', {{ bubbles: true, cancelable: true, clipboardData: transfer }}));
        }})()",
        transfer(&["three.txt"])
    );
    alice.evaluate::<()>(&format!("void {paste}")).await?;
    let downloads = bob.keep_downloads().await?;
    for name in ["one.txt", "two.txt", "three.txt"] {
        let item = bob.accept_file(name).await?;
        bob.wait_file(name, "verified").await?;
        bob.press_file(&item, "save").await?;
        let saved = bob.downloaded(&downloads, "txt").await?;
        ensure!(fs::read_to_string(&saved)? == format!("in {name}"), "{name} holds something else");
        fs::remove_file(saved)?;
    }
    Ok(())
}

/// There and back, also after a reload of who gets it.
async fn both_ways(first: Browser, second: Browser) -> Result<()> {
    const BYTES: u64 = 12_345_678;
    let launch = |browser| Tab::without_camera().in_browser(browser).inject(SAVED);
    let (_server, alice, bob) = two_tabs(launch(first), launch(second)).await?;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        let path = from.make_file("film.mp4", BYTES)?;
        from.give(&[&path]).await?;
        let item = to.accept_file("film.mp4").await?;
        to.wait_file("film.mp4", "verified").await?;
        is_saved_as(to, &item, &path).await?;
        to.reload().await?;
        to.wait_file("film.mp4", "verified").await?;
        is_saved_as(to, &item, &path).await?;
        to.press_file(&item, "remove").await?;
        from.wait_connected(1).await?;
        let item = from.file("film.mp4").await?.context("it is listed")?.item;
        from.press_file(&item, "remove").await?;
    }
    Ok(())
}

async fn is_saved_as(tab: &Tab, item: &str, path: &Path) -> Result<()> {
    let before: usize = tab.evaluate("saved.length").await?;
    tab.press_file(item, "save").await?;
    tab.until("it is saved", &format!("saved.length > {before}")).await?;
    let kind: String = tab.evaluate("saved.at(-1).type").await?;
    ensure!(kind == "application/octet-stream", "it is saved as {kind}");
    let digest: String = tab
        .evaluate(
            "(async () => {
                const digest = await crypto.subtle.digest('SHA-256', await saved.at(-1).arrayBuffer());
                return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
            })()",
        )
        .await?;
    let wanted = <sha2::Sha256 as sha2::Digest>::digest(fs::read(path)?).iter().fold(
        String::new(),
        |mut wanted, byte| {
            let _ = write!(wanted, "{byte:02x}");
            wanted
        },
    );
    ensure!(digest == wanted, "other bytes are saved");
    Ok(())
}

#[tokio::test]
async fn files_go_from_chromium_to_firefox_and_back() -> Result<()> {
    both_ways(Browser::Chromium, Browser::Firefox).await
}

/// What becomes a download, so that a page can look at it.
const SAVED: &str = "{
    window.saved = [];
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => {
        window.saved.push(blob);
        return createObjectURL.call(URL, blob);
    };
}";

fn has_position(photo: &[u8]) -> bool {
    photo.windows(8).any(|bytes| bytes == [47, 0, 0, 0, 1, 0, 0, 0])
}
