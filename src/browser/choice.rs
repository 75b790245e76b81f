use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Promise, futures::JsFuture};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, Element, Event, File, FileList, HtmlInputElement};

use super::{
    Error, FileHandle, Source,
    error::text,
    externs::{DroppedItem, Entry, show_file_picker},
    focus, has,
    live::Listener,
    task, window,
};

/// Files that can be given at once.
pub const MAX_FILES: usize = 20_000;

/// Folders within each other.
const MAX_DEPTH: usize = 32;

/// How long a handle may take: of a file of the system's the browser may ask its person first.
const HANDLE_WITHIN_MS: u32 = 1_000;

/// All that a person gives at once.
#[derive(Default)]
pub struct Given {
    /// Single files first, then each folder; none where there was nothing but empty folders.
    pub choices: Vec<Choice>,
    /// How many files and folders are not in it: more than [`MAX_FILES`], deeper than 32 folders, or not readable. Of
    /// what was not looked at it counts one.
    pub left_out: usize,
}

/// What a person wants to give.
pub enum Choice {
    /// One or several, each for itself.
    Files(Vec<Chosen>),
    /// A folder with all that is in it, and in the folders in it; an empty folder in it is left out.
    Folder {
        /// Its own, as the system has it.
        name: String,
        /// At least one.
        files: Vec<Chosen>,
    },
}

/// A file as the person's system has it. Its names are not cleaned.
pub struct Chosen {
    /// With its extension, without a path.
    pub name: String,
    /// Where it is in a chosen folder, that one's name and its own included, as in `Holiday/a/b.jpg`.
    pub path: Option<String>,
    /// Bytes.
    pub bytes: u64,
    /// Milliseconds since 1970.
    pub modified: u64,
    /// What is in it.
    pub source: Source,
    /// Where it is, for the next life of the page; where the browser tells.
    pub handle: Option<FileHandle>,
}

impl Chosen {
    pub(super) fn new(file: File, path: Option<String>) -> Self {
        let (name, modified) = (file.name(), file.last_modified());
        let source = Source::from(gloo_file::Blob::from(web_sys::Blob::from(file)));
        #[expect(clippy::cast_sign_loss, reason = "a file from before 1970 reads 0: float casts saturate")]
        Self { name, path, bytes: source.bytes(), modified: modified as u64, source, handle: None }
    }
}

/// What was chosen in an `<input type=file>`, one with `webkitdirectory` included, and empties it, so that the same can
/// be chosen again.
#[must_use]
pub fn chosen_in(input: &HtmlInputElement) -> Given {
    let mut given = Given::of(input.files().as_ref());
    input.set_value("");
    if let Some(Choice::Files(files)) = given.choices.first_mut()
        && let Some(path) = files.first().and_then(|file| file.path.as_deref())
    {
        let name = path.split('/').next().unwrap_or_default().to_owned();
        given.choices = vec![Choice::Folder { name, files: std::mem::take(files) }];
    }
    given
}

/// Lets the person choose files in the browser's own chooser, in reply to a click, which browsers demand. Nothing where
/// they close it; fails where there is no such chooser, or it is not for this page, as in a frame of another one's.
pub async fn choose_files() -> Result<Given, Error> {
    let mut given = Given::default();
    let options =
        serde_wasm_bindgen::to_value(&PickerOptions { multiple: true }).map_err(Error::from_serde)?;
    let chosen = match JsFuture::from(show_file_picker(&options).map_err(Error::from_js)?).await {
        Ok(chosen) => chosen.unchecked_into::<Array>(),
        Err(error) => {
            let error = Error::from_js(error);
            return if error.name == "AbortError" { Ok(given) } else { Err(error) };
        }
    };
    let mut files = Vec::new();
    for handle in chosen.iter().take(MAX_FILES) {
        files.extend(FileHandle(handle.unchecked_into()).file().await.ok());
    }
    given.left_out = chosen.length() as usize - files.len();
    given.add(Choice::Files(files));
    Ok(given)
}

