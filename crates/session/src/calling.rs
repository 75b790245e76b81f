use snaproom_protocol::{
    PeerId,
    control::{InCall, Sends},
};

use crate::{
    Time,
    io::Participant,
    still::Still,
    timing::{CALL_PAUSE, FEW_CHANGES, RING_AGAIN},
};

/// A peer's part in the call. However often it says another one, the last word counts in the end: the first few at once,
/// and then one in a [`CALL_PAUSE`]. That it hangs up counts at once, and can be said only as often.
#[derive(Default)]
pub(crate) struct PeerCall {
    /// It takes part, and sends this.
    pub(crate) in_call: Option<InCall>,
    /// What it said since, where that has to wait.
    says: Option<InCall>,
    /// When all of its changes would have come, had each waited for the one before.
    busy_until: Time,
    /// It was asked and does not want to.
    pub(crate) declined: bool,
    /// Our media goes to its present connection.
    pub(crate) flows: bool,
    /// It asks our person, who has not joined.
    rings: bool,
    /// It does not ask before.
    pub(crate) rings_after: Time,
    pub(crate) still: Still,
}

impl PeerCall {
    pub(crate) fn says(&mut self, in_call: InCall) {
        self.says = Some(in_call).filter(|_| self.in_call != Some(in_call));
    }

    /// What has waited for long enough counts.
    pub(crate) fn catch_up(&mut self, now: Time) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.busy_until = self.busy_until.max(now) + CALL_PAUSE;
            self.in_call = self.says.take();
            self.declined = false;
        }
    }

    /// When what it said last counts.
    pub(crate) fn deadline(&self) -> Option<Time> {
        let few = CALL_PAUSE * (FEW_CHANGES - 1);
        self.says.map(|_| Time(self.busy_until.0.saturating_sub(few.as_millis() as u64)))
    }

    /// It is out of the call. Says whether it was in it.
    pub(crate) fn quits(&mut self) -> bool {
        self.says = None;
        self.in_call.take().is_some()
    }

    /// Its connection is gone. Whether it is still in the call, the next one says.
    pub(crate) fn disconnect(&mut self) {
        self.flows = false;
    }

    /// Another life of its page knows of nothing. What our person wants to be left in peace from stays.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            busy_until: self.busy_until,
            rings: self.rings,
            rings_after: self.rings_after,
            still: self.still.forgotten(),
            ..Self::default()
        };
    }

    pub(crate) fn rings(&mut self) {
        self.rings |= self.in_call.is_some();
    }

    /// It is not answered, and does not ask again at once.
    pub(crate) fn rang_in_vain(&mut self, now: Time) {
        if std::mem::take(&mut self.rings) {
            self.rings_after = now + RING_AGAIN;
        }
    }

    /// We joined: what it asked for.
    pub(crate) fn is_answered(&mut self) {
        self.declined = false;
        self.rings = false;
    }

    pub(crate) fn sends(&self) -> Option<Sends> {
        self.in_call.map(|in_call| in_call.sends)
    }

    pub(crate) fn view(&self, peer: PeerId) -> Option<Participant> {
        self.sends().map(|sends| Participant { peer, sends, is_asked: self.still.is_awaited() })
    }
}
