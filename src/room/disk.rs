//! Files of others on the browser's own disk, where a reload of the page finds them again; in memory where there is no
//! such disk. And where our own are, for the same reload.

use std::collections::VecDeque;

use litemap::LiteMap;
use snaproom_protocol::{Digest, ItemId, PeerId, bulk::Part};
use snaproom_session::{Input, PayloadId, io::Kept};

use super::inbox::{Happened, Inbox};
use crate::browser::{
    Blob, Chunk, Error, FileHandle, Payload, Store, StoreEvent,
    task::{self, Task},
};

/// What files may take where there is no disk, in bytes, all together: a phone's browser ends a page that takes much
/// more.
pub(super) const MAX_MEMORY_BYTES: u64 = 256 * 1024 * 1024;

/// Of the lock that a tab holds by the name of its peer id: what belongs to no tab is removed.
const LOCKS: &str = "snaproom:peer:";

/// How long files wait to hear whether there is a disk.
const OPEN_WITHIN_MS: u32 = 10_000;

pub(super) struct Disk {
    inbox: Inbox,
    me: PeerId,
    state: State,
    files: LiteMap<PayloadId, File>,
    /// What was being written of files that were removed then: the session is to be told of each chunk.
    gone: LiteMap<PayloadId, VecDeque<(u64, u32)>>,
    work: Vec<Task>,
}

enum State {
    Closed,
    /// What is to be done once it is open.
    Opening(Vec<Job>),
    Open(Store),
    /// There is none.
    Missing,
}

enum Job {
    Prepare(PayloadId),
    Write(PayloadId, u64, Chunk),
    Hash(PayloadId, u64, u32),
    KeepHandle(PayloadId, FileHandle),
}

#[derive(Default)]
struct File {
    record: Vec<u8>,
    /// Its length, as far as it was said.
    of: u64,
    /// What is being written: the offset and the bytes of each chunk.
    writing: VecDeque<(u64, u32)>,
    /// Open for writing, as far as the store knows.
    is_open: bool,
    /// In memory, where there is no disk.
    bytes: Option<Payload>,
}

/// How the disk's opening ended, and what an earlier life of this page left there.
pub(super) type Opened = Result<Store, Error>;

impl Disk {
    pub(super) fn new(inbox: Inbox, me: PeerId) -> Self {
        Self {
            inbox,
            me,
            state: State::Closed,
            files: LiteMap::new(),
            gone: LiteMap::new(),
            work: Vec::new(),
        }
    }

    /// What an earlier life of this page received, in time for the first connection.
    pub(super) async fn restore(&mut self) -> Vec<Kept> {
        let Ok(store) = open(&self.inbox, self.me).await else { return Vec::new() };
        let stored = store.stored().await.unwrap_or_default();
        let mut all = Vec::new();
        for stored in stored {
            let Some(payload) = payload_of(&stored.key) else { continue };
            let hashes: Vec<Digest> = stored.hashes.into_iter().map(Digest).collect();
            let file = File { record: stored.offer.clone(), ..File::default() };
            self.files.insert(payload, file);
            all.push(Kept { from: payload.owner, record: stored.offer, hashes, bytes: stored.bytes });
        }
        self.state = State::Open(store);
        all
    }

    pub(super) fn has(&self, payload: PayloadId) -> bool {
        self.files.contains_key(&payload)
    }

    /// A file will come.
    pub(super) fn prepare(&mut self, payload: PayloadId, record: Vec<u8>) {
        self.files.insert(payload, File { record, ..File::default() });
        self.open();
        self.begin(payload);
    }

    /// Opens it, unless that has begun; [`Happened::DiskOpened`] follows.
    pub(super) fn open(&mut self) {
        if !matches!(self.state, State::Closed) {
            return;
        }
        self.state = State::Opening(Vec::new());
        let (inbox, me) = (self.inbox.clone(), self.me);
        self.do_work(async move {
            let in_vain = || Err(Error::new("TimeoutError", "the disk does not answer"));
            let opened = task::within(OPEN_WITHIN_MS, open(&inbox, me)).await.unwrap_or_else(in_vain);
            inbox.push(Happened::DiskOpened(opened));
        });
    }

