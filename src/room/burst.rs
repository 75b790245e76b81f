//! Photos one after another, as long as the button is held.

use leptos::prelude::Set;

use super::{
    inbox::{Happened, Inbox},
    view::{Notice, RoomView},
};
use crate::browser::task::{self, Task};

/// Milliseconds from one photo to the next.
const PAUSE: u32 = 200;

/// Photos of one burst: ten seconds.
const MAX_PHOTOS: usize = 50;

/// At most one at a time. It is over when all that was taken is sent, and then said how much that was.
pub(super) struct Burst {
    view: RoomView,
    inbox: Inbox,
    clock: Option<Task>,
    taken: usize,
    /// Those of them of which it is known whether they were sent, and those that were.
    settled: usize,
    sent: usize,
}

impl Burst {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self { view, inbox, clock: None, taken: 0, settled: 0, sent: 0 }
    }

    /// [`Happened::Frame`] comes at once and after each pause; at the end [`Happened::BurstOver`], if it is not ended
    /// before.
    pub(super) fn begin(&mut self) {
        let inbox = self.inbox.clone();
        self.clock = Some(task::spawn(async move {
            for _ in 0..MAX_PHOTOS {
                inbox.push(Happened::Frame);
                task::sleep(PAUSE).await;
            }
            inbox.push(Happened::BurstOver);
        }));
    }

    pub(super) fn is_running(&self) -> bool {
        self.clock.is_some()
    }

    /// One more was taken.
    pub(super) fn took(&mut self) {
        self.taken += 1;
        self.view.burst.set(self.taken);
    }

    /// One that was taken was sent, or there was nobody to send it to.
    pub(super) fn settle(&mut self, is_sent: bool) {
        self.settled += 1;
        self.sent += usize::from(is_sent);
        self.tell();
    }

    pub(super) fn end(&mut self) {
        if self.clock.take().is_some() {
            self.view.burst.set(0);
            self.tell();
        }
    }

    /// Nothing more of it is sent, nor said.
    pub(super) fn abandon(&mut self) {
        self.forget_counts();
        self.end();
    }

    /// One that begins before all of the last one is sent is counted with that.
    fn tell(&mut self) {
        if !self.is_running() && self.taken > 0 && self.settled >= self.taken {
            self.view.notice.set(Some(Notice::BurstSent(self.sent)));
            self.forget_counts();
        }
    }

    fn forget_counts(&mut self) {
        (self.taken, self.settled, self.sent) = (0, 0, 0);
    }
}
