//! The elements that show pictures, and the wall clock: the one file of the interface that touches the browser.
//! Each element is handed to the room while it is in the page; pixels never pass through a signal.

use leptos::{html, prelude::*};

pub use crate::browser::page::time_of_day;
use crate::{
    browser::{Canvas, Video},
    room::{PhotoKey, Room},
};

/// The camera's picture, `#camera`.
#[component]
pub fn CameraSurface(room: Room, #[prop(into)] label: String) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    let leaving = room.clone();
    Effect::new(move || {
        if let Some(video) = element.get() {
            room.attach_camera(Some(Video::from(video)));
        }
    });
    on_cleanup(move || leaving.attach_camera(None));
    view! { <video id="camera" node_ref=element autoplay muted playsinline aria-label=label></video> }
}

/// The snapped photo, `#photo`.
#[component]
pub fn PhotoSurface(room: Room, #[prop(into)] label: String) -> impl IntoView {
    let element = NodeRef::<html::Canvas>::new();
    let leaving = room.clone();
    Effect::new(move || {
        if let Some(canvas) = element.get() {
            room.attach_photo(Some(Canvas::from(canvas)));
        }
    });
    on_cleanup(move || leaving.attach_photo(None));
    view! { <canvas id="photo" node_ref=element width="16" height="9" role="img" aria-label=label></canvas> }
}

/// A photo from somebody else. Its place is kept from the first moment on.
#[component]
pub fn IncomingSurface(
    /// Told of the canvas.
    room: Room,
    /// Which photo.
    key: PhotoKey,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// For people who do not see it.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let element = NodeRef::<html::Canvas>::new();
    let leaving = room.clone();
    Effect::new(move || {
        if let Some(canvas) = element.get() {
            room.attach_incoming(key, Some(Canvas::from(canvas)));
        }
    });
    on_cleanup(move || leaving.attach_incoming(key, None));
    // Never set again, since setting a canvas's size clears it. The ratio outlives smaller pixels in the canvas.
    view! {
        <canvas
            class="incomingPhoto"
            node_ref=element
            width=width
            height=height
            style:aspect-ratio=format!("{width} / {height}")
            role="img"
            aria-label=label
        ></canvas>
    }
}
