//! `/check/call`: a call from this page to itself, with everything that happens in it.

mod curves;
mod sdp;
mod trace;

use leptos::prelude::{GetUntracked, RwSignal, Set, Update, WithUntracked};

pub use crate::browser::{
    Found, Pair, Used,
    self_call::{Description, Side, Step},
};
pub use curves::{Curves, ROOM_FOR};
pub use sdp::{Section, sections};
pub use trace::{Entry, Times, Trace, What};

use snaproom_protocol::signal::Candidate;

use super::queue::{Queue, Reader};
use crate::{
    browser::{
        Camera, CaptureError, Drawing, Error, Microphone, Moment, Track, Video, Wish,
        page::{self, Global},
        self_call::{Event, FirstFrame, LocalStream, Loopback, video_codecs},
        task::{self, Task, now_ms},
    },
    failure::CameraFailure,
};

/// From Call to the first picture. What takes longer is said.
const PATIENCE_MS: u32 = 10_000;

/// What the page has to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing yet.
    Nothing,
    /// The browser was asked for the camera.
    OpeningCamera,
    /// The camera is on; the browser was asked for the microphone.
    OpeningMicrophone,
    /// The camera, and the microphone unless that failed.
    Devices(Result<(), CameraFailure>),
    /// A drawn picture.
    Drawn,
    /// There is no camera.
    Failed(CameraFailure),
}

impl Source {
    /// Whether there is something to be sent.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Devices(_) | Self::Drawn)
    }
}

/// How the call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// There was none.
    Before,
    /// It is being set up.
    Calling,
    /// That takes unusually long.
    Late,
    /// Pictures come.
    Up,
    /// They came, and nothing has for some seconds.
    Interrupted,
    /// It was ended.
    Over,
    /// It cannot be.
    Failed(Failure),
}

impl Phase {
    /// Whether there are connections.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Calling | Self::Late | Self::Up | Self::Interrupted)
    }
}

/// Why a call cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// None of the pairs works. `hidden` where the browser gave out names in the place of addresses.
    NoPath {
        /// Whether all addresses were names.
        hidden: bool,
    },
    /// This side was closed, and not by this page's buttons.
    Closed(Side),
    /// The browser would not; its words.
    Refused(String),
}

/// What the page shows.
#[derive(Clone, Copy)]
pub struct CallView {
    /// What can be sent.
    pub source: RwSignal<Source>,
    /// How the call is.
    pub phase: RwSignal<Phase>,
    /// What happened in it.
    pub trace: RwSignal<Trace>,
    /// `localDescription` of both, in the order of [`Side::ALL`].
    pub descriptions: RwSignal<[String; 2]>,
    /// Which of them was put on the clipboard, and whether the browser let the page.
    pub copied: RwSignal<Option<(Side, bool)>>,
    /// What was measured.
    pub curves: RwSignal<Curves>,
    /// The video codecs that the browser can send.
    pub codecs: RwSignal<Vec<String>>,
    /// Which of them the next call wants; none for the browser's own order.
    pub codec: RwSignal<Option<String>>,
}

enum Happened {
    Start,
    Draw,
    Call,
    HangUp,
    Codec(Option<String>),
    Copy(Side),
    Copied(Side, bool),
    Video(Place, Option<Video>),
    Camera(Result<Camera, CaptureError>),
    Microphone(Result<Microphone, CaptureError>),
    CameraEnded,
    MicrophoneEnded,
    /// In the call with this number: what comes of an earlier one may still wait in the queue.
    InCall(u32, InCall),
}

enum InCall {
    Event(Event),
    FirstPicture(f64),
    Moment(Moment),
    Refused(Error),
    Late,
}

/// Which video.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What is sent.
    Local,
    /// What comes.
    Remote,
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct Call {
    /// What it shows.
    pub view: CallView,
    queue: Queue<Happened>,
}

