//! Files and folders: what the person gives and gets, as a list; their bytes are the sources' and the disk's.

use leptos::prelude::{ArcRwSignal, GetUntracked, Set, Update, WithUntracked};
use litemap::LiteMap;
use snaproom_protocol::{ItemId, PeerId, bulk::Part, control::Kind, wire};
use snaproom_session::{
    Command, Input, PayloadId,
    exif::Secrets,
    io::{File, Incoming, Kept, Outgoing, Pause},
    name,
};

use super::{
    disk::{Disk, MAX_MEMORY_BYTES, Opened},
    inbox::{Happened, Inbox},
    library::{Held, exact},
    offered::{Offered, Reached, missing_one},
    parcel::{self, Parcel},
    saved,
    sources::Sources,
    speed::Speed,
    view::{
        Entry, FileKind, FileView, Notice, PeerState, PeerView, PhotoKey, Recipient, RoomView, TransferState,
    },
};
use crate::browser::{
    Dropped, FileHandle, Given, Listener, Permission, Source, choose_files, free_bytes, page, storage,
    task::{self, Task, now_ms},
};

/// Files in the list; of more the oldest that is of no more use makes way.
const MAX_FILES: usize = 300;

/// How often a speed is measured where nothing comes.
const MEASURE_EVERY_MS: u32 = 2_000;

/// How long a page that is loaded anew waits for its disk before it joins the room.
const RESTORE_WITHIN_MS: u32 = 5_000;

/// Between two looks at how far a file is, in milliseconds: each of them costs the browser a frame.
const SHOWN_EVERY_MS: f64 = 250.0;

/// So much of the disk stays free when a file is accepted, in bytes.
const SPARE_BYTES: u64 = 16 * 1024 * 1024;

pub(super) struct Files {
    view: RoomView,
    inbox: Inbox,
    room: String,
    me: PeerId,
    pub(super) sources: Sources,
    pub(super) disk: Disk,
    /// What the page remembers of files of ours that somebody still waits for.
    offered: Vec<Offered>,
    /// Where those are that an earlier life of it offered, as long as their person has not let us read them.
    handles: LiteMap<ItemId, FileHandle>,
    /// Files of ours that are for everybody, also for those who come later.
    shared: LiteMap<ItemId, (String, Source)>,
    /// Of photos without their secrets: the same with them.
    originals: LiteMap<ItemId, (Parcel, Recipients)>,
    speeds: LiteMap<PhotoKey, Speed>,
    /// When it was shown last how far a file on its way is, to or from each peer.
    shown: LiteMap<(ItemId, PeerId), f64>,
    work: Vec<Task>,
    saving: Option<Task>,
    measuring: Option<Task>,
    leaving: Option<Listener>,
    /// What so many bytes are wanted for, as soon as it is known whether there is a disk.
    undecided: Vec<(u64, Happened)>,
    /// What ends now goes on in the page's next life.
    is_put_aside: bool,
}

/// To whom the person gives something, as they chose at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recipients {
    /// Whoever is here once it is ready, and whoever comes later.
    Everybody,
    These(Vec<PeerId>),
}

impl Files {
    pub(super) fn new(view: RoomView, inbox: Inbox, room: String, me: PeerId) -> Self {
        Self {
            view,
            sources: Sources::new(inbox.clone()),
            disk: Disk::new(inbox.clone(), me),
            inbox,
            room,
            me,
            offered: Vec::new(),
            handles: LiteMap::new(),
            shared: LiteMap::new(),
            originals: LiteMap::new(),
            speeds: LiteMap::new(),
            shown: LiteMap::new(),
            work: Vec::new(),
            saving: None,
            measuring: None,
            leaving: None,
            undecided: Vec::new(),
            is_put_aside: false,
        }
    }

    /// The page goes, perhaps to come back.
    pub(super) fn put_aside(&mut self) {
        self.is_put_aside = true;
    }

