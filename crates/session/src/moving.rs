//! To another room with those who are here: whoever is not to follow still has the link of this one.

use snaproom_protocol::{PeerId, control::Control};

use crate::{
    Link, News, Session, Time, keys::RoomKeys, peer::Peer, timing::MOVE_TIMEOUT, transfer::Violation,
};

/// We go as soon as everybody has read where to.
pub(crate) struct Moving {
    link: Link,
    /// Who has not read it yet.
    waits_for: Vec<PeerId>,
    pub(crate) until: Time,
}

impl Session {
    /// Asks those of them who are connected to come along.
    pub(crate) fn move_with(&mut self, companions: &[PeerId], link: Link, now: Time) {
        // Asked twice, all go to one room.
        if self.moving.is_some() {
            return;
        }
        let mut waits_for = Vec::new();
        for (id, peer) in &self.peers {
            if let Some(pair) = peer.confirmed().filter(|_| companions.contains(id)) {
                waits_for.push(*id);
                self.out.control(pair.connection, &Control::Move { link: link.fragment() });
            }
        }
        self.moving = Some(Moving { link, waits_for, until: now + MOVE_TIMEOUT });
    }

    pub(crate) fn on_move(&mut self, id: PeerId, link: &str) -> Result<(), Violation> {
        let link = Link::from_fragment(link).filter(Link::is_private).ok_or(Violation)?;
        if RoomKeys::derive(&link).room() == self.keys.room() {
            return Err(Violation);
        }
        let Some(pair) = self.peers.get(&id).and_then(Peer::confirmed) else { return Ok(()) };
        self.out.control(pair.connection, &Control::MoveRead);
        self.out.news(News::Invited { from: id, link });
        Ok(())
    }

    pub(crate) fn on_move_read(&mut self, id: PeerId) {
        if let Some(moving) = &mut self.moving {
            moving.waits_for.retain(|waited| *waited != id);
        }
    }

    /// Goes, when nobody has to read it any more who still can.
    pub(crate) fn see_whether_all_have_read(&mut self, now: Time) {
        let peers = &self.peers;
        let can_read = |id: &PeerId| peers.get(id).is_some_and(Peer::is_confirmed);
        let all = |moving: &mut Moving| moving.until <= now || !moving.waits_for.iter().any(can_read);
        if let Some(moving) = self.moving.take_if(all) {
            self.out.news(News::Moved(moving.link));
        }
    }
}
