//! The others in the call: what comes from them, where they are shown, and how well they come.

use leptos::prelude::{Set, Update, WithUntracked};
use litemap::LiteMap;
use snaproom_protocol::PeerId;
use snaproom_session::{ConnectionId, io::CallView};

use super::{
    inbox::{Happened, Inbox},
    view::{Notice, Quality, RoomView},
    wires::Wires,
};
use crate::browser::{
    Devices, Measured, Received, Shown, Tracks, Video, storage,
    task::{self, Task},
};

/// Between two looks at who speaks, in milliseconds.
const TICK_MS: u32 = 250;

/// Ticks between two looks at how media comes.
const TICKS_TO_MEASURE: u32 = 8;

/// Ticks for which pictures keep their full size when they begin: a browser guesses that the way is narrow, begins with
/// smaller ones, and takes some seconds to find out.
const TICKS_OF_FULL_SIZE: u32 = 20;

/// Louder than a quiet room, of 1.
const SPEAKS: f64 = 0.02;

pub(super) struct Others {
    view: RoomView,
    inbox: Inbox,
    flows: Vec<Flow>,
    elements: Vec<(PeerId, Shown, Video)>,
    /// The `deviceId` of the speaker that was chosen and is there; empty for the system's.
    speaker: String,
    clock: Option<Task>,
    ticks: u32,
    /// The tick from which on pictures may be smaller.
    full_size_until: u32,
}

/// Somebody to whom media goes, and what comes back.
struct Flow {
    connection: ConnectionId,
    peer: PeerId,
    received: Received,
    /// What was counted when this was looked at last.
    measured: Option<Measured>,
}

