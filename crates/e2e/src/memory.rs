//! What a page takes of the machine.

use std::fs;

use anyhow::{Context, Result};

use crate::Tab;

impl Tab {
    /// Proportional set size of the page's process in bytes: its own pages, and its share of those that processes have
    /// in common (`/proc/PID/smaps_rollup`). A browser keeps a spare process for the next page; the page's is larger.
    pub fn page_memory(&self) -> Result<u64> {
        let group = self.process_group()?;
        let mut largest = 0;
        for entry in fs::read_dir("/proc")? {
            let process = entry?.path();
            // A process may end while we look at it.
            let (Ok(stat), Ok(command)) =
                (fs::read_to_string(process.join("stat")), fs::read(process.join("cmdline")))
            else {
                continue;
            };
            let is_page = String::from_utf8_lossy(&command).contains("--type=renderer");
            if is_page && group_of(&stat) == Some(group) {
                let rollup = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
                largest = largest.max(pss(&rollup).unwrap_or(0));
            }
        }
        (largest > 0).then_some(largest).context("the browser has no page")
    }
}

/// Field 5 of `/proc/PID/stat`; the second one is a name in brackets, with whatever it contains.
fn group_of(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

fn pss(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
