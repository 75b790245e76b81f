//! A page without its server says so, says what to do, and goes on by itself.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab};

#[tokio::test]
async fn a_server_that_ends_is_missed_and_found_again() -> Result<()> {
    let mut server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    alice.wait_status("alone").await?;
    server.kill().await?;
    says_how_to_start_the_server(&alice).await?;
    server.start_again().await?;
    alice.wait_status("alone").await?;
    works(&alice).await
}

#[tokio::test]
async fn a_server_that_never_was_there_for_this_room_is_found() -> Result<()> {
    let mut server = Server::start().await?;
    let alice = Tab::with_camera().open(&server.url()).await?;
    alice.wait_status("alone").await?;
    let link = alice.link().await?;
    server.kill().await?;
    alice.new_room().await?;
    says_how_to_start_the_server(&alice).await?;
    ensure!(alice.link().await? != link, "no new room without a server");
    server.start_again().await?;
    alice.wait_status("alone").await?;
    works(&alice).await
}

async fn says_how_to_start_the_server(tab: &Tab) -> Result<()> {
    tab.wait_status("offline").await?;
    let sentence = tab.text("#status").await?;
    ensure!(sentence.contains("server cannot be reached"), "no reason: {sentence}");
    let remedy = tab.text(".howToStart").await?;
    ensure!(remedy.contains("cargo xtask serve") && remedy.contains("trunk serve"), "no way on: {remedy}");
    Ok(())
}

async fn works(alice: &Tab) -> Result<()> {
    let bob = Tab::without_camera().open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}
