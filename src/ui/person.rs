use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    follow::follow_on,
    modal::Modal,
    surface::{focus_on, hand_focus_on},
    words::{self, labels},
};
use crate::room::{Comparison, PeerState, Room, RoomView, Signs, Trust};

/// What the focus rests on while there is nothing to press.
const WORDS: &str = "personWords";

/// Who somebody is, as far as two people can find out: seven signs that they read to each other.
#[component]
pub fn PersonDialog(room: Room, open: RwSignal<Option<PeerId>>) -> impl IntoView {
    let RoomView { peers, names, comparisons, .. } = room.view;
    let person = Memo::new(move |_| {
        let id = open.get()?;
        peers.with(|peers| peers.iter().find(|peer| peer.peer == id).cloned())
    });
    let comparison = Memo::new(move |_| comparisons.with(|known| known.get(&person.get()?.peer).copied()));
    let signs = Memo::new(move |_| match comparison.get()? {
        Comparison::Signs(signs) => Some(signs),
        Comparison::Waiting | Comparison::Wanted => None,
    });
    // What the other side calls itself stands nowhere near the signs: it may have signs in it.
    let title = Signal::derive(move || {
        // Before what follows from it: an effect that asks for the signs first and finds them unchanged does not hear
        // that the person is another one (reactive_graph 0.2.16).
        let person = person.get();
        if signs.get().is_some() {
            return labels::COMPARE.to_owned();
        }
        person.map(|person| names.with(|names| words::name_of(names, &person.peer))).unwrap_or_default()
    });
    let can_ask = Memo::new(move |_| {
        let is_there = person.get().is_some_and(|person| person.state == PeerState::Connected);
        is_there && matches!(comparison.get(), None | Some(Comparison::Wanted))
    });
    let can_say_same = Memo::new(move |_| {
        signs.get().is_some() && person.get().is_some_and(|person| person.trust != Trust::Verified)
    });
    let answer = move |same| {
        if let Some((peer, signs)) = open.get_untracked().zip(signs.get_untracked()) {
            room.compared(peer, signs, same);
        }
        open.set(None);
    };
    // Who has gone has nothing to compare, nor a place in the page for the focus to go back to.
    let is_open = Signal::derive(move || person.get().is_some());
    follow_on(move |was_open: Option<bool>| {
        let is_open = is_open.get();
        if was_open == Some(true) && !is_open && open.get_untracked().is_some() {
            open.set(None);
            focus_on("status");
        }
        is_open
    });
    view! {
        <Modal id="personDialog" open=is_open on_close=move |()| open.set(None) title>
            <div role="status">
                <p id=WORDS class="remedy" tabindex="-1">
                    {move || person.get().map(|person| words::person(&person, comparison.get()))}
                </p>
                {move || signs.get().map(|signs| view! { <Seven signs /> })}
            </div>
            <div class="buttons">
                {move || can_ask.get().then(|| {
                    on_cleanup(|| hand_focus_on("compare", WORDS));
                    view! {
                        <button
                            id="compare"
                            class="primary"
                            type="button"
                            on:click=move |_| if let Some(peer) = open.get_untracked() { room.compare(peer) }
                        >
                            {labels::COMPARE}
                        </button>
                    }
                })}
                {move || can_say_same.get().then(|| {
                    on_cleanup(|| hand_focus_on("sameSigns", WORDS));
                    view! {
                        <button id="sameSigns" class="primary" type="button" on:click=move |_| answer(true)>
                            {labels::SAME_SIGNS}
                        </button>
                    }
                })}
                {move || signs.get().is_some().then(|| {
                    on_cleanup(|| hand_focus_on("otherSigns", WORDS));
                    view! {
                        <button id="otherSigns" type="button" on:click=move |_| answer(false)>
                            {labels::OTHER_SIGNS}
                        </button>
                    }
                })}
            </div>
        </Modal>
    }
}

/// Seven signs with their names.
#[component]
fn Seven(signs: Signs) -> impl IntoView {
    let signs = signs.map(|sign| {
        let (picture, name) = words::sign(sign);
        view! { <li><span aria-hidden="true">{picture}</span>{name}</li> }
    });
    view! { <ol class="comparison">{signs}</ol> }
}
