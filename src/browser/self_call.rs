//! A call inside of one page: two plain `RTCPeerConnection`s, offer and answer one step after another, as whoever learns
//! WebRTC meets them first. A room's connections are another thing: [`Connection`](super::Connection).

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Reflect};
use snaproom_protocol::signal::Candidate;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{
    MediaStream, RtcIceGatheringState, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcRtpSender,
    RtcRtpTransceiver, RtcSessionDescriptionInit, RtcTrackEvent,
};

use super::{
    Error, Found, Moment, Track, Video,
    connection::candidate,
    error::text,
    externs::{FrameVideo, Transceiver},
    live::{Held, Listener},
    page::Global,
    report,
    task::{self, now_ms},
};

/// Between two looks at the statistics.
const LOOK_MS: u32 = 500;

/// Longest time for one of them.
const STATISTICS_MS: u32 = 2_000;

/// What only carries, repairs or fills up others.
const HELPERS: [&str; 4] = ["rtx", "red", "ulpfec", "flexfec-03"];

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `pc1`, which sends and makes the offer.
    Caller,
    /// `pc2`, which receives and answers.
    Answerer,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Caller, Self::Answerer];

    /// The one that it is connected with.
    #[must_use]
    pub fn other(self) -> Self {
        if self == Self::Caller { Self::Answerer } else { Self::Caller }
    }
}

/// `RTCSdpType`, as far as it is met here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Description {
    /// Of the caller.
    Offer,
    /// Of the answerer.
    Answer,
}

/// What happened, and when.
pub struct Event {
    /// Milliseconds, of [`now_ms`].
    pub at: f64,
    /// To which of the two.
    pub side: Side,
    /// What.
    pub step: Step,
    /// With [`Step::Candidate`]: what is for the other side.
    pub candidate: Option<Candidate>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `new RTCPeerConnection()`.
    Created,
    /// `addTrack`, of this kind: `audio` or `video`.
    TrackAdded(String),
    /// `setCodecPreferences`, with this codec first.
    Preferred(String),
    /// `createOffer` or `createAnswer`.
    Made(Description),
    /// `setLocalDescription`.
    LocalDescription(Description),
    /// `setRemoteDescription`.
    RemoteDescription(Description),
    /// `icecandidate`.
    Candidate(Found),
    /// `iceGatheringState` is `complete`.
    Gathered,
    /// `iceConnectionState`.
    Ice(String),
    /// `connectionState`.
    Connection(String),
    /// `track`, of this kind.
    Track(String),
    /// The browser would not; its words.
    Refused(String),
}

