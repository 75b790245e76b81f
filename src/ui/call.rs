//! Views that come and go are made once and hidden: each block of the page that is built anew by itself is some 2 kB of
//! what a first visit loads.

use leptos::prelude::*;

use super::{
    follow::{follow, follow_on},
    icon::Icon,
    keys::Keys,
    list::{List, RowKey},
    surface::{focus_on, hand_focus_on},
    tile::{Other, SelfView, own_sends},
    words::{self, labels},
};
use crate::room::{Device, MyDevices, PeerState, Records, Room, RoomView, Sends};

/// Begins a call, or joins the one that there is. Beside the people whom one calls.
#[component]
pub fn CallButton(room: Room) -> impl IntoView {
    let RoomView { call, joining, peers, .. } = room.view;
    let somebody = move || peers.with(|peers| peers.iter().any(|peer| peer.state == PeerState::Connected));
    let can_call = Memo::new(move |_| somebody() && !joining.get() && call.with(|call| !call.is_full()));
    view! {
        <button
            id="callButton"
            type="button"
            hidden=move || call.with(|call| call.sends.is_some())
            aria-disabled=move || (!can_call.get()).to_string()
            aria-describedby="callHint"
            on:click=move |_| if can_call.get_untracked() { room.call(true) }
        >
            <Icon name="call" />
            {move || call.with(|call| words::call_button(call, joining.get()))}
        </button>
        <span id="callHint" class="unseen">{move || call.with(words::call_hint)}</span>
    }
}

/// Somebody calls: over the page's top, so that nothing moves when it comes.
#[component]
pub fn Ringing(room: Room) -> impl IntoView {
    let RoomView { call, names, joining, .. } = room.view;
    let is_asked = Memo::new(move |_| !joining.get() && call.with(|call| call.is_asked));
    let sentence = move || {
        if !is_asked.get() {
            return String::new();
        }
        call.with(|call| names.with(|names| words::ringing(call, names)))
    };
    // What is answered hands the focus on, so that nobody begins anew at the page's top.
    follow(move || {
        if !is_asked.get() {
            hand_focus_on("ringing", "status");
        }
    });
    view! {
        <section id="ringing" class="card asking" aria-label=labels::CALL hidden=move || !is_asked.get()>
            <p role="alert">{sentence}</p>
            <div class="buttons">
                <button id="acceptCall" class="primary" type="button" on:click=move |_| room.call(true)>
                    {labels::ACCEPT_CALL}
                </button>
                <button id="acceptSound" type="button" on:click=move |_| room.call(false)>
                    {labels::ACCEPT_SOUND}
                </button>
                <button id="declineCall" type="button" on:click=move |_| room.decline_call()>
                    {labels::DECLINE_CALL}
                </button>
            </div>
        </section>
    }
}

/// The call, while one takes part.
#[component]
pub fn CallPanel(room: Room) -> impl IntoView {
    let RoomView { call, names, .. } = room.view;
    let is_in = Memo::new(move |_| call.with(|call| call.sends.is_some()));
    // None before and after: there is nothing to be shown of them.
    let others = move || {
        call.with(|call| {
            let others = call.others.iter().map(|other| other.peer);
            others.filter(|_| call.sends.is_some()).collect::<Vec<_>>()
        })
    };
    let sentence = move || call.with(|call| names.with(|names| words::call(call, names)));
    follow_on(move |was_in: Option<bool>| {
        if is_in.get() && was_in == Some(false) {
            focus_on("hangupButton");
        } else if !is_in.get() {
            hand_focus_on("call", "callButton");
        }
        is_in.get()
    });
    view! {
        <section id="call" class="card" aria-labelledby="callTitle" hidden=move || !is_in.get()>
            <h2 id="callTitle" class="unseen">{labels::CALL}</h2>
            <div class="tiles">
                <List each=others key=|peer| RowKey::Person(*peer) children=move |peer| view! { <Other room peer /> } />
                <SelfView room />
            </div>
            <div class="callState">
                <p role="status">{sentence}</p>
                <Keys room />
            </div>
            <Controls room />
        </section>
    }
}

