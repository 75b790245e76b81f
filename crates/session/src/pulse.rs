use crate::{
    Time,
    time::earlier,
    timing::{ANSWER_TIMEOUT, HEARTBEAT, SILENCE},
};

/// Whether the other page is awake: whatever it says is a sign of life, and after some silence it is asked for one.
#[derive(Debug)]
pub(crate) struct Pulse {
    heard: Time,
    /// The last question, while nothing was heard since.
    asked: Option<Time>,
    /// An answer is due then.
    answer_by: Option<Time>,
    /// It does not answer. Then nothing more is asked: questions would pile up on a dead connection, and a page that
    /// wakes up speaks by itself.
    pub(crate) is_silent: bool,
}

impl Pulse {
    pub(crate) fn new(now: Time) -> Self {
        Self { heard: now, asked: None, answer_by: None, is_silent: false }
    }

    /// It said something.
    pub(crate) fn heard(&mut self, now: Time) {
        self.heard = now;
        self.asked = None;
        self.is_silent = false;
        // What was said may have been under way when the peer went: only the answer itself will do.
        self.answer_by = self.answer_by.map(|by| by.max(now + ANSWER_TIMEOUT));
    }

    /// It answered.
    pub(crate) fn answered(&mut self) {
        self.answer_by = None;
    }

    /// There is a reason to doubt that it is still there: the question goes out now.
    pub(crate) fn doubt(&mut self, answer_by: Time, now: Time) {
        self.answer_by.get_or_insert(answer_by);
        self.asked = Some(now);
    }

    /// We slept, and cannot tell whether it did.
    pub(crate) fn we_slept(&mut self, now: Time) {
        self.asked = None;
        self.answer_by = None;
        // The next question is due now.
        self.heard = Time(now.0.saturating_sub(HEARTBEAT.as_millis() as u64));
    }

    /// Whether a question is to go out.
    pub(crate) fn asks(&mut self, now: Time) -> bool {
        let is_due = self.question_at().is_some_and(|at| at <= now);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Time) {
        if self.silent_at().is_some_and(|at| at <= now) {
            self.answer_by = None;
            self.is_silent = true;
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        earlier(self.question_at(), self.silent_at())
    }

    fn question_at(&self) -> Option<Time> {
        (!self.is_silent).then(|| self.asked.unwrap_or(self.heard) + HEARTBEAT)
    }

    fn silent_at(&self) -> Option<Time> {
        let by_pulse = (!self.is_silent && self.asked.is_some()).then(|| self.heard + SILENCE);
        earlier(by_pulse, self.answer_by)
    }
}
