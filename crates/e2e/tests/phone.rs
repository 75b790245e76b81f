//! The way to a phone: the server prints an address, and whoever opens it on another computer has a camera there.
#![cfg(target_os = "linux")]

use anyhow::{Result, ensure};
use snaproom_e2e::{Network, Server, Tab};

#[tokio::test]
async fn what_the_server_prints_for_phones_opens_and_sends_photos() -> Result<()> {
    let network = Network::new()?;
    let (homes, cloud) = ([network.host()?, network.host()?], network.host()?);
    let server = Server::start_for_phones_on(&cloud).await?;
    let url = server.url();
    ensure!(url == format!("https://{}:{}/", cloud.address(), Server::PORT), "it prints {url}");

    // Whoever trusts nobody gets no further than the warning.
    let stranger = Tab::without_camera().on(&homes[0]).load(&url).await?;
    stranger.until("a warning", "document.body.innerText.includes('ERR_CERT_AUTHORITY_INVALID')").await?;
    drop(stranger);

    let launch = |home| Tab::with_camera().trusting_everybody().inject(VIOLATIONS).on(home);
    let alice = launch(&homes[0]).open(&url).await?;
    let bob = launch(&homes[1]).open(&alice.link().await?).await?;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        let photo = from.snap_and_send().await?;
        assert_eq!(to.wait_photo(&photo.item).await?, photo);
    }
    for tab in [&alice, &bob] {
        ensure!(tab.evaluate::<bool>("isSecureContext && location.protocol === 'https:'").await?);
        assert_eq!(tab.evaluate::<Vec<String>>("violations").await?, Vec::<String>::new());
        let console = tab.console().await?;
        ensure!(!console.iter().any(|line| line.starts_with("SEVERE")), "{console:?}");
    }

    // The same counter sees what the policy forbids.
    let foreign = "void document.body.append(Object.assign(new Image(), { src: 'https://127.0.0.1:9/' }))";
    alice.evaluate::<()>(foreign).await?;
    alice.until("a violation is counted", "violations.length === 1").await
}

const VIOLATIONS: &str = "
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) => {
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
";
