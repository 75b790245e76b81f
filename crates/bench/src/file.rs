//! Two browsers, and a file that goes from one to the other.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};
use snaproom_e2e::Tab;

use crate::{
    page::{check_clock, clicked, marked, settle, start},
    report::{Contender, OURS},
    run::House,
};

/// Watches what comes, and how long the page is held up.
const WATCH: &str = include_str!("../pages/watch.js");

/// So often a mark is waited for: a file takes its time on a busy machine.
const TRIES: u32 = 6;

/// The file's name.
const NAME: &str = "file.bin";

/// Two browsers without cameras, and the file.
pub struct Pair {
    pub sender: Tab,
    pub receiver: Tab,
    path: PathBuf,
    bytes: u64,
    sha256: Vec<u8>,
}

impl Pair {
    /// With a file of so many bytes.
    pub async fn open(bytes: u64) -> Result<Self> {
        let launch = || Tab::without_camera().inject(WATCH);
        let (sender, receiver) = (start(launch()).await?, start(launch()).await?);
        let path = sender.make_file(NAME, bytes)?;
        let sha256 = sha256(&path)?;
        Ok(Self { sender, receiver, path, bytes, sha256 })
    }

    pub fn tabs(&self) -> Vec<&Tab> {
        vec![&self.sender, &self.receiver]
    }

    /// Both pages of a contender, connected.
    pub async fn meet(&self, house: &House, contender: &Contender) -> Result<()> {
        let (sender, receiver) = (&self.sender, &self.receiver);
        sender.visit(&house.page_of_files(contender).await?).await?;
        sender.wait_status("alone").await?;
        receiver.visit(&sender.link().await?).await?;
        for tab in [sender, receiver] {
            marked(tab, "usable").await?;
            check_clock(tab).await?;
        }
        settle(&[sender, receiver]).await
    }

    /// The file is given on one side, and wanted on the other: the time of that click, in milliseconds since 1970.
    pub async fn accept(&self) -> Result<f64> {
        self.sender.give(&[&self.path]).await?;
        let file = self.receiver.wait_file(NAME, "offered").await?;
        self.receiver.press_file(&file.item, "accept").await?;
        clicked(&self.receiver).await
    }

    /// Waits until the receiver says that the file is verified; the time of that, in milliseconds since 1970.
    pub async fn verified(&self) -> Result<f64> {
        for _ in 0..TRIES {
            if let Ok(verified) = marked(&self.receiver, "verified").await {
                return Ok(verified);
            }
        }
        // It says how the page is.
        self.receiver.until("the file is verified", "false").await?;
        bail!("the file has not come")
    }

    /// Compares what came with what was given, and takes it out of the browser.
    pub async fn check(&self, contender: &Contender) -> Result<()> {
        let whole = if contender.name == OURS || contender.name.ends_with("disk") {
            format!("{ON_DISK}({})", self.bytes)
        } else {
            "whole()".to_owned()
        };
        let sha256: Vec<u8> = self.receiver.evaluate(&format!("{SHA256}({whole})")).await?;
        ensure!(sha256 == self.sha256, "other bytes came");
        self.clear().await
    }

    /// What came goes: it would stay for a day.
    pub async fn clear(&self) -> Result<()> {
        for tab in self.tabs() {
            let origin: String = tab.evaluate("location.origin").await?;
            tab.visit("about:blank").await?;
            tab.cdp(
                "Storage.clearDataForOrigin",
                json!({ "origin": origin, "storageTypes": "file_systems" }),
            )
            .await?;
        }
        Ok(())
    }
}

/// The file of that size in the browser's own disk.
const ON_DISK: &str = "(async (size) => {
    const root = await navigator.storage.getDirectory();
    for await (const place of (await root.getDirectoryHandle('files')).values()) {
        for await (const file of place.values()) {
            const data = await (await file.getFileHandle('data')).getFile();
            if (data.size === size) return data;
        }
    }
})";

/// Of a blob.
const SHA256: &str = "(async (blob) => {
    const bytes = await (await blob).arrayBuffer();
    return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))];
})";

fn sha256(path: &PathBuf) -> Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).context("the file cannot be read")?;
        if read == 0 {
            return Ok(hash.finalize().to_vec());
        }
        hash.update(&buffer[..read]);
    }
}
