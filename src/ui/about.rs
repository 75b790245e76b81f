use leptos::prelude::*;

use super::{icon::Icon, modal::Modal, words::labels};

/// What Snaproom keeps from whom, in three sentences.
#[component]
pub fn About() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button
            id="about"
            class="quiet"
            type="button"
            aria-label=labels::ABOUT
            aria-haspopup="dialog"
            on:click=move |_| open.set(true)
        >
            <Icon name="about" />
        </button>
        <Modal id="aboutDialog" open on_close=move |()| open.set(false) title=labels::ABOUT>
            {labels::PROMISES.map(|promise| view! { <p>{promise}</p> })}
        </Modal>
    }
}
