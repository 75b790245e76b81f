//! Files that a person chooses, drags or pastes, and their bytes.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::RefCell, rc::Rc};

use sha2::{Digest, Sha256};
use snaproom_app::browser::{
    Blob, Choice, Chosen, Drag, Given, MAX_FILES, Part, Source, choose_files, chosen_in, live, on_drag,
    on_paste, task,
};
use support::{Replaced, bytes, document, noise_bytes, place, soon, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlInputElement;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    const file = (name) => {
        const parts = name.split('/');
        const file = new File([name], parts.at(-1), { lastModified: 1_700_000_000_000 });
        if (parts.length > 1) Object.defineProperty(file, 'webkitRelativePath', { value: name });
        return file;
    };
    export function transfer(names, text) {
        const transfer = new DataTransfer();
        for (const name of names) transfer.items.add(file(name));
        if (text !== undefined) transfer.setData('text/plain', text);
        return transfer;
    }
    export function choose(input, transfer) { input.files = transfer.files; }
    export function drag(kind, target, transfer) {
        const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
        target.dispatchEvent(event);
        return event.defaultPrevented;
    }
    export function paste(target, transfer) {
        const event = new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
        target.dispatchEvent(event);
        return event.defaultPrevented;
    }
    /** What a browser gives for a folder: `[name, entries]`, or the name of a file; for one that cannot be read, null. */
    const entry = (what, path = '') => {
        if (typeof what === 'string') {
            return { isDirectory: false, name: what, file: (resolve) => resolve(file(what)) };
        }
        const [name, entries] = what;
        return {
            isDirectory: true,
            name,
            file: (_, reject) => reject(new DOMException('a folder', 'TypeMismatchError')),
            createReader() {
                let rest = entries;
                return {
                    readEntries(resolve, reject) {
                        if (rest === null) return reject(new DOMException('not readable', 'NotReadableError'));
                        const some = rest.slice(0, 100);
                        rest = rest.slice(100);
                        resolve(some.map((what) => what === null
                            ? { isDirectory: false, name: 'gone', file: (_, reject) => reject(new DOMException('', 'NotFoundError')) }
                            : entry(what)));
                    },
                };
            },
        };
    };
    export function entries(tree) {
        const all = JSON.parse(tree).map((what) => entry(what));
        return function () { return all.shift() ?? null; };
    }
    export function nested(depth) {
        let tree = ['folder', ['deepest']];
        for (let level = 0; level < depth; level += 1) tree = ['folder', [`file-${level}`, tree]];
        return JSON.stringify([tree]);
    }
    /** What a browser gives for a file that is dropped, one after the other. */
    export function handles(kinds) {
        const all = {
            known: () => Promise.resolve({ getFile() {} }),
            slow: () => new Promise(() => {}),
            refused: () => Promise.reject(new DOMException('', 'AbortError')),
        };
        return function () { return all[kinds.shift()](); };
    }
    export function failing() {
        return () => Promise.reject(new DOMException('as the test says', 'NotReadableError'));
    }
")]
extern "C" {
    fn transfer(names: Vec<String>, text: Option<&str>) -> JsValue;
    fn choose(input: &HtmlInputElement, transfer: &JsValue);
    fn drag(kind: &str, target: &web_sys::EventTarget, transfer: &JsValue) -> bool;
    fn paste(target: &web_sys::EventTarget, transfer: &JsValue) -> bool;
    fn entries(tree: &str) -> JsValue;
    fn nested(depth: u32) -> String;
    fn handles(kinds: Vec<String>) -> JsValue;
    fn failing() -> JsValue;
}

fn files(names: &[&str]) -> JsValue {
    transfer(names.iter().map(|name| (*name).to_owned()).collect(), None)
}

fn source(bytes: &[u8]) -> Source {
    Blob::new(bytes).into()
}

async fn read(source: &Source, offset: u64, length: u32) -> Vec<u8> {
    bytes(&soon("a piece", source.read(offset, length)).await.unwrap())
}

/// The names of all files, and how many are left out; a folder is `name: path path`. Each file has its name in it.
async fn described(given: Given) -> (String, usize) {
    let mut all = Vec::new();
    for choice in given.choices {
        let (name, files) = match choice {
            Choice::Files(files) => (None, files),
            Choice::Folder { name, files } => (Some(name), files),
        };
        let mut names = Vec::new();
        for Chosen { name, path, bytes, modified, source, .. } in files {
            assert_eq!(modified, 1_700_000_000_000);
            assert_eq!(bytes, source.bytes());
            let content = soon("its bytes", source.head(1000)).await.unwrap();
            let path = path.unwrap_or_else(|| name.clone());
            assert!(path.ends_with(&name) && path.as_bytes().ends_with(&content), "{path}");
            names.push(path);
        }
        let names = names.join(" ");
        all.push(name.map_or(names.clone(), |name| format!("{name}: {names}")));
    }
    (all.join(", "), given.left_out)
}

/// The same of what lacks nothing.
async fn whole(given: Given) -> String {
    let (described, left_out) = described(given).await;
    assert_eq!(left_out, 0);
    described
}

fn sizes(given: &Given) -> (Vec<usize>, usize) {
    let sizes = given.choices.iter().map(|choice| match choice {
        Choice::Files(files) | Choice::Folder { files, .. } => files.len(),
    });
    (sizes.collect(), given.left_out)
}

#[wasm_bindgen_test]
async fn a_source_is_read_a_piece_at_a_time() {
    let noise = noise_bytes(100_000);
    let source = source(&noise);
    assert_eq!(source.bytes(), 100_000);
    for (offset, length) in [(0, 100_000), (0, 0), (100_000, 0), (1, 2), (99_999, 1), (5_000, 70_000)] {
        let expected = &noise[offset as usize..][..length as usize];
        assert!(read(&source, offset, length).await == expected, "{length} at {offset}");
    }
    let piece = soon("a piece", source.read(10, 1000)).await.unwrap();
    let expected: [u8; 32] = Sha256::digest(&noise[10..1010]).into();
    assert_eq!(soon("its hash", piece.sha256(0, 1000)).await, Ok(expected));
    for (offset, length) in [(0, 100_001), (100_000, 1), (100_001, 0), (u64::MAX, 1), (u64::MAX, u32::MAX)] {
        let error = soon("the refusal", source.read(offset, length)).await.err().unwrap();
        assert_eq!(error.name, "RangeError", "{length} at {offset}");
    }
    assert_eq!(soon("the head", source.head(3)).await.unwrap(), noise[..3]);
    assert_eq!(soon("all of it", source.head(u32::MAX)).await.unwrap(), noise);
}

#[wasm_bindgen_test]
async fn a_file_that_is_not_there_any_more_is_an_error() {
    let source = source(b"a file");
    let _replaced = Replaced::with("Blob.prototype.arrayBuffer", &failing());
    assert_eq!(soon("the error", source.read(0, 6)).await.err().unwrap().name, "NotReadableError");
    let shorter = support::resolving(&js_sys::ArrayBuffer::new(5));
    let _replaced = Replaced::with("Blob.prototype.arrayBuffer", &shorter);
    assert_eq!(soon("the error", source.read(0, 6)).await.err().unwrap().name, "NotReadableError");
}

#[wasm_bindgen_test]
async fn a_source_is_put_together_of_parts_of_others() {
    let (abc, digits) = (source(b"abcdef"), source(b"0123456789"));
    let parts = [
        Part::Bytes(b"<"),
        Part::Of(&abc, 1..3),
        Part::Bytes(b""),
        Part::Of(&digits, 0..10),
        Part::Of(&abc, 6..6),
        Part::Of(&digits, 9..10),
        Part::Bytes(b">"),
    ];
    let composed = Source::composed(&parts).unwrap();
    assert_eq!(composed.bytes(), 15);
    assert_eq!(read(&composed, 0, 15).await, b"<bc01234567899>");
    assert_eq!(read(&composed, 2, 3).await, b"c01");
    let again = Source::composed(&[Part::Of(&composed, 1..4), Part::Of(&composed.clone(), 14..15)]).unwrap();
    assert_eq!(read(&again, 0, 4).await, b"bc0>");
    assert_eq!(Source::composed(&[]).unwrap().bytes(), 0);
    #[expect(clippy::reversed_empty_ranges, reason = "a wrong one")]
    for range in [0..7, 7..7, 3..2] {
        assert_eq!(Source::composed(&[Part::Of(&abc, range)]).err().unwrap().name, "RangeError");
    }
}

#[wasm_bindgen_test]
async fn what_was_chosen_can_be_chosen_again() {
    let input: HtmlInputElement = document().create_element("input").unwrap().unchecked_into();
    input.set_type("file");
    input.set_multiple(true);
    assert!(chosen_in(&input).choices.is_empty());
    for _ in 0..2 {
        choose(&input, &files(&["a.txt", "b"]));
        assert_eq!(whole(chosen_in(&input)).await, "a.txt b");
        assert!(chosen_in(&input).choices.is_empty(), "it is empty again");
    }
    choose(&input, &files(&["Holiday/a/b.jpg", "Holiday/c.jpg"]));
    assert_eq!(whole(chosen_in(&input)).await, "Holiday: Holiday/a/b.jpg Holiday/c.jpg");

    let names = (0..MAX_FILES + 2).map(|number| number.to_string()).collect();
    choose(&input, &transfer(names, None));
    assert_eq!(sizes(&chosen_in(&input)), (vec![MAX_FILES], 2));
}

/// What was told of drags: whether they are over, and what was dropped.
#[derive(Default)]
struct Drags(RefCell<Vec<bool>>, RefCell<Vec<snaproom_app::browser::Dropped>>);

impl Drags {
    fn watch(zone: &'static str) -> (Rc<Self>, impl Sized) {
        let drags = Rc::new(Self::default());
        let told = drags.clone();
        let listeners = on_drag(zone, move |drag| match drag {
            Drag::Over(over) => told.0.borrow_mut().push(over),
            Drag::Dropped(dropped) => told.1.borrow_mut().push(dropped),
        });
        (drags, listeners)
    }

    async fn dropped(&self) -> String {
        let dropped = self.1.borrow_mut().pop().unwrap();
        whole(soon("what was dropped", dropped.given()).await).await
    }
}

#[wasm_bindgen_test]
async fn files_can_be_dropped_on_the_zone_and_do_nothing_elsewhere() {
    let before = live();
    let (zone, elsewhere) = (place(), place());
    zone.set_class_name("zone");
    zone.set_inner_html("<p>text</p>");
    let inside: web_sys::Element = zone.first_element_child().unwrap();
    let (drags, listeners) = Drags::watch(".zone");
    let two = files(&["a", "b"]);

    assert!(drag("dragover", &elsewhere, &two), "the browser would open it");
    assert!(drag("drop", &elsewhere, &two));
    assert!(drags.0.take().is_empty());
    assert!(drags.1.borrow().is_empty());

    for target in [&inside, &zone, &inside] {
        assert!(drag("dragover", target, &two));
    }
    drag("dragover", &elsewhere, &two);
    drag("dragover", &zone, &two);
    drag("dragleave", &zone, &two);
    assert_eq!(drags.0.take(), [true, false, true, false]);

    drag("dragover", &inside, &two);
    assert!(drag("drop", &inside, &two));
    assert_eq!(drags.0.take(), [true, false]);
    assert_eq!(drags.dropped().await, "a b");

    let text = transfer(Vec::new(), Some("a text"));
    for kind in ["dragover", "drop"] {
        assert!(!drag(kind, &zone, &text), "texts are dropped into fields");
    }
    assert!(drags.0.take().is_empty() && drags.1.borrow().is_empty());

    drop(listeners);
    assert!(!drag("dragover", &zone, &two));
    assert_eq!(live(), before);
    zone.remove();
    elsewhere.remove();
}

#[wasm_bindgen_test]
async fn dropped_folders_are_looked_into() {
    let zone = place();
    let (drags, _listeners) = Drags::watch("div");
    let drop_tree = |count: usize, tree: &str| {
        let _replaced = Replaced::with("DataTransferItem.prototype.webkitGetAsEntry", &entries(tree));
        drag("drop", &zone, &files(&["1", "2", "3", "4"][..count]));
        drags.1.borrow_mut().pop().unwrap()
    };
    let dropped = drop_tree(
        4,
        r#"[["Holiday", ["a.jpg", ["empty", []], ["in", ["b.jpg", null, "c.jpg"]], ["locked", null], "d.jpg"]],
            "single", ["none", [["none", []]]], ["Second", ["e"]]]"#,
    );
    let given = soon("what is given", dropped.given()).await;
    assert_eq!(
        described(given).await,
        (
            "single, Holiday: Holiday/a.jpg Holiday/d.jpg Holiday/in/b.jpg Holiday/in/c.jpg, Second: Second/e".to_owned(),
            2
        )
    );

    let many: Vec<String> = (0..250).map(|number| format!("\"{number}\"")).collect();
    let dropped = drop_tree(1, &format!("[[\"many\", [{}]]]", many.join(",")));
    assert_eq!(sizes(&soon("what is given", dropped.given()).await), (vec![250], 0));

    let dropped = drop_tree(1, &nested(40));
    assert_eq!(sizes(&soon("what is given", dropped.given()).await), (vec![33], 1), "32 levels deep");

    // What is in a folder is looked at until there is too much.
    let many = vec!["\"x\""; MAX_FILES + 1000].join(",");
    let given = drop_tree(3, &format!("[[\"more\", [\"x\"]], [\"many\", [{many}]], \"one\"]")).given();
    let (sizes, left_out) = sizes(&task::within(60_000, given).await.unwrap());
    assert_eq!(sizes, [1, 1, MAX_FILES - 2]);
    assert!((1..=200).contains(&left_out), "{left_out}");
    zone.remove();
}

