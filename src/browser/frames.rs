use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    Video,
    externs::{FrameMetadata, FrameVideo},
    live::Held,
};

/// Counts the frames that a video shows (`requestVideoFrameCallback`), until it is dropped. Those of a hidden page do
/// not count: nobody sees them.
pub struct FrameCounter {
    video: FrameVideo,
    shared: Rc<Shared>,
    _held: Held,
}

#[derive(Default)]
struct Shared {
    frames: Cell<f64>,
    request: Cell<u32>,
    callback: RefCell<Option<OnFrame>>,
}

/// `VideoFrameRequestCallback`: the time, and what is known of the frame.
type OnFrame = Closure<dyn FnMut(JsValue, FrameMetadata)>;

impl FrameCounter {
    /// None where the browser cannot.
    #[must_use]
    pub fn of(video: &Video) -> Option<Self> {
        let video: FrameVideo = video.0.clone().unchecked_into();
        video.request_frame_function()?;
        let shared = Rc::<Shared>::default();
        let (next, weak): (FrameVideo, _) = (video.clone().unchecked_into(), Rc::downgrade(&shared));
        *shared.callback.borrow_mut() = Some(Closure::new(move |_: JsValue, metadata: FrameMetadata| {
            // It holds itself otherwise.
            if let Some(shared) = weak.upgrade() {
                // Also those for which the page had no time.
                shared.frames.set(metadata.presented_frames());
                shared.request_next(&next);
            }
        }));
        shared.request_next(&video);
        Some(Self { video, shared, _held: Held::new(|live| &mut live.listeners) })
    }

    /// Shown so far.
    #[must_use]
    pub fn frames(&self) -> f64 {
        self.shared.frames.get()
    }
}

impl Shared {
    fn request_next(&self, video: &FrameVideo) {
        if let Some(callback) = self.callback.borrow().as_ref() {
            self.request.set(video.request_frame(callback.as_ref().unchecked_ref()));
        }
    }
}

impl Drop for FrameCounter {
    fn drop(&mut self) {
        self.video.cancel_frame(self.shared.request.get());
    }
}
