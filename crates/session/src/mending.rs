use crate::{
    Time,
    timing::{DISCONNECTED_PATIENCE, MAX_RESTARTS, RESTART_TIMEOUT},
};

/// What is done about a broken path: ICE is restarted, up to [`MAX_RESTARTS`] times, then a new connection is made.
#[derive(Debug, Default)]
pub(crate) struct Mending {
    /// A restart is due then.
    at: Option<Time>,
    /// The restart under way has found a path by then, or failed.
    by: Option<Time>,
    /// Restarts in a row that failed.
    failed: u32,
    /// A restart is due whether the path holds or not: there is another network, or another rule for paths.
    is_wanted: bool,
}

impl Mending {
    /// The path may come back by itself.
    pub(crate) fn wait_and_see(&mut self, now: Time) {
        self.at.get_or_insert(now + DISCONNECTED_PATIENCE);
    }

    /// The path will not come back by itself.
    pub(crate) fn at_once(&mut self, now: Time) {
        self.at = Some(now);
    }

    /// The next path is to be another one, whatever becomes of this one.
    pub(crate) fn look_anew(&mut self, now: Time) {
        self.at = Some(now);
        self.is_wanted = true;
    }

    /// The path came back by itself. A restart that is under way goes on: the other side knows of it.
    pub(crate) fn is_well_again(&mut self) {
        self.at = self.at.filter(|_| self.is_wanted);
    }

    /// Both sides know of each other's restart.
    pub(crate) fn begin(&mut self, now: Time) {
        self.at = None;
        self.is_wanted = false;
        self.by = Some(now + RESTART_TIMEOUT);
    }

    /// What was begun cannot go on, through nobody's fault.
    pub(crate) fn break_off(&mut self, now: Time) {
        if self.by.take().is_some() {
            self.at = Some(now);
        }
    }

    /// There is a path.
    pub(crate) fn done(&mut self) {
        let at = self.at.filter(|_| self.is_wanted);
        *self = Self { at, is_wanted: self.is_wanted, ..Self::default() };
    }

    /// Lets time pass. `is_heard`: bytes pass though the restart did not end, as when somebody made us restart by an
    /// old hello.
    pub(crate) fn tick(&mut self, now: Time, is_heard: bool) {
        if self.by.is_none_or(|by| by > now) {
            return;
        }
        self.by = None;
        if !is_heard {
            self.failed = self.failed.saturating_add(1);
            self.at = Some(now);
        }
    }

    pub(crate) fn restart_at(&self) -> Option<Time> {
        self.at.filter(|_| self.by.is_none())
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.at.is_some() || self.by.is_some()
    }

    pub(crate) fn is_restarting(&self) -> bool {
        self.by.is_some()
    }

    /// Only a new connection helps.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.failed >= MAX_RESTARTS
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        // When a restart is due, its peer and the server have to be there: that is for the peer to say.
        self.by
    }
}
