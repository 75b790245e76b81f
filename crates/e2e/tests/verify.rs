//! Two people make sure of each other; and everybody goes to a room of which somebody else has no link.

use anyhow::{Result, ensure};
use snaproom_e2e::{Tab, two_tabs};

const SIGNS: &str = "#personDialog[open] .comparison";

async fn signs(tab: &Tab) -> Result<String> {
    tab.until("seven signs", &format!("document.querySelectorAll('{SIGNS} li').length === 7")).await?;
    tab.text(SIGNS).await
}

/// Bob asks, and Alice agrees.
async fn compare(alice: &Tab, bob: &Tab) -> Result<(String, String)> {
    bob.ask_to_compare().await?;
    let asked = "document.querySelector('#notice').textContent.includes('wants to compare')";
    alice.until("word of it", asked).await?;
    alice.ask_to_compare().await?;
    Ok((signs(alice).await?, signs(bob).await?))
}

async fn wait_focus(tab: &Tab, on: &str) -> Result<()> {
    tab.until(&format!("the focus on {on}"), &format!("document.activeElement?.matches({on:?})")).await
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
    let (hers, his) = compare(&alice, &bob).await?;
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

    // Nobody turns into somebody else without a word. (He may have been some "Bobcat" before.)
    for name in ["Bob", "Carol"] {
        bob.set_name(name).await?;
        alice
            .until(
                "his name",
                &format!("document.querySelector('#peers .peer .who').textContent === {name:?}"),
            )
            .await?;
    }
    alice.until("a word", "document.querySelector('#notice').textContent.includes('is called')").await?;

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
    compare(&alice, &bob).await?;
    alice.click("#otherSigns").await?;
    alice
        .until("he is refused", "document.querySelector('#peers .peer').dataset.state === 'refused'")
        .await?;
    let words = alice.text("#peers .peer .how").await?;
    ensure!(words.contains("signs differ"), "{words}");
    // The signs are answered: nothing is left to press.
    alice.look_at_other().await?;
    let pressable = "document.querySelector('#personDialog .buttons button, #peers .sas:not(:empty)')";
    ensure!(
        alice.evaluate::<bool>(&format!("!{pressable}")).await?,
        "she could still say that they are the same"
    );
    alice.click("#personDialog .close").await?;
    bob.until("she is gone", "!document.querySelector('#peers .peer[data-state=connected]')").await?;
    ensure!(!alice.is_usable("#snapAndSend").await?, "a photo would go to nobody");
    Ok(())
}

#[tokio::test]
async fn both_have_to_ask_and_the_keyboard_is_not_lost_on_the_way() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.ask_to_compare().await?;
    wait_focus(&alice, "#personWords").await?;
    let words = alice.text("#personWords").await?;
    ensure!(words.contains("Waiting"), "{words}");
    bob.until("word of it", "document.querySelector('#peers .peer .how').textContent.includes('wants')")
        .await?;
    bob.look_at_other().await?;
    ensure!(
        bob.evaluate::<bool>(&format!("!document.querySelector('{SIGNS}')")).await?,
        "he has not agreed yet"
    );

    // Gone before that: nothing is left to agree to.
    alice.reload().await?;
    bob.until(
        "the question is gone",
        "!document.querySelector('#peers .peer .how').textContent.includes('wants')",
    )
    .await?;
    bob.wait_connected(1).await?;
    bob.click("#compare").await?;
    alice.ask_to_compare().await?;
    ensure!(signs(&alice).await? == signs(&bob).await?, "other signs");

    // Who leaves while the signs are open takes them along.
    alice.click("#personDialog .close").await?;
    alice.new_room().await?;
    bob.until("the dialog closes", "!document.querySelector('#personDialog').open").await?;
    bob.until("a word", "document.querySelector('#notice').textContent.includes('left before')").await?;
    wait_focus(&bob, "#status").await
}

