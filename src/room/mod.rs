//! The driver of a room: one task that owns every connection. It waits for the browser, the person and the
//! clock, feeds the [`Session`](snaproom_session::Session), carries out what the session says, and publishes plain signals.
//!
//! | file | what |
//! |---|---|
//! | `view`, `handle` | the page's end: [`RoomView`]'s signals, [`Room`]'s commands |
//! | `inbox` | the one queue between the browser's callbacks and the driver |
//! | `visit`, `alarm` | one stay in one room: the session, and what it wants done; when it wants to know the time |
//! | `wires` | its connections, and the actions on them that are under way |
//! | `vault` | the bytes of photos on their way |
//! | `studio`, `countdown`, `burst` | camera, snap, preview; the time before a snap; one snap after another |
//! | `call`, `others` | microphone, screen, what goes to the others; what comes from them, and how well |
//! | `chat` | what people write: shown, counted, kept over a reload |
//! | `recording` | a file of the call |
//! | `gallery`, `photo` | photos of others, and the canvases of each |
//! | `original`, `originals` | the exact pixels of a photo; those of ours that wait until somebody asks |
//! | `album`, `zip` | all of them in one file; its format |
//! | `files`, `speed` | files and folders that are given and got; how fast |
//! | `parcel`, `sources`, `offered` | ours: made ready to be sent, read piece by piece, and chosen again |
//! | `disk`, `bundle` | theirs: kept on the disk, and saved in one |
//! | `identity` | the tab's token in a room, and its person's name |
//! | `company`, `names` | the others: who is here, what was found out about them; what they want to be called |

mod alarm;
mod album;
mod bundle;
mod burst;
mod call;
mod chat;
mod company;
mod countdown;
mod disk;
mod files;
mod gallery;
mod handle;
mod identity;
mod inbox;
mod library;
mod names;
mod offered;
mod original;
mod originals;
mod others;
mod parcel;
mod photo;
mod recording;
mod saved;
mod sources;
mod speed;
mod studio;
mod vault;
mod view;
mod visit;
mod wires;
mod zip;

use futures::{FutureExt, StreamExt, channel::mpsc, select_biased};
use leptos::prelude::{GetUntracked, Set};
use snaproom_session::{self as session, Input, Link};

pub use crate::browser::{Device, Devices, Larger, Shown};
pub use handle::Room;
pub use snaproom_protocol::chat::MAX_TEXT_BYTES;
pub use view::{
    CallEnd, CallView, CameraFailure, CameraView, Comparison, Earlier, EarlierState, Entry, Failure,
    FileKind, FileView, Invitation, Kind, Line, LinkView, MyDevices, Notice, Participant, Path, Pause,
    PeerState, PeerView, PhotoKey, PhotoView, Quality, Recipient, Records, RefusedPeer, RoomView, Saving,
    Sends, SentView, Shows, Signs, SnapView, Source, Status, TransferState, Trust, Written,
};

use crate::browser::{
    Drag, Error, Listener, MayNotify, Notification, Video, devices, on_device_change, on_drag, on_paste,
    page, storage,
    task::{self, Task},
};
use alarm::Alarm;
use call::Call;
use gallery::Gallery;
use handle::{Command, FilesCommand};
use inbox::{Happened, Inbox, Page};
use recording::Ended;
use studio::Studio;
use visit::Visit;

/// Where files can be dropped.
const DROP_ZONE: &str = "main.room";

/// Opens the room of the address bar's link. Dropping the task leaves it and releases everything.
pub fn open(view: RoomView) -> (Room, Task) {
    view.my_name.set(identity::remembered_name());
    view.relay_only.set(storage::relay_only());
    view.notifies.set(match Notification::may_be_shown() {
        MayNotify::Yes => Some(storage::notifies()),
        MayNotify::Ask => Some(false),
        MayNotify::No => None,
    });
    let (room, commands) = Room::new(view);
    (room, task::spawn(Driver::new(view, commands).run()))
}

struct Driver {
    view: RoomView,
    commands: mpsc::Receiver<Command>,
    inbox: Inbox,
    studio: Studio,
    gallery: Gallery,
    call: Call,
    looking: Option<Task>,
    clicked: Vec<Task>,
    _listeners: Vec<Listener>,
}