    /// What an earlier life of this page left, to be said before the first connection: files that came, and files of ours
    /// that were on their way.
    pub(super) async fn restore(&mut self) -> Vec<Command> {
        let Some(text) = storage::files(&self.room) else { return Vec::new() };
        // Whoever is in the room waits for us meanwhile.
        let kept: Vec<Kept> = task::within(RESTORE_WITHIN_MS, self.disk.restore()).await.unwrap_or_default();
        let mut commands: Vec<Command> = kept.into_iter().map(Command::Restore).collect();
        self.offered = wire::from_text(&text).unwrap_or_default();
        for offered in self.offered.clone() {
            let Offered { item, name, kind, bytes, to, .. } = offered;
            let key = PhotoKey { owner: self.me, item };
            self.list(key, &name, kind, bytes, None);
            // Nothing is heard of them before they are back.
            if let Some(entry) = self.entry(key) {
                let waits = |&peer: &PeerId| Recipient {
                    peer,
                    bytes: 0,
                    total: bytes,
                    state: TransferState::Waiting,
                    saved: false,
                };
                entry.view.update(|view| view.recipients = to.iter().map(waits).collect());
            }
            commands.push(Command::SendFile(File {
                item,
                name,
                kind,
                bytes,
                to,
                goes_on: true,
                is_here: false,
                for_all: false,
            }));
        }
        for (payload, handle) in
            task::within(RESTORE_WITHIN_MS, self.disk.handles()).await.unwrap_or_default()
        {
            let item = payload.item;
            if self.offered.iter().any(|offered| offered.item == item) {
                self.reach(item, handle.permission(), handle.clone());
                self.handles.insert(item, handle);
            } else {
                self.disk.forget_handle(payload);
            }
        }
        commands
    }

    /// Asks the person to let us read a file of theirs again, in reply to a click: [`Happened::Reached`] follows.
    pub(super) fn ask(&mut self, item: ItemId) {
        if let Some(handle) = self.handles.get(&item).cloned() {
            self.reach(item, handle.ask(), handle);
        }
    }

    fn reach(
        &mut self,
        item: ItemId,
        permission: impl Future<Output = Permission> + 'static,
        handle: FileHandle,
    ) {
        let inbox = self.inbox.clone();
        self.do_work(async move {
            inbox.push(Happened::Reached(Reached::by(item, permission.await, handle).await));
        });
    }

    /// Goes on with a file if it is still the one that was offered, as far as its length tells. Otherwise it has to be
    /// chosen again, unless the person is still to be asked.
    pub(super) fn on_reached(&mut self, Reached { item, permission, parcel }: Reached) -> Option<Command> {
        // It may have been chosen meanwhile.
        self.handles.get(&item)?;
        let offered = self.offered.iter().find(|offered| offered.item == item);
        let found = offered.zip(parcel.as_ref()).and_then(|(offered, parcel)| offered.found_in(parcel));
        if let Some(source) = found.cloned() {
            return Some(self.supply(item, source, None));
        }
        let needs_leave = permission == Permission::Prompt;
        if !needs_leave {
            self.handles.remove(&item);
        }
        self.show_leave(item, needs_leave);
        None
    }

    fn show_leave(&self, item: ItemId, needs_leave: bool) {
        if let Some(entry) = self.entry(PhotoKey { owner: self.me, item }) {
            entry.view.update(|view| view.needs_leave = needs_leave);
        }
    }

    /// Lets the person choose files, in reply to a click, and gives these. Where the browser does not let its own chooser
    /// open, the input with this id is pressed.
    pub(super) fn choose(&mut self, input: &'static str, asked_for: Option<ItemId>) {
        let (inbox, to) = (self.inbox.clone(), self.chosen());
        self.do_work(async move {
            match choose_files().await {
                Ok(given) => make_ready(given, to, asked_for, inbox).await,
                Err(_) => page::press(input),
            }
        });
    }

    /// Finds out what was dropped, and gives that.
    pub(super) fn look_into(&mut self, dropped: Dropped) {
        let (inbox, to) = (self.inbox.clone(), self.chosen());
        self.do_work(async move { make_ready(dropped.given().await, to, None, inbox).await });
    }

