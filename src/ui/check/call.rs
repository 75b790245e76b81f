use leptos::prelude::*;

use super::{
    Plot,
    words::{
        self,
        call::{self as sentences, unit},
    },
};
use crate::{
    check::call::{
        Call, Curves, Entry, Pair, Phase, Place, ROOM_FOR, Section, Side, Source, Times, sections,
    },
    ui::surface::CheckSurface,
};

/// `/check/call`: a call from this page to itself, step by step.
#[component]
pub fn CallCheck() -> impl IntoView {
    let call = Call::open();
    view! {
        <h2 class="unseen">{words::CALL}</h2>
        <Stage call />
        <SetUp call />
        <Measured call />
        <TraceTable call />
        <Pairs call />
        <Descriptions call />
    }
}

/// Both pictures, and what a person does.
#[component]
fn Stage(call: Call) -> impl IntoView {
    let view = call.view;
    let is_open = Memo::new(move |_| view.phase.with(Phase::is_open));
    let can_start = Memo::new(move |_| {
        !is_open.get()
            && view
                .source
                .with(|source| matches!(source, Source::Nothing | Source::Drawn | Source::Failed(_)))
    });
    let can_draw = Memo::new(move |_| !is_open.get() && view.source.with(|source| *source != Source::Drawn));
    let can_call = Memo::new(move |_| !is_open.get() && view.source.with(Source::is_there));
    let status = Memo::new(move |_| {
        let pictured = view.trace.with(|trace| trace.times.pictured);
        view.source.with(|source| view.phase.with(|phase| sentences::status(source, phase, pictured)))
    });
    let needs_start = move || view.source.with(|source| !source.is_there());
    view! {
        <section class="card stage" aria-label=sentences::BUTTONS>
            <p>{sentences::INTRODUCTION}</p>
            <div class="pictures">
                <figure>
                    <CheckSurface
                        id="localVideo"
                        label=sentences::LOCAL_LABEL
                        attach=move |video| call.attach(Place::Local, video)
                    />
                    <figcaption>{sentences::LOCAL}</figcaption>
                </figure>
                <figure>
                    <CheckSurface
                        id="remoteVideo"
                        label=sentences::REMOTE_LABEL
                        attach=move |video| call.attach(Place::Remote, video)
                    />
                    <figcaption>{sentences::REMOTE}</figcaption>
                </figure>
            </div>
            <div class="buttons">
                <button
                    id="startButton"
                    type="button"
                    class:primary=needs_start
                    aria-disabled=move || (!can_start.get()).to_string()
                    aria-describedby="callStatus"
                    on:click=move |_| if can_start.get_untracked() { call.start() }
                >
                    {sentences::START}
                </button>
                <button
                    id="callButton"
                    type="button"
                    class:primary=move || can_call.get()
                    aria-disabled=move || (!can_call.get()).to_string()
                    aria-describedby="callStatus"
                    on:click=move |_| if can_call.get_untracked() { call.call() }
                >
                    {sentences::CALL}
                </button>
                <button
                    id="hangupButton"
                    type="button"
                    class:danger=move || is_open.get()
                    aria-disabled=move || (!is_open.get()).to_string()
                    aria-describedby="callStatus"
                    on:click=move |_| if is_open.get_untracked() { call.hang_up() }
                >
                    {sentences::HANG_UP}
                </button>
                <button
                    id="drawButton"
                    type="button"
                    aria-disabled=move || (!can_draw.get()).to_string()
                    aria-describedby="callStatus"
                    on:click=move |_| if can_draw.get_untracked() { call.draw() }
                >
                    {sentences::DRAW}
                </button>
            </div>
            <div id="callStatus" role="status">
                <p>{move || status.with(|status| status.0.clone())}</p>
                <p class="remedy">{move || status.with(|status| status.1.clone())}</p>
            </div>
        </section>
    }
}

/// How long it took, and with which codec it goes.
#[component]
fn SetUp(call: Call) -> impl IntoView {
    let view = call.view;
    let times = Memo::new(move |_| view.trace.with(|trace| trace.times));
    let used = Memo::new(move |_| {
        view.curves.with(|curves| curves.last.as_ref().and_then(|last| last.used.clone()))
    });
    let milestone = move |id: &'static str, name: &'static str, of: fn(Times) -> Option<f64>| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd id=id>{move || sentences::time(of(times.get()))}</dd>
            </div>
        }
    };
    view! {
        <section class="card setUp" aria-labelledby="setUpTitle">
            <h2 id="setUpTitle">{sentences::SET_UP}</h2>
            <dl class="milestones">
                {milestone("described", sentences::DESCRIBED, |times| times.described)}
                {milestone("connected", sentences::CONNECTED, |times| times.connected)}
                {milestone("pictured", sentences::PICTURED, |times| times.pictured)}
            </dl>
            <Bar times />
            <p class="compared">{move || sentences::set_up(times.get())}</p>
            <div class="codec">
                <label for="codecSelect">{sentences::CODEC}</label>
                <select id="codecSelect" on:change=move |event| {
                    call.prefer(Some(event_target_value(&event)).filter(|codec| !codec.is_empty()));
                }>
                    <option value="">{sentences::ANY_CODEC}</option>
                    {view
                        .codecs
                        .get_untracked()
                        .into_iter()
                        .map(|codec| view! { <option value=codec.clone()>{codec.clone()}</option> })
                        .collect_view()}
                </select>
                <p>{move || sentences::used_label(view.phase.with(Phase::is_open) || used.with(Option::is_none))} " " <span id="usedCodec">{move || used.with(|used| sentences::used(used.as_ref()))}</span></p>
            </div>
        </section>
    }
}

