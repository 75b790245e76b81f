//! The whole main job without a mouse: what has the focus is seen, and nobody has to begin anew at the page's top.

use anyhow::{Result, ensure};
use snaproom_e2e::{Tab, two_tabs};

#[tokio::test]
async fn photos_are_taken_sent_looked_at_and_saved_by_keyboard_alone() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera_unasked(), Tab::without_camera()).await?;

    // The camera: its button goes when the picture comes, and the next thing to press has the focus.
    alice.tab_to("#startCamera").await?;
    alice.allow_camera().await?;
    alice.press("Enter").await?;
    alice.until("the shutter has the focus", "document.activeElement?.id === 'snap'").await?;
    alice.start_camera().await?;
    alice.press("Enter").await?;
    alice.wait_usable("#send").await?;
    alice.tab_to("#send").await?;
    alice.press("Enter").await?;
    bob.until("the first photo is here", &arrived(1)).await?;
    alice.tab_to("#snapAndSend").await?;
    alice.press(" ").await?;
    bob.until("the second photo is here", &arrived(2)).await?;

    // Bob opens the newest, steps to the older one, saves it, and is back where the older one stands.
    bob.tab_to("#trail .open").await?;
    bob.press("Enter").await?;
    bob.until("the photo is large", "document.querySelector('#lightbox').open").await?;
    bob.press("ArrowRight").await?;
    bob.until("the older one", "document.querySelector('.facts').innerText.startsWith('2 of 2')").await?;
    let downloads = bob.keep_downloads().await?;
    bob.tab_to(".saveLarge").await?;
    bob.press("Enter").await?;
    bob.downloaded(&downloads, "png").await?;
    bob.until("it is saved", "document.querySelectorAll('#trail [data-saved=true]').length === 1").await?;
    bob.press("Escape").await?;
    bob.until(
        "the older photo has the focus",
        "document.activeElement === document.querySelectorAll('#trail .open')[1]",
    )
    .await?;

    // The newest is not saved: removing it takes two presses. The focus stays with the photos.
    bob.press_with_shift("Tab").await?;
    bob.tab_to("#trail .open").await?;
    bob.press("Enter").await?;
    bob.tab_to(".remove").await?;
    let place = bob.text(".facts").await?;
    bob.press("Enter").await?;
    bob.until("it is asked again", "document.querySelector('.remove').innerText.includes('Not saved')")
        .await?;
    ensure!(bob.text(".facts").await? == place, "one press removed a photo that is not saved");
    // A second press at once would be a double tap's. Timers end in the order of their times.
    bob.evaluate::<()>("new Promise((later) => setTimeout(() => later(), 700))").await?;
    bob.press("Enter").await?;
    bob.until("one photo is left", "document.querySelectorAll('#trail .transfer').length === 1").await?;
    bob.press("Escape").await?;
    bob.until(
        "the photo that is left has the focus",
        "document.activeElement === document.querySelector('#trail .open')",
    )
    .await
}

#[tokio::test]
async fn dialogs_open_and_close_by_keyboard_and_give_the_focus_back() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;

    for (opener, dialog) in [("#invite", "#inviteDialog"), ("#editName", "#nameDialog")] {
        alice.tab_to(opener).await?;
        alice.press("Enter").await?;
        alice
            .until(&format!("{dialog} is open"), &format!("document.querySelector('{dialog}').open"))
            .await?;
        let inside = format!("document.querySelector('{dialog}').contains(document.activeElement)");
        alice.until("the focus is in the dialog", &inside).await?;
        alice.press("Escape").await?;
        let back = format!("document.activeElement === document.querySelector('{opener}')");
        alice.until(&format!("{opener} has the focus again"), &back).await?;
    }

    alice.press("Enter").await?;
    alice.until("the field has the focus", "document.activeElement?.id === 'nameInput'").await?;
    for letter in ["N", "o", "a"] {
        alice.press(letter).await?;
    }
    alice.press("Enter").await?;
    bob.until("the name is told", "document.querySelector('.peer .who').innerText === 'Noa'").await?;
    bob.until("and said", "document.querySelector('#status').innerText.includes('Noa')").await?;

    // It is remembered, and the friendly one comes back when it is taken away.
    alice.reload().await?;
    bob.wait_connected(1).await?;
    bob.until("the name is told again", "document.querySelector('.peer .who').innerText === 'Noa'").await?;
    alice.tab_to("#editName").await?;
    alice.press("Enter").await?;
    alice
        .until("the name is there to be changed", "document.querySelector('#nameInput').value === 'Noa'")
        .await?;
    for _ in 0..3 {
        alice.press("Backspace").await?;
    }
    alice.press("Enter").await?;
    bob.until("the friendly name is back", "document.querySelector('.peer .who').innerText !== 'Noa'").await
}

fn arrived(photos: usize) -> String {
    format!("document.querySelectorAll('#trail [data-state=verified]').length === {photos}")
}
