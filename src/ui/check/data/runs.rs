use leptos::prelude::*;

use super::{
    super::{Plot, words::data as sentences},
    table, why_not,
};
use crate::check::data::{Counted, Data, DataView, Job, MESSAGES, Measured, Pace, RUN_MS, SAMPLE_MS};

const KIB: u32 = 1024;
const CHUNKS: [u32; 4] = [KIB, 16 * KIB, 64 * KIB, 256 * KIB];
const WINDOWS: [u32; 4] = [64 * KIB, 384 * KIB, 1024 * KIB, 4096 * KIB];

/// What the room's transfers have.
const USUAL: Pace = Pace { chunk: 64 * KIB, window: 384 * KIB };

/// Points of a curve over one run.
const POINTS: usize = (RUN_MS / SAMPLE_MS) as usize;

/// Numbered messages: how many come, how many late.
#[component]
pub(super) fn NumberedCard(data: Data) -> impl IntoView {
    let DataView { progress, counted, job, .. } = data.view;
    let is_running = Memo::new(move |_| job.get() == Some(Job::Numbered));
    let result = move || {
        if is_running.get() {
            return None;
        }
        counted.with(|runs| runs.first().map(sentences::counted))
    };
    let lines = move || {
        counted.with(|runs| {
            let line =
                |run: &Counted| (sentences::channel(&run.options), sentences::counted_cells(run).to_vec());
            runs.iter().map(line).collect()
        })
    };
    view! {
        <section class="card" aria-labelledby="numberedTitle">
            <h2 id="numberedTitle">{sentences::NUMBERED}</h2>
            <p class="quiet">{sentences::NUMBERED_HINT}</p>
            <Run data job=Signal::stored(Job::Numbered) is_running id="runNumbered" words=sentences::RUN_NUMBERED />
            <div class="going" hidden=move || !is_running.get()>
                <progress
                    max=MESSAGES.to_string()
                    prop:value=move || f64::from(progress.get().1)
                    aria-label=sentences::NUMBERED_PROGRESS
                ></progress>
                <p>{move || sentences::progress(progress.get())}</p>
            </div>
            <p role="status" id="counted">{result}</p>
            <div hidden=move || counted.with(Vec::is_empty) id="countedRuns">
                {table(sentences::NUMBERED_TABLE, sentences::NUMBERED_COLUMNS, lines)}
            </div>
        </section>
    }
}

/// As much as goes.
#[component]
pub(super) fn SpeedCard(data: Data) -> impl IntoView {
    let DataView { curve, measured, job, .. } = data.view;
    let chunk = RwSignal::new(USUAL.chunk);
    let window = RwSignal::new(USUAL.window);
    let wish = Signal::derive(move || Job::Speed(Pace { chunk: chunk.get(), window: window.get() }));
    let is_running = Memo::new(move |_| matches!(job.get(), Some(Job::Speed(_))));
    let result = move || {
        if is_running.get() {
            return None;
        }
        measured.with(|runs| runs.first().map(sentences::measured))
    };
    let lines = move || {
        measured.with(|runs| {
            let chunk = |bytes| sentences::bytes(f64::from(bytes));
            let line = |run: &Measured| (chunk(run.pace.chunk), sentences::measured_cells(run).to_vec());
            runs.iter().map(line).collect()
        })
    };
    view! {
        <section class="card" aria-labelledby="speedTitle">
            <h2 id="speedTitle">{sentences::SPEED}</h2>
            <p class="quiet">{sentences::SPEED_HINT}</p>
            <div class="fields">
                {size("chunkSize", sentences::CHUNK, CHUNKS, chunk)}
                {size("windowSize", sentences::WINDOW, WINDOWS, window)}
            </div>
            <Run data job=wish is_running id="runSpeed" words=sentences::RUN_SPEED />
            <Plot
                title=sentences::CURVE
                room_for=POINTS
                values=curve
                last=Signal::derive(move || curve.with(|curve| sentences::speed_now(curve)))
            />
            <p role="status" id="measured">{result}</p>
            <div hidden=move || measured.with(Vec::is_empty) id="measuredRuns">
                {table(sentences::SPEED_TABLE, sentences::SPEED_COLUMNS, lines)}
            </div>
        </section>
    }
}

/// The button that begins a run, and the one that ends it: the same one, so that the focus stays.
#[component]
fn Run(
    data: Data,
    job: Signal<Job>,
    is_running: Memo<bool>,
    id: &'static str,
    words: &'static str,
) -> impl IntoView {
    let reason = why_not(data.view);
    let reason = move || reason.get().filter(|_| !is_running.get());
    let reason_id = format!("{id}Reason");
    view! {
        <div class="buttons">
            <button
                id=id
                type="button"
                aria-disabled=move || reason().is_some().to_string()
                aria-describedby=reason_id.clone()
                on:click=move |_| if is_running.get_untracked() {
                    data.cancel();
                } else if untrack(reason).is_none() {
                    data.run(job.get_untracked());
                }
            >
                {move || if is_running.get() { sentences::CANCEL } else { words }}
            </button>
            <span class="quiet" id=reason_id>{reason}</span>
        </div>
    }
}

fn size(id: &'static str, words: &'static str, sizes: [u32; 4], chosen: RwSignal<u32>) -> impl IntoView {
    let option = move |bytes: u32| {
        let is_chosen = move || chosen.get() == bytes;
        view! {
            <option value=bytes.to_string() prop:selected=is_chosen>{sentences::bytes(f64::from(bytes))}</option>
        }
    };
    view! {
        <label class="field">
            <span>{words}</span>
            <select
                id=id
                on:change=move |event| if let Ok(bytes) = event_target_value(&event).parse() { chosen.set(bytes) }
            >
                {sizes.map(option).collect_view()}
            </select>
        </label>
    }
}
