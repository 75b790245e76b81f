//! What was found out, and how good that is.

use serde::Serialize;
use snaproom_protocol::server::Refusal;

use crate::browser::{Ability, CaptureError, Found};

/// What is looked at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Whether browsers trust the way the page came.
    Secure,
    /// What the browser can do.
    Browser,
    /// Which devices there are.
    Devices,
    /// Whether the page gets a picture.
    Camera,
    /// Whether it gets sound.
    Microphone,
    /// Whether the server that brings people together answers.
    Server,
    /// Whether the network tells its outer address.
    Stun,
    /// Whether a relay can be used.
    TurnUdp,
    /// The same over TCP, for networks that block UDP.
    TurnTcp,
    /// How others can be reached, as follows from the three.
    Path,
    /// How fast data channels are here.
    Speed,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Secure,
        Self::Browser,
        Self::Devices,
        Self::Camera,
        Self::Microphone,
        Self::Server,
        Self::Stun,
        Self::TurnUdp,
        Self::TurnTcp,
        Self::Path,
        Self::Speed,
    ];
}

/// What was found out.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Whether the page came over a connection that browsers trust.
    Secure(bool),
    /// What the browser can do.
    Browser(Vec<Ability>),
    /// How many there are.
    Devices {
        /// `videoinput`.
        cameras: usize,
        /// `audioinput`.
        microphones: usize,
    },
    /// Browsers tell only secure pages.
    DevicesHidden,
    /// The camera, and the size of its picture in pixels, where the browser says.
    Camera(Capture, Option<(u32, u32)>),
    /// The microphone.
    Microphone(Capture),
    /// The server.
    Server(Server),
    /// A STUN or TURN server.
    Reach(Reach),
    /// How others can be reached.
    Path(Way),
    /// Bytes in a second through a data channel from this page to itself; none where it did not open.
    Speed(Option<f64>),
}

/// Whether a device gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// It does.
    Works,
    /// The browser would give it without a question; it was not tried.
    Allowed,
    /// The browser would ask the person first.
    WouldAsk,
    /// The person did not answer.
    Unanswered,
    /// Why it does not.
    Failed(CaptureError),
}

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Server {
    /// To it and back, in milliseconds.
    Answers(f64),
    /// The socket could not be opened, or was closed.
    Unreachable,
    /// It took the socket and said nothing.
    Silent,
    /// It does not serve this page.
    Refuses(Refusal),
}

/// Whether a STUN or TURN server answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// The server offers none.
    NotOffered,
    /// Which ones it offers is not known, since it was not reached.
    NotKnown,
    /// It does.
    Answers {
        /// From the question on, in milliseconds.
        after: f64,
        /// What it makes possible; none where that is what the browser has anyway.
        found: Option<Found>,
    },
    /// Nothing came back.
    Silent,
    /// The browser has no address for it to ask from.
    NoAddresses,
    /// It answered with an error (RFC 8489, section 14.8): its code, and its words.
    Refuses(u16, String),
    /// The browser would not even try; its words.
    Impossible(String),
}

/// How others can be reached from this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From browser to browser, or through a relay where theirs does not let that through.
    DirectOrRelay,
    /// From browser to browser, if theirs lets that through.
    Direct,
    /// Through a relay; whether directly as well cannot be told.
    Relay,
    /// Through a relay alone.
    RelayOnly,
    /// Nobody but who is in the same network.
    Local,
    /// It cannot be told without the server.
    NotKnown,
}

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Not looked at yet.
    Waiting,
    /// Being looked at.
    Running,
    /// As it should be.
    Good,
    /// Not there, or not to be told; nothing has to be done.
    Skipped,
    /// Neither good nor bad.
    Note,
    /// Something does not work.
    Bad,
}

