//! One file is all that is needed: the server with the app inside.

use anyhow::{Result, ensure};
use serde_json::Value;
use snaproom_e2e::{Options, Server, Serves, Tab};

#[tokio::test]
async fn the_app_inside_of_the_binary_is_small_and_sends_photos() -> Result<()> {
    let server = Server::start_with(Options { serves: Serves::Embedded, ..Options::default() }).await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    alice.start_camera().await?;
    let photo = alice.snap_and_send().await?;
    bob.wait_incoming(&photo.item, "verified").await?;
    ensure!(bob.wait_photo(&photo.item).await?.pixels == photo.pixels, "other pixels");

    // As `cargo xtask build` compressed it.
    let sizes = "performance.getEntriesByType('resource').filter(({ name }) => /\\.(js|wasm)$/.test(name))\
                 .map(({ name, encodedBodySize, decodedBodySize }) => ({ name, encodedBodySize, decodedBodySize }))";
    let files: Vec<Value> = bob.evaluate(sizes).await?;
    ensure!(files.len() >= 2, "{files:?}");
    for file in &files {
        let size = |name: &str| file[name].as_u64().unwrap_or(0);
        let (sent, whole) = (size("encodedBodySize"), size("decodedBodySize"));
        ensure!(0 < sent && sent * 2 < whole, "{file}");
    }
    Ok(())
}
