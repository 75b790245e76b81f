//! What the page knows of a room: signals of plain data in, commands out.

use std::sync::{Arc, Mutex};

use futures::channel::mpsc;
use leptos::prelude::{ArcRwSignal, RwSignal, Set, Update};
use send_wrapper::SendWrapper;
use snaproom_protocol::{ItemId, PeerId, control::RefusedItem};
pub use snaproom_session::io::{Failure, Path, PeerState, PeerView, RefusedPeer, Status, TransferState};

use crate::browser::{Canvas, Video};

/// Commands that wait for the driver: the canvases of a full trail that leave the page at once, and a person.
const COMMAND_QUEUE: usize = 2048;

/// A photo in the page: whose it is and its id, since two senders may use one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoKey {
    /// The sender.
    pub owner: PeerId,
    /// Its choice.
    pub item: ItemId,
}

/// One entry of a list whose contents change while its place stays.
#[derive(Debug, Clone)]
pub struct Entry<T: 'static> {
    /// Which.
    pub key: PhotoKey,
    /// How it is now.
    pub view: ArcRwSignal<T>,
}

/// The room's link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkView {
    /// What one shares: the address with its `#`.
    pub url: String,
    /// The room's name, where a person typed one instead of having a secret made. Such a room is not private.
    pub typed_name: Option<String>,
}

/// The camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraView {
    /// Not started; one click starts it.
    Off,
    /// The browser is asking the person, or the camera is starting.
    Starting,
    /// Pictures come.
    On,
    /// It cannot be used.
    Failed(CameraFailure),
}

/// Why a camera cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraFailure {
    /// The person, or a rule of the browser, said no.
    Denied,
    /// There is none.
    Missing,
    /// Another program has it.
    Busy,
    /// It cannot do what was asked; the name of the constraint.
    Impossible(String),
    /// The page did not come over a secure connection.
    Insecure,
    /// It was on and went away.
    Unplugged,
    /// Something else; the browser's words.
    Other(String),
}

/// The photo in `#photo`, snapped and perhaps not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapView {
    /// Which.
    pub item: ItemId,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether it was sent already.
    pub sent: bool,
}

/// A photo from somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoView {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// When the sender took it, in milliseconds since 1970.
    pub taken: u64,
    /// Bytes that came and were checked.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
    /// How the transfer is.
    pub state: TransferState,
    /// What its canvas shows.
    pub shows: Shows,
}

/// What a photo's canvas shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// Nothing yet.
    Nothing,
    /// The quick preview.
    Preview,
    /// The exact pixels.
    Exact,
}

/// A photo of ours on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentView {
    /// When it was taken, in milliseconds since 1970.
    pub taken: u64,
    /// Each recipient and what it says that it has.
    pub recipients: Vec<Recipient>,
}

/// One recipient of a photo of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub peer: PeerId,
    /// Bytes it says it has checked.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
    /// How the transfer is.
    pub state: TransferState,
}

/// A sentence that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The link is in the clipboard.
    LinkCopied,
    /// The browser does not let us write to the clipboard.
    LinkNotCopied,
    /// No picture has come from the camera yet.
    NoPictureYet,
    /// The photo could not be taken; the browser's words.
    SnapFailed(String),
    /// The photo could not be saved; the browser's words.
    SaveFailed(String),
    /// A photo of a peer was refused before anything of it came.
    PhotoRefused {
        /// Whose.
        from: PeerId,
        /// Why.
        reason: RefusedItem,
    },
    /// The browser gives the page no randomness or no connection; its words.
    BrowserFailed(String),
}

/// Everything the page shows of a room.
#[derive(Debug, Clone, Copy)]
pub struct RoomView {
    /// How the room is.
    pub status: RwSignal<Status>,
    /// Its link.
    pub link: RwSignal<LinkView>,
    /// Who we are in it.
    pub me: RwSignal<Option<PeerId>>,
    /// The others, in the order in which we heard of them.
    pub peers: RwSignal<Vec<PeerView>>,
    /// The camera.
    pub camera: RwSignal<CameraView>,
    /// The photo in `#photo`.
    pub snapped: RwSignal<Option<SnapView>>,
    /// Photos of others, newest first.
    pub trail: RwSignal<Vec<Entry<PhotoView>>>,
    /// Photos of ours that were sent, newest first.
    pub sent: RwSignal<Vec<Entry<SentView>>>,
    /// The last notice.
    pub notice: RwSignal<Option<Notice>>,
}

