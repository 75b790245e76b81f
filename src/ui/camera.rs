use leptos::prelude::*;

use super::{
    ToCheck,
    effects::Effects,
    relay::is_stranded,
    shutter::Shutter,
    surface::{OwnSurface, PhotoSurface, chosen, hand_focus_on},
    words::{self, labels},
};
use crate::room::{CameraView, PeerState, Room, RoomView};

/// The camera, the snapped photo and what one does with them.
#[component]
pub fn Capture(room: Room) -> impl IntoView {
    let RoomView { counting, burst, .. } = room.view;
    view! {
        <section class="card capture" aria-labelledby="cameraTitle">
            <h2 id="cameraTitle" class="unseen">{labels::CAMERA}</h2>
            <div class="viewfinder">
                <OwnSurface room id="camera" attach=Room::attach_camera label=labels::CAMERA_PICTURE />
                <CameraGate room />
                <p id="countdown" aria-hidden="true">{move || counting.get()}</p>
                <p id="burst" aria-hidden="true">{move || words::burst(burst.get())}</p>
                <p class="unseen" role="status">{move || counting.with(|left| words::counting(left))}</p>
            </div>
            <Effects room />
            <Actions room />
        </section>
    }
}

/// What lies over the viewfinder until the camera is on. The words stay in the page, so that they are read out when
/// they change.
#[component]
fn CameraGate(room: Room) -> impl IntoView {
    let camera = room.view.camera;
    let words = move || camera.with(words::camera);
    // A button that was pressed stays while the camera starts: it has the focus, and hands it on when it goes.
    let pressed = RwSignal::new(false);
    let is_starting = Memo::new(move |_| camera.with(|camera| *camera == CameraView::Starting));
    let is_there = Memo::new(move |_| {
        if is_starting.get() { pressed.get() } else { camera.with(|camera| *camera != CameraView::On) }
    });
    let button = move || {
        is_there.get().then(|| {
            on_cleanup(|| hand_focus_on("startCamera", "snap"));
            view! {
                <button
                    id="startCamera"
                    class="primary"
                    type="button"
                    aria-disabled=move || is_starting.get().to_string()
                    on:click=move |_| {
                        if !is_starting.get_untracked() {
                            pressed.set(true);
                            room.start_camera();
                        }
                    }
                >
                    {move || camera.with(words::start_camera)}
                </button>
            }
        })
    };
    let failed = move || camera.with(|camera| matches!(camera, CameraView::Failed(_)));
    view! {
        <div class="gate" hidden=move || words().is_none()>
            <div role="status">
                <p class="problem">{move || words().map(|[problem, _]| problem)}</p>
                <p class="remedy">{move || words().map(|[_, remedy]| remedy)}</p>
            </div>
            {button}
            {move || failed().then(|| view! { <ToCheck page="/check/camera" label=labels::FIND_OUT /> })}
            <p class="still" hidden=move || !failed()>{labels::STILL_RECEIVES}</p>
        </div>
    }
}

/// The snapped photo and the three buttons, under the thumb on a phone, and why they wait.
#[component]
fn Actions(room: Room) -> impl IntoView {
    let RoomView { status, peers, camera, counting, snapped, sent, names, .. } = room.view;
    let camera_on = Memo::new(move |_| camera.with(|camera| *camera == CameraView::On));
    let somebody =
        Memo::new(move |_| peers.with(|peers| peers.iter().any(|peer| peer.state == PeerState::Connected)));
    // What waits says so and keeps the focus: a button that is disabled while one is on it loses it.
    let can_send = Memo::new(move |_| somebody.get() && snapped.get().is_some_and(|snap| !snap.sent));
    let can_do_both = Memo::new(move |_| somebody.get() && camera_on.get());
    // Of the photo in `#photo`, once it is sent.
    let recipients = move || {
        let item = snapped.get()?.item;
        let newest = sent.with(|sent| sent.iter().find(|entry| entry.key.item == item).cloned())?;
        Some(newest.view.with(|view| view.recipients.clone()))
    };
    let hint = move || {
        let recipients = recipients().unwrap_or_default();
        peers.with(|peers| {
            camera.with(|camera| {
                names.with(|names| {
                    let stranded = is_stranded(room.view);
                    words::send_hint(status.get(), stranded, peers, camera, snapped.get(), &recipients, names)
                })
            })
        })
    };
    view! {
        <div class="actions" role="group" aria-label=labels::ACTIONS>
            <div class="snapped">
                <PhotoSurface room label=labels::SNAPPED_PHOTO />
                <p class="unseen">{move || words::snapped(snapped.get())}</p>
            </div>
            <p id="sendHint">{hint}</p>
            <button
                id="snap"
                type="button"
                aria-disabled=move || (!camera_on.get()).to_string()
                aria-describedby="sendHint"
                on:click=move |_| if camera_on.get_untracked() { room.snap(timer()) }
            >
                // While a number counts, both of them stop that.
                {move || if counting.with(String::is_empty) { labels::SNAP } else { labels::STOP }}
            </button>
            <button
                id="send"
                type="button"
                aria-disabled=move || (!can_send.get()).to_string()
                aria-describedby="sendHint"
                on:click=move |_| if can_send.get_untracked() { room.send() }
            >
                {labels::SEND}
            </button>
            <Shutter room can=can_do_both />
        </div>
    }
}

/// Seconds from a press to the photo.
pub fn timer() -> u8 {
    match chosen("timerSelect").as_bytes() {
        [b'3'] => 3,
        [b'1', ..] => 10,
        _ => 0,
    }
}