impl Finding {
    /// How good it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Secure(is_good) => {
                if *is_good {
                    Outcome::Good
                } else {
                    Outcome::Bad
                }
            }
            Self::Browser(abilities) => {
                let lacks = |needed| abilities.iter().any(|one| !one.is_there && one.is_needed == needed);
                if lacks(true) {
                    Outcome::Bad
                } else if lacks(false) {
                    Outcome::Note
                } else {
                    Outcome::Good
                }
            }
            Self::Camera(Capture::Works, _)
            | Self::Microphone(Capture::Works)
            | Self::Server(Server::Answers(_))
            | Self::Reach(Reach::Answers { .. })
            | Self::Path(Way::DirectOrRelay | Way::Direct | Way::Relay)
            | Self::Speed(Some(_)) => Outcome::Good,
            Self::Devices { cameras, microphones } if *cameras > 0 && *microphones > 0 => Outcome::Good,
            Self::Devices { .. }
            | Self::Camera(Capture::Allowed | Capture::WouldAsk | Capture::Unanswered, _)
            | Self::Microphone(Capture::Allowed | Capture::WouldAsk | Capture::Unanswered)
            | Self::Path(Way::RelayOnly) => Outcome::Note,
            Self::Reach(Reach::NotOffered | Reach::NotKnown)
            | Self::Path(Way::NotKnown)
            | Self::DevicesHidden => Outcome::Skipped,
            Self::Camera(Capture::Failed(_), _)
            | Self::Microphone(Capture::Failed(_))
            | Self::Server(_)
            | Self::Reach(_)
            | Self::Path(Way::Local)
            | Self::Speed(None) => Outcome::Bad,
        }
    }
}

/// How others can be reached, as follows from what the STUN server and the relays answer.
#[must_use]
pub fn way(stun: &Reach, relays: [&Reach; 2]) -> Way {
    let answers = |reach: &Reach| matches!(reach, Reach::Answers { .. });
    let relayed = relays.into_iter().any(answers);
    match stun {
        Reach::NotKnown => Way::NotKnown,
        Reach::NotOffered if relayed => Way::Relay,
        _ if answers(stun) && relayed => Way::DirectOrRelay,
        _ if answers(stun) => Way::Direct,
        _ if relayed => Way::RelayOnly,
        Reach::NotOffered => Way::NotKnown,
        _ => Way::Local,
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_way_to_others_follows_from_who_answers() {
        let answers = Reach::Answers { after: 1.0, found: None };
        for (stun, udp, tcp, expected) in [
            (&answers, &answers, &Reach::NotOffered, Way::DirectOrRelay),
            (&answers, &Reach::Silent, &answers, Way::DirectOrRelay),
            (&answers, &Reach::NotOffered, &Reach::NotOffered, Way::Direct),
            (&Reach::Silent, &Reach::Silent, &answers, Way::RelayOnly),
            (&Reach::Silent, &Reach::Refuses(401, String::new()), &Reach::NotOffered, Way::Local),
            (&Reach::NotKnown, &Reach::NotKnown, &Reach::NotKnown, Way::NotKnown),
            (&Reach::NotOffered, &Reach::NotOffered, &Reach::NotOffered, Way::NotKnown),
            (&Reach::NotOffered, &answers, &Reach::NotOffered, Way::Relay),
            (&Reach::NoAddresses, &Reach::Silent, &answers, Way::RelayOnly),
            (&Reach::NoAddresses, &Reach::Silent, &Reach::NotOffered, Way::Local),
        ] {
            assert_eq!(way(stun, [udp, tcp]), expected, "{stun:?}, {udp:?}, {tcp:?}");
        }
    }

    #[wasm_bindgen_test]
    fn a_browser_without_what_is_needed_is_bad_and_one_without_the_rest_is_not() {
        let with = |needed, good| {
            let ability = |name, is_there, is_needed| Ability { name, is_there, is_needed };
            Finding::Browser(vec![ability("a", needed, true), ability("b", good, false)]).outcome()
        };
        assert_eq!(with(true, true), Outcome::Good);
        assert_eq!(with(true, false), Outcome::Note);
        assert_eq!(with(false, true), Outcome::Bad);
    }
}
