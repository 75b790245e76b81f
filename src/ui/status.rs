use leptos::prelude::*;

use super::{
    ToCheck,
    leave::{NewRoom, needs_new_room},
    relay::is_stranded,
    states,
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{PeerState, Room, RoomView, Status};

/// How the room is, in words, with the ways on where it does not go on by itself. The announcer says it aloud.
#[component]
pub fn StatusLine(room: Room) -> impl IntoView {
    let RoomView { status, peers, camera, link, names, failed, .. } = room.view;
    let (can_show_address, can_retry, can_reload) = (
        Memo::new(move |_| is_stranded(room.view)),
        Memo::new(move |_| needs_retry(status.get())),
        Memo::new(move |_| needs_reload(status.get()) || failed.with(Option::is_some)),
    );
    let is_in_trouble = Memo::new(move |_| {
        let cannot_reach = peers.with(|peers| peers.iter().any(|peer| peer.state == PeerState::Failed));
        cannot_reach || can_show_address.get() || failed.with(Option::is_some) || is_cut_off(status.get())
    });
    let sentence = move || {
        if let Some(words) = failed.get() {
            return words::failed(&words);
        }
        peers.with(|peers| {
            camera.with(|camera| {
                names.with(|names| words::status(status.get(), is_stranded(room.view), peers, camera, names))
            })
        })
    };
    view! {
        <section class="statusLine" aria-label=labels::STATUS data-state=move || states::status(status.get())>
            <p id="status" tabindex="-1" data-state=move || states::status(status.get())>{sentence}</p>
            {move || {
                let [sentence, command, or, other] = link.with(|link| words::how_to_start(status.get(), link))?;
                Some(view! { <p class="howToStart">{sentence}<code>{command}</code>{or}<code>{other}</code>"."</p> })
            }}
            <div class="waysOn">
                {move || needs_new_room(status.get()).then(|| view! { <NewRoom room /> })}
                {way_on(room, "showAddress", labels::SHOW_ADDRESS, can_show_address, |room| room.set_relay_only(false))}
                {way_on(room, "retry", labels::RETRY, can_retry, Room::retry)}
                {way_on(room, "reload", labels::RELOAD, can_reload, Room::reload)}
                {move || is_in_trouble.get().then(|| view! { <ToCheck page="/check" label=labels::FIND_OUT /> })}
            </div>
        </section>
    }
}

/// A button that is there while it is of use, and hands the focus on when it goes.
fn way_on(
    room: Room,
    id: &'static str,
    label: &'static str,
    is_of_use: Memo<bool>,
    act: fn(&Room),
) -> impl IntoView {
    move || {
        is_of_use.get().then(|| {
            on_cleanup(move || hand_focus_on(id, "status"));
            view! { <button id=id type="button" on:click=move |_| act(&room)>{label}</button> }
        })
    }
}

fn is_cut_off(status: Status) -> bool {
    matches!(status, Status::Offline | Status::Reconnecting | Status::Refused)
}

fn needs_retry(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Offline | Status::Refused)
}

fn needs_reload(status: Status) -> bool {
    matches!(status, Status::Outdated | Status::Refused)
}
