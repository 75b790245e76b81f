use leptos::prelude::*;

use super::{
    list::{List, RowKey},
    peers::Who,
    states,
    surface::{hand_focus_on, time_of_day},
    words::{self, Names, labels},
};
use crate::room::{Entry, Recipient, Room, SentView};

/// Photos of ours: what each recipient says that it has.
#[component]
pub fn Sent(room: Room) -> impl IntoView {
    let sent = room.view.sent;
    view! {
        <section class="card sent" aria-labelledby="sentTitle" hidden=move || sent.with(Vec::is_empty)>
            <h2 id="sentTitle" tabindex="-1">{labels::SENT}</h2>
            <ul class="photos" tabindex="0" aria-labelledby="sentTitle">
                <List
                    each=move || sent.get()
                    key=|entry| RowKey::Item(entry.key)
                    children=move |entry| view! { <Photo room entry /> }
                />
            </ul>
        </section>
    }
}

#[component]
fn Photo(room: Room, entry: Entry<SentView>) -> impl IntoView {
    let item = entry.key.item;
    let names = room.view.names;
    let photo = RwSignal::from(entry.view);
    let time = time_of_day(photo.with_untracked(|photo| photo.taken));
    let cancel = words::cancel_sent_at(&time);
    let state = Memo::new(move |_| photo.with(|photo| states::of_all(&photo.recipients)));
    let unfinished = Memo::new(move |_| states::is_unfinished(state.get()));
    let sum = move |bytes: fn(&Recipient) -> u64| {
        photo.with(|photo| photo.recipients.iter().map(bytes).fold(0, u64::saturating_add)).to_string()
    };
    view! {
        <li
            class="transfer"
            data-id=item.to_string()
            data-direction="out"
            data-state=move || states::transfer(state.get())
            data-bytes=move || sum(|recipient| recipient.bytes)
            data-total=move || sum(|recipient| recipient.total)
        >
            <p class="when">{words::sent_at(&time)}</p>
            {move || {
                let label = cancel.clone();
                let id = format!("cancel-{item}");
                unfinished.get().then(|| {
                    let own = id.clone();
                    on_cleanup(move || hand_focus_on(&own, "sentTitle"));
                    view! {
                        <button
                            id=id
                            class="cancel"
                            type="button"
                            aria-label=label
                            on:click=move |_| room.cancel(item)
                        >
                            {labels::CANCEL}
                        </button>
                    }
                })
            }}
            <ul class="recipients">
                {move || photo.with(|photo| photo.recipients.iter().map(|to| recipient(to, names)).collect_view())}
            </ul>
        </li>
    }
}

fn recipient(view: &Recipient, names: RwSignal<Names>) -> impl IntoView + use<> {
    let Recipient { peer, bytes, total, state, .. } = *view;
    view! {
        <li
            class="recipient"
            data-peer=peer.to_string()
            data-state=states::transfer(state)
            data-bytes=bytes.to_string()
            data-total=total.to_string()
        >
            <Who peer names />
            <span class="how">{words::outgoing(view)}</span>
            <progress
                max=total.to_string()
                value=bytes.to_string()
                aria-label=move || names.with(|names| words::received_by(&peer, names))
            ></progress>
        </li>
    }
}
