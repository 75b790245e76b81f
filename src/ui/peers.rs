use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    icon::Icon,
    name::NameDialog,
    person::PersonDialog,
    states,
    words::{self, Names, labels},
};
use crate::room::{PeerView, Room, RoomView};

/// Colours in the style sheet, `data-tone="0"` and on.
const TONES: u8 = 8;

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
                <For
                    each=move || peers.with(|peers| peers.iter().map(|peer| peer.peer).collect::<Vec<_>>())
                    key=|peer| *peer
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
    let RoomView { peers, names, signs, .. } = room.view;
    let person = Memo::new(move |_| peers.with(|peers| peers.iter().find(|view| view.peer == peer).cloned()));
    let of = move |read: fn(&PeerView) -> &'static str| person.with(|person| person.as_ref().map(read));
    let verified = move || person.with(|person| person.as_ref().is_some_and(|person| person.verified));
    let compared = move || {
        if verified() {
            return None;
        }
        signs.with(|signs| signs.get(&peer).map(|signs| signs.map(|sign| words::sign(sign).0).concat()))
    };
    view! {
        <li
            class="person peer"
            data-peer=peer.to_string()
            data-state=move || of(|person| states::peer(person.state))
            data-path=move || person.with(|person| person.as_ref()?.path.map(states::path))
            data-verified=move || verified().to_string()
        >
            <button type="button" aria-haspopup="dialog" on:click=move |_| looked_at.set(Some(peer))>
                <Who peer names />
                {move || verified().then(|| view! {
                    <Icon name="check" />
                    <span class="unseen">", "{labels::VERIFIED}", "</span>
                })}
                <span class="how">{move || of(|person| words::peer(person.state, person.path))}</span>
                <span class="sas" aria-hidden="true">{compared}</span>
            </button>
        </li>
    }
}

/// A person's name beside their colour.
#[component]
pub fn Who(peer: PeerId, names: RwSignal<Names>) -> impl IntoView {
    let tone = words::tone::<TONES>(&peer).to_string();
    view! { <bdi class="who" data-tone=tone>{move || names.with(|names| words::name_of(names, &peer))}</bdi> }
}
