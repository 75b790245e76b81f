//! How a page looks: on which screen, in which theme, and a picture of it.

use std::fmt;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::Tab;

/// What the system asks pages to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Light => "light",
            Self::Dark => "dark",
        })
    }
}

/// A screen that people hold or sit before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// For files.
    pub name: &'static str,
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Whether it is touched, and has two pixels for each of CSS a side.
    pub is_phone: bool,
}

impl Screen {
    /// A phone of today.
    pub const PHONE: Self = Self { name: "phone", width: 390, height: 844, is_phone: true };
    /// The smallest phone that the page is made for.
    pub const SMALL: Self = Self { name: "small", width: 360, height: 640, is_phone: true };
    /// A phone on its side.
    pub const LANDSCAPE: Self = Self { name: "landscape", width: 844, height: 390, is_phone: true };
    /// A laptop.
    pub const DESK: Self = Self { name: "desk", width: 1280, height: 900, is_phone: false };
    /// The widest desk that the page is made for.
    pub const WIDE: Self = Self { name: "wide", width: 2560, height: 1440, is_phone: false };
}

impl Tab {
    /// Asks the page for a theme, and for no motion, as the system's settings do; `None` asks for nothing again.
    /// Comes back when nothing changes its colour any more.
    pub async fn set_theme(&self, theme: Option<Theme>) -> Result<()> {
        let features = theme.map_or_else(Vec::new, |theme| {
            vec![
                json!({ "name": "prefers-color-scheme", "value": theme.to_string() }),
                json!({ "name": "prefers-reduced-motion", "value": "reduce" }),
            ]
        });
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        self.settled().await
    }

    /// Shows the page on another screen.
    pub async fn set_screen(&self, screen: Screen) -> Result<()> {
        let Screen { width, height, is_phone, .. } = screen;
        self.set_metrics((width, height), is_phone).await?;
        self.cdp("Emulation.setTouchEmulationEnabled", json!({ "enabled": is_phone })).await?;
        self.settled().await
    }

    /// Gives the page this many CSS pixels, width and height.
    pub async fn resize(&self, size: (u32, u32)) -> Result<()> {
        self.set_metrics(size, false).await
    }

    async fn set_metrics(&self, (width, height): (u32, u32), is_phone: bool) -> Result<()> {
        let scale = if is_phone { 2 } else { 1 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// Waits until the page has been drawn and what was moving has come to rest.
    async fn settled(&self) -> Result<()> {
        self.drawn().await?;
        self.evaluate(AT_REST).await
    }

    /// Waits until the page has been drawn as it is now.
    pub async fn drawn(&self) -> Result<()> {
        self.evaluate(DRAWN).await
    }

    /// For pictures that are to be pleasant: where there is a mouse, scrollbars take room.
    pub async fn hide_scrollbars(&self) -> Result<()> {
        self.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await
    }

    /// What the screen shows, as PNG.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let answer = self.ask_cdp("Page.captureScreenshot", json!({ "format": "png" })).await?;
        let data = answer["data"].as_str().context("the browser took no picture")?;
        STANDARD.decode(data).context("the browser's picture is not base64")
    }
}

/// The second frame begins after the first one is painted.
const DRAWN: &str =
    "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn())))";

/// What only begins or ends later is not waited for.
const AT_REST: &str = "(async () => {
    const moving = document.getAnimations().filter(({ effect }) => {
        const { localTime, endTime } = effect.getComputedTiming();
        return endTime - localTime < 1000;
    });
    await Promise.allSettled(moving.map(({ finished }) => finished));
})()";
