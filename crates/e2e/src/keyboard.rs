//! Keys, pressed as by a person: the browser handles them before the page does.

use anyhow::{Result, bail, ensure};
use serde_json::json;

use crate::Tab;

/// Presses of Tab after which everything in the page has had the focus.
const MOST_TABS: usize = 80;

impl Tab {
    /// Presses Tab until what `selector` points at has the focus, and shows it. Once something in this page had the
    /// focus it may not be lost: who loses it begins anew at the page's top.
    pub async fn tab_to(&self, selector: &str) -> Result<()> {
        ensure!(
            self.evaluate::<bool>(&format!("!window.focusWasSomewhere || {KEPT}")).await?,
            "on the way to {selector} the focus was lost"
        );
        let focused = format!("document.activeElement === document.querySelector({selector:?})");
        for _ in 0..MOST_TABS {
            if self.evaluate::<bool>(&focused).await? {
                self.evaluate::<()>("void (window.focusWasSomewhere = true)").await?;
                return self.until(&format!("{selector} shows that it has the focus"), SEEN).await;
            }
            self.press("Tab").await?;
        }
        bail!("{selector} is not reached by Tab")
    }

    /// Presses a key by its name (UI Events, `KeyboardEvent.key`). What is pressed with Enter or Space may go, and the
    /// focus is then somewhere else in the page by the next frame or soon after it.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.press_key(key, 0).await?;
        if matches!(key, "Enter" | " ") {
            self.drawn().await?;
            self.until(&format!("{key:?} leaves the focus somewhere"), KEPT).await?;
        }
        Ok(())
    }

    /// The same while Shift is held.
    pub async fn press_with_shift(&self, key: &str) -> Result<()> {
        self.press_key(key, 8).await
    }

    /// The same while Ctrl is held.
    pub async fn press_with_control(&self, key: &str) -> Result<()> {
        self.press_key(key, 2).await
    }

    async fn press_key(&self, key: &str, modifiers: u8) -> Result<()> {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, None),
            "Enter" => ("Enter", 13, Some("\r")),
            "Escape" => ("Escape", 27, None),
            " " => ("Space", 32, Some(" ")),
            "Backspace" => ("Backspace", 8, None),
            "Delete" => ("Delete", 46, None),
            "ArrowLeft" => ("ArrowLeft", 37, None),
            "ArrowRight" => ("ArrowRight", 39, None),
            letter => ("", 0, Some(letter)),
        };
        let mut down = json!({
            "type": if text.is_some() { "keyDown" } else { "rawKeyDown" },
            "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        if let Some(text) = text {
            down["text"] = text.into();
        }
        self.cdp("Input.dispatchKeyEvent", down.clone()).await?;
        down["type"] = "keyUp".into();
        if let Some(up) = down.as_object_mut() {
            up.remove("text");
        }
        self.cdp("Input.dispatchKeyEvent", down).await
    }
}

/// Something has the focus, and is shown.
const KEPT: &str = "((element) => element !== null && element !== document.body && element.checkVisibility())
    (document.activeElement)";

/// The focused element has an outline, and no part of it lies under something else.
/// Browsers scroll to whole pixels: a fraction of one may be over the edge.
const SEEN: &str = "((element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && box.top > -1 && box.bottom < innerHeight + 1 && (element.contains(top) || top?.contains(element));
})(document.activeElement)";
