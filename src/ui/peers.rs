use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    icon::Icon,
    list::{List, RowKey},
    name::NameDialog,
    person::PersonDialog,
    states,
    surface::hand_focus_on,
    words::{self, Names, labels},
};
use crate::room::{Comparison, Room, RoomView, Trust};

/// Colours in the style sheet, `data-tone="0"` and on.
pub const TONES: u8 = 8;

/// Who is here: oneself first, then the others.
#[component]
pub fn Peers(room: Room) -> impl IntoView {
    let RoomView { me, peers, my_name, .. } = room.view;
    let naming = RwSignal::new(false);
    let looked_at = RwSignal::new(None);
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
                <List
                    each=move || peers.with(|peers| peers.iter().map(|peer| peer.peer).collect::<Vec<_>>())
                    key=|peer| RowKey::Person(*peer)
                    children=move |peer| view! { <Other room peer looked_at /> }
                />
            </ul>
        </section>
        <NameDialog room open=naming />
        <PersonDialog room open=looked_at />
    }
}

/// Somebody else; pressed, there is more about them.
#[component]
fn Other(room: Room, peer: PeerId, looked_at: RwSignal<Option<PeerId>>) -> impl IntoView {
    let RoomView { peers, names, comparisons, .. } = room.view;
    let id = format!("person-{peer}");
    let leaves = id.clone();
    on_cleanup(move || hand_focus_on(&leaves, "status"));
    let person = Memo::new(move |_| peers.with(|peers| peers.iter().find(|view| view.peer == peer).cloned()));
    let comparison = Memo::new(move |_| comparisons.with(|known| known.get(&peer).copied()));
    let state = move || person.with(|person| person.as_ref().map(|person| states::peer(person.state)));
    let how =
        move || person.with(|person| person.as_ref().map(|person| words::how(person, comparison.get())));
    let has = move |trust| person.with(|person| person.as_ref().is_some_and(|person| person.trust == trust));
    let is_verified = move || has(Trust::Verified);
    let to_compare = move || match comparison.get() {
        Some(Comparison::Signs(signs)) if !is_verified() => {
            Some(signs.map(|sign| words::sign(sign).0).concat())
        }
        _ => None,
    };
    view! {
        <li
            class="person peer"
            class:telling=move || has(Trust::Replaced) || comparison.get() == Some(Comparison::Wanted)
            data-peer=peer.to_string()
            data-state=state
            data-path=move || person.with(|person| person.as_ref()?.path.map(states::path))
            data-verified=move || is_verified().to_string()
        >
            <button id=id type="button" aria-haspopup="dialog" on:click=move |_| looked_at.set(Some(peer))>
                <Who peer names />
                <Mark room peer />
                <span class="how">{how}</span>
                <span class="sas" aria-hidden="true">{to_compare}</span>
            </button>
        </li>
    }
}

/// Beside the name of somebody whose device is verified: a name is what anybody types.
#[component]
pub fn Mark(room: Room, peer: PeerId) -> impl IntoView {
    let peers = room.view.peers;
    let is_verified = Memo::new(move |_| {
        peers.with(|peers| peers.iter().any(|known| known.peer == peer && known.trust == Trust::Verified))
    });
    move || {
        is_verified.get().then(|| {
            view! {
                <Icon name="check" />
                <span class="unseen">", "{labels::VERIFIED}", "</span>
            }
        })
    }
}

/// A person's name beside their colour.
#[component]
pub fn Who(peer: PeerId, names: RwSignal<Names>) -> impl IntoView {
    let tone = words::tone::<TONES>(&peer).to_string();
    view! { <bdi class="who" data-tone=tone>{move || names.with(|names| words::name_of(names, &peer))}</bdi> }
}
