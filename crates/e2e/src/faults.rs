//! What happens to tabs: they are put aside, slowed down, run out of room, lose their camera, and crash.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{PATIENCE, Tab, memory, poll};

impl Tab {
    /// Shows the window again after [`Tab::hide`].
    pub async fn show(&self) -> Result<()> {
        // A page that was hidden by freezing it sits in a window that is not minimized: only a change is heard.
        for state in ["minimized", "normal"] {
            self.set_window(state).await?;
        }
        self.until("the page is visible", "!document.hidden").await
    }

    /// Hides the page and stops its timers, its events and its network (Page Lifecycle, section 4), as browsers do
    /// with tabs that nobody has looked at for a while. [`Tab::evaluate`] still answers, and promises are kept.
    pub async fn freeze(&self) -> Result<()> {
        self.cdp("Page.setWebLifecycleState", json!({ "state": "frozen" })).await
    }

    /// Lets a frozen page go on, and shows it.
    pub async fn thaw(&self) -> Result<()> {
        self.cdp("Page.setWebLifecycleState", json!({ "state": "active" })).await?;
        self.show().await
    }

    /// Makes the page's scripts take `factor` times as long; 1 is full speed.
    pub async fn throttle(&self, factor: u32) -> Result<()> {
        self.cdp("Emulation.setCPUThrottlingRate", json!({ "rate": factor })).await
    }

    /// Lets the page's origin store so many bytes, what it has stored already included; none is the browser's own
    /// limit. Writes over it fail with `QuotaExceededError`.
    pub async fn limit_storage(&self, bytes: Option<u64>) -> Result<()> {
        let origin: String = self.evaluate("location.origin").await?;
        let quota = match bytes {
            Some(bytes) => json!({ "origin": origin, "quotaSize": bytes }),
            None => json!({ "origin": origin }),
        };
        self.cdp("Storage.overrideQuotaForOrigin", quota).await
    }

    /// Takes the camera away from the page as a person does beside the address bar: its tracks end. A browser of
    /// [`Tab::with_camera`] gives it again to whoever asks; elsewhere it takes [`Tab::allow_camera`].
    pub async fn revoke_camera(&self) -> Result<()> {
        self.set_camera_permission("denied").await
    }

    /// Ends the browser's process that holds the camera, as a cable that is pulled does: the tracks of every page
    /// end. Whoever asks for a camera later gets one from a new process.
    pub async fn unplug_camera(&self) -> Result<()> {
        self.ensure_chromium("a camera of its own process")?;
        let processes = self.processes()?;
        let holder = processes.iter().find(|process| process.command.contains(CAPTURE));
        let holder = holder.context("the camera is not in use")?.id;
        let kill = Command::new("sh")
            .args(["-c", r#"kill -KILL "$0""#, &holder.to_string()])
            .stderr(Stdio::null())
            .status()
            .await?;
        ensure!(kill.success(), "the process {holder} that holds the camera cannot be ended");
        self.wait_ended(holder).await
    }

    /// Crashes the page's process, and waits until it is gone. The browser and its window stay, and only dropping
    /// works on this tab any more.
    pub async fn crash(&self) -> Result<()> {
        let page = self.page_process()?.id;
        // The page dies before it can answer, so this fails; the end of its process is the answer.
        let _ = self.cdp("Page.crash", json!({})).await;
        self.wait_ended(page).await
    }

    async fn wait_ended(&self, process: u32) -> Result<()> {
        poll(PATIENCE, async || Ok(memory::has_ended(process).then_some(())))
            .await?
            .with_context(|| format!("the process {process} did not end"))
    }

    async fn set_window(&self, state: &str) -> Result<()> {
        let window: Value = self.ask_cdp("Browser.getWindowForTarget", json!({})).await?;
        let bounds = json!({ "windowId": window["windowId"], "bounds": { "windowState": state } });
        self.cdp("Browser.setWindowBounds", bounds).await
    }
}

/// What Chromium calls the process that holds the camera, in its command line.
const CAPTURE: &str = "--utility-sub-type=video_capture.";
