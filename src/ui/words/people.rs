//! The others: how they are, and what two people can do to be sure of each other.

use snaproom_protocol::PeerId;

use super::{Names, isolated};
use crate::room::{Comparison, Path, PeerState, PeerView, RefusedPeer, Trust};

/// How somebody is, beside the name.
#[must_use]
pub fn how(person: &PeerView, comparison: Option<Comparison>) -> &'static str {
    match (person.state, person.trust, comparison) {
        (PeerState::Connected, Trust::Replaced, Some(Comparison::Wanted)) => {
            "wants to compare signs, with another device than before"
        }
        (PeerState::Connected, _, Some(Comparison::Wanted)) => "wants to compare signs",
        (PeerState::Connected, Trust::Replaced, _) => "connected with another device than before",
        _ => peer(person.state, person.path),
    }
}

fn peer(state: PeerState, path: Option<Path>) -> &'static str {
    match (state, path) {
        (PeerState::Connecting, _) => "connecting…",
        (PeerState::Connected, None | Some(Path::Direct)) => "connected",
        (PeerState::Connected, Some(Path::Relay)) => "connected by a relay",
        (PeerState::Away, _) => "away just now",
        (PeerState::Refused(RefusedPeer::Version), _) => "has another version: reload both pages",
        (PeerState::Refused(RefusedPeer::Proof), _) => "refused: could not prove that it has the link",
        (PeerState::Refused(RefusedPeer::Protocol), _) => "refused: its page broke the rules",
        (PeerState::Refused(RefusedPeer::Compared), _) => "refused: the signs differ; make a new room",
        (PeerState::Failed, _) => "cannot be reached yet",
    }
}

/// What two people can do to know who the other is, and whether they did.
#[must_use]
pub fn person(person: &PeerView, comparison: Option<Comparison>) -> &'static str {
    match (person.state, person.trust, comparison) {
        (_, Trust::Verified, Some(Comparison::Signs(_))) => {
            "Verified: these are the signs that you compared, and they were the same."
        }
        (_, _, Some(Comparison::Signs(_))) => {
            "Read these signs to each other, in a call or side by side. If both see the same, nobody sits between you."
        }
        (_, _, Some(Comparison::Waiting)) => {
            "Waiting for the other side. Ask this person to press your name, then Compare signs."
        }
        (_, Trust::Replaced, Some(Comparison::Wanted)) => {
            "This is not the device that you compared signs with before, and it wants to compare. Go on when you can see \
             or hear each other."
        }
        (_, _, Some(Comparison::Wanted)) => {
            "This person wants to compare seven signs with you. Go on when you can see or hear each other."
        }
        (_, Trust::Verified, None) => {
            "Verified: you compared signs with this device before, and they were the same."
        }
        (_, Trust::Replaced, None) => {
            "This is not the device that you compared signs with before. Compare them again before you trust it."
        }
        (PeerState::Connected, Trust::Unknown, None) => {
            "Not verified yet. Compare seven signs with this person, to be sure that nobody sits between you."
        }
        (state, Trust::Unknown, None) => peer(state, person.path),
    }
}

/// What the button says that takes some of those who are here along to another room.
#[must_use]
pub fn take_along(some: usize, of: usize) -> String {
    if some == of { "Take everyone along".into() } else { format!("Take {some} of {of} along") }
}

/// Said when somebody comes or goes while others are here; empty when nobody did.
#[must_use]
pub fn came_and_went(before: &[PeerId], now: &[PeerId], names: &Names) -> String {
    let came = now.iter().filter(|peer| !before.contains(peer));
    let went = before.iter().filter(|peer| !now.contains(peer));
    let came = came.map(|peer| format!("{} is here.", isolated(names, peer)));
    let went = went.map(|peer| format!("{} is not here any more.", isolated(names, peer)));
    came.chain(went).collect::<Vec<_>>().join(" ")
}

/// What becomes of who hides the network address, beside the switch.
#[must_use]
pub fn relay_hint(relays: bool) -> &'static str {
    if relays {
        "The others then see the address of a relay only. Photos take longer."
    } else {
        "This server has no relay, so nobody can be reached this way. Switch it off to connect."
    }
}

/// Under the field for one's name.
#[must_use]
pub fn name_hint(friendly: &str) -> String {
    format!("The others in the room see it. Leave it empty to be {friendly}.")
}
