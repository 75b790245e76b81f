use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    states,
    words::{self, labels},
};
use crate::room::{PeerView, RoomView};

/// Colours in the style sheet, `data-tone="0"` and on.
const TONES: u8 = 8;

/// Who is here: oneself first, then the others.
#[component]
pub fn Peers(view: RoomView) -> impl IntoView {
    let RoomView { me, peers, .. } = view;
    view! {
        <section class="card people" aria-labelledby="peersTitle">
            <h2 id="peersTitle">{labels::PEOPLE}</h2>
            <ul id="peers">
                {move || me.get().map(myself)}
                {move || peers.get().iter().map(other).collect_view()}
            </ul>
        </section>
    }
}

/// Our name is what the others see.
fn myself(me: PeerId) -> impl IntoView {
    view! { <li class="person me"><Who peer=me /><span class="how">{labels::YOU}</span></li> }
}

fn other(view: &PeerView) -> impl IntoView + use<> {
    let PeerView { peer, state, path } = *view;
    view! {
        <li
            class="person peer"
            data-peer=peer.to_string()
            data-state=states::peer(state)
            data-path=path.map(states::path)
            data-verified="false"
        >
            <Who peer />
            <span class="how">{words::peer(state, path)}</span>
        </li>
    }
}

/// A peer's name beside its colour.
#[component]
pub fn Who(peer: PeerId) -> impl IntoView {
    let tone = words::tone::<TONES>(&peer).to_string();
    view! { <span class="who" data-tone=tone>{words::friendly_name(&peer)}</span> }
}
