use leptos::prelude::*;

use super::{
    leave::count_unsaved,
    peers::{Mark, Who},
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{Invitation, Room, RoomView};

/// Somebody goes to another room and asks others to come along. It lies over nothing: who goes on here is not in the
/// way of it, and nobody can put it before the person again and again.
#[component]
pub fn Invited(room: Room) -> impl IntoView {
    let invited = room.view.invited;
    move || invited.get().map(|invitation| view! { <Card room invitation /> })
}

#[component]
fn Card(room: Room, invitation: Invitation) -> impl IntoView {
    let RoomView { trail, names, .. } = room.view;
    let from = invitation.from;
    let unsaved = move || count_unsaved(trail);
    on_cleanup(|| {
        for button in ["goAlong", "stayHere"] {
            hand_focus_on(button, "status");
        }
    });
    view! {
        <section id="invitation" class="card asking" aria-label=labels::INVITATION>
            <p><Who peer=from names /><Mark room peer=from />" "{labels::INVITES}" "{labels::INVITED_HINT}</p>
            <p hidden=move || unsaved() == 0>{move || words::unsaved(unsaved())}</p>
            <div class="buttons">
                <button
                    id="goAlong"
                    class="primary"
                    type="button"
                    on:click=move |_| room.answer_invitation(from, true)
                >
                    {labels::GO_ALONG}
                </button>
                <button type="button" hidden=move || unsaved() == 0 on:click=move |_| room.save_all()>
                    {labels::SAVE_ALL}
                </button>
                <button id="stayHere" type="button" on:click=move |_| room.answer_invitation(from, false)>
                    {labels::STAY}
                </button>
            </div>
        </section>
    }
}