/// Names of the video codecs that the browser can send, as in `VP8`, in its own order.
#[must_use]
pub fn video_codecs() -> Vec<String> {
    let mut names = Vec::new();
    for codec in capabilities() {
        if let Some(name) = name_of(&codec)
            && !HELPERS.contains(&name.as_str())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// What is sent, as one stream. The console has it as `localStream`. Whose the tracks are stops them.
pub struct LocalStream {
    stream: MediaStream,
    shown_in: RefCell<Vec<Video>>,
    _global: Global,
}

impl LocalStream {
    /// With nothing in it.
    pub fn new() -> Result<Self, Error> {
        let stream = MediaStream::new().map_err(Error::from_js)?;
        Ok(Self { _global: Global::set("localStream", &stream), stream, shown_in: RefCell::default() })
    }

    /// One more.
    pub fn add(&self, track: &Track) {
        self.stream.add_track(&track.0);
    }

    /// One less: the next call does not send it.
    pub fn remove(&self, track: &Track) {
        self.stream.remove_track(&track.0);
    }

    /// Shows it in `video` from now on, muted.
    pub fn show_in(&self, video: &Video) {
        video.show(&self.stream);
        self.shown_in.borrow_mut().push(video.clone());
    }
}

impl Drop for LocalStream {
    fn drop(&mut self) {
        for video in self.shown_in.borrow().iter() {
            video.hide(&self.stream);
        }
    }
}

/// Two connections of this page. Dropping it ends all callbacks, then closes both; what comes is shown no more.
pub struct Loopback {
    listeners: Vec<Listener>,
    /// In the order of [`Side::ALL`].
    peers: [Peer; 2],
    events: Rc<Events>,
    shown_in: RefCell<Vec<Video>>,
}

impl Loopback {
    /// Makes both, and gives the caller what it sends. Nothing leaves the browser before [`negotiate`](Self::negotiate).
    /// A codec whose name is given is wanted before the others.
    pub fn new(
        local: &LocalStream,
        codec: Option<&str>,
        on_event: impl Fn(Event) + 'static,
    ) -> Result<Self, Error> {
        let events = Rc::new(Events { on_event: Box::new(on_event), incoming: RefCell::default() });
        let peers = [Peer::new()?, Peer::new()?];
        let mut listeners = Vec::new();
        for (side, peer) in Side::ALL.into_iter().zip(&peers) {
            events.emit(side, Step::Created);
            listeners.extend(events.clone().listen(side, &peer.0));
        }
        let caller = &peers[0].0;
        for track in local.stream.get_tracks() {
            let track: web_sys::MediaStreamTrack = track.unchecked_into();
            caller.add_track_0(&track, &local.stream);
            events.emit(Side::Caller, Step::TrackAdded(track.kind()));
        }
        if let Some(codec) = codec {
            events.emit(
                Side::Caller,
                match prefer(caller, codec) {
                    Ok(()) => Step::Preferred(codec.to_owned()),
                    Err(error) => Step::Refused(error.to_string()),
                },
            );
        }
        Ok(Self { listeners, peers, events, shown_in: RefCell::default() })
    }

    /// The console has them as `pc1` and `pc2`, also when they are closed.
    pub fn named(&self) -> [Global; 2] {
        let [caller, answerer] = &self.peers;
        [Global::set("pc1", &caller.0), Global::set("pc2", &answerer.0)]
    }

    /// Offer and answer (W3C WebRTC, section 4.3.3; RFC 9429). It has no end once this is dropped.
    pub fn negotiate(&self) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        use Description::{Answer, Offer};
        use Side::{Answerer, Caller};
        let ([caller, answerer], events) = (self.peers(), self.events.clone());
        async move {
            let offer = made(caller.create_offer()).await?;
            events.emit(Caller, Step::Made(Offer));
            caller.set_local_description(&offer).await.map_err(Error::from_js)?;
            events.emit(Caller, Step::LocalDescription(Offer));
            answerer.set_remote_description(&offer).await.map_err(Error::from_js)?;
            events.emit(Answerer, Step::RemoteDescription(Offer));
            let answer = made(answerer.create_answer()).await?;
            events.emit(Answerer, Step::Made(Answer));
            answerer.set_local_description(&answer).await.map_err(Error::from_js)?;
            events.emit(Answerer, Step::LocalDescription(Answer));
            caller.set_remote_description(&answer).await.map_err(Error::from_js)?;
            events.emit(Caller, Step::RemoteDescription(Answer));
            Ok(())
        }
    }

    /// Tells `side` where the other one can be reached; only once it has its remote description.
    pub fn add_candidate(
        &self,
        side: Side,
        candidate: &Candidate,
    ) -> impl Future<Output = ()> + 'static + use<> {
        let (peer, events) = (self.peer(side).clone(), self.events.clone());
        let candidate = serde_wasm_bindgen::to_value(candidate).map_err(Error::from_serde);
        async move {
            let added = async {
                let candidate = candidate?;
                peer.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(candidate.unchecked_ref()))
                    .await
                    .map_err(Error::from_js)?;
                Ok::<_, Error>(())
            };
            if let Err(error) = added.await {
                events.emit(side, Step::Refused(error.to_string()));
            }
        }
    }

    /// `localDescription.sdp` as it is now, with the candidates that were found by now.
    #[must_use]
    pub fn description(&self, side: Side) -> Option<String> {
        self.peer(side).local_description().map(|description| description.sdp())
    }

    /// Whether somebody else closed this side.
    #[must_use]
    pub fn is_closed(&self, side: Side) -> bool {
        is_closed(self.peer(side))
    }

    /// Reads the statistics of both twice a second, as long as the future lives. It ends when somebody else closed one of
    /// them, which it tells: no event does (W3C WebRTC, section 4.4.2, `close`).
    pub fn watch<F: Fn(Moment) + 'static>(
        &self,
        on_moment: F,
    ) -> impl Future<Output = ()> + 'static + use<F> {
        let ([caller, answerer], events) = (self.peers(), self.events.clone());
        async move {
            loop {
                task::sleep(LOOK_MS).await;
                if let Some((side, _)) =
                    Side::ALL.into_iter().zip([&caller, &answerer]).find(|(_, peer)| is_closed(peer))
                {
                    return events.emit(side, Step::Connection("closed".into()));
                }
                let looked = task::within(STATISTICS_MS, report::measure(&caller, &answerer)).await;
                if let Some(moment) = looked.flatten() {
                    on_moment(moment);
                }
            }
        }
    }

    /// Shows what came to the answerer; muted, since it would howl. Nothing before the first [`Step::Track`].
    pub fn show_in(&self, video: &Video) {
        if let Some(stream) = self.events.incoming.borrow().as_ref() {
            video.show(stream);
            self.shown_in.borrow_mut().push(video.clone());
        }
    }

    fn peer(&self, side: Side) -> &RtcPeerConnection {
        &self.peers[side as usize].0
    }

    fn peers(&self) -> [RtcPeerConnection; 2] {
        Side::ALL.map(|side| self.peer(side).clone())
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.listeners.clear();
        if let Some(stream) = self.events.incoming.borrow().as_ref() {
            for video in self.shown_in.borrow().iter() {
                video.hide(stream);
            }
        }
    }
}

