//! How a tab is to be opened.

use std::time::Duration;

use anyhow::{Result, anyhow};
use thirtyfour::WebDriver;
use tokio::time::timeout;

#[cfg(target_os = "linux")]
use crate::rig::Host;
use crate::{Browser, Film, Tab, driver::Driver, place::Place};

/// How a tab is to be opened.
#[must_use]
pub struct Launch {
    browser: Browser,
    pub(crate) camera: Camera,
    pub(crate) cameras: u32,
    pub(crate) film: Option<Film>,
    scripts: Vec<String>,
    size: Option<(u32, u32)>,
    trusts_everybody: bool,
    pub(crate) place: Place,
    pub(crate) names_addresses: bool,
}

/// What the person has, and has said to whoever asks for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Camera {
    Allowed,
    Unasked,
    Denied,
    Missing,
}

/// Longest single command to the browser: a photo of 8 MB is read in one.
const COMMAND: Duration = Duration::from_secs(40);

/// Longest start of a browser: a Firefox takes 2 to 6 s, and of some 200 two did not come up within 40.
const START: Duration = Duration::from_secs(30);

const ATTEMPTS: u32 = 3;

impl Tab {
    /// With the browser's fake camera, allowed, at 640×480: small pictures leave the machine to the test.
    pub fn with_camera() -> Launch {
        Self::with_camera_of(640, 480)
    }

    /// With the browser's fake camera, allowed, at exactly this size in pixels; Chromium crops and scales.
    pub fn with_camera_of(width: u32, height: u32) -> Launch {
        let size = format!("{{ width: {{ exact: {width} }}, height: {{ exact: {height} }} }}");
        Launch::with(Camera::Allowed).inject(&format!(
            "if (isSecureContext) {{
                const open = MediaDevices.prototype.getUserMedia;
                MediaDevices.prototype.getUserMedia = function (constraints) {{
                    const video = constraints.video && {{ ...constraints.video, ...{size} }};
                    return open.call(this, {{ ...constraints, video }});
                }};
            }}"
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
}

impl Launch {
    fn with(camera: Camera) -> Self {
        Self {
            browser: Browser::Chromium,
            camera,
            cameras: 1,
            film: None,
            scripts: Vec::new(),
            size: None,
            trusts_everybody: false,
            place: Place::Here,
            names_addresses: false,
        }
    }

    /// Takes this browser; without a word it is Chromium.
    pub fn in_browser(mut self, browser: Browser) -> Self {
        self.browser = browser;
        self
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
        let (session, driver) = self.session().await?;
        let tab = Tab::new(session, driver, self.browser, &self.place).await?;
        self.browser.prepare(&tab, &self).await?;
        if let Some(size) = self.size {
            tab.resize(size).await?;
        }
        for script in &self.scripts {
            tab.inject(script).await?;
        }
        Ok(tab)
    }

    /// A browser of our own; one that does not come up is started anew, which is said.
    async fn session(&self) -> Result<(WebDriver, Driver)> {
        let mut attempt = 1;
        loop {
            let driver = Driver::start(self.browser, &self.place).await?;
            let mut wishes = self.browser.wishes(self, driver.folder())?;
            wishes.set("acceptInsecureCerts", self.trusts_everybody)?;
            let starting = WebDriver::builder(&driver.url, wishes).request_timeout(COMMAND);
            let error = match timeout(START, starting).await {
                Ok(Ok(session)) => return Ok((session, driver)),
                Ok(Err(error)) => anyhow::Error::from(error),
                Err(_) => anyhow!("no answer in time"),
            };
            let error =
                anyhow!("no {:?} came up: {error:#}; its driver says:\n{}", self.browser, driver.said());
            if attempt == ATTEMPTS {
                return Err(error);
            }
            eprintln!("attempt {attempt}: {error}");
            attempt += 1;
        }
    }
}
