use leptos::prelude::*;

use super::{super::words::data as sentences, why_not};
use crate::check::data::{Data, DataView, Filling, Job};

/// The largest message and the full queue: what they are, and what happens there.
#[component]
pub(super) fn LimitsCard(data: Data) -> impl IntoView {
    let DataView { limits, oversize, filling, .. } = data.view;
    let reason = why_not(data.view);
    let can = move || reason.get().is_none();
    let is_draining =
        Memo::new(move |_| filling.with(|filling| filling.as_ref().is_some_and(Filling::is_draining)));
    let arrived = move || {
        filling.with(|filling| {
            filling
                .as_ref()
                .map_or(0.0, |filling| f64::from(filling.arrived) / f64::from(filling.taken.max(1)))
        })
    };
    view! {
        <section class="card" aria-labelledby="limitsTitle">
            <h2 id="limitsTitle">{sentences::LIMITS}</h2>
            <dl class="limits">
                <div>
                    <dt>{sentences::MAX_MESSAGE} " " <code>"sctp.maxMessageSize"</code></dt>
                    <dd id="maxMessageSize">{move || sentences::max_message(limits.get())}</dd>
                </div>
                <div>
                    <dt>{sentences::QUEUED} " " <code>"bufferedAmount"</code></dt>
                    <dd id="bufferedAmount">{move || sentences::queued(limits.get())}</dd>
                </div>
                <div>
                    <dt>{sentences::LOW} " " <code>"bufferedAmountLowThreshold"</code></dt>
                    <dd>{sentences::low_threshold()}</dd>
                </div>
            </dl>
            <div class="buttons">
                <button
                    id="sendTooMuch"
                    type="button"
                    aria-disabled=move || (!can()).to_string()
                    aria-describedby="limitsReason"
                    on:click=move |_| if untrack(can) { data.send_too_much() }
                >
                    {sentences::SEND_TOO_MUCH}
                </button>
                <button
                    id="fillQueue"
                    type="button"
                    aria-disabled=move || (!can()).to_string()
                    aria-describedby="limitsReason"
                    on:click=move |_| if untrack(can) { data.run(Job::Fill) }
                >
                    {sentences::FILL}
                </button>
                <span class="quiet" id="limitsReason">{move || reason.get()}</span>
            </div>
            <p role="status" id="oversize">
                {move || oversize.with(|oversize| oversize.as_ref().map(sentences::oversize))}
            </p>
            <progress
                hidden=move || !is_draining.get()
                max="1"
                prop:value=arrived
                aria-label=sentences::FILL_PROGRESS
            ></progress>
            <p role="status" id="filling">
                {move || filling.with(|filling| filling.as_ref().map(sentences::filling))}
            </p>
        </section>
    }
}
