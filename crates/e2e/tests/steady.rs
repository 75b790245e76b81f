//! Nothing jumps: neither when the app takes the place of the page that waits for it, nor when something arrives.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab};

#[tokio::test]
async fn the_first_paint_does_not_wait_for_the_app_and_nothing_moves_after_it() -> Result<()> {
    for size in [(390, 844), (1280, 900)] {
        let server = Server::start().await?;
        let tab = Tab::without_camera().sized(size).inject(SHIFTS).inject(HELD).load(&server.url()).await?;
        tab.until("a paint", "performance.getEntriesByName('first-contentful-paint').length > 0").await?;
        tab.until("the app is asked for", "held.length > 0").await?;
        ensure!(
            tab.evaluate::<bool>("document.querySelector('#status') === null").await?,
            "the app was not held"
        );
        tab.evaluate::<()>("void release()").await?;
        tab.until("the app starts", "document.querySelector('#status') !== null").await?;
        tab.wait_status("alone").await?;
        let moved = moved(&tab).await?;
        ensure!(moved.is_empty(), "at {size:?} these moved: {moved:?}");
    }
    Ok(())
}

#[tokio::test]
async fn somebody_who_comes_and_photos_that_arrive_move_nothing_but_photos() -> Result<()> {
    for size in [(390, 844), (1280, 900)] {
        let server = Server::start().await?;
        let bob = Tab::without_camera().sized(size).inject(SHIFTS).open(&server.url()).await?;
        bob.wait_status("alone").await?;
        let alice = Tab::with_camera().open(&bob.link().await?).await?;
        bob.wait_connected(1).await?;
        for _ in 0..3 {
            let photo = alice.snap_and_send().await?;
            bob.wait_photo(&photo.item).await?;
            alice.say("What came moves what came before, and nothing else.").await?;
        }
        bob.until("three messages", "document.querySelectorAll('#chatLog .message').length === 3").await?;
        alice.close().await?;
        bob.until("alice is gone", "document.querySelector('.peer')?.dataset.state !== 'connected'").await?;
        let moved = moved(&bob).await?;
        ensure!(moved.is_empty(), "at {size:?} these moved: {moved:?}");
    }
    // The observer sees what moves.
    let server = Server::start().await?;
    let tab = Tab::without_camera().inject(SHIFTS).open(&server.url()).await?;
    tab.wait_status("alone").await?;
    tab.evaluate::<()>("void document.body.prepend(Object.assign(document.createElement('div'), { innerText: 'a\\nb\\nc' }))")
        .await?;
    tab.until("a shift is seen", "shifts().length > 0").await
}

/// What has moved in this page, once the last change is drawn.
async fn moved(tab: &Tab) -> Result<Vec<String>> {
    tab.drawn().await?;
    tab.evaluate("shifts()").await
}

/// The app does not come before `release` is called.
const HELD: &str = "{
    const { fetch } = window;
    const released = new Promise((release) => { window.release = release; });
    window.held = [];
    window.fetch = async (...request) => {
        const address = String(request[0]?.url ?? request[0]);
        if (address.endsWith('.wasm')) {
            held.push(address);
            await released;
        }
        return fetch.apply(window, request);
    };
}";

/// Everything that moved without the person's doing (Layout Instability API), photos of the trail aside, since the newest
/// one takes the first place, the page's end below them, and what was written, which makes room for what is new.
const SHIFTS: &str = "{
    const moved = [];
    const note = (entries) => {
        for (const { sources } of entries) {
            for (const { node } of sources) {
                const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
                if (element && !element.closest('#trail, #chatLog, .foot')) {
                    moved.push(`${element.tagName} #${element.id} .${element.className}`);
                }
            }
        }
    };
    const observer = new PerformanceObserver((list) => note(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    window.shifts = () => {
        note(observer.takeRecords());
        return moved;
    };
}";
