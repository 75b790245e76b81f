use leptos::prelude::*;

use super::{
    modal::Modal,
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{PhotoView, Room, Status};

/// A room of one's own. It stands once in the page: in the status where it is the way on, else beside the room's name.
/// Photos that exist nowhere else are not left behind without a question.
#[component]
pub fn NewRoom(room: Room) -> impl IntoView {
    let trail = room.view.trail;
    let asking = RwSignal::new(false);
    on_cleanup(|| hand_focus_on("newRoom", "status"));
    let unsaved = move || {
        trail.with(|trail| trail.iter().filter(|entry| entry.view.with(PhotoView::is_unsaved)).count())
    };
    view! {
        <button
            id="newRoom"
            type="button"
            on:click=move |_| {
                if untrack(unsaved) == 0 { room.new_room() } else { asking.set(true) }
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
            <p>{move || asking.get().then(|| words::unsaved(unsaved()))}</p>
            <div class="buttons">
                <button
                    class="primary"
                    type="button"
                    on:click=move |_| {
                        asking.set(false);
                        room.save_all();
                    }
                >
                    {labels::SAVE_ALL}
                </button>
                <button
                    class="leave"
                    type="button"
                    on:click=move |_| {
                        asking.set(false);
                        room.new_room();
                    }
                >
                    {labels::LEAVE_ANYWAY}
                </button>
                <button type="button" on:click=move |_| asking.set(false)>{labels::STAY}</button>
            </div>
        </Modal>
    }
}

/// Whether nothing but another room helps, or helps as well as waiting.
#[must_use]
pub fn needs_new_room(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Replaced)
}
