//! The others, as the page shows them: who is here and what they are called, what was found out about them, and where
//! they ask us to come along to.

use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};
use snaproom_protocol::PeerId;
use snaproom_session::{Link, News};

use super::{
    names::Names,
    view::{Comparison, Invitation, Notice, PeerState, PeerView, RoomView, Trust},
};

pub(super) struct Company {
    view: RoomView,
    names: Names,
    /// Who asked us to come along to another room, and was told no.
    stayed: Vec<PeerId>,
}

impl Company {
    pub(super) fn new(view: RoomView) -> Self {
        Self { view, names: Names::new(view.names), stayed: Vec::new() }
    }

    /// What is news of the others is shown.
    pub(super) fn on_news(&mut self, news: News) {
        match news {
            News::Peer(peer) => self.on_peer(peer),
            News::Name { peer, name } => self.names.set(peer, name),
            News::PeerGone(peer) => self.on_peer_gone(peer),
            News::Comparison { peer, comparison } => self.on_comparison(peer, comparison),
            News::Invited { from, link } => self.on_invited(Invitation { from, link }),
            _ => {}
        }
    }

    /// Where to we go along with who asked, if the person wants to.
    pub(super) fn answer_invitation(&mut self, from: PeerId, goes: bool) -> Option<Link> {
        let Invitation { link, .. } = self.view.invited.get_untracked().filter(|open| open.from == from)?;
        self.view.invited.set(None);
        if goes {
            return Some(link);
        }
        self.stayed.push(from);
        None
    }

    fn on_peer(&self, peer: PeerView) {
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
            self.view.notice.set(Some(Notice::OtherDevice(id)));
        }
    }

    fn on_peer_gone(&mut self, id: PeerId) {
        let is_verified =
            |peers: &Vec<PeerView>| peers.iter().any(|peer| peer.peer == id && peer.trust == Trust::Verified);
        if self.view.comparisons.with_untracked(|known| known.contains_key(&id)) {
            if !self.view.peers.with_untracked(is_verified) {
                self.view.notice.set(Some(Notice::LeftComparison(id)));
            }
            self.on_comparison(id, None);
        }
        self.view.peers.update(|peers| peers.retain(|known| known.peer != id));
        self.names.left(id);
    }

    fn on_comparison(&self, peer: PeerId, comparison: Option<Comparison>) {
        self.view.comparisons.update(|known| {
            match comparison {
                Some(comparison) => known.insert(peer, comparison),
                None => known.remove(&peer),
            };
        });
        if comparison == Some(Comparison::Wanted) {
            self.view.notice.set(Some(Notice::Compares(peer)));
        }
    }

    /// Asked once more by somebody who was told no, or while another question is open, the person is left alone.
    fn on_invited(&self, invitation: Invitation) {
        if !self.stayed.contains(&invitation.from) && self.view.invited.with_untracked(Option::is_none) {
            self.view.invited.set(Some(invitation));
        }
    }

    fn forget_invitation(&self, from: PeerId) {
        if self.view.invited.with_untracked(|open| open.as_ref().is_some_and(|open| open.from == from)) {
            self.view.invited.set(None);
        }
    }
}