/// Calls back when the first frame of what an element shows is on the screen, with that moment in the milliseconds of
/// [`now_ms`]. Where nobody sees it, or the browser does not tell, it calls back when the element's time moves, up to a
/// quarter of a second later; after the one the other may come.
#[must_use = "dropping it ends the wait"]
pub struct FirstFrame {
    video: FrameVideo,
    handle: Option<u32>,
    _callback: Closure<dyn FnMut()>,
    _moves: Listener,
}

impl FirstFrame {
    /// Begins to wait.
    pub fn of(video: &Video, callback: impl Fn(f64) + Clone + 'static) -> Self {
        let element = video.0.clone();
        let video: FrameVideo = element.clone().unchecked_into();
        let on_move = callback.clone();
        let callback = Closure::new(move || callback(now_ms()));
        let can_tell = video.request_frame_function().is_some();
        let moves = Listener::new(&element.clone(), "timeupdate", move |_| {
            // Some browsers say that there is data when there is only a black frame of their own.
            if element.current_time() > 0.0 {
                on_move(now_ms());
            }
        });
        Self {
            handle: can_tell.then(|| video.request_frame(callback.as_ref().unchecked_ref())),
            video,
            _callback: callback,
            _moves: moves,
        }
    }
}

impl Drop for FirstFrame {
    fn drop(&mut self) {
        if let Some(handle) = self.handle {
            self.video.cancel_frame(handle);
        }
    }
}

