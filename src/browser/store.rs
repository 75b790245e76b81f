use std::{cell::RefCell, rc::Rc};

use futures::channel::oneshot;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker};

use super::{
    Blob, Chunk, Error, FileHandle,
    error::{number, text},
    live::{Held, Listener},
    navigator, task,
};

/// Bytes of a piece: what a hash is of.
const PIECE_BYTES: u32 = 1024 * 1024;

/// Bytes of the longest offer; a longer one is not recognised after a reload.
const MAX_OFFER_BYTES: usize = 64 * 1024;

/// How long a question may take: a worker that starts, or files that another page's still holds.
const PATIENCE_MS: u32 = 20_000;

/// Files of others on the browser's own disk (OPFS), each under a key that its caller makes: letters, digits, `-` and
/// `_`. They outlive the page: what was [`StoreEvent::Written`] is there after a reload. A worker, `store.js`, does the
/// work: there alone files can be written in place. `Drop` ends it, and what it had not yet done is not done.
///
/// What is said of one key is done in order. Nothing of it is done for a key that is not open, from the beginning or
/// since it failed, but for [`Store::begin`] and [`Store::remove`].
///
/// The worker's queue is the caller's to bound: by what was not yet told to be written.
pub struct Store {
    worker: Worker,
    questions: Rc<RefCell<Questions>>,
    _listeners: [Listener; 2],
    _held: Held,
}

/// What a store reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// `bytes` bytes are in the file from `offset` on.
    Written {
        /// Which file.
        key: String,
        /// Bytes.
        offset: u64,
        /// How many bytes.
        bytes: u32,
    },
    /// SHA-256 of what was asked to be hashed from `offset` on.
    Hashed {
        /// Which file.
        key: String,
        /// Bytes.
        offset: u64,
        /// The hash.
        digest: [u8; 32],
    },
    /// Something went wrong, and the file is closed; what is in it stays. It can begin again.
    Failed {
        /// Which file.
        key: String,
        /// Whether there is no room left, on the disk or for this site.
        is_full: bool,
        /// What the browser says.
        error: Error,
    },
}

/// A file that an earlier page of this tab left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which file.
    pub key: String,
    /// What it began with.
    pub offer: Vec<u8>,
    /// Of its checked pieces, in order; of a file that is whole there may be one more behind them, over all.
    pub hashes: Vec<[u8; 32]>,
    /// How far it is, those of a piece that is not checked included.
    pub bytes: u64,
}

impl Store {
    /// The store of `place`, which one tab uses at a time. Fails where the browser has no such disk, as over plain http
    /// or in private windows of some, and after 20 seconds.
    pub async fn open(place: &str, tell: impl FnMut(StoreEvent) + 'static) -> Result<Self, Error> {
        let store = Self::start(Box::new(tell))?;
        store.ask("open", Some(place)).await?;
        Ok(store)
    }