#[tokio::test]
async fn another_device_in_the_place_of_a_verified_one_is_told() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    compare(&alice, &bob).await?;
    alice.click("#sameSigns").await?;
    wait_verified(&alice, true).await?;
    bob.forget_device().await?;
    alice.until("a word", "document.querySelector('#notice').textContent.includes('another device')").await?;
    wait_verified(&alice, false).await?;
    let how = alice.text("#peers .peer .how").await?;
    ensure!(how.contains("another device"), "{how}");

    // A question of the other device does not push that away.
    bob.ask_to_compare().await?;
    let asked = "document.querySelector('#peers .peer .how').textContent.includes('wants to compare')";
    alice.until("the question", asked).await?;
    let how = alice.text("#peers .peer .how").await?;
    ensure!(how.contains("another device"), "{how}");
    let notice = alice.text("#notice").await?;
    ensure!(notice.contains("another device"), "{notice}");
    alice.look_at_other().await?;
    let words = alice.text("#personWords").await?;
    ensure!(words.contains("not the device"), "{words}");
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
        tab.until("the question", "document.querySelector('#invitation') !== null").await?;
    }
    bob.click("#goAlong").await?;
    carol.click("#stayHere").await?;
    wait_focus(&carol, "#status").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    carol.wait_status("alone").await?;
    let new = alice.link().await?;
    ensure!(new != old && bob.link().await? == new && carol.link().await? == old, "who is where");
    Ok(())
}

#[tokio::test]
async fn who_is_left_out_is_not_asked() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    bob.set_name("Bob").await?;
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.set_name("Carol").await?;
    for tab in [&alice, &bob, &carol] {
        tab.wait_connected(2).await?;
    }
    let carols =
        "[...document.querySelectorAll('#companions label')].find((label) => label.textContent === 'Carol')";
    alice.until("her name", carols).await?;
    // Thought better of it, and left nobody out after all: then once more.
    for close in [true, false] {
        alice.click("#newRoom").await?;
        alice.until("all are asked", &format!("{carols}.querySelector('input').checked")).await?;
        alice.evaluate::<()>(&format!("void {carols}.click()")).await?;
        let words = alice.text("#takeAlong").await?;
        ensure!(words == "Take 1 of 2 along", "{words}");
        if close {
            alice.click("#leaveDialog .close").await?;
        }
    }
    alice.click("#takeAlong").await?;
    bob.click("#goAlong").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    carol.wait_status("alone").await?;
    ensure!(carol.evaluate::<bool>("!document.querySelector('#invitation')").await?, "she was asked");
    Ok(())
}

#[tokio::test]
async fn who_comes_while_the_question_is_open_is_not_taken_along_unasked() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.click("#newRoom").await?;
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.wait_connected(2).await?;
    alice.until("both are listed", "document.querySelectorAll('#companions input').length === 2").await?;
    let chosen = "document.querySelectorAll('#companions input:checked').length";
    ensure!(alice.evaluate::<u32>(chosen).await? == 1, "somebody was added by coming");
    let words = alice.text("#takeAlong").await?;
    ensure!(words == "Take 1 of 2 along", "{words}");
    alice.click("#takeAlong").await?;
    bob.until("the question", "document.querySelector('#invitation') !== null").await?;
    carol.wait_connected(1).await?;
    ensure!(carol.evaluate::<bool>("!document.querySelector('#invitation')").await?, "she was asked");
    Ok(())
}

#[tokio::test]
async fn no_invitation_keeps_another_one_from_the_person() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.set_name("Alice").await?;
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.set_name("Carol").await?;
    for tab in [&alice, &bob, &carol] {
        tab.wait_connected(2).await?;
    }
    for name in ["Alice", "Carol"] {
        let known = format!("document.querySelector('#peers').textContent.includes('{name}')");
        bob.until("their names", &known).await?;
    }
    carol.click("#newRoom").await?;
    carol.click("#takeAlong").await?;
    alice.click("#stayHere").await?;
    bob.wait_connected(1).await?;
    alice.wait_connected(1).await?;
    alice.click("#newRoom").await?;
    alice.click("#takeAlong").await?;
    bob.wait_status("alone").await?;
    bob.until("her word", "document.querySelector('#invitation')?.textContent.includes('Carol')").await?;
    bob.click("#stayHere").await?;
    bob.until("hers", "document.querySelector('#invitation')?.textContent.includes('Alice')").await?;
    bob.click("#goAlong").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
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
