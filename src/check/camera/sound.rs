use leptos::prelude::{GetUntracked, RwSignal, Set};

use super::{
    CaptureError, Heard, Permission, State,
    ear::{Ear, bar},
};
use crate::{
    browser::{
        Level, Microphone, PermissionWatch,
        task::{self, Task, now_ms},
    },
    check::queue::{Queue, Reader},
};

/// The meter moves as often.
const TICK_MS: u32 = 100;

/// What the page shows of the microphone.
#[derive(Clone, Copy)]
pub struct SoundView {
    /// How it is.
    pub state: RwSignal<State>,
    /// What the system calls it; empty while none runs.
    pub label: RwSignal<String>,
    /// How loud it is just now, from 0 to 1 as a bar shows it.
    pub level: RwSignal<f64>,
    /// How loud it was in the last moments.
    pub heard: RwSignal<Heard>,
    /// Whether the browser gives one.
    pub permission: RwSignal<Permission>,
}

enum Happened {
    Start,
    Stop,
    /// What was begun with this number.
    Opened(u32, Result<Microphone, CaptureError>),
    Ended(u32),
    Watched(Option<PermissionWatch>),
    PermissionChanged,
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct SoundCheck {
    /// What it shows.
    pub view: SoundView,
    queue: Queue<Happened>,
}

impl SoundCheck {
    /// Starts nothing: browsers let no page process sound before a click. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = SoundView {
            state: RwSignal::new(State::initial()),
            label: RwSignal::default(),
            level: RwSignal::default(),
            heard: RwSignal::default(),
            permission: RwSignal::new(Permission::Unknown),
        };
        let queue = Queue::driven_by(move |queue, reader| Driver::new(view, queue).run(reader));
        Self { view, queue }
    }

    /// Asks for the microphone, in reply to a click.
    pub fn start(&self) {
        self.queue.push(Happened::Start);
    }

    /// Ends it, or the wait for it.
    pub fn stop(&self) {
        self.queue.push(Happened::Stop);
    }
}

/// Owns the microphone, and listens to how loud it is.
struct Driver {
    view: SoundView,
    queue: Queue<Happened>,
    /// The level ends before what it measures.
    microphone: Option<(Level, Microphone)>,
    ear: Ear,
    /// Of the microphone that was asked for last: what comes of those before is dropped.
    number: u32,
    asking: Option<Task>,
    permission: Option<PermissionWatch>,
    _watching: Task,
}

impl Driver {
    fn new(view: SoundView, queue: Queue<Happened>) -> Self {
        let watching = async move {
            let watch = PermissionWatch::microphone(move || queue.push(Happened::PermissionChanged)).await;
            queue.push(Happened::Watched(watch));
        };
        Self {
            view,
            queue,
            microphone: None,
            ear: Ear::default(),
            number: 0,
            asking: None,
            permission: None,
            _watching: task::spawn(watching),
        }
    }

    async fn run(mut self, mut reader: Reader<Happened>) {
        loop {
            let next = reader.next();
            let happened =
                if self.microphone.is_some() { task::within(TICK_MS, next).await } else { Some(next.await) };
            match happened {
                Some(Some(happened)) => self.on(happened),
                Some(None) => return,
                None => self.hear(now_ms()),
            }
        }
    }

    fn on(&mut self, happened: Happened) {
        let SoundView { state, label, .. } = self.view;
        match happened {
            Happened::Start if !state.get_untracked().is_wanted() => self.ask(),
            Happened::Stop => self.end(State::Off),
            Happened::Opened(number, opened) if number == self.number => match opened.and_then(measured) {
                Ok((level, microphone)) => {
                    label.set(microphone.track().map(|track| track.label()).unwrap_or_default());
                    self.microphone = Some((level, microphone));
                    state.set(State::On);
                }
                Err(error) => {
                    state.set(State::Failed(error));
                    self.say_permission();
                }
            },
            Happened::Ended(number) if number == self.number => self.end(State::Ended),
            Happened::Watched(watch) => {
                self.permission = watch;
                self.say_permission();
            }
            Happened::PermissionChanged => self.say_permission(),
            // Too late, or of a microphone before this one.
            Happened::Start | Happened::Opened(..) | Happened::Ended(_) => {}
        }
    }

    fn ask(&mut self) {
        self.end(State::Starting);
        let (number, queue) = (self.number, self.queue);
        self.asking = Some(task::spawn(async move {
            let ended = move || queue.push(Happened::Ended(number));
            queue.push(Happened::Opened(number, Microphone::open(None, ended).await));
        }));
    }

    fn end(&mut self, state: State) {
        self.number += 1;
        self.asking = None;
        self.microphone = None;
        self.ear = Ear::default();
        self.view.label.set(String::new());
        self.view.level.set(0.0);
        self.view.heard.set(Heard::Waiting);
        self.view.state.set(state);
        self.say_permission();
    }

    fn hear(&mut self, now_ms: f64) {
        let SoundView { level, heard, .. } = self.view;
        let Some(peak) = self.microphone.as_ref().and_then(|(level, _)| level.peak()) else { return };
        level.set(bar(peak));
        let now = self.ear.hear(now_ms, peak);
        if heard.get_untracked() != now {
            heard.set(now);
        }
    }

    fn say_permission(&self) {
        let SoundView { state, permission, .. } = self.view;
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

fn measured(microphone: Microphone) -> Result<(Level, Microphone), CaptureError> {
    let level = Level::of(&microphone).map_err(CaptureError::Other)?;
    Ok((level, microphone))
}
