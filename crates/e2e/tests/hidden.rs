//! Whoever hides the network address from the room, on a server that has no relay.

use anyhow::Result;
use snaproom_e2e::{Server, Tab};

#[tokio::test]
async fn a_hidden_address_reaches_nobody_until_one_click_shows_it() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::with_camera().inject(GATHERED).open(&server.url()).await?;
    alice.evaluate::<()>("localStorage.setItem('snaproom:relay-only', 'yes')").await?;
    alice.reload().await?;
    alice.wait_status("alone").await?;
    alice.wait_usable("#showAddress").await?;

    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.until("a search for ways has ended", "gathered.includes('')").await?;
    let found: Vec<String> = alice.evaluate("gathered").await?;
    assert!(found.iter().all(String::is_empty), "addresses of a page that hides them: {found:?}");
    alice.wait_status("connecting").await?;
    alice.wait_usable("#showAddress").await?;

    alice.click("#showAddress").await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    alice.until("an address was found", "gathered.some((candidate) => candidate !== '')").await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);

    // It stays shown.
    alice.reload().await?;
    alice.wait_connected(1).await.map(drop)
}

/// The candidates that the page's browser found; an empty one ends them.
const GATHERED: &str = "
    window.gathered = [];
    const listen = EventTarget.prototype.addEventListener;
    window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
        construct(target, parameters) {
            const connection = Reflect.construct(target, parameters);
            const found = ({ candidate }) => gathered.push(candidate?.candidate ?? '');
            listen.call(connection, 'icecandidate', found);
            return connection;
        },
    });
";