    /// Makes ready what the person gives, perhaps as the missing file of an item; [`Happened::Parcels`] follows.
    pub(super) fn give(&mut self, given: Given, asked_for: Option<ItemId>) {
        let (inbox, to) = (self.inbox.clone(), self.chosen());
        self.do_work(make_ready(given, to, asked_for, inbox));
    }

    /// Offers them to whom the person gave them. What is the missing file of an item goes on with that.
    pub(super) fn offer(
        &mut self,
        parcels: Vec<Parcel>,
        to: &Recipients,
        asked_for: Option<ItemId>,
    ) -> Vec<Command> {
        let mut supplied = Vec::new();
        let offer = |parcel| {
            let missing =
                self.offered.iter().filter(|offered| self.is_missing(offered.item)).collect::<Vec<_>>();
            match missing_one(&parcel, &missing, asked_for).filter(|(item, _)| !supplied.contains(item)) {
                None => self.offer_one(parcel, to).ok(),
                Some((item, source)) => {
                    supplied.push(item);
                    Some(self.supply(item, source, parcel.handle))
                }
            }
        };
        parcels.into_iter().filter_map(offer).collect()
    }

    /// Goes on with a file that is there again; with its handle, where that is another one than before.
    fn supply(&mut self, item: ItemId, source: Source, handle: Option<FileHandle>) -> Command {
        let payload = exact(PhotoKey { owner: self.me, item });
        self.sources.put(payload, source);
        self.handles.remove(&item);
        self.show_leave(item, false);
        if let Some(handle) = handle {
            self.disk.keep_handle(payload, handle);
        }
        Command::Supply(item)
    }

    /// Gives it back where it cannot be offered, which is said.
    fn offer_one(&mut self, parcel: Parcel, recipients: &Recipients) -> Result<Command, Parcel> {
        let to = self.here(recipients);
        let for_all = *recipients == Recipients::Everybody;
        if to.is_empty() {
            let notice = if for_all { Notice::NobodyToSendTo } else { Notice::ChosenAreGone };
            self.inbox.push(Happened::Notice(notice));
            return Err(parcel);
        }
        let Ok(item) = task::random().map(ItemId) else { return Err(parcel) };
        let Parcel { name, kind, source, modified, removed, original, handle } = parcel;
        let bytes = source.bytes();
        let key = PhotoKey { owner: self.me, item };
        self.list(key, &name, kind, bytes, Some(removed));
        if for_all {
            self.shared.insert(item, (name.clone(), source.clone()));
        }
        self.sources.put(exact(key), source);
        if let Some(handle) = &handle {
            self.disk.keep_handle(exact(key), handle.clone());
        }
        if let Some(original) = original {
            let with_them = Parcel {
                name: name.clone(),
                kind,
                source: original,
                modified,
                removed: Secrets::default(),
                original: None,
                handle,
            };
            self.originals.insert(item, (with_them, recipients.clone()));
        }
        self.offered.push(Offered { item, name: name.clone(), kind, bytes, modified, to: to.clone() });
        self.remember();
        Ok(Command::SendFile(File { item, name, kind, bytes, to, goes_on: false, is_here: true, for_all }))
    }

    /// To whom the person gives what they give now.
    fn chosen(&self) -> Recipients {
        let chosen = self.view.give_to.get_untracked();
        if chosen.is_empty() { Recipients::Everybody } else { Recipients::These(chosen) }
    }

    /// Those of them who can get something.
    fn here(&self, recipients: &Recipients) -> Vec<PeerId> {
        let is_meant = |peer: &&PeerView| match recipients {
            Recipients::Everybody => true,
            Recipients::These(these) => these.contains(&peer.peer),
        };
        let can_get = |peer: &&PeerView| !matches!(peer.state, PeerState::Refused(_));
        self.view.peers.with_untracked(|peers| {
            peers.iter().filter(is_meant).filter(can_get).map(|peer| peer.peer).collect()
        })
    }

    fn is_missing(&self, item: ItemId) -> bool {
        let missing = TransferState::Paused(Pause::Source);
        self.entry(PhotoKey { owner: self.me, item }).is_some_and(|entry| {
            entry
                .view
                .with_untracked(|view| view.recipients.iter().any(|recipient| recipient.state == missing))
        })
    }

