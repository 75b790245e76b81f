use leptos::prelude::*;

use super::{super::words::data as sentences, why_not};
use crate::check::data::{Data, DataView, End, Fate, Message, Phase, field_of};

/// A field for each side, what came to it, and the history of both.
#[component]
pub(super) fn TextsCard(data: Data) -> impl IntoView {
    let DataView { messages, unsent, .. } = data.view;
    view! {
        <section class="card" aria-labelledby="textsTitle">
            <h2 id="textsTitle">{sentences::TEXTS}</h2>
            <div class="halves">
                <Side data side=End::Near />
                <Side data side=End::Far />
            </div>
            <p role="status" id="unsent">{move || unsent.with(|unsent| unsent.as_ref().map(sentences::unsent))}</p>
            <h3>{sentences::HISTORY}</h3>
            <History messages />
        </section>
    }
}

#[component]
fn Side(data: Data, side: End) -> impl IntoView {
    let DataView { phase, near_received, far_received, .. } = data.view;
    let (which, received, received_id, button) = match side {
        End::Near => (0, near_received, "dataChannelAnswers", "sendButton"),
        End::Far => (1, far_received, "dataChannelReceive", "answerButton"),
    };
    let is_open = Memo::new(move |_| phase.with(|phase| matches!(phase, Phase::Open(_))));
    // A run does not keep anybody from writing.
    let reason = why_not(data.view);
    let reason = move || reason.get().filter(|_| !is_open.get());
    view! {
        <div class="side">
            <h3>{sentences::SIDES[which]}</h3>
            <label class="field">
                <span>{sentences::WRITE[which]}</span>
                // Not disabled: the focus would be lost when the channel closes.
                <textarea
                    id=field_of(side)
                    rows="2"
                    maxlength="1000"
                    placeholder=move || if is_open.get() { "" } else { sentences::PLACEHOLDER }
                    readonly=move || !is_open.get()
                ></textarea>
            </label>
            <div class="buttons">
                <button
                    id=button
                    type="button"
                    aria-disabled=move || (!is_open.get()).to_string()
                    on:click=move |_| if is_open.get_untracked() { data.send(side) }
                >
                    {sentences::SEND[which]}
                </button>
                <span class="quiet">{reason}</span>
            </div>
            <label class="field">
                <span>{sentences::RECEIVED}</span>
                // Its text is its value as long as nobody writes there.
                <textarea
                    id=received_id
                    rows="3"
                    readonly
                    prop:defaultValue=move || received.with(|lines| lines.join("\n"))
                ></textarea>
            </label>
        </div>
    }
}

/// What became of the texts, the newest first. A text adds its line and changes no other.
#[component]
fn History(messages: RwSignal<Vec<Message>>) -> impl IntoView {
    let numbers = Memo::new(move |_| {
        messages.with(|messages| messages.iter().rev().map(|message| message.number).collect::<Vec<_>>())
    });
    let is_empty = Memo::new(move |_| numbers.with(Vec::is_empty));
    let newest = Memo::new(move |_| messages.with(|messages| messages.last().and_then(sentences::newest)));
    let line = move |number| view! { <Line messages number /> };
    view! {
        <p class="unseen" role="status" id="newestText">{move || newest.get()}</p>
        <div class="history" role="group" tabindex="0" aria-label=sentences::HISTORY>
            <p class="quiet" hidden=move || !is_empty.get()>{sentences::NO_HISTORY}</p>
            <ol id="history" hidden=move || is_empty.get()>
                <For each=move || numbers.get() key=|number| *number children=line />
            </ol>
        </div>
    }
}

#[component]
fn Line(messages: RwSignal<Vec<Message>>, number: u32) -> impl IntoView {
    let Message { from, text, time, fate: first, .. } =
        messages.with_untracked(|messages| numbered(messages, number).cloned())?;
    let fate = Memo::new(move |_| {
        messages.with(|messages| numbered(messages, number).map_or(first, |message| message.fate))
    });
    let state = move || match fate.get() {
        Fate::OnTheWay => "underWay",
        Fate::Arrived(_) | Fate::FromConsole => "arrived",
        Fate::Missing => "missing",
    };
    let side = match from {
        End::Near => "near",
        End::Far => "far",
    };
    Some(view! {
        <li class="message" data-from=side data-state=state>
            <p class="quiet">
                <b>{sentences::sender(from, first)}</b>
                " · " <time>{time}</time> " · " <span>{move || sentences::fate(fate.get())}</span>
            </p>
            <p class="text">{text}</p>
        </li>
    })
}

fn numbered(messages: &[Message], number: u32) -> Option<&Message> {
    messages.iter().find(|message| message.number == number)
}
