//! `/check/data`: two connections in this page and a data channel between them, as in the codelab's third step. Texts go
//! both ways; what the channel's options and limits do is seen.

mod doing;
mod driver;
mod history;
mod limits;
mod numbered;
mod speed;

use leptos::prelude::RwSignal;

use super::queue::Queue;
use crate::browser::Error;
pub use crate::browser::{ChannelOptions, Effort, End};
use driver::{Driver, Happened};
pub use history::{Fate, Message};
pub use limits::{FILL_AT_MOST, Filling, LOW_THRESHOLD, Limits, Oversize};
pub use numbered::{Counted, MESSAGE_BYTES, MESSAGES};
pub use speed::{Measured, Pace, RUN_MS, SAMPLE_MS};

/// How the connection is.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Not begun.
    Idle,
    /// The two look for each other.
    Connecting,
    /// The channel is open, after so many milliseconds.
    Open(f64),
    /// The person stopped it.
    Stopped,
    /// It ended by itself, or did not begin.
    Failed(Trouble),
}

/// Why there is no channel any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It did not open in time.
    Slow,
    /// Somebody else closed it.
    Closed,
    /// The browser refused.
    Browser(Error),
}

/// What goes on in the channel beside texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Numbered messages.
    Numbered,
    /// As much as goes.
    Speed(Pace),
    /// A queue that is filled runs empty.
    Fill,
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// Nothing is written there.
    Empty,
    /// The browser refused.
    Refused(Error),
}

/// What the page shows.
#[derive(Clone, Copy)]
pub struct DataView {
    /// How the connection is.
    pub phase: RwSignal<Phase>,
    /// What the channel is, as the other side says; none while there is none.
    pub announced: RwSignal<Option<ChannelOptions>>,
    /// Texts of both sides, in the order in which they were sent.
    pub messages: RwSignal<Vec<Message>>,
    /// Texts that came to the near side, in their order.
    pub near_received: RwSignal<Vec<String>>,
    /// Texts that came to the far side, in their order.
    pub far_received: RwSignal<Vec<String>>,
    /// Why the last text was not sent.
    pub unsent: RwSignal<Option<Unsent>>,
    /// What goes on beside texts.
    pub job: RwSignal<Option<Job>>,
    /// Why the last job ended before its time.
    pub broken: RwSignal<Option<Error>>,
    /// Of the numbered messages: sent, arrived.
    pub progress: RwSignal<(u32, u32)>,
    /// Runs of numbered messages, the newest first.
    pub counted: RwSignal<Vec<Counted>>,
    /// Megabytes in a second, over the last run.
    pub curve: RwSignal<Vec<f64>>,
    /// Runs of as much as goes, the newest first.
    pub measured: RwSignal<Vec<Measured>>,
    /// What the browser says of the channel; none while there is none.
    pub limits: RwSignal<Option<Limits>>,
    /// What became of the message that is too large.
    pub oversize: RwSignal<Option<Oversize>>,
    /// What became of the queue.
    pub filling: RwSignal<Option<Filling>>,
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct Data {
    /// What it shows.
    pub view: DataView,
    queue: Queue<Happened>,
}

impl Data {
    /// Waits for the person. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = DataView {
            phase: RwSignal::new(Phase::Idle),
            announced: RwSignal::new(None),
            messages: RwSignal::new(Vec::new()),
            near_received: RwSignal::new(Vec::new()),
            far_received: RwSignal::new(Vec::new()),
            unsent: RwSignal::new(None),
            job: RwSignal::new(None),
            broken: RwSignal::new(None),
            progress: RwSignal::new((0, 0)),
            counted: RwSignal::new(Vec::new()),
            curve: RwSignal::new(Vec::new()),
            measured: RwSignal::new(Vec::new()),
            limits: RwSignal::new(None),
            oversize: RwSignal::new(None),
            filling: RwSignal::new(None),
        };
        let queue = Queue::driven_by(move |queue, reader| Driver::new(view, queue).run(reader));
        Self { view, queue }
    }

    /// Makes the connections and the channel.
    pub fn start(&self, options: ChannelOptions) {
        self.queue.push(Happened::Start(options));
    }

    /// Closes them.
    pub fn stop(&self) {
        self.queue.push(Happened::Stop);
    }

    /// Sends what is written in the side's field.
    pub fn send(&self, from: End) {
        self.queue.push(Happened::Send(from));
    }

    /// Begins a run.
    pub fn run(&self, job: Job) {
        self.queue.push(Happened::Do(job));
    }

    /// Ends the run; what it has found by then counts.
    pub fn cancel(&self) {
        self.queue.push(Happened::Cancel);
    }

    /// Tries a message that is one byte larger than the largest.
    pub fn send_too_much(&self) {
        self.queue.push(Happened::SendTooMuch);
    }
}

/// The field in which a side's person writes.
#[must_use]
pub fn field_of(side: End) -> &'static str {
    match side {
        End::Near => "dataChannelSend",
        End::Far => "dataChannelAnswer",
    }
}
