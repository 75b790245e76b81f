use crate::{Time, name, timing::NAME_PAUSE};

/// What a peer wants to be called. However many names it sends, the last one counts, once in a [`NAME_PAUSE`].
#[derive(Default)]
pub(crate) struct Called {
    /// None: it has not said yet. Empty: the friendly name.
    name: Option<String>,
    told: Option<String>,
    not_before: Time,
}

impl Called {
    /// A name that may not be shown is as good as none: the one before is not the peer's any more.
    pub(crate) fn says(&mut self, name: String) {
        self.name = Some(if name::is_display_name(&name) { name } else { String::new() });
    }

    /// What the person is to be told now, if anything.
    pub(crate) fn news(&mut self, now: Time) -> Option<String> {
        if self.deadline()? > now {
            return None;
        }
        self.told.clone_from(&self.name);
        self.not_before = now + NAME_PAUSE;
        self.told.clone()
    }

    /// The person forgot the peer, and is to be told anew when it comes back.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        (self.name != self.told).then_some(self.not_before)
    }
}
