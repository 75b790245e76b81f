//! What was shown before somebody came, as their person sees and wants it.

use snaproom_protocol::{ItemId, PeerId};
use snaproom_session::{Command, Input, io::EarlierState};

use super::{Ix, Room, picture};

/// How it is for `tab`, where its person is told of it.
pub fn state(room: &Room, tab: Ix, owner: PeerId, item: ItemId) -> Option<EarlierState> {
    room.tabs[tab].earlier.get(&(owner, item)).map(|earlier| earlier.state)
}

/// The person wants it.
pub fn fetch(room: &mut Room, tab: Ix, owner: PeerId, item: ItemId) {
    room.handle(tab, Input::Command(Command::Fetch { owner, item }));
}

/// Whether the tab could give it to somebody, as it was.
pub fn has(room: &Room, tab: Ix, owner: PeerId, item: ItemId) -> bool {
    let held = room.tabs[tab].holds.get(&(owner, item));
    held.is_some_and(|(_, bytes)| *bytes == picture(item, bytes.len()))
}

/// Sends a photo that all who are here have.
pub fn photo(room: &mut Room, from: Ix, to: &[Ix]) -> ItemId {
    let item = room.send(from, 320, 240, Some(2_000));
    room.run_until("there", |room| to.iter().all(|&tab| room.has(tab, item)));
    item
}
