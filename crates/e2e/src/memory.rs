//! What a tab takes of the machine.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Tab;

/// A look at a tab after its garbage was collected. Bytes of processes are their proportional set size: their own
/// memory, and their share of what processes have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Bytes of the page's process.
    pub page: u64,
    /// Bytes of all processes of the browser; each tab is a browser of its own.
    pub tree: u64,
    /// Nodes of all documents, those that only scripts hold included.
    pub nodes: u64,
    /// Event listeners on anything.
    pub listeners: u64,
    /// Blobs and files that scripts hold.
    pub blobs: u64,
    /// Bytes of those. They lie in the browser's own process or on the disk.
    pub blob_bytes: u64,
}

/// A process of the browser.
pub(crate) struct Process {
    pub(crate) id: u32,
    /// With its arguments, spaces between them.
    pub(crate) command: String,
    folder: PathBuf,
}

impl Tab {
    /// Collects the page's garbage and measures. Takes some 100 ms.
    pub async fn gauge(&self) -> Result<Gauge> {
        self.cdp("HeapProfiler.collectGarbage", json!({})).await?;
        let (blobs, blob_bytes) = self.blobs().await?;
        let counters: Counters =
            serde_json::from_value(self.ask_cdp("Memory.getDOMCounters", json!({})).await?)?;
        Ok(Gauge {
            page: self.page_memory()?,
            tree: self.tree_memory()?,
            nodes: counters.nodes,
            listeners: counters.js_event_listeners,
            blobs,
            blob_bytes,
        })
    }

    /// Proportional set size of the page's process in bytes: its own pages, and its share of those that processes have
    /// in common (`/proc/PID/smaps_rollup`).
    pub fn page_memory(&self) -> Result<u64> {
        self.page_process()?.memory()?.context("the page has just ended")
    }

    /// The same of all processes of the browser together.
    pub fn tree_memory(&self) -> Result<u64> {
        self.processes()?.iter().map(|process| Ok(process.memory()?.unwrap_or(0))).sum()
    }

    /// The browser keeps a spare process for the next page, which is smaller, and one for its own windows.
    pub(crate) fn page_process(&self) -> Result<Process> {
        self.ensure_chromium("a process for each page")?;
        let mut largest: Option<(u64, Process)> = None;
        for process in self.processes()? {
            if process.command.contains("--type=renderer")
                && !process.command.contains("--top-chrome-webui")
                && let Some(memory) = process.memory()?
                && largest.as_ref().is_none_or(|(most, _)| memory > *most)
            {
                largest = Some((memory, process));
            }
        }
        Ok(largest.context("the browser has no page")?.1)
    }

    /// All processes of the browser.
    pub(crate) fn processes(&self) -> Result<Vec<Process>> {
        let group = self.process_group()?;
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let folder = entry?.path();
            let Some(id) = folder.file_name().and_then(|name| name.to_str()?.parse().ok()) else { continue };
            // A process may end while we look at it.
            let (Ok(stat), Ok(command)) =
                (fs::read_to_string(folder.join("stat")), fs::read(folder.join("cmdline")))
            else {
                continue;
            };
            // The leader is a shell and its child the driver; the browser is that one's child.
            let Some((parent, its_group)) = family(&stat) else { continue };
            if its_group == group && id != group && parent != group {
                let command = String::from_utf8_lossy(&command).replace('\0', " ");
                processes.push(Process { id, command, folder });
            }
        }
        Ok(processes)
    }

    /// How many blobs scripts hold, and their bytes.
    async fn blobs(&self) -> Result<(u64, u64)> {
        const GROUP: &str = "gauge";
        let blob = json!({ "expression": "Blob.prototype", "objectGroup": GROUP });
        let blob = self.ask_cdp("Runtime.evaluate", blob).await?;
        let all = json!({ "prototypeObjectId": blob["result"]["objectId"], "objectGroup": GROUP });
        let all = self.ask_cdp("Runtime.queryObjects", all).await?;
        // Among the objects is `File.prototype`, which is no blob itself.
        let count = "function () {
            const sizes = this.map((blob) => { try { return blob.size; } catch { return null; } });
            const blobs = sizes.filter((size) => size !== null);
            return [blobs.length, blobs.reduce((sum, size) => sum + size, 0)];
        }";
        let count = json!({
            "objectId": all["objects"]["objectId"],
            "functionDeclaration": count,
            "returnByValue": true,
        });
        let counted: Value = self.ask_cdp("Runtime.callFunctionOn", count).await?;
        self.cdp("Runtime.releaseObjectGroup", json!({ "objectGroup": GROUP })).await?;
        serde_json::from_value(counted["result"]["value"].clone())
            .with_context(|| format!("the blobs were not counted: {counted}"))
    }
}

/// The answer of `Memory.getDOMCounters`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counters {
    nodes: u64,
    js_event_listeners: u64,
}

impl Process {
    /// Bytes; none when it has ended.
    fn memory(&self) -> Result<Option<u64>> {
        match fs::read_to_string(self.folder.join("smaps_rollup")) {
            // One that has ended and is not buried yet has no memory.
            Ok(rollup) => Ok(pss(&rollup)),
            Err(error) if has_ended_meanwhile(&error) => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("the memory of {} cannot be read", self.command))
            }
        }
    }
}

/// Whether no process has this id, or one that only waits to be buried.
pub(crate) fn has_ended(id: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat"));
    stat.map_or(true, |stat| state(&stat) == Some("Z"))
}

fn has_ended_meanwhile(error: &io::Error) -> bool {
    /// No such process (errno 3), which has no `ErrorKind`.
    const ESRCH: i32 = 3;
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

/// Fields from the third on of `/proc/PID/stat`; the second one is a name in brackets, with whatever it contains.
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace()
}

fn state(stat: &str) -> Option<&str> {
    fields(stat).next()
}

/// The process's parent and its group.
fn family(stat: &str) -> Option<(u32, u32)> {
    let mut fields = fields(stat).skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn pss(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
