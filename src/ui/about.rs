use leptos::prelude::*;

use super::{link::RoomName, modal::Modal, words::labels};
use crate::room::RoomView;

/// Which room this is; pressed, what Snaproom keeps from whom, in three sentences.
#[component]
pub fn About(view: RoomView) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button id="about" class="quiet" type="button" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <RoomName view />
            <span class="unseen">", "{labels::ABOUT}</span>
        </button>
        <Modal id="aboutDialog" open on_close=move |()| open.set(false) title=labels::ABOUT>
            {move || view.link.get().typed_name.map(|_| view! { <p class="notPrivate">{labels::GUESSED}</p> })}
            {labels::PROMISES.map(|promise| view! { <p>{promise}</p> })}
        </Modal>
    }
}