    /// Sends a photo with all that it tells, in the place of the one without and to the same people. Where none of them is
    /// here that one stays.
    pub(super) fn offer_original(&mut self, item: ItemId) -> Vec<Command> {
        let Some((original, to)) = self.originals.remove(&item) else { return Vec::new() };
        match self.offer_one(original, &to) {
            Ok(offer) => {
                self.cancel(item);
                vec![Command::Cancel(item), offer]
            }
            Err(original) => {
                self.originals.insert(item, (original, to));
                Vec::new()
            }
        }
    }

    /// Nobody gets a file of ours any more who has not got it yet. Of those who are not back since the page was loaded anew
    /// the session says nothing.
    pub(super) fn cancel(&mut self, item: ItemId) {
        let Some(entry) = self.entry(PhotoKey { owner: self.me, item }) else { return };
        entry.view.update(|view| {
            view.state = TransferState::Cancelled;
            let left = view.recipients.iter_mut().filter(|to| !to.has_ended());
            left.for_each(|to| to.state = TransferState::Cancelled);
        });
        self.take_back(item);
        self.ask_before_leaving();
    }

    /// Neither whoever comes later nor the page's next life knows of it.
    fn take_back(&mut self, item: ItemId) {
        self.shared.remove(&item);
        self.forget(item);
    }

    /// Nobody waits for a file of ours any more.
    fn forget(&mut self, item: ItemId) {
        self.offered.retain(|offered| offered.item != item);
        self.remember();
        if !self.is_put_aside {
            self.handles.remove(&item);
            self.disk.forget_handle(exact(PhotoKey { owner: self.me, item }));
        }
    }

    /// The person wants a file, if there is room for it: [`Happened::Accepted`] follows.
    pub(super) fn accept(&mut self, key: PhotoKey) {
        if let Some(bytes) = self.entry(key).map(|entry| entry.view.with_untracked(|view| view.total)) {
            self.if_it_fits(bytes, Happened::Accepted(key));
        }
    }

    /// Whether there is room for so much: `then` follows, or a notice.
    pub(super) fn if_it_fits(&mut self, bytes: u64, then: Happened) {
        if !self.disk.is_known() {
            self.undecided.push((bytes, then));
            return self.disk.open();
        }
        let inbox = self.inbox.clone();
        if let Some(free) = self.disk.free_memory() {
            return inbox.push(if bytes > free {
                Happened::Notice(Notice::NoRoom { needs: bytes, free })
            } else {
                then
            });
        }
        self.do_work(async move {
            match free_bytes().await {
                Some(free) if bytes.saturating_add(SPARE_BYTES) > free => {
                    inbox.push(Happened::Notice(Notice::NoRoom { needs: bytes, free }));
                }
                _ => inbox.push(then),
            }
        });
    }

    /// Where a file is that somebody who came later wants: one of ours, or one that came whole as one of these.
    pub(super) fn held(&self, key: PhotoKey, mut came_as: impl Iterator<Item = PhotoKey>) -> Option<Held> {
        if let Some((name, source)) = self.shared.get(&key.item).filter(|_| key.owner == self.me) {
            return Some(Held::File(name.clone(), source.clone()));
        }
        came_as.find_map(|came| {
            let view = self.entry(came)?.view.get_untracked();
            let is_whole = !view.is_ours && view.state == TransferState::Verified;
            let file = self.disk.file(exact(came)).filter(|_| is_whole)?;
            Some(Held::OnDisk(view.name, Box::new(file)))
        })
    }

