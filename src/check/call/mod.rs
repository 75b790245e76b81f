//! `/check/call`: a call from this page to itself, with everything that happens in it.

mod curves;
mod driver;
mod running;
mod sdp;
mod trace;

use leptos::prelude::RwSignal;

pub use crate::browser::{
    Found, Pair, Used,
    self_call::{Description, Side, Step},
};
pub use curves::{Curves, ROOM_FOR};
pub use sdp::{Section, sections};
pub use trace::{Entry, Times, Trace, What};

use super::queue::Queue;
use crate::{
    browser::{Video, self_call::video_codecs},
    failure::CameraFailure,
};
use driver::{Driver, Happened};

/// What the page has to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing yet.
    Nothing,
    /// The browser was asked for the camera.
    OpeningCamera,
    /// The camera is on; the browser was asked for the microphone.
    OpeningMicrophone,
    /// The camera, and the microphone unless that failed.
    Devices(Result<(), CameraFailure>),
    /// A drawn picture.
    Drawn,
    /// There is no camera.
    Failed(CameraFailure),
}

impl Source {
    /// Whether there is something to be sent.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Devices(_) | Self::Drawn)
    }
}

/// How the call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// There was none.
    Before,
    /// It is being set up.
    Calling,
    /// That takes unusually long.
    Late,
    /// Pictures come.
    Up,
    /// They came, and nothing has for some seconds.
    Interrupted,
    /// It was ended.
    Over,
    /// It cannot be.
    Failed(Failure),
}

impl Phase {
    /// Whether there are connections.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Calling | Self::Late | Self::Up | Self::Interrupted)
    }
}

/// Why a call cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// None of the pairs works. `hidden` where the browser gave out names in the place of addresses.
    NoPath {
        /// Whether all addresses were names.
        hidden: bool,
    },
    /// This side was closed, and not by this page's buttons.
    Closed(Side),
    /// The browser would not; its words.
    Refused(String),
}

/// What the page shows.
#[derive(Clone, Copy)]
pub struct CallView {
    /// What can be sent.
    pub source: RwSignal<Source>,
    /// How the call is.
    pub phase: RwSignal<Phase>,
    /// What happened in it.
    pub trace: RwSignal<Trace>,
    /// `localDescription` of both, in the order of [`Side::ALL`].
    pub descriptions: RwSignal<[String; 2]>,
    /// Which of them was put on the clipboard, and whether the browser let the page.
    pub copied: RwSignal<Option<(Side, bool)>>,
    /// What was measured.
    pub curves: RwSignal<Curves>,
    /// The video codecs that the browser can send.
    pub codecs: RwSignal<Vec<String>>,
    /// Which of them the next call wants; none for the browser's own order.
    pub codec: RwSignal<Option<String>>,
}

/// Which video.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What is sent.
    Local,
    /// What comes.
    Remote,
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct Call {
    /// What it shows.
    pub view: CallView,
    queue: Queue<Happened>,
}

impl Call {
    /// Waits for the person. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = CallView {
            source: RwSignal::new(Source::Nothing),
            phase: RwSignal::new(Phase::Before),
            trace: RwSignal::default(),
            descriptions: RwSignal::default(),
            copied: RwSignal::new(None),
            curves: RwSignal::default(),
            codecs: RwSignal::new(video_codecs()),
            codec: RwSignal::new(None),
        };
        let queue = Queue::driven_by(move |queue, reader| Driver::new(view, queue).run(reader));
        Self { view, queue }
    }

    /// Opens camera and microphone.
    pub fn start(&self) {
        self.queue.push(Happened::Start);
    }

    /// Takes a drawn picture instead of them.
    pub fn draw(&self) {
        self.queue.push(Happened::Draw);
    }

    /// Lets `pc1` call `pc2`.
    pub fn call(&self) {
        self.queue.push(Happened::Call);
    }

    /// Closes both.
    pub fn hang_up(&self) {
        self.queue.push(Happened::HangUp);
    }

    /// Wants a video codec in the next call; none for the browser's own order.
    pub fn prefer(&self, codec: Option<String>) {
        self.queue.push(Happened::Codec(codec));
    }

    /// Puts a description on the clipboard.
    pub fn copy(&self, side: Side) {
        self.queue.push(Happened::Copy(side));
    }

    /// Shows one of the pictures in this element from now on.
    pub fn attach(&self, place: Place, video: Option<Video>) {
        self.queue.push(Happened::Video(place, video));
    }
}
