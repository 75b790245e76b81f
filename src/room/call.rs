//! The room's call on this device: microphone and screen, and what goes to the others. Who takes part is the session's
//! business.

use leptos::prelude::{GetUntracked, Set, WithUntracked};
use snaproom_protocol::PeerId;
use snaproom_session::{
    Command, ConnectionId,
    io::{CallEnd, CallView, Records, Sends},
};

use super::{
    inbox::{Happened, Inbox},
    others::Others,
    recording::{Ended, Recording},
    view::{CameraView, Notice, RoomView},
    visit::Visit,
    wires::Wires,
};
use crate::browser::{
    CaptureError, Microphone, Ring, Screen, Track, Tracks, WakeLock, chosen_or_any, storage,
    task::{self, Task},
};

pub(super) struct Call {
    view: RoomView,
    inbox: Inbox,
    part: Part,
    microphone: Option<Microphone>,
    screen: Option<Screen>,
    /// The person wants not to be heard.
    muted: bool,
    /// The person wants to be seen.
    shows_camera: bool,
    /// The camera was off before, and goes off with the call.
    brings_camera: bool,
    /// What is sent, and what the others were told of it.
    tracks: Tracks,
    said: Option<Sends>,
    pub(super) others: Others,
    pub(super) recording: Recording,
    /// Finding a microphone, a screen to share.
    asking: [Option<Task>; 2],
    awake: Option<WakeLock>,
    waking: Option<Task>,
    /// As long as the person is asked.
    ring: Option<Ring>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Out,
    /// The person wants to take part, and the browser asks for the microphone.
    Joining {
        /// Somebody takes part already.
        others: bool,
    },
    In,
}