    /// A file comes, or comes on.
    pub(super) fn on_incoming(&mut self, incoming: &Incoming) {
        let Incoming { item, from, ref name, kind, bytes, total, state, .. } = *incoming;
        let key = PhotoKey { owner: from, item };
        if self.was_just_shown(item, from, state) {
            return;
        }
        let unseen = self.view.unseen_offer;
        match self.entry(key) {
            None if state.is_in_vain() => return,
            None => {
                self.list(key, &name::file_name(name), kind, total, None);
                if state == TransferState::Offered && unseen.get_untracked().is_none() && page::is_hidden() {
                    unseen.set(Some(key));
                }
            }
            // Taken back before anybody answered: there is nothing to be said of it.
            Some(entry)
                if state == TransferState::Cancelled && entry.view.with_untracked(FileView::is_offered) =>
            {
                return self.view.files.update(|files| files.retain(|entry| entry.key != key));
            }
            Some(_) => {}
        }
        let is_wanted = state != TransferState::Offered && !state.is_in_vain();
        if is_wanted && unseen.get_untracked() == Some(key) {
            // The person wants all that its sender offers: there is no question.
            unseen.set(None);
        }
        if state == TransferState::Offered {
            // Whether there is a disk is to be known before the person decides.
            self.disk.open();
        }
        if state == TransferState::Verified || state.is_in_vain() {
            self.disk.close(exact(key));
            self.remember();
        }
        self.show(key, bytes, state, |view| view.bytes = bytes);
    }

    /// A file of ours is on its way to one recipient.
    pub(super) fn on_outgoing(&mut self, outgoing: &Outgoing) {
        let Outgoing { item, to, bytes, total, state } = *outgoing;
        let key = PhotoKey { owner: self.me, item };
        if self.was_just_shown(item, to, state) {
            return;
        }
        let Some(entry) = self.entry(key) else { return };
        entry.view.update(|view| match view.recipients.iter_mut().find(|known| known.peer == to) {
            Some(known) => *known = Recipient { peer: to, bytes, total, state, saved: known.saved },
            None => view.recipients.push(Recipient { peer: to, bytes, total, state, saved: false }),
        });
        let sum =
            entry.view.with_untracked(|view| view.recipients.iter().map(|recipient| recipient.bytes).sum());
        self.show(key, sum, state, |_| ());
        if entry.view.with_untracked(FileView::has_ended) {
            self.forget(item);
        }
    }

    /// Somebody has saved a file of ours.
    pub(super) fn on_saved(&self, by: PeerId, item: ItemId) {
        if let Some(entry) = self.entry(PhotoKey { owner: self.me, item }) {
            entry.view.update(|view| {
                view.recipients.iter_mut().filter(|to| to.peer == by).for_each(|to| to.saved = true);
            });
        }
    }

    /// Whether a file goes on as it did a moment ago, when that was shown.
    fn was_just_shown(&mut self, item: ItemId, peer: PeerId, state: TransferState) -> bool {
        let (of, now) = ((item, peer), now_ms());
        if state != TransferState::Active {
            self.shown.remove(&of);
            return false;
        }
        if self.shown.get(&of).is_some_and(|at| now - at < SHOWN_EVERY_MS) {
            return true;
        }
        self.shown.insert(of, now);
        false
    }

    /// Updates how an entry is, and how fast it goes: `bytes` in all.
    fn show(&mut self, key: PhotoKey, bytes: u64, state: TransferState, change: impl FnOnce(&mut FileView)) {
        let Some(view) = self.entry(key).map(|entry| entry.view.clone()) else { return };
        let speed = if state == TransferState::Active {
            self.keep_measuring();
            self.speeds.entry(key).or_default().measure(bytes, now_ms())
        } else {
            self.speeds.remove(&key);
            None
        };
        view.update(|view| {
            change(view);
            view.speed = speed;
            if view.recipients.is_empty() {
                view.state = state;
            }
        });
        self.ask_before_leaving();
    }

    fn list(&mut self, key: PhotoKey, name: &str, kind: Kind, total: u64, removed: Option<Secrets>) {
        let kind = match kind {
            Kind::Folder { files, listing } => FileKind::Folder { files, listing },
            Kind::File | Kind::Photo { .. } => FileKind::File,
        };
        let view = FileView {
            name: name.to_owned(),
            kind,
            is_ours: key.owner == self.me,
            bytes: 0,
            total,
            state: TransferState::Waiting,
            recipients: Vec::new(),
            speed: None,
            removed: removed.unwrap_or_default(),
            needs_leave: false,
            saved: false,
        };
        let entry = Entry { key, view: ArcRwSignal::new(view) };
        self.view.files.update(|files| {
            files.insert(0, entry);
            if files.len() > MAX_FILES {
                let makes_way = |entry: &Entry<FileView>| entry.view.with_untracked(FileView::makes_way);
                if let Some(place) = files.iter().rposition(makes_way) {
                    files.remove(place);
                }
            }
        });
    }

