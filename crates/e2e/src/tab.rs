use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{By, Capabilities, WebDriver, WindowHandle};

#[cfg(target_os = "linux")]
use crate::rig::Host;
use crate::{
    Film, PATIENCE,
    driver::{Chromedriver, chromium},
    place::Place,
    poll,
};

/// A window of a Chromium of its own. The browser is killed when this is dropped.
pub struct Tab {
    driver: WebDriver,
    chromedriver: Chromedriver,
}

/// How a tab is to be opened.
#[must_use]
pub struct Launch {
    camera: Camera,
    scripts: Vec<String>,
    size: Option<(u32, u32)>,
    trusts_everybody: bool,
    film: Option<Film>,
    place: Place,
    names_addresses: bool,
    cameras: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Camera {
    Allowed,
    Unasked,
    Denied,
    Missing,
}

/// What every browser here is started with.
const FLAGS: [&str; 6] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
];

/// Names of mDNS, which hide addresses from pages without a camera, resolve in few containers.
const BARE_ADDRESSES: &str = "--disable-features=WebRtcHideLocalIpsWithMdns";

/// Longest single command to the browser: a photo of 8 MB is read in one.
const COMMAND: Duration = Duration::from_secs(40);

impl Tab {
    /// With Chromium's fake camera, allowed, at 640×480: small pictures leave the machine to the test.
    pub fn with_camera() -> Launch {
        Self::with_camera_of(640, 480)
    }