    /// Does what waited for the disk. Gives what the session is to be told.
    pub(super) fn on_opened(&mut self, opened: Opened) -> Vec<Input> {
        let State::Opening(jobs) = std::mem::replace(&mut self.state, State::Missing) else {
            return Vec::new();
        };
        if let Ok(store) = opened {
            let tidying = store.tidy_up(LOCKS);
            self.state = State::Open(store);
            self.do_work(async move { drop(tidying.await) });
        }
        let mut told = Vec::new();
        for job in jobs {
            match job {
                Job::Prepare(payload) => self.begin(payload),
                Job::Write(payload, offset, chunk) => {
                    // It is written now.
                    if let Some(file) = self.files.get_mut(&payload) {
                        file.writing.pop_front();
                    }
                    let of = self.files.get(&payload).map_or(0, |file| file.of);
                    told.extend(self.write(payload, of, offset, chunk));
                }
                Job::Hash(payload, offset, length) => told.extend(self.hash(payload, offset, length)),
                Job::KeepHandle(payload, handle) => self.keep_handle(payload, handle),
            }
        }
        told
    }

    fn begin(&mut self, payload: PayloadId) {
        let Some(file) = self.files.get_mut(&payload) else { return };
        match &mut self.state {
            State::Open(store) if !file.is_open => {
                file.is_open = true;
                store.begin(&key_of(payload), &file.record);
            }
            State::Opening(jobs) => jobs.push(Job::Prepare(payload)),
            _ => {}
        }
    }

    /// Writes a chunk of a file of `of` bytes. Gives what is to be told at once.
    pub(super) fn write(&mut self, payload: PayloadId, of: u64, offset: u64, chunk: Chunk) -> Vec<Input> {
        self.begin(payload);
        let bytes = chunk.len();
        let stored = Input::Stored { payload, offset, bytes };
        let Some(file) = self.files.get_mut(&payload) else { return vec![stored] };
        match &mut self.state {
            State::Open(store) => {
                file.writing.push_back((offset, bytes));
                store.write(&key_of(payload), offset, chunk);
                Vec::new()
            }
            State::Opening(jobs) => {
                file.writing.push_back((offset, bytes));
                file.of = file.of.max(of);
                jobs.push(Job::Write(payload, offset, chunk));
                Vec::new()
            }
            State::Closed | State::Missing => match self.write_in_memory(payload, of, offset, &chunk) {
                Ok(()) => vec![stored],
                Err(_) => vec![Input::PayloadFailed(payload), stored],
            },
        }
    }

