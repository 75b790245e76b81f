use leptos::prelude::*;

use super::{
    leave::{NewRoom, needs_new_room},
    states,
    surface::hand_focus_on,
    words::{self, labels},
};
use crate::room::{Room, RoomView, Status};

/// How the room is, in words, with the ways on where it does not go on by itself. The announcer says it aloud.
#[component]
pub fn StatusLine(room: Room) -> impl IntoView {
    let RoomView { status, peers, camera, link, names, failed, .. } = room.view;
    let (can_retry, can_reload) = (
        Memo::new(move |_| needs_retry(status.get())),
        Memo::new(move |_| needs_reload(status.get()) || failed.with(Option::is_some)),
    );
    let sentence = move || {
        if let Some(words) = failed.get() {
            return words::failed(&words);
        }
        peers.with(|peers| {
            camera.with(|camera| names.with(|names| words::status(status.get(), peers, camera, names)))
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
                {move || can_retry.get().then(|| {
                    on_cleanup(|| hand_focus_on("retry", "status"));
                    view! { <button id="retry" type="button" on:click=move |_| room.retry()>{labels::RETRY}</button> }
                })}
                {move || can_reload.get().then(|| view! {
                    <button id="reload" type="button" on:click=move |_| room.reload()>{labels::RELOAD}</button>
                })}
            </div>
        </section>
    }
}

fn needs_retry(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Offline | Status::Refused)
}

fn needs_reload(status: Status) -> bool {
    matches!(status, Status::Outdated | Status::Refused)
}
