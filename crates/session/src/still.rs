//! A photo of somebody else's camera in its full size, where a call shows a smaller and blurred one. Who looks at the
//! other is asked first: a camera gives nothing that its person does not see in the call, or agreed to.

use snaproom_protocol::{PeerId, control::Control};

use crate::{
    News, Photo, Session, Time,
    peer::Peer,
    time::{earlier, is_due},
    timing::{ASK_AGAIN, RING},
};

/// What one of two in a call wants of the other's camera.
#[derive(Default)]
pub(crate) struct Still {
    /// We asked, and wait.
    asked_at: Option<Time>,
    /// We were asked, and our person has yet to answer.
    wanted_at: Option<Time>,
    /// They said no: until then our person is not asked again.
    quiet_until: Time,
}

impl Still {
    pub(crate) fn is_awaited(&self) -> bool {
        self.asked_at.is_some()
    }

    /// What is left of it with the next life of the peer's page.
    pub(crate) fn forgotten(&self) -> Self {
        Self { quiet_until: self.quiet_until, ..Self::default() }
    }

    fn deadline(&self) -> Option<Time> {
        earlier(self.asked_at, self.wanted_at).map(|since| since + RING)
    }
}

impl Session {
    pub(crate) fn ask_still(&mut self, id: PeerId, now: Time) {
        let takes_part = self.own_sends().is_some();
        let Some(peer) = self.peers.get_mut(&id).filter(|_| takes_part) else { return };
        let shows = peer.call.sends().is_some_and(|sends| sends.camera);
        let Some(connection) = peer.confirmed().filter(|_| shows).map(|pair| pair.connection) else { return };
        if peer.call.still.asked_at.is_none() {
            peer.call.still.asked_at = Some(now);
            self.out.control(connection, &Control::AskStill);
        }
    }

    /// An answer to nobody's question, or to one that has run out, sends nothing.
    pub(crate) fn answer_still(&mut self, id: PeerId, photo: Option<Photo>, now: Time) {
        let still = self.peers.get_mut(&id).map(|peer| &mut peer.call.still);
        let asking = still.and_then(|still| still.wanted_at.take().map(|_| still));
        match (asking, photo) {
            (Some(_), Some(photo)) => {
                self.say_whether_it_comes(id, true);
                self.send_photo(photo, Some(id), now);
            }
            (Some(still), None) => {
                still.quiet_until = now + ASK_AGAIN;
                self.say_whether_it_comes(id, false);
            }
            (None, Some(photo)) => self.shelf.release(photo.item, &mut self.out),
            (None, None) => {}
        }
    }

    fn say_whether_it_comes(&mut self, id: PeerId, comes: bool) {
        if let Some(pair) = self.peers.get(&id).and_then(Peer::confirmed) {
            self.out.control(pair.connection, &Control::AnswerStill { comes });
        }
    }

    /// A peer asks. Nobody is asked for what they do not show.
    pub(crate) fn on_ask_still(&mut self, id: PeerId, now: Time) {
        let shows = self.own_sends().is_some_and(|sends| sends.camera);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let is_in = peer.call.sends().is_some();
        let still = &mut peer.call.still;
        if shows && is_in && now >= still.quiet_until {
            still.wanted_at.get_or_insert(now);
        } else {
            self.say_whether_it_comes(id, false);
        }
    }

    pub(crate) fn on_answer_still(&mut self, id: PeerId, comes: bool) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.call.still.asked_at.take().is_some() && !comes {
            self.out.news(News::StillRefused(id));
        }
    }

    /// Questions end with what they are about, and when nobody answers.
    pub(crate) fn see_to_stills(&mut self, now: Time) {
        let mine = self.own_sends();
        let mut unanswered = Vec::new();
        for (&id, peer) in &mut self.peers {
            let theirs = peer.call.sends().filter(|_| mine.is_some());
            let still = &mut peer.call.still;
            let is_late = |since: Option<Time>| is_due(since.map(|since| since + RING), now);
            if still.is_awaited() && (is_late(still.asked_at) || !theirs.is_some_and(|sends| sends.camera)) {
                still.asked_at = None;
                self.out.news(News::StillRefused(id));
            }
            let shows = theirs.is_some() && mine.is_some_and(|mine| mine.camera);
            if still.wanted_at.is_some() && (is_late(still.wanted_at) || !shows) {
                still.wanted_at = None;
                unanswered.push(id);
            }
        }
        for id in unanswered {
            self.say_whether_it_comes(id, false);
        }
    }

    /// Who waits for our person's answer.
    pub(crate) fn want_still(&self) -> Vec<PeerId> {
        let waiting = self.peers.values().filter(|peer| peer.call.still.wanted_at.is_some());
        waiting.map(|peer| peer.id).collect()
    }

    pub(crate) fn still_deadline(&self) -> Option<Time> {
        self.peers.values().map(|peer| peer.call.still.deadline()).fold(None, earlier)
    }
}
