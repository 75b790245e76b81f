use leptos::prelude::*;

use super::{super::words::data as sentences, is_started};
use crate::check::data::{ChannelOptions, Data, DataView, Effort, Phase};

/// Which of three kinds of effort is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    UntilItArrives,
    Retransmits,
    LifeTime,
}

/// What is chosen, as it stands in the fields.
#[derive(Clone, Copy)]
struct Wish {
    label: RwSignal<String>,
    protocol: RwSignal<String>,
    ordered: RwSignal<bool>,
    kind: RwSignal<Kind>,
    retransmits: RwSignal<String>,
    life_time: RwSignal<String>,
}

impl Wish {
    /// As in the codelab, and limits that show what they do.
    fn new() -> Self {
        Self {
            label: RwSignal::new("sendDataChannel".into()),
            protocol: RwSignal::new(String::new()),
            ordered: RwSignal::new(true),
            kind: RwSignal::new(Kind::UntilItArrives),
            retransmits: RwSignal::new("0".into()),
            life_time: RwSignal::new("100".into()),
        }
    }

    /// None while the limit is no number.
    fn options(self) -> Option<ChannelOptions> {
        let limit = |field: RwSignal<String>| field.with(|text| text.trim().parse::<u16>().ok());
        let effort = match self.kind.get() {
            Kind::UntilItArrives => Effort::UntilItArrives,
            Kind::Retransmits => Effort::Retransmits(limit(self.retransmits)?),
            Kind::LifeTime => Effort::LifeTime(limit(self.life_time)?),
        };
        Some(ChannelOptions {
            label: self.label.get(),
            protocol: self.protocol.get(),
            ordered: self.ordered.get(),
            effort,
        })
    }
}

/// What the channel is to be, Start and Stop, and what it is.
#[component]
pub(super) fn OptionsCard(data: Data) -> impl IntoView {
    let DataView { phase, announced, broken, .. } = data.view;
    let wish = Wish::new();
    let options = Memo::new(move |_| wish.options());
    let started = Memo::new(move |_| phase.with(is_started));
    let can_start = Memo::new(move |_| !started.get() && options.with(Option::is_some));
    // What is counts more than what was wished.
    let effect = move || sentences::effect(announced.get().or_else(|| options.get()).as_ref());
    let fact = |(name, value): (&'static str, String)| {
        view! { <div><dt>{name}</dt><dd data-fact=name>{value}</dd></div> }
    };
    let says = move || match broken.get() {
        Some(error) if started.get() => sentences::broken(&error),
        _ => phase.with(sentences::phase),
    };
    view! {
        <section class="card" aria-labelledby="channelTitle">
            <p class="quiet">{sentences::LEAD}</p>
            <div class="halves">
                <fieldset disabled=move || started.get()>
                    <legend id="channelTitle">{sentences::OPTIONS}</legend>
                    <Choices wish />
                </fieldset>
                <div class="announced">
                    <h3>{sentences::EFFECT}</h3>
                    <p id="channelEffect">{effect}</p>
                    <h3>{sentences::ANNOUNCED}</h3>
                    <dl id="channelFacts">{move || sentences::facts(announced.get().as_ref()).map(fact).collect_view()}</dl>
                </div>
            </div>
            <p class="quiet" id="whyNotStart">
                {move || match (started.get(), options.with(Option::is_some)) {
                    (true, _) => Some(sentences::FIXED),
                    (false, true) => None,
                    (false, false) => Some(sentences::NO_NUMBER),
                }}
            </p>
            <div class="buttons">
                <button
                    id="startButton"
                    type="button"
                    class="primary"
                    aria-disabled=move || (!can_start.get()).to_string()
                    aria-describedby="whyNotStart"
                    on:click=move |_| if let Some(options) = options.get_untracked().filter(|_| can_start.get_untracked()) {
                        data.start(options);
                    }
                >
                    {sentences::START}
                </button>
                <button
                    id="closeButton"
                    type="button"
                    aria-disabled=move || (!started.get()).to_string()
                    on:click=move |_| data.stop()
                >
                    {sentences::STOP}
                </button>
            </div>
            <p id="dataStatus" role="status" data-state=move || phase.with(state)>{says}</p>
            <p class="quiet names">
                {sentences::CONSOLE}
                {sentences::CONSOLE_NAMES.map(|name| view! { " " <code>{name}</code> }).collect_view()}
            </p>
        </section>
    }
}

#[component]
fn Choices(wish: Wish) -> impl IntoView {
    let choice = move |kind: Kind, id: &'static str, words: &'static str, member: Option<&'static str>| {
        view! {
            <label class="choice">
                <input
                    id=id
                    type="radio"
                    name="effort"
                    prop:checked=move || wish.kind.get() == kind
                    on:change=move |_| wish.kind.set(kind)
                />
                <span>{words} " " {member.map(|member| view! { <code>{member}</code> })}</span>
            </label>
        }
    };
    // Whoever writes a limit wants it.
    let limit = move |kind: Kind, field: RwSignal<String>, id: &'static str| {
        view! {
            <input
                id=id
                type="number"
                inputmode="numeric"
                min="0"
                max="65535"
                aria-label=id
                aria-invalid=move || (wish.kind.get() == kind && wish.options().is_none()).to_string()
                prop:value=move || field.get()
                on:input=move |event| {
                    field.set(event_target_value(&event));
                    wish.kind.set(kind);
                }
            />
        }
    };
    let text = move |field: RwSignal<String>, id: &'static str, words: &'static str, member: &'static str| {
        view! {
            <label class="field">
                <span>{words} " " <code>{member}</code></span>
                <input
                    id=id
                    type="text"
                    maxlength="100"
                    autocomplete="off"
                    prop:value=move || field.get()
                    on:input=move |event| field.set(event_target_value(&event))
                />
            </label>
        }
    };
    view! {
        <label class="choice">
            <input
                id="ordered"
                type="checkbox"
                prop:checked=move || wish.ordered.get()
                on:change=move |event| wish.ordered.set(event_target_checked(&event))
            />
            {sentences::ORDERED} " " <code>"ordered"</code>
        </label>
        <fieldset class="effort">
            <legend>{sentences::EFFORT}</legend>
            {choice(Kind::UntilItArrives, "reliable", sentences::UNTIL_IT_ARRIVES, None)}
            <div class="limit">
                {choice(Kind::Retransmits, "byRetransmits", sentences::RETRANSMITS, Some("maxRetransmits"))}
                {limit(Kind::Retransmits, wish.retransmits, "maxRetransmits")}
            </div>
            <div class="limit">
                {choice(Kind::LifeTime, "byLifeTime", sentences::LIFE_TIME, Some("maxPacketLifeTime"))}
                {limit(Kind::LifeTime, wish.life_time, "maxPacketLifeTime")}
            </div>
            <p class="quiet">{sentences::ONE_LIMIT}</p>
        </fieldset>
        {text(wish.label, "channelLabel", sentences::LABEL, "label")}
        {text(wish.protocol, "channelProtocol", sentences::PROTOCOL, "protocol")}
    }
}

fn state(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Connecting => "connecting",
        Phase::Open(_) => "open",
        Phase::Stopped => "closed",
        Phase::Failed(_) => "failed",
    }
}
