//! The words of `data-…` attributes: what style sheets and tests read. People read [`super::words`].

use crate::room::{EarlierState, FileView, Path, Pause, PeerState, Recipient, Shows, Status, TransferState};

/// `#status[data-state]`.
#[must_use]
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Connecting => "connecting",
        Status::Alone => "alone",
        Status::Connected => "connected",
        Status::Reconnecting => "reconnecting",
        Status::Offline | Status::Refused => "offline",
        Status::Full { .. } => "full",
        Status::Outdated => "outdated",
        Status::Replaced => "replaced",
    }
}

/// `.peer[data-state]`.
#[must_use]
pub fn peer(state: PeerState) -> &'static str {
    match state {
        PeerState::Connecting => "connecting",
        PeerState::Connected => "connected",
        PeerState::Away => "away",
        PeerState::Refused(_) => "refused",
        PeerState::Failed => "failed",
    }
}

/// `.peer[data-path]`.
#[must_use]
pub fn path(path: Path) -> &'static str {
    match path {
        Path::Direct => "direct",
        Path::Relay => "relay",
    }
}

/// `.transfer[data-state]` and `.recipient[data-state]`.
#[must_use]
pub fn transfer(state: TransferState) -> &'static str {
    match state {
        TransferState::Waiting => "waiting",
        TransferState::Offered => "offered",
        TransferState::Paused(_) => "paused",
        TransferState::Active => "active",
        TransferState::Held => "held",
        TransferState::Verified => "verified",
        TransferState::Declined => "declined",
        TransferState::Cancelled => "cancelled",
        TransferState::Failed(_) => "failed",
    }
}

/// `.earlier[data-state]`.
#[must_use]
pub fn earlier(state: EarlierState) -> &'static str {
    match state {
        EarlierState::There => "there",
        EarlierState::Waiting => "waiting",
        EarlierState::Coming => "coming",
        EarlierState::Nowhere => "nowhere",
    }
}

/// `.transfer[data-shows]`.
#[must_use]
pub fn shows(shows: Shows) -> &'static str {
    match shows {
        Shows::Nothing => "nothing",
        Shows::Preview => "preview",
        Shows::Exact => "exact",
    }
}

/// Whether something may still come of a transfer by itself.
#[must_use]
pub fn is_unfinished(state: TransferState) -> bool {
    matches!(state, TransferState::Waiting | TransferState::Active)
}

/// One state for all recipients: the liveliest while one is unfinished, else the worst.
#[must_use]
pub fn of_all(recipients: &[Recipient]) -> TransferState {
    let rank = |state: &TransferState| match state {
        TransferState::Active => 8,
        TransferState::Paused(_) => 7,
        TransferState::Waiting => 6,
        TransferState::Offered => 5,
        TransferState::Failed(_) => 4,
        TransferState::Cancelled => 3,
        TransferState::Declined => 2,
        TransferState::Held => 1,
        TransferState::Verified => 0,
    };
    recipients.iter().map(|recipient| recipient.state).max_by_key(rank).unwrap_or(TransferState::Waiting)
}

/// Of a file: of ours the one for all recipients.
#[must_use]
pub fn of_file(file: &FileView) -> TransferState {
    if !file.is_ours || file.recipients.is_empty() {
        return file.state;
    }
    // What its person has to do comes first.
    let waits = |to: &&Recipient| matches!(to.state, TransferState::Paused(Pause::Source | Pause::Us));
    file.recipients.iter().find(waits).map_or_else(|| of_all(&file.recipients), |to| to.state)
}

/// `.recipient[data-state]` of a file.
#[must_use]
pub fn of_recipient(to: &Recipient) -> &'static str {
    if to.saved { "saved" } else { transfer(to.state) }
}

/// Whether its progress is of interest.
#[must_use]
pub fn moves(state: TransferState) -> bool {
    matches!(state, TransferState::Active | TransferState::Waiting | TransferState::Paused(_))
}

#[cfg(test)]
mod tests {
    use snaproom_protocol::PeerId;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::room::Failure;

    #[wasm_bindgen_test]
    fn a_photo_is_done_when_nobody_waits_for_it() {
        let all = |states: &[TransferState]| {
            let recipient = |state: &TransferState| Recipient {
                peer: PeerId([0; 16]),
                bytes: 0,
                total: 1,
                state: *state,
                saved: false,
            };
            of_all(&states.iter().map(recipient).collect::<Vec<_>>())
        };
        let lost = TransferState::Failed(Failure::Lost);
        assert_eq!(all(&[]), TransferState::Waiting);
        assert_eq!(all(&[TransferState::Verified, lost, TransferState::Active]), TransferState::Active);
        assert_eq!(all(&[TransferState::Verified, lost, TransferState::Waiting]), TransferState::Waiting);
        assert_eq!(all(&[TransferState::Verified, TransferState::Cancelled, lost]), lost);
        assert_eq!(all(&[TransferState::Verified, TransferState::Verified]), TransferState::Verified);
    }
}
