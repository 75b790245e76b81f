//! `/check/data`: two connections in this page and a data channel between them, as in the codelab's third step. Texts go
//! both ways; what the channel's options and limits do is seen.

mod history;
mod limits;
mod numbered;
mod speed;

use leptos::prelude::{GetUntracked, RwSignal, Set, Update, WithUntracked};

use super::queue::{Queue, Reader};
pub use crate::browser::{ChannelOptions, Effort, End};
use crate::browser::{
    Chunk, Error, Loopback, LoopbackEvent, Names, Packets, Payload, page,
    task::{self, Task, now_ms},
};
pub use history::{Fate, Message};
pub use limits::{FILL_AT_MOST, Filling, LOW_THRESHOLD, Limits, Oversize};
pub use numbered::{Counted, MESSAGE_BYTES, MESSAGES};
pub use speed::{Measured, Pace, RUN_MS, SAMPLE_MS};

/// For offer, answer and the way from a page to itself: some 20 ms where nothing forbids it.
const CONNECT_MS: u32 = 10_000;

/// After that a text is called missing.
const MISSING_MS: u32 = 5_000;

/// Texts that are shown to have come to one side; the oldest make way.
const LINES: usize = 100;

/// Runs that are kept to compare them.
const KEPT_RUNS: usize = 8;

/// Between two looks at numbered messages that are due.
const NUMBERED_TICK_MS: u32 = 10;

/// Between two looks at a queue.
const FILL_TICK_MS: u32 = 100;

/// Until what the network holds has come, so that it does not look lost.
const SETTLE_MS: u32 = 200;

/// Between two looks at the limits.
const LOOK_MS: u32 = 500;

/// For the browser's statistics.
const STATISTICS_MS: u32 = 2_000;

/// How the connection is.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Not begun.
    Idle,
    /// The two look for each other.
    Connecting,
    /// The channel is open, after so many milliseconds.
    Open(f64),
    /// The person stopped it.
    Stopped,
    /// It ended by itself, or did not begin.
    Failed(Trouble),
}

/// Why there is no channel any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It did not open in time.
    Slow,
    /// Somebody else closed it.
    Closed,
    /// The browser refused.
    Browser(Error),
}

/// What goes on in the channel beside texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Numbered messages.
    Numbered,
    /// As much as goes.
    Speed(Pace),
    /// A queue that is filled runs empty.
    Fill,
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// Nothing is written there.
    Empty,
    /// The browser refused.
    Refused(Error),
}

/// What the page shows.
#[derive(Clone, Copy)]
pub struct DataView {
    /// How the connection is.
    pub phase: RwSignal<Phase>,
    /// What the channel is, as the other side says; none while there is none.
    pub announced: RwSignal<Option<ChannelOptions>>,
    /// Texts of both sides, in the order in which they were sent.
    pub messages: RwSignal<Vec<Message>>,
    /// Texts that came to the near side, in their order.
    pub near_received: RwSignal<Vec<String>>,
    /// Texts that came to the far side, in their order.
    pub far_received: RwSignal<Vec<String>>,
    /// Why the last text was not sent.
    pub unsent: RwSignal<Option<Unsent>>,
    /// What goes on beside texts.
    pub job: RwSignal<Option<Job>>,
    /// Why the last job ended before its time.
    pub broken: RwSignal<Option<Error>>,
    /// Of the numbered messages: sent, arrived.
    pub progress: RwSignal<(u32, u32)>,
    /// Runs of numbered messages, the newest first.
    pub counted: RwSignal<Vec<Counted>>,
    /// Megabytes in a second, over the last run.
    pub curve: RwSignal<Vec<f64>>,
    /// Runs of as much as goes, the newest first.
    pub measured: RwSignal<Vec<Measured>>,
    /// What the browser says of the channel; none while there is none.
    pub limits: RwSignal<Option<Limits>>,
    /// What became of the message that is too large.
    pub oversize: RwSignal<Option<Oversize>>,
    /// What became of the queue.
    pub filling: RwSignal<Option<Filling>>,
}

enum Happened {
    Start(ChannelOptions),
    Stop,
    Send(End),
    Do(Job),
    Cancel,
    SendTooMuch,
    /// Of the connections with this number.
    Browser(u32, LoopbackEvent),
    Failed(u32, Trouble),
    Look,
    Missing(u32),
    Tick,
    /// The packets so far are known: numbered messages can begin.
    Begin(Option<Packets>),
    /// The same after them.
    End(Option<Packets>),
}

