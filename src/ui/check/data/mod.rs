//! `/check/data`.
//!
//! | file | what |
//! |---|---|
//! | `options` | what the channel is to be, what it is, and what that does |
//! | `texts` | both sides' fields, and the history |
//! | `runs` | numbered messages; throughput |
//! | `limits` | the largest message and the full queue |

mod limits;
mod options;
mod runs;
mod texts;

use leptos::prelude::*;

use super::words::{self, data as sentences};
use crate::check::data::{Data, DataView, Phase};

use limits::LimitsCard;
use options::OptionsCard;
use runs::{NumberedCard, SpeedCard};
use texts::TextsCard;

/// `/check/data`: a data channel from this page to itself.
#[component]
pub fn DataCheck() -> impl IntoView {
    let data = Data::open();
    view! {
        <h2 class="unseen">{words::DATA}</h2>
        <div class="data">
            <OptionsCard data />
            <TextsCard data />
            <NumberedCard data />
            <SpeedCard data />
            <LimitsCard data />
        </div>
    }
}

/// Why what goes through the channel does not go just now.
fn why_not(view: DataView) -> Memo<Option<&'static str>> {
    Memo::new(move |_| view.phase.with(|phase| sentences::why_not(phase, view.job.get())))
}

fn is_started(phase: &Phase) -> bool {
    matches!(phase, Phase::Connecting | Phase::Open(_))
}

/// A table that may be wider than a phone: it scrolls by itself, also with the keyboard.
fn table<const N: usize>(
    title: &'static str,
    columns: [&'static str; N],
    lines: impl Fn() -> Vec<(String, Vec<String>)> + Send + Sync + 'static,
) -> impl IntoView {
    let line = |(first, cells): (String, Vec<String>)| {
        let cells = cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view();
        view! { <tr><th scope="row">{first}</th>{cells}</tr> }
    };
    let heads = columns.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    view! {
        <div class="wide" tabindex="0" role="region" aria-label=title>
            <table>
                <thead><tr>{heads}</tr></thead>
                <tbody>{move || lines().into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
}
