//! `/check/camera`: what a camera gives, what it can be asked, and what is wrong with its picture; how loud the
//! microphone is; and whether the browser gives either.

mod asked;
mod driver;
mod ear;
mod guide;
mod look;
mod sound;

use leptos::prelude::RwSignal;

pub use asked::{Asked, Limit, Number, Part};
pub use ear::Heard;
pub use guide::Guide;
pub use look::Verdict;
pub use sound::{SoundCheck, SoundView};

pub use crate::browser::{
    CameraCapabilities, CameraSettings, CaptureError, Device, Facing, Permission, Range, Video,
};

use super::queue::Queue;
use crate::browser::{is_secure, is_touched, user_agent};
use driver::{Driver, Happened};

/// Measured frame rates that are kept: of a minute.
pub const RATES: usize = 120;

/// How a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It was not started, or was stopped.
    Off,
    /// The browser, and perhaps the person, are asked.
    Starting,
    /// It runs.
    On,
    /// Why it did not start.
    Failed(CaptureError),
    /// It ended by itself.
    Ended,
}

impl State {
    /// Before anything was asked. Of insecure pages Chromium says that permission was refused, which nobody did.
    fn initial() -> Self {
        if is_secure() { Self::Off } else { Self::Failed(CaptureError::Insecure) }
    }

    /// Whether it runs, or is about to.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        matches!(self, Self::Starting | Self::On)
    }
}

/// What became of what was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The browser works on it.
    Waiting,
    /// The camera does that, or comes near.
    Done,
    /// It was not asked: that is no number above 0.
    NotANumber(Part),
    /// The browser agreed, and the camera does not do that part.
    Ignored(Part),
    /// The camera cannot do that part, where the browser says which.
    Impossible(Option<Part>),
    /// Another reason.
    Failed(CaptureError),
}

impl Applied {
    fn of(error: CaptureError) -> Self {
        match error {
            CaptureError::Impossible(constraint) => Self::Impossible(Part::named(&constraint)),
            error => Self::Failed(error),
        }
    }

    /// What it failed by.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        match self {
            Self::NotANumber(part) | Self::Ignored(part) => Some(*part),
            Self::Impossible(part) => *part,
            Self::Waiting | Self::Done | Self::Failed(_) => None,
        }
    }
}

/// What the page shows of the camera.
#[derive(Clone, Copy)]
pub struct CameraView {
    /// How it is.
    pub state: RwSignal<State>,
    /// What the system calls it; empty while none runs.
    pub label: RwSignal<String>,
    /// Of its pictures as they come, in pixels.
    pub size: RwSignal<Option<(u32, u32)>>,
    /// Frames in a second that were shown, the oldest first, twice a second.
    pub rates: RwSignal<Vec<f64>>,
    /// How its picture is.
    pub verdict: RwSignal<Verdict>,
    /// What was asked last.
    pub asked: RwSignal<Asked>,
    /// The call that asked it, in JavaScript; empty before one.
    pub call: RwSignal<String>,
    /// What became of it.
    pub applied: RwSignal<Option<Applied>>,
    /// How the camera runs, or ran last.
    pub settings: RwSignal<CameraSettings>,
    /// What the camera that ran last can do.
    pub capabilities: RwSignal<CameraCapabilities>,
    /// Those that can be chosen.
    pub cameras: RwSignal<Vec<Device>>,
    /// Whether the browser gives one.
    pub permission: RwSignal<Permission>,
    /// By whose ways that is changed.
    pub guide: Guide,
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct CameraCheck {
    /// What it shows.
    pub view: CameraView,
    queue: Queue<Happened>,
}

impl CameraCheck {
    /// Starts the camera at once where the browser would not ask. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = CameraView {
            state: RwSignal::new(State::initial()),
            label: RwSignal::default(),
            size: RwSignal::default(),
            rates: RwSignal::default(),
            verdict: RwSignal::default(),
            asked: RwSignal::default(),
            call: RwSignal::default(),
            applied: RwSignal::new(None),
            settings: RwSignal::default(),
            capabilities: RwSignal::default(),
            cameras: RwSignal::default(),
            permission: RwSignal::new(Permission::Unknown),
            guide: Guide::of(&user_agent(), is_touched()),
        };
        let queue = Queue::driven_by(move |queue, reader| Driver::new(view, queue).run(reader));
        Self { view, queue }
    }

    /// Asks for a camera, in reply to a click.
    pub fn start(&self, asked: Asked) {
        self.queue.push(Happened::Start(asked));
    }

    /// Ends it, or the wait for it.
    pub fn stop(&self) {
        self.queue.push(Happened::Stop);
    }

    /// Asks the camera that runs for something else; for another camera, where that is what is asked.
    pub fn apply(&self, asked: Asked) {
        self.queue.push(Happened::Apply(asked));
    }

    /// Where its pictures are shown.
    pub fn attach(&self, video: Option<Video>) {
        self.queue.push(Happened::Attach(video));
    }
}