/// The page's end of it.
#[derive(Clone, Copy)]
pub struct Data {
    /// What it shows.
    pub view: DataView,
    queue: Queue<Happened>,
}

impl Data {
    /// Waits for the person. It ends with the page.
    #[must_use]
    pub fn open() -> Self {
        let view = DataView {
            phase: RwSignal::new(Phase::Idle),
            announced: RwSignal::new(None),
            messages: RwSignal::new(Vec::new()),
            near_received: RwSignal::new(Vec::new()),
            far_received: RwSignal::new(Vec::new()),
            unsent: RwSignal::new(None),
            job: RwSignal::new(None),
            broken: RwSignal::new(None),
            progress: RwSignal::new((0, 0)),
            counted: RwSignal::new(Vec::new()),
            curve: RwSignal::new(Vec::new()),
            measured: RwSignal::new(Vec::new()),
            limits: RwSignal::new(None),
            oversize: RwSignal::new(None),
            filling: RwSignal::new(None),
        };
        let queue = Queue::driven_by(move |queue, reader| Driver::new(view, queue).run(reader));
        Self { view, queue }
    }

    /// Makes the connections and the channel.
    pub fn start(&self, options: ChannelOptions) {
        self.queue.push(Happened::Start(options));
    }

    /// Closes them.
    pub fn stop(&self) {
        self.queue.push(Happened::Stop);
    }

    /// Sends what is written in the side's field.
    pub fn send(&self, from: End) {
        self.queue.push(Happened::Send(from));
    }

    /// Begins a run.
    pub fn run(&self, job: Job) {
        self.queue.push(Happened::Do(job));
    }

    /// Ends the run; what it has found by then counts.
    pub fn cancel(&self) {
        self.queue.push(Happened::Cancel);
    }

    /// Tries a message that is one byte larger than the largest.
    pub fn send_too_much(&self) {
        self.queue.push(Happened::SendTooMuch);
    }
}

/// The field in which a side's person writes.
#[must_use]
pub fn field_of(side: End) -> &'static str {
    match side {
        End::Near => "dataChannelSend",
        End::Far => "dataChannelAnswer",
    }
}

struct Driver {
    view: DataView,
    queue: Queue<Happened>,
    names: Names,
    loopback: Option<Loopback>,
    /// Of the connections, so that nothing is taken for the newest that comes of others.
    generation: u32,
    began: f64,
    tasks: Vec<Task>,
    doing: Option<Doing>,
    /// Of the last run: what comes late of another one does not count.
    run: u32,
}

/// A run, with what makes it go on.
struct Doing {
    what: What,
    message: Payload,
    _ticks: Option<Task>,
}

enum What {
    /// The statistics are asked for, before and after.
    Preparing,
    Numbered(numbered::Run, Option<Packets>),
    Counting(Counted, Option<Packets>),
    Speed(speed::Run),
    Fill,
}

impl Driver {
    fn new(view: DataView, queue: Queue<Happened>) -> Self {
        Self {
            view,
            queue,
            names: Names::default(),
            loopback: None,
            generation: 0,
            began: 0.0,
            tasks: Vec::new(),
            doing: None,
            run: 0,
        }
    }

    async fn run(mut self, mut reader: Reader<Happened>) {
        while let Some(happened) = reader.next().await {
            self.on(happened);
        }
    }

