use leptos::prelude::*;

use super::words::{self, all as sentences};
use crate::check::all::{All, AllView, Capture, Check, Finding, Line, Outcome};

/// `/check`: everything by itself, a verdict, and a report.
#[component]
pub fn AllChecks() -> impl IntoView {
    let all = All::open();
    let AllView { lines, is_over, .. } = all.view;
    let verdict = Memo::new(move |_| lines.with(|lines| sentences::verdict(lines, is_over.get())));
    view! {
        <h2 class="unseen">{words::ALL}</h2>
        <section class="card verdict" data-state=move || state_of(verdict.get().0)>
            <p id="verdict" role="status" data-state=move || state_of(verdict.get().0)>{move || verdict.get().1}</p>
            <button id="checkAgain" type="button" on:click=move |_| all.again()>{sentences::AGAIN}</button>
        </section>
        <ol class="card lines">
            {Check::ALL.into_iter().map(|check| view! { <OneLine all check /> }).collect_view()}
        </ol>
        <Report all />
    }
}

/// One thing that is looked at: what it is, how it is, and what to do.
#[component]
fn OneLine(all: All, check: Check) -> impl IntoView {
    let lines = all.view.lines;
    let line = Memo::new(move |_| {
        let found = lines.with(|lines| lines.iter().find(|line| line.check == check).cloned());
        found.unwrap_or(Line { check, is_running: false, finding: None })
    });
    let outcome = move || line.get().outcome();
    let says = move || line.with(sentences::says);
    let remedy =
        move || line.with(|line| line.finding.as_ref().and_then(|finding| sentences::remedy(check, finding)));
    let can_ask = Memo::new(move |_| {
        line.with(|line| match &line.finding {
            Some(Finding::Camera(capture, _) | Finding::Microphone(capture)) => {
                matches!(capture, Capture::Allowed | Capture::WouldAsk | Capture::Unanswered)
            }
            _ => false,
        })
    });
    // It stays when it was pressed, with the focus, until everything is looked at anew.
    let is_asking = Memo::new(move |before: Option<&bool>| {
        let is_known = line.with(|line| line.is_running || line.finding.is_some());
        can_ask.get() || is_known && before.is_some_and(|before| *before)
    });
    view! {
        <li data-check=sentences::id(check) data-state=move || state_of(outcome())>
            <span class="mark" aria-hidden="true"></span>
            <div>
                <h3>{sentences::title(check)}</h3>
                // Read out where somebody waits for it; all of them at once would be a flood.
                <p aria-live=move || if is_asking.get() { "polite" } else { "off" }><span class="unseen">{move || sentences::outcome(outcome())}</span>{says}</p>
                <p class="remedy" hidden=move || remedy().is_none()>{move || remedy().map(|remedy| remedy.0)}
                    " "
                    <a hidden=move || remedy().is_none_or(|remedy| remedy.1.is_none()) href=move || remedy().and_then(|remedy| remedy.1)>
                        {sentences::LOOK_CLOSER}
                    </a>
                </p>
                <button
                    id=format!("ask-{}", sentences::id(check))
                    type="button"
                    class="ask"
                    hidden=move || !is_asking.get()
                    aria-disabled=move || (outcome() == Outcome::Running).to_string()
                    on:click=move |_| if line.get_untracked().outcome() != Outcome::Running { all.ask(check) }
                >
                    {sentences::ask(check)}
                </button>
            </div>
        </li>
    }
}

/// All of it for whoever is to help.
#[component]
fn Report(all: All) -> impl IntoView {
    let AllView { is_over, with_addresses, report, handed, .. } = all.view;
    view! {
        <section class="card report" aria-labelledby="reportTitle">
            <h2 id="reportTitle">{sentences::REPORT}</h2>
            <p>{sentences::REPORT_HINT}</p>
            <label class="choice">
                <input
                    id="withAddresses"
                    type="checkbox"
                    prop:checked=move || with_addresses.get()
                    on:change=move |event| all.set_with_addresses(event_target_checked(&event))
                />
                {sentences::WITH_ADDRESSES}
            </label>
            <div class="buttons">
                <button id="copyReport" type="button" on:click=move |_| all.copy()>{sentences::COPY}</button>
                <button id="saveReport" type="button" on:click=move |_| all.save()>{sentences::SAVE}</button>
            </div>
            <p role="status">{move || handed.get().map(sentences::handed)}</p>
            <details>
                <summary>{move || if is_over.get() { sentences::SHOW_REPORT } else { sentences::SHOW_UNFINISHED }}</summary>
                <pre id="report" tabindex="0" aria-labelledby="reportTitle">{move || report.get()}</pre>
            </details>
        </section>
    }
}

fn state_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Waiting => "waiting",
        Outcome::Running => "running",
        Outcome::Good => "good",
        Outcome::Skipped => "skipped",
        Outcome::Note => "note",
        Outcome::Bad => "bad",
    }
}
