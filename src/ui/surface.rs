//! The elements that show pictures, dialogs, the focus and the wall clock: the one file of the interface that touches
//! the browser. Each picture's element is handed to the room while it is in the page; pixels never pass through a
//! signal.

use leptos::{ev::Event, html, prelude::*};
use send_wrapper::SendWrapper;
use snaproom_protocol::PeerId;

use super::follow::{follow, follow_on};

pub use crate::browser::page::{
    destination, is_hidden, is_wide, press, scroll_to_end, set_title, time_of_day,
};
pub use crate::browser::prose::Part;
use crate::{
    browser::{Canvas, Dialog, Given, Notification, Video, chosen_in, focus, page, prose::show, task},
    room::{Larger, PhotoKey, Room, Shown},
};

/// Opens or closes a dialog.
pub fn show_as_modal(element: <html::Dialog as html::ElementType>::Output, open: bool) {
    let dialog = Dialog::from(element);
    if open { dialog.show_modal() } else { dialog.close() }
}

/// Gives the focus to the element with this id, once what has just changed is in the page.
pub fn focus_on(id: &str) {
    let id = id.to_owned();
    request_animation_frame(move || focus::set(&id));
}

/// Gives the focus on, if the element with the id `from`, which leaves the page, has it, or something in it does: nobody
/// is to begin anew at the page's top.
pub fn hand_focus_on(from: &str, to: &str) {
    if focus::is_on(from) {
        focus_on(to);
    }
}

/// The rows of a list in which the keyboard keeps its place. A row's own clean-up comes when it is out of the page, where
/// nothing tells any more that it had the focus.
#[derive(Clone, Copy)]
pub struct Rows {
    list: &'static str,
    id: fn(PhotoKey) -> String,
    shown: StoredValue<Vec<PhotoKey>>,
}

impl Rows {
    /// Of the element with the id `list`; `id` gives that of a row.
    pub fn new(list: &'static str, id: fn(PhotoKey) -> String) -> Self {
        Self { list, id, shown: StoredValue::new(Vec::new()) }
    }

    /// They are these from now on, which is said before the page shows it. The focus goes on to `title` from one that leaves.
    pub fn are(self, now: Vec<PhotoKey>, title: &str) {
        let had_focus = focus::is_on(self.list);
        self.shown.update_value(|shown| {
            let gone = shown.iter().filter(|key| had_focus && !now.contains(key));
            gone.for_each(|key| hand_focus_on(&(self.id)(*key), title));
            *shown = now;
        });
    }
}

/// Gives the focus to the element with this id, once what has just changed is in the page, if that hid what has it.
pub fn keep_focus_in(id: &str) {
    let id = id.to_owned();
    request_animation_frame(move || focus::rescue(&id));
}

/// Whether the browser can make a picture larger in this way.
pub fn can_enlarge(how: Larger) -> bool {
    how.is_possible()
}

/// Makes the picture larger; or not any more, if it is so already.
pub fn enlarge(room: Room, video: NodeRef<html::Video>, how: Larger) {
    if let Some(video) = video.get_untracked() {
        room.enlarge(Video::from(video), how);
    }
}

/// Makes the largest picture that `selector` finds fill the screen; or gives the page back.
pub fn fill_screen(room: Room, selector: &str) {
    if let Some(video) = Video::largest(selector) {
        room.enlarge(video, Larger::FullScreen);
    }
}

/// Nothing fills the screen any more.
pub fn show_page() {
    Larger::FullScreen.end();
}

/// Tells of each key that a person presses for the page as a whole, as long as whoever asks is in it.
pub fn on_key(callback: impl FnMut(&str) + 'static) {
    let listener = SendWrapper::new(page::on_key(callback));
    on_cleanup(move || drop(listener));
}

/// The picture has its place in the page alone from now on.
pub fn shrink(video: NodeRef<html::Video>) {
    if let Some(video) = video.get_untracked() {
        Video::from(video).shrink();
    }
}

/// Whether a photo can have a filter.
pub fn can_filter() -> bool {
    Canvas::can_filter()
}

/// What somebody wrote. It does not change.
#[component]
pub fn ProseSurface(
    /// All of it.
    parts: Vec<Part>,
) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    follow(move || {
        if let Some(element) = element.get() {
            show(&element, &parts);
        }
    });
    view! { <div class="said" dir="auto" node_ref=element></div> }
}

/// When something was, in as few words as today allows.
pub fn moment(unix_ms: u64) -> String {
    let [date, today] = [unix_ms, task::unix_ms()].map(|at| page::calendar(at).map(|part| part.to_string()));
    let time = time_of_day(unix_ms);
    if date[..3] == today[..3] { time } else { format!("{}, {time}", date[..3].join("-")) }
}

/// What the system shows on behalf of the page: the last of it, as long as whoever asks is in the page.
#[derive(Clone, Copy)]
pub struct Notices(StoredValue<Option<SendWrapper<Notification>>>);