/// Why a visit to a room ended.
enum Next {
    /// The address bar names another room, or none yet.
    Room,
    /// The page is put aside.
    Hidden,
    /// The page has no use for a room any more.
    Closed,
}

impl Driver {
    fn new(view: RoomView, commands: mpsc::Receiver<Command>) -> Self {
        let inbox = Inbox::default();
        let tell = |what: Page| {
            let inbox = inbox.clone();
            move || inbox.push(Happened::Page(what))
        };
        let mut listeners = page::on_network_change(tell(Page::Network));
        listeners.extend([
            page::on_fragment_change(tell(Page::Fragment)),
            page::on_hide(tell(Page::Hidden)),
            page::on_show(tell(Page::Shown)),
            page::on_visible(tell(Page::Visible)),
        ]);
        let changed = inbox.clone();
        listeners.extend(on_device_change(move || changed.push(Happened::DevicesChanged)));
        let dragged = inbox.clone();
        listeners.extend(on_drag(DROP_ZONE, move |drag| dragged.push(Happened::Dragged(drag))));
        let pasted = inbox.clone();
        listeners.push(on_paste(move |given| pasted.push(Happened::Given(given))));
        Self {
            view,
            commands,
            studio: Studio::open(view, inbox.clone()),
            gallery: Gallery::new(view, inbox.clone()),
            call: Call::new(view, inbox.clone()),
            looking: None,
            clicked: Vec::new(),
            _listeners: listeners,
            inbox,
        }
    }

    async fn run(mut self) {
        loop {
            let visit = match self.enter().await {
                Ok(visit) => visit,
                Err(error) => return self.view.failed.set(Some(error.to_string())),
            };
            let next = self.stay(visit).await;
            self.inbox.forget_room();
            self.studio.leave_room();
            self.call.leave_room();
            self.view.leave();
            match next {
                Next::Room => {
                    self.gallery.clear();
                    self.view.forget_room();
                }
                // Back in the same room with the same photos, if the page comes back at all.
                Next::Hidden => self.wait_until_shown().await,
                Next::Closed => return,
            }
        }
    }

    async fn wait_until_shown(&mut self) {
        loop {
            match self.inbox.next().await {
                Happened::Page(Page::Shown) => return,
                Happened::Seen(photo, seen) => self.gallery.on_seen(photo, seen),
                Happened::Listed(photo) => self.gallery.list(photo),
                happened => self.on_device(happened),
            }
        }
    }

    /// Reads the room's link from the address bar, or makes a new one and puts it there.
    async fn enter(&self) -> Result<Visit, Error> {
        let link = match Link::from_fragment(&page::fragment()) {
            Some(link) => link,
            None => Link::mint(task::random()?),
        };
        page::set_fragment(&link.fragment())?;
        let typed_name = match &link {
            Link::Secret(_) => None,
            Link::Name(name) => Some(name.clone()),
        };
        self.view.link.set(LinkView { url: page::link(), typed_name });
        Visit::begin(&link, self.view, self.inbox.clone()).await
    }

