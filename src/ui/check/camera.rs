use leptos::prelude::*;

use super::{
    Plot,
    words::{self, camera as sentences},
};
use crate::{
    check::camera::{
        Applied, Asked, CameraCheck, CameraView, Device, Facing, Limit, Part, RATES, SoundCheck, SoundView,
        State,
    },
    ui::{surface::CheckSurface, words::labels},
};

/// `/check/camera`: what a camera gives and can be asked; how loud the microphone is; whether the browser gives either.
#[component]
pub fn CameraChecks() -> impl IntoView {
    let camera = CameraCheck::open();
    let sound = SoundCheck::open();
    let asked = RwSignal::new(Asked::default());
    view! {
        <h2 class="unseen">{words::CAMERA}</h2>
        <div class="sideBySide">
            <Picture camera asked />
            <div class="beside">
                <Facts camera />
                <Sound camera sound />
            </div>
        </div>
        <Wishes camera asked />
        <Permissions camera sound />
    }
}

/// The picture, what starts and stops it, and what changes how it is seen here.
#[component]
fn Picture(camera: CameraCheck, asked: RwSignal<Asked>) -> impl IntoView {
    let CameraView { state, settings, permission, guide, .. } = camera.view;
    let is_wanted = Memo::new(move |_| state.with(State::is_wanted));
    let status = move || state.with(|state| sentences::status(state, permission.get(), guide));
    // Until the person says otherwise it is as in the room.
    let chosen = RwSignal::new(None);
    let mirrors = Memo::new(move |_| {
        let faces_away = settings.with(|settings| settings.facing.as_deref() == Some("environment"));
        chosen.get().unwrap_or(!faces_away)
    });
    view! {
        <section class="card picture" aria-labelledby="pictureTitle">
            <h3 id="pictureTitle" class="unseen">{sentences::PICTURE}</h3>
            // What the filters ask for: style/effects.css.
            <div class="capture">
                <CheckSurface
                    id="localVideo"
                    label=sentences::YOUR_PICTURE
                    attach=Callback::new(move |video| camera.attach(video))
                />
                <div class="effects">
                    <div class="pickers" inner_html=labels::FILTER></div>
                    <button
                        id="mirrorSwitch"
                        class="quiet"
                        type="button"
                        role="switch"
                        aria-checked=move || mirrors.get().to_string()
                        on:click=move |_| chosen.set(Some(!mirrors.get_untracked()))
                    >
                        {sentences::MIRROR}
                    </button>
                </div>
                <p class="aside">{move || sentences::mirrored(mirrors.get())}</p>
            </div>
            <div id="cameraStatus" class="says" role="status" data-state=move || state.with(name_of)>
                <p>{move || status()[0].clone()}</p>
                <p class="remedy">{move || status()[1].clone()}</p>
            </div>
            <div class="buttons">
                <button
                    id="startButton"
                    class="primary"
                    type="button"
                    aria-disabled=move || is_wanted.get().to_string()
                    aria-describedby="cameraStatus"
                    on:click=move |_| if !is_wanted.get_untracked() { camera.start(asked.get_untracked()) }
                >
                    {move || state.with(sentences::start)}
                </button>
                <button
                    id="stopButton"
                    type="button"
                    aria-disabled=move || (!is_wanted.get()).to_string()
                    aria-describedby="cameraStatus"
                    on:click=move |_| if is_wanted.get_untracked() { camera.stop() }
                >
                    {sentences::STOP}
                </button>
            </div>
        </section>
    }
}

/// What comes of the camera in truth, and what is wrong with it.
#[component]
fn Facts(camera: CameraCheck) -> impl IntoView {
    let CameraView { state, label, size, rates, verdict, .. } = camera.view;
    let says = move || state.with(|state| sentences::verdict(state, verdict.get()));
    let name = move || {
        label.with(|label| if label.is_empty() { sentences::NOTHING_YET.into() } else { label.clone() })
    };
    view! {
        <section class="card" aria-labelledby="factsTitle">
            <h3 id="factsTitle">{sentences::FACTS}</h3>
            <div
                id="pictureVerdict"
                class="says"
                role="status"
                data-state=move || state.with(|state| sentences::verdict_state(state, verdict.get()))
            >
                <p>{move || says()[0]}</p>
                <p class="remedy">{move || says()[1]}</p>
            </div>
            <dl class="pairs">
                <dt>{sentences::DEVICE}</dt>
                <dd id="cameraLabel">{name}</dd>
                <dt>{sentences::SIZE}</dt>
                <dd id="pictureSize">{move || sentences::size(size.get())}</dd>
            </dl>
            <Plot
                title=sentences::RATE
                room_for=RATES
                values=rates
                last=Signal::derive(move || sentences::rate(rates.with(|rates| rates.last().copied())))
            />
            <p class="aside">{sentences::MIRROR_TEST}</p>
        </section>
    }
}

