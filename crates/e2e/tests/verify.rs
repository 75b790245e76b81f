//! Two people make sure of each other; and everybody goes to a room of which somebody else has no link.

use anyhow::{Result, ensure};
use snaproom_e2e::{Tab, two_tabs};

const SIGNS: &str = "#personDialog[open] .comparison";

/// Opens what there is about the other one.
async fn look_at_other(tab: &Tab) -> Result<()> {
    tab.click("#peers .peer button").await?;
    tab.until("the dialog", "document.querySelector('#personDialog')?.open").await
}

async fn signs(tab: &Tab) -> Result<String> {
    tab.until("seven signs", &format!("document.querySelectorAll('{SIGNS} li').length === 7")).await?;
    tab.text(SIGNS).await
}

async fn wait_verified(tab: &Tab, verified: bool) -> Result<()> {
    let peer =
        format!("document.querySelector('#peers .peer[data-state=connected][data-verified={verified}]')");
    tab.until("whether the other is verified", &peer).await
}

#[tokio::test]
async fn signs_are_the_same_on_both_sides_and_who_was_verified_is_known_after_reloads() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    for tab in [&alice, &bob] {
        wait_verified(tab, false).await?;
    }
    look_at_other(&alice).await?;
    alice.click("#compare").await?;
    let hers = signs(&alice).await?;
    bob.until("word of it", "document.querySelector('#notice').textContent.includes('Signs')").await?;
    look_at_other(&bob).await?;
    let his = signs(&bob).await?;
    println!("both see {hers:?}");
    ensure!(hers == his, "{hers:?} and {his:?}");

    // Each side says it for itself.
    alice.click("#sameSigns").await?;
    wait_verified(&alice, true).await?;
    wait_verified(&bob, false).await?;
    bob.click("#sameSigns").await?;
    for tab in [&alice, &bob] {
        wait_verified(tab, true).await?;
    }
    alice.reload().await?;
    bob.reload().await?;
    for tab in [&alice, &bob] {
        wait_verified(tab, true).await?;
    }

    // Whoever else comes is not.
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.wait_connected(2).await?;
    alice.wait_connected(2).await?;
    let verified: Vec<String> = alice
        .evaluate(
            "[...document.querySelectorAll('#peers .peer')].map(({ dataset }) => dataset.verified).sort()",
        )
        .await?;
    ensure!(verified == ["false", "true"], "{verified:?}");
    Ok(())
}

#[tokio::test]
async fn who_sees_other_signs_gets_nothing_more() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::with_camera(), Tab::without_camera()).await?;
    look_at_other(&alice).await?;
    alice.click("#compare").await?;
    signs(&alice).await?;
    alice.click("#otherSigns").await?;
    alice
        .until("he is refused", "document.querySelector('#peers .peer').dataset.state === 'refused'")
        .await?;
    let words = alice.text("#peers .peer .how").await?;
    ensure!(words.contains("signs differ"), "{words}");
    bob.until("she is gone", "!document.querySelector('#peers .peer[data-state=connected]')").await?;
    ensure!(!alice.is_usable("#snapAndSend").await?, "a photo would go to nobody");
    Ok(())
}

#[tokio::test]
async fn everybody_here_is_taken_along_and_who_stays_is_left() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let old = alice.link().await?;
    let carol = Tab::without_camera().open(&old).await?;
    for tab in [&alice, &bob, &carol] {
        tab.wait_connected(2).await?;
    }
    alice.click("#newRoom").await?;
    alice.click("#takeAlong").await?;
    for tab in [&bob, &carol] {
        tab.until("the question", "document.querySelector('#invitedDialog').open").await?;
    }
    bob.click("#goAlong").await?;
    carol.click("#invitedDialog .buttons button:last-child").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    carol.wait_status("alone").await?;
    let new = alice.link().await?;
    ensure!(new != old && bob.link().await? == new && carol.link().await? == old, "who is where");
    Ok(())
}

#[tokio::test]
async fn the_page_says_what_is_kept_from_whom_and_which_room_is_not_private() -> Result<()> {
    let (server, alice, _bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.click("#about").await?;
    alice.until("three sentences", "document.querySelectorAll('#aboutDialog[open] p').length === 3").await?;
    // Weak, odd and empty names make a room as well, and say that it is not private.
    for name in
        ["kitchen", "%", "%E2%80%AE", "%00%00", "'%22<b>", "ÄÖ", "..%2F..", "AAAA", &"x".repeat(3_000)]
    {
        let tab = Tab::without_camera().open(&format!("{}#{name}", server.url())).await?;
        tab.wait_status("alone").await?;
        let words = tab.text("#roomName").await?;
        ensure!(words.contains("not private") && words.contains("could listen"), "{name}: {words}");
    }
    let tab = Tab::without_camera().open(&format!("{}#", server.url())).await?;
    tab.wait_status("alone").await?;
    ensure!(!tab.text("#roomName").await?.contains("not private"), "a room without a name is minted");
    Ok(())
}