    fn entry(&self, key: PhotoKey) -> Option<Entry<FileView>> {
        self.view.files.with_untracked(|files| files.iter().find(|entry| entry.key == key).cloned())
    }

    /// Takes an entry that has ended out of the list, and what there is of it from the disk. False where it goes on.
    pub(super) fn remove(&mut self, key: PhotoKey) -> bool {
        let has_ended = self.entry(key).is_some_and(|entry| entry.view.with_untracked(FileView::has_ended));
        if has_ended {
            self.view.files.update(|files| files.retain(|entry| entry.key != key));
            if key.owner == self.me {
                self.originals.remove(&key.item);
                self.take_back(key.item);
            } else {
                self.disk.remove(exact(key));
            }
            self.ask_before_leaving();
        }
        has_ended
    }

    /// Gives a file, or the part that came of it, to the person; a folder as a zip.
    pub(super) fn save(&mut self, key: PhotoKey) {
        let Some(entry) = self.entry(key) else { return };
        let view = entry.view.get_untracked();
        if !view.can_be_saved() || self.is_saving() {
            return;
        }
        let payload = exact(key);
        if view.state != TransferState::Verified {
            self.disk.close(payload);
        }
        let Some(file) = self.disk.file(payload) else { return };
        let (inbox, is_whole) = (self.inbox.clone(), view.state == TransferState::Verified);
        self.saving = Some(task::spawn(async move {
            let saved = async { saved::one(file.await?, &view, is_whole).await };
            match saved.await {
                Ok(()) => inbox.push(Happened::FilesSaved(vec![key])),
                Err(error) => inbox.push(Happened::Notice(Notice::SaveFailed(error.to_string()))),
            }
        }));
    }

    /// Gives all files that are whole as one zip.
    pub(super) fn save_all(&mut self) {
        if self.is_saving() {
            return;
        }
        let whole = self.view.files.with_untracked(|files| {
            let is_whole = |entry: &&Entry<FileView>| {
                entry.view.with_untracked(|view| !view.is_ours && view.state == TransferState::Verified)
            };
            files.iter().rev().filter(is_whole).cloned().collect::<Vec<_>>()
        });
        let files: Vec<_> = whole
            .iter()
            .filter_map(|entry| {
                Some((entry.key, entry.view.get_untracked(), self.disk.file(exact(entry.key))?))
            })
            .collect();
        if files.is_empty() {
            return;
        }
        let inbox = self.inbox.clone();
        self.saving = Some(task::spawn(async move {
            let keys = files.iter().map(|(key, ..)| *key).collect();
            let saved = async {
                let mut whole = Vec::with_capacity(files.len());
                for (_, view, file) in files {
                    whole.push((view, file.await?));
                }
                saved::all(whole).await
            };
            match saved.await {
                Ok(()) => inbox.push(Happened::FilesSaved(keys)),
                Err(error) => inbox.push(Happened::Notice(Notice::SaveFailed(error.to_string()))),
            }
        }));
    }

