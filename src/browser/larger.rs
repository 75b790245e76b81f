//! Pictures that are larger than their place in the page: over the whole screen (Fullscreen API), or in a window of
//! their own over everything else (W3C Picture-in-Picture).

use js_sys::{Promise, futures::JsFuture};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlVideoElement};

use super::{
    Error, Video,
    externs::{LargerElement, LargerPage},
    window,
};

/// How a picture is made larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Larger {
    /// The whole screen shows it, with what belongs to it.
    FullScreen,
    /// A window of its own shows it, over other programs as well.
    Window,
}

impl Larger {
    /// Whether this browser can do it: phones of Apple show no element on the full screen, and Firefox lets no page
    /// open such a window.
    #[must_use]
    pub fn is_possible(self) -> bool {
        page().is_some_and(|page| match self {
            Self::FullScreen => page.fullscreen_enabled(),
            Self::Window => page.picture_in_picture_enabled(),
        } == Some(true))
    }
}

impl Larger {
    /// Whatever is larger in this way has its place in the page alone from now on.
    pub fn end(self) {
        let is_any = |page: &LargerPage| match self {
            Self::FullScreen => page.fullscreen_element().is_some(),
            Self::Window => page.picture_in_picture_element().is_some(),
        };
        if let Some(page) = page().filter(is_any) {
            // It fails where the person was faster.
            drop(JsFuture::from(leave(&page, self)));
        }
    }
}

impl Video {
    /// Makes it larger; or not any more, if it is so already. In reply to a click or a key, which browsers demand.
    pub async fn enlarge(&self, how: Larger) -> Result<(), Error> {
        let Some(page) = page() else { return Ok(()) };
        let promise = match how {
            _ if self.is_larger(&page, how) => Ok(leave(&page, how)),
            Larger::FullScreen => self.figure().unchecked_ref::<LargerElement>().request_fullscreen(),
            Larger::Window => self.0.unchecked_ref::<LargerElement>().request_picture_in_picture(),
        };
        let done: JsValue = promise.map_err(Error::from_js)?.await.map_err(Error::from_js)?;
        drop(done);
        Ok(())
    }

    /// It has its place in the page alone from now on.
    pub fn shrink(&self) {
        let Some(page) = page() else { return };
        for how in [Larger::FullScreen, Larger::Window] {
            if self.is_larger(&page, how) {
                // It fails where the person was faster.
                drop(JsFuture::from(leave(&page, how)));
            }
        }
    }

    /// The one that `selector` finds whose place in the page is the largest; the first among equals.
    #[must_use]
    pub fn largest(selector: &str) -> Option<Self> {
        let found = window().document()?.query_selector_all(selector).ok()?;
        let videos = (0..found.length())
            .rev()
            .filter_map(|place| found.get(place)?.dyn_into::<HtmlVideoElement>().ok());
        let area = |video: &HtmlVideoElement| video.client_width() * video.client_height();
        videos.filter(|video| area(video) > 0).max_by_key(area).map(Self)
    }

    fn is_larger(&self, page: &LargerPage, how: Larger) -> bool {
        match how {
            Larger::FullScreen => page.fullscreen_element() == Some(self.figure()),
            Larger::Window => page.picture_in_picture_element().as_ref() == Some(self.0.as_ref()),
        }
    }

    /// What fills the screen: the picture, and what is said of it.
    fn figure(&self) -> Element {
        let video: &Element = &self.0;
        video.closest("figure").ok().flatten().unwrap_or_else(|| video.clone())
    }
}

fn leave(page: &LargerPage, how: Larger) -> Promise {
    match how {
        Larger::FullScreen => page.exit_fullscreen(),
        Larger::Window => page.exit_picture_in_picture(),
    }
}

fn page() -> Option<LargerPage> {
    window().document().map(JsCast::unchecked_into)
}
