use leptos::prelude::{GetUntracked, Set, Update};

use super::{
    Applied, Asked, CameraView, CaptureError, Device, Permission, RATES, State, Verdict, Video,
    asked::{literal, unmet},
    look::{Rate, Watcher},
};
use crate::{
    browser::{
        CameraConstraints, FrameCounter, Glimpse, Listener, PermissionWatch, StudiedCamera, devices,
        on_device_change, page,
        task::{self, Task, now_ms},
    },
    check::queue::{Queue, Reader},
};

/// From one look at the picture to the next.
const LOOK_MS: u32 = 500;

/// What the person wants and what the browser reports.
pub enum Happened {
    Start(Asked),
    Stop,
    Apply(Asked),
    Attach(Option<Video>),
    /// What was begun with this number.
    Opened(u32, Result<StudiedCamera, CaptureError>),
    Applied(u32, Result<(), CaptureError>),
    Ended(u32),
    DevicesChanged,
    Devices(Vec<Device>),
    Watched(Option<PermissionWatch>),
    PermissionChanged,
}

/// Owns the camera, and looks at its pictures.
pub struct Driver {
    view: CameraView,
    queue: Queue<Happened>,
    camera: Option<StudiedCamera>,
    video: Option<Video>,
    frames: Option<FrameCounter>,
    glimpse: Option<Glimpse>,
    watcher: Watcher,
    rate: Rate,
    /// When it looked last.
    looked: f64,
    /// Of the camera that was asked for last: what comes of those before is dropped.
    number: u32,
    /// For a camera, or a camera for something else.
    asking: Option<Task>,
    listing: Option<Task>,
    permission: Option<PermissionWatch>,
    _watching: Task,
    _device_changes: Option<Listener>,
}

impl Driver {
    pub fn new(view: CameraView, queue: Queue<Happened>) -> Self {
        let watching = async move {
            let watch = PermissionWatch::camera(move || queue.push(Happened::PermissionChanged)).await;
            queue.push(Happened::Watched(watch));
        };
        Self {
            view,
            queue,
            camera: None,
            video: None,
            frames: None,
            glimpse: Glimpse::new().ok(),
            watcher: Watcher::default(),
            rate: Rate::default(),
            looked: 0.0,
            number: 0,
            asking: None,
            listing: None,
            permission: None,
            _watching: task::spawn(watching),
            _device_changes: on_device_change(move || queue.push(Happened::DevicesChanged)),
        }
    }

    pub async fn run(mut self, mut reader: Reader<Happened>) {
        self.list();
        loop {
            let next = reader.next();
            let happened =
                if self.camera.is_some() { task::within(LOOK_MS, next).await } else { Some(next.await) };
            match happened {
                Some(Some(happened)) => self.on(happened),
                Some(None) => return,
                None => {}
            }
            self.look(now_ms());
        }
    }

    fn on(&mut self, happened: Happened) {
        let state = self.view.state;
        match happened {
            Happened::Start(asked) if !state.get_untracked().is_wanted() => self.start(asked),
            Happened::Stop => self.end(State::Off),
            Happened::Apply(asked) if state.get_untracked() == State::On => self.apply(asked),
            Happened::Attach(video) => {
                self.frames = None;
                self.video = video;
                self.show();
            }
            Happened::Opened(number, opened) if number == self.number => self.opened(opened),
            Happened::Applied(number, applied) if number == self.number => self.applied(applied),
            Happened::Ended(number) if number == self.number => self.end(State::Ended),
            Happened::DevicesChanged => self.list(),
            Happened::Devices(cameras) => self.view.cameras.set(cameras),
            Happened::Watched(watch) => {
                self.permission = watch;
                self.say_permission();
                if self.view.permission.get_untracked() == Permission::Granted {
                    self.on(Happened::Start(self.view.asked.get_untracked()));
                }
            }
            Happened::PermissionChanged => self.say_permission(),
            // Too late, or of a camera before this one.
            Happened::Start(_)
            | Happened::Apply(_)
            | Happened::Opened(..)
            | Happened::Applied(..)
            | Happened::Ended(_) => {}
        }
    }

    /// What is no number is said, and nothing is asked.
    fn constraints(&self, asked: Asked) -> Option<CameraConstraints> {
        let constraints = asked.constraints();
        self.view.asked.set(asked);
        constraints.map_err(|part| self.view.applied.set(Some(Applied::NotANumber(part)))).ok()
    }

    fn start(&mut self, asked: Asked) {
        if let Some(constraints) = self.constraints(asked) {
            self.ask(constraints);
        }
    }

