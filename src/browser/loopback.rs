//! Two connections in one page, and a data channel from one to the other, of which the other side hears in band
//! (`ondatachannel`), as in the codelab's third step.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use futures::{StreamExt, channel::mpsc};
use js_sys::{ArrayBuffer, JsString};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    MessageEvent, RtcDataChannel, RtcDataChannelEvent, RtcDataChannelInit, RtcDataChannelState,
    RtcDataChannelType, RtcIceCandidate, RtcPeerConnection, RtcPeerConnectionIceEvent,
    RtcSessionDescriptionInit,
};

use super::{
    Chunk, Error, Payload,
    externs::{AnnouncedChannel, PeerConnection},
    live::{Held, Listener},
    page::Global,
    path::{self, Packets},
};

/// UTF-16 units of a text that are read; what is longer is cut. The page's own texts are shorter, a console's may not be.
const MAX_TEXT: u32 = 2_000;

/// Candidates that wait for the descriptions: some dozens on a device with many addresses.
const CANDIDATES: usize = 256;

/// The two connections and the channel. Dropping it ends all callbacks, then closes everything.
pub struct Loopback {
    shared: Rc<Shared>,
    listeners: Vec<Listener>,
    sender: RtcDataChannel,
    near: Peer,
    far: Peer,
    candidates: RefCell<Option<mpsc::Receiver<(End, RtcIceCandidate)>>>,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `localConnection`, which makes the channel.
    Near,
    /// `remoteConnection`, to which it is announced.
    Far,
}

/// How a channel is made: `RTCDataChannelInit` (W3C WebRTC, section 6.1.1), without two limits at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelOptions {
    /// Its name; need not be unique.
    pub label: String,
    /// What is spoken on it, for programs.
    pub protocol: String,
    /// Whether messages come in the order in which they were sent.
    pub ordered: bool,
    /// How much is done for each message.
    pub effort: Effort,
}

/// How much is done for a message that is lost on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// It is sent again until it has arrived.
    UntilItArrives,
    /// It is sent again at most so many times (`maxRetransmits`).
    Retransmits(u16),
    /// It is sent again for at most so many milliseconds (`maxPacketLifeTime`).
    LifeTime(u16),
}

/// What happens, in order.
pub enum LoopbackEvent {
    /// The channel was announced, and is open on both sides.
    Open,
    /// A text, cut where it is long.
    Text(End, String),
    /// A binary message.
    Bytes(End, Chunk),
    /// The sending channel's queue has shrunk to its threshold (`bufferedamountlow`).
    Low,
    /// One of the channels closed or failed, by another hand than ours; said once.
    Closed,
}

/// What people find at the console. Dropping the last clone takes it away.
#[derive(Clone, Default)]
pub struct Names(Rc<RefCell<Vec<Global>>>);

struct Shared {
    on_event: Box<dyn Fn(LoopbackEvent)>,
    names: Names,
    announced: OnceCell<RtcDataChannel>,
    announced_listeners: RefCell<Vec<Listener>>,
    is_open: Cell<[bool; 2]>,
    is_over: Cell<bool>,
}

impl Loopback {
    /// Makes the connections and the sending channel. Nothing goes between them before [`connect`](Self::connect).
    pub fn new(
        options: &ChannelOptions,
        names: &Names,
        on_event: impl Fn(LoopbackEvent) + 'static,
    ) -> Result<Self, Error> {
        let (near, far) = (Peer::new()?, Peer::new()?);
        let sender =
            near.0.try_create_data_channel(&options.label, &options.init()).map_err(Error::from_js)?;
        names.add("localConnection", &near.0);
        names.add("remoteConnection", &far.0);
        names.add("sendChannel", &sender);

        let shared = Rc::new(Shared {
            on_event: Box::new(on_event),
            names: names.clone(),
            announced: OnceCell::new(),
            announced_listeners: RefCell::default(),
            is_open: Cell::default(),
            is_over: Cell::new(false),
        });
        let (found, candidates) = mpsc::channel(CANDIDATES);
        let announcing = shared.clone();
        let mut listeners = shared.listen(End::Near, &sender);
        listeners.extend([
            candidates_of(&near.0, End::Near, found.clone()),
            candidates_of(&far.0, End::Far, found),
            Listener::new(&far.0, "datachannel", move |event| {
                announcing.announce(event.unchecked_ref::<RtcDataChannelEvent>().channel());
            }),
        ]);
        Ok(Self { shared, listeners, sender, near, far, candidates: RefCell::new(Some(candidates)) })
    }

