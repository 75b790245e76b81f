//! The camera, with Chromium's fake device.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::Cell, rc::Rc};

use snaproom_app::browser::{Camera, CaptureError, Facing, Permission, Wish, camera_permission, live, task};
use support::{Replaced, hanging, rejecting, resolving, soon, until, video};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlVideoElement, MediaStream, MediaStreamTrack};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export function recording(delay) {
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const request = async (constraints) => {
            request.constraints = constraints;
            const stream = await real(constraints);
            await new Promise((resolve) => setTimeout(resolve, delay));
            request.stream = stream;
            return stream;
        };
        return request;
    }
    export function looking(facingMode) {
        return () => ({ facingMode });
    }
")]
extern "C" {
    /// A track's getSettings.
    fn looking(facing: &str) -> JsValue;
    /// The browser's own getUserMedia, slower by `delay` milliseconds, that keeps what went in and came out.
    type Recording;
    fn recording(delay: u32) -> Recording;
    #[wasm_bindgen(method, getter)]
    fn stream(this: &Recording) -> Option<MediaStream>;
    #[wasm_bindgen(method, getter)]
    fn constraints(this: &Recording) -> JsValue;
}

async fn open() -> Result<Camera, CaptureError> {
    soon("the camera", Camera::open(&Wish::default(), || {})).await
}

fn track(stream: &MediaStream) -> MediaStreamTrack {
    assert_eq!(stream.get_tracks().length(), 1);
    stream.get_tracks().get(0).unchecked_into()
}

fn state(track: &MediaStreamTrack) -> String {
    js_sys::Reflect::get(track, &"readyState".into()).unwrap().as_string().unwrap()
}

fn shown_track(element: &HtmlVideoElement) -> MediaStreamTrack {
    track(&element.src_object().unwrap())
}