    /// Whether it is known if there is one.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.state, State::Open(_) | State::Missing)
    }

    /// A file of ours will be waited for, perhaps longer than this page lives.
    pub(super) fn keep_handle(&mut self, payload: PayloadId, handle: FileHandle) {
        self.open();
        match &mut self.state {
            State::Open(store) => store.keep_handle(&key_of(payload), &handle),
            State::Opening(jobs) => jobs.push(Job::KeepHandle(payload, handle)),
            State::Closed | State::Missing => {}
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn forget_handle(&mut self, payload: PayloadId) {
        match &mut self.state {
            State::Open(store) => store.forget_handle(&key_of(payload)),
            State::Opening(jobs) => {
                jobs.retain(|job| !matches!(job, Job::KeepHandle(kept, _) if *kept == payload));
            }
            State::Closed | State::Missing => {}
        }
    }

    /// Where files of ours are that an earlier life of this page offered.
    pub(super) async fn handles(&self) -> Vec<(PayloadId, FileHandle)> {
        let State::Open(store) = &self.state else { return Vec::new() };
        let kept = store.handles().await.unwrap_or_default();
        kept.into_iter().filter_map(|(key, handle)| Some((payload_of(&key)?, handle))).collect()
    }

    /// Where there is no disk: how many more bytes files may take.
    pub(super) fn free_memory(&self) -> Option<u64> {
        matches!(self.state, State::Missing).then(|| MAX_MEMORY_BYTES.saturating_sub(self.memory_taken()))
    }

    fn memory_taken(&self) -> u64 {
        let in_memory = self.files.values().filter_map(|file| file.bytes.as_ref());
        in_memory.map(|bytes| u64::from(bytes.len())).sum()
    }

    fn write_in_memory(
        &mut self,
        payload: PayloadId,
        of: u64,
        offset: u64,
        chunk: &Chunk,
    ) -> Result<(), Error> {
        let taken = self.memory_taken();
        let Some(file) = self.files.get_mut(&payload) else { return Ok(()) };
        let bytes = match &mut file.bytes {
            Some(bytes) => bytes,
            none => {
                if taken.saturating_add(of) > MAX_MEMORY_BYTES {
                    return Err(Error::new("QuotaExceededError", "more than this browser keeps in memory"));
                }
                none.insert(Payload::allocate(u32::try_from(of).unwrap_or(u32::MAX))?)
            }
        };
        bytes.write(u32::try_from(offset).unwrap_or(u32::MAX), chunk)
    }

    /// Hashes a piece. Gives what is to be told at once.
    pub(super) fn hash(&mut self, payload: PayloadId, offset: u64, length: u32) -> Option<Input> {
        let file = self.files.get_mut(&payload)?;
        match &mut self.state {
            State::Open(store) => store.hash(&key_of(payload), offset, length),
            State::Opening(jobs) => jobs.push(Job::Hash(payload, offset, length)),
            State::Closed | State::Missing => {
                let Some(bytes) = &file.bytes else { return Some(Input::PayloadFailed(payload)) };
                let (hash, inbox) = (bytes.sha256(offset as u32, length), self.inbox.clone());
                self.do_work(async move {
                    inbox.push(Happened::Done(match hash.await {
                        Ok(digest) => Input::Hashed { payload, offset, digest: Digest(digest) },
                        Err(_) => Input::PayloadFailed(payload),
                    }));
                });
            }
        }
        None
    }

    pub(super) fn checked(&mut self, payload: PayloadId, index: u32, digest: Digest) {
        // It may have been closed by something that failed meanwhile.
        self.begin(payload);
        if let State::Open(store) = &self.state {
            store.keep_hash(&key_of(payload), index, &digest.0);
        }
    }

    pub(super) fn truncate(&mut self, payload: PayloadId, bytes: u64) {
        self.begin(payload);
        if let State::Open(store) = &self.state {
            store.truncate(&key_of(payload), bytes);
        }
    }

    /// Nothing more of it comes.
    pub(super) fn close(&mut self, payload: PayloadId) {
        if let (State::Open(store), Some(file)) = (&self.state, self.files.get_mut(&payload)) {
            file.is_open = false;
            store.close(&key_of(payload));
        }
    }

    pub(super) fn remove(&mut self, payload: PayloadId) {
        if let Some(file) = self.files.remove(&payload)
            && let State::Open(store) = &self.state
        {
            store.remove(&key_of(payload));
            if !file.writing.is_empty() {
                self.gone.entry(payload).or_default().extend(file.writing);
            }
        }
    }

    /// What came of a file, once it is closed; from memory at once.
    pub(super) fn file(
        &self,
        payload: PayloadId,
    ) -> Option<impl Future<Output = Result<Blob, Error>> + 'static + use<>> {
        let file = self.files.get(&payload)?;
        let in_memory = file.bytes.as_ref().map(|bytes| bytes.to_blob(""));
        let on_disk = match &self.state {
            State::Open(store) => Some(store.file(&key_of(payload))),
            _ => None,
        };
        Some(async move {
            match (in_memory, on_disk) {
                (Some(bytes), _) => bytes,
                (None, Some(file)) => file.await,
                (None, None) => Err(Error::new("NotFoundError", "nothing of it was kept")),
            }
        })
    }

    /// What the disk reports. Gives what the session is to be told.
    pub(super) fn on_event(&mut self, event: &StoreEvent) -> Vec<Input> {
        let (StoreEvent::Written { key, .. }
        | StoreEvent::Hashed { key, .. }
        | StoreEvent::Failed { key, .. }) = event;
        let Some(payload) = payload_of(key) else { return Vec::new() };
        // What was said of it before it was removed is done first.
        if let Some(gone) = self.gone.get_mut(&payload)
            && !matches!(event, StoreEvent::Hashed { .. })
        {
            let ended = if matches!(event, StoreEvent::Written { .. }) { 1 } else { gone.len() };
            let told =
                gone.drain(..ended).map(|(offset, bytes)| Input::Stored { payload, offset, bytes }).collect();
            if gone.is_empty() {
                self.gone.remove(&payload);
            }
            return told;
        }
        let Some(file) = self.files.get_mut(&payload) else { return Vec::new() };
        match *event {
            StoreEvent::Written { offset, bytes, .. } => {
                file.writing.pop_front();
                vec![Input::Stored { payload, offset, bytes }]
            }
            StoreEvent::Hashed { offset, digest, .. } => {
                vec![Input::Hashed { payload, offset, digest: Digest(digest) }]
            }
            StoreEvent::Failed { .. } => {
                file.is_open = false;
                let lost = std::mem::take(&mut file.writing);
                let gone = lost.into_iter().map(|(offset, bytes)| Input::Stored { payload, offset, bytes });
                std::iter::once(Input::PayloadFailed(payload)).chain(gone).collect()
            }
        }
    }

    /// The room is left for good: nothing of it stays.
    pub(super) fn leave(&mut self) -> Option<impl Future<Output = ()> + 'static + use<>> {
        self.files.clear();
        match std::mem::replace(&mut self.state, State::Missing) {
            State::Open(store) => Some(store.leave()),
            _ => None,
        }
    }

    fn do_work(&mut self, work: impl Future<Output = ()> + 'static) {
        self.work.retain(|task| !task.is_finished());
        self.work.push(task::spawn(work));
    }
}