/// Whether there is such a chooser.
#[must_use]
pub fn has_chooser() -> bool {
    has("showOpenFilePicker")
}

#[derive(Serialize)]
struct PickerOptions {
    multiple: bool,
}

impl Given {
    fn of(list: Option<&FileList>) -> Self {
        let all = list.map_or(0, FileList::length);
        let some = all.min(MAX_FILES as u32);
        let files = (0..some).filter_map(|index| {
            let file = list?.get(index)?;
            let path = text(&file, "webkitRelativePath").filter(|path| !path.is_empty());
            Some(Chosen::new(file, path))
        });
        let mut given = Self { choices: Vec::new(), left_out: (all - some) as usize };
        given.add(Choice::Files(files.collect()));
        given
    }

    fn add(&mut self, choice: Choice) {
        let (Choice::Files(files) | Choice::Folder { files, .. }) = &choice;
        if !files.is_empty() {
            self.choices.push(choice);
        }
    }
}

/// Files that come over the page.
pub enum Drag {
    /// Whether they are over the zone, where they can be dropped.
    Over(bool),
    /// They were dropped there; no longer over it.
    Dropped(Dropped),
}

/// What was dropped: files, and folders that are still to be looked into.
pub struct Dropped {
    /// With their handles, which a folder has none of here.
    entries: Vec<(Entry, Option<JsFuture>)>,
    /// Of which there is no entry, as of a picture out of a page.
    files: Vec<Chosen>,
    left_out: usize,
}

impl Dropped {
    fn of(transfer: &DataTransfer) -> Self {
        // Only within the event: afterwards the browser has forgotten it all.
        let (mut entries, mut files) = (Vec::new(), Vec::new());
        let items = transfer.items();
        let some = items.length().min(MAX_FILES as u32);
        for item in (0..some).filter_map(|index| items.get(index)) {
            let dropped = item.unchecked_ref::<DroppedItem>();
            if let Ok(Some(entry)) = dropped.entry() {
                let handle = if entry.is_directory() { None } else { dropped.handle().ok() };
                entries.push((entry, handle.map(JsFuture::from)));
            } else if let Ok(Some(file)) = item.get_as_file() {
                files.push(Chosen::new(file, None));
            }
        }
        Self { entries, files, left_out: (items.length() - some) as usize }
    }

    /// Looks into the folders.
    pub async fn given(self) -> Given {
        let (folders, entries): (Vec<_>, Vec<_>) =
            self.entries.into_iter().partition(|(entry, _)| entry.is_directory());
        let mut given = Given::default();
        let mut walk =
            Walk { left: MAX_FILES - self.files.len(), files: self.files, left_out: self.left_out };
        let mut patience = HANDLE_WITHIN_MS;
        for (entry, handle) in entries {
            let file = walk.take(&entry, None).await;
            let Some((file, handle)) = file.zip(handle) else { continue };
            match task::within(patience, handle).await {
                Some(handle) => file.handle = handle.ok().map(|handle| FileHandle(handle.unchecked_into())),
                // The others were asked for at the same moment.
                None => patience = 0,
            }
        }
        given.add(Choice::Files(std::mem::take(&mut walk.files)));
        for (folder, _) in folders {
            let name = folder.name();
            walk.look_into(folder).await;
            given.add(Choice::Folder { name, files: std::mem::take(&mut walk.files) });
        }
        given.left_out = walk.left_out;
        given
    }
}

/// A look into dropped folders.
struct Walk {
    files: Vec<Chosen>,
    /// How many more may come.
    left: usize,
    left_out: usize,
}

