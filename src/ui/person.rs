use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    modal::Modal,
    words::{self, labels},
};
use crate::room::{PeerState, Room, RoomView};

/// Who somebody is, as far as two people can find out: seven signs that they read to each other.
#[component]
pub fn PersonDialog(room: Room, open: RwSignal<Option<PeerId>>) -> impl IntoView {
    let RoomView { peers, names, signs, .. } = room.view;
    let person = Memo::new(move |_| {
        let id = open.get()?;
        peers.with(|peers| peers.iter().find(|peer| peer.peer == id).cloned())
    });
    let known = Memo::new(move |_| signs.with(|signs| signs.get(&person.get()?.peer).copied()));
    let title = Signal::derive(move || {
        person.get().map(|person| names.with(|names| words::name_of(names, &person.peer))).unwrap_or_default()
    });
    let can_ask = move || {
        known.get().is_none() && person.get().is_some_and(|person| person.state == PeerState::Connected)
    };
    let answer = move |same| {
        if let Some(peer) = open.get_untracked() {
            room.compared(peer, same);
        }
        open.set(None);
    };
    // Who has gone has nothing to compare.
    let is_open = Signal::derive(move || person.get().is_some());
    view! {
        <Modal id="personDialog" open=is_open on_close=move |()| open.set(None) title>
            <p class="remedy">{move || person.get().map(|person| words::person(&person, known.get().is_some()))}</p>
            <ol class="comparison">
                {move || known.get().map(|signs| {
                    signs.map(|sign| {
                        let (picture, name) = words::sign(sign);
                        view! { <li><span aria-hidden="true">{picture}</span>{name}</li> }
                    })
                })}
            </ol>
            <div class="buttons">
                <button
                    id="compare"
                    class="primary"
                    type="button"
                    hidden=move || !can_ask()
                    on:click=move |_| if let Some(peer) = open.get_untracked() { room.compare(peer) }
                >
                    {labels::COMPARE}
                </button>
                <button
                    id="sameSigns"
                    class="primary"
                    type="button"
                    hidden=move || known.get().is_none()
                    on:click=move |_| answer(true)
                >
                    {labels::SAME_SIGNS}
                </button>
                <button
                    id="otherSigns"
                    type="button"
                    hidden=move || known.get().is_none()
                    on:click=move |_| answer(false)
                >
                    {labels::OTHER_SIGNS}
                </button>
            </div>
        </Modal>
    }
}
