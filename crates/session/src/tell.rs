//! What the person is told of the room, when it changes.

use crate::{
    News, Session, Time,
    io::{PeerState, State, Status},
    peer::Peer,
};

impl Session {
    pub(crate) fn tell(&mut self, now: Time) {
        for (_, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.is_here()) {
            let view = peer.view(&self.devices);
            if peer.told.as_ref() != Some(&view) {
                peer.told = Some(view.clone());
                self.out.news(News::Peer(view));
            }
            if let Some(name) = peer.called.news(now) {
                let name = Some(name).filter(|name| !name.is_empty());
                self.out.news(News::Name { peer: peer.id, name });
            }
        }
        let status = self.status();
        if self.told != Some(status) {
            self.told = Some(status);
            self.out.news(News::Status(status));
        }
    }

    fn status(&self) -> Status {
        let here = || self.peers.values().filter(|peer| peer.is_here());
        let is_under_way = |peer: &&Peer| matches!(peer.state(), PeerState::Connecting | PeerState::Failed);
        if let Some(refused) = self.refused {
            refused
        } else if here().any(|peer| peer.state() == PeerState::Connected) {
            Status::Connected
        } else if !self.signaling.is_in() {
            match (self.signaling.is_offline(), self.signaling.was_in) {
                (true, _) => Status::Offline,
                (false, true) => Status::Reconnecting,
                (false, false) => Status::Connecting,
            }
        } else if here().filter(is_under_way).any(|peer| peer.life.is_some()) || here().any(is_cut_off) {
            Status::Reconnecting
        } else if here().any(|peer| is_under_way(&peer)) {
            Status::Connecting
        } else {
            Status::Alone
        }
    }
}

/// The way to its page is broken; that the page itself sleeps is another matter.
fn is_cut_off(peer: &Peer) -> bool {
    peer.confirmed().is_some_and(|pair| pair.ice != State::Connected)
}
