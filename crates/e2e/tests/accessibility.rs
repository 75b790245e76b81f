//! Nothing in the page keeps anybody out: axe-core finds no fault in any state, in either theme.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Stage, Tab, quick_states};

#[tokio::test]
async fn no_state_has_a_fault() -> Result<()> {
    let mut found = Vec::new();
    for state in quick_states() {
        let stage = Stage::reach(state, None).await?;
        let faults = stage.tab.accessibility_violations().await?;
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