/// What the camera is asked for, its answers, and what it can do.
#[component]
fn Wishes(camera: CameraCheck, asked: RwSignal<Asked>) -> impl IntoView {
    let CameraView { state, applied, call, .. } = camera.view;
    let can_apply = Memo::new(move |_| {
        state.with(|state| *state == State::On) && applied.with(|applied| *applied != Some(Applied::Waiting))
    });
    let says =
        move || applied.with(|applied| state.with(|state| sentences::applied(applied.as_ref(), state)));
    let shown =
        move || call.with(|call| if call.is_empty() { sentences::NO_CALL.to_owned() } else { call.clone() });
    view! {
        <section class="card" aria-labelledby="wishesTitle">
            <h3 id="wishesTitle">{sentences::WISHES}</h3>
            <p class="aside">{sentences::WISHES_HINT}</p>
            <form
                class="wishes"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    if can_apply.get_untracked() {
                        camera.apply(asked.get_untracked());
                    }
                }
            >
                <div class="wish heads" aria-hidden="true">
                    <span></span>
                    <span>{sentences::VALUE}</span>
                    <div class="replies">
                        <span>{sentences::ANSWER}</span>
                        <span>{sentences::POSSIBLE}</span>
                    </div>
                </div>
                {Part::ALL.into_iter().map(|part| view! { <Wish camera asked part /> }).collect_view()}
                <div class="buttons">
                    <button
                        id="applyConstraints"
                        type="submit"
                        aria-disabled=move || (!can_apply.get()).to_string()
                        aria-describedby="applied"
                    >
                        {sentences::APPLY}
                    </button>
                    <p id="applied" role="status">{says}</p>
                </div>
            </form>
            <h4>{sentences::CONSOLE}</h4>
            <p class="aside">{sentences::CALL_HINT}</p>
            <pre id="constraintsCall">{shown}</pre>
            <p class="aside">{sentences::CONSOLE_HINT}</p>
            <pre>{sentences::CONSOLE_TRY}</pre>
        </section>
    }
}

/// One part of it.
#[component]
fn Wish(camera: CameraCheck, asked: RwSignal<Asked>, part: Part) -> impl IntoView {
    let view = camera.view;
    let name = part.name();
    let [title, value, limit, facts, problem] =
        ["Title", "Value", "Limit", "Facts", "Refusal"].map(|what| format!("{name}{what}"));
    let refusal = Memo::new(move |_| {
        view.applied.with(|applied| {
            view.asked.with(|asked| {
                view.capabilities.with(|can| sentences::refusal(part, applied.as_ref(), asked, can))
            })
        })
    });
    let is_refused = move || refusal.with(Option::is_some);
    let answer = move || {
        view.settings.with(|runs| view.cameras.with(|cameras| sentences::answer(part, runs, cameras)))
    };
    let possible = move || {
        view.capabilities.with(|can| view.cameras.with(|cameras| sentences::possible(part, can, cameras)))
    };
    let (labelled, described) = (title.clone(), format!("{facts} {problem}"));
    let asks = match part {
        Part::Facing => {
            let described = described.clone();
            view! {
                <select
                    id=value
                    aria-label=sentences::value(part)
                    aria-describedby=described
                    aria-invalid=move || is_refused().to_string()
                    on:change=move |event| {
                        let faces_away = event_target_value(&event) == "environment";
                        asked.update(|asked| {
                            asked.facing = if faces_away { Facing::Environment } else { Facing::User };
                        });
                    }
                >
                    <option value="user">{sentences::facing(Facing::User)}</option>
                    <option value="environment">{sentences::facing(Facing::Environment)}</option>
                </select>
                {strictness(part, limit, None, move |limit| asked.update(|asked| asked.facing_limit = limit))}
            }
            .into_any()
        }
        Part::Device => view! { <Cameras cameras=view.cameras asked id=value described is_refused=Signal::derive(is_refused) /> }.into_any(),
        _ => {
            let begins = asked.with_untracked(|asked| asked.number(part).cloned());
            let (text, begins) = begins.map_or_else(Default::default, |number| (number.text, number.limit));
            view! {
                <input
                    id=value
                    type="number"
                    inputmode="decimal"
                    min="1"
                    step="any"
                    value=text
                    aria-label=sentences::value(part)
                    aria-describedby=described
                    aria-invalid=move || is_refused().to_string()
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        asked.update(|asked| {
                            if let Some(number) = asked.number_mut(part) {
                                number.text = text;
                            }
                        });
                    }
                />
                {strictness(part, limit, begins, move |limit| {
                    asked.update(|asked| {
                        if let Some(number) = asked.number_mut(part) {
                            number.limit = limit;
                        }
                    });
                })}
            }
            .into_any()
        }
    };
    view! {
        <div class="wish" role="group" aria-labelledby=labelled data-constraint=name>
            <h4 id=title>{sentences::title(part)}" "<span class="unit">{sentences::unit(part)}</span></h4>
            <div class="asks">{asks}</div>
            <dl class="replies" id=facts>
                <div><dt>{sentences::ANSWER}</dt><dd class="answer">{answer}</dd></div>
                <div><dt>{sentences::POSSIBLE}</dt><dd class="possible">{possible}</dd></div>
            </dl>
            <p class="refusal" id=problem>{move || refusal.get()}</p>
        </div>
    }
}

