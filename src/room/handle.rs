//! The page's end of a room: what it shows, and what a person can do.

use futures::channel::mpsc;
use leptos::prelude::{Set, StoredValue, UpdateValue};
use send_wrapper::SendWrapper;
use snaproom_protocol::{ItemId, PeerId};

use super::view::{PhotoKey, Records, RoomView, Signs};
use crate::browser::{Canvas, Given, Larger, Shown, Video, has_chooser, page, storage};

/// Commands that wait for the driver: the canvases of a full trail that leave the page at once, and a person.
const COMMAND_QUEUE: usize = 2048;

/// What a person wants. Elements come along in a [`SendWrapper`], since the page has one thread.
pub(super) enum Command {
    StartCamera,
    Snap { after: u8, sends: bool },
    Send,
    Burst,
    EndBurst,
    Request(PhotoKey),
    SetMirror(bool),
    Cancel(ItemId),
    Save(PhotoKey),
    SaveAll,
    Remove(PhotoKey),
    Files(FilesCommand),
    CopyLink,
    ShareLink,
    SetName(String),
    SetRelayOnly(bool),
    Compare(PeerId),
    Compared { peer: PeerId, signs: Signs, same: bool },
    NewRoom,
    MoveWith(Vec<PeerId>),
    AnswerInvitation { from: PeerId, goes: bool },
    Retry,
    Call { camera: bool },
    HangUp,
    DeclineCall,
    SnapOther(PeerId, Shown),
    AskStill(PeerId),
    AnswerStill { asking: PeerId, gives: bool },
    Record(Records),
    ToggleSound,
    ToggleCamera,
    ToggleScreen,
    ChooseCamera(String),
    ChooseMicrophone(String),
    ChooseSpeaker(String),
    Enlarge(SendWrapper<Video>, Larger),
    AttachRemote(PeerId, Shown, Option<SendWrapper<Video>>),
    AttachSelfView(Option<SendWrapper<Video>>),
    AttachCamera(Option<SendWrapper<Video>>),
    AttachPhoto(Option<SendWrapper<Canvas>>),
    AttachIncoming(PhotoKey, Option<SendWrapper<Canvas>>),
    Say(String),
    SayWriting,
    SetNotifies(bool),
    AttachLarge(PhotoKey, Option<SendWrapper<Canvas>>),
}

/// What a person wants of files, and of what was shown before they came.
pub(super) enum FilesCommand {
    Give { given: SendWrapper<Given>, asked_for: Option<ItemId> },
    Choose { input: &'static str, asked_for: Option<ItemId> },
    Ask(ItemId),
    OfferOriginal(ItemId),
    Fetch(Vec<PhotoKey>),
    StopFetch(PhotoKey),
    Accept(PhotoKey),
    AcceptAll { from: PeerId, accepts: bool },
    Decline(PhotoKey),
    Pause { file: PhotoKey, pauses: bool },
    Save(PhotoKey),
    SaveAll,
    Remove(PhotoKey),
}

/// The page's end of a room, as long as the page is mounted.
#[derive(Clone, Copy)]
pub struct Room {
    /// What it shows.
    pub view: RoomView,
    /// One sender for all copies of the handle: each clone of an mpsc sender would widen the queue by one.
    commands: StoredValue<mpsc::Sender<Command>>,
}

impl Room {
    /// A handle and the queue that its driver reads.
    pub(super) fn new(view: RoomView) -> (Self, mpsc::Receiver<Command>) {
        let (commands, queue) = mpsc::channel(COMMAND_QUEUE);
        (Self { view, commands: StoredValue::new(commands) }, queue)
    }

    /// Starts the camera, or tries again after a failure.
    pub fn start_camera(&self) {
        self.tell(Command::StartCamera);
    }

    /// Draws the camera's picture to `#photo`, after so many seconds. While these are counted, being told again stops
    /// that.
    pub fn snap(&self, after: u8) {
        self.tell(Command::Snap { after, sends: false });
    }