    /// Brings the two together: offer, answer, and every candidate that is found from then on. Goes on until this is
    /// dropped, or fails. To be called once.
    pub fn connect(&self) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let (near, far) = (self.near.0.clone(), self.far.0.clone());
        let candidates = self.candidates.take();
        async move {
            describe(&near, &far).await.map_err(Error::from_js)?;
            let Some(mut candidates) = candidates else { return Ok(()) };
            while let Some((found_by, candidate)) = candidates.next().await {
                let other = if found_by == End::Near { &far } else { &near };
                other
                    .add_ice_candidate_with_opt_rtc_ice_candidate(Some(&candidate))
                    .await
                    .map_err(Error::from_js)?;
            }
            Ok(())
        }
    }

    /// What the channel is, as the side says to which it was announced; none before that.
    #[must_use]
    pub fn announced(&self) -> Option<ChannelOptions> {
        self.shared.announced.get().map(ChannelOptions::of)
    }

    /// Sends a text.
    pub fn send_text(&self, from: End, text: &str) -> Result<(), Error> {
        let channel = match from {
            End::Near => &self.sender,
            End::Far => self.shared.announced.get().ok_or_else(closed)?,
        };
        channel.send_with_str(text).map_err(Error::from_js)
    }

    /// Sends all of `payload` to the far side, as one message, without a copy in wasm memory.
    pub fn send_bytes(&self, payload: &Payload) -> Result<(), Error> {
        self.sender.send_with_array_buffer_view(payload.array()).map_err(Error::from_js)
    }

    /// Bytes that the sending channel has taken and not yet sent (`bufferedAmount`).
    #[must_use]
    pub fn queued(&self) -> u32 {
        self.sender.buffered_amount()
    }

    /// [`LoopbackEvent::Low`] comes when the queue shrinks to so many bytes (`bufferedAmountLowThreshold`).
    pub fn set_low_threshold(&self, bytes: u32) {
        self.sender.set_buffered_amount_low_threshold(bytes);
    }

    /// Whether the sending channel can still be used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.sender.ready_state() == RtcDataChannelState::Open
    }

    /// Bytes of the largest message (`RTCSctpTransport.maxMessageSize`), which may be infinite; none where the browser
    /// does not say.
    #[must_use]
    pub fn max_message(&self) -> Option<f64> {
        self.near.0.sctp().map(|sctp| sctp.max_message_size())
    }

    /// Packets that both sides have sent and received so far; none where the browser does not count them.
    pub fn packets(&self) -> impl Future<Output = Option<Packets>> + 'static + use<> {
        let (near, far) = (self.near.0.clone(), self.far.0.clone());
        async move {
            let (near, far) = (path::packets(&near).await?, path::packets(&far).await?);
            Some(Packets { sent: near.sent + far.sent, received: near.received + far.received })
        }
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.listeners.clear();
        // They hold what they are held by.
        self.shared.announced_listeners.borrow_mut().clear();
        for channel in [Some(&self.sender), self.shared.announced.get()].into_iter().flatten() {
            channel.close();
        }
        // The connections follow.
    }
}

impl Shared {
    fn emit(&self, event: LoopbackEvent) {
        (self.on_event)(event);
    }

    fn announce(self: &Rc<Self>, channel: RtcDataChannel) {
        // Only one channel is made here; what a console makes is the console's.
        if self.announced.get().is_some() {
            return;
        }
        self.names.add("receiveChannel", &channel);
        let listeners = self.listen(End::Far, &channel);
        self.announced_listeners.borrow_mut().extend(listeners);
        let is_open = channel.ready_state() == RtcDataChannelState::Open;
        if self.announced.set(channel).is_ok() && is_open {
            self.opened(End::Far);
        }
    }

