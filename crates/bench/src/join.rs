//! Joining a room: from the page that is there to the channel that is usable.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use snaproom_e2e::Tab;

use crate::{
    page::{SETTLE, check_clock, marked, settle, start},
    report::{BARE, Contender, LIMIT, OURS, PROTECTED, Plan, Unit, at_most, sooner},
    run::{Bench, House, Length},
};

/// Who is in the room, and who comes. Neither has a camera.
pub struct Join {
    first: Tab,
    second: Tab,
}

impl Bench for Join {
    fn plan() -> Plan {
        const CASE: &str = "two tabs";
        Plan::new("join", "Joining: from the loaded page to a usable channel")
            .case(CASE)
            .contender(LIMIT, "the limit")
            .contender(OURS, "Snaproom")
            .contender("simple-peer", "simple-peer")
            .contender("gather", "waiting for gathering")
            .contender(PROTECTED, "test build, protected")
            .contender(BARE, "test build, bare")
            .metric("loaded", "navigation done → usable", Unit::Milliseconds)
            .metric("response", "last byte of the page → usable", Unit::Milliseconds)
            .goal(CASE, "loaded", at_most(1.5, LIMIT))
            .goal(CASE, "loaded", sooner(5.0, "gather"))
            .goal(CASE, "loaded", at_most(1.1, BARE))
    }

    async fn open(_: &str, _: Length) -> Result<Self> {
        Ok(Self { first: start(Tab::without_camera()).await?, second: start(Tab::without_camera()).await? })
    }

    fn tabs(&self) -> Vec<&Tab> {
        vec![&self.first, &self.second]
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let (first, second) = (&self.first, &self.second);
        first.visit(&house.page(contender).await?).await?;
        first.wait_status("alone").await?;
        let link = first.link().await?;
        settle(&[first, second]).await?;

        second.visit(&link).await?;
        // The channel works for both when it works for the later one.
        let (one, other) = tokio::try_join!(marked(first, "usable"), marked(second, "usable"))?;
        let usable = one.max(other);
        let Navigation { origin, response_end, load_event_end } =
            second.wait("the load event has ended", NAVIGATION).await?;

        for tab in [first, second] {
            check_clock(tab).await?;
        }
        if contender.is_snaproom() {
            // Each side says so after it has checked the other's proof, which came through the channel; in a bare room
            // it says so once the channel is open, and what comes after that goes through it.
            tokio::time::sleep(SETTLE).await;
            for tab in [first, second] {
                tab.wait_connected(1).await?;
                let is_bare = has_signed_nothing(tab).await?;
                ensure!(
                    is_bare == (contender.name == BARE),
                    "{}: nothing was signed: {is_bare}",
                    contender.label
                );
            }
        } else {
            let sent: String = second.evaluate("crypto.getRandomValues(new Uint8Array(32)).toHex()").await?;
            let back: String = second.evaluate(&format!("echo({sent:?})")).await.context("no echo")?;
            ensure!(back == sent, "{back} came back of {sent}");
        }
        Ok(vec![usable - origin - load_event_end, usable - origin - response_end])
    }
}

/// Whether the page signed nothing: its first word in a channel ends with a signature of 64 zeros, in base64url.
async fn has_signed_nothing(tab: &Tab) -> Result<bool> {
    let word: String = tab.evaluate("firstWord").await.context("the page said nothing")?;
    Ok(word.ends_with(&"A".repeat(80)))
}

/// Milliseconds: `origin` since 1970, the others since then.
#[derive(Debug, Deserialize)]
struct Navigation {
    origin: f64,
    response_end: f64,
    load_event_end: f64,
}

const NAVIGATION: &str = "(([{ responseEnd, loadEventEnd }]) => loadEventEnd > 0
    ? { origin: performance.timeOrigin, response_end: responseEnd, load_event_end: loadEventEnd } : null)
    (performance.getEntriesByType('navigation'))";
