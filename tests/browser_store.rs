//! Others' files on the browser's own disk.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use sha2::{Digest, Sha256};
use snaproom_app::browser::{
    Blob, Choice, Chunk, Error, FileHandle, Payload, Permission, Store, StoreEvent, Stored, choose_files,
    free_bytes, live, task,
};
use support::{Replaced, bytes, document, noise_bytes, resolving, soon, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const PIECE: u32 = 1024 * 1024;
const CHUNK: usize = 64 * 1024;
const OFFER: &[u8] = b"what it is known by";

#[wasm_bindgen(inline_js = "
    const places = async () => {
        const root = await navigator.storage.getDirectory();
        return root.getDirectoryHandle('files', { create: true });
    };
    export async function put(path, text) {
        const names = path.split('/');
        const name = names.pop();
        let folder = await places();
        for (const part of names) folder = await folder.getDirectoryHandle(part, { create: true });
        if (name === '') return;
        const file = await folder.getFileHandle(name, { create: true });
        const stream = await file.createWritable();
        await stream.write(text);
        await stream.close();
    }
    export async function list(path) {
        let folder = await places();
        try {
            for (const part of path.split('/')) if (part) folder = await folder.getDirectoryHandle(part);
        } catch { return 'nothing'; }
        const names = [];
        for await (const name of folder.keys()) names.push(name);
        return names.sort().join(' ');
    }
    export async function remove(place) { await (await places()).removeEntry(place, { recursive: true }); }
    export async function own(name, text) {
        const root = await navigator.storage.getDirectory();
        const file = await root.getFileHandle(name, { create: true });
        const stream = await file.createWritable();
        await stream.write(text);
        await stream.close();
        return [file];
    }
    export async function disown(name) { await (await navigator.storage.getDirectory()).removeEntry(name); }
    export function url(script) { return URL.createObjectURL(new Blob([script], { type: 'text/javascript' })); }
")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn put(path: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn remove(place: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn list(path: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn own(name: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn disown(name: &str) -> Result<JsValue, JsValue>;
    fn url(script: &str) -> String;
}

/// As the browser's chooser gives it; of a file of the page's own, which may always be read.
async fn handle_of(name: &str, content: &str) -> FileHandle {
    let chosen = soon("a file", own(name, content)).await.unwrap();
    let _chooser = Replaced::with("showOpenFilePicker", &resolving(&chosen));
    let given = soon("a choice", choose_files()).await.unwrap();
    let Some(Choice::Files(mut files)) = given.choices.into_iter().next() else {
        panic!("nothing is chosen")
    };
    assert_eq!(files[0].name, name);
    files.pop().unwrap().handle.unwrap()
}

/// The names in a folder below all places.
async fn names_in(path: &str) -> String {
    soon("the folder", list(path)).await.unwrap().as_string().unwrap()
}

/// The page's word of where the worker's script is, as long as this lives.
struct Script(web_sys::Element);

impl Script {
    fn at(url: &str) -> Self {
        let meta = document().create_element("meta").unwrap();
        meta.set_attribute("name", "store").unwrap();
        meta.set_attribute("content", url).unwrap();
        document().head().unwrap().append_child(&meta).unwrap();
        Self(meta)
    }