    fn on(&mut self, happened: Happened) {
        match happened {
            Happened::Start(options) if self.loopback.is_none() => self.start(&options),
            Happened::Stop if self.loopback.is_some() => self.release(Phase::Stopped),
            Happened::Send(from) => self.send(from),
            Happened::Do(job) if self.doing.is_none() && self.loopback.is_some() => {
                if let Err(error) = self.begin(job) {
                    self.break_off(error);
                }
            }
            Happened::Cancel => self.end_run(now_ms()),
            Happened::SendTooMuch => {
                if let Some(loopback) = &self.loopback {
                    match limits::send_too_much(loopback) {
                        Ok(oversize) => self.view.oversize.set(Some(oversize)),
                        Err(error) => self.view.broken.set(Some(error)),
                    }
                }
            }
            Happened::Browser(generation, event) if generation == self.generation => self.on_browser(event),
            // A channel that is open needs no more ways: one that the browser refuses then does not end it.
            Happened::Failed(generation, trouble) if self.is_connecting(generation) => {
                self.release(Phase::Failed(trouble));
            }
            Happened::Look if self.view.phase.with_untracked(|phase| matches!(phase, Phase::Open(_))) => {
                self.look_at_limits();
            }
            Happened::Missing(number) => {
                self.view.messages.update(|messages| history::give_up(messages, |one| one == number));
            }
            Happened::Tick => self.tick(now_ms()),
            Happened::Begin(packets) => self.begin_numbered(packets),
            Happened::End(packets) => self.end_numbered(packets),
            // What one cannot do just now, or what comes of connections that are gone.
            _ => {}
        }
    }

    fn start(&mut self, options: &ChannelOptions) {
        self.generation += 1;
        self.began = now_ms();
        // The old names first: dropping them later would take the new ones away.
        self.names = Names::default();
        let (queue, generation) = (self.queue, self.generation);
        let on_event = move |event| queue.push(Happened::Browser(generation, event));
        let loopback = match Loopback::new(options, &self.names, on_event) {
            Ok(loopback) => loopback,
            Err(error) => return self.view.phase.set(Phase::Failed(Trouble::Browser(error))),
        };
        let connecting = loopback.connect();
        self.loopback = Some(loopback);
        self.view.phase.set(Phase::Connecting);
        self.spawn(async move {
            if let Err(error) = connecting.await {
                queue.push(Happened::Failed(generation, Trouble::Browser(error)));
            }
        });
        self.spawn(async move {
            task::sleep(CONNECT_MS).await;
            queue.push(Happened::Failed(generation, Trouble::Slow));
        });
        self.spawn(async move {
            loop {
                task::sleep(LOOK_MS).await;
                queue.push(Happened::Look);
            }
        });
    }

    fn is_connecting(&self, generation: u32) -> bool {
        generation == self.generation && self.view.phase.with_untracked(|phase| *phase == Phase::Connecting)
    }

    /// The one end of the connections, whatever the reason.
    fn release(&mut self, phase: Phase) {
        self.end_run(now_ms());
        // What was counted counts, without the packets: nothing tells of them any more.
        self.end_numbered(None);
        self.doing = None;
        self.tasks.clear();
        self.loopback = None;
        let DataView { announced, messages, limits, job, filling, .. } = self.view;
        messages.update(|messages| history::give_up(messages, |_| true));
        announced.set(None);
        limits.set(None);
        job.set(None);
        if filling.with_untracked(|filling| filling.as_ref().is_some_and(Filling::is_draining)) {
            filling.set(None);
        }
        self.view.phase.set(phase);
    }

    fn on_browser(&mut self, event: LoopbackEvent) {
        let now = now_ms();
        match event {
            LoopbackEvent::Open => {
                self.view.announced.set(self.loopback.as_ref().and_then(Loopback::announced));
                self.look_at_limits();
                self.view.phase.set(Phase::Open(now - self.began));
            }
            LoopbackEvent::Text(at, text) => self.receive(at, text, now),
            LoopbackEvent::Bytes(End::Far, chunk) => self.on_chunk(&chunk, now),
            LoopbackEvent::Bytes(End::Near, _) => {}
            LoopbackEvent::Low => self.view.filling.update(|filling| {
                if let Some(filling) = filling.as_mut().filter(|filling| filling.is_draining()) {
                    filling.low(now);
                }
            }),
            LoopbackEvent::Closed => self.release(Phase::Failed(Trouble::Closed)),
        }
    }

    fn send(&mut self, from: End) {
        let Some(loopback) = &self.loopback else { return };
        let text = page::value_of(field_of(from)).filter(|text| !text.is_empty());
        let Some(text) = text else { return self.view.unsent.set(Some(Unsent::Empty)) };
        let now = now_ms();
        if let Err(error) = loopback.send_text(from, &text) {
            return self.view.unsent.set(Some(Unsent::Refused(error)));
        }
        self.view.unsent.set(None);
        let mut number = 0;
        self.view.messages.update(|messages| {
            number = history::sent(messages, from, text, time_with_seconds(), now);
        });
        let queue = self.queue;
        self.spawn(async move {
            task::sleep(MISSING_MS).await;
            queue.push(Happened::Missing(number));
        });
    }

