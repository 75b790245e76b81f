use std::{cell::Cell, convert::Infallible, rc::Rc};

use futures::{
    FutureExt,
    channel::oneshot,
    future::{Either, LocalBoxFuture, Shared, select},
};
use snaproom_protocol::{bulk, control, server::IceServer, signal::Candidate};
use wasm_bindgen::JsCast;
use web_sys::{
    MediaStream, RtcBundlePolicy, RtcConfiguration, RtcIceTransportPolicy, RtcPeerConnection,
    RtcPeerConnectionIceEvent, RtcPeerConnectionState, RtcRtpTransceiver, RtcRtpTransceiverDirection,
    RtcRtpTransceiverInit, RtcSdpType, RtcSessionDescriptionInit,
};

use super::{
    Chunk, Error, Measured, Path, Payload,
    channel::{Channel, ChannelEvent, Kind},
    externs::{IceCandidate, PeerConnection, Sender},
    live::{Held, Listener},
    outgoing::Message,
    path,
};

/// An `RTCPeerConnection` with its two negotiated channels. Dropping it ends all callbacks, then closes it;
/// the futures it handed out then end with an error.
pub struct Connection {
    listeners: Vec<Listener>,
    control: Channel,
    bulk: Channel,
    peer: Peer,
    events: Rc<Events>,
    stream: MediaStream,
    closed: Shared<oneshot::Receiver<Infallible>>,
    _open: oneshot::Sender<Infallible>,
}

/// How a connection is made.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// STUN and TURN, from the server's welcome.
    pub ice_servers: &'a [IceServer],
    /// Uses TURN alone, so that the other side learns no address.
    pub relay_only: bool,
    /// Adds the transceivers; the other side adopts them.
    pub offerer: bool,
    /// Stream id of the control channel.
    pub control_id: u16,
    /// Stream id of the bulk channel.
    pub bulk_id: u16,
}

/// What a connection reports, in order.
pub enum Event {
    /// For the other side.
    Candidate(Candidate),
    /// The other side's candidates can be added now.
    RemoteDescriptionSet,
    /// `connectionState` changed.
    State(State),
    /// Both channels are open.
    Open {
        /// `RTCSctpTransport.maxMessageSize`: the largest message that may be sent, in bytes.
        max_message: u32,
    },
    /// A text on the control channel, at most [`control::MAX_MESSAGE_BYTES`].
    Control(String),
    /// A text on the bulk channel, at most [`bulk::MAX_HEADER_BYTES`].
    BulkHeader(String),
    /// A binary message on the bulk channel, at most [`bulk::CHUNK_BYTES`].
    BulkChunk(Chunk),
    /// A message was dropped because it is over those bounds, or binary on the control channel. Said once.
    Oversized,
    /// A channel closed or failed; said once. The other is of no more use.
    Closed,
}

/// `RTCPeerConnectionState` once it has begun to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Looking for a path.
    Connecting,
    /// There is a path.
    Connected,
    /// Nothing was heard for some seconds.
    Disconnected,
    /// Given up; only an ICE restart helps.
    Failed,
    /// Closed by the browser.
    Closed,
}

impl Connection {
    /// Makes it and, for the offerer, its three transceivers; nothing leaves the browser before
    /// [`offer`](Self::offer) or [`answer`](Self::answer).
    pub fn new(settings: Settings<'_>, on_event: impl Fn(Event) + 'static) -> Result<Self, Error> {
        let peer = Peer::new(&settings)?;
        let stream = MediaStream::new().map_err(Error::from_js)?;
        if settings.offerer {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            init.set_streams(&js_sys::Array::of1(&stream));
            for kind in ["audio", "video", "video"] {
                peer.0.add_transceiver_with_str_and_init(kind, &init);
            }
        }

        let events = Rc::new(Events {
            on_event: Box::new(on_event),
            peer: peer.0.clone(),
            open_channels: Cell::new(0),
            oversized: Cell::new(false),
            closed: Cell::new(false),
        });
        let control = Kind {
            label: "control",
            id: settings.control_id,
            max_text: control::MAX_MESSAGE_BYTES,
            max_binary: None,
        };
        let bulk = Kind {
            label: "bulk",
            id: settings.bulk_id,
            max_text: bulk::MAX_HEADER_BYTES,
            max_binary: Some(bulk::CHUNK_BYTES),
        };
        let (open, closed) = oneshot::channel();
        Ok(Self {
            listeners: events.listen(&peer.0),
            control: Channel::new(&peer.0, control, events.clone().of_channel(Event::Control))?,
            bulk: Channel::new(&peer.0, bulk, events.clone().of_channel(Event::BulkHeader))?,
            peer,
            events,
            stream,
            closed: closed.shared(),
            _open: open,
        })
    }