    /// Runs `before` first.
    fn after(before: &str) -> Self {
        Self::at(&url(&format!("{before};\n{}", include_str!("../store.js"))))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// A store with what it told.
struct Told {
    store: Store,
    events: Rc<RefCell<VecDeque<StoreEvent>>>,
}

impl Told {
    async fn open(place: &str) -> Self {
        let _script = Script::after("");
        Self::open_with_script(place).await.unwrap()
    }

    async fn open_with_script(place: &str) -> Result<Self, Error> {
        let events = Rc::new(RefCell::<VecDeque<_>>::default());
        let told = events.clone();
        let store =
            soon("the store", Store::open(place, move |event| told.borrow_mut().push_back(event))).await?;
        Ok(Self { store, events })
    }

    async fn next(&self) -> StoreEvent {
        until("an event", || !self.events.borrow().is_empty()).await;
        self.events.borrow_mut().pop_front().unwrap()
    }

    /// Writes in chunks, and waits until all of it is written.
    async fn write(&self, key: &str, offset: u64, bytes: &[u8]) {
        let mut at = offset;
        for chunk in bytes.chunks(CHUNK) {
            self.store.write(key, at, Chunk::from(chunk));
            at += chunk.len() as u64;
        }
        at = offset;
        for chunk in bytes.chunks(CHUNK) {
            let written = StoreEvent::Written { key: key.to_owned(), offset: at, bytes: chunk.len() as u32 };
            assert_eq!(self.next().await, written);
            at += chunk.len() as u64;
        }
    }

    async fn hash(&self, key: &str, offset: u64, length: u32) -> [u8; 32] {
        self.store.hash(key, offset, length);
        match self.next().await {
            StoreEvent::Hashed { key: of, offset: at, digest } if of == key && at == offset => digest,
            other => panic!("{other:?}"),
        }
    }

    async fn stored(&self) -> Vec<Stored> {
        let mut stored = soon("what is stored", self.store.stored()).await.unwrap();
        stored.sort_by(|a, b| a.key.cmp(&b.key));
        stored
    }

    async fn content(&self, key: &str) -> Vec<u8> {
        let file: Blob = soon("the file", self.store.file(key)).await.unwrap();
        bytes(&Payload::from_blob(&file).await.unwrap())
    }

    async fn failure(&self) -> (String, bool, Error) {
        match self.next().await {
            StoreEvent::Failed { key, is_full, error } => (key, is_full, error),
            other => panic!("{other:?}"),
        }
    }

    async fn leave(self) {
        soon("the end", self.store.leave()).await;
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[wasm_bindgen_test]
async fn a_file_goes_on_after_a_reload_where_it_was() {
    let before = live();
    let noise = noise_bytes(2 * PIECE + 100);
    let (first, rest) = noise.split_at(PIECE as usize + 50);
    let hash = sha256(&noise[..PIECE as usize]);

    let told = Told::open("reload").await;
    assert_eq!(told.stored().await, []);
    told.store.begin("a-file_1", OFFER);
    told.write("a-file_1", 0, first).await;
    assert_eq!(told.hash("a-file_1", 0, PIECE).await, hash);
    told.store.keep_hash("a-file_1", 0, &hash);
    // Whatever is written later was kept before.
    told.write("a-file_1", 0, &noise[..1]).await;
    assert_eq!(live().workers, before.workers + 1);
    // Nothing is closed: so does a reload.
    drop(told);

    let told = Told::open("reload").await;
    let stored = Stored {
        key: "a-file_1".to_owned(),
        offer: OFFER.to_vec(),
        hashes: vec![hash],
        bytes: first.len() as u64,
    };
    assert_eq!(told.stored().await, [stored]);
    told.store.begin("a-file_1", OFFER);
    assert_eq!(told.hash("a-file_1", 0, PIECE).await, hash, "it is what was written");
    told.write("a-file_1", first.len() as u64, rest).await;
    let second = PIECE as usize..2 * PIECE as usize;
    assert_eq!(told.hash("a-file_1", PIECE.into(), PIECE).await, sha256(&noise[second.clone()]));
    assert_eq!(told.hash("a-file_1", 2 * u64::from(PIECE), 100).await, sha256(&noise[second.end..]));
    told.store.close("a-file_1");
    assert!(told.content("a-file_1").await == noise);
    told.leave().await;
    until("everything to be released", || live() == before).await;
    assert_eq!(names_in("reload").await, "nothing");
}

#[wasm_bindgen_test]
async fn what_is_cut_off_takes_the_hashes_of_its_pieces_along() {
    let told = Told::open("truncate").await;
    let noise = noise_bytes(2 * PIECE + 10);
    told.store.begin("file", OFFER);
    told.write("file", 0, &noise).await;
    let hashes = [[1; 32], [2; 32], [3; 32]];
    for (index, hash) in hashes.iter().enumerate() {
        told.store.keep_hash("file", index as u32, hash);
    }
    for (length, left) in [
        (2 * PIECE + 10, 2),
        (3 * PIECE, 2),
        (2 * PIECE, 2),
        (2 * PIECE - 1, 1),
        (PIECE + 1, 1),
        (PIECE, 1),
        (PIECE - 1, 0),
        (0, 0),
    ] {
        told.store.truncate("file", length.into());
        told.store.close("file");
        let length = length.min(2 * PIECE + 10);
        assert_eq!(told.content("file").await.len(), length as usize, "it grows by nothing");
        let [stored] = told.stored().await.try_into().unwrap();
        assert_eq!((stored.bytes, stored.hashes.as_slice()), (length.into(), &hashes[..left]), "{length}");
        told.store.begin("file", OFFER);
    }
    told.leave().await;
}

#[wasm_bindgen_test]
async fn a_hash_of_a_piece_that_is_not_there_is_not_believed() {
    let told = Told::open("hashes").await;
    told.store.begin("file", OFFER);
    told.write("file", 0, &noise_bytes(PIECE + 1)).await;
    for index in 0..5 {
        told.store.keep_hash("file", index, &[index as u8; 32]);
    }
    told.store.close("file");
    told.content("file").await;
    let [stored] = told.stored().await.try_into().unwrap();
    assert_eq!(
        stored.hashes,
        [[0; 32], [1; 32], [2; 32]],
        "the last piece may be a short one; then the root"
    );
    told.leave().await;
}

#[wasm_bindgen_test]
async fn files_do_not_disturb_each_other() {
    let told = Told::open("several").await;
    let keys = ["a", "b", "c"];
    for key in keys {
        told.store.begin(key, key.as_bytes());
    }
    for round in 0..20_u64 {
        for key in keys {
            told.store.write(key, round, Chunk::from(key.as_bytes()));
            told.store.hash(key, 0, round as u32 + 1);
        }
    }
    told.store.close("a");
    told.store.remove("b");
    let mut rounds = 0;
    while rounds < 60 {
        if let StoreEvent::Hashed { key, digest, .. } = told.next().await {
            let round = rounds / 3 + 1;
            assert!((1..=20).any(|length| digest == sha256(key.repeat(length).as_bytes())), "{round}");
            rounds += 1;
        }
    }
    let stored = told.stored().await;
    assert_eq!(stored.iter().map(|stored| stored.key.as_str()).collect::<Vec<_>>(), ["a"], "c is open");
    assert_eq!(told.content("a").await, [b'a'; 20]);
    assert_eq!(names_in("several").await, "a c");
    told.leave().await;
}

#[wasm_bindgen_test]
async fn without_room_a_file_keeps_what_came_and_can_go_on() {
    let told = Told::open("full").await;
    told.store.begin("file", OFFER);
    told.write("file", 0, b"kept").await;
    // No site may have that much.
    told.store.write("file", 1 << 45, Chunk::from(b"too far".as_slice()));
    told.store.write("file", 4, Chunk::from(b"on its way".as_slice()));
    let (key, is_full, error) = told.failure().await;
    assert_eq!((key.as_str(), is_full, error.name.as_str()), ("file", true, "QuotaExceededError"));
    assert_eq!(told.content("file").await, b"kept", "and nothing of what was on its way");
    assert_eq!(told.events.borrow().len(), 0, "once is enough");
    told.store.begin("file", OFFER);
    told.write("file", 4, b" on").await;
    assert_eq!(told.content("file").await, b"kept on");
    told.leave().await;
}

#[wasm_bindgen_test]
async fn a_disk_that_takes_less_than_it_is_given_is_full() {
    let _script = Script::after(
        "const { write } = FileSystemSyncAccessHandle.prototype;
         FileSystemSyncAccessHandle.prototype.write = function (bytes, at) {
             return write.call(this, bytes, at) - (bytes.byteLength === 5 ? 1 : 0);
         }",
    );
    let told = Told::open_with_script("short").await.unwrap();
    told.store.begin("file", OFFER);
    told.write("file", 0, b"1234").await;
    told.store.write("file", 4, Chunk::from(b"12345".as_slice()));
    assert!(told.failure().await.1);
    told.leave().await;
}

#[wasm_bindgen_test]
async fn what_cannot_be_done_is_a_failure_and_no_silence() {
    let told = Told::open("failures").await;
    for wrong in ["", ".", "..", "a/b", "../other"] {
        told.store.begin(wrong, OFFER);
        let (key, is_full, _) = told.failure().await;
        assert_eq!((key.as_str(), is_full), (wrong, false));
        told.store.remove(wrong);
        assert_eq!(told.failure().await.0, wrong);
    }
    told.store.begin("file", OFFER);
    told.write("file", 0, b"short").await;
    told.store.hash("file", 1, 5);
    let (_, is_full, error) = told.failure().await;
    assert_eq!((is_full, error.name.as_str()), (false, "RangeError"));
    told.store.remove("missing");
    assert!(
        soon("no file", told.store.file("missing")).await.is_err_and(|error| error.name == "NotFoundError")
    );
    assert_eq!(told.events.borrow().len(), 0, "what is not there is removed already");
    told.leave().await;
}

#[wasm_bindgen_test]
async fn what_nobody_would_recognise_is_removed() {
    soon("files", async {
        put("broken/whole/offer", "x").await.unwrap();
        put("broken/whole/hashes", "").await.unwrap();
        put("broken/whole/data", "data").await.unwrap();
        put("broken/no-offer/hashes", "").await.unwrap();
        put("broken/no-offer/data", "data").await.unwrap();
        put("broken/empty-offer/offer", "").await.unwrap();
        put("broken/empty-offer/hashes", "").await.unwrap();
        put("broken/empty-offer/data", "data").await.unwrap();
        put("broken/long-offer/offer", &"x".repeat(64 * 1024 + 1)).await.unwrap();
        put("broken/long-offer/hashes", "").await.unwrap();
        put("broken/long-offer/data", "data").await.unwrap();
        put("broken/no-data/offer", "x").await.unwrap();
        put("broken/a-file", "x").await.unwrap();
        put("broken/a-folder/offer/x", "x").await.unwrap();
        put("broken/empty/", "").await.unwrap();
    })
    .await;
    let told = Told::open("broken").await;
    let whole = Stored { key: "whole".to_owned(), offer: b"x".to_vec(), hashes: vec![], bytes: 4 };
    assert_eq!(told.stored().await, [whole]);
    assert_eq!(names_in("broken").await, "whole");
    told.leave().await;
}

#[wasm_bindgen_test]
async fn a_place_that_somebody_removed_is_made_again() {
    let told = Told::open("removed").await;
    soon("its removal", remove("removed")).await.unwrap();
    told.store.begin("file", OFFER);
    told.write("file", 0, b"bytes").await;
    assert_eq!(names_in("removed").await, "file");
    told.leave().await;
}

#[wasm_bindgen_test]
async fn a_page_waits_for_the_one_before_it_to_let_go() {
    let (first, second) = (Told::open("held").await, Told::open("held").await);
    first.store.begin("file", OFFER);
    first.write("file", 0, b"first").await;
    second.store.begin("file", OFFER);
    second.store.write("file", 5, Chunk::from(b" second".as_slice()));
    task::sleep(300).await;
    assert_eq!(second.events.borrow().len(), 0);
    assert_eq!(second.stored().await, [], "it is open");
    drop(first);
    assert!(matches!(second.next().await, StoreEvent::Written { offset: 5, bytes: 7, .. }));
    assert_eq!(second.content("file").await, b"first second");
    second.leave().await;
}

#[wasm_bindgen_test]
async fn a_place_goes_when_it_is_old_and_nobody_has_its_lock() {
    let day = "const { now } = Date; Date.now = () => now() + 24 * 60 * 60 * 1000 + 60_000";
    for place in ["gone", "here", "mine"] {
        soon("a file", put(&format!("{place}/key/data"), "x")).await.unwrap();
    }
    soon("a folder", put("empty/", "")).await.unwrap();
    let _lock = soon("the lock", snaproom_app::browser::storage::Lock::claim("a-prefix:here")).await.unwrap();

    let told = Told::open("mine").await;
    soon("tidying up", told.store.tidy_up("a-prefix:")).await.unwrap();
    assert_eq!(names_in("").await, "gone here mine", "none is old, but for one without anything");
    drop(told);
    let tomorrow = {
        let _script = Script::after(day);
        Told::open_with_script("mine").await.unwrap()
    };
    soon("tidying up", tomorrow.store.tidy_up("a-prefix:")).await.unwrap();
    assert_eq!(names_in("").await, "here mine");
    tomorrow.leave().await;
    let here = Told::open("here").await;
    here.leave().await;
    assert_eq!(names_in("").await, "");
}

async fn handles_in(told: &Told) -> Vec<(String, FileHandle)> {
    let mut handles = soon("the handles", told.store.handles()).await.unwrap();
    handles.sort_by(|a, b| a.0.cmp(&b.0));
    handles
}

async fn keys_in(told: &Told) -> Vec<String> {
    handles_in(told).await.into_iter().map(|(key, _)| key).collect()
}

#[wasm_bindgen_test]
async fn a_handle_is_there_after_a_reload_until_nobody_needs_it() {
    let before = live();
    let handles = [handle_of("own-1.txt", "one").await, handle_of("own-2.txt", "two").await];
    let (told, other) = (Told::open("handles").await, Told::open("handles-2").await);
    assert!(keys_in(&told).await.is_empty());
    for (key, handle) in ["a", "b"].into_iter().zip(&handles) {
        told.store.keep_handle(key, handle);
    }
    other.store.keep_handle("a", &handles[1]);
    assert_eq!(told.stored().await, [], "they are no files of others");
    until_kept(&told, 2).await;
    until_kept(&other, 1).await;
    drop((told, handles));

    let told = Told::open("handles").await;
    let kept = handles_in(&told).await;
    let keys: Vec<_> = kept.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
    for ((_, handle), (name, content)) in kept.iter().zip([("own-1.txt", "one"), ("own-2.txt", "two")]) {
        assert_eq!(soon("its permission", handle.permission()).await, Permission::Granted);
        let file = soon("the file", handle.file()).await.unwrap();
        assert_eq!((file.name.as_str(), file.bytes), (name, 3));
        assert_eq!(soon("its bytes", file.source.head(10)).await.unwrap(), content.as_bytes());
        assert!(file.handle.is_some(), "it can be kept again");
    }
    soon("its end", disown("own-1.txt")).await.unwrap();
    let gone = soon("no file", kept[0].1.file()).await;
    assert_eq!(gone.err().unwrap().name, "NotFoundError");
    told.store.forget_handle("a");
    told.store.forget_handle("none");
    until_kept(&told, 1).await;
    assert_eq!(keys_in(&told).await, ["b"]);
    assert_eq!(told.events.borrow().len(), 0);

    told.leave().await;
    let told = Told::open("handles").await;
    assert!(keys_in(&told).await.is_empty(), "nothing of it is left");
    assert_eq!(keys_in(&other).await, ["a"], "another tab's are its own");
    told.leave().await;
    other.leave().await;
    soon("its end", disown("own-2.txt")).await.unwrap();
    until("everything to be released", || live() == before).await;
}

/// What is said of a key is done in its own time.
async fn until_kept(told: &Told, count: usize) {
    soon("the database", async {
        while handles_in(told).await.len() != count {
            task::sleep(5).await;
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn handles_of_tabs_that_are_gone_go_with_their_places() {
    let handle = handle_of("own-3.txt", "three").await;
    for place in ["handles-gone", "handles-here", "handles-mine"] {
        let told = Told::open(place).await;
        told.store.keep_handle("a", &handle);
        until_kept(&told, 1).await;
    }
    let lock = snaproom_app::browser::storage::Lock::claim("of-handles:handles-here");
    let _lock = soon("the lock", lock).await.unwrap();
    let told = Told::open("handles-mine").await;
    soon("tidying up", told.store.tidy_up("of-handles:")).await.unwrap();
    let gone = Told::open("handles-gone").await;
    assert_eq!(keys_in(&gone).await, ["a"], "it is not old");
    drop(told);
    let tomorrow = {
        let _script =
            Script::after("const { now } = Date; Date.now = () => now() + 24 * 60 * 60 * 1000 + 60_000");
        Told::open_with_script("handles-mine").await.unwrap()
    };
    soon("tidying up", tomorrow.store.tidy_up("of-handles:")).await.unwrap();
    assert!(keys_in(&gone).await.is_empty());
    assert_eq!(keys_in(&tomorrow).await, ["a"]);
    let here = Told::open("handles-here").await;
    assert_eq!(keys_in(&here).await, ["a"]);
    for told in [tomorrow, here, gone] {
        told.leave().await;
    }
    soon("its end", disown("own-3.txt")).await.unwrap();
}

#[wasm_bindgen_test]
async fn without_a_database_files_of_others_are_kept_all_the_same() {
    let handle = handle_of("own-4.txt", "four").await;
    for (before, fails) in [
        ("indexedDB.open = () => { throw new DOMException('as the test says', 'SecurityError') }", true),
        ("delete FileSystemHandle.prototype.queryPermission; indexedDB.open = undefined", false),
    ] {
        let _script = Script::after(before);
        let told = Told::open_with_script("no-database").await.unwrap();
        told.store.keep_handle("a", &handle);
        if fails {
            let (key, is_full, error) = told.failure().await;
            assert_eq!((key.as_str(), is_full, error.name.as_str()), ("a", false, "SecurityError"));
        }
        let kept = soon("the handles", told.store.handles()).await;
        assert_eq!(
            kept.map(|kept| kept.len()).map_err(|error| error.name),
            if fails { Err("SecurityError".to_owned()) } else { Ok(0) }
        );
        told.store.begin("file", OFFER);
        told.write("file", 0, b"bytes").await;
        assert_eq!(names_in("no-database").await, "file");
        told.leave().await;
        assert_eq!(names_in("no-database").await, "nothing");
    }
    soon("its end", disown("own-4.txt")).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_browser_without_such_a_disk_says_so_at_once() {
    let before = live();
    let missing = Told::open_with_script("none").await.err().unwrap();
    assert_eq!(missing.name, "NotFoundError", "the page names no script");
    for (script, name) in [
        (
            Script::after(
                "navigator.storage.getDirectory = async () => { throw new DOMException('', 'SecurityError'); }",
            ),
            "SecurityError",
        ),
        (Script::after("delete FileSystemFileHandle.prototype.createSyncAccessHandle"), "NotSupportedError"),
        (Script::after("delete globalThis.FileSystemFileHandle"), "NotSupportedError"),
        (Script::at("/missing.js"), "InvalidStateError"),
        (Script::at(&url("this is no script")), "InvalidStateError"),
        (Script::at(&url("const [a] = 5")), "InvalidStateError"),
    ] {
        assert_eq!(Told::open_with_script("none").await.err().unwrap().name, name);
        drop(script);
    }
    let _worker = support::Replaced::with("Worker", &JsValue::UNDEFINED);
    let _script = Script::after("");
    assert!(Told::open_with_script("none").await.is_err());
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn the_browser_says_how_much_room_there_is() {
    assert!(soon("an estimate", free_bytes()).await.unwrap() > 1 << 20);
    let _replaced = support::Replaced::with("navigator.storage", &JsValue::UNDEFINED);
    assert_eq!(soon("no estimate", free_bytes()).await, None);
}