impl Default for Notices {
    fn default() -> Self {
        Self(StoredValue::new(None))
    }
}

impl Notices {
    /// Shows this in the place of the one before, where the browser lets it.
    pub fn show(&self, title: &str, body: &str) {
        self.clear();
        self.0.set_value(Notification::show(title, body).map(SendWrapper::new));
    }

    /// There is nothing to be told any more.
    pub fn clear(&self) {
        let _ = self.0.try_update_value(Option::take);
    }
}

/// What is chosen in the `<select>` with this id.
pub fn chosen(id: &str) -> String {
    page::value_of(id).unwrap_or_default()
}

/// The camera's picture, for its own person.
#[component]
pub fn OwnSurface(
    /// Told of the element.
    room: Room,
    /// Its id.
    id: &'static str,
    /// How it is told.
    attach: fn(&Room, Option<Video>),
    /// The element.
    #[prop(optional)]
    element: NodeRef<html::Video>,
    /// For people who do not see it.
    label: &'static str,
) -> impl IntoView {
    follow(move || {
        if let Some(video) = element.get() {
            attach(&room, Some(Video::from(video)));
        }
    });
    on_cleanup(move || attach(&room, None));
    view! { <video id=id node_ref=element autoplay muted playsinline aria-label=label></video> }
}

/// A picture of one of the pages under `/check`.
#[component]
pub fn CheckSurface(
    /// Its id.
    id: &'static str,
    /// For people who do not see it.
    label: &'static str,
    /// Told of the element.
    #[prop(into)]
    attach: Callback<Option<Video>>,
) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    follow(move || {
        if let Some(video) = element.get() {
            attach.run(Some(Video::from(video)));
        }
    });
    on_cleanup(move || attach.run(None));
    view! { <video id=id node_ref=element autoplay muted playsinline aria-label=label></video> }
}

/// Somebody else in the call, or their screen.
#[component]
pub fn RemoteSurface(
    /// Told of the element.
    room: Room,
    /// Who.
    peer: PeerId,
    /// What of them.
    shown: Shown,
    /// The element.
    element: NodeRef<html::Video>,
    /// For people who do not see it.
    label: &'static str,
) -> impl IntoView {
    follow(move || {
        if let Some(video) = element.get() {
            room.attach_remote(peer, shown, Some(Video::from(video)));
        }
    });
    on_cleanup(move || room.attach_remote(peer, shown, None));
    let class = if shown == Shown::Screen { "remoteScreen" } else { "remoteVideo" };
    view! {
        <video class=class data-peer=peer.to_string() node_ref=element autoplay muted playsinline aria-label=label></video>
    }
}

/// The snapped photo, `#photo`.
#[component]
pub fn PhotoSurface(room: Room, #[prop(into)] label: String) -> impl IntoView {
    let element = NodeRef::<html::Canvas>::new();
    follow(move || {
        if let Some(canvas) = element.get() {
            room.attach_photo(Some(Canvas::from(canvas)));
        }
    });
    on_cleanup(move || room.attach_photo(None));
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
) -> impl IntoView {
    let element = NodeRef::<html::Canvas>::new();
    follow(move || {
        if let Some(canvas) = element.get() {
            room.attach_incoming(key, Some(Canvas::from(canvas)));
        }
    });
    on_cleanup(move || room.attach_incoming(key, None));
    // Never set again, since setting a canvas's size clears it. The ratio outlives smaller pixels in the canvas.
    view! {
        <canvas
            class="incomingPhoto"
            node_ref=element
            width=width
            height=height
            style:aspect-ratio=format!("{width} / {height}")
            aria-hidden="true"
        ></canvas>
    }
}

/// The open photo at its full size; one canvas for all of them.
#[component]
pub fn LargeSurface(
    /// Told of the canvas.
    room: Room,
    /// Which photo; none while nothing is open.
    photo: RwSignal<Option<PhotoKey>>,
) -> impl IntoView {
    let element = NodeRef::<html::Canvas>::new();
    follow_on(move |before: Option<Option<PhotoKey>>| {
        let canvas = element.get()?;
        let now = photo.get();
        // Another photo takes the place of the one before.
        match (now, before.flatten()) {
            (Some(now), _) => room.attach_large(now, Some(Canvas::from(canvas))),
            (None, Some(before)) => room.attach_large(before, None),
            (None, None) => {}
        }
        now
    });
    on_cleanup(move || {
        if let Some(photo) = photo.get_untracked() {
            room.attach_large(photo, None);
        }
    });
    view! { <canvas id="large" node_ref=element role="img" aria-labelledby="lightboxTitle"></canvas> }
}

/// What was chosen in the `<input type=file>` that the event is of.
pub fn files_chosen(event: &Event) -> Option<Given> {
    let input = event_target::<<html::Input as html::ElementType>::Output>(event);
    let given = chosen_in(&input);
    (!given.choices.is_empty() || given.left_out > 0).then_some(given)
}
