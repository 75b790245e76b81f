//! What keeps people out, as axe-core finds it.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::{Tab, Theme, built};

/// A rule that the page breaks, and where.
#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    html: String,
    failure_summary: String,
}

impl Tab {
    /// What axe-core finds in the page as it stands, in both themes: the rules of WCAG 2.2 up to AA and the best
    /// practices. Each is a text with the rule, its impact and the elements.
    pub async fn accessibility_violations(&self) -> Result<Vec<String>> {
        if self.evaluate("typeof axe === 'undefined'").await? {
            let script = script()?;
            let source = fs::read_to_string(&script).with_context(|| {
                format!("{} is missing: `cargo xtask test e2e` installs it", script.display())
            })?;
            // As by the developer tools, which no Content-Security-Policy holds back.
            self.cdp("Runtime.evaluate", json!({ "expression": source })).await?;
            ensure!(
                self.evaluate::<bool>("typeof axe === 'object'").await?,
                "axe-core did not start in the page"
            );
        }
        let mut found = Vec::new();
        for theme in [Theme::Light, Theme::Dark] {
            self.set_theme(Some(theme)).await?;
            let violations: Vec<Violation> = self.evaluate(RUN).await.context("axe-core failed")?;
            found.extend(violations.into_iter().map(|violation| violation.describe(theme)));
        }
        self.set_theme(None).await?;
        Ok(found)
    }
}

impl Violation {
    fn describe(self, theme: Theme) -> String {
        let Self { id, impact, help, nodes } = self;
        let impact = impact.as_deref().unwrap_or("no impact");
        let places = nodes.into_iter().map(|Node { html, failure_summary }| {
            format!("\n  {html}\n    {}", failure_summary.replace('\n', "\n    "))
        });
        format!("{id} ({impact}, {theme}): {help}{}", places.collect::<String>())
    }
}

/// Where `cargo xtask` has put it.
fn script() -> Result<PathBuf> {
    match env::var_os("SNAPROOM_AXE") {
        Some(path) => Ok(path.into()),
        None => built("tools/axe/node_modules/axe-core/axe.min.js"),
    }
}

/// Every rule but those of level AAA and those that axe-core itself calls experimental or out of date.
const RUN: &str = "(async () => {
    const others = ['wcag2aaa', 'wcag2a-obsolete', 'experimental', 'deprecated'];
    const rules = axe.getRules().filter(({ tags }) => !tags.some((tag) => others.includes(tag)));
    const enabled = Object.fromEntries(rules.map(({ ruleId }) => [ruleId, { enabled: true }]));
    const { violations } = await axe.run(document, { rules: enabled, resultTypes: ['violations'] });
    return violations.map(({ id, impact, help, nodes }) => ({
        id, impact, help,
        nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary: failureSummary ?? '' })),
    }));
})()";
