use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, WindowHandle};

use crate::{Browser, PATIENCE, bidi::Bidi, driver::Driver, place::Place, poll};

/// A window of a browser of its own. The browser is killed when this is dropped.
pub struct Tab {
    session: WebDriver,
    beyond: Beyond,
    driver: Driver,
}

/// The way to what `WebDriver` does not reach.
enum Beyond {
    /// The Chrome `DevTools` Protocol, through the session.
    Cdp,
    Bidi(Box<Bidi>),
}

impl Tab {
    pub(crate) async fn new(
        session: WebDriver,
        driver: Driver,
        browser: Browser,
        place: &Place,
    ) -> Result<Self> {
        // From here on an end is the drop of a tab.
        let mut tab = Self { session, beyond: Beyond::Cdp, driver };
        if browser == Browser::Firefox {
            let url = tab.session.capabilities().get("webSocketUrl").and_then(Value::as_str);
            let url = url.context("the session has no address for BiDi")?.to_owned();
            tab.beyond = Beyond::Bidi(Box::new(Bidi::connect(place, &url).await?));
        }
        Ok(tab)
    }

    /// Runs `script` in every page before any script of its own, from the next page on.
    pub(crate) async fn inject(&self, script: &str) -> Result<()> {
        match &self.beyond {
            Beyond::Cdp => {
                let script = json!({ "source": script });
                let added = self.ask_cdp("Page.addScriptToEvaluateOnNewDocument", script).await?;
                ensure!(added["identifier"].is_string(), "a script was not injected: {added}");
                Ok(())
            }
            Beyond::Bidi(bidi) => bidi.inject(script).await,
        }
    }

    /// Goes to another address, as one that is typed.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.visit(url).await?;
        self.until("the app starts", "!!document.querySelector('#status')").await
    }

    /// Opens any page and waits until it is loaded, whatever it is.
    pub async fn visit(&self, url: &str) -> Result<()> {
        self.session.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// Presses the browser's reload button.
    pub async fn reload(&self) -> Result<()> {
        self.session.refresh().await.context("cannot reload")?;
        self.until("the app starts", "!!document.querySelector('#status')").await
    }

    /// Closes the window, as a person does, and with it the browser.
    pub async fn close(self) -> Result<()> {
        self.session.close_window().await.context("cannot close the window")
    }

    /// The value of a JavaScript expression in the page; of a promise, what it resolves to.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let value = self.session.execute(format!("return ({expression});"), Vec::<Value>::new()).await;
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
        let element = self.session.find(By::Css(selector)).await?;
        let clicked = element.click().await;
        clicked.with_context(|| format!("{selector} was not clicked"))
    }

    /// Puts `text` where `selector` points at, in the place of what stands there.
    pub async fn write(&self, selector: &str, text: &str) -> Result<()> {
        self.wait_usable(selector).await?;
        self.evaluate(&format!(
            "((field) => {{
                field.value = {text:?};
                field.dispatchEvent(new Event('input', {{ bubbles: true }}));
            }})(document.querySelector({selector:?}))"
        ))
        .await
    }

    /// Presses the mouse where `selector` points, once that can be done, and holds it.
    pub async fn hold(&self, selector: &str) -> Result<()> {
        self.wait_usable(selector).await?;
        let element = self.session.find(By::Css(selector)).await?;
        element.scroll_into_view().await?;
        let pressed = self.session.action_chain().click_and_hold_element(&element).perform().await;
        pressed.with_context(|| format!("{selector} was not pressed"))
    }

    /// Lets the mouse go.
    pub async fn let_go(&self) -> Result<()> {
        self.session.action_chain().release().perform().await.context("the mouse was not let go")
    }

    /// Moves the mouse to the middle of what `selector` points at.
    pub async fn point_at(&self, selector: &str) -> Result<()> {
        let element = self.session.find(By::Css(selector)).await?;
        let moved = self.session.action_chain().move_to_element_center(&element).perform().await;
        moved.with_context(|| format!("the mouse was not moved to {selector}"))
    }

    /// A second window with everything that the first one remembers: `window.open` copies the session's storage,
    /// as the browser's own *duplicate* does. The new window is the one that is driven from now on; gives the old.
    pub async fn duplicate(&self) -> Result<WindowHandle> {
        let first = self.session.window().await?;
        let open = json!({ "expression": "void window.open(location.href)", "userGesture": true });
        self.cdp("Runtime.evaluate", open).await?;
        let second = poll(PATIENCE, async || {
            Ok(self.session.windows().await?.into_iter().find(|window| *window != first))
        });
        let second = second.await?.context("no second window came up")?;
        self.switch_to(second).await?;
        self.until("the app starts", "!!document.querySelector('#status')").await?;
        Ok(first)
    }

    /// Minimizes the window, so that the browser takes its page for hidden.
    pub async fn hide(&self) -> Result<()> {
        self.session.minimize_window().await.context("the window cannot be minimized")?;
        self.until("the page is hidden", "document.hidden").await
    }

    /// Drives another window of the same browser.
    pub async fn switch_to(&self, window: WindowHandle) -> Result<()> {
        self.session.switch_to_window(window).await.context("the window is gone")
    }

    /// The group of all processes of this browser.
    pub fn process_group(&self) -> Result<u32> {
        self.driver.process_group().context("the browser has ended")
    }

    /// Lets downloads go to a folder; gives the folder.
    pub async fn keep_downloads(&self) -> Result<PathBuf> {
        let folder = self.driver.folder().join("downloads");
        std::fs::create_dir_all(&folder)?;
        let behaviour = json!({ "behavior": "allow", "downloadPath": folder });
        self.cdp("Browser.setDownloadBehavior", behaviour).await?;
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

    /// Chooses these files in the `<input type=file>` where `selector` points, as in the system's own dialog.
    pub async fn choose_files(&self, selector: &str, files: &[&Path]) -> Result<()> {
        let names: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let input = self.session.find(By::Css(selector)).await?;
        input.send_keys(names.join("\n")).await.with_context(|| format!("{selector} takes no files"))
    }

    /// The folder where everything of this browser is, and goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.driver.folder()
    }

    /// Lets the page use the camera, as the person does beside the address bar.
    pub async fn allow_camera(&self) -> Result<()> {
        self.set_camera_permission("granted").await
    }

    pub(crate) async fn set_camera_permission(&self, setting: &str) -> Result<()> {
        let permission = json!({ "permission": { "name": "camera" }, "setting": setting });
        self.cdp("Browser.setPermission", permission).await
    }

    /// A command of the Chrome `DevTools` Protocol whose answer is of no interest.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Result<()> {
        self.ask_cdp(command, parameters).await.map(drop)
    }

    /// A command of the Chrome `DevTools` Protocol, and its answer. Firefox does not speak it.
    pub async fn ask_cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        self.ensure_chromium(command)?;
        self.session.cdp().send_raw(command, parameters).await.with_context(|| command.to_owned())
    }

    /// Fails in a Firefox; `what` a test wants goes into the error.
    pub(crate) fn ensure_chromium(&self, what: &str) -> Result<()> {
        ensure!(matches!(self.beyond, Beyond::Cdp), "{what} is of Chromium alone, and this tab is a Firefox");
        Ok(())
    }

    /// What the browser's console says since the last time.
    pub async fn console(&self) -> Result<Vec<String>> {
        if let Beyond::Bidi(bidi) = &self.beyond {
            return bidi.console().await.context("the console cannot be read");
        }
        let entries = self.session.browser_log().await.context("the console cannot be read")?;
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
        let _ = self.session.clone().leak();
    }
}
