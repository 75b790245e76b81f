//! What every bench does with a page, ours or another: it reads its marks and compares its clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use snaproom_e2e::{Launch, PATIENCE, Tab};

/// Marks `click`, `usable` and `interactive` from the outside.
const INSTRUMENT: &str = include_str!("../pages/instrument.js");

/// Between a page that is ready and the work that is measured: what goes on behind comes to an end.
pub const SETTLE: Duration = Duration::from_millis(300);

/// A page's clock and ours may differ by this, in milliseconds.
const CLOCK: f64 = 2.0;

/// Starts a browser that marks what happens in its pages.
pub async fn start(launch: Launch) -> Result<Tab> {
    launch.inject(INSTRUMENT).load("about:blank").await
}

/// Waits for the first mark whose name ends with `name`; gives its time, in milliseconds since 1970. Nobody asks the
/// page again and again: it tells when it is there.
pub async fn marked(tab: &Tab, name: &str) -> Result<f64> {
    let limit = PATIENCE.as_millis();
    let time = format!(
        "new Promise((done, fail) => {{
            const look = () => {{
                const mark = performance.getEntriesByType('mark').find(({{ name }}) => name.endsWith({name:?}));
                if (mark) done(performance.timeOrigin + mark.startTime);
            }};
            new PerformanceObserver(look).observe({{ type: 'mark', buffered: true }});
            look();
            setTimeout(() => done(null), {limit});
        }})"
    );
    let time: Option<f64> = tab.evaluate(&time).await?;
    time.with_context(|| format!("the page left no mark {name} within {PATIENCE:?}"))
}

/// The time of the newest click in the page, in milliseconds since 1970.
pub async fn clicked(tab: &Tab) -> Result<f64> {
    let time = "((mark) => mark ? performance.timeOrigin + mark.startTime : null)\
                (performance.getEntriesByName('click').at(-1))";
    tab.evaluate::<Option<f64>>(time).await?.context("no click came to the page")
}

/// Proves that the page's clock is ours: what it says lies between two looks at ours.
pub async fn check_clock(tab: &Tab) -> Result<()> {
    let before = now()?;
    let page: f64 = tab.evaluate("performance.timeOrigin + performance.now()").await?;
    let after = now()?;
    ensure!(
        (before - CLOCK..=after + CLOCK).contains(&page),
        "the page's clock is wrong: it says {page}, and it is between {before} and {after}"
    );
    Ok(())
}

/// Clears away what a page has left, so that it does not fall into what is measured; then lets it come to rest.
pub async fn settle(tabs: &[&Tab]) -> Result<()> {
    for tab in tabs {
        tab.cdp("HeapProfiler.collectGarbage", json!({})).await?;
    }
    tokio::time::sleep(SETTLE).await;
    Ok(())
}

/// Milliseconds since 1970.
fn now() -> Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0)
}