/// The set-up's parts as lengths, beside 500 ms.
#[component]
fn Bar(times: Memo<Times>) -> impl IntoView {
    const CODELAB_MS: f64 = 500.0;
    let upper = move || times.get().pictured.unwrap_or(0.0).max(CODELAB_MS) * 1.1;
    let share = move |time: f64| format!("{:.2}%", time / upper() * 100.0);
    let part = move |class: &'static str, from: fn(Times) -> Option<f64>, to: fn(Times) -> Option<f64>| {
        let length = move || {
            let times = times.get();
            to(times).map_or(0.0, |to| to - from(times).unwrap_or(0.0)).max(0.0)
        };
        view! { <span class=class style:width=move || share(length())></span> }
    };
    view! {
        <div class="bar" aria-hidden="true">
            {part("described", |_| None, |times| times.described)}
            {part("connected", |times| times.described, |times| times.connected)}
            {part("pictured", |times| times.connected, |times| times.pictured)}
            <span class="limit" style:inset-inline-start=move || share(CODELAB_MS)>{sentences::CODELAB}</span>
        </div>
    }
}

/// What goes and comes.
#[component]
fn Measured(call: Call) -> impl IntoView {
    let curves = call.view.curves;
    let plot =
        move |title: &'static str, of: fn(&Curves) -> &Vec<f64>, at_least: f64, unit: fn(f64) -> String| {
            let values = Signal::derive(move || curves.with(|curves| of(curves).clone()));
            let last = Signal::derive(move || curves.with(|curves| sentences::last(of(curves), unit)));
            view! { <Plot title room_for=ROOM_FOR values last at_least unit /> }
        };
    let lost = Signal::derive(move || curves.with(|curves| curves.lost.clone()));
    view! {
        <section id="measured" class="card" aria-labelledby="measuredTitle">
            <h2 id="measuredTitle">{sentences::MEASURED}</h2>
            <div class="plots">
                {plot(sentences::SENT, |curves| &curves.sent, 1e6, unit::bits)}
                {plot(sentences::RECEIVED, |curves| &curves.received, 1e6, unit::bits)}
                {plot(sentences::FRAMES, |curves| &curves.frames, 30.0, unit::count)}
                {plot(sentences::ROUND_TRIP, |curves| &curves.round_trip, 10.0, unit::milliseconds)}
                <Plot
                    title=sentences::LOST
                    room_for=ROOM_FOR
                    values=lost
                    last=Signal::derive(move || curves.with(sentences::lost))
                    at_least=10.0
                    unit=unit::count
                />
            </div>
        </section>
    }
}

/// What happened, with its times.
#[component]
fn TraceTable(call: Call) -> impl IntoView {
    let trace = call.view.trace;
    let entries = move || trace.with(|trace| trace.entries.iter().cloned().enumerate().collect::<Vec<_>>());
    let is_empty = Memo::new(move |_| trace.with(|trace| trace.entries.is_empty()));
    let left_out = Memo::new(move |_| trace.with(|trace| trace.left_out));
    let row = |(_, Entry { after, what }): (usize, Entry)| {
        let (who, api, says) = sentences::step(&what);
        view! {
            <tr data-step=sentences::step_id(&what) data-of=who>
                <td>{sentences::time(Some(after))}</td>
                <td>{who}</td>
                <td><code>{api}</code>" "{says}</td>
            </tr>
        }
    };
    // Another call's entries are others, though they have the same places.
    let key = |(place, entry): &(usize, Entry)| (*place, entry.after.to_bits());
    view! {
        <section class="card" aria-labelledby="traceTitle">
            <h2 id="traceTitle">{sentences::TRACE}</h2>
            <p hidden=move || !is_empty.get()>{sentences::TRACE_EMPTY}</p>
            <div class="scroll" role="group" aria-labelledby="traceTitle" tabindex="0" hidden=move || is_empty.get()>
                <table id="trace">
                    <thead><tr>{columns(&sentences::TRACE_COLUMNS)}</tr></thead>
                    <tbody><For each=entries key=key children=row /></tbody>
                </table>
            </div>
            <p hidden=move || left_out.get() == 0>{move || sentences::left_out(left_out.get())}</p>
        </section>
    }
}