impl Call {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self {
            others: Others::new(view, inbox.clone()),
            recording: Recording::new(view, inbox.clone()),
            view,
            inbox,
            part: Part::Out,
            microphone: None,
            screen: None,
            muted: false,
            shows_camera: false,
            brings_camera: false,
            tracks: Tracks::default(),
            said: None,
            asking: [None, None],
            awake: None,
            waking: None,
            ring: None,
        }
    }

    /// The person calls, or joins. [`Happened::Microphone`] follows.
    pub(super) fn join(&mut self, with_camera: bool, camera_is_on: bool) {
        if self.part == Part::Out {
            self.brings_camera = with_camera && !camera_is_on;
            let others = self.view.call.with_untracked(|call| !call.others.is_empty());
            self.part = Part::Joining { others };
            self.muted = false;
            self.shows_camera = with_camera;
            self.view.joining.set(true);
            self.ring = None;
            self.open_microphone();
        }
    }

    /// With no microphone one sees and hears the others, and may be seen.
    pub(super) fn on_microphone(&mut self, microphone: Result<Microphone, CaptureError>) {
        if self.part == Part::Out {
            return;
        }
        match microphone {
            Ok(microphone) => {
                microphone.mute(self.muted);
                self.microphone = Some(microphone);
            }
            Err(error) => self.view.notice.set(Some(Notice::NoMicrophone(error.into()))),
        }
        if let Part::Joining { others } = self.part {
            if others && self.view.call.with_untracked(|call| call.others.is_empty()) {
                // They hung up while the browser asked: nobody wants to call them back.
                return self.on_ended(CallEnd::Over);
            }
            self.part = Part::In;
            self.view.joining.set(false);
            self.stay_awake();
        }
        // They have names now.
        self.inbox.push(Happened::DevicesChanged);
    }

    /// It was unplugged, or taken away: another one takes its place.
    pub(super) fn on_microphone_ended(&mut self) {
        if self.microphone.take().is_some() {
            self.view.notice.set(Some(Notice::MicrophoneEnded));
            storage::keep_microphone("");
            self.open_microphone();
        }
    }

    /// The `deviceId` of the one that is used; empty for the one that the system has for everything, which Chromium
    /// calls by these two names.
    pub(super) fn microphone_device(&self) -> Option<String> {
        let id = self.microphone.as_ref()?.track()?.device()?;
        Some(if matches!(id.as_str(), "default" | "communications") { String::new() } else { id })
    }

    /// The chosen one, if it is still there. The one before is stopped first: phones have one at a time.
    fn open_microphone(&mut self) {
        self.microphone = None;
        let inbox = self.inbox.clone();
        self.asking[0] = Some(task::spawn(async move {
            let microphone = chosen_or_any(storage::microphone(), |device| {
                let inbox = inbox.clone();
                async move {
                    Microphone::open(device.as_deref(), move || inbox.push(Happened::MicrophoneEnded)).await
                }
            })
            .await;
            inbox.push(Happened::Microphone(microphone));
        }));
    }

    pub(super) fn choose_microphone(&mut self, id: &str) {
        storage::keep_microphone(id);
        if self.part == Part::In {
            self.open_microphone();
        }
    }

    /// Where there is none, another look for one is what the person wants.
    pub(super) fn toggle_sound(&mut self) {
        match &self.microphone {
            Some(microphone) => {
                self.muted = !self.muted;
                microphone.mute(self.muted);
            }
            None if self.part == Part::In => {
                self.muted = false;
                self.open_microphone();
            }
            None => {}
        }
    }

    /// Whether the others are to see the camera now. One that is being started was wanted by the press before.
    pub(super) fn toggle_camera(&mut self, camera_is_on: bool) -> bool {
        self.shows_camera = self.tracks.camera.is_none() && !self.awaits_camera();
        self.brings_camera |= self.shows_camera && !camera_is_on;
        self.shows_camera
    }

    fn awaits_camera(&self) -> bool {
        self.shows_camera && self.view.camera.get_untracked() == CameraView::Starting
    }

    /// While the person chooses what to share, they are not asked twice.
    pub(super) fn toggle_screen(&mut self) {
        let is_asked = self.asking[1].as_ref().is_some_and(|asking| !asking.is_finished());
        if self.screen.take().is_some() || self.part != Part::In || is_asked {
            return;
        }
        let inbox = self.inbox.clone();
        self.asking[1] = Some(task::spawn(async move {
            let ended = inbox.clone();
            let screen = Screen::share(move || ended.push(Happened::ScreenEnded)).await;
            inbox.push(Happened::Screen(screen));
        }));
    }

    pub(super) fn on_screen(&mut self, screen: Result<Screen, CaptureError>) {
        match screen {
            Ok(screen) if self.part == Part::In => self.screen = Some(screen),
            // Closed by the person, or the call is over.
            Ok(_) | Err(CaptureError::Denied) => {}
            Err(error) => self.view.notice.set(Some(Notice::ScreenFailed(error.to_string()))),
        }
    }

    pub(super) fn on_screen_ended(&mut self) {
        self.screen = None;
    }

    /// Says and sends what the person wants by now, where that has changed.
    pub(super) fn settle(&mut self, camera: Option<Track>, visit: &mut Visit) {
        let tracks = Tracks {
            sound: self.microphone.as_ref().and_then(Microphone::track),
            camera: camera.filter(|_| self.part == Part::In && self.shows_camera),
            screen: self.screen.as_ref().and_then(Screen::track),
        };
        let sends = Sends {
            sound: tracks.sound.is_some() && !self.muted,
            // While another one takes its place it is not off.
            camera: tracks.camera.is_some()
                || self.awaits_camera() && self.said.is_some_and(|said| said.camera),
            screen: tracks.screen.is_some(),
            records: self.recording.what(),
        };
        if self.tracks != tracks {
            self.tracks = tracks;
            self.others.send(&self.tracks, visit.wires());
        }
        if self.part == Part::In && self.said != Some(sends) {
            self.said = Some(sends);
            visit.command(Command::Call(sends));
        }
    }

    pub(super) fn start_media(&mut self, connection: ConnectionId, peer: PeerId, wires: &mut Wires) {
        wires.send_tracks(connection, &self.tracks);
        self.others.receive(connection, peer, wires);
    }

    pub(super) fn stop_media(&mut self, connection: ConnectionId, wires: &mut Wires) {
        self.others.forget(connection);
        wires.send_tracks(connection, &Tracks::default());
    }

    pub(super) fn on_view(&mut self, call: CallView) {
        if self.said.is_some() && call.sends.is_none() {
            self.end();
        }
        if !call.is_asked || self.part != Part::Out {
            self.ring = None;
        } else if self.ring.is_none() {
            self.ring = Some(Ring::start());
        }
        self.others.hear(&call);
        self.view.call.set(call);
    }

    pub(super) fn on_ended(&mut self, end: CallEnd) {
        self.end();
        self.view.notice.set(Some(Notice::CallEnded(end)));
    }

    /// Nothing is heard or shared any more. A camera that was on before stays for photos.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.brings_camera) {
            self.inbox.push(Happened::CameraUnwanted);
        }
        self.part = Part::Out;
        self.view.joining.set(false);
        self.asking = [None, None];
        self.microphone = None;
        self.recording.end(Ended::Wanted);
        self.screen = None;
        self.tracks = Tracks::default();
        self.said = None;
        self.waking = None;
        self.awake = None;
        self.ring = None;
    }

    /// Records this from now on, as long as there is a call.
    pub(super) fn record(&mut self, what: Records) {
        if self.part == Part::In {
            self.recording.set(what);
        }
    }

    /// Whoever came, went, or switched something on or off.
    pub(super) fn show_in_recording(&self) {
        self.recording.show(&self.tracks, || self.others.tracks());
    }

    /// The room is left.
    pub(super) fn leave_room(&mut self) {
        self.end();
        self.others.leave_room();
    }

    /// Also when the page comes back: a browser takes the lock away from a page that is hidden.
    pub(super) fn stay_awake(&mut self) {
        if self.part == Part::In {
            let inbox = self.inbox.clone();
            self.waking = Some(task::spawn(async move {
                inbox.push(Happened::Awake(WakeLock::request().await));
            }));
        }
    }

    pub(super) fn on_awake(&mut self, lock: Option<WakeLock>) {
        self.awake = lock.filter(|_| self.part == Part::In);
    }
}