impl Walk {
    /// All that is in the folder and its folders, as long as there may be more.
    async fn look_into(&mut self, folder: Entry) {
        let name = folder.name();
        let mut folders = vec![(folder, name, 0)];
        while let Some((folder, path, depth)) = folders.pop() {
            if depth > MAX_DEPTH || self.left == 0 {
                self.left_out += 1;
                continue;
            }
            let reader = folder.reader();
            // In portions, until there is none.
            loop {
                let asked = Promise::new(&mut |resolve, reject| reader.read_entries(&resolve, &reject));
                let Ok(entries) = asked.await else {
                    self.left_out += 1;
                    break;
                };
                let entries: Array = entries.unchecked_into();
                if entries.length() == 0 {
                    break;
                }
                let is_full = self.left == 0;
                for entry in entries.iter().map(JsCast::unchecked_into::<Entry>) {
                    let path = format!("{path}/{}", entry.name());
                    if entry.is_directory() {
                        folders.push((entry, path, depth + 1));
                    } else {
                        self.take(&entry, Some(path)).await;
                    }
                }
                if is_full {
                    break;
                }
            }
        }
    }

    async fn take(&mut self, entry: &Entry, path: Option<String>) -> Option<&mut Chosen> {
        let file = if self.left > 0 { file_of(entry, path).await } else { None };
        let Some(file) = file else {
            self.left_out += 1;
            return None;
        };
        self.left -= 1;
        self.files.push(file);
        self.files.last_mut()
    }
}

async fn file_of(entry: &Entry, path: Option<String>) -> Option<Chosen> {
    let asked = Promise::new(&mut |resolve, reject| entry.file(&resolve, &reject));
    let file: JsValue = asked.await.ok()?;
    Some(Chosen::new(file.unchecked_into(), path))
}

/// Tells of files that are dragged over the page, and lets them be dropped on what `zone` selects. Anywhere else
/// nothing happens with them: a browser would open them in the page's place.
#[must_use = "dropping the listeners removes them"]
pub fn on_drag(zone: &'static str, tell: impl FnMut(Drag) + 'static) -> Vec<Listener> {
    let is_over = Rc::new(Cell::new(false));
    let tell = Rc::new(RefCell::new(tell));
    let set_over = {
        let tell = tell.clone();
        move |over: bool| {
            if is_over.replace(over) != over {
                tell.borrow_mut()(Drag::Over(over));
            }
        }
    };
    let (enter, drop, leave) = (set_over.clone(), set_over.clone(), set_over);
    let entered = move |event: &Event| {
        if let Some(transfer) = files_of(event) {
            let over = is_within(event, zone);
            event.prevent_default();
            transfer.set_drop_effect(if over { "copy" } else { "none" });
            enter(over);
        }
    };
    let dropped = move |event: &Event| {
        if let Some(transfer) = files_of(event) {
            event.prevent_default();
            drop(false);
            if is_within(event, zone) {
                tell.borrow_mut()(Drag::Dropped(Dropped::of(&transfer)));
            }
        }
    };
    let left = move |event: &Event| {
        // From one element of the page to another they are still over it.
        if event.unchecked_ref::<DragEvent>().related_target().is_none() {
            leave(false);
        }
    };
    vec![
        Listener::preventing(&window(), "dragenter", entered.clone()),
        Listener::preventing(&window(), "dragover", entered),
        Listener::preventing(&window(), "drop", dropped),
        Listener::new(&window(), "dragleave", left),
    ]
}

/// What is dragged, when there are files in it.
fn files_of(event: &Event) -> Option<DataTransfer> {
    let transfer = event.unchecked_ref::<DragEvent>().data_transfer()?;
    transfer.types().includes(&"Files".into(), 0).then_some(transfer)
}

fn is_within(event: &Event, zone: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest(zone).is_ok_and(|found| found.is_some()))
}

/// Tells of files that a person pastes; not of those that come with a text into a field, as from a spreadsheet.
#[must_use = "dropping a listener removes it"]
pub fn on_paste(mut tell: impl FnMut(Given) + 'static) -> Listener {
    Listener::preventing(&window(), "paste", move |event| {
        let Some(data) = event.unchecked_ref::<ClipboardEvent>().clipboard_data() else { return };
        let given = Given::of(data.files().as_ref());
        let is_text = focus::takes_letters() && data.types().includes(&"text/plain".into(), 0);
        if !given.choices.is_empty() && !is_text {
            event.prevent_default();
            tell(given);
        }
    })
}