    fn start(mut tell: Box<dyn FnMut(StoreEvent)>) -> Result<Self, Error> {
        let worker = Worker::new(&script()?).map_err(Error::from_js)?;
        let questions = Rc::new(RefCell::<Questions>::default());
        let (answered, lost) = (questions.clone(), questions.clone());
        let read = move |event: &web_sys::Event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            match Message::read(&data) {
                Some(Message::Event(event)) => tell(event),
                Some(Message::Answer(number, answer)) => answered.borrow_mut().answer(number, answer),
                None => {}
            }
        };
        // Whatever else goes wrong in it is caught there: it could not be loaded.
        let listeners = [
            Listener::new(&worker, "message", read),
            Listener::new(&worker, "error", move |_| lost.borrow_mut().waiting.clear()),
        ];
        let held = Held::new(|live| &mut live.workers);
        Ok(Self { worker, questions, _listeners: listeners, _held: held })
    }

    /// Opens a file, a new one or one that is there with all that is in it, and keeps its `offer`: what it is known by
    /// after a reload, at most 64 KiB. Waits up to 5 seconds for a page before this one to let go of it.
    pub fn begin(&self, key: &str, offer: &[u8]) {
        debug_assert!((1..=MAX_OFFER_BYTES).contains(&offer.len()), "it would be lost with a reload");
        self.say("begin", key, &[Uint8Array::from(offer).into()]);
    }

    /// Puts `chunk` at `offset`. [`StoreEvent::Written`] follows, or [`StoreEvent::Failed`].
    #[expect(clippy::needless_pass_by_value, reason = "its bytes go to the worker")]
    pub fn write(&self, key: &str, offset: u64, chunk: Chunk) {
        let message = message(["write", key], &[from_u64(offset), chunk.0.clone().into()]);
        // Fails only for a buffer that somebody else has, and a chunk has one owner.
        let _ = self.worker.post_message_with_transfer(&message, &Array::of1(&chunk.0));
    }

    /// SHA-256 of `length` bytes from `offset` on, at most 1 MiB. [`StoreEvent::Hashed`] follows, or
    /// [`StoreEvent::Failed`].
    pub fn hash(&self, key: &str, offset: u64, length: u32) {
        debug_assert!(length <= PIECE_BYTES, "a piece at a time");
        self.say("hash", key, &[from_u64(offset), length.into()]);
    }

    /// The piece with this index was checked: after a reload it need not come again.
    pub fn keep_hash(&self, key: &str, index: u32, digest: &[u8; 32]) {
        self.say("keepHash", key, &[index.into(), Uint8Array::from(digest.as_slice()).into()]);
    }

    /// Leaves the first `bytes` bytes, and the hashes of the pieces of 1 MiB that lie in them as a whole.
    pub fn truncate(&self, key: &str, bytes: u64) {
        self.say("truncate", key, &[from_u64(bytes)]);
    }

    /// The file is complete, or waits: it is kept.
    pub fn close(&self, key: &str) {
        self.say("close", key, &[]);
    }

    /// Nothing of it is left.
    pub fn remove(&self, key: &str) {
        self.say("remove", key, &[]);
    }

    /// Remembers where a file of the person's own is, as long as the place lasts. Where the database takes none,
    /// [`StoreEvent::Failed`] follows.
    pub fn keep_handle(&self, key: &str, handle: &FileHandle) {
        self.say("keepHandle", key, &[handle.0.clone().into()]);
    }

    /// Forgets it.
    pub fn forget_handle(&self, key: &str) {
        self.say("forgetHandle", key, &[]);
    }

    /// Those that were kept here; none where the browser has no handles that outlive a page.
    pub fn handles(
        &self,
    ) -> impl Future<Output = Result<Vec<(String, FileHandle)>, Error>> + 'static + use<> {
        let answer = self.ask("handles", None);
        async move {
            let read = |kept: JsValue| Some((text(&kept, "0")?, FileHandle(at(&kept, 1).unchecked_into())));
            Ok(answer.await?.unchecked_into::<Array>().iter().filter_map(read).collect())
        }
    }

    /// What an earlier page left here, but for what is open. What cannot be recognised is removed.
    pub fn stored(&self) -> impl Future<Output = Result<Vec<Stored>, Error>> + 'static + use<> {
        let answer = self.ask("stored", None);
        async move {
            Ok(answer
                .await?
                .unchecked_into::<Array>()
                .iter()
                .filter_map(|file| Stored::read(&file))
                .collect())
        }
    }

    /// The file's bytes as they are on the disk, once all that was said of it is done; not a copy: it has to be closed,
    /// and to be there for as long as somebody reads it.
    pub fn file(&self, key: &str) -> impl Future<Output = Result<Blob, Error>> + 'static + use<> {
        let answer = self.ask("file", Some(key));
        async move { Ok(answer.await?.unchecked_into::<web_sys::Blob>().into()) }
    }

    /// Removes the places of tabs that are gone, and their handles: those that were not used for a day, and whose lock,
    /// called `prefix` and the place's name, nobody holds.
    pub fn tidy_up(&self, prefix: &str) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let answer = self.ask("tidyUp", Some(prefix));
        async move { answer.await.map(drop) }
    }

    /// Removes all that is here, and ends; what of it is being saved then may be cut off. Once it is polled it is done
    /// even if nobody waits any more.
    pub fn leave(self) -> impl Future<Output = ()> + 'static {
        let answer = self.ask("leave", None);
        async move {
            let leaving = async move {
                let _worker = self;
                // What could not be removed is old in a day.
                let _ = answer.await;
            };
            task::see_through(leaving).await;
        }
    }

    fn say(&self, what: &str, key: &str, rest: &[JsValue]) {
        // Fails for what cannot be copied, and all of this can.
        let _ = self.worker.post_message(&message([what, key], rest));
    }

    fn ask(
        &self,
        what: &str,
        about: Option<&str>,
    ) -> impl Future<Output = Result<JsValue, Error>> + 'static + use<> {
        let (number, answer) = self.questions.borrow_mut().ask();
        let about = about.map_or(JsValue::UNDEFINED, JsValue::from);
        let _ = self.worker.post_message(&Array::of4(&"ask".into(), &number.into(), &what.into(), &about));
        async move {
            let gone = || Error::new("InvalidStateError", "the store's worker is gone");
            let late = || Error::new("TimeoutError", "the store's worker does not answer");
            let answer = task::within(PATIENCE_MS, answer).await.ok_or_else(late)?;
            answer.map_err(|_| gone())?
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// How many more bytes the browser lets this site keep, as it estimates; none where it does not say.
pub async fn free_bytes() -> Option<u64> {
    const PATIENCE_MS: u32 = 2_000;
    let estimate = async { navigator().storage()?.estimate().await.ok() };
    let estimate: JsValue = task::within(PATIENCE_MS, estimate).await??;
    to_u64(number(&estimate, "quota")? - number(&estimate, "usage")?)
}

/// What waits for an answer of the worker.
#[derive(Default)]
struct Questions {
    asked: u32,
    waiting: Vec<(u32, oneshot::Sender<Result<JsValue, Error>>)>,
}

impl Questions {
    fn ask(&mut self) -> (u32, oneshot::Receiver<Result<JsValue, Error>>) {
        let (answer, answered) = oneshot::channel();
        self.waiting.retain(|(_, waiting)| !waiting.is_canceled());
        self.asked += 1;
        self.waiting.push((self.asked, answer));
        (self.asked, answered)
    }

    fn answer(&mut self, number: u32, answer: Result<JsValue, Error>) {
        if let Some(place) = self.waiting.iter().position(|(asked, _)| *asked == number) {
            // Whoever asked may have gone.
            let _ = self.waiting.swap_remove(place).1.send(answer);
        }
    }
}

/// What the worker says.
enum Message {
    Event(StoreEvent),
    Answer(u32, Result<JsValue, Error>),
}

impl Message {
    fn read(data: &JsValue) -> Option<Self> {
        let error = || Error::new(&text(data, "2").unwrap_or_default(), text(data, "3").unwrap_or_default());
        let kind = text(data, "0")?;
        let asked = || to_u64(number(data, "1")?).map(|number| number as u32);
        match kind.as_str() {
            "answered" => return Some(Self::Answer(asked()?, Ok(at(data, 2)))),
            "refused" => return Some(Self::Answer(asked()?, Err(error()))),
            _ => {}
        }
        let key = text(data, "1")?;
        let offset = || to_u64(number(data, "2")?);
        Some(Self::Event(match kind.as_str() {
            "written" => {
                StoreEvent::Written { key, offset: offset()?, bytes: to_u64(number(data, "3")?)? as u32 }
            }
            "hashed" => {
                StoreEvent::Hashed { key, offset: offset()?, digest: bytes(&at(data, 3)).try_into().ok()? }
            }
            _ => {
                let error = error();
                StoreEvent::Failed { key, is_full: error.name == "QuotaExceededError", error }
            }
        }))
    }
}

impl Stored {
    fn read(file: &JsValue) -> Option<Self> {
        let hashes = bytes(&at(file, 2)).as_chunks().0.to_vec();
        Some(Self {
            key: text(file, "0")?,
            offer: bytes(&at(file, 1)),
            hashes,
            bytes: to_u64(number(file, "3")?)?,
        })
    }
}

/// Whole and not negative.
#[expect(clippy::cast_sign_loss, reason = "checked")]
fn to_u64(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB")]
fn from_u64(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

fn message(head: [&str; 2], rest: &[JsValue]) -> Array {
    head.into_iter().map(JsValue::from).chain(rest.iter().cloned()).collect()
}

fn at(array: &JsValue, index: u32) -> JsValue {
    array.unchecked_ref::<Array>().get(index)
}

fn bytes(buffer: &JsValue) -> Vec<u8> {
    Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec()
}

/// Where the page says that the worker's script is.
#[cfg(not(test))]
fn script() -> Result<String, Error> {
    let meta =
        super::window().document().and_then(|document| document.query_selector("meta[name=store]").ok()?);
    let script = meta.and_then(|meta| meta.get_attribute("content"));
    script.ok_or_else(|| Error::new("NotFoundError", "the page names no worker for a store"))
}

/// The page of the tests within this crate says nothing of it.
#[cfg(test)]
#[expect(clippy::unnecessary_wraps, reason = "a page may name none")]
fn script() -> Result<String, Error> {
    thread_local! {
        static SCRIPT: gloo_file::ObjectUrl =
            Blob::new_with_options(include_str!("../../store.js"), Some("text/javascript")).into();
    }
    Ok(SCRIPT.with(|script| script.to_string()))
}
