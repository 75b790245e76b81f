//! In every state the page keeps nobody out, which axe-core judges in either theme, and fits into every window. The
//! way to a state takes longer than both looks, so each is gone once.

// Beside this file it would be a test of its own.
#[path = "states/fit.rs"]
mod fit;

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Stage, Tab, quick_states};

#[tokio::test]
async fn every_state_is_open_to_everybody_and_fits_into_every_window() -> Result<()> {
    let mut found = Vec::new();
    for state in quick_states() {
        let stage = Stage::reach(state, None).await?;
        let mut faults = stage.tab.accessibility_violations().await?;
        faults.extend(fit::what_does_not_fit(&stage.tab).await?);
        found.extend(faults.into_iter().map(|fault| format!("{}: {fault}", state.name)));
    }
    ensure!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// The instrument bites: faults that are put into the page are found, each in the theme that it is seen in.
#[tokio::test]
async fn faults_are_found() -> Result<()> {
    let server = Server::start().await?;
    let alice = Tab::without_camera().open(&server.url()).await?;
    alice.wait_status("alone").await?;
    alice.evaluate::<()>(FAULTS).await?;
    let found = alice.accessibility_violations().await?;
    let rules = found.iter().map(|fault| fault.split(':').next().unwrap_or_default());
    let rules: Vec<_> = rules.filter(|rule| PUT_IN.contains(rule)).collect();
    assert_eq!(rules, PUT_IN, "of {found:#?}");
    Ok(())
}

const PUT_IN: [&str; 6] = [
    "color-contrast (serious, light)",
    "image-alt (critical, light)",
    "target-size (serious, light)",
    "color-contrast (serious, dark)",
    "image-alt (critical, dark)",
    "target-size (serious, dark)",
];

/// A picture without words, grey words on grey, and two buttons too small for a finger.
const FAULTS: &str = "(() => {
    const add = (name, text, style) => {
        const element = Object.assign(document.createElement(name), { textContent: text });
        Object.assign(element.style, style);
        document.querySelector('main').append(element);
    };
    add('img', '', {});
    add('p', 'Nobody reads this.', { color: '#888', background: '#777' });
    for (const name of ['A', 'B']) add('button', name, { all: 'unset', width: '9px', height: '9px', fontSize: '9px' });
})()";