    /// With Chromium's fake camera, allowed, at exactly this size in pixels; Chromium crops and scales.
    pub fn with_camera_of(width: u32, height: u32) -> Launch {
        let size = format!("{{ width: {{ exact: {width} }}, height: {{ exact: {height} }} }}");
        Launch::with(Camera::Allowed).inject(&format!(
            "{{ const open = MediaDevices.prototype.getUserMedia;
                MediaDevices.prototype.getUserMedia = function (constraints) {{
                    const video = constraints.video && {{ ...constraints.video, ...{size} }};
                    return open.call(this, {{ ...constraints, video }});
                }}; }}"
        ))
    }

    /// With so many of Chromium's fake cameras, allowed, each with a picture of its own.
    pub fn with_cameras(cameras: u32) -> Launch {
        Launch { cameras, ..Launch::with(Camera::Allowed) }
    }

    /// There is a camera, and the person has not been asked for it.
    pub fn with_camera_unasked() -> Launch {
        Launch::with(Camera::Unasked)
    }

    /// There is a camera, and the person said no.
    pub fn with_camera_denied() -> Launch {
        Launch::with(Camera::Denied)
    }

    /// There is no camera.
    pub fn without_camera() -> Launch {
        Launch::with(Camera::Missing)
    }

    /// Goes to another address, as one that is typed.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.visit(url).await?;
        self.until("the app starts", "!!document.querySelector('#status')").await
    }

    /// Opens any page and waits until it is loaded, whatever it is.
    pub async fn visit(&self, url: &str) -> Result<()> {
        self.driver.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// Presses the browser's reload button.
    pub async fn reload(&self) -> Result<()> {
        self.driver.refresh().await.context("cannot reload")?;
        self.until("the app starts", "!!document.querySelector('#status')").await
    }

    /// Closes the window, as a person does, and with it the browser.
    pub async fn close(self) -> Result<()> {
        self.driver.close_window().await.context("cannot close the window")
    }

    /// The value of a JavaScript expression in the page; of a promise, what it resolves to.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let value = self.driver.execute(format!("return ({expression});"), Vec::<Value>::new()).await;
        let value = value.with_context(|| format!("in the page: {expression}"))?;
        value.convert().with_context(|| format!("{expression} gave {}", value.json()))
    }

    /// Waits until `expression` is true.
    pub async fn until(&self, what: &str, expression: &str) -> Result<()> {
        self.wait::<bool>(what, &format!("({expression}) ? true : null")).await.map(drop)
    }

    /// Waits until `expression` is something, neither null nor undefined.
    pub async fn wait<T: DeserializeOwned>(&self, what: &str, expression: &str) -> Result<T> {
        match poll(PATIENCE, async || self.evaluate::<Option<T>>(expression).await).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => bail!("not within {PATIENCE:?}: {what}\n{}", self.explain().await),
            Err(error) => Err(error.context(format!("while waiting for: {what}"))),
        }
    }

    /// Waits until the button where `selector` points does something when it is pressed.
    pub async fn wait_usable(&self, selector: &str) -> Result<()> {
        self.until(&format!("{selector} can be used"), &usable(selector)).await
    }

    /// Whether the button where `selector` points does something when it is pressed.
    pub async fn is_usable(&self, selector: &str) -> Result<bool> {
        self.evaluate(&usable(selector)).await
    }

    /// Clicks where `selector` points, once it can be clicked.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.wait_usable(selector).await?;
        let element = self.driver.find(By::Css(selector)).await?;
        let clicked = element.click().await;
        clicked.with_context(|| format!("{selector} was not clicked"))
    }

    /// A second window with everything that the first one remembers: `window.open` copies the session's storage,
    /// as the browser's own *duplicate* does. The new window is the one that is driven from now on; gives the old.
    pub async fn duplicate(&self) -> Result<WindowHandle> {
        let first = self.driver.window().await?;
        let open = json!({ "expression": "void window.open(location.href)", "userGesture": true });
        self.driver.cdp().send_raw("Runtime.evaluate", open).await?;
        let second = poll(PATIENCE, async || {
            Ok(self.driver.windows().await?.into_iter().find(|window| *window != first))
        });
        let second = second.await?.context("no second window came up")?;
        self.switch_to(second).await?;
        self.until("the app starts", "!!document.querySelector('#status')").await?;
        Ok(first)
    }

    /// Minimizes the window, so that the browser takes its page for hidden.
    pub async fn hide(&self) -> Result<()> {
        self.driver.minimize_window().await.context("the window cannot be minimized")?;
        self.until("the page is hidden", "document.hidden").await
    }

    /// Drives another window of the same browser.
    pub async fn switch_to(&self, window: WindowHandle) -> Result<()> {
        self.driver.switch_to_window(window).await.context("the window is gone")
    }

    /// The group of all processes of this browser.
    pub fn process_group(&self) -> Result<u32> {
        self.chromedriver.process_group().context("the browser has ended")
    }

    /// Lets downloads go to a folder; gives the folder.
    pub async fn keep_downloads(&self) -> Result<PathBuf> {
        let folder = self.chromedriver.folder().join("downloads");
        std::fs::create_dir_all(&folder)?;
        let behaviour = json!({ "behavior": "allow", "downloadPath": folder });
        self.driver.cdp().send_raw("Browser.setDownloadBehavior", behaviour).await?;
        Ok(folder)
    }

    /// Waits for a download to be complete: the browser keeps its place with an empty file, and writes another one.
    pub async fn downloaded(&self, folder: &Path, extension: &str) -> Result<PathBuf> {
        let complete = poll(PATIENCE, async || {
            let mut found = None;
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                match path.extension().and_then(|kind| kind.to_str()) {
                    Some("crdownload") => return Ok(None),
                    Some(kind) if kind == extension && path.metadata()?.len() > 0 => found = Some(path),
                    _ => {}
                }
            }
            Ok(found)
        });
        complete.await?.with_context(|| format!("no .{extension} was saved"))
    }

    /// Lets the page use the camera, as the person does beside the address bar.
    pub async fn allow_camera(&self) -> Result<()> {
        self.set_camera_permission("granted").await
    }

    pub(crate) async fn set_camera_permission(&self, setting: &str) -> Result<()> {
        let permission = json!({ "permission": { "name": "camera" }, "setting": setting });
        self.driver
            .cdp()
            .send_raw("Browser.setPermission", permission)
            .await
            .context("no such permission")?;
        Ok(())
    }

    /// A command of the Chrome `DevTools` Protocol whose answer is of no interest.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Result<()> {
        self.ask_cdp(command, parameters).await.map(drop)
    }

    /// A command of the Chrome `DevTools` Protocol, and its answer.
    pub async fn ask_cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        self.driver.cdp().send_raw(command, parameters).await.with_context(|| command.to_owned())
    }

    /// What the browser's console says since the last time.
    pub async fn console(&self) -> Result<Vec<String>> {
        let entries = self.driver.browser_log().await.context("the console cannot be read")?;
        Ok(entries.into_iter().map(|entry| format!("{} {}", entry.level, entry.message)).collect())
    }

    /// How the page is, for a person who reads a failure.
    pub(crate) async fn explain(&self) -> String {
        const STATE: &str = r"[...document.querySelectorAll(
            '#status, .peer, .transfer, .recipient, .gate .problem, #sendHint, #notice'
        )].map((element) => {
            const data = Object.entries(element.dataset).map(([name, value]) => `${name}=${value}`);
            const text = element.matches('.transfer') ? '' : element.textContent;
            return `  ${element.id || element.className} [${data.join(' ')}] ${text}`;
        }).join('\n')";
        let state = self.evaluate::<String>(STATE).await.unwrap_or_else(|error| format!("{error:#}"));
        let console = self.console().await.unwrap_or_default();
        format!("the page:\n{state}\nits console:\n  {}", console.join("\n  "))
    }
}

