//! `/check/call` in one page without any server: what fails is said, nothing that fails ends more than it has to, and
//! whatever was held is given back.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::any::Any;

use js_sys::Reflect;
use leptos::mount::mount_to;
use snaproom_app::{
    browser::{Live, live},
    ui::check_page,
};
use support::{Replaced, document, place, rejecting, throwing, until};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event, HtmlElement, MediaStream};

wasm_bindgen_test_configure!(run_in_browser);

/// The page, until it is dropped: then everything has to be given back, which [`Page::close`] waits for.
struct Page {
    place: HtmlElement,
    mounted: Option<Box<dyn Any>>,
    before: Live,
}

impl Page {
    fn open() -> Self {
        let before = live();
        let place = place();
        let mounted = mount_to(place.clone(), || check_page("/check/call"));
        Self { place, mounted: Some(Box::new(mounted)), before }
    }

    async fn close(mut self) {
        drop(self.mounted.take());
        let before = self.before;
        until("everything to be released", || live() == before).await;
        for name in ["localStream", "pc1", "pc2"] {
            assert!(!Reflect::has(&web_sys::window().unwrap(), &name.into()).unwrap(), "{name} is left");
        }
        self.place.remove();
    }
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

fn text(selector: &str) -> String {
    find(selector).map(|element| element.text_content().unwrap()).unwrap_or_default()
}

fn click(selector: &str) {
    find(selector).unwrap().click();
}

fn is_usable(selector: &str) -> bool {
    find(selector).is_some_and(|element| element.get_attribute("aria-disabled").as_deref() == Some("false"))
}

fn global(name: &str) -> JsValue {
    Reflect::get(&web_sys::window().unwrap(), &name.into()).unwrap()
}

fn state(name: &str, member: &str) -> String {
    Reflect::get(&global(name), &member.into()).unwrap().as_string().unwrap()
}

/// As somebody does at the console.
fn close(name: &str) {
    global(name).unchecked_into::<web_sys::RtcPeerConnection>().close();
}

fn find_all(selector: &str) -> u32 {
    document().query_selector_all(selector).unwrap().length()
}

fn is_listed(step: &str) -> bool {
    find(&format!("#trace [data-step={step}]")).is_some()
}

async fn start() {
    click("#startButton");
    until("the camera", || text("#callStatus").starts_with("Camera and microphone are on.")).await;
}

async fn call() {
    call_until("the first picture", "firstPicture").await;
}

/// What the call before left is no step of this one.
async fn call_until(what: &str, step: &str) {
    click("#callButton");
    until(what, || is_listed(step) && !is_listed("closed")).await;
}

#[wasm_bindgen_test]
async fn a_call_is_made_and_hung_up_and_nothing_is_left() {
    let page = Page::open();
    start().await;
    call().await;
    let during = live();
    assert_eq!(during.connections, page.before.connections + 2);
    assert_eq!(during.captures, page.before.captures + 2);
    assert_eq!(state("pc1", "connectionState"), "connected");

    click("#hangupButton");
    until("the end", || is_listed("closed")).await;
    assert_eq!(
        (state("pc1", "signalingState"), state("pc2", "signalingState")),
        ("closed".into(), "closed".into())
    );
    assert_eq!(live().connections, page.before.connections);
    assert!(is_usable("#callButton") && !is_usable("#hangupButton"));
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_page_that_goes_in_the_middle_of_a_call_leaves_nothing() {
    let page = Page::open();
    start().await;
    click("#callButton");
    until("the offer", || is_listed("offer")).await;
    page.close().await;

    let page = Page::open();
    click("#startButton");
    page.close().await;
}

#[wasm_bindgen_test]
async fn while_the_camera_does_not_answer_a_drawn_picture_does() {
    let page = Page::open();
    {
        // It comes when it is not wanted any more, and is given back.
        let late = js_sys::Function::new_with_args(
            "constraints",
            "const open = () => MediaDevices.prototype.getUserMedia.call(navigator.mediaDevices, constraints);
            return new Promise((resolve) => setTimeout(resolve, 500)).then(open);",
        );
        let _late = Replaced::with("navigator.mediaDevices.getUserMedia", &late);
        click("#startButton");
        until("it to be said", || text("#callStatus").starts_with("Starting the camera")).await;
        click("#drawButton");
        until("the drawing", || is_usable("#callButton")).await;
    }
    call().await;
    click("#hangupButton");
    until("the end", || is_listed("closed")).await;

    // And back to the camera.
    start().await;
    let stream: MediaStream = global("localStream").unchecked_into();
    assert_eq!(stream.get_tracks().length(), 2, "camera and microphone");
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_camera_that_goes_away_ends_the_call_and_is_told() {
    let page = Page::open();
    start().await;
    call().await;
    let stream: MediaStream = global("localStream").unchecked_into();
    let track: web_sys::EventTarget = stream.get_video_tracks().get(0).unchecked_into();
    track.dispatch_event(&Event::new("ended").unwrap()).unwrap();
    until("it to be said", || text("#callStatus").contains("The camera went away.")).await;
    assert!(is_listed("closed") && !is_usable("#callButton"));
    assert_eq!(live().connections, page.before.connections);
    start().await;
    call().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_microphone_that_goes_away_is_told_and_the_call_goes_on() {
    let page = Page::open();
    start().await;
    call().await;
    let stream: MediaStream = global("localStream").unchecked_into();
    let track: web_sys::EventTarget = stream.get_audio_tracks().get(0).unchecked_into();
    track.dispatch_event(&Event::new("ended").unwrap()).unwrap();
    until("it to be said", || text("#callStatus").contains("without sound: the microphone went away.")).await;
    assert!(text("#callStatus .remedy").contains("plugged in"), "what to do");
    assert_eq!(state("pc1", "connectionState"), "connected");
    assert_eq!(live().captures, page.before.captures + 1, "the camera");

    click("#hangupButton");
    until("the end", || text("#callStatus").starts_with("Hung up")).await;
    call().await;
    until("it to be said", || text("#callStatus").starts_with("The call is on, without sound")).await;
    assert_eq!(find_all("#trace [data-step=addTrack]"), 1, "only pictures are sent");
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_connection_that_somebody_else_closes_ends_the_call_which_is_told() {
    let page = Page::open();
    start().await;
    for name in ["pc1", "pc2"] {
        call().await;
        close(name);
        let said = format!("The call ended: {name} was closed from elsewhere, for example at the console.");
        until("it to be said", || text("#callStatus").starts_with(&said)).await;
        assert!(text("#callStatus .remedy").contains("Press Call"), "what to do");
        assert_eq!(live().connections, page.before.connections);
        assert!(is_usable("#callButton") && !is_usable("#hangupButton"));
    }
    // Also before there is a picture.
    call_until("the offer", "offer").await;
    close("pc1");
    until("it to be said", || text("#callStatus").contains("pc1 was closed from elsewhere")).await;
    call().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_path_that_is_lost_for_a_while_is_told_until_it_is_back() {
    let page = Page::open();
    start().await;
    call().await;
    let says = |name: &str, state: &str| {
        let states = format!(
            "Object.defineProperty({name}, 'connectionState', {{ value: '{state}', configurable: true }});
            {name}.dispatchEvent(new Event('connectionstatechange'));"
        );
        js_sys::Function::new_no_args(&states).call0(&JsValue::UNDEFINED).unwrap();
    };
    let is_interrupted = || text("#callStatus").starts_with("The call is interrupted");
    says("pc1", "disconnected");
    until("it to be said", is_interrupted).await;
    assert!(is_usable("#hangupButton") && !is_usable("#callButton"), "the call is not over");
    says("pc2", "disconnected");
    says("pc1", "connected");
    until("it to be listed", || text("#trace tbody tr:last-child").contains("connected: there is a path"))
        .await;
    assert!(is_interrupted(), "pc2 is not back");
    says("pc2", "connected");
    until("it to be back", || text("#callStatus").starts_with("The call is on")).await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn what_the_browser_refuses_is_told_and_the_next_call_works() {
    let page = Page::open();
    start().await;
    for api in ["createOffer", "createAnswer", "setLocalDescription", "setRemoteDescription"] {
        {
            let path = format!("RTCPeerConnection.prototype.{api}");
            let _refused = Replaced::with(&path, &rejecting("OperationError", None));
            click("#callButton");
            until("it to be said", || {
                text("#callStatus").contains("The browser refused the call (OperationError")
            })
            .await;
        }
        assert_eq!(live().connections, page.before.connections, "{api}");
        call().await;
        click("#hangupButton");
        until("the end", || text("#callStatus").starts_with("Hung up")).await;
    }
    {
        let _refused = Replaced::with("RTCPeerConnection", &throwing("NotSupportedError"));
        click("#callButton");
        until("it to be said", || text("#callStatus").contains("NotSupportedError")).await;
    }
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_codec_that_cannot_be_preferred_and_a_candidate_that_is_refused_end_no_call() {
    let page = Page::open();
    start().await;
    let select: web_sys::HtmlElement = find("#codecSelect").unwrap();
    Reflect::set(&select, &"value".into(), &"VP9".into()).unwrap();
    select.dispatch_event(&Event::new("change").unwrap()).unwrap();
    {
        let _refused = Replaced::with(
            "RTCRtpTransceiver.prototype.setCodecPreferences",
            &throwing("InvalidModificationError"),
        );
        call().await;
    }
    assert!(text("#trace [data-step=refused]").contains("InvalidModificationError"));
    click("#hangupButton");
    until("the end", || text("#callStatus").starts_with("Hung up")).await;
    {
        let _refused =
            Replaced::with("RTCPeerConnection.prototype.addIceCandidate", &rejecting("OperationError", None));
        click("#callButton");
        until("it to be listed", || text("#trace [data-step=refused]").contains("OperationError")).await;
        click("#hangupButton");
        until("the end", || text("#callStatus").starts_with("Hung up")).await;
    }
    call().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn browsers_that_tell_of_no_frames_have_a_first_picture_as_well() {
    let page = Page::open();
    start().await;
    let none = Replaced::with("HTMLVideoElement.prototype.requestVideoFrameCallback", &JsValue::UNDEFINED);
    call().await;
    drop(none);
    page.close().await;
}