impl RoomView {
    /// A room of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            status: RwSignal::new(Status::Connecting),
            link: RwSignal::default(),
            me: RwSignal::new(None),
            peers: RwSignal::default(),
            camera: RwSignal::new(CameraView::Off),
            snapped: RwSignal::new(None),
            trail: RwSignal::default(),
            sent: RwSignal::default(),
            notice: RwSignal::new(None),
        }
    }

    /// Nothing is known of the room any more. Photos stay, and so does the camera.
    pub(super) fn leave(&self) {
        self.status.set(Status::Connecting);
        self.me.set(None);
        self.peers.update(Vec::clear);
        self.notice.set(None);
    }

    /// Whether the photo in `#photo` counts as sent, if it is this one.
    pub(super) fn mark_sent(&self, item: ItemId, sent: bool) {
        self.snapped.update(|snapped| {
            if let Some(snapped) = snapped.as_mut().filter(|snapped| snapped.item == item) {
                snapped.sent = sent;
            }
        });
    }

    /// Nothing of one room is shown in another.
    pub(super) fn forget_photos(&self) {
        self.trail.update(Vec::clear);
        self.sent.update(Vec::clear);
    }
}

impl Default for RoomView {
    fn default() -> Self {
        Self::new()
    }
}

/// What a person wants. Elements come along in a [`SendWrapper`], since the page has one thread.
pub(super) enum Command {
    StartCamera,
    Snap,
    Send,
    SnapAndSend,
    Cancel(ItemId),
    Save(PhotoKey),
    CopyLink,
    NewRoom,
    Retry,
    Reload,
    AttachCamera(Option<SendWrapper<Video>>),
    AttachPhoto(Option<SendWrapper<Canvas>>),
    AttachIncoming(PhotoKey, Option<SendWrapper<Canvas>>),
}

/// The page's end of a room.
#[derive(Clone)]
pub struct Room {
    /// What it shows.
    pub view: RoomView,
    /// One sender for all clones of the handle: each clone of an mpsc sender would widen the queue by one.
    commands: Arc<Mutex<mpsc::Sender<Command>>>,
}

impl Room {
    /// A handle and the queue that its driver reads.
    pub(super) fn new(view: RoomView) -> (Self, mpsc::Receiver<Command>) {
        let (commands, queue) = mpsc::channel(COMMAND_QUEUE);
        (Self { view, commands: Arc::new(Mutex::new(commands)) }, queue)
    }

    /// Starts the camera, or tries again after a failure.
    pub fn start_camera(&self) {
        self.tell(Command::StartCamera);
    }

    /// Draws the camera's picture to `#photo`.
    pub fn snap(&self) {
        self.tell(Command::Snap);
    }

    /// Sends the photo in `#photo` to everybody who is connected.
    pub fn send(&self) {
        self.tell(Command::Send);
    }

    /// Both.
    pub fn snap_and_send(&self) {
        self.tell(Command::SnapAndSend);
    }

    /// Stops sending a photo of ours.
    pub fn cancel(&self, item: ItemId) {
        self.tell(Command::Cancel(item));
    }

    /// Saves a photo of the trail as a PNG.
    pub fn save(&self, photo: PhotoKey) {
        self.tell(Command::Save(photo));
    }

    /// Puts the link into the clipboard.
    pub fn copy_link(&self) {
        self.tell(Command::CopyLink);
    }

    /// Leaves, and makes a new room with a new link.
    pub fn new_room(&self) {
        self.tell(Command::NewRoom);
    }

    /// Tries to join again: after a full room, or when the server was away.
    pub fn retry(&self) {
        self.tell(Command::Retry);
    }

    /// Loads the page anew: another version of it may be there.
    pub fn reload(&self) {
        self.tell(Command::Reload);
    }

    /// The element that shows the camera, while it is in the page.
    pub fn attach_camera(&self, video: Option<Video>) {
        self.tell(Command::AttachCamera(video.map(SendWrapper::new)));
    }

    /// The canvas `#photo`, while it is in the page.
    pub fn attach_photo(&self, canvas: Option<Canvas>) {
        self.tell(Command::AttachPhoto(canvas.map(SendWrapper::new)));
    }

    /// The canvas of a photo of the trail, while it is in the page.
    pub fn attach_incoming(&self, photo: PhotoKey, canvas: Option<Canvas>) {
        self.tell(Command::AttachIncoming(photo, canvas.map(SendWrapper::new)));
    }

    fn tell(&self, command: Command) {
        // Full only when the driver has ended or a key is stuck: then the command is of no use either.
        if let Ok(mut commands) = self.commands.lock() {
            let _ = commands.try_send(command);
        }
    }
}