    fn is_saving(&self) -> bool {
        self.saving.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// They are in the downloads. Gives what their senders are to be told.
    pub(super) fn on_files_saved(&mut self, keys: &[PhotoKey]) -> Vec<Command> {
        let mut commands = Vec::new();
        for key in keys {
            let Some(entry) = self.entry(*key) else { continue };
            entry.view.update(|view| view.saved = true);
            if entry.view.with_untracked(|view| view.state == TransferState::Verified) {
                commands.push(Command::Saved { from: key.owner, item: key.item });
            }
        }
        self.ask_before_leaving();
        commands
    }

    /// Measures again in a while, also where nothing comes: what stands still has no speed.
    fn keep_measuring(&mut self) {
        if self.measuring.as_ref().is_none_or(Task::is_finished) {
            let inbox = self.inbox.clone();
            self.measuring = Some(task::spawn(async move {
                task::sleep(MEASURE_EVERY_MS).await;
                inbox.push(Happened::FilesTick);
            }));
        }
    }

    /// It is time for that.
    pub(super) fn on_tick(&mut self) {
        self.measuring = None;
        let now = now_ms();
        for (key, speed) in &self.speeds {
            let measured = speed.at(now);
            let entries = self.view.files.get_untracked();
            if let Some(entry) = entries.iter().find(|entry| entry.key == *key)
                && entry.view.with_untracked(|view| view.speed != measured)
            {
                entry.view.update(|view| view.speed = measured);
            }
        }
        if !self.speeds.is_empty() {
            self.keep_measuring();
        }
    }

    /// As long as something would be lost with the page.
    fn ask_before_leaving(&mut self) {
        let is_needed = |entry: &Entry<FileView>| entry.view.with_untracked(FileView::needs_page);
        let would_be_lost = self.view.files.with_untracked(|files| files.iter().any(is_needed));
        self.leaving = would_be_lost.then(|| self.leaving.take().unwrap_or_else(page::ask_before_leaving));
    }

    /// For the next life of this page, as long as there is something that it may go on with.
    fn remember(&self) {
        if self.is_put_aside {
            return;
        }
        let has_theirs =
            self.view.files.with_untracked(|files| files.iter().any(|entry| entry.key.owner != self.me));
        let text = (has_theirs || !self.offered.is_empty()).then(|| wire::to_text(&self.offered));
        storage::keep_files(&self.room, text.as_deref());
    }

    /// A file that came is prepared for: the page may be loaded anew at any moment.
    pub(super) fn prepare(&mut self, payload: PayloadId, record: Vec<u8>) {
        self.disk.prepare(payload, record);
        self.remember();
    }

    /// The disk is open, or there is none. Gives what the session is to be told.
    pub(super) fn on_disk_opened(&mut self, opened: Opened) -> Vec<Input> {
        let told = self.disk.on_opened(opened);
        self.view.memory_alone.set(self.disk.free_memory().map(|_| MAX_MEMORY_BYTES));
        for (bytes, then) in std::mem::take(&mut self.undecided) {
            self.if_it_fits(bytes, then);
        }
        told
    }

    /// The session has no use for a payload any more.
    pub(super) fn release(&mut self, payload: PayloadId) {
        // What ends with this life of the page goes on in the next, also where no piece of it is whole yet.
        if payload.part == Part::Preview || self.is_put_aside {
            return;
        }
        if payload.owner == self.me {
            self.sources.release(payload);
        } else {
            self.disk.remove(payload);
            // There is no part of it any more that could be saved.
            if let Some(entry) = self.entry(PhotoKey { owner: payload.owner, item: payload.item }) {
                entry.view.update(|view| view.bytes = 0);
            }
        }
    }

    /// The room was left for good. What clears the disk goes on without us.
    pub(super) fn leave(&mut self) -> Option<Task> {
        storage::keep_files(&self.room, None);
        self.leaving = None;
        self.disk.leave().map(task::spawn)
    }

    /// Work that went on for the disk has something to say to the session.
    pub(super) fn do_work(&mut self, work: impl Future<Output = ()> + 'static) {
        self.work.retain(|task| !task.is_finished());
        self.work.push(task::spawn(work));
    }
}

/// Makes ready what the person gave to these; [`Happened::Parcels`] follows for each choice.
async fn make_ready(given: Given, to: Recipients, asked_for: Option<ItemId>, inbox: Inbox) {
    let mut lost = given.left_out;
    for choice in given.choices {
        let (parcels, left_out) = parcel::parcels(choice).await;
        lost += left_out;
        inbox.push(Happened::Parcels { parcels, to: to.clone(), asked_for });
    }
    if lost > 0 {
        inbox.push(Happened::Notice(Notice::FilesLeftOut(lost)));
    }
}

#[cfg(test)]
mod tests;
