//! The one door to JavaScript. What is behind it stays there: no `JsValue`, no closure and no promise leaves
//! this folder, and every resource of the browser is a value whose `Drop` gives it back.
//!
//! | file | what |
//! |---|---|
//! | `capture`, [`camera`](Camera), [`microphone`](Microphone), [`screen`](Screen) | getUserMedia, getDisplayMedia, and their refusals |
//! | [`devices`](devices()), [`wake_lock`](WakeLock), [`ring`](Ring) | which of them there are; a screen that does not go dark; a sound |
//! | [`constraints`](StudiedCamera), [`permission`](camera_permission()) | all that a camera can be asked; whether it is given at all |
//! | [`frames`](FrameCounter), [`glimpse`](Glimpse), [`level`](Level) | how many frames come, a look at one in few pixels; how loud it is |
//! | [`video`](Video), [`canvas`](Canvas), [`picture`](Picture) | frames, exact pixels, JPEG and PNG |
//! | [`larger`](Larger) | a picture over the whole screen, or in a window of its own |
//! | [`still`](take_still()), [`recorder`](Recorder) | a photo of the camera in its full size; a file of what is seen and heard |
//! | [`watch`](Watch), [`dialog`](Dialog), [`focus`] | what is on the screen, and what has the keyboard |
//! | [`payload`](Payload) | bytes that live outside wasm memory |
//! | [`choice`](Choice), [`source`](Source) | files that a person chose, dropped or pasted; their bytes, a piece at a time |
//! | [`handle`](FileHandle) | where a file of the person's is, over a reload |
//! | [`store`](Store) | bytes of others' files on the browser's own disk, and those handles |
//! | [`connection`](Connection), `channel`, `path` | `RTCPeerConnection` and its two data channels |
//! | [`abilities`](abilities()), [`gather`](Gathering) | what the browser can do; what STUN and TURN servers answer |
//! | [`loopback`](Loopback) | two connections in one page, and an announced channel from one to the other |
//! | [`self_call`], `report`, [`drawing`](Drawing) | a call inside of one page; what `getStats` says of it; a picture without a camera |
//! | [`media`](Tracks) | what a connection sends and receives in a call |
//! | [`socket`](Socket) | the WebSocket to the server |
//! | [`prose`], [`notification`](Notification) | what somebody wrote, in the page; a sentence of the system's |
//! | [`page`], [`storage`], [`save`] | address bar, clipboard, events, storage, locks, downloads |
//! | [`task`] | futures with an owner, time, randomness |
//! | [`live`](live()) | counters of everything that is held, for tests |
//! | `error`, `externs` | what JavaScript throws; what web-sys does not declare |
//!
//! A callback that is handed in here runs inside of the browser's event and must only enqueue; what follows from
//! it, the end of its own handle included, happens where the queue is read.

mod abilities;
mod camera;
mod canvas;
mod capture;
mod channel;
mod choice;
mod connection;
mod constraints;
mod devices;
mod dialog;
mod drawing;
mod error;
mod externs;
pub mod focus;
mod frames;
mod gather;
mod glimpse;
mod handle;
mod larger;
mod level;
mod live;
mod loopback;
mod media;
mod microphone;
mod notification;
mod outgoing;
pub mod page;
mod path;
mod payload;
mod permission;
mod picture;
pub mod prose;
mod recorder;
mod report;
mod ring;
mod save;
mod screen;
pub mod self_call;
mod socket;
mod source;
mod still;
pub mod storage;
mod store;
pub mod task;
mod video;
mod wake_lock;
mod watch;

pub use abilities::{Ability, abilities, is_secure, is_touched, user_agent};
pub use camera::{Camera, Facing, Wish};
pub use canvas::{Bitmap, Canvas};
pub use capture::{CaptureError, Constrain, Track, chosen_or_any};
pub use choice::{
    Choice, Chosen, Drag, Dropped, Given, MAX_FILES, choose_files, chosen_in, has_chooser, on_drag, on_paste,
};
pub use connection::{Connection, Event, Settings, State};
pub use constraints::{CameraCapabilities, CameraConstraints, CameraSettings, Range, StudiedCamera};
pub use devices::{Device, Devices, count_devices, devices, on_device_change};
pub use dialog::Dialog;
pub use drawing::Drawing;
pub use error::Error;
pub use frames::FrameCounter;
pub use gather::{Failed, Found, Gather, Gathering};
pub use glimpse::Glimpse;
/// A file's or an encoded picture's bytes, held by the browser.
pub use gloo_file::Blob;
pub use handle::FileHandle;
pub use larger::Larger;
pub use level::Level;
pub use live::{Listener, Live, live};
pub use loopback::{ChannelOptions, Effort, End, Loopback, LoopbackEvent, Names};
pub use media::{Received, Shown, Tracks};
pub use microphone::Microphone;
pub use notification::{MayNotify, Notification};
pub use path::{Measured, Packets, Path};
pub use payload::{Chunk, Payload};
pub use permission::{Permission, PermissionWatch, camera_permission, microphone_permission};
pub use picture::Picture;
pub use recorder::Recorder;
pub use report::{Moment, Pair, Used};
pub use ring::Ring;
pub use save::{join, save};
pub use screen::Screen;
pub use socket::{Socket, SocketEvent};
pub use source::{Part, Source};
pub use still::take_still;
pub use store::{Store, StoreEvent, Stored, free_bytes};
pub use video::Video;
pub use wake_lock::WakeLock;
pub use watch::Watch;

/// The page's global object.
fn window() -> web_sys::Window {
    #[expect(
        clippy::expect_used,
        reason = "the app is loaded by a page's script element, never by a worker, so there is a window"
    )]
    web_sys::window().expect("a page has a window")
}

/// Whether the browser has this name on its global object.
fn has(name: &str) -> bool {
    js_sys::Reflect::has(&window(), &name.into()).unwrap_or(false)
}

/// The page's `navigator`, with the members that are missing from pages served over plain http.
fn navigator() -> externs::Navigator {
    wasm_bindgen::JsCast::unchecked_into(window().navigator())
}
