use js_sys::futures::JsFuture;
use web_sys::{HtmlMediaElement, HtmlVideoElement, MediaStream};

use super::externs;

/// A `<video>` element of the page.
#[derive(Clone, PartialEq)]
pub struct Video(pub(super) HtmlVideoElement);

impl From<HtmlVideoElement> for Video {
    fn from(element: HtmlVideoElement) -> Self {
        Self(element)
    }
}

impl Video {
    /// Width and height of the frame it shows, in pixels; none before the first frame.
    #[must_use]
    pub fn size(&self) -> Option<(u32, u32)> {
        let size = (self.0.video_width(), self.0.video_height());
        // Until a stream's time moves Chromium shows a black frame of its own and says that it has data.
        let shows =
            self.0.ready_state() >= HtmlMediaElement::HAVE_CURRENT_DATA && self.0.current_time() > 0.0;
        (shows && size.0 > 0 && size.1 > 0).then_some(size)
    }

    /// What the style sheet says in `--filter` that its frames are shown with, for frames of this size; often empty.
    pub(super) fn filter(&self, (width, height): (u32, u32)) -> String {
        let css = externs::computed_style(&self.0).property("--filter");
        if css != "blur(4px)" {
            return css;
        }
        // Those are pixels of the screen: the photo is to be blurred as much as the viewfinder.
        let (across, down) = (self.0.client_width().max(1), self.0.client_height().max(1));
        let pixels = (4 * width / across.unsigned_abs()).max(4 * height / down.unsigned_abs());
        format!("blur({pixels}px)")
    }

    /// Muted and inline, so that no browser waits for a click before it plays.
    pub(super) fn show(&self, stream: &MediaStream) {
        if self.0.src_object().as_ref() == Some(stream) {
            return;
        }
        self.0.set_muted(true);
        // Only an invalid attribute name makes this fail.
        let _ = self.0.set_attribute("playsinline", "");
        play(&self.0, stream);
    }

    /// Shows nothing.
    pub(super) fn clear(&self) {
        self.0.set_src_object(None);
    }

    /// Leaves the element alone when it shows something else by now.
    pub(super) fn hide(&self, stream: &MediaStream) {
        if self.0.src_object().as_ref() == Some(stream) {
            self.0.set_src_object(None);
        }
    }
}

/// Plays a stream from now on.
pub(super) fn play(element: &HtmlMediaElement, stream: &MediaStream) {
    element.set_src_object(Some(stream));
    // Not `autoplay`: Chromium starts that only when the element is scrolled into view.
    if let Ok(playing) = element.play() {
        // It is rejected when the stream is taken away again before it plays. The future has handlers for both ends
        // from the start, so dropping it leaves no unhandled rejection.
        drop(JsFuture::from(playing));
    }
}