/// Which ways were tried, and which one is in use.
#[component]
fn Pairs(call: Call) -> impl IntoView {
    let curves = call.view.curves;
    let pairs = Memo::new(move |_| {
        curves.with(|curves| curves.last.as_ref().map(|last| last.pairs.clone()).unwrap_or_default())
    });
    let is_empty = Memo::new(move |_| pairs.with(Vec::is_empty));
    let is_open = Memo::new(move |_| call.view.phase.with(Phase::is_open));
    let row = move |pair: &Pair| {
        view! {
            <tr data-selected=pair.is_selected.to_string()>
                <td><span>{sentences::end(&pair.local)}</span>" → "<span>{sentences::end(&pair.remote)}</span></td>
                <td>{sentences::pair(pair, is_open.get())}</td>
                <td>{sentences::time(pair.round_trip)}</td>
            </tr>
        }
    };
    view! {
        <section class="card" aria-labelledby="pairsTitle">
            <h2 id="pairsTitle">{sentences::PAIRS}</h2>
            <p>{sentences::PAIRS_HINT}</p>
            <p hidden=move || !is_empty.get()>{sentences::PAIRS_EMPTY}</p>
            <div class="scroll" role="group" aria-labelledby="pairsTitle" tabindex="0" hidden=move || is_empty.get()>
                <table id="pairs">
                    <thead><tr>{columns(&sentences::PAIRS_COLUMNS)}</tr></thead>
                    <tbody>{move || pairs.with(|pairs| pairs.iter().map(row).collect_view())}</tbody>
                </table>
            </div>
        </section>
    }
}

/// What the two say of themselves.
#[component]
fn Descriptions(call: Call) -> impl IntoView {
    let view = call.view;
    let one = move |side: Side| {
        let all = Memo::new(move |_| view.descriptions.with(|both| sections(&both[side as usize])));
        let places = move || all.with(|all| (0..all.len()).collect::<Vec<_>>());
        let is_empty = Memo::new(move |_| all.with(Vec::is_empty));
        let copied = move || {
            view.copied.get().filter(|copied| copied.0 == side).map(|copied| sentences::copied(copied.1))
        };
        let [name, expression] = sentences::description(side);
        let (id, button) =
            if side == Side::Caller { ("offer", "copyOffer") } else { ("answer", "copyAnswer") };
        view! {
            <div id=id>
                <header>
                    <h3>{name}</h3>
                    <button
                        id=button
                        type="button"
                        aria-label=sentences::copy(side)
                        hidden=move || is_empty.get()
                        on:click=move |_| call.copy(side)
                    >
                        {sentences::COPY}
                    </button>
                    <code>{expression}</code>
                    <p role="status">{copied}</p>
                </header>
                <p hidden=move || !is_empty.get()>{sentences::DESCRIPTION_EMPTY}</p>
                // They stay open while their lines change.
                <For each=places key=|place| *place children=move |place| view! { <Part all place /> } />
            </div>
        }
    };
    view! {
        <section class="card" aria-labelledby="descriptionsTitle">
            <h2 id="descriptionsTitle">{sentences::DESCRIPTIONS}</h2>
            <p>{sentences::DESCRIPTIONS_HINT}</p>
            <div class="descriptions">{Side::ALL.into_iter().map(one).collect_view()}</div>
            <p>
                {sentences::CONSOLE}
                " " <code>"localStream"</code> " " <code>"pc1"</code> " " <code>"pc2"</code>
            </p>
        </section>
    }
}

/// One part of a description, which can be folded; what a line means stands once in it.
#[component]
fn Part(all: Memo<Vec<Section>>, place: usize) -> impl IntoView {
    let part = Memo::new(move |_| all.with(|all| all.get(place).cloned()));
    let lines = move || {
        let mut said = Vec::new();
        let lines = part.get().map(|part| part.lines).unwrap_or_default();
        let line = lines.into_iter().map(|line| {
            let means = sentences::explain(&line).filter(|means| !said.contains(means));
            said.extend(means);
            view! { <li><code>{line}</code>{means.map(|means| view! { <span>{means}</span> })}</li> }
        });
        line.collect_view()
    };
    view! {
        <details>
            <summary>{move || part.with(|part| part.as_ref().map(sentences::section))}</summary>
            <ol class="sdp">{lines}</ol>
        </details>
    }
}

fn columns(names: &'static [&'static str]) -> impl IntoView {
    names.iter().map(|name| view! { <th scope="col">{*name}</th> }).collect_view()
}