    /// Asks for a camera; another one that runs is stopped first, since some systems give one at a time.
    fn ask(&mut self, constraints: CameraConstraints) {
        self.end(State::Starting);
        self.view.applied.set(Some(Applied::Waiting));
        let call = format!("navigator.mediaDevices.getUserMedia({{ video: {} }})", literal(&constraints));
        self.view.call.set(call);
        let (number, queue) = (self.number, self.queue);
        self.asking = Some(task::spawn(async move {
            let ended = move || queue.push(Happened::Ended(number));
            queue.push(Happened::Opened(number, StudiedCamera::open(&constraints, ended).await));
        }));
    }

    fn apply(&mut self, asked: Asked) {
        let may_be_this = asked.may_be(&self.view.settings.get_untracked());
        let Some(constraints) = self.constraints(asked) else { return };
        let Some(camera) = self.camera.as_ref().filter(|_| may_be_this) else { return self.ask(constraints) };
        self.view.applied.set(Some(Applied::Waiting));
        let call = format!("stream.getVideoTracks()[0].applyConstraints({})", literal(&constraints));
        self.view.call.set(call);
        let (number, queue, applying) = (self.number, self.queue, camera.apply(&constraints));
        self.asking = Some(task::spawn(async move {
            queue.push(Happened::Applied(number, applying.await));
        }));
    }

    fn opened(&mut self, opened: Result<StudiedCamera, CaptureError>) {
        match opened {
            Ok(camera) => {
                self.view.label.set(camera.label());
                self.view.capabilities.set(camera.capabilities());
                self.view.state.set(State::On);
                self.camera = Some(camera);
                self.applied(Ok(()));
                self.show();
                // Browsers name devices from now on.
                self.list();
            }
            Err(error) => {
                self.view.applied.set(Some(Applied::of(error.clone())));
                self.view.state.set(State::Failed(error));
                self.say_permission();
            }
        }
    }

    fn applied(&mut self, applied: Result<(), CaptureError>) {
        let settings = self.camera.as_ref().map(StudiedCamera::settings).unwrap_or_default();
        let asked = self.view.asked.get_untracked().constraints().unwrap_or_default();
        let done = || unmet(&asked, &settings).map_or(Applied::Done, Applied::Ignored);
        self.view.applied.set(Some(applied.map_or_else(Applied::of, |()| done())));
        self.view.settings.set(settings);
        // Another size may begin with frames that are dark or the same.
        self.watcher = Watcher::default();
    }

    /// Stops the camera, or what was asked for it.
    fn end(&mut self, state: State) {
        self.number += 1;
        self.asking = None;
        self.frames = None;
        self.camera = None;
        self.watcher = Watcher::default();
        self.rate = Rate::default();
        let CameraView { label, size, rates, verdict, applied, .. } = self.view;
        label.set(String::new());
        size.set(None);
        rates.set(Vec::new());
        verdict.set(Verdict::Waiting);
        applied.set(None);
        self.view.state.set(state);
        self.say_permission();
    }

    fn show(&mut self) {
        if let (Some(camera), Some(video)) = (&self.camera, &self.video) {
            camera.show_in(video);
            self.frames = FrameCounter::of(video);
        }
    }

    /// Twice a second, while somebody sees the page: browsers show no frames in one that is hidden.
    fn look(&mut self, now_ms: f64) {
        let (Some(camera), Some(video)) = (&self.camera, &self.video) else { return };
        if now_ms - self.looked < f64::from(LOOK_MS) || page::is_hidden() {
            return;
        }
        self.looked = now_ms;
        let CameraView { size, rates, verdict, .. } = self.view;
        let settings = camera.settings();
        if self.view.settings.get_untracked() != settings {
            self.view.settings.set(settings);
        }
        if size.get_untracked() != video.size() {
            size.set(video.size());
        }
        if let Some(glimpse) = &self.glimpse {
            let now = self.watcher.see(now_ms, glimpse.look(video).as_deref(), camera.is_muted());
            if verdict.get_untracked() != now {
                verdict.set(now);
            }
        }
        let frames = self.frames.as_ref().map(FrameCounter::frames);
        if let Some(rate) = frames.and_then(|frames| self.rate.count(now_ms, frames)) {
            rates.update(|rates| {
                if rates.len() == RATES {
                    rates.remove(0);
                }
                rates.push(rate);
            });
        }
    }

    fn list(&mut self) {
        let queue = self.queue;
        self.listing = Some(task::spawn(async move {
            queue.push(Happened::Devices(devices().await.cameras));
        }));
    }

    fn say_permission(&self) {
        let CameraView { state, permission, .. } = self.view;
        let now = self.permission.as_ref().map_or(Permission::Unknown, PermissionWatch::permission);
        if permission.get_untracked() != now {
            permission.set(now);
        }
        // It ended because it was taken away, which is told in no particular order.
        if now == Permission::Denied && state.get_untracked() == State::Ended {
            state.set(State::Failed(CaptureError::Denied));
        }
    }
}
