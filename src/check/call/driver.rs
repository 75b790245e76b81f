use leptos::prelude::Set;

use super::{CallView, Phase, Place, Side, Source, running::Running};
use crate::{
    browser::{
        Camera, CaptureError, Drawing, Error, Microphone, Moment, Track, Video, Wish,
        page::Global,
        self_call::{Event, LocalStream},
        task::{self, Task},
    },
    check::queue::{Queue, Reader},
    failure::CameraFailure,
};

/// What the person wants and what the browser reports.
pub(super) enum Happened {
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

/// What happens in a call.
pub(super) enum InCall {
    Event(Event),
    FirstPicture(f64),
    Moment(Moment),
    Refused(Error),
    Late,
}

/// Owns what is sent, and the call.
pub(super) struct Driver {
    pub(super) view: CallView,
    pub(super) queue: Queue<Happened>,
    /// Of the last call.
    pub(super) number: u32,
    pub(super) call: Option<Running>,
    pub(super) opening: Option<Task>,
    pub(super) copying: Option<Task>,
    /// They outlive the call, so that a closed connection can be looked at.
    pub(super) names: Option<[Global; 2]>,
    pub(super) local: Option<LocalStream>,
    source: Sources,
    /// What is sent, what comes.
    pub(super) videos: [Option<Video>; 2],
}

/// What is sent; dropping it stops it.
#[derive(Default)]
struct Sources {
    camera: Option<Camera>,
    microphone: Option<Microphone>,
    drawing: Option<Drawing>,
}

impl Driver {
    pub(super) fn new(view: CallView, queue: Queue<Happened>) -> Self {
        Self {
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
        }
    }

    pub(super) async fn run(mut self, mut reader: Reader<Happened>) {
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
}
