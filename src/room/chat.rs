//! What people write: what the page shows of it, and what of it outlives a reload.

use leptos::prelude::{ArcRwSignal, GetUntracked, Set, Update, WithUntracked};
use snaproom_protocol::RoomId;
use snaproom_session::{News, Session};

use super::{
    inbox::{Happened, Inbox},
    view::{Line, Notice, RoomView, Source, Written},
};
use crate::browser::{
    page, storage,
    task::{self, Task},
};

/// What was written is kept this long after it came: a few messages at once are written into the storage once.
const KEEP_AFTER_MS: u32 = 500;

pub(super) struct Chat {
    view: RoomView,
    inbox: Inbox,
    /// As the storage knows it.
    room: String,
    /// What comes was there before the page was loaded.
    recalls: bool,
    /// Until what came is kept.
    keeping: Option<Task>,
}

impl Chat {
    pub(super) fn new(view: RoomView, inbox: Inbox, room: RoomId) -> Self {
        view.written.update(Vec::clear);
        Self { view, inbox, room: room.to_string(), recalls: true, keeping: None }
    }

    /// What an earlier life of the page kept.
    pub(super) fn kept(&self) -> String {
        storage::written(&self.room).unwrap_or_default()
    }

    /// All of that has come.
    pub(super) fn has_recalled(&mut self) {
        self.recalls = false;
    }

    pub(super) fn on_news(&mut self, news: News) {
        match news {
            News::Written(written) => {
                self.show(written);
                self.keep_soon();
            }
            News::WrittenGone(id) => {
                self.view.written.update(|lines| lines.retain(|line| line.id != id));
                self.keep_soon();
            }
            News::Writes { peer, writes } => self.view.writing.update(|writing| {
                writing.retain(|other| *other != peer);
                if writes {
                    writing.push(peer);
                }
            }),
            News::TooMuch(peer) => self.view.notice.set(Some(Notice::WritesTooMuch(peer))),
            News::PeerGone(peer) => {
                self.view.writing.update(|writing| writing.retain(|other| *other != peer));
            }
            _ => {}
        }
    }

    fn show(&self, written: Written) {
        let place =
            |id| self.view.written.with_untracked(|lines| lines.iter().position(|line| line.id == id));
        if let Some(known) = place(written.id) {
            return self.view.written.with_untracked(|lines| lines[known].view.set(written));
        }
        let at = written.after.and_then(place).map_or(0, |before| before + 1);
        let is_new = !self.recalls && written.source != Source::Own;
        let line =
            Line { id: written.id, author: written.author, at: written.at, view: ArcRwSignal::new(written) };
        self.view.written.update(|lines| lines.insert(at.min(lines.len()), line));
        if is_new && (page::is_hidden() || !self.view.reads.get_untracked()) {
            self.view.unread.update(|unread| *unread += 1);
        }
    }

    fn keep_soon(&mut self) {
        if !self.recalls && self.keeping.is_none() {
            let inbox = self.inbox.clone();
            self.keeping = Some(task::spawn(async move {
                task::sleep(KEEP_AFTER_MS).await;
                inbox.push(Happened::KeepWritten);
            }));
        }
    }

    /// What came since is kept now, where the browser lets it.
    pub(super) fn keep(&mut self, session: &Session) {
        if self.keeping.take().is_some() {
            storage::keep_written(&self.room, &session.written());
        }
    }

    /// The room is left for good.
    pub(super) fn forget_kept(&mut self) {
        self.keeping = None;
        storage::forget_written(&self.room);
    }
}
