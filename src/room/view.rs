//! What the page shows of a room: signals of plain data.

use leptos::prelude::{ArcRwSignal, GetUntracked, RwSignal, Set, Update};
use litemap::LiteMap;
pub use snaproom_protocol::control::Kind;
use snaproom_protocol::{ItemId, PeerId, control::RefusedItem};
pub use snaproom_session::io::{
    CallEnd, CallView, Comparison, Earlier, EarlierState, Failure, Participant, Path, Pause, PeerState,
    PeerView, Records, RefusedPeer, Sends, Signs, Source, Status, TransferState, Trust, Written,
};
use snaproom_session::{Link, exif::Secrets};

use crate::browser::{Device, Devices, Recorder, Screen, page, storage};
pub use crate::failure::CameraFailure;

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

/// Something that was written. Where it stands does not change, nor who wrote it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which.
    pub id: ItemId,
    /// Who wrote it.
    pub author: PeerId,
    /// When, in milliseconds since 1970 by their clock.
    pub at: u64,
    /// What is known of it now.
    pub view: ArcRwSignal<Written>,
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

/// The cameras, microphones and speakers of this device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MyDevices {
    /// What there is to be chosen from.
    pub all: Devices,
    /// The `deviceId` of the camera that is used, or was chosen.
    pub camera: String,
    /// The same of the microphone.
    pub microphone: String,
    /// The same of the speaker; empty for the one that the system has for everything.
    pub speaker: String,
}

impl MyDevices {
    /// The camera whom somebody means by *the other one*: the first that looks the other way, or the next where the
    /// browser knows none that does. None where there is one alone.
    #[must_use]
    pub fn other_camera(&self) -> Option<&Device> {
        let cameras = &self.all.cameras;
        let place = cameras.iter().position(|camera| camera.id == self.camera);
        let facing = place.and_then(|place| cameras[place].faces_away);
        let other_way =
            facing.and_then(|away| cameras.iter().find(|camera| camera.faces_away == Some(!away)));
        let next = || cameras.iter().cycle().nth(place.map_or(0, |place| place + 1));
        other_way.or_else(next).filter(|camera| camera.id != self.camera)
    }
}

/// How somebody else in the call comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality {
    /// Is heard just now.
    pub speaks: bool,
    /// To them and back, in milliseconds; none while nothing was measured.
    pub round_trip: Option<u32>,
    /// Of the packets of the last two seconds.
    pub lost_percent: u32,
    /// Pixels of the picture, width and height; 0 while none comes.
    pub size: (u32, u32),
    /// Pictures in a second.
    pub frames: u32,
    /// Of the last two seconds.
    pub kbits: u32,
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
    /// Whether its sender keeps the exact pixels until they are asked for.
    pub on_request: bool,
    /// Bytes that came and were checked.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
    /// How the transfer is.
    pub state: TransferState,
    /// What its canvas shows.
    pub shows: Shows,
    /// Whether it was saved, alone or in a zip.
    pub saved: bool,
}

impl PhotoView {
    /// Whether there is something to be saved: all of it, or the preview of what its sender keeps.
    #[must_use]
    pub fn can_be_saved(&self) -> bool {
        self.state == TransferState::Verified || self.on_request && self.bytes > 0
    }

    /// Whether that is here and nowhere else.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.can_be_saved() && !self.saved
    }
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

/// How far the zip of all photos is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saving {
    /// Photos that are in it.
    pub done: usize,
    /// Photos that it will have.
    pub total: usize,
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
    /// Whether its person has saved it, as far as a file is concerned.
    pub saved: bool,
}

impl Recipient {
    /// Whether nothing goes to them any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        has_ended(self.state)
    }
}

fn has_ended(state: TransferState) -> bool {
    state == TransferState::Verified || state.is_in_vain()
}