/// A button that waits may be disabled, or say so and keep the focus.
pub(crate) fn usable(selector: &str) -> String {
    format!(
        "((button) => !!button && !button.disabled && button.ariaDisabled !== 'true')\
         (document.querySelector({selector:?}))"
    )
}

impl Drop for Tab {
    fn drop(&mut self) {
        // The processes are killed: without this the driver would wait for the polite end of its session. It fails
        // where that end has come already.
        let _ = self.driver.clone().leak();
    }
}

impl Launch {
    fn with(camera: Camera) -> Self {
        Self {
            camera,
            scripts: Vec::new(),
            size: None,
            trusts_everybody: false,
            film: None,
            place: Place::Here,
            names_addresses: false,
            cameras: 1,
        }
    }

    /// Runs the browser on a host of the bad network. It trusts the servers on the hosts that the network has by now.
    #[cfg(target_os = "linux")]
    pub fn on(mut self, host: &Host) -> Self {
        self.place = Place::On(host.clone());
        self
    }

    /// Lets the browser write names of mDNS instead of addresses, as people's browsers do in pages without a camera.
    pub fn naming_addresses(mut self) -> Self {
        self.names_addresses = true;
        self
    }

    /// Runs `script` in every page before any script of its own.
    pub fn inject(mut self, script: &str) -> Self {
        self.scripts.push(script.to_owned());
        self
    }

    /// Gives the page this many CSS pixels, width and height.
    pub fn sized(mut self, size: (u32, u32)) -> Self {
        self.size = Some(size);
        self
    }

    /// The person lets every certificate pass that the browser warns of.
    pub fn trusting_everybody(mut self) -> Self {
        self.trusts_everybody = true;
        self
    }

    /// The camera shows this.
    pub fn filmed(mut self, film: &Film) -> Self {
        self.film = Some(film.clone());
        self
    }

    /// Starts the browser, opens `url` and waits until the app has started.
    pub async fn open(self, url: &str) -> Result<Tab> {
        let tab = self.start().await?;
        tab.go(url).await?;
        Ok(tab)
    }

    /// Starts the browser and opens `url`, whatever becomes of the app.
    pub async fn load(self, url: &str) -> Result<Tab> {
        let tab = self.start().await?;
        tab.visit(url).await?;
        Ok(tab)
    }

    async fn start(self) -> Result<Tab> {
        let chromedriver = Chromedriver::start(&self.place).await?;
        let profile = chromedriver.folder().join("profile");
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.display()));
        if !self.names_addresses {
            flags.push(BARE_ADDRESSES.to_owned());
        }
        if self.camera != Camera::Missing {
            flags.push(format!("--use-fake-device-for-media-stream=device-count={}", self.cameras));
        }
        if self.camera == Camera::Allowed {
            flags.push("--use-fake-ui-for-media-stream".to_owned());
        }
        if let Some(film) = &self.film {
            flags.push(format!("--use-file-for-fake-video-capture={}", film.path().display()));
        }
        flags.extend(self.place.browser_flags());
        let mut wishes = Capabilities::new();
        wishes.set("browserName", "chrome")?;
        wishes.set("goog:chromeOptions", json!({ "binary": chromium()?, "args": flags }))?;
        wishes.set("acceptInsecureCerts", self.trusts_everybody)?;
        wishes.set("goog:loggingPrefs", json!({ "browser": "ALL" }))?;
        let driver = WebDriver::builder(&chromedriver.url, wishes).request_timeout(COMMAND).await;
        let tab = Tab { chromedriver, driver: driver.context("no browser came up")? };
        if self.camera == Camera::Denied {
            tab.set_camera_permission("denied").await?;
        }
        if let Some(size) = self.size {
            tab.resize(size).await?;
        }
        for source in &self.scripts {
            let script = json!({ "source": source });
            let added = tab.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", script).await?;
            ensure!(added["identifier"].is_string(), "a script was not injected: {added}");
        }
        Ok(tab)
    }
}
