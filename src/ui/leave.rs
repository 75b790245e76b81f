use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    list::{List, RowKey},
    modal::Modal,
    peers::{Mark, Who},
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{Entry, PeerState, PhotoView, Room, RoomView, Status};

/// A room of one's own. It stands once in the page: in the status where it is the way on, else beside the room's name.
/// Neither people nor photos that exist nowhere else are left behind without a question.
#[component]
pub fn NewRoom(room: Room) -> impl IntoView {
    let RoomView { trail, peers, names, .. } = room.view;
    let asking = RwSignal::new(false);
    // Who comes while the question is open is not chosen: somebody who is to stay behind may come back as another.
    let chosen = RwSignal::new(Vec::<PeerId>::new());
    on_cleanup(|| hand_focus_on("newRoom", "status"));
    let unsaved = move || count_unsaved(trail);
    let connected = Memo::new(move |_| {
        peers.with(|peers| {
            let connected = peers.iter().filter(|peer| peer.state == PeerState::Connected);
            connected.map(|peer| peer.peer).collect::<Vec<_>>()
        })
    });
    let companions = Memo::new(move |_| {
        let mut companions = connected.get();
        chosen.with(|chosen| companions.retain(|peer| chosen.contains(peer)));
        companions
    });
    let with_others = move || connected.with(|connected| !connected.is_empty());
    let toggle = move |peer: PeerId| {
        chosen.update(|chosen| match chosen.iter().position(|one| *one == peer) {
            Some(place) => drop(chosen.remove(place)),
            None => chosen.push(peer),
        });
    };
    view! {
        <button
            id="newRoom"
            type="button"
            on:click=move |_| {
                chosen.set(connected.get_untracked());
                if untrack(|| unsaved() > 0 || with_others()) { asking.set(true) } else { room.new_room() }
            }
        >
            {labels::NEW_ROOM}
        </button>
        <Modal
            id="leaveDialog"
            open=asking
            on_close=move |()| asking.set(false)
            title=labels::LEAVE
        >
            <p hidden=move || unsaved() == 0>{move || asking.get().then(|| words::unsaved(unsaved()))}</p>
            <fieldset id="companions" hidden=move || !with_others()>
                <legend>{labels::TAKE_ALONG_HINT}</legend>
                <List
                    each=move || connected.get()
                    key=|peer| RowKey::Person(*peer)
                    children=move |peer| view! {
                        <label>
                            <input type="checkbox" prop:checked=move || chosen.with(|chosen| chosen.contains(&peer)) on:change=move |_| toggle(peer) />
                            <Who peer names />
                            <Mark room peer />
                        </label>
                    }
                />
            </fieldset>
            <div class="buttons">
                <button
                    class="primary"
                    type="button"
                    hidden=move || unsaved() == 0
                    on:click=move |_| {
                        asking.set(false);
                        room.save_all();
                    }
                >
                    {labels::SAVE_ALL}
                </button>
                <button
                    id="takeAlong"
                    type="button"
                    hidden=move || companions.with(Vec::is_empty)
                    on:click=move |_| {
                        asking.set(false);
                        room.move_with(companions.get_untracked());
                    }
                >
                    {move || {
                        // First, as in the title of a person's dialog.
                        let connected = connected.with(Vec::len);
                        words::take_along(companions.with(Vec::len), connected)
                    }}
                </button>
                <button
                    class="leave"
                    type="button"
                    on:click=move |_| {
                        asking.set(false);
                        room.new_room();
                    }
                >
                    {move || if unsaved() == 0 { labels::LEAVE_ALONE } else { labels::LEAVE_ANYWAY }}
                </button>
                <button type="button" on:click=move |_| asking.set(false)>{labels::STAY}</button>
            </div>
        </Modal>
    }
}

/// How many photos exist nowhere else.
#[must_use]
pub fn count_unsaved(trail: RwSignal<Vec<Entry<PhotoView>>>) -> usize {
    trail.with(|trail| trail.iter().filter(|entry| entry.view.with(PhotoView::is_unsaved)).count())
}

/// Whether nothing but another room helps, or helps as well as waiting.
#[must_use]
pub fn needs_new_room(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Replaced)
}
