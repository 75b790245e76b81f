//! `/check/camera`, with Chromium's fake camera: what is asked is done, what fails is named, what is wrong with a
//! picture is said, and nothing is left behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::any::Any;

use leptos::mount::mount_to;
use snaproom_app::{
    browser::{Live, live},
    ui::check_page,
};
use support::{Replaced, place, rejecting, resolving, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    Event, EventTarget, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlVideoElement, MediaStream,
    MediaStreamTrack,
};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export function painted(paint, times) {
        const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
        const context = canvas.getContext('2d');
        const stream = canvas.captureStream();
        let number = 0;
        const timer = setInterval(() => {
            number += 1;
            if (number > times) return clearInterval(timer);
            context.fillStyle = paint === 'black' ? 'black' : `rgb(${100 + number % 50} 90 80)`;
            context.fillRect(0, 0, 320, 180);
        }, 50);
        return stream;
    }
    export function facing(facingMode) {
        const real = MediaStreamTrack.prototype.getSettings;
        return function () { return { ...real.call(this), facingMode }; };
    }
    export function permission(state) {
        return Object.assign(new EventTarget(), { state });
    }
    export function bubbling(name) {
        return new Event(name, { bubbles: true });
    }
    export function change(permission, state) {
        permission.state = state;
        permission.dispatchEvent(new Event('change'));
    }
")]
extern "C" {
    /// A camera whose pictures are painted twenty times a second, so many times.
    fn painted(paint: &str, times: u32) -> MediaStream;
    /// A track's `getSettings`, which also says where it looks.
    fn facing(facing: &str) -> JsValue;
    /// A `PermissionStatus`.
    fn permission(state: &str) -> EventTarget;
    fn bubbling(name: &str) -> Event;
    fn change(permission: &EventTarget, state: &str);
}

/// The page without a server, where the browser says this of its permissions.
struct Page {
    mounted: Option<Box<dyn Any>>,
    place: HtmlElement,
    before: Live,
    permission: EventTarget,
    _permissions: Replaced,
}

impl Page {
    async fn open(state: &str) -> Self {
        let permission = permission(state);
        let permissions = Replaced::with("navigator.permissions.query", &resolving(&permission));
        let place = place();
        let before = live();
        let mounted = mount_to(place.clone(), || check_page("/check/camera"));
        let page =
            Self { mounted: Some(Box::new(mounted)), place, before, permission, _permissions: permissions };
        until("the permission", || page.state("#cameraPermission") == state).await;
        page
    }

    async fn started() -> Self {
        let page = Self::open("prompt").await;
        page.click("#startButton");
        page.is_on().await;
        page
    }

    async fn is_on(&self) {
        until("the camera is on", || self.state("#cameraStatus") == "on").await;
        until("a frame", || self.video().video_width() > 0).await;
    }

    fn find(&self, selector: &str) -> HtmlElement {
        let found = self.place.query_selector(selector).unwrap();
        found.unwrap_or_else(|| panic!("no {selector}")).unchecked_into()
    }

    fn text(&self, selector: &str) -> String {
        self.find(selector).inner_text()
    }

    fn state(&self, selector: &str) -> String {
        self.find(selector).get_attribute("data-state").unwrap_or_default()
    }

    fn click(&self, selector: &str) {
        self.find(selector).click();
    }

    fn video(&self) -> HtmlVideoElement {
        self.find("#localVideo").unchecked_into()
    }

    fn ask(&self, part: &str, value: &str, limit: &str) {
        let field = self.find(&format!("#{part}Value"));
        match field.clone().dyn_into::<HtmlInputElement>() {
            Ok(input) => input.set_value(value),
            Err(select) => select.unchecked_into::<HtmlSelectElement>().set_value(value),
        }
        field.dispatch_event(&bubbling("input")).unwrap();
        field.dispatch_event(&bubbling("change")).unwrap();
        let strictness: HtmlSelectElement = self.find(&format!("#{part}Limit")).unchecked_into();
        strictness.set_value(limit);
        strictness.dispatch_event(&bubbling("change")).unwrap();
    }

    async fn close(mut self) {
        drop(self.mounted.take());
        until("everything to be released", || live() == self.before).await;
        assert!(stream().is_undefined(), "nothing is left on window");
        self.place.remove();
    }
}