/// A file or a folder that is given or got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Its name, fit to be shown.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Whether we give it.
    pub is_ours: bool,
    /// Of one that we get: bytes that came and were checked.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
    /// Of one that we get: how it is. Of ours as long as it has no recipients.
    pub state: TransferState,
    /// Of ours: each recipient and what it says that it has.
    pub recipients: Vec<Recipient>,
    /// Bytes in a second, in all, while it is under way: 0 where nothing came for some time. None before there is
    /// something to measure.
    pub speed: Option<u64>,
    /// What was taken out of photos of ours before they were sent.
    pub removed: Secrets,
    /// Of one of ours that is missing: whether the browser knows where it is, and lets us read it once the person agrees.
    pub needs_leave: bool,
    /// Whether it was saved.
    pub saved: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// One file.
    File,
    /// A folder.
    Folder {
        /// How many files are in it.
        files: u32,
        /// Bytes of the list before them.
        listing: u32,
    },
}

impl FileView {
    /// Whether nothing comes or goes by itself any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        if self.is_ours && !self.recipients.is_empty() {
            self.recipients.iter().all(Recipient::has_ended)
        } else {
            has_ended(self.state)
        }
    }

    /// Whether nothing is lost with it in the list: it is saved or in vain; or ours, and everybody is done with it.
    #[must_use]
    pub fn makes_way(&self) -> bool {
        self.has_ended() && (self.is_ours || self.saved || self.state.is_in_vain())
    }

    /// Whether there is something to be saved: all of it, or the part that came of what does not go on.
    #[must_use]
    pub fn can_be_saved(&self) -> bool {
        let is_part = self.bytes > 0
            && matches!(
                self.state,
                TransferState::Cancelled
                    | TransferState::Failed(_)
                    | TransferState::Waiting
                    | TransferState::Paused(Pause::Storage)
            );
        !self.is_ours && (self.state == TransferState::Verified || is_part)
    }

    /// Whether nobody has said yet whether they want it.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        !self.is_ours && self.state == TransferState::Offered
    }

    /// Whether something would be lost with the page: a file is whole here and was not saved, or somebody is getting one
    /// of ours.
    #[must_use]
    pub fn needs_page(&self) -> bool {
        let is_getting =
            |to: &Recipient| matches!(to.state, TransferState::Active | TransferState::Paused(_));
        let is_unsaved = !self.is_ours && self.state == TransferState::Verified && !self.saved;
        is_unsaved || self.is_ours && self.recipients.iter().any(is_getting)
    }
}

/// Somebody goes to another room, and asks us to come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Who.
    pub from: PeerId,
    /// Where to.
    pub link: Link,
}

/// A sentence that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The link is in the clipboard.
    LinkCopied,
    /// The browser does not let us write to the clipboard.
    LinkNotCopied,
    /// The system's share sheet did not take the link.
    LinkNotShared,
    /// No picture has come from the camera yet.
    NoPictureYet,
    /// The countdown was stopped, and no photo taken.
    Stopped,
    /// This many photos were taken one after another, and sent.
    BurstSent(usize),
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
    /// The trail was full, and a photo that was not saved made way for a new one.
    PhotoMadeWay,
    /// This peer's person wants to compare signs.
    Compares(PeerId),
    /// This peer was verified, and now has another device.
    OtherDevice(PeerId),
    /// This peer asks us to come along to another room.
    Invites(PeerId),
    /// We go to another room when the others have read where to.
    Moving,
    /// This peer was verified, and wants to be called something else.
    Renamed {
        /// What it was called.
        from: String,
        /// Who.
        to: PeerId,
    },
    /// This peer left before the signs were compared.
    LeftComparison(PeerId),
    /// Why the others do not hear us.
    NoMicrophone(CameraFailure),
    /// The microphone that was used is gone; another one takes its place.
    MicrophoneEnded,
    /// The camera that was used is gone; another one takes its place.
    CameraEnded,
    /// The speaker that was chosen is gone, and the system's takes its place.
    SpeakerEnded,
    /// The screen could not be shared; the browser's words.
    ScreenFailed(String),
    /// A picture could not be made larger; the browser's words.
    NotEnlarged(String),
    /// The call ended for us, and we did not hang up.
    CallEnded(CallEnd),
    /// This peer was asked for a photo of its camera, and sends none.
    StillRefused(PeerId),
    /// A recording is in the downloads.
    RecordingSaved,
    /// The same, and nobody wanted it to end.
    RecordingStopped,
    /// It could not be made or saved; the browser's words.
    RecordingFailed(String),
    /// This many photos are in the zip that was saved.
    AllSaved(usize),
    /// This many files could not be read, or were too many, and are not sent.
    FilesLeftOut(usize),
    /// There is nobody here to whom files could be sent.
    NobodyToSendTo,
    /// Of those whom the person chose for files nobody is here.
    ChosenAreGone,
    /// The browser has no room for a file.
    NoRoom {
        /// Bytes of it.
        needs: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A file, or a part of one, is in the downloads.
    FileSaved,
    /// This peer writes faster than anybody reads, and not all of it is shown.
    WritesTooMuch(PeerId),
    /// The browser does not let the page tell of messages while it is hidden.
    NotNotified,
}

