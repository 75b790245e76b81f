use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};

use super::{
    ChannelOptions, DataView, End, Filling, Job, Limits, Phase, Trouble, Unsent, doing::Doing, field_of,
    history, limits,
};
use crate::{
    browser::{
        Loopback, LoopbackEvent, Names, Packets, page,
        task::{self, Task, now_ms},
    },
    check::queue::{Queue, Reader},
};

/// For offer, answer and the way from a page to itself: some 20 ms where nothing forbids it.
const CONNECT_MS: u32 = 10_000;

/// After that a text is called missing.
const MISSING_MS: u32 = 5_000;

/// Texts that are shown to have come to one side; the oldest make way.
const LINES: usize = 100;

/// Between two looks at the limits.
const LOOK_MS: u32 = 500;

/// What the person wants and what the browser reports.
pub(super) enum Happened {
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

/// Owns the connections and the channel.
pub(super) struct Driver {
    pub(super) view: DataView,
    pub(super) queue: Queue<Happened>,
    names: Names,
    pub(super) loopback: Option<Loopback>,
    /// Of the connections, so that nothing is taken for the newest that comes of others.
    generation: u32,
    began: f64,
    tasks: Vec<Task>,
    pub(super) doing: Option<Doing>,
    /// Of the last run: what comes late of another one does not count.
    pub(super) run: u32,
}

impl Driver {
    pub(super) fn new(view: DataView, queue: Queue<Happened>) -> Self {
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

    pub(super) async fn run(mut self, mut reader: Reader<Happened>) {
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

    pub(super) fn look_at_limits(&self) {
        let limits = self
            .loopback
            .as_ref()
            .map(|loopback| Limits { max_message: loopback.max_message(), queued: loopback.queued() });
        if self.view.limits.get_untracked() != limits {
            self.view.limits.set(limits);
        }
    }

    pub(super) fn spawn(&mut self, future: impl Future<Output = ()> + 'static) {
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(task::spawn(future));
    }
}

fn time_with_seconds() -> String {
    let [.., hour, minute, second] = page::calendar(task::unix_ms());
    format!("{hour:02}:{minute:02}:{second:02}")
}
