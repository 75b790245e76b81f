//! What was shown to everybody: what members say of it, what the person wants of it, and what the page gives to members.

use snaproom_protocol::{
    DeviceKey, DeviceSecret, Digest, ItemId, PeerId, Signature,
    bulk::{PIECE_BYTES, Part},
    control::{Control, Kind},
    shared::{Entry, MAX_SHARED, Shared},
};
use snaproom_session::{
    Command, News, PayloadId,
    device::Device,
    entry,
    io::{Earlier, File, Incoming, Lent, TransferState},
};

use super::{World, files::label_of, page, photo};

/// What one peer wants of us, and the page has not found yet.
const MAX_WANTED: usize = 4;

/// What the page has for somebody.
#[derive(Clone, Copy, Debug)]
pub enum Finds {
    Nothing,
    Photo,
    File,
}

/// The root of a file as an honest member has it.
pub fn root_of(bytes: u64) -> Digest {
    let pieces = bytes.div_ceil(u64::from(PIECE_BYTES)) as u32;
    page::root((0..pieces).map(|index| page::hash_of(label_of(index))))
}

/// What is told, and how it is checked.
impl World {
    pub(super) fn on_earlier(&mut self, earlier: Earlier) {
        assert!(earlier.owner != self.me || earlier.called.is_none(), "nobody speaks for us");
        let key = (earlier.owner, earlier.item);
        let before = self.earlier.insert(key, earlier.clone());
        assert_ne!(before, Some(earlier), "news is what changed");
        // The one that makes way is told of behind the one that comes.
        assert!(self.earlier.len() <= MAX_SHARED + 1, "what is kept of what was shown");
    }

    /// What it was to give may be given again, as the same.
    pub(super) fn forget_fetched(&mut self, from: PeerId) {
        self.fetched.retain(|(by, _), _| *by != from);
        self.expected.retain(|(by, _), _| *by != from);
    }

    pub(super) fn on_shown_news(&mut self, news: News) {
        match news {
            News::Earlier(earlier) => self.on_earlier(earlier),
            News::EarlierGone { owner, item } => {
                assert!(self.earlier.remove(&(owner, item)).is_some(), "it was told of");
            }
            News::Fetched { by, as_item, owner, item } => {
                assert!(self.told.contains_key(&by), "somebody who is here");
                let before = self.fetched.insert((by, as_item), (owner, item));
                assert_eq!(before, None, "it comes as one thing");
                if let Some(Earlier { kind, bytes, .. }) = self.earlier.get(&(owner, item)) {
                    self.expected.insert((by, as_item), (*kind, *bytes));
                }
                self.wanted.insert(PayloadId { owner: by, item: as_item, part: Part::Exact });
            }
            News::Wanted { by, owner, item, as_item, .. } => {
                assert!(self.told.contains_key(&by), "somebody who is here");
                assert!(self.wants.iter().all(|want| want.1 != as_item), "wanted once");
                assert!(owner != self.me || item != as_item, "by an id of its own");
                self.wants.push((by, as_item));
                let theirs = self.wants.iter().filter(|(other, ..)| *other == by);
                assert!(theirs.count() <= MAX_WANTED, "what one peer wants");
            }
            _ => unreachable!("{news:?}"),
        }
    }

    /// What comes whole is what was asked for.
    pub(super) fn check_fetched(&mut self, incoming: &Incoming) {
        let key = (incoming.from, incoming.item);
        if super::is_under_way(incoming.state) {
            return;
        }
        let expected = self.expected.remove(&key);
        if let Some((kind, bytes)) = expected.filter(|_| incoming.state == TransferState::Verified) {
            assert!(incoming.kind == kind && incoming.total >= bytes, "not what was asked for");
        }
        if incoming.state != TransferState::Verified {
            self.fetched.remove(&key);
        }
    }
}

/// Members.
impl World {
    /// An entry in anybody's name, signed by the device of `signer`; ours is the one of member 6.
    pub fn entry(
        &self,
        (owner, signer): (PeerId, usize),
        item: ItemId,
        (kind, bytes): (Kind, u64),
        root: Option<Digest>,
    ) -> Entry {
        let device = Device::of(&DeviceSecret([signer as u8; 32]), self.keys.room());
        let entry = Entry {
            owner,
            device: DeviceKey([0; 32]),
            called: String::new(),
            item,
            name: String::from(if kind.is_photo() { "photo.png" } else { "film.mp4" }),
            bytes,
            kind,
            root,
            signature: Signature([0; 64]),
        };
        entry::sign(entry, &device, self.keys.room())
    }

    pub fn shared(&mut self, place: usize, shared: Shared) {
        self.control(place, &Control::Shared(shared));
    }
}

/// The person, and the page.
impl World {
    pub fn fetch(&mut self, owner: PeerId, item: ItemId) {
        self.command(Command::Fetch { owner, item });
    }

    /// What somebody wants is found, or is not there any more. As which item it goes.
    pub fn lend(&mut self, which: usize, finds: Finds) -> Option<ItemId> {
        let which = which.checked_rem(self.wants.len())?;
        let (to, item) = self.wants.remove(which);
        let payload = PayloadId { owner: self.me, item, part: Part::Exact };
        let is_known = self.page.length(payload).is_some() || self.page.is_kept(payload);
        // Ids are random: none comes twice.
        let lent = match finds {
            _ if is_known || self.given.contains(&item) => None,
            Finds::Nothing => None,
            Finds::Photo => {
                let photo = photo(item, 16, 16, None);
                self.page.put(payload, photo.bytes());
                Some(Lent::Photo(photo))
            }
            Finds::File => {
                let (name, bytes) = (String::from("film.mp4"), 100);
                self.given.insert(item);
                self.page.put_source(payload, bytes);
                let to = vec![to];
                let (goes_on, is_here, for_all) = (false, true, false);
                Some(Lent::File(File { item, name, kind: Kind::File, bytes, to, goes_on, is_here, for_all }))
            }
        };
        self.command(Command::Lend { as_item: item, lent });
        Some(item)
    }
}