    /// Sends the photo in `#photo` to everybody who is connected.
    pub fn send(&self) {
        self.tell(Command::Send);
    }

    /// Both.
    pub fn snap_and_send(&self, after: u8) {
        self.tell(Command::Snap { after, sends: true });
    }

    /// Takes photos and sends them, one after another, until it is told to end. Their exact pixels wait until somebody
    /// asks for them.
    pub fn burst(&self) {
        self.tell(Command::Burst);
    }

    /// Ends that.
    pub fn end_burst(&self) {
        self.tell(Command::EndBurst);
    }

    /// Gets what was shown before we came, from whoever holds it.
    pub fn fetch(&self, all: Vec<PhotoKey>) {
        self.tell_files(FilesCommand::Fetch(all));
    }

    /// Does without one of these after all.
    pub fn stop_fetch(&self, one: PhotoKey) {
        self.tell_files(FilesCommand::StopFetch(one));
    }

    /// Asks the sender of a photo for its exact pixels.
    pub fn request(&self, photo: PhotoKey) {
        self.tell(Command::Request(photo));
    }

    /// Shows the person the camera's picture as in a mirror from now on, whenever they are on this device; or as it is.
    pub fn set_mirror(&self, mirrors: bool) {
        self.tell(Command::SetMirror(mirrors));
    }

    /// Stops sending a photo of ours.
    pub fn cancel(&self, item: ItemId) {
        self.tell(Command::Cancel(item));
    }

    /// Saves a photo of the trail as a PNG; as a JPEG where its sender keeps the exact pixels.
    pub fn save(&self, photo: PhotoKey) {
        self.tell(Command::Save(photo));
    }

    /// Saves all photos of the trail that can be saved as one zip, oldest first. One at a time: told again meanwhile, it does
    /// nothing.
    pub fn save_all(&self) {
        self.tell(Command::SaveAll);
    }

    /// Takes a photo that has ended, well or not, out of the trail.
    pub fn remove(&self, photo: PhotoKey) {
        self.tell(Command::Remove(photo));
    }

    /// Offers files and folders to whom the person chose, or everybody; or goes on with one that had to be chosen again, as
    /// with that item of ours for which they did so.
    pub fn give(&self, given: Given, asked_for: Option<ItemId>) {
        self.tell_files(FilesCommand::Give { given: SendWrapper::new(given), asked_for });
    }

    /// Lets the person choose files to be [given](Self::give), in reply to a click, which browsers demand: in the browser's
    /// own chooser where it has one, which tells where they are, or else with the input of this id.
    pub fn choose_files(&self, input: &'static str, asked_for: Option<ItemId>) {
        if has_chooser() {
            self.tell_files(FilesCommand::Choose { input, asked_for });
        } else {
            page::press(input);
        }
    }

    /// Asks the person to let us read a file of theirs again, of which the browser knows where it is; in reply to a
    /// click.
    pub fn ask_for_file(&self, item: ItemId) {
        self.tell_files(FilesCommand::Ask(item));
    }

    /// Sends a photo with all that it tells beside its picture, in the place of the one without.
    pub fn offer_original(&self, item: ItemId) {
        self.tell_files(FilesCommand::OfferOriginal(item));
    }

    /// Takes a file that somebody offers.
    pub fn accept(&self, file: PhotoKey) {
        self.tell_files(FilesCommand::Accept(file));
    }

    /// Takes all files that somebody offers, in this visit; or not any more.
    pub fn accept_all(&self, from: PeerId, accepts: bool) {
        self.tell_files(FilesCommand::AcceptAll { from, accepts });
    }

    /// Does without a file of somebody else's: what came of it goes.
    pub fn decline(&self, file: PhotoKey) {
        self.tell_files(FilesCommand::Decline(file));
    }

    /// Stops a file for now, ours or theirs; or goes on with it.
    pub fn pause(&self, file: PhotoKey, pauses: bool) {
        self.tell_files(FilesCommand::Pause { file, pauses });
    }

