//! `/check`: everything by itself, and the line that turns red is the one that is to blame.

use anyhow::{Result, ensure};
use serde_json::Value;
use snaproom_e2e::{Launch, Server, Tab};

fn address(server: &Server) -> String {
    format!("{}check", server.url())
}

async fn check(launch: Launch, server: &Server) -> Result<Tab> {
    let tab = launch.load(&address(server)).await?;
    wait_over(&tab).await?;
    Ok(tab)
}

async fn wait_over(tab: &Tab) -> Result<()> {
    tab.until("a verdict", "['good', 'bad'].includes(document.querySelector('#verdict')?.dataset.state)")
        .await
}

async fn state(tab: &Tab, check: &str) -> Result<String> {
    tab.evaluate(&format!("document.querySelector('[data-check={check}]').dataset.state")).await
}

async fn text(tab: &Tab, selector: &str) -> Result<String> {
    tab.evaluate(&format!("document.querySelector('{selector}').innerText")).await
}

/// Exactly these lines are red, and the verdict names each of them or says what follows.
async fn reds(tab: &Tab) -> Result<Vec<String>> {
    tab.evaluate(
        "[...document.querySelectorAll('[data-check][data-state=bad]')].map((line) => line.dataset.check)",
    )
    .await
}

#[tokio::test]
async fn where_everything_works_it_says_so() -> Result<()> {
    let server = Server::start().await?;
    let tab = check(Tab::with_camera(), &server).await?;
    for good in ["secure", "devices", "camera", "microphone", "server", "speed"] {
        let line = format!("[data-check={good}]");
        ensure!(state(&tab, good).await? == "good", "{}", text(&tab, &line).await?);
    }
    ensure!(reds(&tab).await?.is_empty(), "{}", text(&tab, "main").await?);
    ensure!(text(&tab, "[data-check=camera]").await?.contains("640 × 480 pixels"), "the camera's size");
    ensure!(text(&tab, "[data-check=turn-tcp]").await?.contains("Not offered here"), "no relay");
    ensure!(text(&tab, "#verdict").await?.starts_with("Everything works"), "the verdict");
    let cameras: u32 = tab
        .evaluate("document.querySelectorAll('video').length + document.querySelectorAll('canvas').length")
        .await?;
    ensure!(cameras == 0, "the camera is shown nowhere");

    ensure!(
        tab.evaluate::<String>("document.title").await? == "Everything: Snaproom check",
        "the tab's name"
    );
    let report: Value = serde_json::from_str(&text_content(&tab, "#report").await?)?;
    ensure!(report["checks"].as_array().is_some_and(|checks| checks.len() == 11), "{report}");
    ensure!(tab.accessibility_violations().await?.is_empty(), "{:?}", tab.accessibility_violations().await?);
    Ok(())
}

async fn text_content(tab: &Tab, selector: &str) -> Result<String> {
    tab.evaluate(&format!("document.querySelector('{selector}').textContent")).await
}

#[tokio::test]
async fn a_camera_that_was_refused_is_red_and_says_what_to_do() -> Result<()> {
    let server = Server::start().await?;
    let tab = check(Tab::with_camera_denied(), &server).await?;
    let reds = reds(&tab).await?;
    ensure!(reds.contains(&"camera".to_owned()) && !reds.contains(&"server".to_owned()), "{reds:?}");
    let line = text(&tab, "[data-check=camera]").await?;
    ensure!(line.contains("may not use the camera") && line.contains("Allow the camera"), "{line}");
    ensure!(text(&tab, "#verdict").await?.contains("Camera"), "the verdict names it");

    tab.click("[data-check=camera] a").await?;
    tab.until("the page that looks closer", "location.pathname === '/check/camera'").await
}

#[tokio::test]
async fn nobody_is_asked_for_a_camera_before_a_click() -> Result<()> {
    let server = Server::start().await?;
    let tab = check(Tab::with_camera_unasked().inject(ASKED), &server).await?;
    ensure!(tab.evaluate::<u32>("asked").await? == 0, "the page asks a person who did nothing");
    ensure!(state(&tab, "camera").await? == "note", "not known yet");
    tab.allow_camera().await?;
    tab.tab_to("#ask-camera").await?;
    tab.press("Enter").await?;
    tab.until("it works", "document.querySelector('[data-check=camera]').dataset.state === 'good'").await?;
    ensure!(tab.evaluate::<u32>("asked").await? == 1, "once");
    tab.until("the button keeps the focus", "document.activeElement?.id === 'ask-camera'").await
}

