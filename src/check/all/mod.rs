//! `/check`: everything, one after another, with a verdict in plain words.

mod finding;
mod network;
mod report;
mod speed;

use leptos::prelude::{GetUntracked, RwSignal, Set, Update, WithUntracked};

pub use finding::{Capture, Check, Finding, Outcome, Reach, Server, Way};
pub use report::masked;

use super::queue::{Queue, Reader};
use crate::browser::{
    Blob, Camera, CaptureError, Error, Microphone, Permission, Wish, abilities, camera_permission,
    count_devices, is_secure, is_touched, microphone_permission, page, save,
    task::{self, Task},
};

/// A camera that warms up takes a second or two; a person who is asked may take longer.
const CAPTURE_MS: u32 = 30_000;

/// One thing that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which.
    pub check: Check,
    /// Whether that goes on just now.
    pub is_running: bool,
    /// What was found out.
    pub finding: Option<Finding>,
}

impl Line {
    /// How good it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.finding {
            _ if self.is_running => Outcome::Running,
            None => Outcome::Waiting,
            Some(finding) => finding.outcome(),
        }
    }
}

/// What became of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It is on the clipboard.
    Copied,
    /// It is among the downloads.
    Saved,
    /// The browser did not let the page.
    Failed,
}

/// What the page shows.
#[derive(Clone, Copy)]
pub struct AllView {
    /// In their order.
    pub lines: RwSignal<Vec<Line>>,
    /// Whether all of them were looked at.
    pub is_over: RwSignal<bool>,
    /// Whether the report says addresses.
    pub with_addresses: RwSignal<bool>,
    /// All of it as JSON.
    pub report: RwSignal<String>,
    /// What became of it.
    pub handed: RwSignal<Option<Handed>>,
}

enum Happened {
    Again,
    /// The person lets the page ask for a device.
    Ask(Check),
    Found(Finding, Check),
    Begun(Check),
    Over,
    WithAddresses(bool),
    Copy,
    Save,
    Handed(Handed),
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct All {
    /// What it shows.
    pub view: AllView,
    queue: Queue<Happened>,
}

impl All {
    /// Begins at once. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let lines = Check::ALL.map(|check| Line { check, is_running: false, finding: None });
        let view = AllView {
            lines: RwSignal::new(lines.into()),
            is_over: RwSignal::new(false),
            with_addresses: RwSignal::new(false),
            report: RwSignal::new(String::new()),
            handed: RwSignal::new(None),
        };
        let queue =
            Queue::driven_by(move |queue, reader| Driver { view, queue, tasks: Vec::new() }.run(reader));
        queue.push(Happened::Again);
        Self { view, queue }
    }

    /// Looks at everything anew.
    pub fn again(&self) {
        self.queue.push(Happened::Again);
    }

    /// Asks for the camera or the microphone; in reply to a click.
    pub fn ask(&self, check: Check) {
        self.queue.push(Happened::Ask(check));
    }

    /// Whether the report says addresses from now on.
    pub fn set_with_addresses(&self, with: bool) {
        self.queue.push(Happened::WithAddresses(with));
    }

    /// Puts the report on the clipboard.
    pub fn copy(&self) {
        self.queue.push(Happened::Copy);
    }

    /// Saves the report as a file.
    pub fn save(&self) {
        self.queue.push(Happened::Save);
    }
}

struct Driver {
    view: AllView,
    queue: Queue<Happened>,
    /// What goes on; the first is the run.
    tasks: Vec<Task>,
}

impl Driver {
    async fn run(mut self, mut reader: Reader<Happened>) {
        while let Some(happened) = reader.next().await {
            self.on(happened);
        }
    }

    fn on(&mut self, happened: Happened) {
        let AllView { lines, is_over, with_addresses, handed, .. } = self.view;
        // What is shown is what is handed out, to its time.
        let changes = !matches!(happened, Happened::Copy | Happened::Save | Happened::Handed(_));
        match happened {
            Happened::Again => {
                // What went on ends here.
                self.tasks.clear();
                is_over.set(false);
                handed.set(None);
                lines.update(|lines| {
                    for line in lines {
                        (line.is_running, line.finding) = (false, None);
                    }
                });
                self.spawn(look_at_everything(self.queue));
            }
            Happened::Ask(check) => {
                let queue = self.queue;
                self.set(check, |line| line.is_running = true);
                self.spawn(async move {
                    let finding =
                        if check == Check::Camera { open_camera().await } else { open_microphone().await };
                    queue.push(Happened::Found(finding, check));
                });
            }
            Happened::Begun(check) => self.set(check, |line| line.is_running = true),
            Happened::Found(finding, check) => self.set(check, |line| {
                (line.is_running, line.finding) = (false, Some(finding));
            }),
            Happened::Over => is_over.set(true),
            Happened::WithAddresses(with) => with_addresses.set(with),
            Happened::Copy => {
                let (queue, report) = (self.queue, self.view.report);
                self.spawn(async move {
                    let copied = page::copy(&report.get_untracked()).await;
                    queue.push(Happened::Handed(if copied.is_ok() {
                        Handed::Copied
                    } else {
                        Handed::Failed
                    }));
                });
            }
            Happened::Save => handed.set(Some(match self.save() {
                Ok(()) => Handed::Saved,
                Err(_) => Handed::Failed,
            })),
            Happened::Handed(what) => handed.set(Some(what)),
        }
        if changes {
            let report = lines.with_untracked(|lines| report::json(lines, with_addresses.get_untracked()));
            self.view.report.set(report.unwrap_or_else(|error| error.to_string()));
        }
    }

