//! What the person found out about the devices of others.

use snaproom_protocol::{DeviceKey, PeerId};

use crate::io::Trust;

/// Ids under which a verified device was seen that are remembered: more than a room has seats.
const MAX_SEEN: usize = 64;

/// The outcome of every comparison.
pub(crate) struct Devices {
    verified: Vec<DeviceKey>,
    /// The verified device that was seen last under an id in this visit.
    seen: Vec<(PeerId, DeviceKey)>,
    /// Whose signs differed, and with which device: nothing of them is accepted in this visit.
    differing: Vec<(PeerId, DeviceKey)>,
}

impl Devices {
    pub(crate) fn new(verified: Vec<DeviceKey>) -> Self {
        Self { verified, seen: Vec::new(), differing: Vec::new() }
    }

    /// How far the person knows who stands behind an id.
    pub(crate) fn trust(&self, peer: PeerId, device: &DeviceKey) -> Trust {
        if self.verified.contains(device) {
            Trust::Verified
        } else if self.seen.iter().any(|(id, _)| *id == peer) {
            Trust::Replaced
        } else {
            Trust::Unknown
        }
    }

    /// A peer proved that it is this device.
    pub(crate) fn sees(&mut self, peer: PeerId, device: DeviceKey) {
        if !self.verified.contains(&device) {
            return;
        }
        self.seen.retain(|(id, _)| *id != peer);
        if self.seen.len() == MAX_SEEN {
            self.seen.remove(0);
        }
        self.seen.push((peer, device));
    }

    /// Whether that is new.
    pub(crate) fn verify(&mut self, peer: PeerId, device: DeviceKey) -> bool {
        let is_new = !self.verified.contains(&device);
        if is_new {
            self.verified.push(device);
        }
        self.sees(peer, device);
        is_new
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