impl Others {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self {
            view,
            inbox,
            flows: Vec::new(),
            elements: Vec::new(),
            speaker: String::new(),
            clock: None,
            ticks: 0,
            full_size_until: 0,
        }
    }

    /// What we send to them begins as well.
    pub(super) fn receive(&mut self, connection: ConnectionId, peer: PeerId, wires: &mut Wires) {
        let Some(mut received) = wires.receive(connection) else { return };
        received.hear_from(&self.speaker);
        let is_heard = |call: &CallView| call.other(peer).is_some_and(|other| other.sends.sound);
        received.set_heard(self.view.call.with_untracked(is_heard));
        for (_, shown, video) in self.elements.iter().filter(|(of, ..)| *of == peer) {
            received.show_in(*shown, video);
        }
        self.flows.push(Flow { connection, peer, received, measured: None });
        self.begin_in_full_size(wires);
        self.tick();
    }

    /// What comes is heard from the speaker that was chosen, as long as that is there. Gives its `deviceId`; an empty
    /// one for the system's.
    pub(super) fn look_at_speakers(&mut self, all: &Devices) -> String {
        let is_there = |id: &String| all.speakers.iter().any(|speaker| speaker.id == *id);
        let chosen = storage::speaker();
        let speaker = chosen.clone().filter(is_there).unwrap_or_default();
        if self.speaker != speaker {
            if chosen.is_some_and(|chosen| chosen == self.speaker) {
                self.view.notice.set(Some(Notice::SpeakerEnded));
            }
            self.flows.iter().for_each(|flow| flow.received.hear_from(&speaker));
            self.speaker.clone_from(&speaker);
        }
        speaker
    }

    pub(super) fn send(&mut self, tracks: &Tracks, wires: &mut Wires) {
        for flow in &self.flows {
            wires.send_tracks(flow.connection, tracks);
        }
        self.begin_in_full_size(wires);
    }

    fn begin_in_full_size(&mut self, wires: &mut Wires) {
        self.full_size_until = self.ticks.wrapping_add(TICKS_OF_FULL_SIZE);
        for flow in &self.flows {
            wires.keep_size(flow.connection, true);
        }
    }

    /// Whoever says that they are muted is not heard, whatever they send.
    pub(super) fn hear(&self, call: &CallView) {
        for flow in &self.flows {
            flow.received.set_heard(call.other(flow.peer).is_some_and(|other| other.sends.sound));
        }
    }

    /// The element in which a peer is shown, while it is in the page.
    pub(super) fn attach(&mut self, peer: PeerId, shown: Shown, video: Option<Video>) {
        // A browser may leave a window open for an element that has left the page.
        let gone = self.elements.extract_if(.., |(of, known, _)| (*of, *known) == (peer, shown));
        gone.for_each(|(.., video)| video.shrink());
        let Some(video) = video else { return };
        if let Some(flow) = self.flows.iter_mut().find(|flow| flow.peer == peer) {
            flow.received.show_in(shown, &video);
        }
        self.elements.push((peer, shown, video));
    }

    /// The same element.
    pub(super) fn video(&self, peer: PeerId, shown: Shown) -> Option<Video> {
        let mut known = self.elements.iter();
        known.find(|(of, what, _)| (*of, *what) == (peer, shown)).map(|(.., video)| video.clone())
    }

    /// What comes from each of them, as far as they say that it does.
    pub(super) fn tracks(&self) -> Vec<Tracks> {
        self.view.call.with_untracked(|call| {
            let of = |flow: &Flow| {
                let sends = call.other(flow.peer)?.sends;
                let Tracks { sound, camera, screen } = flow.received.tracks();
                Some(Tracks {
                    sound: sound.filter(|_| sends.sound),
                    camera: camera.filter(|_| sends.camera),
                    screen: screen.filter(|_| sends.screen),
                })
            };
            self.flows.iter().filter_map(of).collect()
        })
    }

    /// Nothing comes over that connection any more.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        let Some(place) = self.flows.iter().position(|flow| flow.connection == connection) else { return };
        let flow = self.flows.remove(place);
        self.view.quality.update(|known| {
            known.remove(&flow.peer);
        });
    }

    pub(super) fn leave_room(&mut self) {
        self.flows.clear();
        self.clock = None;
        self.view.quality.update(LiteMap::clear);
    }

    /// As long as anything comes there is something to look at.
    fn tick(&mut self) {
        let inbox = self.inbox.clone();
        self.clock = (!self.flows.is_empty()).then(|| {
            task::spawn(async move {
                task::sleep(TICK_MS).await;
                inbox.push(Happened::CallTick);
            })
        });
    }

    /// Who speaks, and from time to time how well they come.
    pub(super) fn on_tick(&mut self, wires: &mut Wires) {
        self.ticks = self.ticks.wrapping_add(1);
        for flow in &self.flows {
            let speaks = wires.loudness(flow.connection) > SPEAKS;
            self.note(flow.peer, |quality| quality.speaks = speaks);
            if self.ticks.is_multiple_of(TICKS_TO_MEASURE) {
                wires.measure(flow.connection);
            }
            if self.ticks == self.full_size_until {
                wires.keep_size(flow.connection, false);
            }
        }
        self.tick();
    }

    pub(super) fn on_measured(&mut self, connection: ConnectionId, now: Measured) {
        let Some(flow) = self.flows.iter_mut().find(|flow| flow.connection == connection) else { return };
        let peer = flow.peer;
        // The counts are the connection's, which may have seen other calls.
        let Some(before) = flow.measured.replace(now) else { return };
        let lost = now.lost.saturating_sub(before.lost);
        let sent = lost + now.received.saturating_sub(before.received);
        let bits = 8 * now.bytes.saturating_sub(before.bytes);
        self.note(peer, |quality| {
            quality.round_trip = Some(now.round_trip);
            quality.lost_percent = (100 * lost).checked_div(sent).unwrap_or(0) as u32;
            quality.size = (now.width, now.height);
            quality.frames = now.frames;
            quality.kbits = (bits / u64::from(TICK_MS * TICKS_TO_MEASURE)) as u32;
        });
    }

    /// The page is told of what has changed alone.
    fn note(&self, peer: PeerId, change: impl FnOnce(&mut Quality)) {
        let before = self.view.quality.with_untracked(|known| known.get(&peer).copied()).unwrap_or_default();
        let mut now = before;
        change(&mut now);
        if now != before {
            self.view.quality.update(|known| {
                known.insert(peer, now);
            });
        }
    }
}
