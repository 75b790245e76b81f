//! What the person found out about the devices of others.

use snaproom_protocol::{DeviceKey, PeerId};

use crate::io::Trust;

/// Ids under which a verified device was seen that are remembered: more than a room has seats.
const MAX_SEEN: usize = 64;

/// The outcome of every comparison.
pub(crate) struct Devices {
    verified: Vec<DeviceKey>,
    /// Whose these are, as far as this visit shows: the first verified device that was seen under an id, and those
    /// that were compared under it.
    seen: Vec<(PeerId, DeviceKey)>,
    /// Whose signs differed, and with which device: nothing of them is accepted in this visit.
    differing: Vec<(PeerId, DeviceKey)>,
}

impl Devices {
    pub(crate) fn new(verified: Vec<DeviceKey>) -> Self {
        Self { verified, seen: Vec::new(), differing: Vec::new() }
    }

    /// How far the person knows who stands behind an id. A device that was verified under another one alone says
    /// nothing of this one.
    pub(crate) fn trust(&self, peer: PeerId, device: &DeviceKey) -> Trust {
        let is_first = self.is_unseen(peer);
        if self.has_verified(device) && (is_first || self.seen.contains(&(peer, *device))) {
            Trust::Verified
        } else if is_first {
            Trust::Unknown
        } else {
            Trust::Replaced
        }
    }

    pub(crate) fn has_verified(&self, device: &DeviceKey) -> bool {
        self.verified.contains(device)
    }

    /// A peer proved that it is this device.
    pub(crate) fn sees(&mut self, peer: PeerId, device: DeviceKey) {
        // What a person compared makes no way for what somebody shows.
        if self.has_verified(&device) && self.is_unseen(peer) && self.seen.len() < MAX_SEEN {
            self.seen.push((peer, device));
        }
    }

    /// Whether that is new.
    pub(crate) fn verify(&mut self, peer: PeerId, device: DeviceKey) -> bool {
        let is_new = !self.has_verified(&device);
        if is_new {
            self.verified.push(device);
        }
        self.remember(peer, device);
        is_new
    }

    fn is_unseen(&self, peer: PeerId) -> bool {
        !self.seen.iter().any(|(id, _)| *id == peer)
    }

    fn remember(&mut self, peer: PeerId, device: DeviceKey) {
        self.seen.retain(|seen| *seen != (peer, device));
        if self.seen.len() == MAX_SEEN {
            self.seen.remove(0);
        }
        self.seen.push((peer, device));
    }

    /// Whether it had been verified.
    pub(crate) fn differ(&mut self, peer: PeerId, device: DeviceKey) -> bool {
        let verified = self.verified.len();
        self.verified.retain(|key| *key != device);
        self.seen.retain(|(_, key)| *key != device);
        self.differing.push((peer, device));
        self.verified.len() < verified
    }

    /// Whether the person saw other signs than this peer, or than somebody with this device.
    pub(crate) fn differs(&self, peer: PeerId, device: &DeviceKey) -> bool {
        self.differing.iter().any(|(id, key)| *id == peer || key == device)
    }
}