    fn receive(&mut self, at: End, text: String, now: f64) {
        let received = if at == End::Near { self.view.near_received } else { self.view.far_received };
        received.update(|lines| {
            if lines.len() == LINES {
                lines.remove(0);
            }
            lines.push(text.clone());
        });
        self.view.messages.update(|messages| history::arrived(messages, at, text, time_with_seconds(), now));
    }

    fn begin(&mut self, job: Job) -> Result<(), Error> {
        let Some(loopback) = &self.loopback else { return Ok(()) };
        let now = now_ms();
        self.run += 1;
        let (bytes, tick_ms, what) = match job {
            Job::Numbered => (MESSAGE_BYTES, NUMBERED_TICK_MS, What::Preparing),
            Job::Speed(pace) => (pace.chunk, SAMPLE_MS, What::Speed(speed::Run::begin(pace, now))),
            Job::Fill => (limits::FILL_BYTES, FILL_TICK_MS, What::Fill),
        };
        let message = Payload::allocate(bytes)?;
        message.write(0, &head(self.run, 0))?;
        let queue = self.queue;
        self.view.broken.set(None);
        match job {
            Job::Numbered => {
                self.view.progress.set((0, 0));
                self.count_packets(0, Happened::Begin);
            }
            Job::Speed(_) => self.view.curve.set(Vec::new()),
            Job::Fill => self.view.filling.set(Some(limits::fill(loopback, &message, now))),
        }
        let ticks = task::spawn(async move {
            loop {
                task::sleep(tick_ms).await;
                queue.push(Happened::Tick);
            }
        });
        self.doing = Some(Doing { what, message, _ticks: Some(ticks) });
        self.view.job.set(Some(job));
        self.send_on(now)
    }

    /// Sends what the run has room for.
    fn send_on(&mut self, now: f64) -> Result<(), Error> {
        let (Some(loopback), Some(doing)) = (&self.loopback, &mut self.doing) else { return Ok(()) };
        match &mut doing.what {
            What::Numbered(run, _) => {
                for _ in 0..run.due(now) {
                    let number = run.send(now_ms());
                    doing.message.write(0, &head(self.run, number))?;
                    loopback.send_bytes(&doing.message)?;
                }
            }
            What::Speed(run) => {
                while run.take_room() {
                    loopback.send_bytes(&doing.message)?;
                }
            }
            What::Preparing | What::Counting(..) | What::Fill => {}
        }
        Ok(())
    }

    fn on_chunk(&mut self, chunk: &Chunk, now: f64) {
        let Some(head) = chunk.head() else { return };
        // What is left of an earlier run, or a console's.
        let Some(number) = number_in(head, self.run) else { return };
        match self.doing.as_mut().map(|doing| &mut doing.what) {
            Some(What::Numbered(run, _)) => run.receive(number, now),
            Some(What::Speed(run)) => {
                run.receive(chunk.len(), now);
                if let Err(error) = self.send_on(now) {
                    self.break_off(error);
                }
            }
            Some(What::Fill) => self.view.filling.update(|filling| {
                if let Some(filling) = filling {
                    filling.arrived += chunk.len();
                }
            }),
            _ => {}
        }
    }

    fn tick(&mut self, now: f64) {
        let Some(loopback) = &self.loopback else { return };
        let queued = loopback.queued();
        let effort = self.effort();
        self.look_at_limits();
        let is_over = match self.doing.as_mut().map(|doing| &mut doing.what) {
            Some(What::Numbered(run, _)) => {
                self.view.progress.set((run.sent(), run.arrived()));
                run.is_over(effort, queued, now)
            }
            Some(What::Speed(run)) => {
                run.forget_lost(effort, queued, now);
                let sample = run.sample(now);
                self.view.curve.update(|curve| curve.push(sample));
                run.is_over(now)
            }
            Some(What::Fill) => {
                let gives_up = effort != Effort::UntilItArrives;
                let mut is_over = false;
                self.view.filling.update(|filling| {
                    if let Some(filling) = filling {
                        filling.look(queued, gives_up, now);
                        is_over = !filling.is_draining();
                    }
                });
                is_over
            }
            _ => false,
        };
        if is_over {
            self.end_run(now);
        } else if let Err(error) = self.send_on(now) {
            self.break_off(error);
        }
    }