/// Everything the page shows of a room.
#[derive(Debug, Clone, Copy)]
pub struct RoomView {
    /// How the room is.
    pub status: RwSignal<Status>,
    /// Why the browser cannot open a room at all, in its words. Only loading the page anew may help.
    pub failed: RwSignal<Option<String>>,
    /// Its link.
    pub link: RwSignal<LinkView>,
    /// Who we are in it.
    pub me: RwSignal<Option<PeerId>>,
    /// The others, in the order in which we heard of them.
    pub peers: RwSignal<Vec<PeerView>>,
    /// The names that others typed, as far as they told us; also of those who left.
    pub names: RwSignal<LiteMap<PeerId, String>>,
    /// How far the comparison with each peer has come.
    pub comparisons: RwSignal<LiteMap<PeerId, Comparison>>,
    /// Who asks us to come along.
    pub invited: RwSignal<Option<Invitation>>,
    /// The name that we typed. Empty: we go by the friendly one.
    pub my_name: RwSignal<String>,
    /// Whether we connect over relays alone, so that nobody in the room learns this device's addresses.
    pub relay_only: RwSignal<bool>,
    /// Whether the server offers relays.
    pub relays: RwSignal<bool>,
    /// The camera.
    pub camera: RwSignal<CameraView>,
    /// The room's call.
    pub call: RwSignal<CallView>,
    /// We are about to take part in it: the browser asks for the microphone.
    pub joining: RwSignal<bool>,
    /// How each of the others in it comes.
    pub quality: RwSignal<LiteMap<PeerId, Quality>>,
    /// The cameras and microphones that there are.
    pub devices: RwSignal<MyDevices>,
    /// Whether the browser can record a call.
    pub can_record: bool,
    /// Whether the browser can share a screen.
    pub can_share_screen: bool,
    /// Whether the person sees the camera's picture as in a mirror.
    pub mirrors: RwSignal<bool>,
    /// Whether single keys do something.
    pub shortcuts: RwSignal<bool>,
    /// The seconds until a photo is taken; empty while none is waited for.
    pub counting: RwSignal<String>,
    /// Photos that were taken since the button is held; 0 while none are taken one after another.
    pub burst: RwSignal<usize>,
    /// The photo in `#photo`.
    pub snapped: RwSignal<Option<SnapView>>,
    /// Photos of others, newest first.
    pub trail: RwSignal<Vec<Entry<PhotoView>>>,
    /// Photos of ours that were sent, newest first.
    pub sent: RwSignal<Vec<Entry<SentView>>>,
    /// What was shown to everybody before we came, as far as somebody here holds it.
    pub earlier: RwSignal<Vec<Earlier>>,
    /// Files that are given or got, newest first.
    pub files: RwSignal<Vec<Entry<FileView>>>,
    /// To whom files are given; nobody: to everybody.
    pub give_to: RwSignal<Vec<PeerId>>,
    /// Where the browser has no disk for files of others: how many bytes of them the page keeps at most.
    pub memory_alone: RwSignal<Option<u64>>,
    /// The first file that somebody offered since the page is hidden.
    pub unseen_offer: RwSignal<Option<PhotoKey>>,
    /// Files are dragged over the place where they can be dropped.
    pub dragged: RwSignal<bool>,
    /// The zip of all photos, while it is made.
    pub saving: RwSignal<Option<Saving>>,
    /// What was written, in its order.
    pub written: RwSignal<Vec<Line>>,
    /// Who writes just now.
    pub writing: RwSignal<Vec<PeerId>>,
    /// Messages of others that came while nobody looked.
    pub unread: RwSignal<usize>,
    /// Whether what is written shows, in a page that is seen.
    pub reads: RwSignal<bool>,
    /// Whether the person is told of messages while the page is hidden; none where that cannot be.
    pub notifies: RwSignal<Option<bool>>,
    /// The last notice.
    pub notice: RwSignal<Option<Notice>>,
    /// Whether the browser has a share sheet.
    pub can_share: bool,
}

