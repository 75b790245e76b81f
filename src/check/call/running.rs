use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};
use snaproom_protocol::signal::Candidate;

use super::{
    Curves, Failure, Phase, Place, Side, Step, Trace, What,
    driver::{Driver, Happened, InCall},
};
use crate::browser::{
    page,
    self_call::{Event, FirstFrame, Loopback},
    task::{self, Task, now_ms},
};

/// From Call to the first picture. What takes longer is said.
const PATIENCE_MS: u32 = 10_000;

/// One call.
pub(super) struct Running {
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
    pub(super) fn begin(&mut self) {
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

    pub(super) fn hang_up(&mut self) {
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

    pub(super) fn in_call(&mut self, what: InCall) {
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

    pub(super) fn show_remote(&self) {
        if let (Some(running), Some(video)) = (&self.call, &self.videos[Place::Remote as usize]) {
            running.loopback.show_in(video);
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

    pub(super) fn copy(&mut self, side: Side) {
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