/// What a learner finds in the console.
fn stream() -> JsValue {
    js_sys::Reflect::get(&js_sys::global(), &"stream".into()).unwrap()
}

fn track() -> MediaStreamTrack {
    stream().unchecked_into::<MediaStream>().get_video_tracks().get(0).unchecked_into()
}

fn track_state(track: &MediaStreamTrack) -> String {
    js_sys::Reflect::get(track, &"readyState".into()).unwrap().as_string().unwrap()
}

#[wasm_bindgen_test]
async fn it_shows_what_comes_and_stop_ends_it() {
    let page = Page::open("prompt").await;
    assert_eq!(page.find("#startButton").get_attribute("aria-disabled").as_deref(), Some("false"));
    assert_eq!(page.find("#stopButton").get_attribute("aria-disabled").as_deref(), Some("true"));
    assert!(stream().is_undefined());

    page.click("#startButton");
    page.is_on().await;
    until("its size", || page.text("#pictureSize") == "1280 × 720").await;
    until("its frames", || page.text(".plot b").parse::<f64>().is_ok_and(|rate| rate > 1.0)).await;
    until("a good picture", || page.state("#pictureVerdict") == "good").await;
    assert!(page.text("#cameraLabel").contains("fake"), "{}", page.text("#cameraLabel"));
    let call = page.text("#constraintsCall");
    assert_eq!(
        call,
        "navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } })"
    );

    let track = track();
    assert_eq!(track_state(&track), "live");
    page.click("#stopButton");
    until("the end", || page.state("#cameraStatus") == "off").await;
    assert_eq!(track_state(&track), "ended");
    assert!(stream().is_undefined() && page.video().src_object().is_none());
    assert_eq!(live().captures, page.before.captures);
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_camera_that_was_allowed_before_starts_by_itself() {
    let page = Page::open("granted").await;
    page.is_on().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn what_is_asked_of_the_running_camera_is_done_and_answered() {
    let page = Page::started().await;
    let track = track();
    page.ask("width", "320", "exact");
    page.ask("height", "240", "exact");
    page.ask("frameRate", "10", "max");
    page.click("#applyConstraints");
    until("the new width", || (page.video().video_width(), page.video().video_height()) == (320, 240)).await;
    until("its answer", || page.text("[data-constraint=width] .answer") == "320").await;
    assert_eq!(page.text("[data-constraint=frameRate] .answer"), "10");
    until("its size", || page.text("#pictureSize") == "320 × 240").await;
    assert!(page.text("#constraintsCall").starts_with("stream.getVideoTracks()[0].applyConstraints({ width"));
    assert_eq!(track_state(&track), "live", "it is the same track");
    page.close().await;
}

#[wasm_bindgen_test]
async fn what_it_cannot_do_is_named_and_it_runs_on() {
    let page = Page::started().await;
    for (part, limit) in [("width", "exact"), ("height", "min"), ("frameRate", "min")] {
        page.ask(part, "99999", limit);
        page.click("#applyConstraints");
        let refusal = format!("[data-constraint={part}] .refusal");
        until(part, || page.text(&refusal).contains("99999") && page.text(&refusal).contains("Possible is"))
            .await;
        assert_eq!(
            page.find(&format!("#{part}Value")).get_attribute("aria-invalid").as_deref(),
            Some("true")
        );
        assert!(page.text("#applied").contains("refused and runs on"), "{}", page.text("#applied"));
        page.ask(part, "100", "");
    }
    assert_eq!(track_state(&track()), "live");
    assert_eq!(page.video().video_width(), 1280);
    page.click("#applyConstraints");
    until("it is over", || page.text("#applied").contains("took it")).await;
    assert_eq!(page.text("[data-constraint=frameRate] .refusal"), "");

    // No number is asked for at all.
    page.ask("width", "", "exact");
    page.click("#applyConstraints");
    until("it is named", || page.text("[data-constraint=width] .refusal").contains("Type a number")).await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn what_no_camera_can_do_is_named_when_it_is_to_start() {
    let page = Page::open("prompt").await;
    page.ask("facingMode", "environment", "exact");
    page.click("#startButton");
    until("the failure", || page.state("#cameraStatus") == "failed").await;
    let refusal = page.text("[data-constraint=facingMode] .refusal");
    assert!(refusal.contains("as a wish"), "{refusal}");

    page.ask("facingMode", "environment", "ideal");
    page.click("#startButton");
    page.is_on().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_phones_other_camera_is_another_track_and_the_first_is_stopped_before() {
    let page = Page::open("prompt").await;
    let looks = Replaced::with("MediaStreamTrack.prototype.getSettings", &facing("user"));
    page.click("#startButton");
    page.is_on().await;
    until("where it looks", || page.text("[data-constraint=facingMode] .answer") == "user").await;
    let first = track();
    page.ask("facingMode", "environment", "ideal");
    page.click("#applyConstraints");
    until("another track", || !stream().is_undefined() && track() != first).await;
    assert_eq!(track_state(&first), "ended");
    page.is_on().await;
    drop(looks);
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_black_picture_is_named() {
    let black = painted("black", u32::MAX);
    let page = Page::open("prompt").await;
    let camera = Replaced::with("navigator.mediaDevices.getUserMedia", &resolving(&black));
    page.click("#startButton");
    until("black", || page.state("#pictureVerdict") == "black").await;
    assert!(page.text("#pictureVerdict").contains("cover off the lens"));
    drop(camera);
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_frozen_picture_is_named_and_one_that_moves_is_not() {
    let moves = painted("colours", 60);
    let page = Page::open("prompt").await;
    let camera = Replaced::with("navigator.mediaDevices.getUserMedia", &resolving(&moves));
    page.click("#startButton");
    until("good", || page.state("#pictureVerdict") == "good").await;
    // It is painted for three seconds, and never again.
    until("frozen", || page.state("#pictureVerdict") == "frozen").await;
    drop(camera);
    page.close().await;
}

#[wasm_bindgen_test]
async fn permissions_are_told_as_they_change_and_a_denied_one_says_what_to_do() {
    let page = Page::open("denied").await;
    assert!(page.text("#cameraPermission").contains("refused"));
    assert!(page.text("#cameraStatus").contains("address bar"), "{}", page.text("#cameraStatus"));
    assert!(page.text("#howToChange").contains("address bar"), "Chromium's way");

    let refused = Replaced::with("navigator.mediaDevices.getUserMedia", &rejecting("NotAllowedError", None));
    page.click("#startButton");
    until("the refusal", || page.state("#cameraStatus") == "failed").await;
    assert!(page.text("#cameraStatus").contains("may not use the camera"));
    drop(refused);

    change(&page.permission, "prompt");
    until("the change", || page.state("#cameraPermission") == "prompt").await;
    until("both", || page.state("#microphonePermission") == "prompt").await;
    assert!(page.text("#cameraStatus").contains("allow it when the browser asks"));
    page.click("#startButton");
    page.is_on().await;

    // Taken away: the track ends, and the permission changes.
    change(&page.permission, "denied");
    track().dispatch_event(&Event::new("ended").unwrap()).unwrap();
    until("its end", || page.state("#cameraStatus") == "failed").await;
    assert!(page.text("#cameraStatus").contains("may not use the camera"));
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_camera_that_is_pulled_out_is_said() {
    let page = Page::started().await;
    track().dispatch_event(&Event::new("ended").unwrap()).unwrap();
    until("its end", || page.state("#cameraStatus") == "ended").await;
    assert!(page.text("#cameraStatus").contains("went away"));
    assert_eq!(page.text("#startButton"), "Try again");
    page.close().await;
}

#[wasm_bindgen_test]
async fn the_microphone_is_heard_and_stops() {
    let page = Page::open("prompt").await;
    assert_eq!(page.find("#soundLevel").get_attribute("aria-valuenow").as_deref(), Some("0"));
    page.click("#listenButton");
    until("it is on", || page.state("#soundStatus") == "on").await;
    // Without a click of a person's, the browser may let the page process no sound: then nothing is claimed.
    let heard = page.text("#heard");
    assert!(!heard.contains("Nothing at all"), "{heard}");
    assert_eq!(live().captures, page.before.captures + 1);
    page.click("#listenButton");
    until("it is off", || page.state("#soundStatus") == "off").await;
    assert_eq!(live().captures, page.before.captures);
    page.close().await;
}