    /// Saves a file, or the part that came of it; a folder as a zip.
    pub fn save_file(&self, file: PhotoKey) {
        self.tell_files(FilesCommand::Save(file));
    }

    /// Saves all files that are whole as one zip.
    pub fn save_files(&self) {
        self.tell_files(FilesCommand::SaveAll);
    }

    /// Takes a file that has ended out of the list.
    pub fn remove_file(&self, file: PhotoKey) {
        self.tell_files(FilesCommand::Remove(file));
    }

    /// Puts the link into the clipboard.
    pub fn copy_link(&self) {
        self.tell(Command::CopyLink);
    }

    /// Opens the system's share sheet with the link; in reply to a click, which browsers demand.
    pub fn share_link(&self) {
        self.tell(Command::ShareLink);
    }

    /// What we want to be called, in every room on this device; nothing for the friendly name. What does not fit
    /// into a name is dropped.
    pub fn set_name(&self, name: String) {
        self.tell(Command::SetName(name));
    }

    /// Connects over relays alone from now on, in every room on this device, so that nobody in a room learns its
    /// addresses; or not any more.
    pub fn set_relay_only(&self, relay_only: bool) {
        self.tell(Command::SetRelayOnly(relay_only));
    }

    /// Asks a peer's person to compare signs, or agrees to it.
    pub fn compare(&self, peer: PeerId) {
        self.tell(Command::Compare(peer));
    }

    /// Whether both saw these. If not, nothing more is shared with this peer.
    pub fn compared(&self, peer: PeerId, signs: Signs, same: bool) {
        self.tell(Command::Compared { peer, signs, same });
    }

    /// Goes to a new room, and asks these people to come along.
    pub fn move_with(&self, companions: Vec<PeerId>) {
        self.tell(Command::MoveWith(companions));
    }

    /// Goes along with who asked, or stays.
    pub fn answer_invitation(&self, from: PeerId, goes: bool) {
        self.tell(Command::AnswerInvitation { from, goes });
    }

    /// Leaves, and makes a new room with a new link.
    pub fn new_room(&self) {
        self.tell(Command::NewRoom);
    }

    /// Tries to join again: after a full room, or when the server was away.
    pub fn retry(&self) {
        self.tell(Command::Retry);
    }

    /// Calls everybody in the room, or joins the call that there is: to be heard, and to be seen as well.
    pub fn call(&self, camera: bool) {
        self.tell(Command::Call { camera });
    }

    /// Leaves the call; the room stays.
    pub fn hang_up(&self) {
        self.tell(Command::HangUp);
    }

    /// Does not join the call that there is.
    pub fn decline_call(&self) {
        self.tell(Command::DeclineCall);
    }

    /// Takes a photo of what is seen of somebody in the call, as it is seen; it can be sent like one's own.
    pub fn snap_other(&self, peer: PeerId, shown: Shown) {
        self.tell(Command::SnapOther(peer, shown));
    }

    /// Asks somebody in the call for a photo of their camera in its full size.
    pub fn ask_still(&self, peer: PeerId) {
        self.tell(Command::AskStill(peer));
    }

    /// The answer to somebody who asked for that.
    pub fn answer_still(&self, asking: PeerId, gives: bool) {
        self.tell(Command::AnswerStill { asking, gives });
    }

    /// Records this from now on, which the others are told; what was recorded before is saved.
    pub fn record(&self, what: Records) {
        self.tell(Command::Record(what));
    }

    /// Is not heard in the call any more, or is heard again.
    pub fn toggle_sound(&self) {
        self.tell(Command::ToggleSound);
    }

    /// Turns the camera off, for photos as well, or shows it in the call.
    pub fn toggle_camera(&self) {
        self.tell(Command::ToggleCamera);
    }