#[tokio::test]
async fn a_phone_that_allowed_the_camera_is_told_so_and_the_camera_stays_off() -> Result<()> {
    let server = Server::start().await?;
    let tab = check(Tab::with_camera().inject(TOUCHED).inject(ASKED), &server).await?;
    ensure!(tab.evaluate::<u32>("asked").await? == 0, "the room may have the camera");
    let line = text(&tab, "[data-check=camera]").await?;
    ensure!(line.contains("may use it") && !line.contains("not been asked"), "{line}");
    tab.click("#ask-camera").await?;
    tab.until("it works", "document.querySelector('[data-check=camera]').dataset.state === 'good'").await
}

const TOUCHED: &str = "Object.defineProperty(Navigator.prototype, 'maxTouchPoints', { get: () => 5 });";

const ASKED: &str = "
    window.asked = 0;
    const { mediaDevices } = navigator;
    const asking = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (constraints) => { asked += 1; return asking(constraints); };
";

#[tokio::test]
async fn a_server_that_was_stopped_is_red_and_the_rest_goes_on() -> Result<()> {
    let mut server = Server::start().await?;
    let tab = check(Tab::with_camera(), &server).await?;
    ensure!(reds(&tab).await?.is_empty(), "all is well before");
    server.kill().await?;
    tab.click("#checkAgain").await?;
    tab.until("it begins anew", "document.querySelector('#verdict').dataset.state === 'running'").await?;
    wait_over(&tab).await?;
    ensure!(reds(&tab).await? == ["server"], "{:?}", reds(&tab).await?);
    ensure!(text(&tab, "#verdict").await?.contains("server does not answer"), "the verdict");
    ensure!(state(&tab, "speed").await? == "good", "it needs no server");

    server.start_again().await?;
    tab.click("#checkAgain").await?;
    tab.until("it begins anew", "document.querySelector('#verdict').dataset.state === 'running'").await?;
    wait_over(&tab).await?;
    ensure!(reds(&tab).await?.is_empty(), "the server is back");
    Ok(())
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() -> Result<()> {
    let server = Server::start().await?;
    let tab = check(Tab::with_camera(), &server).await?;
    tab.tab_to("#withAddresses").await?;
    tab.press(" ").await?;
    tab.until("it is chosen", "document.querySelector('#withAddresses').checked").await?;
    tab.tab_to("#copyReport").await?;
    tab.press("Enter").await?;
    tab.until("it says so", "document.querySelector('.report [role=status]').textContent !== ''").await?;
    let folder = tab.keep_downloads().await?;
    tab.tab_to("#saveReport").await?;
    tab.press("Enter").await?;
    let saved = std::fs::read_to_string(tab.downloaded(&folder, "json").await?)?;
    ensure!(saved == text_content(&tab, "#report").await?, "the report that is shown");
    Ok(())
}

#[cfg(target_os = "linux")]
mod relays {
    use snaproom_e2e::{Coturn, Network, Options, Relay};

    use super::*;

    /// One person, far from the server and from its relay.
    async fn with(relay: impl Fn(&Coturn) -> Relay) -> Result<Tab> {
        let network = Network::new()?;
        let (home, cloud, far) = (network.host()?, network.host()?, network.host()?);
        let coturn = Coturn::start_on(&far).await?;
        let options = Options { relay: relay(&coturn), ..Options::default() };
        let server = Server::start_on_with(&cloud, options).await?;
        check(Tab::with_camera().on(&home), &server).await
    }

    #[tokio::test]
    async fn a_relay_that_works_is_green_over_udp_and_over_tcp() -> Result<()> {
        let tab = with(|coturn| Relay::Coturn(coturn.address())).await?;
        for good in ["stun", "turn-udp", "turn-tcp", "path"] {
            let line = format!("[data-check={good}]");
            ensure!(state(&tab, good).await? == "good", "{}", text(&tab, &line).await?);
        }
        let report: Value = serde_json::from_str(&text_content(&tab, "#report").await?)?;
        let relayed = &report["checks"][7]["details"]["candidate"];
        ensure!(relayed["kind"] == "relay", "{report}");
        ensure!(relayed["address"].as_str().is_some_and(|address| address.ends_with(".x.x")), "{relayed}");
        Ok(())
    }

    #[tokio::test]
    async fn a_relay_with_another_secret_is_red_and_the_stun_server_is_not() -> Result<()> {
        let tab = with(|coturn| Relay::Mistaken(coturn.address())).await?;
        ensure!(reds(&tab).await? == ["turn-udp", "turn-tcp"], "{:?}", reds(&tab).await?);
        let line = text(&tab, "[data-check=turn-udp]").await?;
        ensure!(line.contains("does not accept the password"), "{line}");
        Ok(())
    }

    #[tokio::test]
    async fn the_servers_own_relay_is_green() -> Result<()> {
        let tab = with(|_| Relay::Own).await?;
        ensure!(state(&tab, "turn-udp").await? == "good", "{}", text(&tab, "[data-check=turn-udp]").await?);
        ensure!(text(&tab, "[data-check=path]").await?.contains("From browser to browser"), "the way");
        Ok(())
    }
}