    async fn stay(&mut self, mut visit: Visit) -> Next {
        let mut alarm = Alarm::default();
        loop {
            visit.carry_out(&mut self.gallery, &mut self.call);
            self.call.show_in_recording();
            if let Some(link) = visit.moved.take() {
                self.leave(&mut visit);
                // Where that fails, entering fails as well, and says so.
                let _ = page::set_fragment(&link.fragment());
                return Next::Room;
            }
            let happened = match self.inbox.try_next() {
                Some(happened) => happened,
                None => {
                    select_biased! {
                        happened = self.inbox.next().fuse() => happened,
                        command = self.commands.next() => {
                            match command {
                                None => return Next::Closed,
                                Some(Command::NewRoom) => {
                                    self.leave(&mut visit);
                                    // The next one is made where no link is found.
                                    let _ = page::set_fragment("");
                                    return Next::Room;
                                }
                                Some(command) => {
                                    self.obey(command, &mut visit);
                                    self.call.settle(self.studio.track(), &mut visit);
                                }
                            }
                            continue;
                        }
                        () = alarm.wait(visit.deadline()).fuse() => {
                            visit.tick();
                            continue;
                        }
                    }
                }
            };
            match happened {
                Happened::Page(Page::Fragment) => {
                    self.leave(&mut visit);
                    return Next::Room;
                }
                Happened::Page(Page::Hidden) => {
                    visit.put_aside(&mut self.gallery, &mut self.call);
                    return Next::Hidden;
                }
                Happened::Page(Page::Network) => visit.handle(Input::NetworkChanged),
                Happened::Page(Page::Shown) => {}
                Happened::Page(Page::Visible) => {
                    self.call.stay_awake();
                    self.view.see_offers();
                    if self.view.reads.get_untracked() {
                        self.view.unread.set(0);
                    }
                }
                Happened::KeepWritten => visit.keep_written(),
                Happened::Due => self.studio.on_due(),
                Happened::Frame => self.studio.on_frame(),
                Happened::BurstOver => self.studio.end_burst(),
                Happened::Loaded(payload, pixels) => visit.on_loaded(payload, pixels),
                Happened::Escape => drop(self.studio.stop_counting()),
                Happened::Notice(notice) => self.view.notice.set(Some(notice)),
                Happened::Seen(photo, seen) => self.gallery.on_seen(photo, seen),
                Happened::Listed(photo) => self.gallery.list(photo),
                Happened::Taken(taken) => {
                    let (item, of_burst) = (taken.item, taken.of_burst);
                    let is_sent = visit.send_photo(taken);
                    self.studio.on_sent(item, of_burst, is_sent);
                }
                Happened::Socket(number, event) => visit.on_socket(number, event),
                Happened::Connection(connection, event) => visit.on_connection(connection, event),
                Happened::Overrun(connection) => visit.on_overrun(connection),
                Happened::Done(input) => visit.handle(input),
                Happened::Still(asking, taken) => {
                    visit.answer_still(asking, taken);
                    self.studio.take_next_still();
                }
                Happened::CallTick => self.call.others.on_tick(visit.wires()),
                Happened::Measured(connection, measured) => {
                    self.call.others.on_measured(connection, measured);
                }
                happened => {
                    if let Some(happened) = self.on_files(happened, &mut visit) {
                        self.on_device(happened);
                        self.call.settle(self.studio.track(), &mut visit);
                    }
                }
            }
        }
    }

    /// What becomes of files, and of what was shown before. Gives back what is about something else.
    fn on_files(&self, happened: Happened, visit: &mut Visit) -> Option<Happened> {
        match happened {
            Happened::Read(read) => visit.on_read(read),
            Happened::Given(given) => visit.files.give(given, None),
            Happened::Dragged(Drag::Over(over)) => self.view.dragged.set(over),
            Happened::Dragged(Drag::Dropped(dropped)) => visit.files.look_into(dropped),
            Happened::Parcels { parcels, to, asked_for } => visit.offer(parcels, &to, asked_for),
            Happened::Reached(reached) => visit.on_reached(reached),
            Happened::Accepted(file) => visit.request(file),
            Happened::Fits(PhotoKey { owner, item }) => {
                visit.command(session::Command::Fetch { owner, item });
            }
            Happened::Lent(wanted, found) => visit.lend(wanted, found),
            Happened::FilesSaved(files) => {
                visit.on_files_saved(&files);
                self.view.notice.set(Some(Notice::FileSaved));
            }
            Happened::FilesTick => visit.files.on_tick(),
            Happened::DiskOpened(opened) => visit.on_disk_opened(opened),
            Happened::Disk(event) => visit.on_disk(&event),
            happened => return Some(happened),
        }
        None
    }

