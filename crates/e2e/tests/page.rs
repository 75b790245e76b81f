//! The page itself: what the server allows it is enough for it, and any address makes a room.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab, two_tabs};

#[tokio::test]
async fn the_content_security_policy_is_enough_and_the_console_shows_no_error() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::with_camera().inject(VIOLATIONS), Tab::with_camera().inject(VIOLATIONS)).await?;
    bob.keep_downloads().await?;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        let photo = from.snap_and_send().await?;
        assert_eq!(to.wait_photo(&photo.item).await?, photo);
    }
    bob.click("#trail .save").await?;
    bob.click("#copyLink").await?;
    bob.until("the link is copied", "document.querySelector('#notice').innerText !== ''").await?;
    bob.new_room().await?;
    bob.wait_status("alone").await?;

    for tab in [&alice, &bob] {
        assert_eq!(tab.evaluate::<Vec<String>>("violations").await?, Vec::<String>::new());
        assert_eq!(errors(tab).await?, Vec::<String>::new());
    }

    // The same counter sees what the policy forbids.
    alice
        .evaluate::<()>(
            "void document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/' }))",
        )
        .await?;
    alice.until("a violation is counted", "violations.length === 1").await
}

#[tokio::test]
async fn a_typed_name_is_a_room_that_says_that_it_is_not_private() -> Result<()> {
    let server = Server::start().await?;
    let link = format!("{}#kitchen", server.url());
    let alice = Tab::with_camera().open(&link).await?;
    assert_eq!(alice.link().await?, link);
    let name = alice.text("#roomName").await?;
    ensure!(name.contains("kitchen") && name.contains("not private"), "{name}");
    let bob = Tab::without_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);

    // A room of the page's own making is private, and says no such thing. A photo that is not saved is asked about.
    bob.new_room().await?;
    bob.until("the room is private", "!document.querySelector('#roomName').innerText.includes('not private')")
        .await
}

#[tokio::test]
async fn odd_addresses_make_rooms_and_break_nothing() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::without_camera().open(&server.url()).await?;
    alice.wait_status("alone").await?;
    let long = "x".repeat(5000);
    for fragment in [
        "%",
        "%E0%A4%A",
        "100%25",
        "<script>window.broken = 1</script>",
        "<img src=x onerror=window.broken=1>",
        "写真 部屋",
        "\u{202E}drowssap",
        "a/b?c=d&e#f",
        "AAAAAAAAAAAAAAAAAAAAAA",
        &long,
    ] {
        let before = alice.link().await?;
        alice.paste_link(&format!("{}#{fragment}", server.url())).await?;
        alice
            .until("the link is another", &format!("document.querySelector('#url').href !== '{before}'"))
            .await?;
        alice.wait_status("alone").await?;
        // What stands in the address bar leads to the same room again.
        let link = alice.link().await?;
        alice.reload().await?;
        assert_eq!(alice.link().await?, link, "the link of {fragment} leads elsewhere");
        alice.wait_status("alone").await?;
    }
    ensure!(alice.evaluate::<bool>("window.broken === undefined").await?, "a room's name was run");
    assert_eq!(errors(&alice).await?, Vec::<String>::new());
    Ok(())
}

/// What the console shows in red, panics and failed loads among it.
async fn errors(tab: &Tab) -> Result<Vec<String>> {
    Ok(tab.console().await?.into_iter().filter(|line| line.starts_with("SEVERE")).collect())
}

const VIOLATIONS: &str = "
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) => {
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
";