    fn save(&self) -> Result<(), Error> {
        let file =
            Blob::new_with_options(self.view.report.get_untracked().as_str(), Some("application/json"));
        save(&file, &format!("snaproom-check-{}.json", page::date_and_time(task::unix_ms())))
    }

    fn set(&self, check: Check, change: impl FnOnce(&mut Line)) {
        self.view.lines.update(|lines| {
            if let Some(line) = lines.iter_mut().find(|line| line.check == check) {
                change(line);
            }
        });
    }

    fn spawn(&mut self, future: impl Future<Output = ()> + 'static) {
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(task::spawn(future));
    }
}

/// Each ends by itself: the slowest is a server that says nothing. On a phone no device is opened before a click: some
/// phones give a camera to one page at a time, and the room may be that page.
async fn look_at_everything(queue: Queue<Happened>) {
    let begin = |check| queue.push(Happened::Begun(check));
    let found = |check, finding| queue.push(Happened::Found(finding, check));

    found(Check::Secure, Finding::Secure(is_secure()));
    found(Check::Browser, Finding::Browser(abilities()));

    begin(Check::Camera);
    found(
        Check::Camera,
        match camera_permission().await {
            Permission::Granted if !is_touched() => open_camera().await,
            permission => without_asking(permission, |capture| Finding::Camera(capture, None)),
        },
    );
    begin(Check::Microphone);
    found(
        Check::Microphone,
        match microphone_permission().await {
            Permission::Granted if !is_touched() => open_microphone().await,
            permission => without_asking(permission, Finding::Microphone),
        },
    );
    // Some browsers tell how many there are once one was opened.
    begin(Check::Devices);
    let [cameras, microphones] = count_devices().await;
    let devices = Finding::Devices { cameras, microphones };
    found(Check::Devices, if is_secure() { devices } else { Finding::DevicesHidden });

    begin(Check::Server);
    let (server, ice) = network::ask_server().await;
    found(Check::Server, Finding::Server(server));
    for check in [Check::Stun, Check::TurnUdp, Check::TurnTcp, Check::Path] {
        begin(check);
    }
    let [stun, udp, tcp] = network::reach(ice.as_deref()).await;
    found(Check::Path, Finding::Path(finding::way(&stun, [&udp, &tcp])));
    found(Check::Stun, Finding::Reach(stun));
    found(Check::TurnUdp, Finding::Reach(udp));
    found(Check::TurnTcp, Finding::Reach(tcp));

    begin(Check::Speed);
    found(Check::Speed, Finding::Speed(speed::measure().await));
    queue.push(Happened::Over);
}

fn without_asking(permission: Permission, finding: fn(Capture) -> Finding) -> Finding {
    finding(match permission {
        _ if !is_secure() => Capture::Failed(CaptureError::Insecure),
        Permission::Denied => Capture::Failed(CaptureError::Denied),
        Permission::Granted => Capture::Allowed,
        Permission::Prompt | Permission::Unknown => Capture::WouldAsk,
    })
}

async fn open_camera() -> Finding {
    let wish = Wish::default();
    match task::within(CAPTURE_MS, Camera::open(&wish, || {})).await {
        Some(Ok(camera)) => Finding::Camera(Capture::Works, camera.track().and_then(|track| track.size())),
        Some(Err(error)) => Finding::Camera(Capture::Failed(error), None),
        None => Finding::Camera(Capture::Unanswered, None),
    }
}

async fn open_microphone() -> Finding {
    Finding::Microphone(match task::within(CAPTURE_MS, Microphone::open(None, || {})).await {
        Some(Ok(_)) => Capture::Works,
        Some(Err(error)) => Capture::Failed(error),
        None => Capture::Unanswered,
    })
}
