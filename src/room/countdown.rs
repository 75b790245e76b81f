//! The time between a press of the button and the photo, for who wants to be in it.

use leptos::prelude::Set;

use super::{
    inbox::{Happened, Inbox},
    view::RoomView,
};
use crate::browser::{
    Listener, page,
    task::{self, Task},
};

/// At most one photo is waited for.
pub(super) struct Countdown {
    view: RoomView,
    inbox: Inbox,
    running: Option<Running>,
}

struct Running {
    sends: bool,
    _clock: Task,
    _escape: Listener,
}

impl Countdown {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self { view, inbox, running: None }
    }

    /// Counts so many seconds down, after which [`Happened::Due`] comes; [`Happened::Escape`] where the person presses
    /// that key.
    pub(super) fn start(&mut self, seconds: u8, sends: bool) {
        let (view, due, escape) = (self.view, self.inbox.clone(), self.inbox.clone());
        let clock = task::spawn(async move {
            for left in (1..=seconds).rev() {
                view.counting.set(left.to_string());
                task::sleep(1_000).await;
            }
            due.push(Happened::Due);
        });
        let escape = page::on_escape(move || escape.push(Happened::Escape));
        self.running = Some(Running { sends, _clock: clock, _escape: escape });
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Ends it, whether the time is over or not. Gives whether the photo was to be sent; none where none was waited
    /// for.
    pub(super) fn end(&mut self) -> Option<bool> {
        let Running { sends, .. } = self.running.take()?;
        self.view.counting.set(String::new());
        Some(sends)
    }
}
