//! On what was measured. No names of machines or people.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use snaproom_e2e::Tab;

/// The machine, the browser or Node.js, and the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// As the processor calls itself.
    pub processor: String,
    /// Processors that this process may use.
    pub processors: usize,
    /// GiB, rounded.
    pub memory_gib: u64,
    /// Of Linux.
    pub kernel: String,
    /// Product and version, where a bench has browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Version of Node.js, which runs a peer where a bench has no browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What git calls the checkout.
    pub commit: String,
    /// Year, month and day, UTC.
    pub date: String,
}

impl Machine {
    /// Asks the kernel, git, and the browser of `tab` or else Node.js.
    pub async fn look(tab: Option<&Tab>) -> Result<Self> {
        let (browser, node) = match tab {
            Some(tab) => (Some(product(tab).await?), None),
            None => (None, said("node", &["--version"])),
        };
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Self {
            processor: field(&processors, "model name").unwrap_or("unknown").to_owned(),
            processors: std::thread::available_parallelism()?.get(),
            memory_gib: field(&memory, "MemTotal").and_then(gib).unwrap_or_default(),
            kernel: kernel.trim().to_owned(),
            browser,
            node,
            commit: commit().unwrap_or_else(|| "unknown".to_owned()),
            date: said("date", &["--utc", "+%Y-%m-%d"]).unwrap_or_else(|| "unknown".to_owned()),
        })
    }

    /// In one sentence.
    pub fn describe(&self) -> String {
        let browser = self.browser.iter().map(|browser| format!("{}, ", browser.replace('/', " ")));
        let node = self.node.iter().map(|node| format!("Node.js {}, ", node.trim_start_matches('v')));
        format!(
            "{} × {}, {} GiB, Linux {}, {}commit {}, {}",
            self.processors,
            self.processor,
            self.memory_gib,
            self.kernel,
            browser.chain(node).collect::<String>(),
            self.commit,
            self.date
        )
    }
}

async fn product(tab: &Tab) -> Result<String> {
    let browser = tab.ask_cdp("Browser.getVersion", serde_json::json!({})).await?;
    Ok(browser["product"].as_str().context("the browser has no version")?.to_owned())
}

/// The value of the first `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

/// Of `24689304 kB`.
fn gib(value: &str) -> Option<u64> {
    let kib: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    Some((kib + 512 * 1024) / (1024 * 1024))
}

fn commit() -> Option<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    said("git", &["-C", root, "describe", "--always", "--dirty"])
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let text = "processor\t: 0\nmodel name\t: A Processor @ 2.0GHz\nmodel name\t: another";
        assert_eq!(field(text, "model name"), Some("A Processor @ 2.0GHz"));
        assert_eq!(field(text, "MemTotal"), None);
        assert_eq!(field("MemTotal:       24689304 kB", "MemTotal").and_then(gib), Some(24));
    }
}
