//! What others want of what we hold. It goes as an item of ours with a new id, to nobody else, and is in no list.

use snaproom_protocol::{ItemId, PeerId, control::Control, control::Kind, shared::Shared};

use crate::{
    News, Photo, Session, Time,
    io::{Failure, File, TransferState},
    peer::Peer,
    random,
    transfer::Class,
};

/// What one peer wants of us and has yet to take.
const MAX_WANTED: usize = 4;

/// Photos that are in memory for others at a time: each of them is up to 64 MiB.
const PHOTOS_AT_ONCE: usize = 2;

/// What a peer wants of us, from its question until it has it.
pub(crate) struct Loan {
    to: PeerId,
    owner: PeerId,
    item: ItemId,
    kind: Kind,
    /// By which it goes.
    as_item: ItemId,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Others come first.
    Waits,
    /// The driver looks for it.
    Looked,
    Goes,
}

/// What the driver found of an item that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lent {
    /// A photo.
    Photo(Photo),
    /// A file or a folder; its `to` is who wants it.
    File(File),
}

impl Session {
    /// Who asks hears at once as what it will come, and waits for it.
    pub(crate) fn on_want_shared(&mut self, by: PeerId, owner: PeerId, item: ItemId) {
        self.forget_taken();
        let held = self.library.find_mut(owner, item).filter(|shown| shown.is_held && shown.is_signed);
        let kind = held.map(|shown| shown.entry.kind);
        let mut theirs = self.library.loans.iter().filter(|loan| loan.to == by);
        if theirs.clone().any(|loan| (loan.owner, loan.item) == (owner, item)) {
            return;
        }
        let is_too_much = theirs.by_ref().count() >= MAX_WANTED;
        let Some(kind) = kind.filter(|_| !is_too_much) else { return self.give(by, owner, item, None) };
        let as_item = ItemId(random(&mut self.rng));
        self.library.loans.push(Loan { to: by, owner, item, kind, as_item, step: Step::Waits });
        self.give(by, owner, item, Some(as_item));
    }

    fn give(&mut self, to: PeerId, owner: PeerId, item: ItemId, as_item: Option<ItemId>) {
        if let Some(pair) = self.peers.get(&to).and_then(|peer| peer.confirmed()) {
            let gives = Shared::Gives { owner, item, as_item };
            self.out.control(pair.connection, &Control::Shared(gives));
        }
    }

    /// What they have, or do not want any more, is no loan.
    fn forget_taken(&mut self) {
        let peers = &self.peers;
        self.library.loans.retain(|loan| {
            let to = peers.get(&loan.to);
            if loan.step == Step::Goes {
                to.is_some_and(|peer| peer.outbox.holds(loan.as_item))
            } else {
                to.is_some_and(Peer::is_confirmed)
            }
        });
    }

    /// The driver is asked for what is due: [`Command::Lend`](crate::Command::Lend) answers.
    pub(crate) fn see_to_loans(&mut self) {
        if self.library.loans.is_empty() {
            return;
        }
        self.forget_taken();
        let is_out = |loan: &&Loan| loan.kind.is_photo() && loan.step != Step::Waits;
        let mut photos = self.library.loans.iter().filter(is_out).count();
        let is_full = |shelf: &crate::transfer::Shelf, kind: Kind| {
            shelf.is_full(if kind.is_photo() { Class::Photo } else { Class::File })
        };
        for loan in &mut self.library.loans {
            let has_turn = !loan.kind.is_photo() || photos < PHOTOS_AT_ONCE;
            if loan.step != Step::Waits || !has_turn || is_full(&self.shelf, loan.kind) {
                continue;
            }
            loan.step = Step::Looked;
            photos += usize::from(loan.kind.is_photo());
            let &mut Loan { to: by, owner, item, kind, as_item, .. } = loan;
            self.out.news(News::Wanted { by, owner, item, kind, as_item });
        }
    }

    /// The driver has found what a peer wants, or does not have it any more.
    pub(crate) fn lend(&mut self, as_item: ItemId, lent: Option<Lent>, now: Time) {
        let looked = |loan: &&mut Loan| loan.as_item == as_item && loan.step == Step::Looked;
        let Some(loan) = self.library.loans.iter_mut().find(looked) else {
            return self.shelf.release(as_item, &mut self.out);
        };
        loan.step = Step::Goes;
        let (to, owner, item) = (loan.to, loan.owner, loan.item);
        match lent {
            Some(Lent::Photo(photo)) => self.send_photo(photo, Some(to), now),
            Some(Lent::File(file)) => self.send_file(&file, now),
            None => {
                self.library.loans.retain(|loan| loan.as_item != as_item);
                if let Some(shown) = self.library.find_mut(owner, item) {
                    shown.is_held = false;
                }
                self.give(to, owner, item, None);
            }
        }
    }

    /// Its person has put it away, or taken it back: nobody is told any more that we hold it, and it goes to nobody.
    pub(crate) fn unshare(&mut self, owner: PeerId, item: ItemId) {
        if let Some(shown) = self.library.find_mut(owner, item) {
            shown.is_held = false;
        }
        let is_it = |loan: &&Loan| (loan.owner, loan.item) == (owner, item);
        let loans: Vec<_> =
            self.library.loans.iter().filter(is_it).map(|loan| (loan.as_item, loan.to)).collect();
        self.library.loans.retain(|loan| !is_it(&loan));
        for (as_item, to) in loans {
            self.give(to, owner, item, None);
            self.cancel(as_item, TransferState::Cancelled);
        }
    }

    /// Whether it is lent: nobody can choose it again where it cannot be read.
    pub(crate) fn is_lent(&self, as_item: ItemId) -> bool {
        self.library.loans.iter().any(|loan| loan.as_item == as_item)
    }

    /// Another life of a peer's page knows nothing of what it wanted.
    pub(crate) fn forget_loans(&mut self, to: PeerId) {
        let Self { library, peers, out, .. } = self;
        let Some(peer) = peers.get_mut(&to) else { return };
        for loan in library.loans.extract_if(.., |loan| loan.to == to) {
            peer.outbox.cancel(loan.as_item, TransferState::Failed(Failure::Lost), out);
        }
    }
}