async fn open(inbox: &Inbox, me: PeerId) -> Opened {
    let inbox = inbox.clone();
    Store::open(&me.to_string(), move |event| inbox.push(Happened::Disk(event))).await
}

/// The name of a file on the disk, and what it is of.
fn key_of(payload: PayloadId) -> String {
    format!("{}{}", payload.owner, payload.item)
}

fn payload_of(key: &str) -> Option<PayloadId> {
    let (owner, item) = key.split_at_checked(key.len() / 2)?;
    let (owner, item): (PeerId, ItemId) = (owner.parse().ok()?, item.parse().ok()?);
    Some(PayloadId { owner, item, part: Part::Exact })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;

    wasm_bindgen_test_configure!(run_in_browser);

    const ME: PeerId = PeerId([1; 16]);
    const HELLO: [u8; 32] = [
        0x2C, 0xF2, 0x4D, 0xBA, 0x5F, 0xB0, 0xA3, 0x0E, 0x26, 0xE8, 0x3B, 0x2A, 0xC5, 0xB9, 0xE2, 0x9E, 0x1B,
        0x16, 0x1E, 0x5C, 0x1F, 0xA7, 0x42, 0x5E, 0x73, 0x04, 0x33, 0x62, 0x93, 0x8B, 0x98, 0x24,
    ];

    fn payload(item: u8) -> PayloadId {
        PayloadId { owner: PeerId([0xFB; 16]), item: ItemId([item; 16]), part: Part::Exact }
    }

    fn chunk(text: &str) -> Chunk {
        Chunk::from(text.as_bytes())
    }

    async fn next(inbox: &Inbox) -> Happened {
        let waiting = async {
            loop {
                if let Some(happened) = inbox.try_next() {
                    return happened;
                }
                task::sleep(5).await;
            }
        };
        task::within(20_000, waiting).await.unwrap()
    }

    /// Where the browser has no disk for pages.
    fn without_disk(inbox: &Inbox) -> Disk {
        let mut disk = Disk::new(inbox.clone(), ME);
        disk.state = State::Opening(Vec::new());
        assert!(disk.on_opened(Err(Error::new("SecurityError", "a private window"))).is_empty());
        disk
    }

    #[wasm_bindgen_test]
    fn a_key_names_whose_it_is_and_which() {
        assert_eq!(payload_of(&key_of(payload(7))), Some(payload(7)));
        assert_eq!(payload_of("something else"), None);
        assert_eq!(payload_of("é"), None);
    }

    #[wasm_bindgen_test]
    async fn without_a_disk_a_file_is_written_hashed_and_saved_from_memory() {
        let inbox = Inbox::default();
        let mut disk = without_disk(&inbox);
        assert_eq!(disk.free_memory(), Some(MAX_MEMORY_BYTES));
        disk.prepare(payload(1), Vec::new());
        for (offset, part) in [(3, "lo"), (0, "hel")] {
            let told = disk.write(payload(1), 5, offset, chunk(part));
            let stored = Input::Stored { payload: payload(1), offset, bytes: part.len() as u32 };
            assert_eq!(format!("{told:?}"), format!("{:?}", [stored]));
        }
        assert_eq!(disk.free_memory(), Some(MAX_MEMORY_BYTES - 5));
        assert!(disk.hash(payload(1), 0, 5).is_none());
        let Happened::Done(Input::Hashed { digest, .. }) = next(&inbox).await else { panic!("no hash") };
        assert_eq!(digest, Digest(HELLO));
        let saved = disk.file(payload(1)).unwrap().await.unwrap();
        let saved = crate::browser::Source::from(saved).head(100).await.unwrap();
        assert_eq!(saved, b"hello");
        disk.remove(payload(1));
        assert_eq!(disk.free_memory(), Some(MAX_MEMORY_BYTES));
        assert!(disk.file(payload(1)).is_none());
    }

    #[wasm_bindgen_test]
    fn what_is_more_than_the_memory_is_for_fails_and_the_rest_goes_on() {
        let mut disk = without_disk(&Inbox::default());
        for item in [1, 2] {
            disk.prepare(payload(item), Vec::new());
        }
        let fails = |told: &[Input]| matches!(told, [Input::PayloadFailed(_), Input::Stored { .. }]);
        assert!(fails(&disk.write(payload(1), MAX_MEMORY_BYTES + 1, 0, chunk("a"))));
        assert!(matches!(disk.write(payload(2), 1, 0, chunk("b"))[..], [Input::Stored { .. }]));
        // There was room for it alone.
        assert!(fails(&disk.write(payload(1), MAX_MEMORY_BYTES, 0, chunk("a"))));
        // Nor does a chunk beyond the file's end come in.
        assert!(fails(&disk.write(payload(2), 1, 1, chunk("c"))));
    }

    #[wasm_bindgen_test]
    fn what_came_before_the_disk_was_open_is_told_once_it_is_known_that_there_is_none() {
        let mut disk = Disk::new(Inbox::default(), ME);
        disk.state = State::Opening(Vec::new());
        disk.prepare(payload(1), Vec::new());
        assert!(disk.write(payload(1), 1, 0, chunk("a")).is_empty());
        assert_eq!(disk.free_memory(), None);
        let told = disk.on_opened(Err(Error::new("SecurityError", "a private window")));
        assert!(matches!(told[..], [Input::Stored { offset: 0, bytes: 1, .. }]), "{told:?}");
    }

    #[wasm_bindgen_test]
    async fn a_store_that_fails_says_so_for_what_it_was_writing_and_begins_anew() {
        let inbox = Inbox::default();
        let mut disk = Disk::new(inbox.clone(), PeerId([2; 16]));
        disk.open();
        let Happened::DiskOpened(opened) = next(&inbox).await else { panic!("not opened") };
        assert!(disk.on_opened(opened).is_empty());
        assert_eq!(disk.free_memory(), None);
        disk.prepare(payload(3), vec![1]);
        assert!(disk.write(payload(3), 2, 0, chunk("a")).is_empty());
        let Happened::Disk(event) = next(&inbox).await else { panic!("nothing was written") };
        assert!(matches!(disk.on_event(&event)[..], [Input::Stored { .. }]));

        disk.files.get_mut(&payload(3)).unwrap().writing.push_back((1, 1));
        let error = Error::new("QuotaExceededError", "full");
        let failed = StoreEvent::Failed { key: key_of(payload(3)), is_full: true, error };
        let told = disk.on_event(&failed);
        assert!(matches!(told[..], [Input::PayloadFailed(_), Input::Stored { offset: 1, .. }]), "{told:?}");

        assert!(disk.write(payload(3), 2, 1, chunk("b")).is_empty());
        let Happened::Disk(event) = next(&inbox).await else { panic!("nothing was written") };
        assert!(matches!(disk.on_event(&event)[..], [Input::Stored { offset: 1, .. }]));
        disk.close(payload(3));
        let saved = disk.file(payload(3)).unwrap().await.unwrap();
        assert_eq!(crate::browser::Source::from(saved).head(100).await.unwrap(), b"ab");
        disk.leave().unwrap().await;
    }
}
