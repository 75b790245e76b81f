//! What a page has taken from its browser and not given back, counted outside of the app by wrappers that run
//! before it.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Launch, PATIENCE, Tab, poll};

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Peer connections that are not closed.
    pub connections: i32,
    /// Peer connections so far.
    pub connections_made: i32,
    /// Data channels that are not closed, by either side.
    pub channels: i32,
    /// Sockets that were not closed by the page.
    pub sockets: i32,
    /// Sockets so far.
    pub sockets_made: i32,
    /// Listeners of what is not a part of the document.
    pub listeners: i32,
    /// Tracks of `getUserMedia` that are live.
    pub cameras: i32,
    /// Web Locks that are held.
    pub locks: i32,
    /// Object URLs, each of which keeps its blob.
    pub urls: i32,
}

impl Taken {
    /// What must not grow.
    #[must_use]
    pub fn held(self) -> Self {
        Self { connections_made: 0, sockets_made: 0, ..self }
    }
}

impl Launch {
    /// Counts what the page takes, for [`Tab::taken`].
    pub fn counted(self) -> Self {
        self.inject(include_str!("../inject/count.js"))
    }
}

impl Tab {
    /// What the page holds, read once nothing changes any more: locks and sockets are given back a moment after
    /// they are let go. Of a tab that was launched with [`Launch::counted`].
    pub async fn taken(&self) -> Result<Taken> {
        let mut before = None;
        let settled = poll(PATIENCE, async || {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.evaluate::<Taken>("taken()").await?;
            Ok((before.replace(now) == Some(now)).then_some(now))
        });
        settled.await?.context("what the page holds changes all the time")
    }
}
