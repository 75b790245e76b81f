use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    icon::Icon,
    name::NameDialog,
    states,
    words::{self, Names, labels},
};
use crate::room::{PeerView, Room, RoomView};

/// Colours in the style sheet, `data-tone="0"` and on.
const TONES: u8 = 8;

/// Who is here: oneself first, then the others.
#[component]
pub fn Peers(room: Room) -> impl IntoView {
    let RoomView { me, peers, names, my_name, .. } = room.view;
    let naming = RwSignal::new(false);
    let own_name = Signal::derive(move || {
        let typed = my_name.get();
        if typed.is_empty() { me.get().as_ref().map(words::friendly_name).unwrap_or_default() } else { typed }
    });
    let tone = move || me.get().map(|me| words::tone::<TONES>(&me).to_string());
    view! {
        <section class="people" aria-labelledby="peersTitle">
            <h2 id="peersTitle" class="unseen">{labels::PEOPLE}</h2>
            <ul id="peers">
                <li class="person me" hidden=move || me.get().is_none()>
                    <button id="editName" type="button" aria-haspopup="dialog" on:click=move |_| naming.set(true)>
                        <bdi class="who" data-tone=tone>{own_name}</bdi>
                        <span class="how">{labels::YOU}</span>
                        <Icon name="edit" />
                        <span class="unseen">", "{labels::EDIT_NAME}</span>
                    </button>
                </li>
                {move || peers.get().iter().map(|peer| other(peer, names)).collect_view()}
            </ul>
        </section>
        <NameDialog room open=naming />
    }
}

fn other(view: &PeerView, names: RwSignal<Names>) -> impl IntoView + use<> {
    let PeerView { peer, state, path } = *view;
    view! {
        <li
            class="person peer"
            data-peer=peer.to_string()
            data-state=states::peer(state)
            data-path=path.map(states::path)
            data-verified="false"
        >
            <Who peer names />
            <span class="how">{words::peer(state, path)}</span>
        </li>
    }
}

/// A person's name beside their colour.
#[component]
pub fn Who(peer: PeerId, names: RwSignal<Names>) -> impl IntoView {
    let tone = words::tone::<TONES>(&peer).to_string();
    view! { <bdi class="who" data-tone=tone>{move || names.with(|names| words::name_of(names, &peer))}</bdi> }
}
