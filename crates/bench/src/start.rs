//! A first visit: what it loads, and how soon a person can begin.

use std::{collections::HashMap, io::Write};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use snaproom_e2e::Tab;

use crate::{
    page::{check_clock, marked, settle, start},
    report::{Bound, Contender, LIMIT, OURS, Plan, Unit, at_most},
    run::{Bench, House, Length},
};

/// One browser with a camera that nobody has allowed yet.
pub struct Start {
    tab: Tab,
    /// Bytes of each contender, by its name: they do not change during a run.
    weights: HashMap<String, f64>,
}

impl Bench for Start {
    fn plan() -> Plan {
        const CASE: &str = "first visit";
        Plan::new("start", "Starting: what a first visit loads, and how soon it can be used")
            .case(CASE)
            .contender(LIMIT, "the limit")
            .contender(OURS, "Snaproom")
            .contender("simple-peer", "a page with simple-peer")
            .metric("interactive", "last byte of the page → interactive", Unit::Milliseconds)
            .metric("bytes", "all that is loaded, after brotli", Unit::Bytes)
            .goal(CASE, "interactive", at_most(1.5, LIMIT))
            .goal(CASE, "bytes", Bound::Value { at_most: 200_000.0 })
    }

    async fn open(_: &str, _: Length) -> Result<Self> {
        Ok(Self { tab: start(Tab::with_camera_unasked()).await?, weights: HashMap::new() })
    }

    fn tabs(&self) -> Vec<&Tab> {
        vec![&self.tab]
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let tab = &self.tab;
        // Compiled code goes with the files that it was made of.
        tab.cdp("Network.clearBrowserCache", json!({})).await?;
        tab.cdp("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await?;
        settle(&[tab]).await?;
        tab.visit(&house.page(contender).await?).await?;
        let interactive = marked(tab, "interactive").await?;
        let response: f64 = tab.evaluate(RESPONSE).await?;
        check_clock(tab).await?;
        tab.wait_status("alone").await?;
        let bytes = match self.weights.get(&contender.name) {
            Some(bytes) => *bytes,
            None => weigh(tab).await?,
        };
        self.weights.insert(contender.name.clone(), bytes);
        Ok(vec![interactive - response, bytes])
    }
}

/// Milliseconds since 1970.
const RESPONSE: &str = "performance.timeOrigin + performance.getEntriesByType('navigation')[0].responseEnd";

/// Every file that the page loaded, and its icon, which the timeline does not list.
const FILES: &str = "(async () => {
    const entries = ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind));
    const icons = [...document.querySelectorAll('link[rel=icon]')].map(({ href }) => href);
    const names = new Set([...entries.map(({ name }) => name), ...icons].map((name) => name.split('#')[0]));
    const loaded = [...names].filter((name) => name.startsWith('http'));
    return Promise.all(loaded.map(async (name) => {
        const bytes = await (await fetch(name)).arrayBuffer();
        return [name, new Uint8Array(bytes).toBase64()];
    }));
})()";

/// The bytes of all files, each compressed for itself.
async fn weigh(tab: &Tab) -> Result<f64> {
    let files: Vec<(String, String)> = tab.evaluate(FILES).await.context("the page's files")?;
    let mut sum = 0;
    for (name, base64) in &files {
        let bytes = STANDARD.decode(base64).with_context(|| format!("{name} is not base64"))?;
        ensure!(!bytes.is_empty(), "{name} is empty");
        sum += compressed(&bytes)?;
    }
    Ok(f64::from(u32::try_from(sum)?))
}

/// As `cargo xtask build` weighs files (`crates/xtask/src/build.rs`): brotli at its best.
fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, 11, 24);
    writer.write_all(bytes)?;
    Ok(writer.into_inner().len())
}