#[wasm_bindgen_test]
async fn it_shows_frames_and_dropping_it_stops_the_device() {
    let before = live();
    let (element, video) = video();
    assert_eq!(video.size(), None);

    let camera = open().await.unwrap();
    camera.show_in(&video);
    until("a frame", || video.size().is_some()).await;
    assert_eq!(video.size(), Some((1280, 720)));
    assert_eq!(live().captures, before.captures + 1);

    let track = shown_track(&element);
    assert_eq!(state(&track), "live");
    drop(camera);
    assert_eq!(state(&track), "ended");
    assert_eq!(element.src_object(), None);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn it_says_whether_it_looks_away_from_the_person() {
    assert!(!open().await.unwrap().faces_away, "the fake camera does not say");
    for (facing, faces_away) in [("environment", true), ("user", false), ("left", false)] {
        let _replaced = Replaced::with("MediaStreamTrack.prototype.getSettings", &looking(facing));
        assert_eq!(open().await.unwrap().faces_away, faces_away, "{facing}");
    }
}

#[wasm_bindgen_test]
async fn it_plays_where_nobody_scrolled_to_as_well() {
    let (element, video) = video();
    element.set_attribute("style", "margin-top: 10000px").unwrap();
    let camera = open().await.unwrap();
    camera.show_in(&video);
    until("a frame", || video.size().is_some()).await;
    assert!(!element.paused());
}

#[wasm_bindgen_test]
async fn it_is_in_several_videos_and_leaves_those_alone_that_show_another_one() {
    let ((first, first_video), (second, second_video)) = (video(), video());
    let camera = open().await.unwrap();
    camera.show_in(&first_video);
    camera.show_in(&second_video);
    assert_eq!(first.src_object(), second.src_object());

    let other = open().await.unwrap();
    other.show_in(&second_video);
    drop(camera);
    assert_eq!(first.src_object(), None);
    assert_eq!(state(&shown_track(&second)), "live");
}

#[wasm_bindgen_test]
async fn nobody_waits_any_more_so_the_camera_stops_when_it_comes() {
    let before = live();
    let slow = recording(100);
    let _replaced = Replaced::with("navigator.mediaDevices.getUserMedia", slow.as_ref());

    let asking = task::spawn(async {
        let _camera = open().await.unwrap();
        unreachable!("the task was dropped before the camera came");
    });
    until("the request", || live().tasks == before.tasks + 2).await;
    drop(asking);

    until("the stream", || slow.stream().is_some()).await;
    until("the end of the request", || live() == before).await;
    assert_eq!(state(&track(&slow.stream().unwrap())), "ended");
}

#[wasm_bindgen_test]
async fn wishes_become_constraints_of_which_the_device_alone_is_exact() {
    let recording = recording(0);
    let _replaced = Replaced::with("navigator.mediaDevices.getUserMedia", recording.as_ref());
    let wish = Wish {
        width: Some(640),
        height: None,
        device: Some("front".to_owned()),
        facing: Some(Facing::Environment),
    };
    let refused = soon("the camera", Camera::open(&wish, || {})).await.err();
    assert_eq!(refused, Some(CaptureError::Impossible("deviceId".to_owned())), "there is no such camera");
    assert_eq!(
        String::from(js_sys::JSON::stringify(&recording.constraints()).unwrap()),
        r#"{"video":{"width":{"ideal":640},"deviceId":{"exact":"front"},"facingMode":{"ideal":"environment"}}}"#
    );
}

#[wasm_bindgen_test]
async fn every_refusal_has_its_own_name() {
    let before = live();
    for (name, expected) in [
        ("NotAllowedError", CaptureError::Denied),
        ("SecurityError", CaptureError::Denied),
        ("NotFoundError", CaptureError::Missing),
        ("NotReadableError", CaptureError::Busy),
        ("AbortError", CaptureError::Busy),
    ] {
        let _replaced = Replaced::with("navigator.mediaDevices.getUserMedia", &rejecting(name, None));
        assert_eq!(open().await.err(), Some(expected), "{name}");
    }
    {
        let overconstrained = rejecting("", Some("width"));
        let _replaced = Replaced::with("navigator.mediaDevices.getUserMedia", &overconstrained);
        assert_eq!(open().await.err(), Some(CaptureError::Impossible("width".to_owned())));
    }
    {
        let _replaced = Replaced::with("navigator.mediaDevices.getUserMedia", &rejecting("DataError", None));
        let Err(CaptureError::Other(error)) = open().await else {
            panic!("an error of its own");
        };
        assert_eq!(error.to_string(), "DataError: as the test says");
    }
    {
        let _replaced = Replaced::with("navigator.mediaDevices", &JsValue::UNDEFINED);
        assert_eq!(open().await.err(), Some(CaptureError::Insecure));
    }
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn it_says_when_it_ends_by_itself_and_only_then() {
    let ends = Rc::new(Cell::new(0));
    let (element, video) = video();
    let counting = ends.clone();
    let wish = Wish::default();
    let opening = Camera::open(&wish, move || counting.set(counting.get() + 1));
    let camera = soon("the camera", opening).await.unwrap();
    camera.show_in(&video);

    let track = shown_track(&element);
    // What the browser does when the device is unplugged.
    track.dispatch_event(&web_sys::Event::new("ended").unwrap()).unwrap();
    assert_eq!(ends.get(), 1);
    drop(camera);
    track.dispatch_event(&web_sys::Event::new("ended").unwrap()).unwrap();
    assert_eq!(ends.get(), 1);
}

#[wasm_bindgen_test]
async fn the_permission_is_known_without_asking() {
    assert_ne!(soon("the permission", camera_permission()).await, Permission::Unknown);
    for (state, expected) in
        [("granted", Permission::Granted), ("prompt", Permission::Prompt), ("denied", Permission::Denied)]
    {
        let status = js_sys::Object::new();
        js_sys::Reflect::set(&status, &"state".into(), &state.into()).unwrap();
        let _replaced = Replaced::with("navigator.permissions.query", &resolving(&status));
        assert_eq!(soon("the permission", camera_permission()).await, expected);
    }
    for unusable in [hanging(), rejecting("TypeError", None)] {
        let _replaced = Replaced::with("navigator.permissions.query", &unusable);
        assert_eq!(soon("the permission", camera_permission()).await, Permission::Unknown);
    }
    let _replaced = Replaced::with("navigator.permissions", &JsValue::UNDEFINED);
    assert_eq!(soon("the permission", camera_permission()).await, Permission::Unknown);
}