impl Call {
    /// Waits for the person. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = CallView {
            source: RwSignal::new(Source::Nothing),
            phase: RwSignal::new(Phase::Before),
            trace: RwSignal::default(),
            descriptions: RwSignal::default(),
            copied: RwSignal::new(None),
            curves: RwSignal::default(),
            codecs: RwSignal::new(video_codecs()),
            codec: RwSignal::new(None),
        };
        let queue = Queue::driven_by(move |queue, reader| {
            let driver = Driver {
                view,
                queue,
                number: 0,
                call: None,
                opening: None,
                copying: None,
                names: None,
                local: None,
                source: Sources::default(),
                videos: [None, None],
            };
            driver.run(reader)
        });
        Self { view, queue }
    }

    /// Opens camera and microphone.
    pub fn start(&self) {
        self.queue.push(Happened::Start);
    }

    /// Takes a drawn picture instead of them.
    pub fn draw(&self) {
        self.queue.push(Happened::Draw);
    }

    /// Lets `pc1` call `pc2`.
    pub fn call(&self) {
        self.queue.push(Happened::Call);
    }

    /// Closes both.
    pub fn hang_up(&self) {
        self.queue.push(Happened::HangUp);
    }

    /// Wants a video codec in the next call; none for the browser's own order.
    pub fn prefer(&self, codec: Option<String>) {
        self.queue.push(Happened::Codec(codec));
    }

    /// Puts a description on the clipboard.
    pub fn copy(&self, side: Side) {
        self.queue.push(Happened::Copy(side));
    }

    /// Shows one of the pictures in this element from now on.
    pub fn attach(&self, place: Place, video: Option<Video>) {
        self.queue.push(Happened::Video(place, video));
    }
}

struct Driver {
    view: CallView,
    queue: Queue<Happened>,
    /// Of the last call.
    number: u32,
    call: Option<Running>,
    opening: Option<Task>,
    copying: Option<Task>,
    /// They outlive the call, so that a closed connection can be looked at.
    names: Option<[Global; 2]>,
    local: Option<LocalStream>,
    source: Sources,
    /// What is sent, what comes.
    videos: [Option<Video>; 2],
}

/// What is sent; dropping it stops it.
#[derive(Default)]
struct Sources {
    camera: Option<Camera>,
    microphone: Option<Microphone>,
    drawing: Option<Drawing>,
}

/// One call.
struct Running {
    began: f64,
    tasks: Vec<Task>,
    first_frame: Option<FirstFrame>,
    /// For whom, until that one has its remote description.
    waiting: Vec<(Side, Candidate)>,
    described: [bool; 2],
    /// Whose `connectionState` is `disconnected`.
    interrupted: [bool; 2],
    /// Whether all candidates had names in the place of addresses; none before the first.
    is_hidden: Option<bool>,
    loopback: Loopback,
}

impl Driver {
    async fn run(mut self, mut reader: Reader<Happened>) {
        while let Some(happened) = reader.next().await {
            self.on(happened);
        }
    }

    fn on(&mut self, happened: Happened) {
        match happened {
            Happened::Start => self.start(),
            Happened::Draw => self.draw(),
            Happened::Camera(opened) => self.on_camera(opened),
            Happened::Microphone(opened) => self.on_microphone(opened),
            Happened::CameraEnded if self.source.camera.is_some() => {
                self.hang_up();
                self.stop();
                self.view.source.set(Source::Failed(CameraFailure::Unplugged));
            }
            Happened::MicrophoneEnded => self.on_microphone_end(),
            Happened::Call => self.begin(),
            Happened::HangUp => self.hang_up(),
            Happened::Codec(codec) => self.view.codec.set(codec),
            Happened::Copy(side) => self.copy(side),
            Happened::Copied(side, is_copied) => self.view.copied.set(Some((side, is_copied))),
            Happened::Video(place, video) => self.attach(place, video),
            Happened::InCall(number, what) if number == self.number && self.call.is_some() => {
                self.in_call(what);
            }
            // Of what is no more.
            Happened::CameraEnded | Happened::InCall(..) => {}
        }
    }

    fn start(&mut self) {
        if self.call.is_some() || self.opening.is_some() || self.source.camera.is_some() {
            return;
        }
        self.stop();
        self.view.source.set(Source::OpeningCamera);
        let queue = self.queue;
        self.opening = Some(task::spawn(async move {
            let camera = Camera::open(&Wish::default(), move || queue.push(Happened::CameraEnded)).await;
            let is_open = camera.is_ok();
            queue.push(Happened::Camera(camera));
            if is_open {
                let on_ended = move || queue.push(Happened::MicrophoneEnded);
                queue.push(Happened::Microphone(Microphone::open(None, on_ended).await));
            }
        }));
    }

