use leptos::prelude::*;

use super::{
    surface::{CameraSurface, PhotoSurface},
    words::{self, labels},
};
use crate::room::{CameraView, PeerState, Room, RoomView};

/// The camera, the snapped photo and what one does with them.
#[component]
pub fn Capture(room: Room) -> impl IntoView {
    let snapped = room.view.snapped;
    view! {
        <section class="card capture" aria-labelledby="cameraTitle">
            <h2 id="cameraTitle">{labels::CAMERA}</h2>
            <div class="viewfinder">
                <CameraSurface room=room.clone() label=labels::CAMERA_PICTURE />
                <CameraGate room=room.clone() />
            </div>
            <div class="snapped">
                <PhotoSurface room=room.clone() label=labels::SNAPPED_PHOTO />
                <p>{move || words::snapped(snapped.get())}</p>
            </div>
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
    let button = move || {
        let room = room.clone();
        camera.with(words::start_camera).map(|label| {
            view! { <button id="startCamera" type="button" on:click=move |_| room.start_camera()>{label}</button> }
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
            <p class="still" hidden=move || !failed()>{labels::STILL_RECEIVES}</p>
        </div>
    }
}

/// The three buttons, under the thumb on a phone, and why they wait.
#[component]
fn Actions(room: Room) -> impl IntoView {
    let RoomView { status, peers, camera, snapped, .. } = room.view;
    let camera_on = Memo::new(move |_| camera.with(|camera| *camera == CameraView::On));
    let somebody =
        Memo::new(move |_| peers.with(|peers| peers.iter().any(|peer| peer.state == PeerState::Connected)));
    let unsent = Memo::new(move |_| snapped.get().is_some_and(|snap| !snap.sent));
    let hint = move || {
        peers.with(|peers| camera.with(|camera| words::send_hint(status.get(), peers, camera, snapped.get())))
    };
    let (snap, send, both) = (room.clone(), room.clone(), room);
    view! {
        <div class="actions" role="group" aria-label=labels::ACTIONS>
            <p id="sendHint">{hint}</p>
            <button
                id="snap"
                type="button"
                disabled=move || !camera_on.get()
                aria-describedby="sendHint"
                on:click=move |_| snap.snap()
            >
                {labels::SNAP}
            </button>
            <button
                id="send"
                type="button"
                disabled=move || !(somebody.get() && unsent.get())
                aria-describedby="sendHint"
                on:click=move |_| send.send()
            >
                {labels::SEND}
            </button>
            <button
                id="snapAndSend"
                type="button"
                disabled=move || !(somebody.get() && camera_on.get())
                aria-describedby="sendHint"
                on:click=move |_| both.snap_and_send()
            >
                {labels::SNAP_AND_SEND}
            </button>
        </div>
    }
}
