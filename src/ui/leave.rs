use leptos::prelude::*;

use super::{
    modal::Modal,
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{Entry, PeerState, PhotoView, Room, RoomView, Status};

/// A room of one's own. It stands once in the page: in the status where it is the way on, else beside the room's name.
/// Neither people nor photos that exist nowhere else are left behind without a question.
#[component]
pub fn NewRoom(room: Room) -> impl IntoView {
    let RoomView { trail, peers, .. } = room.view;
    let asking = RwSignal::new(false);
    on_cleanup(|| hand_focus_on("newRoom", "status"));
    let unsaved = move || count_unsaved(trail);
    let with_others = move || peers.with(|peers| peers.iter().any(|peer| peer.state == PeerState::Connected));
    view! {
        <button
            id="newRoom"
            type="button"
            on:click=move |_| {
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
            <p hidden=move || !with_others()>{labels::TAKE_ALONG_HINT}</p>
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
                    hidden=move || !with_others()
                    on:click=move |_| {
                        asking.set(false);
                        room.move_everybody();
                    }
                >
                    {labels::TAKE_ALONG}
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

/// Somebody goes to another room and asks everybody to come along.
#[component]
pub fn Invited(room: Room) -> impl IntoView {
    let RoomView { trail, invited, names, .. } = room.view;
    let unsaved = move || count_unsaved(trail);
    let title = Signal::derive(move || {
        let from = invited.get().map(|invitation| invitation.from);
        from.map(|from| names.with(|names| words::invites(&from, names))).unwrap_or_default()
    });
    view! {
        <Modal
            id="invitedDialog"
            open=Signal::derive(move || invited.with(Option::is_some))
            on_close=move |()| room.answer_invitation(false)
            title
        >
            <p>{labels::INVITED_HINT}</p>
            <p hidden=move || unsaved() == 0>{move || words::unsaved(unsaved())}</p>
            <div class="buttons">
                <button id="goAlong" class="primary" type="button" on:click=move |_| room.answer_invitation(true)>
                    {labels::GO_ALONG}
                </button>
                <button
                    type="button"
                    hidden=move || unsaved() == 0
                    on:click=move |_| room.save_all()
                >
                    {labels::SAVE_ALL}
                </button>
                <button type="button" on:click=move |_| room.answer_invitation(false)>{labels::STAY}</button>
            </div>
        </Modal>
    }
}

/// How many photos exist nowhere else.
fn count_unsaved(trail: RwSignal<Vec<Entry<PhotoView>>>) -> usize {
    trail.with(|trail| trail.iter().filter(|entry| entry.view.with(PhotoView::is_unsaved)).count())
}

/// Whether nothing but another room helps, or helps as well as waiting.
#[must_use]
pub fn needs_new_room(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Replaced)
}