impl RoomView {
    /// A room of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            status: RwSignal::new(Status::Connecting),
            failed: RwSignal::new(None),
            link: RwSignal::default(),
            me: RwSignal::new(None),
            peers: RwSignal::default(),
            names: RwSignal::default(),
            comparisons: RwSignal::default(),
            invited: RwSignal::new(None),
            my_name: RwSignal::default(),
            relay_only: RwSignal::new(false),
            relays: RwSignal::new(false),
            camera: RwSignal::new(CameraView::Off),
            call: RwSignal::default(),
            joining: RwSignal::new(false),
            devices: RwSignal::default(),
            quality: RwSignal::default(),
            can_share_screen: Screen::is_there(),
            can_record: Recorder::is_there(),
            mirrors: RwSignal::new(true),
            shortcuts: RwSignal::new(storage::shortcuts()),
            counting: RwSignal::default(),
            burst: RwSignal::default(),
            snapped: RwSignal::new(None),
            trail: RwSignal::default(),
            sent: RwSignal::default(),
            earlier: RwSignal::default(),
            files: RwSignal::default(),
            give_to: RwSignal::default(),
            memory_alone: RwSignal::new(None),
            unseen_offer: RwSignal::new(None),
            dragged: RwSignal::new(false),
            saving: RwSignal::new(None),
            written: RwSignal::default(),
            writing: RwSignal::default(),
            unread: RwSignal::default(),
            reads: RwSignal::new(false),
            notifies: RwSignal::new(None),
            notice: RwSignal::new(None),
            can_share: page::can_share(),
        }
    }

    /// Nothing is known of the room any more. Photos stay with the names of those who took them, and so does the
    /// camera.
    pub(super) fn leave(&self) {
        self.status.set(Status::Connecting);
        self.me.set(None);
        self.peers.update(Vec::clear);
        self.relays.set(false);
        self.comparisons.update(LiteMap::clear);
        self.invited.set(None);
        self.call.set(CallView::default());
        self.earlier.update(Vec::clear);
        self.files.update(Vec::clear);
        self.see_offers();
        self.writing.update(Vec::clear);
        self.notice.set(None);
    }

    /// The page is seen, and what is asked in it.
    pub(super) fn see_offers(&self) {
        if self.unseen_offer.get_untracked().is_some() {
            self.unseen_offer.set(None);
        }
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
    pub(super) fn forget_room(&self) {
        self.names.update(LiteMap::clear);
        self.trail.update(Vec::clear);
        self.sent.update(Vec::clear);
        self.give_to.update(Vec::clear);
        self.memory_alone.set(None);
        self.written.update(Vec::clear);
        self.unread.set(0);
    }
}

impl Default for RoomView {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_other_camera_looks_the_other_way_or_is_the_next() {
        let other = |used: usize, facing: &[Option<bool>]| {
            let camera = |(place, faces_away): (usize, &Option<bool>)| Device {
                id: place.to_string(),
                label: String::new(),
                faces_away: *faces_away,
            };
            let cameras = facing.iter().enumerate().map(camera).collect();
            let all = Devices { cameras, ..Devices::default() };
            let mine = MyDevices { all, camera: used.to_string(), ..MyDevices::default() };
            mine.other_camera().map(|camera| camera.id.parse::<usize>().unwrap())
        };
        let (front, back, unknown) = (Some(false), Some(true), None);
        let phone = [front, front, back, back];
        assert_eq!([0, 1, 2, 3].map(|used| other(used, &phone)), [Some(2), Some(2), Some(0), Some(0)]);
        let desk = [unknown, unknown, unknown];
        assert_eq!([0, 1, 2].map(|used| other(used, &desk)), [Some(1), Some(2), Some(0)]);
        assert_eq!(other(0, &[front, front]), Some(1), "none looks away");
        assert_eq!(other(7, &desk), Some(0), "the one that was used is gone");
        assert_eq!((other(0, &[unknown]), other(0, &[])), (None, None));
    }
}