/// How strictly a part is asked.
fn strictness(
    part: Part,
    id: String,
    begins: Option<Limit>,
    choose: impl Fn(Option<Limit>) + 'static,
) -> impl IntoView {
    // A place where a camera looks is no number.
    let is_offered =
        move |limit: &Limit| part != Part::Facing || matches!(limit, Limit::Ideal | Limit::Exact);
    let option = move |limit: Limit| {
        view! { <option value=limit.name() selected=begins == Some(limit)>{sentences::limit(limit)}</option> }
    };
    view! {
        <select
            id=id
            aria-label=sentences::strictness(part)
            on:change=move |event| choose(Limit::named(&event_target_value(&event)))
        >
            <option value="">{sentences::NOT_ASKED}</option>
            {Limit::ALL.into_iter().filter(is_offered).map(option).collect_view()}
        </select>
    }
}

/// Which camera: any, or one and no other.
#[component]
fn Cameras(
    cameras: RwSignal<Vec<Device>>,
    asked: RwSignal<Asked>,
    id: String,
    described: String,
    is_refused: Signal<bool>,
) -> impl IntoView {
    let options = move || {
        let chosen = asked.with_untracked(|asked| asked.device.clone());
        cameras.with(|cameras| {
            let is_gone = chosen.as_ref().is_some_and(|id| cameras.iter().all(|camera| camera.id != *id));
            let gone = chosen.clone().filter(|_| is_gone).map(|id| {
                view! { <option value=id selected=true>{sentences::GONE}</option> }
            });
            let option = |camera: &Device| {
                let is_chosen = chosen.as_ref() == Some(&camera.id);
                view! { <option value=camera.id.clone() selected=is_chosen>{camera.label.clone()}</option> }
            };
            (gone, cameras.iter().map(option).collect_view())
        })
    };
    view! {
        <select
            id=id
            aria-label=sentences::value(Part::Device)
            aria-describedby=described
            aria-invalid=move || is_refused.get().to_string()
            on:change=move |event| {
                let id = event_target_value(&event);
                asked.update(|asked| asked.device = (!id.is_empty()).then_some(id));
            }
        >
            <option value="">{sentences::ANY_CAMERA}</option>
            {options}
        </select>
    }
}

/// The microphone, and how loud it is.
#[component]
fn Sound(camera: CameraCheck, sound: SoundCheck) -> impl IntoView {
    let SoundView { state, label, level, heard, permission } = sound.view;
    let guide = camera.view.guide;
    let says = move || state.with(|state| sentences::sound(state, permission.get(), guide));
    let percent = move || format!("{:.0}", level.get() * 100.0);
    let words = Memo::new(move |_| state.with(|state| sentences::heard(state, heard.get())));
    view! {
        <section class="card" aria-labelledby="soundTitle">
            <h3 id="soundTitle">{sentences::SOUND}</h3>
            <div id="soundStatus" class="says" role="status" data-state=move || state.with(name_of)>
                <p>{move || says()[0].clone()}</p>
                <p class="remedy">{move || says()[1].clone()}</p>
            </div>
            <p class="aside" id="microphoneLabel">{move || label.get()}</p>
            // Its words are read when somebody asks for them, and not with every syllable.
            <div
                id="soundLevel"
                class="meter"
                role="meter"
                aria-label=sentences::LOUDNESS
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=percent
                aria-valuetext=move || words.get()
            >
                <span style:width=move || format!("{}%", percent())></span>
            </div>
            <p id="heard">{move || words.get()}</p>
            <button
                id="listenButton"
                type="button"
                on:click=move |_| if state.with_untracked(State::is_wanted) { sound.stop() } else { sound.start() }
            >
                {move || state.with(sentences::listen)}
            </button>
        </section>
    }
}

/// Whether the browser gives camera and microphone, and where that is changed.
#[component]
fn Permissions(camera: CameraCheck, sound: SoundCheck) -> impl IntoView {
    let guide = camera.view.guide;
    let line = move |id: &'static str, device: &'static str, permission: RwSignal<_>| {
        view! {
            <p id=id role="status" data-state=move || sentences::permission_state(permission.get())>
                <b>{device}</b>": "{move || sentences::permission(permission.get())}
            </p>
        }
    };
    view! {
        <section class="card permissions" aria-labelledby="permissionsTitle">
            <h3 id="permissionsTitle">{sentences::PERMISSIONS}</h3>
            {line("cameraPermission", words::CAMERA, camera.view.permission)}
            {line("microphonePermission", sentences::SOUND, sound.view.permission)}
            <h4>{sentences::HOW_TO_CHANGE}</h4>
            <p id="howToChange">{sentences::how_to_change(guide, sentences::BOTH)}</p>
            <p class="aside">{sentences::system_too(guide)}</p>
        </section>
    }
}

fn name_of(state: &State) -> &'static str {
    match state {
        State::Off => "off",
        State::Starting => "starting",
        State::On => "on",
        State::Failed(_) => "failed",
        State::Ended => "ended",
    }
}
