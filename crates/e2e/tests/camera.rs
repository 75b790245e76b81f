//! Whatever keeps a camera away has its own sentence, a way to try again, and leaves a room that receives.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab};

#[tokio::test]
async fn asks_nobody_before_a_click_and_starts_at_once_where_it_was_allowed() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::with_camera_unasked().inject(ASKED).open(&server.url()).await?;
    bob.wait_status("alone").await?;
    let button = "document.querySelector('#startCamera') !== null";
    bob.until("the page offers to start the camera", button).await?;
    assert_eq!(bob.evaluate::<u32>("asked").await?, 0, "the page asks a person who did nothing");
    bob.allow_camera().await?;
    bob.click("#startCamera").await?;
    bob.snap().await?;
    assert_eq!(bob.evaluate::<u32>("asked").await?, 1);

    bob.reload().await?;
    let picture = "document.querySelector('#camera').videoWidth > 0";
    bob.until("the camera starts by itself", picture).await
}

#[tokio::test]
async fn denied() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::with_camera_denied().open(&server.url()).await?;
    bob.click("#startCamera").await?;
    says(&bob, "may not use the camera").await?;
    still_receives(&bob, &server).await?;

    bob.allow_camera().await?;
    starts_again(&bob).await
}

#[tokio::test]
async fn missing() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::without_camera().open(&server.url()).await?;
    bob.click("#startCamera").await?;
    says(&bob, "No camera was found").await?;
    still_receives(&bob, &server).await
}

#[tokio::test]
async fn busy() -> Result<()> {
    refused("new DOMException('in use', 'NotReadableError')", "Another program").await
}

#[tokio::test]
async fn impossible() -> Result<()> {
    refused("new OverconstrainedError('width', 'too wide')", "cannot do what was asked of it (width)").await
}

#[tokio::test]
async fn something_else() -> Result<()> {
    refused("new DOMException('strange', 'UnknownError')", "did not start (UnknownError: strange)").await
}

#[tokio::test]
async fn insecure() -> Result<()> {
    let server = Server::start().await?;
    // As over plain http from another machine, where browsers have no `mediaDevices`.
    let without = "Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined });";
    let bob = Tab::with_camera().inject(without).open(&server.url()).await?;
    bob.click("#startCamera").await?;
    says(&bob, "secure pages only").await?;
    still_receives(&bob, &server).await
}

#[tokio::test]
async fn unplugged_and_taken_away() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::with_camera().open(&server.url()).await?;
    bob.start_camera().await?;
    bob.unplug_camera().await?;
    says(&bob, "went away").await?;
    ensure!(!bob.is_usable("#snap").await?, "Snap without a camera");
    still_receives(&bob, &server).await?;
    starts_again(&bob).await?;

    bob.revoke_camera().await?;
    says(&bob, "may not use the camera").await?;
    ensure!(!bob.is_usable("#snap").await?, "Snap with a camera that is not allowed any more");
    bob.allow_camera().await?;
    starts_again(&bob).await
}

/// The tests above would see an `alert()`: it fails the next command to the page.
#[tokio::test]
async fn an_alert_is_seen() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::without_camera().open(&server.url()).await?;
    bob.evaluate::<()>("void setTimeout(() => alert('seen'))").await?;
    let failure = bob.until("nothing, for ever", "false").await.unwrap_err();
    ensure!(format!("{failure:#}").contains("unexpected alert open"), "{failure:#}");
    Ok(())
}

/// `getUserMedia` throws `error`, and works again later.
async fn refused(error: &str, sentence: &str) -> Result<()> {
    let server = Server::start().await?;
    let throwing = format!(
        "{{ const open = MediaDevices.prototype.getUserMedia;
            window.trouble = () => {error};
            MediaDevices.prototype.getUserMedia = async function (constraints) {{
                if (window.trouble) throw window.trouble();
                return open.call(this, constraints);
            }}; }}"
    );
    let bob = Tab::with_camera().inject(&throwing).open(&server.url()).await?;
    // Where the camera was allowed before, the page has tried already.
    bob.click("#startCamera").await?;
    says(&bob, sentence).await?;
    still_receives(&bob, &server).await?;
    bob.evaluate::<()>("void (window.trouble = null)").await?;
    starts_again(&bob).await
}

async fn says(tab: &Tab, sentence: &str) -> Result<()> {
    let said = format!("document.querySelector('.gate .problem').innerText.includes('{sentence}')");
    tab.until(&format!("the page says: {sentence}"), &said).await?;
    ensure!(!tab.text(".gate .remedy").await?.is_empty(), "no remedy for: {sentence}");
    Ok(())
}

/// Somebody joins, and what they send arrives.
async fn still_receives(tab: &Tab, server: &Server) -> Result<()> {
    let link = tab.link().await?;
    ensure!(link.starts_with(&server.url()), "{link} is not of this server");
    let alice = Tab::with_camera().open(&link).await?;
    alice.wait_connected(1).await?;
    let photo = alice.snap_and_send().await?;
    assert_eq!(tab.wait_photo(&photo.item).await?, photo);
    alice.close().await
}

/// The cause is gone: one click, and photos can be taken.
async fn starts_again(tab: &Tab) -> Result<()> {
    tab.click("#startCamera").await?;
    let photo = tab.snap().await?;
    ensure!(!photo.pixels.is_empty(), "the camera gives nothing");
    tab.until("nothing is said about the camera any more", "document.querySelector('.gate').hidden").await
}

/// Counts how often the page asks for the camera.
const ASKED: &str = "
    window.asked = 0;
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = function (constraints) {
        window.asked += 1;
        return getUserMedia.call(this, constraints);
    };
";
