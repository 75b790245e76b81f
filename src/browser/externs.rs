//! What web-sys lacks on stable, or declares in a way that does not fit: members that throw but are not
//! declared to, members that are missing from pages without a secure context, and copies into wasm memory.

use js_sys::{Array, Function, Object, Promise, Uint8ClampedArray};
use wasm_bindgen::prelude::*;
use web_sys::{
    Clipboard, Element, EventTarget, MediaDevices, MediaStream, MediaStreamTrack, Permissions,
    RtcDataChannel, RtcDataChannelInit, RtcPeerConnection, ShareData, SubtleCrypto,
};

#[wasm_bindgen]
extern "C" {
    /// web-sys returns the pixels as a `Vec<u8>`: a copy of the picture in wasm memory.
    #[wasm_bindgen(extends = web_sys::ImageData)]
    pub(super) type ImageData;
    #[wasm_bindgen(method, getter)]
    pub(super) fn data(this: &ImageData) -> Uint8ClampedArray;

    /// Not in Safari, which web-sys does not say.
    pub(super) type Context;
    #[wasm_bindgen(method, getter)]
    pub(super) fn filter(this: &Context) -> Option<String>;

    /// Throws for no element and no property, unlike what web-sys says.
    pub(super) type Style;
    #[wasm_bindgen(js_name = getComputedStyle)]
    pub(super) fn computed_style(element: &Element) -> Style;
    #[wasm_bindgen(method, js_name = getPropertyValue)]
    pub(super) fn property(this: &Style, name: &str) -> String;

    /// js-sys does not catch the `RangeError` of a length that cannot be allocated.
    #[wasm_bindgen(extends = Uint8ClampedArray, js_name = Uint8ClampedArray)]
    pub(super) type Bytes;
    #[wasm_bindgen(constructor, js_class = "Uint8ClampedArray", catch)]
    pub(super) fn new(length: u32) -> Result<Bytes, JsValue>;

    /// Without a secure context, or in some browsers, these are undefined, which web-sys does not say.
    pub(super) type Navigator;
    #[wasm_bindgen(method, getter, js_name = mediaDevices)]
    pub(super) fn media_devices(this: &Navigator) -> Option<MediaDevices>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn permissions(this: &Navigator) -> Option<Permissions>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn clipboard(this: &Navigator) -> Option<Clipboard>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn locks(this: &Navigator) -> Option<LockManager>;
    #[wasm_bindgen(method, getter, js_name = share)]
    pub(super) fn share_function(this: &Navigator) -> Option<Function>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn share(this: &Navigator, data: &ShareData) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, getter, js_name = vibrate)]
    pub(super) fn vibrate_function(this: &Navigator) -> Option<Function>;
    #[wasm_bindgen(method)]
    pub(super) fn vibrate(this: &Navigator, pattern: &[u32]);

    #[wasm_bindgen(method, getter, js_name = wakeLock)]
    pub(super) fn wake_lock(this: &Navigator) -> Option<WakeLocks>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn connection(this: &Navigator) -> Option<NetworkInformation>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn storage(this: &Navigator) -> Option<StorageManager>;

    /// As long as the event lasts.
    pub(super) type DroppedItem;
    #[wasm_bindgen(method, js_name = webkitGetAsEntry, catch)]
    pub(super) fn entry(this: &DroppedItem) -> Result<Option<Entry>, JsValue>;
    /// In Chromium alone.
    #[wasm_bindgen(method, js_name = getAsFileSystemHandle, catch)]
    pub(super) fn handle(this: &DroppedItem) -> Result<Promise, JsValue>;
    /// The same.
    #[wasm_bindgen(js_name = showOpenFilePicker, catch)]
    pub(super) fn show_file_picker(options: &JsValue) -> Result<Promise, JsValue>;
    /// `FileSystemFileHandle`; web-sys lacks what is said of permissions. Without arguments it is about reading.
    #[derive(Clone)]
    pub(super) type FileHandle;
    #[wasm_bindgen(method, js_name = queryPermission)]
    pub(super) fn query_permission(this: &FileHandle) -> Promise;
    #[wasm_bindgen(method, js_name = requestPermission)]
    pub(super) fn request_permission(this: &FileHandle) -> Promise;
    #[wasm_bindgen(method, js_name = getFile)]
    pub(super) fn file(this: &FileHandle) -> Promise;
    /// `FileSystemEntry` and what is derived of it, with callbacks as a promise has them.
    pub(super) type Entry;
    #[wasm_bindgen(method, getter, js_name = isDirectory)]
    pub(super) fn is_directory(this: &Entry) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(super) fn name(this: &Entry) -> String;
    #[wasm_bindgen(method)]
    pub(super) fn file(this: &Entry, resolve: &Function, reject: &Function);
    #[wasm_bindgen(method, js_name = createReader)]
    pub(super) fn reader(this: &Entry) -> EntryReader;
    pub(super) type EntryReader;
    #[wasm_bindgen(method, js_name = readEntries)]
    pub(super) fn read_entries(this: &EntryReader, resolve: &Function, reject: &Function);

    pub(super) type StorageManager;
    #[wasm_bindgen(method)]
    pub(super) fn estimate(this: &StorageManager) -> Promise;

    /// In Chromium alone; and `type` on phones alone.
    #[wasm_bindgen(extends = EventTarget)]
    pub(super) type NetworkInformation;
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(super) fn kind(this: &NetworkInformation) -> Option<String>;

    pub(super) type WakeLocks;
    #[wasm_bindgen(method)]
    pub(super) fn request(this: &WakeLocks, kind: &str) -> Promise;
    pub(super) type WakeLockSentinel;
    #[wasm_bindgen(method)]
    pub(super) fn release(this: &WakeLockSentinel) -> Promise;

    /// Phones have none.
    #[wasm_bindgen(extends = MediaDevices)]
    pub(super) type ScreenDevices;
    #[wasm_bindgen(method, getter, js_name = getDisplayMedia)]
    pub(super) fn display_media_function(this: &ScreenDevices) -> Option<Function>;
    #[wasm_bindgen(method, js_name = getDisplayMedia, catch)]
    pub(super) fn get_display_media(this: &ScreenDevices, options: &JsValue) -> Result<Promise, JsValue>;

    /// `MediaDeviceInfo`, with its kind as a word.
    pub(super) type DeviceInfo;
    #[wasm_bindgen(method, getter)]
    pub(super) fn kind(this: &DeviceInfo) -> String;
    #[wasm_bindgen(method, getter, js_name = deviceId)]
    pub(super) fn device_id(this: &DeviceInfo) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn label(this: &DeviceInfo) -> String;
    /// Not in Firefox.
    #[wasm_bindgen(method, getter, js_name = getCapabilities)]
    pub(super) fn capabilities_function(this: &DeviceInfo) -> Option<Function>;
    #[wasm_bindgen(method, js_name = getCapabilities, catch)]
    pub(super) fn capabilities(this: &DeviceInfo) -> Result<JsValue, JsValue>;

    /// Not in every browser, which web-sys does not say.
    #[wasm_bindgen(extends = MediaStreamTrack)]
    pub(super) type CapableTrack;
    #[wasm_bindgen(method, getter, js_name = getCapabilities)]
    pub(super) fn capabilities_function(this: &CapableTrack) -> Option<Function>;
    #[wasm_bindgen(method, js_name = getCapabilities, catch)]
    pub(super) fn capabilities(this: &CapableTrack) -> Result<JsValue, JsValue>;

    /// `requestVideoFrameCallback` is not in web-sys, nor in every browser.
    #[wasm_bindgen(extends = web_sys::HtmlVideoElement)]
    pub(super) type FrameVideo;
    #[wasm_bindgen(method, getter, js_name = requestVideoFrameCallback)]
    pub(super) fn request_frame_function(this: &FrameVideo) -> Option<Function>;
    #[wasm_bindgen(method, js_name = requestVideoFrameCallback)]
    pub(super) fn request_frame(this: &FrameVideo, callback: &Function) -> u32;
    #[wasm_bindgen(method, js_name = cancelVideoFrameCallback)]
    pub(super) fn cancel_frame(this: &FrameVideo, request: u32);

    /// `VideoFrameCallbackMetadata`.
    pub(super) type FrameMetadata;
    #[wasm_bindgen(method, getter, js_name = presentedFrames)]
    pub(super) fn presented_frames(this: &FrameMetadata) -> f64;

    /// Not in every browser, which web-sys does not say of some, and knows none of the others.
    #[wasm_bindgen(extends = web_sys::Document)]
    pub(super) type LargerPage;
    #[wasm_bindgen(method, getter, js_name = fullscreenEnabled)]
    pub(super) fn fullscreen_enabled(this: &LargerPage) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = fullscreenElement)]
    pub(super) fn fullscreen_element(this: &LargerPage) -> Option<Element>;
    #[wasm_bindgen(method, js_name = exitFullscreen)]
    pub(super) fn exit_fullscreen(this: &LargerPage) -> Promise;
    #[wasm_bindgen(method, getter, js_name = pictureInPictureEnabled)]
    pub(super) fn picture_in_picture_enabled(this: &LargerPage) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = pictureInPictureElement)]
    pub(super) fn picture_in_picture_element(this: &LargerPage) -> Option<Element>;
    #[wasm_bindgen(method, js_name = exitPictureInPicture)]
    pub(super) fn exit_picture_in_picture(this: &LargerPage) -> Promise;
    #[wasm_bindgen(extends = Element)]
    pub(super) type LargerElement;
    #[wasm_bindgen(method, js_name = requestFullscreen, catch)]
    pub(super) fn request_fullscreen(this: &LargerElement) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, js_name = requestPictureInPicture, catch)]
    pub(super) fn request_picture_in_picture(this: &LargerElement) -> Result<Promise, JsValue>;

    /// Of media elements, where the browser can.
    pub(super) type Speaker;
    #[wasm_bindgen(method, getter, js_name = setSinkId)]
    pub(super) fn set_sink_id_function(this: &Speaker) -> Option<Function>;
    #[wasm_bindgen(method, js_name = setSinkId)]
    pub(super) fn set_sink_id(this: &Speaker, id: &str) -> Promise;

    /// web-sys has no `contentHint`.
    #[wasm_bindgen(extends = web_sys::MediaStreamTrack)]
    pub(super) type HintedTrack;
    #[wasm_bindgen(method, setter, js_name = contentHint)]
    pub(super) fn set_content_hint(this: &HintedTrack, hint: &str);

    /// `RTCRtpSynchronizationSource`; a level only where the browser has one.
    pub(super) type Source;
    #[wasm_bindgen(method, getter, js_name = audioLevel)]
    pub(super) fn audio_level(this: &Source) -> Option<f64>;

    /// Not in every browser; web-sys has an older one, which answers with events.
    pub(super) type ImageCapture;
    #[wasm_bindgen(constructor, js_class = "ImageCapture", catch)]
    pub(super) fn new(track: &MediaStreamTrack) -> Result<ImageCapture, JsValue>;
    #[wasm_bindgen(method, js_name = takePhoto)]
    pub(super) fn take_photo(this: &ImageCapture) -> Promise;

    pub(super) type LockManager;
    #[wasm_bindgen(method)]
    pub(super) fn request(this: &LockManager, name: &str, options: &Object, callback: &Function) -> Promise;

    pub(super) type Crypto;
    #[wasm_bindgen(method, getter)]
    pub(super) fn subtle(this: &Crypto) -> Option<SubtleCrypto>;

    #[derive(Clone)]
    #[wasm_bindgen(extends = RtcPeerConnection)]
    pub(super) type PeerConnection;
    #[wasm_bindgen(method, getter)]
    pub(super) fn sctp(this: &PeerConnection) -> Option<SctpTransport>;
    /// web-sys has none.
    #[wasm_bindgen(method, js_name = restartIce)]
    pub(super) fn restart_ice(this: &PeerConnection);
    /// Without a description the browser makes the one that fits the state: an offer or an answer.
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    pub(super) fn set_implicit_local_description(this: &PeerConnection) -> Promise;
    #[wasm_bindgen(method, js_name = createDataChannel, catch)]
    pub(super) fn try_create_data_channel(
        this: &PeerConnection,
        label: &str,
        options: &RtcDataChannelInit,
    ) -> Result<RtcDataChannel, JsValue>;

    /// What web-sys lacks of it.
    #[wasm_bindgen(extends = RtcDataChannel)]
    pub(super) type AnnouncedChannel;
    #[wasm_bindgen(method, getter)]
    pub(super) fn ordered(this: &AnnouncedChannel) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(super) fn protocol(this: &AnnouncedChannel) -> String;

    pub(super) type SctpTransport;
    /// Bytes; infinite where there is no bound.
    #[wasm_bindgen(method, getter, js_name = maxMessageSize)]
    pub(super) fn max_message_size(this: &SctpTransport) -> f64;

    /// web-sys has no user name fragment.
    #[wasm_bindgen(extends = web_sys::RtcIceCandidate)]
    pub(super) type IceCandidate;
    #[wasm_bindgen(method, getter, js_name = usernameFragment)]
    pub(super) fn username_fragment(this: &IceCandidate) -> Option<String>;

    /// The members we read of `RTCTransportStats`, `RTCIceCandidatePairStats`, `RTCIceCandidateStats` and
    /// `RTCInboundRtpStreamStats` (W3C WebRTC Statistics, sections 8.15 to 8.17, and 8.4).
    pub(super) type Stats;
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(super) fn kind_of_report(this: &Stats) -> String;
    #[wasm_bindgen(method, getter, js_name = currentRoundTripTime)]
    pub(super) fn round_trip_time(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = packetsSent)]
    pub(super) fn packets_sent(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = packetsReceived)]
    pub(super) fn packets_received(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = packetsLost)]
    pub(super) fn packets_lost(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = bytesReceived)]
    pub(super) fn bytes_received(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = framesPerSecond)]
    pub(super) fn frames_per_second(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = frameWidth)]
    pub(super) fn frame_width(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = frameHeight)]
    pub(super) fn frame_height(this: &Stats) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = selectedCandidatePairId)]
    pub(super) fn selected_candidate_pair_id(this: &Stats) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn selected(this: &Stats) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = localCandidateId)]
    pub(super) fn local_candidate_id(this: &Stats) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = remoteCandidateId)]
    pub(super) fn remote_candidate_id(this: &Stats) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = candidateType)]
    pub(super) fn candidate_type(this: &Stats) -> Option<String>;

    #[wasm_bindgen(extends = web_sys::RtcRtpSender)]
    pub(super) type Sender;
    #[wasm_bindgen(method, js_name = setStreams, catch)]
    pub(super) fn set_streams(this: &Sender, stream: &MediaStream) -> Result<(), JsValue>;
    /// As an object without types: what comes from `getParameters` has to go back, whatever else is in it.
    #[wasm_bindgen(method, js_name = getParameters)]
    pub(super) fn parameters(this: &Sender) -> SendParameters;
    #[wasm_bindgen(method, js_name = setParameters)]
    pub(super) fn apply(this: &Sender, parameters: &SendParameters) -> Promise;

    #[wasm_bindgen(extends = web_sys::RtcRtpTransceiver)]
    pub(super) type Transceiver;
    /// Throws for codecs that do not fit, which web-sys does not say.
    #[wasm_bindgen(method, js_name = setCodecPreferences, catch)]
    pub(super) fn prefer_codecs(this: &Transceiver, codecs: &Array) -> Result<(), JsValue>;

    pub(super) type SendParameters;
    #[wasm_bindgen(method, setter, js_name = degradationPreference)]
    pub(super) fn set_degradation_preference(this: &SendParameters, preference: &str);

    /// web-sys says that an address is always there.
    pub(super) type Gathered;
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(super) fn kind(this: &Gathered) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn protocol(this: &Gathered) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = relayProtocol)]
    pub(super) fn relay_protocol(this: &Gathered) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn address(this: &Gathered) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn port(this: &Gathered) -> Option<u16>;

    /// Not in web-sys.
    pub(super) type IceError;
    #[wasm_bindgen(method, getter)]
    pub(super) fn url(this: &IceError) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = errorCode)]
    pub(super) fn code(this: &IceError) -> u16;
    #[wasm_bindgen(method, getter, js_name = errorText)]
    pub(super) fn text(this: &IceError) -> Option<String>;
}
