//! A file of the call, or of one's own part in it, on this device. Everybody in the call is told of it.

use leptos::prelude::Set;
use snaproom_session::io::Records;

use super::{
    gallery,
    inbox::{Happened, Inbox},
    view::{Notice, RoomView},
};
use crate::browser::{
    Recorder, Tracks, save,
    task::{self, Task, unix_ms},
};

pub(super) struct Recording {
    view: RoomView,
    inbox: Inbox,
    running: Option<Running>,
    /// What has ended is put together and saved.
    saving: Vec<Task>,
}

/// Why a recording is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The person, or the end of the call, wanted that.
    Wanted,
    /// It is as large as it may be, or the browser gave up.
    ByItself,
}

struct Running {
    recorder: Recorder,
    what: Records,
    /// Milliseconds since 1970.
    since: u64,
}

impl Recording {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self { view, inbox, running: None, saving: Vec::new() }
    }

    /// What the others are told.
    pub(super) fn what(&self) -> Records {
        self.running.as_ref().map_or(Records::Nothing, |running| running.what)
    }

    /// Records this from now on; what was recorded before is saved.
    pub(super) fn set(&mut self, what: Records) {
        if self.what() == what {
            return;
        }
        self.end(Ended::Wanted);
        if what == Records::Nothing {
            return;
        }
        let inbox = self.inbox.clone();
        match Recorder::start(move || inbox.push(Happened::RecordingEnded)) {
            Ok(recorder) => self.running = Some(Running { recorder, what, since: unix_ms() }),
            Err(error) => self.view.notice.set(Some(Notice::RecordingFailed(error.to_string()))),
        }
    }

    /// Who is in it just now.
    pub(super) fn show(&self, own: &Tracks, others: impl FnOnce() -> Vec<Tracks>) {
        let Some(running) = &self.running else { return };
        let mut people = if running.what == Records::Call { others() } else { Vec::new() };
        people.push(own.clone());
        running.recorder.show(&people);
    }

    /// Saves what there is.
    pub(super) fn end(&mut self, ended: Ended) {
        let Some(Running { recorder, since, .. }) = self.running.take() else { return };
        let view = self.view;
        self.saving.retain(|task| !task.is_finished());
        self.saving.push(task::spawn(async move {
            let saved = recorder
                .finish()
                .await
                .and_then(|(file, ending)| save(&file, &gallery::name_of_file(since, ending)));
            view.notice.set(Some(match saved {
                Ok(()) if ended == Ended::ByItself => Notice::RecordingStopped,
                Ok(()) => Notice::RecordingSaved,
                Err(error) => Notice::RecordingFailed(error.to_string()),
            }));
        }));
    }
}