    /// Lets the person choose what of the screen the others see; or shows it no more.
    pub fn toggle_screen(&self) {
        self.tell(Command::ToggleScreen);
    }

    /// Uses the camera with this `deviceId` from now on, on every visit.
    pub fn choose_camera(&self, id: String) {
        self.tell(Command::ChooseCamera(id));
    }

    /// Uses the microphone with this `deviceId` from now on, on every visit.
    pub fn choose_microphone(&self, id: String) {
        self.tell(Command::ChooseMicrophone(id));
    }

    /// Hears the others from the speaker with this `deviceId` from now on, on every visit; empty: from the one that the
    /// system has for everything.
    pub fn choose_speaker(&self, id: String) {
        self.tell(Command::ChooseSpeaker(id));
    }

    /// Makes one of the call's pictures larger; or not any more, if it is so already. In reply to a click or a key, which
    /// browsers demand.
    pub fn enlarge(&self, video: Video, how: Larger) {
        self.tell(Command::Enlarge(SendWrapper::new(video), how));
    }

    /// Writes this to everybody in the room.
    pub fn say(&self, text: String) {
        self.tell(Command::Say(text));
    }

    /// Lets the others know that the person writes; with each key.
    pub fn say_writing(&self) {
        self.tell(Command::SayWriting);
    }

    /// Whether what is written shows from now on. Needs no driver.
    pub fn set_reads(&self, reads: bool) {
        self.view.reads.set(reads);
        if reads {
            self.view.unread.set(0);
        }
    }

    /// Tells the person of messages while the page is hidden, on every visit, if the browser lets it; or not. In reply to a
    /// click, which browsers demand.
    pub fn set_notifies(&self, notifies: bool) {
        self.tell(Command::SetNotifies(notifies));
    }

    /// Lets single keys do something in the page, on every visit; or not. Needs no driver.
    pub fn set_shortcuts(&self, shortcuts: bool) {
        storage::keep_shortcuts(shortcuts);
        self.view.shortcuts.set(shortcuts);
    }

    /// Loads the page anew: another version of it may be there. Needs no driver, which may have ended.
    pub fn reload(&self) {
        page::reload();
    }

    /// The element that shows the camera, while it is in the page.
    pub fn attach_camera(&self, video: Option<Video>) {
        self.tell(Command::AttachCamera(video.map(SendWrapper::new)));
    }

    /// The element that shows somebody else in the call, while it is in the page.
    pub fn attach_remote(&self, peer: PeerId, shown: Shown, video: Option<Video>) {
        self.tell(Command::AttachRemote(peer, shown, video.map(SendWrapper::new)));
    }

    /// The element that shows the person's own camera in the call, while it is in the page.
    pub fn attach_self_view(&self, video: Option<Video>) {
        self.tell(Command::AttachSelfView(video.map(SendWrapper::new)));
    }

    /// The canvas `#photo`, while it is in the page.
    pub fn attach_photo(&self, canvas: Option<Canvas>) {
        self.tell(Command::AttachPhoto(canvas.map(SendWrapper::new)));
    }

    /// The canvas of a photo of the trail, while it is in the page.
    pub fn attach_incoming(&self, photo: PhotoKey, canvas: Option<Canvas>) {
        self.tell(Command::AttachIncoming(photo, canvas.map(SendWrapper::new)));
    }

    /// The one canvas that shows a photo large, while it is in the page. Another photo takes the place of the one
    /// before.
    pub fn attach_large(&self, photo: PhotoKey, canvas: Option<Canvas>) {
        self.tell(Command::AttachLarge(photo, canvas.map(SendWrapper::new)));
    }

    fn tell_files(&self, command: FilesCommand) {
        self.tell(Command::Files(command));
    }

    fn tell(&self, command: Command) {
        // Full only when the driver has ended or a key is stuck: then the command is of no use either. Gone with the
        // page, whose elements say goodbye one after another.
        let _ = self.commands.try_update_value(|commands| commands.try_send(command));
    }
}