/// What one does in a call; on a phone all of it under the pictures.
#[component]
fn Controls(room: Room) -> impl IntoView {
    let devices = room.view.devices;
    view! {
        <div class="buttons controls" role="group" aria-label=labels::IN_CALL>
            {toggle(room, ["muteButton", "microphone", labels::MICROPHONE], |sends| sends.sound, Room::toggle_sound)}
            {toggle(room, ["cameraButton", "camera", labels::CAMERA], |sends| sends.camera, Room::toggle_camera)}
            {toggle(room, ["screenButton", "screen", labels::SCREEN], |sends| sends.screen, Room::toggle_screen)}
            <button
                id="flipCamera"
                type="button"
                hidden=move || devices.with(|mine| mine.all.cameras.len() < 2)
                on:click=move |_| {
                    if let Some(other) = devices.with_untracked(|mine| mine.other_camera().cloned()) {
                        room.choose_camera(other.id);
                    }
                }
            >
                <Icon name="flip" />
                {labels::OTHER_CAMERA}
            </button>
            {record(room, "recordCall", labels::RECORD_CALL, Records::Call)}
            {record(room, "recordOwn", labels::RECORD_OWN, Records::Own)}
            <button id="hangupButton" class="danger" type="button" on:click=move |_| room.hang_up()>
                {labels::HANG_UP}
            </button>
        </div>
        <div class="choices">
            {choice(
                room,
                "cameraSelect",
                labels::CAMERA,
                |mine| (&mine.all.cameras, &mine.camera, false),
                Room::choose_camera,
            )}
            {choice(
                room,
                "microphoneSelect",
                labels::MICROPHONE,
                |mine| (&mine.all.microphones, &mine.microphone, mine.all.has_system_microphone),
                Room::choose_microphone,
            )}
            {choice(
                room,
                "speakerSelect",
                labels::SPEAKER,
                |mine| (&mine.all.speakers, &mine.speaker, true),
                Room::choose_speaker,
            )}
        </div>
    }
}

/// A button that is pressed as long as the others get something of oneself.
fn toggle(
    room: Room,
    [id, icon, label]: [&'static str; 3],
    is_on: fn(Sends) -> bool,
    act: fn(&Room),
) -> impl IntoView {
    let call = room.view.call;
    view! {
        <button
            id=id
            type="button"
            hidden=id == "screenButton" && !room.view.can_share_screen
            aria-pressed=move || is_on(call.with(own_sends)).to_string()
            on:click=move |_| act(&room)
        >
            <Icon name=icon />
            {label}
        </button>
    }
}

/// A button that is pressed as long as a file of the call, or of oneself, is made.
fn record(room: Room, id: &'static str, label: &'static str, what: Records) -> impl IntoView {
    let call = room.view.call;
    let is_on = Memo::new(move |_| call.with(own_sends).records == what);
    view! {
        <button
            id=id
            class="record"
            type="button"
            hidden=!room.view.can_record
            aria-pressed=move || is_on.get().to_string()
            on:click=move |_| room.record(if is_on.get_untracked() { Records::Nothing } else { what })
        >
            <Icon name="record" />
            {move || if is_on.get() { labels::STOP_RECORDING } else { label }}
        </button>
    }
}

/// One of several devices, or the one that the system has for everything, where that can be chosen; not there where there
/// is nothing to choose.
fn choice(
    room: Room,
    id: &'static str,
    label: &'static str,
    of: fn(&MyDevices) -> (&Vec<Device>, &String, bool),
    choose: fn(&Room, String),
) -> impl IntoView {
    let devices = room.view.devices;
    let options = move || {
        devices.with(|mine| {
            let (all, chosen, has_system) = of(mine);
            let option = |device: &Device| {
                let is_chosen = device.id == *chosen;
                view! { <option value=device.id.clone() selected=is_chosen>{device.label.clone()}</option> }
            };
            // No page learns which of them the system has for everything.
            let system = has_system.then(|| Device {
                id: String::new(),
                label: labels::SYSTEM_DEVICE.into(),
                faces_away: None,
            });
            system.iter().chain(all).map(option).collect_view()
        })
    };
    view! {
        <label hidden=move || devices.with(|mine| of(mine).0.len() < 2)>
            <span>{label}</span>
            <select id=id on:change=move |event| choose(&room, event_target_value(&event))>
                {options}
            </select>
        </label>
    }
}
