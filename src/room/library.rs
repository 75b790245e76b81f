//! What was shown to everybody: of what was shown before we came the list, and of what we hold what others want of it.

use leptos::prelude::{Set, Update, WithUntracked};
use litemap::LiteMap;
use snaproom_protocol::{ItemId, PeerId, bulk::Part, control::Kind};
use snaproom_session::{
    News, PayloadId,
    io::{Earlier, Incoming},
};

use super::{
    inbox::{Happened, Inbox},
    original::Original,
    view::{PhotoKey, RoomView},
};
use crate::browser::{
    Blob, Error, Picture, Source,
    task::{self, Task},
};

pub(super) struct Library {
    view: RoomView,
    inbox: Inbox,
    /// What came to us as an item of whoever held it.
    fetched: LiteMap<PhotoKey, PhotoKey>,
    finding: Vec<Task>,
}

/// What somebody wants of us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) by: PeerId,
    pub(super) key: PhotoKey,
    pub(super) kind: Kind,
    /// As which item of ours it goes.
    pub(super) as_item: ItemId,
}

/// Where it is.
pub(super) enum Held {
    Photo(Original),
    /// Of a file of ours.
    File(String, Source),
    /// Of somebody else's.
    OnDisk(String, Box<dyn Future<Output = Result<Blob, Error>>>),
}

/// It; of a photo also when it was taken, of a file the name.
pub(super) enum Found {
    Photo(Picture, u64),
    File(String, Source),
}

impl Library {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        view.earlier.set(Vec::new());
        Self { view, inbox, fetched: LiteMap::new(), finding: Vec::new() }
    }

    pub(super) fn on_news(&mut self, news: News) {
        match news {
            News::Earlier(earlier) => self.view.earlier.update(|all| {
                let is_it = |other: &&mut Earlier| (other.owner, other.item) == (earlier.owner, earlier.item);
                match all.iter_mut().find(is_it) {
                    Some(known) => *known = earlier,
                    None => all.push(earlier),
                }
            }),
            News::EarlierGone { owner, item } => self
                .view
                .earlier
                .update(|all| all.retain(|earlier| (earlier.owner, earlier.item) != (owner, item))),
            News::Fetched { by, as_item, owner, item } => {
                self.name(owner, item);
                self.fetched.insert(PhotoKey { owner: by, item: as_item }, PhotoKey { owner, item });
            }
            _ => {}
        }
    }

    /// Photos stay with the names of those who took them, also where we never met them.
    fn name(&self, owner: PeerId, item: ItemId) {
        let called = self.view.earlier.with_untracked(|all| {
            all.iter().find(|earlier| (earlier.owner, earlier.item) == (owner, item))?.called.clone()
        });
        if let Some(called) = called
            && !self.view.names.with_untracked(|names| names.contains_key(&owner))
        {
            self.view.names.update(|names| drop(names.insert(owner, called)));
        }
    }

    /// What an item is known by in the page: by who showed it, and not by who passed it on.
    pub(super) fn key_of(&self, came: PhotoKey) -> PhotoKey {
        self.fetched.get(&came).copied().unwrap_or(came)
    }

    /// The same of a photo that comes.
    pub(super) fn as_shown(&self, incoming: Incoming) -> Incoming {
        let PhotoKey { owner, item } = self.key_of(PhotoKey { owner: incoming.from, item: incoming.item });
        Incoming { from: owner, item, ..incoming }
    }

    /// As which item, or items, it came.
    pub(super) fn came_as(&self, key: PhotoKey) -> impl Iterator<Item = PhotoKey> {
        let fetched =
            self.fetched.iter().filter(move |(_, original)| **original == key).map(|(came, _)| *came);
        std::iter::once(key).chain(fetched)
    }

    /// Gets it ready for who wants it; [`Happened::Lent`] follows.
    pub(super) fn find(&mut self, wanted: Wanted, held: Option<Held>) {
        let inbox = self.inbox.clone();
        let kind = wanted.kind;
        self.finding.retain(|task| !task.is_finished());
        self.finding.push(task::spawn(async move {
            let found = match held {
                Some(held) => found(held, kind).await.ok().flatten(),
                None => None,
            };
            inbox.push(Happened::Lent(wanted, found));
        }));
    }
}

async fn found(held: Held, kind: Kind) -> Result<Option<Found>, Error> {
    Ok(match (held, kind) {
        (Held::Photo(original), Kind::Photo { width, height, taken }) => {
            original.picture(width, height).await?.map(|picture| Found::Photo(picture, taken))
        }
        (Held::File(name, source), Kind::File | Kind::Folder { .. }) => Some(Found::File(name, source)),
        (Held::OnDisk(name, file), Kind::File | Kind::Folder { .. }) => {
            Some(Found::File(name, Source::from(Box::into_pin(file).await?)))
        }
        _ => None,
    })
}

/// The exact bytes of an item.
pub(super) fn exact(PhotoKey { owner, item }: PhotoKey) -> PayloadId {
    PayloadId { owner, item, part: Part::Exact }
}