    /// Ends what goes on with what is known of it.
    fn end_run(&mut self, now: f64) {
        let Some(doing) = self.doing.take() else { return };
        match doing.what {
            What::Numbered(run, before) => {
                let Some(options) = self.view.announced.get_untracked() else { return };
                self.view.progress.set((run.sent(), run.arrived()));
                let queued = self.loopback.as_ref().map_or(0, Loopback::queued);
                let counted = run.end(self.run, options, queued, now);
                self.doing = Some(Doing {
                    what: What::Counting(counted, before),
                    message: doing.message,
                    _ticks: None,
                });
                self.count_packets(SETTLE_MS, Happened::End);
                return;
            }
            What::Speed(run) => {
                let measured = run.end(self.run, now);
                self.view.measured.update(|runs| keep(runs, measured));
            }
            // It cannot be taken back: it ends by itself, or with the channel.
            What::Fill
                if self
                    .view
                    .filling
                    .with_untracked(|filling| filling.as_ref().is_some_and(Filling::is_draining)) =>
            {
                self.doing = Some(doing);
                return;
            }
            What::Counting(..) => {
                self.doing = Some(doing);
                return;
            }
            What::Fill | What::Preparing => {}
        }
        self.view.job.set(None);
    }

    fn begin_numbered(&mut self, packets: Option<Packets>) {
        let Some(doing) = &mut self.doing else { return };
        if matches!(doing.what, What::Preparing) {
            let now = now_ms();
            doing.what = What::Numbered(numbered::Run::begin(now), packets);
            if let Err(error) = self.send_on(now) {
                self.break_off(error);
            }
        }
    }

    fn end_numbered(&mut self, after: Option<Packets>) {
        let counting = self.doing.take_if(|doing| matches!(doing.what, What::Counting(..)));
        let Some(Doing { what: What::Counting(counted, before), .. }) = counting else { return };
        let lost = before.zip(after).map(|(before, after)| {
            (after.sent - before.sent).saturating_sub(after.received - before.received)
        });
        self.view.counted.update(|runs| keep(runs, Counted { packets_lost: lost, ..counted }));
        self.view.job.set(None);
    }

    fn break_off(&mut self, error: Error) {
        self.doing = None;
        self.view.job.set(None);
        self.view.broken.set(Some(error));
    }

    fn count_packets(&mut self, after_ms: u32, then: fn(Option<Packets>) -> Happened) {
        let Some(loopback) = &self.loopback else { return };
        let (queue, packets) = (self.queue, loopback.packets());
        self.spawn(async move {
            task::sleep(after_ms).await;
            queue.push(then(task::within(STATISTICS_MS, packets).await.flatten()));
        });
    }

    fn effort(&self) -> Effort {
        let effort = |announced: &Option<ChannelOptions>| announced.as_ref().map(|options| options.effort);
        self.view.announced.with_untracked(effort).unwrap_or(Effort::UntilItArrives)
    }

    fn look_at_limits(&self) {
        let limits = self
            .loopback
            .as_ref()
            .map(|loopback| Limits { max_message: loopback.max_message(), queued: loopback.queued() });
        if self.view.limits.get_untracked() != limits {
            self.view.limits.set(limits);
        }
    }

    fn spawn(&mut self, future: impl Future<Output = ()> + 'static) {
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(task::spawn(future));
    }
}

/// Each message of a run begins with the run and its own number.
fn head(run: u32, number: u32) -> Chunk {
    Chunk::from([run.to_le_bytes(), number.to_le_bytes()].as_flattened())
}

/// The number of a message that belongs to this run.
fn number_in(head: [u8; 8], run: u32) -> Option<u32> {
    let ([of, number], []) = head.as_chunks() else { return None };
    (u32::from_le_bytes(*of) == run).then_some(u32::from_le_bytes(*number))
}

/// The newest first.
fn keep<T>(runs: &mut Vec<T>, run: T) {
    runs.truncate(KEPT_RUNS - 1);
    runs.insert(0, run);
}

fn time_with_seconds() -> String {
    let [.., hour, minute, second] = page::calendar(task::unix_ms());
    format!("{hour:02}:{minute:02}:{second:02}")
}