    /// Makes the offer and begins to gather candidates. Gives its SDP.
    pub fn offer(&self) -> impl Future<Output = Result<String, Error>> + 'static + use<> {
        self.until_closed(Box::pin(set_local_description(self.peer.0.clone())))
    }

    /// Like [`offer`](Self::offer), with new ICE credentials, under which both sides look for a path anew while the old
    /// one is used as long as it holds. An offer that is not answered yet gives way to it.
    pub fn restart_ice(&self) -> impl Future<Output = Result<String, Error>> + 'static + use<> {
        self.peer.0.restart_ice();
        self.offer()
    }

    /// Finds its way like this from the next offer or answer on.
    pub fn configure(&self, ice_servers: &[IceServer], relay_only: bool) -> Result<(), Error> {
        let configuration = configuration(ice_servers, relay_only)?;
        self.peer.0.set_configuration_with_configuration(&configuration).map_err(Error::from_js)
    }

    /// Takes the offer, adopts its transceivers, makes the answer and begins to gather candidates. Gives its SDP. An
    /// own offer that is not answered yet is taken back (W3C WebRTC, section 4.4.1.5).
    pub fn answer(&self, offer: String) -> impl Future<Output = Result<String, Error>> + 'static + use<> {
        let (peer, events, stream) = (self.peer.0.clone(), self.events.clone(), self.stream.clone());
        self.until_closed(Box::pin(async move {
            set_remote_description(&peer, RtcSdpType::Offer, &offer).await?;
            events.emit(Event::RemoteDescriptionSet);
            for transceiver in peer.get_transceivers() {
                let transceiver: RtcRtpTransceiver = transceiver.unchecked_into();
                transceiver.set_direction(RtcRtpTransceiverDirection::Sendrecv);
                // One stream id keeps sound and picture in step. Without setStreams they are only not in step.
                let _ = transceiver.sender().unchecked_ref::<Sender>().set_streams(&stream);
            }
            set_local_description(peer).await
        }))
    }

    /// Takes the answer to the last offer.
    pub fn accept(&self, answer: String) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let (peer, events) = (self.peer.0.clone(), self.events.clone());
        self.until_closed(Box::pin(async move {
            set_remote_description(&peer, RtcSdpType::Answer, &answer).await?;
            events.emit(Event::RemoteDescriptionSet);
            Ok(())
        }))
    }

    /// Adds a candidate of the other side; only after [`Event::RemoteDescriptionSet`].
    pub fn add_candidate(
        &self,
        candidate: Candidate,
    ) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let peer = self.peer.0.clone();
        self.until_closed(Box::pin(async move {
            let candidate = serde_wasm_bindgen::to_value(&candidate).map_err(Error::from_serde)?;
            peer.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(candidate.unchecked_ref()))
                .await
                .map_err(Error::from_js)?;
            Ok(())
        }))
    }

    /// Sends a text on the control channel.
    pub fn send_control(&self, text: &str) -> Result<(), Error> {
        self.control.send_text(text)
    }

    /// Sends a text on the bulk channel, after what was sent there before.
    pub fn send_header(&self, text: &str) -> Result<(), Error> {
        self.bulk.send_in_turn(Message::Text(text.to_owned()))
    }

    /// Sends a part of `payload` on the bulk channel as one message, without a copy in wasm memory. While the browser's
    /// queue is full it waits, and the payload is kept.
    pub fn send_bytes(&self, payload: &Payload, offset: u32, length: u32) -> Result<(), Error> {
        self.bulk.send_in_turn(Message::Bytes(payload.view(offset, length)?, payload.clone()))
    }

    /// Bytes on the bulk channel that have not left the browser, by its own count, which may lag.
    #[must_use]
    pub fn bulk_queued(&self) -> u32 {
        self.bulk.queued()
    }

    /// Which way the bytes go now; none while there is no way.
    pub fn path(&self) -> impl Future<Output = Option<Path>> + 'static + use<> {
        let peer = self.peer.0.clone();
        let path = self.until_closed(Box::pin(async move { Ok(path::selected(&peer).await) }));
        async move { path.await.ok().flatten() }
    }

    /// How its media comes; none while there is no way.
    pub fn measure(&self) -> impl Future<Output = Option<Measured>> + 'static + use<> {
        let peer = self.peer.0.clone();
        let measured = self.until_closed(Box::pin(async move { Ok(path::measure(&peer).await) }));
        async move { measured.await.ok().flatten() }
    }

    /// For what else the connection does, in files of its own.
    pub(super) fn peer(&self) -> &PeerConnection {
        &self.peer.0
    }

    /// The promises of a closed connection never settle (W3C WebRTC, section 4.4.1.2), so its futures end here. Boxed,
    /// so that what waits for them is there once for all that give the same.
    pub(super) fn until_closed<T: 'static>(
        &self,
        future: LocalBoxFuture<'static, Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> + 'static + use<T> {
        let closed = self.closed.clone();
        async move {
            // The end is looked at first: nothing is reported after it.
            match select(closed, future).await {
                Either::Left(_) => Err(Error::new("InvalidStateError", "the connection was closed")),
                Either::Right((result, _)) => result,
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.listeners.clear();
        // The fields follow in their order: the channels, then the connection.
    }
}

async fn set_local_description(peer: PeerConnection) -> Result<String, Error> {
    peer.set_implicit_local_description().await.map_err(Error::from_js)?;
    let description = peer.local_description();
    description
        .map(|description| description.sdp())
        .ok_or_else(|| Error::new("InvalidStateError", "the browser made no description"))
}

async fn set_remote_description(peer: &PeerConnection, kind: RtcSdpType, sdp: &str) -> Result<(), Error> {
    let description = RtcSessionDescriptionInit::new(kind);
    description.set_sdp(sdp);
    peer.set_remote_description(&description).await.map_err(Error::from_js)?;
    Ok(())
}

/// The same at the beginning and later, but for what the arguments say: browsers refuse any other change.
fn configuration(ice_servers: &[IceServer], relay_only: bool) -> Result<RtcConfiguration, Error> {
    let configuration = RtcConfiguration::new();
    configuration.set_bundle_policy(RtcBundlePolicy::MaxBundle);
    configuration.set_ice_servers(&serde_wasm_bindgen::to_value(ice_servers).map_err(Error::from_serde)?);
    if relay_only {
        configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
    }
    Ok(configuration)
}

/// Closed when it is dropped, also when the rest of a [`Connection`] could not be made.
struct Peer(PeerConnection, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl Peer {
    fn new(settings: &Settings<'_>) -> Result<Self, Error> {
        let configuration = configuration(settings.ice_servers, settings.relay_only)?;
        let peer = RtcPeerConnection::new_with_configuration(&configuration).map_err(Error::from_js)?;
        Ok(Self(peer.unchecked_into(), Held::new(|live| &mut live.connections)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Turns what the browser's objects report into [`Event`]s.
struct Events {
    on_event: Box<dyn Fn(Event)>,
    peer: PeerConnection,
    open_channels: Cell<u8>,
    oversized: Cell<bool>,
    closed: Cell<bool>,
}

impl Events {
    fn emit(&self, event: Event) {
        (self.on_event)(event);
    }

    fn listen(self: &Rc<Self>, peer: &PeerConnection) -> Vec<Listener> {
        let (candidates, states) = (self.clone(), self.clone());
        vec![
            Listener::new(peer, "icecandidate", move |event| {
                if let Some(candidate) = candidate(event.unchecked_ref()) {
                    candidates.emit(Event::Candidate(candidate));
                }
            }),
            Listener::new(peer, "connectionstatechange", move |_| {
                if let Some(state) = State::of(&states.peer) {
                    states.emit(Event::State(state));
                }
            }),
        ]
    }

    fn of_channel(self: Rc<Self>, text: fn(String) -> Event) -> impl Fn(ChannelEvent) + Clone + 'static {
        move |event| match event {
            ChannelEvent::Text(message) => self.emit(text(message)),
            ChannelEvent::Binary(chunk) => self.emit(Event::BulkChunk(chunk)),
            ChannelEvent::Open => {
                self.open_channels.set(self.open_channels.get() + 1);
                if self.open_channels.get() == 2 {
                    let max_message = max_message(&self.peer);
                    self.emit(Event::Open { max_message });
                }
            }
            ChannelEvent::Oversized if !self.oversized.replace(true) => self.emit(Event::Oversized),
            ChannelEvent::Closed if !self.closed.replace(true) => self.emit(Event::Closed),
            ChannelEvent::Oversized | ChannelEvent::Closed => {}
        }
    }
}

/// None for the empty candidate that ends a gathering: trickling peers do without.
pub(super) fn candidate(event: &RtcPeerConnectionIceEvent) -> Option<Candidate> {
    let candidate: IceCandidate = event.candidate()?.unchecked_into();
    let line = candidate.candidate();
    (!line.is_empty()).then(|| Candidate {
        candidate: line,
        sdp_mid: candidate.sdp_mid(),
        sdp_m_line_index: candidate.sdp_m_line_index(),
        username_fragment: candidate.username_fragment(),
    })
}

/// Bytes. 64 KiB where a browser does not say: RFC 8841, section 6.1.
fn max_message(peer: &PeerConnection) -> u32 {
    #[expect(clippy::cast_sign_loss, reason = "float casts saturate, and this one may be infinite")]
    peer.sctp().map_or(64 * 1024, |sctp| sctp.max_message_size() as u32)
}

impl State {
    fn of(peer: &RtcPeerConnection) -> Option<Self> {
        match peer.connection_state() {
            RtcPeerConnectionState::Connecting => Some(Self::Connecting),
            RtcPeerConnectionState::Connected => Some(Self::Connected),
            RtcPeerConnectionState::Disconnected => Some(Self::Disconnected),
            RtcPeerConnectionState::Failed => Some(Self::Failed),
            RtcPeerConnectionState::Closed => Some(Self::Closed),
            _ => None,
        }
    }
}