/// Closed when it is dropped.
struct Peer(RtcPeerConnection, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl Peer {
    fn new() -> Result<Self, Error> {
        let peer = RtcPeerConnection::new().map_err(Error::from_js)?;
        Ok(Self(peer, Held::new(|live| &mut live.connections)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Events {
    on_event: Box<dyn Fn(Event)>,
    /// What came to the answerer.
    incoming: RefCell<Option<MediaStream>>,
}

impl Events {
    fn emit(&self, side: Side, step: Step) {
        (self.on_event)(Event { at: now_ms(), side, step, candidate: None });
    }

    fn listen(self: Rc<Self>, side: Side, peer: &RtcPeerConnection) -> [Listener; 5] {
        let [found, gathered, ice, connection, tracks] = [(); 5].map(|()| self.clone());
        let state = |name: &'static str| {
            let peer = peer.clone();
            move || text(&peer, name).unwrap_or_default()
        };
        let (ice_state, connection_state) = (state("iceConnectionState"), state("connectionState"));
        let gathering = peer.clone();
        [
            Listener::new(peer, "icecandidate", move |event| {
                let event: &RtcPeerConnectionIceEvent = event.unchecked_ref();
                if let Some(candidate) = candidate(event) {
                    let words = event.candidate().and_then(|words| Found::of(words.unchecked_ref()));
                    let step = Step::Candidate(words.unwrap_or_default());
                    (found.on_event)(Event { at: now_ms(), side, step, candidate: Some(candidate) });
                }
            }),
            Listener::new(peer, "icegatheringstatechange", move |_| {
                if gathering.ice_gathering_state() == RtcIceGatheringState::Complete {
                    gathered.emit(side, Step::Gathered);
                }
            }),
            Listener::new(peer, "iceconnectionstatechange", move |_| ice.emit(side, Step::Ice(ice_state()))),
            Listener::new(peer, "connectionstatechange", move |_| {
                connection.emit(side, Step::Connection(connection_state()));
            }),
            Listener::new(peer, "track", move |event| {
                let event: &RtcTrackEvent = event.unchecked_ref();
                let stream = event.streams().get(0);
                if stream.is_object() {
                    tracks.incoming.replace(Some(stream.unchecked_into()));
                }
                tracks.emit(side, Step::Track(event.track().kind()));
            }),
        ]
    }
}

fn is_closed(peer: &RtcPeerConnection) -> bool {
    text(peer, "connectionState").as_deref() == Some("closed")
}

async fn made(promise: js_sys::Promise) -> Result<RtcSessionDescriptionInit, Error> {
    let description: JsValue = promise.await.map_err(Error::from_js)?;
    Ok(description.unchecked_into())
}

/// Puts the codecs of this name before the others, in the section of the picture (W3C WebRTC, section 5.4).
fn prefer(peer: &RtcPeerConnection, codec: &str) -> Result<(), Error> {
    let is_wanted = |capability: &JsValue| name_of(capability).is_some_and(|name| name == codec);
    let (wanted, others): (Vec<_>, Vec<_>) = capabilities().partition(is_wanted);
    let order: Array = wanted.into_iter().chain(others).collect();
    let mut transceivers = peer.get_transceivers().into_iter().map(JsCast::unchecked_into);
    let video = transceivers.find(|transceiver: &RtcRtpTransceiver| {
        transceiver.sender().track().is_some_and(|track| track.kind() == "video")
    });
    let video = video.ok_or_else(|| Error::new("InvalidStateError", "no picture is sent"))?;
    video.unchecked_ref::<Transceiver>().prefer_codecs(&order).map_err(Error::from_js)
}

/// `RTCRtpCodecCapability`s as they came: they have to go back as they are.
fn capabilities() -> impl Iterator<Item = JsValue> {
    let all = RtcRtpSender::get_capabilities("video");
    let codecs = all.and_then(|all| Reflect::get(&all, &"codecs".into()).ok());
    codecs.map(|codecs| Array::from(&codecs)).into_iter().flatten()
}

/// As in `VP8` for `video/VP8`.
fn name_of(codec: &JsValue) -> Option<String> {
    Some(text(codec, "mimeType")?.strip_prefix("video/")?.to_owned())
}
