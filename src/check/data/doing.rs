//! What goes on in the channel beside texts: numbered messages, as much as goes, a queue that is filled.

use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};

use super::{
    ChannelOptions, Counted, Effort, Filling, Job, MESSAGE_BYTES, SAMPLE_MS,
    driver::{Driver, Happened},
    limits, numbered, speed,
};
use crate::browser::{
    Chunk, Error, Loopback, Packets, Payload,
    task::{self, Task, now_ms},
};

/// Runs that are kept to compare them.
const KEPT_RUNS: usize = 8;

/// Between two looks at numbered messages that are due.
const NUMBERED_TICK_MS: u32 = 10;

/// Between two looks at a queue.
const FILL_TICK_MS: u32 = 100;

/// Until what the network holds has come, so that it does not look lost.
const SETTLE_MS: u32 = 200;

/// For the browser's statistics.
const STATISTICS_MS: u32 = 2_000;

/// A run, with what makes it go on.
pub(super) struct Doing {
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
    pub(super) fn begin(&mut self, job: Job) -> Result<(), Error> {
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

    pub(super) fn on_chunk(&mut self, chunk: &Chunk, now: f64) {
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

    pub(super) fn tick(&mut self, now: f64) {
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
    pub(super) fn end_run(&mut self, now: f64) {
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

    pub(super) fn begin_numbered(&mut self, packets: Option<Packets>) {
        let Some(doing) = &mut self.doing else { return };
        if matches!(doing.what, What::Preparing) {
            let now = now_ms();
            doing.what = What::Numbered(numbered::Run::begin(now), packets);
            if let Err(error) = self.send_on(now) {
                self.break_off(error);
            }
        }
    }

    pub(super) fn end_numbered(&mut self, after: Option<Packets>) {
        let counting = self.doing.take_if(|doing| matches!(doing.what, What::Counting(..)));
        let Some(Doing { what: What::Counting(counted, before), .. }) = counting else { return };
        let lost = before.zip(after).map(|(before, after)| {
            (after.sent - before.sent).saturating_sub(after.received - before.received)
        });
        self.view.counted.update(|runs| keep(runs, Counted { packets_lost: lost, ..counted }));
        self.view.job.set(None);
    }

    pub(super) fn break_off(&mut self, error: Error) {
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