    /// What the person's devices report, in a room and on the way to one.
    fn on_device(&mut self, happened: Happened) {
        match happened {
            Happened::Camera(camera) => self.studio.on_camera(camera),
            Happened::CameraEnded => self.studio.on_camera_ended(),
            Happened::CameraUnwanted => self.studio.stop_camera(),
            Happened::CameraReplaced(id) => self.studio.on_camera_replaced(&id),
            Happened::Microphone(microphone) => self.call.on_microphone(microphone),
            Happened::MicrophoneEnded => self.call.on_microphone_ended(),
            Happened::Screen(screen) => self.call.on_screen(screen),
            Happened::ScreenEnded => self.call.on_screen_ended(),
            Happened::RecordingEnded => self.call.recording.end(Ended::ByItself),
            Happened::Awake(lock) => self.call.on_awake(lock),
            Happened::Devices(all) => {
                let [camera, microphone] = [
                    self.studio.track().and_then(|track| track.device()).or_else(storage::camera),
                    self.call.microphone_device().or_else(storage::microphone),
                ]
                .map(Option::unwrap_or_default);
                let speaker = self.call.others.look_at_speakers(&all);
                self.view.devices.set(MyDevices { all, camera, microphone, speaker });
            }
            Happened::DevicesChanged => {
                let inbox = self.inbox.clone();
                self.looking =
                    Some(task::spawn(async move { inbox.push(Happened::Devices(devices().await)) }));
            }
            _ => {}
        }
    }

    fn obey(&mut self, command: Command, visit: &mut Visit) {
        match command {
            Command::StartCamera => self.studio.start_camera(),
            Command::Snap { after, sends } => self.studio.press(after, sends),
            Command::Send => self.studio.prepare(false),
            Command::Burst => self.studio.begin_burst(),
            Command::EndBurst => self.studio.end_burst(),
            Command::Request(photo) => visit.request(photo),
            Command::SetMirror(mirrors) => self.studio.set_mirror(mirrors),
            Command::Cancel(item) => visit.cancel(item),
            Command::Save(photo) => {
                if let Some(saving) = self.gallery.save(photo) {
                    self.see_to_its_end(saving);
                }
            }
            Command::SaveAll => self.gallery.save_all(),
            Command::Remove(photo) => {
                self.gallery.remove(photo);
                visit.unshare(photo);
            }
            Command::Files(command) => obey_about_files(command, visit),
            Command::CopyLink => self.copy_link(),
            Command::ShareLink => self.share_link(),
            Command::SetName(name) => visit.set_name(&name),
            Command::SetRelayOnly(relay_only) => visit.set_relay_only(relay_only),
            Command::Compare(peer) => visit.compare(peer),
            Command::Compared { peer, signs, same } => visit.compared(peer, signs, same),
            Command::MoveWith(companions) => visit.move_with(companions),
            Command::AnswerInvitation { from, goes } => visit.answer_invitation(from, goes),
            Command::Say(text) => visit.say(text),
            Command::SayWriting => visit.command(session::Command::SayWriting),
            Command::SetNotifies(notifies) => self.set_notifies(notifies),
            Command::Retry => visit.retry(),
            Command::Call { camera } => {
                self.call.join(camera, self.studio.is_on_or_starting());
                if camera && !self.studio.is_on_or_starting() {
                    self.studio.start_camera();
                }
            }
            Command::HangUp => {
                visit.command(session::Command::HangUp);
                self.call.end();
            }
            Command::DeclineCall => visit.command(session::Command::DeclineCall),
            Command::SnapOther(peer, shown) => {
                if let Some(video) = self.call.others.video(peer, shown) {
                    self.studio.snap_other(&video);
                }
            }
            Command::AskStill(peer) => visit.command(session::Command::AskStill(peer)),
            Command::AnswerStill { asking, gives: true } => self.studio.give_still(asking),
            Command::AnswerStill { asking, gives: false } => visit.answer_still(asking, None),
            Command::Record(what) => self.call.record(what),
            Command::ToggleSound => self.call.toggle_sound(),
            Command::ToggleCamera => {
                let shows = self.call.toggle_camera(self.studio.is_on_or_starting());
                if !shows {
                    self.studio.stop_camera();
                } else if !self.studio.is_on_or_starting() {
                    self.studio.start_camera();
                }
            }
            Command::ToggleScreen => self.call.toggle_screen(),
            Command::ChooseCamera(id) => self.studio.choose_camera(&id),
            Command::ChooseMicrophone(id) => self.call.choose_microphone(&id),
            Command::ChooseSpeaker(id) => {
                storage::keep_speaker(&id);
                self.inbox.push(Happened::DevicesChanged);
            }
            Command::AttachRemote(peer, shown, video) => {
                self.call.others.attach(peer, shown, video.map(|video| video.take()));
            }
            Command::Enlarge(video, how) => self.enlarge(video.take(), how),
            Command::AttachSelfView(video) => self.studio.attach_self_view(video.map(|video| video.take())),
            // Handled where the visit can be ended.
            Command::NewRoom => {}
            Command::AttachCamera(video) => self.studio.attach_camera(video.map(|video| video.take())),
            Command::AttachPhoto(canvas) => self.studio.attach_photo(canvas.map(|canvas| canvas.take())),
            Command::AttachIncoming(photo, canvas) => {
                self.gallery.attach(photo, canvas.map(|canvas| canvas.take()));
            }
            Command::AttachLarge(photo, canvas) => {
                self.gallery.attach_large(photo, canvas.map(|canvas| canvas.take()));
            }
        }
    }

