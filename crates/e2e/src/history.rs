//! What a page has said and done since it was loaded, kept by a script that runs before it: what was to be seen for a
//! moment only is not missed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Launch, Tab, poll};

/// The life of a page so far.
#[derive(Debug, Clone, Deserialize)]
pub struct History {
    /// What it said, oldest first.
    pub said: Vec<Said>,
    /// Its peer connections, oldest first.
    pub connections: Vec<Connection>,
}

/// Somebody or something is in another state than before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Said {
    /// The `data-peer` of a chip, `status`, or `page` for the page's own lifecycle.
    pub who: String,
    /// `data-state`; `gone` for a chip that is not there any more; `freeze` and `resume` for the page.
    pub state: String,
    /// Milliseconds since 1970.
    pub at: f64,
}

/// A peer connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection {
    /// Each `connectionState`.
    pub states: Vec<String>,
    /// ICE's user fragment of each generation that both sides agreed on: one for the first, and one for each restart.
    pub ufrags: Vec<String>,
    /// Offers that this side made, those that were rolled back included.
    pub offers: usize,
    /// The `readyState` of each channel that was made on this side.
    pub channels: Vec<String>,
}

impl History {
    /// The states that `who` was in, oldest first.
    #[must_use]
    pub fn of(&self, who: &str) -> Vec<&str> {
        self.said.iter().filter(|said| said.who == who).map(|said| said.state.as_str()).collect()
    }

    /// Everything that was ever said of people.
    pub fn of_people(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| !["status", "page"].contains(&said.who.as_str()))
    }

    /// When `who` was in this state for the first time from `since` on: perhaps it was already.
    #[must_use]
    pub fn when(&self, who: &str, state: &str, since: f64) -> Option<f64> {
        let of = self.said.iter().filter(|said| said.who == who);
        let before = of.clone().take_while(|said| said.at < since).last();
        let already = before.filter(|said| said.state == state).map(|_| since);
        already
            .or_else(|| of.clone().find(|said| said.at >= since && said.state == state).map(|said| said.at))
    }
}

impl Launch {
    /// Remembers what the page says and does, for [`Tab::history`]. Its listeners are not among those of
    /// [`Launch::counted`], if that comes later.
    pub fn remembered(self) -> Self {
        self.inject(include_str!("../inject/history.js"))
    }
}

impl Tab {
    /// Of a tab that was launched with [`Launch::remembered`]; a reload begins a new one.
    pub async fn history(&self) -> Result<History> {
        self.evaluate("pageHistory()").await
    }

    /// Offers that the page made so far, over all its connections.
    pub async fn offers(&self) -> Result<usize> {
        Ok(self.history().await?.connections.iter().map(|connection| connection.offers).sum())
    }

    /// How long after `since` somebody was shown in this state; that takes `limit` at most.
    pub async fn wait_said(&self, who: &str, state: &str, since: f64, limit: Duration) -> Result<Duration> {
        let said = poll(limit, async || Ok(self.history().await?.when(who, state, since))).await?;
        match said {
            Some(at) => Ok(Duration::from_secs_f64((at - since).max(0.0) / 1000.0)),
            None => Err(anyhow::anyhow!("{:?}", self.history().await?.said))
                .with_context(|| format!("{who} is not {state} within {limit:?}")),
        }
    }
}

/// Milliseconds since 1970, by the clock of the pages.
#[must_use]
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
