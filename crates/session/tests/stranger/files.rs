//! Files: what the session wants kept of them, what members say of them, and what the person does.

use std::collections::BTreeSet;

use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{PIECE_BYTES, Part},
    control::{Control, Kind, Offer},
};
use snaproom_session::{
    Command, PayloadId,
    io::{File, Pause, TransferState},
};

use super::{MAX_FILES, World, page};

const PIECE: u64 = PIECE_BYTES as u64;

/// An honest offer.
pub fn file_offer(item: ItemId, bytes: u64) -> Offer {
    let name = String::from("film.mp4");
    Offer { item, name, bytes, kind: Kind::File, preview: None, resumes: false, on_request: true }
}

/// The label of a piece's bytes, as an honest member has them.
pub fn label_of(index: u32) -> u8 {
    1 + (index % 3) as u8
}

/// What is done, and how it is checked.
impl World {
    pub(super) fn prepare(&mut self, payload: PayloadId, record: &[u8]) {
        assert_ne!(payload.owner, self.me, "a file of somebody else's");
        assert!(
            self.wanted.contains(&payload) || self.accepts_all.contains(&payload.owner),
            "it was asked for"
        );
        self.page.disk.prepare(payload, record);
        self.prepared.insert(payload);
        let unfinished = self.incoming.keys().filter(|(owner, _)| *owner == payload.owner).count();
        assert!(unfinished <= 2 * MAX_FILES + 132, "files of one peer");
    }

    pub(super) fn checked(&mut self, payload: PayloadId, index: u32, digest: Digest) {
        self.page.disk.checked(payload, index, digest, &self.page.announced);
        if let Some(root) = self.page.disk.root_of(payload) {
            assert!(self.page.roots.contains(&(payload.owner, payload.item, root)), "the root was announced");
        }
    }
}

/// Members.
impl World {
    /// A piece, or the rest of one, as an honest member sends it.
    pub fn send_piece(&mut self, place: usize, item: ItemId, index: u32, offset: u32, length: u32) {
        let label = label_of(index);
        self.piece_from(place, item, Part::Exact, index, offset, length, label);
        for start in (offset..length).step_by(128 * 1024) {
            self.chunk(place, (length - start).min(128 * 1024), label);
            self.finish_all();
        }
    }

    /// A file that was wanted, from some piece on, and its end.
    pub fn send_pieces(&mut self, place: usize, item: ItemId, from: u32, bytes: u64) {
        let pieces = bytes.div_ceil(PIECE) as u32;
        for index in from..pieces.min(from + 4) {
            let length = (bytes - u64::from(index) * PIECE).min(PIECE) as u32;
            self.send_piece(place, item, index, 0, length);
        }
        self.end_of(place, item);
    }

    /// What a member says who has the first pieces of a file of ours.
    pub fn claim(&mut self, place: usize, item: ItemId, pieces: u32, is_right: bool) {
        let mut root = page::root((0..pieces).map(|_| page::OURS));
        root.0[0] ^= u8::from(!is_right);
        let exact = u64::from(pieces) * PIECE;
        self.control(place, &Control::Accept { item, preview: 0, exact, pieces, root });
    }
}

/// The person.
impl World {
    pub fn want(&mut self, place: usize, item: ItemId) {
        let from = self.members[place].id;
        self.wanted.insert(PayloadId { owner: from, item, part: Part::Exact });
        self.command(Command::Request { from, item });
    }

    pub fn accept_all(&mut self, place: usize, accepts: bool) {
        let from = self.members[place].id;
        if accepts {
            self.accepts_all.insert(from);
        } else {
            self.accepts_all.remove(&from);
        }
        self.command(Command::AcceptAll { from, accepts });
    }

    pub fn pause(&mut self, place: usize, item: ItemId, pauses: bool) {
        let from = self.members[place].id;
        self.command(Command::Pause { from, item, pauses });
    }

    /// What an earlier life of the page received of a member's file. Said before the first connection.
    pub fn restore(&mut self, place: usize, offer: &Offer, pieces: u64, behind: u64, is_whole: bool) {
        let owner = self.members[place].id;
        let payload = PayloadId { owner, item: offer.item, part: Part::Exact };
        if self.prepared.insert(payload) {
            for index in 0..pieces {
                self.page.announced.insert((payload, index * PIECE, page::hash_of(1)));
            }
            let kept = self.page.disk.restore(payload, offer, pieces, behind, is_whole);
            self.command(Command::Restore(kept));
        }
    }

    /// A file of ours to these members.
    pub fn give(&mut self, item: ItemId, bytes: u64, to: &[usize], goes_on: bool, is_here: bool) {
        let payload = PayloadId { owner: self.me, item, part: Part::Exact };
        // Ids are random: none comes twice.
        if !self.given.insert(item) || self.page.length(payload).is_some() || self.page.is_kept(payload) {
            return;
        }
        self.page.put_source(payload, bytes);
        let to: Vec<PeerId> = to.iter().map(|&to| self.members[to].id).collect();
        let name = String::from("film.mp4");
        self.command(Command::SendFile(File { item, name, kind: Kind::File, bytes, to, goes_on, is_here }));
    }

    /// The person chooses a file of ours again, where they are asked to.
    pub fn supply(&mut self, item: ItemId) {
        let missing = TransferState::Paused(Pause::Source);
        if self.outgoing.iter().any(|((other, _), state)| *other == item && *state == missing) {
            self.page.supply(PayloadId { owner: self.me, item, part: Part::Exact });
            self.command(Command::Supply(item));
        }
    }

    /// Files of others of which all is there.
    pub fn verified(&self) -> BTreeSet<ItemId> {
        self.page
            .shown
            .iter()
            .filter(|payload| self.prepared.contains(payload))
            .map(|payload| payload.item)
            .collect()
    }
}