    fn enlarge(&mut self, video: Video, how: Larger) {
        let inbox = self.inbox.clone();
        self.see_to_its_end(task::spawn(async move {
            if let Err(error) = video.enlarge(how).await {
                inbox.push(Happened::Notice(Notice::NotEnlarged(error.to_string())));
            }
        }));
    }

    fn share_link(&mut self) {
        let inbox = self.inbox.clone();
        self.see_to_its_end(task::spawn(async move {
            match page::share("Snaproom", &page::link()).await {
                // Shared; closed by the person; or the sheet is open already.
                Ok(()) => {}
                Err(error) if matches!(error.name.as_str(), "AbortError" | "InvalidStateError") => {}
                Err(_) => inbox.push(Happened::Notice(Notice::LinkNotShared)),
            }
        }));
    }

    /// Leaves the room for good.
    fn leave(&mut self, visit: &mut Visit) {
        if let Some(clearing) = visit.leave(&mut self.gallery, &mut self.call) {
            self.see_to_its_end(clearing);
        }
    }

    /// Keeps what a click began, until it has ended or the page is gone.
    fn see_to_its_end(&mut self, task: Task) {
        self.clicked.retain(|task| !task.is_finished());
        self.clicked.push(task);
    }

    /// Asks the browser, which asks the person, where nobody has yet.
    fn set_notifies(&mut self, notifies: bool) {
        storage::keep_notifies(notifies);
        if !notifies {
            return self.view.notifies.set(Some(false));
        }
        let (view, inbox) = (self.view, self.inbox.clone());
        self.see_to_its_end(task::spawn(async move {
            let may = Notification::ask().await == MayNotify::Yes;
            view.notifies.set(Some(may));
            if !may {
                storage::keep_notifies(false);
                inbox.push(Happened::Notice(Notice::NotNotified));
            }
        }));
    }

    fn copy_link(&mut self) {
        let inbox = self.inbox.clone();
        self.see_to_its_end(task::spawn(async move {
            let copied = page::copy(&page::link()).await.is_ok();
            inbox.push(Happened::Notice(if copied { Notice::LinkCopied } else { Notice::LinkNotCopied }));
        }));
    }
}

fn obey_about_files(command: FilesCommand, visit: &mut Visit) {
    match command {
        FilesCommand::Give { given, asked_for } => visit.files.give(given.take(), asked_for),
        FilesCommand::Choose { input, asked_for } => visit.files.choose(input, asked_for),
        FilesCommand::Ask(item) => visit.files.ask(item),
        FilesCommand::OfferOriginal(item) => visit.offer_original(item),
        FilesCommand::Fetch(all) => visit.fetch(&all),
        FilesCommand::StopFetch(PhotoKey { owner, item }) => {
            visit.command(session::Command::StopFetch { owner, item });
        }
        FilesCommand::Accept(file) => visit.files.accept(file),
        FilesCommand::AcceptAll { from, accepts } => {
            visit.command(session::Command::AcceptAll { from, accepts });
        }
        FilesCommand::Decline(PhotoKey { owner: from, item }) => {
            visit.command(session::Command::Decline { from, item });
        }
        FilesCommand::Pause { file, pauses } => visit.pause(file, pauses),
        FilesCommand::Save(file) => visit.files.save(file),
        FilesCommand::SaveAll => visit.files.save_all(),
        FilesCommand::Remove(file) => visit.remove_file(file),
    }
}