#[wasm_bindgen_test]
async fn where_a_dropped_file_is_holds_nothing_up() {
    let zone = place();
    let (drags, _listeners) = Drags::watch("div");
    let kinds = ["known", "slow", "refused", "known"].map(str::to_owned).to_vec();
    let (one, tree) = (handles(kinds), r#"["1", "2", ["folder", ["x"]], "3", "4"]"#);
    {
        let _entries = Replaced::with("DataTransferItem.prototype.webkitGetAsEntry", &entries(tree));
        let _handles = Replaced::with("DataTransferItem.prototype.getAsFileSystemHandle", &one);
        drag("drop", &zone, &files(&["1", "2", "folder", "3", "4"]));
    }
    let dropped = drags.1.borrow_mut().pop().unwrap();
    let given = soon("what is given", dropped.given()).await;
    let [Choice::Files(files), Choice::Folder { files: within, .. }] = given.choices.as_slice() else {
        panic!("files and a folder")
    };
    let known: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.handle.is_some())).collect();
    assert_eq!(known, [("1", true), ("2", false), ("3", false), ("4", true)]);
    assert!(within[0].handle.is_none());
    zone.remove();
}

#[wasm_bindgen_test]
async fn a_chooser_that_is_closed_chooses_nothing() {
    let closed = support::rejecting("AbortError", None);
    let missing = JsValue::UNDEFINED;
    let refused = support::throwing("SecurityError");
    for (chooser, error) in [(closed, None), (missing, Some("TypeError")), (refused, Some("SecurityError"))] {
        let _chooser = Replaced::with("showOpenFilePicker", &chooser);
        let given = soon("an answer", choose_files()).await;
        assert_eq!(given.as_ref().err().map(|error| error.name.as_str()), error);
        assert!(given.is_err() || sizes(&given.unwrap()) == (vec![], 0));
    }
}

#[wasm_bindgen_test]
async fn files_are_pasted_and_texts_are_left_to_fields() {
    let before = live();
    let page = place();
    page.set_inner_html("<textarea></textarea>");
    let field: web_sys::HtmlElement = page.first_element_child().unwrap().unchecked_into();
    let pasted = Rc::new(RefCell::new(Vec::new()));
    let told = pasted.clone();
    let listener = on_paste(move |given| told.borrow_mut().push(given));
    let pasted = || pasted.borrow_mut().pop().unwrap_or_default();

    let sheet = transfer(vec!["sheet.png".to_owned()], Some("1\t2"));
    assert!(paste(&page, &sheet), "nobody else wants it");
    assert_eq!(whole(pasted()).await, "sheet.png");
    field.focus().unwrap();
    assert!(!paste(&field, &sheet), "the field takes the text");
    assert!(paste(&field, &files(&["image.png", "two"])), "there is no text");
    assert_eq!(whole(pasted()).await, "image.png two");
    assert!(!paste(&page, &transfer(Vec::new(), Some("text"))));
    assert!(pasted().choices.is_empty());
    drop(listener);
    assert!(!paste(&page, &sheet));
    until("everything to be released", || live() == before).await;
    page.remove();
}
