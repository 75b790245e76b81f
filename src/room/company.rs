//! The others, as the page shows them: who is here and what they are called, what was found out about them, and where
//! they ask us to come along to.

use std::collections::VecDeque;

use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};
use snaproom_protocol::PeerId;
use snaproom_session::{Link, News};

use super::{
    names::Names,
    view::{Comparison, Invitation, Notice, PeerState, PeerView, RoomView, Trust},
};

/// Invitations that wait behind the open one: nobody has to say no to more of them in a row.
const MAX_INVITATIONS: usize = 8;

/// More than a room has seats.
const MAX_WARNED: usize = 64;

pub(super) struct Company {
    view: RoomView,
    names: Names,
    /// What was said of somebody once: the list goes on saying it.
    warned: Vec<Notice>,
    /// Who asked us to come along to another room, and was told no.
    stayed: Vec<PeerId>,
    /// Who asked as well, while another question was open: nobody's invitation keeps another one from the person.
    waiting: VecDeque<Invitation>,
}

impl Company {
    pub(super) fn new(view: RoomView) -> Self {
        Self {
            view,
            names: Names::new(view.names),
            warned: Vec::new(),
            stayed: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// What is news of the others is shown.
    pub(super) fn on_news(&mut self, news: News) {
        match news {
            News::Peer(peer) => self.on_peer(peer),
            News::Name { peer, name } => self.on_name(peer, name),
            News::PeerGone(peer) => self.on_peer_gone(peer),
            News::Comparison { peer, comparison } => self.on_comparison(peer, comparison),
            News::Invited { from, link } => self.on_invited(Invitation { from, link }),
            _ => {}
        }
    }

    /// Where to we go along with who asked, if the person wants to.
    pub(super) fn answer_invitation(&mut self, from: PeerId, goes: bool) -> Option<Link> {
        let Invitation { link, .. } = self.view.invited.get_untracked().filter(|open| open.from == from)?;
        self.view.invited.set(self.waiting.pop_front());
        if goes {
            return Some(link);
        }
        self.stayed.push(from);
        None
    }

    fn on_peer(&mut self, peer: PeerView) {
        let (id, trust) = (peer.peer, peer.trust);
        if matches!(peer.state, PeerState::Refused(_)) {
            self.forget_invitation(id);
        }
        let mut before = Trust::Unknown;
        self.view.peers.update(|peers| match peers.iter_mut().find(|known| known.peer == id) {
            Some(known) => before = std::mem::replace(known, peer).trust,
            None => peers.push(peer),
        });
        if trust == Trust::Replaced && before != trust {
            self.warn(Notice::OtherDevice(id));
        }
    }

    fn on_name(&mut self, peer: PeerId, name: Option<String>) {
        let before = self.view.names.with_untracked(|names| names.get(&peer).cloned());
        let before = before.filter(|before| name.as_ref() != Some(before));
        if let Some(from) = before.filter(|_| self.has_trust(peer, Trust::Verified)) {
            self.view.notice.set(Some(Notice::Renamed { from, to: peer }));
        }
        self.names.set(peer, name);
    }

    fn on_peer_gone(&mut self, id: PeerId) {
        // Those that were answered went with their connection.
        if self.view.comparisons.with_untracked(|known| known.contains_key(&id)) {
            self.view.notice.set(Some(Notice::LeftComparison(id)));
            self.on_comparison(id, None);
        }
        self.view.peers.update(|peers| peers.retain(|known| known.peer != id));
        self.names.left(id);
    }

    fn on_comparison(&mut self, peer: PeerId, comparison: Option<Comparison>) {
        self.view.comparisons.update(|known| {
            match comparison {
                Some(comparison) => known.insert(peer, comparison),
                None => known.remove(&peer),
            };
        });
        if comparison == Some(Comparison::Wanted) {
            // Whoever took the place of a verified device could else push that word away with a question.
            let is_replaced = self.has_trust(peer, Trust::Replaced);
            self.warn(if is_replaced { Notice::OtherDevice(peer) } else { Notice::Compares(peer) });
        }
    }

    /// Once: a page that comes back again and again fills nobody's screen.
    fn warn(&mut self, notice: Notice) {
        if self.warned.contains(&notice) {
            return;
        }
        if self.warned.len() == MAX_WARNED {
            self.warned.remove(0);
        }
        self.warned.push(notice.clone());
        self.view.notice.set(Some(notice));
    }

    fn has_trust(&self, peer: PeerId, trust: Trust) -> bool {
        self.view
            .peers
            .with_untracked(|peers| peers.iter().any(|known| known.peer == peer && known.trust == trust))
    }

    /// Asked once more by somebody who was told no, or waits for the answer, the person is left alone.
    fn on_invited(&mut self, invitation: Invitation) {
        let from = invitation.from;
        if self.stayed.contains(&from) || self.is_invited_by(from) {
            return;
        }
        if self.view.invited.with_untracked(Option::is_none) {
            self.view.notice.set(Some(Notice::Invites(from)));
            self.view.invited.set(Some(invitation));
        } else if self.waiting.len() < MAX_INVITATIONS && !self.waiting.iter().any(|one| one.from == from) {
            self.waiting.push_back(invitation);
        }
    }

    fn forget_invitation(&mut self, from: PeerId) {
        self.waiting.retain(|one| one.from != from);
        if self.is_invited_by(from) {
            self.view.invited.set(self.waiting.pop_front());
        }
    }

    fn is_invited_by(&self, from: PeerId) -> bool {
        self.view.invited.with_untracked(|open| open.as_ref().is_some_and(|open| open.from == from))
    }
}