    fn listen(self: &Rc<Self>, end: End, channel: &RtcDataChannel) -> Vec<Listener> {
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        let (opening, reading, draining) = (self.clone(), self.clone(), self.clone());
        let mut listeners = vec![
            Listener::new(channel, "open", move |_| opening.opened(end)),
            Listener::new(channel, "message", move |event| reading.read(end, event.unchecked_ref())),
        ];
        listeners.extend(["close", "error"].map(|event| {
            let closing = self.clone();
            Listener::new(channel, event, move |_| {
                if !closing.is_over.replace(true) {
                    closing.emit(LoopbackEvent::Closed);
                }
            })
        }));
        if end == End::Near {
            listeners.push(Listener::new(channel, "bufferedamountlow", move |_| {
                draining.emit(LoopbackEvent::Low);
            }));
        }
        listeners
    }

    /// The side that is told of the channel may hear twice that it is open.
    fn opened(&self, end: End) {
        let [near, far] = self.is_open.get();
        let open = [near || end == End::Near, far || end == End::Far];
        self.is_open.set(open);
        if open == [true, true] && [near, far] != open {
            self.emit(LoopbackEvent::Open);
        }
    }

    fn read(&self, end: End, event: &MessageEvent) {
        match event.data().dyn_into::<JsString>() {
            Ok(text) => self.emit(LoopbackEvent::Text(end, text.slice(0, MAX_TEXT).into())),
            Err(data) => {
                if let Ok(buffer) = data.dyn_into::<ArrayBuffer>() {
                    self.emit(LoopbackEvent::Bytes(end, Chunk(buffer)));
                }
            }
        }
    }
}

impl ChannelOptions {
    fn init(&self) -> RtcDataChannelInit {
        let init = RtcDataChannelInit::new();
        init.set_ordered(self.ordered);
        init.set_protocol(&self.protocol);
        match self.effort {
            Effort::UntilItArrives => {}
            Effort::Retransmits(times) => init.set_max_retransmits(times),
            Effort::LifeTime(ms) => init.set_max_packet_life_time(ms),
        }
        init
    }

    fn of(channel: &RtcDataChannel) -> Self {
        let channel: &AnnouncedChannel = channel.unchecked_ref();
        let retransmits = channel.max_retransmits().map(Effort::Retransmits);
        let life_time = channel.max_packet_life_time().map(Effort::LifeTime);
        Self {
            label: channel.label(),
            protocol: channel.protocol(),
            ordered: channel.ordered(),
            effort: retransmits.or(life_time).unwrap_or(Effort::UntilItArrives),
        }
    }
}

impl Names {
    fn add(&self, name: &'static str, value: &JsValue) {
        self.0.borrow_mut().push(Global::set(name, value));
    }
}

/// Closed when it is dropped, also when the rest of a [`Loopback`] could not be made.
struct Peer(PeerConnection, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl Peer {
    fn new() -> Result<Self, Error> {
        let peer = RtcPeerConnection::new().map_err(Error::from_js)?;
        Ok(Self(peer.unchecked_into(), Held::new(|live| &mut live.connections)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn candidates_of(
    peer: &PeerConnection,
    end: End,
    mut found: mpsc::Sender<(End, RtcIceCandidate)>,
) -> Listener {
    Listener::new(peer, "icecandidate", move |event| {
        // Without a candidate it says that there is no more. One that there is no room for is one way less.
        if let Some(candidate) = event.unchecked_ref::<RtcPeerConnectionIceEvent>().candidate() {
            drop(found.try_send((end, candidate)));
        }
    })
}

async fn describe(near: &PeerConnection, far: &PeerConnection) -> Result<(), JsValue> {
    let offer: RtcSessionDescriptionInit = near.create_offer().await?.unchecked_into();
    near.set_local_description(&offer).await?;
    far.set_remote_description(&offer).await?;
    let answer: RtcSessionDescriptionInit = far.create_answer().await?.unchecked_into();
    far.set_local_description(&answer).await?;
    near.set_remote_description(&answer).await?;
    Ok(())
}

fn closed() -> Error {
    Error::new("InvalidStateError", "the channel is not open")
}