    fn on_camera(&mut self, opened: Result<Camera, CaptureError>) {
        // Somebody may have taken the drawn picture meanwhile.
        if self.opening.is_none() {
            return;
        }
        let source = match opened {
            Ok(camera) => {
                self.send(camera.track());
                self.source.camera = Some(camera);
                Source::OpeningMicrophone
            }
            Err(error) => {
                self.opening = None;
                Source::Failed(error.into())
            }
        };
        self.view.source.set(source);
    }

    fn on_microphone(&mut self, opened: Result<Microphone, CaptureError>) {
        if self.opening.take().is_none() {
            return;
        }
        let sound = match opened {
            Ok(microphone) => {
                self.send(microphone.track());
                self.source.microphone = Some(microphone);
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        self.view.source.set(Source::Devices(sound));
    }

    /// A call goes on without sound.
    fn on_microphone_end(&mut self) {
        let Some(microphone) = self.source.microphone.take() else { return };
        if let (Some(local), Some(track)) = (&self.local, microphone.track()) {
            local.remove(&track);
        }
        self.view.source.set(Source::Devices(Err(CameraFailure::Unplugged)));
    }

    fn draw(&mut self) {
        if self.call.is_some() || self.source.drawing.is_some() {
            return;
        }
        self.stop();
        let source = match Drawing::start() {
            Ok(drawing) => {
                self.send(drawing.track());
                self.source.drawing = Some(drawing);
                Source::Drawn
            }
            Err(error) => Source::Failed(CameraFailure::Other(error.to_string())),
        };
        self.view.source.set(source);
    }

    fn stop(&mut self) {
        self.view.phase.set(Phase::Before);
        self.opening = None;
        self.local = None;
        self.source = Sources::default();
    }

    fn send(&mut self, track: Option<Track>) {
        if self.local.is_none() {
            // Fails in no browser; there would be nothing to be sent, which the call then says.
            self.local = LocalStream::new().ok();
        }
        if let (Some(local), Some(track)) = (&self.local, track) {
            local.add(&track);
        }
        self.show_local();
    }

    fn show_local(&self) {
        if let (Some(local), Some(video)) = (&self.local, &self.videos[Place::Local as usize]) {
            local.show_in(video);
        }
    }

    fn attach(&mut self, place: Place, video: Option<Video>) {
        self.videos[place as usize] = video;
        match place {
            Place::Local => self.show_local(),
            Place::Remote => self.show_remote(),
        }
    }

    fn show_remote(&self) {
        if let (Some(running), Some(video)) = (&self.call, &self.videos[Place::Remote as usize]) {
            running.loopback.show_in(video);
        }
    }

    fn begin(&mut self) {
        let Some(local) = self.local.as_ref().filter(|_| self.call.is_none() && self.opening.is_none())
        else {
            return;
        };
        self.number += 1;
        let (number, queue) = (self.number, self.queue);
        let say = move |what| queue.push(Happened::InCall(number, what));
        self.view.trace.set(Trace::default());
        self.view.curves.set(Curves::default());
        self.view.descriptions.set(Default::default());
        self.view.copied.set(None);
        let began = now_ms();
        let codec = self.view.codec.get_untracked();
        let loopback = match Loopback::new(local, codec.as_deref(), move |event| say(InCall::Event(event))) {
            Ok(loopback) => loopback,
            Err(error) => return self.fail(Failure::Refused(error.to_string())),
        };
        // The names of the call before go first: dropping them takes away what has the name by then.
        self.names = None;
        self.names = Some(loopback.named());
        let negotiating = loopback.negotiate();
        let tasks = vec![
            task::spawn(async move {
                if let Err(error) = negotiating.await {
                    say(InCall::Refused(error));
                }
            }),
            task::spawn(loopback.watch(move |moment| say(InCall::Moment(moment)))),
            task::spawn(async move {
                task::sleep(PATIENCE_MS).await;
                say(InCall::Late);
            }),
        ];
        self.call = Some(Running {
            began,
            tasks,
            first_frame: None,
            waiting: Vec::new(),
            described: [false; 2],
            interrupted: [false; 2],
            is_hidden: None,
            loopback,
        });
        self.view.phase.set(Phase::Calling);
    }

    fn hang_up(&mut self) {
        if let Some(running) = self.call.take() {
            let after = now_ms() - running.began;
            drop(running);
            self.view.trace.update(|trace| trace.add(after, What::Closed));
            self.view.phase.set(Phase::Over);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.hang_up();
        self.view.phase.set(Phase::Failed(failure));
    }

    fn in_call(&mut self, what: InCall) {
        let Some(running) = &mut self.call else { return };
        match what {
            InCall::Event(event) => self.on_event(event),
            InCall::FirstPicture(at) if running.first_frame.take().is_some() => {
                let after = at - running.began;
                self.view.trace.update(|trace| trace.add(after, What::FirstPicture));
                self.view.phase.set(Phase::Up);
                self.show_interruption();
            }
            InCall::Moment(moment) => self.view.curves.update(|curves| curves.add(moment)),
            InCall::Refused(error) => {
                // A connection that is closed refuses everything, which is not the reason.
                let closed = Side::ALL.into_iter().find(|side| running.loopback.is_closed(*side));
                self.fail(closed.map_or_else(|| Failure::Refused(error.to_string()), Failure::Closed));
            }
            InCall::Late if self.view.phase.get_untracked() == Phase::Calling => {
                self.view.phase.set(Phase::Late);
            }
            InCall::FirstPicture(_) | InCall::Late => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        let Some(running) = &mut self.call else { return };
        let Event { at, side, step, candidate } = event;
        let after = at - running.began;
        match &step {
            Step::Candidate(found) => {
                let is_hidden = found.is_hidden();
                running.is_hidden = Some(is_hidden && running.is_hidden != Some(false));
                running.waiting.extend(candidate.map(|candidate| (side.other(), candidate)));
                running.hand_over();
                self.read_descriptions();
            }
            Step::RemoteDescription(_) => {
                running.described[side as usize] = true;
                running.hand_over();
            }
            Step::LocalDescription(_) | Step::Gathered => self.read_descriptions(),
            Step::Track(_) => {
                let (number, queue) = (self.number, self.queue);
                if let Some(video) = &self.videos[Place::Remote as usize]
                    && running.first_frame.is_none()
                {
                    running.loopback.show_in(video);
                    running.first_frame = Some(FirstFrame::of(video, move |at| {
                        queue.push(Happened::InCall(number, InCall::FirstPicture(at)));
                    }));
                }
            }
            Step::Connection(state) => running.interrupted[side as usize] = state == "disconnected",
            _ => {}
        }
        let hidden = self.call.as_ref().is_some_and(|running| running.is_hidden == Some(true));
        let failure = match &step {
            Step::Connection(state) if state == "failed" => Some(Failure::NoPath { hidden }),
            Step::Connection(state) if state == "closed" => Some(Failure::Closed(side)),
            _ => None,
        };
        self.view.trace.update(|trace| trace.add(after, What::Of(side, step)));
        match failure {
            Some(failure) => self.fail(failure),
            None => self.show_interruption(),
        }
    }

    fn show_interruption(&self) {
        let is_interrupted = self.call.as_ref().is_some_and(|running| running.interrupted.contains(&true));
        match self.view.phase.get_untracked() {
            Phase::Up if is_interrupted => self.view.phase.set(Phase::Interrupted),
            Phase::Interrupted if !is_interrupted => self.view.phase.set(Phase::Up),
            _ => {}
        }
    }

    fn read_descriptions(&self) {
        let Some(running) = &self.call else { return };
        let now = Side::ALL.map(|side| running.loopback.description(side).unwrap_or_default());
        if self.view.descriptions.with_untracked(|before| *before != now) {
            self.view.descriptions.set(now);
        }
    }

    fn copy(&mut self, side: Side) {
        let queue = self.queue;
        let text = self.view.descriptions.with_untracked(|both| both[side as usize].clone());
        self.copying = Some(task::spawn(async move {
            queue.push(Happened::Copied(side, page::copy(&text).await.is_ok()));
        }));
    }
}

impl Running {
    /// Gives each side the other's candidates, once it can take them (W3C WebRTC, section 4.4.2, `addIceCandidate`).
    fn hand_over(&mut self) {
        let described = self.described;
        let can_take = |(side, _): &mut (Side, Candidate)| described[*side as usize];
        self.tasks.retain(|task| !task.is_finished());
        for (side, candidate) in self.waiting.extract_if(.., can_take) {
            self.tasks.push(task::spawn(self.loopback.add_candidate(side, &candidate)));
        }
    }
}
