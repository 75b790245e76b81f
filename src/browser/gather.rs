//! What STUN and TURN servers answer, without anybody else: the candidates that they make possible (RFC 8445,
//! section 5.1.1).

use std::rc::Rc;

use snaproom_protocol::server::IceServer;
use wasm_bindgen::JsCast;
use web_sys::{
    RtcConfiguration, RtcIceGatheringState, RtcIceTransportPolicy, RtcPeerConnection,
    RtcPeerConnectionIceEvent,
};

use super::{
    Error,
    externs::{Gathered, IceError, PeerConnection},
    live::{Held, Listener},
};

/// Gathers candidates as long as it lives.
pub struct Gathering {
    listeners: Vec<Listener>,
    peer: PeerConnection,
    _held: Held,
}

/// What is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gather {
    /// A way to be reached.
    Found(Found),
    /// A server did not answer, or refused.
    Failed(Failed),
    /// There is no more.
    Complete,
}

/// An `RTCIceCandidate` of this side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// `host`, `srflx` or `relay`.
    pub kind: String,
    /// `udp` or `tcp`; of a relay, how this browser reaches it, where the browser says.
    pub protocol: String,
    /// As others would reach it; a name that ends in `.local` where the browser hides it.
    pub address: String,
    /// 0 where the browser does not say.
    pub port: u16,
}

/// An `RTCPeerConnectionIceErrorEvent` (W3C WebRTC, section 4.8.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The server's.
    pub url: String,
    /// STUN's (RFC 8489, section 14.8), as in 401 for a wrong password; 701 where no answer came.
    pub code: u16,
    /// The server's or the browser's own words.
    pub text: String,
}

impl Gathering {
    /// Begins. `relay_only` leaves out everything but what goes through a TURN server.
    pub async fn start(
        servers: &[IceServer],
        relay_only: bool,
        on_event: impl Fn(Gather) + 'static,
    ) -> Result<Self, Error> {
        let configuration = RtcConfiguration::new();
        configuration.set_ice_servers(&serde_wasm_bindgen::to_value(servers).map_err(Error::from_serde)?);
        if relay_only {
            configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
        }
        let peer = RtcPeerConnection::new_with_configuration(&configuration).map_err(Error::from_js)?;
        let peer: PeerConnection = peer.unchecked_into();
        let on_event = Rc::new(on_event);
        let (on_error, on_state, state) = (on_event.clone(), on_event.clone(), peer.clone());
        let gathering = Self {
            listeners: vec![
                Listener::new(&peer, "icecandidate", move |event| {
                    let event: &RtcPeerConnectionIceEvent = event.unchecked_ref();
                    if let Some(found) =
                        event.candidate().and_then(|found| Found::of(&found.unchecked_into()))
                    {
                        on_event(Gather::Found(found));
                    }
                }),
                Listener::new(&peer, "icecandidateerror", move |event| {
                    on_error(Gather::Failed(Failed::of(event.unchecked_ref())));
                }),
                Listener::new(&peer, "icegatheringstatechange", move |_| {
                    if state.ice_gathering_state() == RtcIceGatheringState::Complete {
                        on_state(Gather::Complete);
                    }
                }),
            ],
            peer,
            _held: Held::new(|live| &mut live.connections),
        };
        // Something to carry, or there is nothing to gather for.
        drop(gathering.peer.create_data_channel("gather"));
        gathering.peer.set_implicit_local_description().await.map_err(Error::from_js)?;
        Ok(gathering)
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.listeners.clear();
        self.peer.close();
    }
}

impl Found {
    /// Whether the browser gives out a name of mDNS in the place of the address.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.address.rsplit_once('.').is_some_and(|(_, end)| end == "local")
    }

    pub(super) fn of(candidate: &Gathered) -> Option<Self> {
        // The empty one says that there is no more.
        let address = candidate.address().filter(|address| !address.is_empty())?;
        let protocol = candidate.relay_protocol().or_else(|| candidate.protocol());
        Some(Self {
            kind: candidate.kind().unwrap_or_default(),
            protocol: protocol.unwrap_or_default(),
            address,
            port: candidate.port().unwrap_or(0),
        })
    }
}

impl Failed {
    fn of(error: &IceError) -> Self {
        Self {
            url: error.url().unwrap_or_default(),
            code: error.code(),
            text: error.text().unwrap_or_default(),
        }
    }
}
