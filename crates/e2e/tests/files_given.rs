//! How files are given: chosen for some people, dropped, pasted; photos without what they tell beside their picture;
//! and between two kinds of browsers.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Browser, PATIENCE, Tab, ensure_same, photo_with_position, poll, two_tabs};

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

/// How many handles of files the browser keeps for the page.
const HANDLES: &str = "new Promise((resolve) => {
    const opening = indexedDB.open('snaproom', 1);
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => resolve(0);
    opening.onsuccess = () => {
        const counting = opening.result.transaction('handles').objectStore('handles').count();
        counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
    };
})";

async fn wait_handles(tab: &Tab, count: usize) -> Result<()> {
    let kept = poll(PATIENCE, async || Ok((tab.evaluate::<usize>(HANDLES).await? == count).then_some(())));
    kept.await?.with_context(|| format!("the browser does not keep {count} handles"))
}

/// A film of which some came, and that waits, and a photo that nobody has accepted; then their sender's page is loaded
/// anew, and both are wanted. Gives both items.
async fn dropped_and_wanted_after_a_reload(alice: &Tab, bob: &Tab) -> Result<[String; 2]> {
    let film = alice.make_file("film.mp4", 40_000_000)?;
    let photo = alice.folder().join("beach.jpg");
    fs::write(&photo, photo_with_position())?;
    alice.drop_files(&[&film, &photo]).await?;
    let film = bob.accept_file("film.mp4").await?;
    let photo = bob.wait_file("beach.jpg", "offered").await?.item;
    bob.wait_bytes(&film, 5_000_000).await?;
    bob.press_file(&film, "pause").await?;
    alice.wait_file("film.mp4", "paused").await?;
    wait_handles(alice, 2).await?;
    alice.until("the handles lead to something", "!window.writing").await?;
    alice.reload().await?;
    alice.wait_connected(1).await?;
    bob.press_file(&film, "resume").await?;
    bob.press_file(&photo, "accept").await?;
    Ok([film, photo])
}

async fn both_came(alice: &Tab, bob: &Tab, [film, photo]: [String; 2]) -> Result<()> {
    let downloads = bob.keep_downloads().await?;
    for (name, item, ending) in [("film.mp4", &film, "mp4"), ("beach.jpg", &photo, "jpg")] {
        bob.wait_file(name, "verified").await?;
        bob.press_file(item, "save").await?;
        let saved = bob.downloaded(&downloads, ending).await?;
        if name == "film.mp4" {
            ensure_same(&saved, &alice.folder().join(name))?;
        } else {
            ensure!(!has_position(&fs::read(saved)?), "the position is in it");
        }
    }
    wait_handles(alice, 0).await
}

/// A browser whose handles lead to copies of the page's own. Those may always be read, while after a reload Chromium asks
/// about files of the person's, and nobody answers in a headless one.
const OWN: &str = "DataTransferItem.prototype.getAsFileSystemHandle = async function () {
    const file = this.getAsFile();
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle(file.name, { create: true });
    window.writing = (window.writing ?? 0) + 1;
    handle.createWritable().then((copy) => file.stream().pipeTo(copy)).then(() => (window.writing -= 1));
    return handle;
};";

/// That browser asks its person as well, and takes no question but in reply to a click.
const ASKS: &str = "{
    let granted = false;
    window.asked = 0;
    FileSystemHandle.prototype.queryPermission = async () => (granted ? 'granted' : 'prompt');
    FileSystemHandle.prototype.requestPermission = async () => {
        if (!navigator.userActivation.isActive) throw new DOMException('no click', 'SecurityError');
        window.asked += 1;
        granted = window.asked > 1;
        return granted ? 'granted' : 'prompt';
    };
}";

#[tokio::test]
async fn a_dropped_file_goes_on_after_a_reload_of_its_sender_and_nobody_chooses_it_again() -> Result<()> {
    let own = Tab::without_camera().inject(OWN);
    let (_server, alice, bob) = two_tabs(own, Tab::without_camera()).await?;
    let items = dropped_and_wanted_after_a_reload(&alice, &bob).await?;
    both_came(&alice, &bob, items).await
}

/// Waits until a click lets each of these go on.
async fn wait_go_on(tab: &Tab, items: &[String]) -> Result<()> {
    for item in items {
        let can_go_on = format!(
            "((button) => !button.hidden && button.textContent === 'Go on')
         (document.querySelector('[data-id=\"{item}\"] .supply'))"
        );
        tab.until("it can go on", &can_go_on).await?;
    }
    Ok(())
}

#[tokio::test]
async fn where_the_browser_asks_first_a_click_lets_a_file_go_on() -> Result<()> {
    let asks = Tab::without_camera().inject(OWN).inject(ASKS);
    let (_server, alice, bob) = two_tabs(asks, Tab::without_camera()).await?;
    let items = dropped_and_wanted_after_a_reload(&alice, &bob).await?;
    wait_go_on(&alice, &items).await?;
    // Whoever closes the question without an answer is asked again.
    alice.press_file(&items[0], "supply").await?;
    alice.until("the person was asked", "asked === 1").await?;
    for item in &items {
        wait_go_on(&alice, std::slice::from_ref(item)).await?;
        alice.press_file(item, "supply").await?;
    }
    both_came(&alice, &bob, items).await
}

/// As Chromium is by itself: it knows the files, and asks. Its question waits here for as long as it likes.
#[tokio::test]
async fn a_file_can_be_chosen_again_while_the_browser_asks() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let items = dropped_and_wanted_after_a_reload(&alice, &bob).await?;
    wait_go_on(&alice, &items).await?;
    alice.press_file(&items[0], "supply").await?;
    let paths = ["film.mp4", "beach.jpg"].map(|name| alice.folder().join(name));
    alice.give(&[&paths[0], &paths[1]]).await?;
    both_came(&alice, &bob, items).await
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
