//! Two connections in one page, joined by the test.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::RefCell, rc::Rc};

use futures::future::join;
use snaproom_app::browser::{
    Camera, Connection, Error, Event, Live, Path, Payload, Settings, State, Wish, live, task,
};
use snaproom_protocol::{
    bulk::{self, CHUNK_BYTES, MAX_HEADER_BYTES, WINDOW_BYTES},
    control::{self, MAX_MESSAGE_BYTES},
    server::IceServer,
    signal::Candidate,
};
use support::{Replaced, noise_bytes, resolving, soon, throwing, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export function recordingPeers() {
        const Real = RTCPeerConnection;
        class Peer extends Real {
            constructor(configuration) {
                super(configuration);
                Peer.made.push(this);
                this.channels = [];
                this.gathered = 0;
                this.addEventListener('icegatheringstatechange', () => {
                    this.gathered += this.iceGatheringState === 'complete';
                });
            }
            createDataChannel(label, options) {
                const channel = super.createDataChannel(label, options);
                this.channels.push(channel);
                return channel;
            }
        }
        Peer.made = [];
        return Peer;
    }
    export function transceivers(peers, index) {
        return peers.made[index].getTransceivers().map((it) => `${it.receiver.track.kind} ${it.direction}`).join();
    }
    export function configuration(peers, index) {
        const { bundlePolicy, iceTransportPolicy, iceServers } = peers.made[index].getConfiguration();
        return JSON.stringify({ bundlePolicy, iceTransportPolicy, iceServers });
    }
    export function channels(peers, index) {
        return peers.made[index].channels
            .map((it) => `${it.id} ${it.ordered} ${it.negotiated} ${it.maxRetransmits} ${it.maxPacketLifeTime}`).join();
    }
    export function sendBinaryOnControl(peers, index) { peers.made[index].channels[0].send(new Uint8Array(1)); }
    export function report(dictionaries) {
        return new Map(JSON.parse(dictionaries).map((it) => [it.id, it]));
    }
    export function gathered(peers, index) { return peers.made[index].gathered; }
    export async function hasPath(peers, index, local, remote) {
        const stats = await peers.made[index].getStats();
        const ufrag = (id) => stats.get(id)?.usernameFragment;
        return [...stats.values()].some((it) => it.type === 'candidate-pair' && it.state === 'succeeded'
            && ufrag(it.localCandidateId) === local && ufrag(it.remoteCandidateId) === remote);
    }
    export function signalingState(peers, index) { return peers.made[index].signalingState; }
")]
extern "C" {
    /// The browser's own `RTCPeerConnection`, that keeps what it makes.
    #[wasm_bindgen(js_name = recordingPeers)]
    fn recording_peers() -> JsValue;
    fn transceivers(peers: &JsValue, index: u32) -> String;
    fn configuration(peers: &JsValue, index: u32) -> String;
    fn channels(peers: &JsValue, index: u32) -> String;
    #[wasm_bindgen(js_name = sendBinaryOnControl)]
    fn send_binary_on_control(peers: &JsValue, index: u32);
    /// A stand-in for an `RTCStatsReport`.
    fn report(dictionaries: &str) -> JsValue;
    /// How often all candidates were gathered.
    fn gathered(peers: &JsValue, index: u32) -> u32;
    /// Whether a way was found between these two ICE generations.
    #[wasm_bindgen(js_name = hasPath)]
    async fn has_path(peers: &JsValue, index: u32, local: &str, remote: &str) -> JsValue;
    #[wasm_bindgen(js_name = signalingState)]
    fn signaling_state(peers: &JsValue, index: u32) -> String;
}

/// One side, and what it reported so far.
struct End {
    connection: Connection,
    events: Rc<RefCell<Vec<Event>>>,
}

impl End {
    fn new(offerer: bool) -> Self {
        let events = Rc::new(RefCell::new(Vec::new()));
        let reported = events.clone();
        let connection =
            Connection::new(settings(offerer), move |event| reported.borrow_mut().push(event)).unwrap();
        Self { connection, events }
    }

    fn count(&self, wanted: fn(&Event) -> bool) -> usize {
        self.events.borrow().iter().filter(|event| wanted(event)).count()
    }

    async fn reports(&self, what: &str, wanted: fn(&Event) -> bool) {
        until(what, || self.count(wanted) > 0).await;
    }

    fn take_candidates(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        self.events.borrow_mut().retain(|event| match event {
            Event::Candidate(candidate) => {
                candidates.push(candidate.clone());
                false
            }
            _ => true,
        });
        candidates
    }

    fn texts(&self) -> Vec<String> {
        let events = self.events.borrow();
        let texts = events.iter().filter_map(|event| match event {
            Event::Control(text) | Event::BulkHeader(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

fn settings(offerer: bool) -> Settings<'static> {
    Settings {
        ice_servers: &[],
        relay_only: false,
        offerer,
        control_id: control::CHANNEL_ID,
        bulk_id: bulk::CHANNEL_ID,
    }
}

/// The name of the ICE generation of a description.
fn ufrag(sdp: &str) -> String {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap().to_owned()
}

fn is_open(event: &Event) -> bool {
    matches!(event, Event::Open { .. })
}

/// Two open connections. The camera's permission lets them show each other their real addresses.
struct Pair {
    offerer: End,
    answerer: End,
    offer: String,
    answer: String,
    before: Live,
    camera: Camera,
}

impl Pair {
    async fn open() -> Self {
        let before = live();
        let camera = soon("the camera", Camera::open(&Wish::default(), || {})).await.unwrap();
        let (offerer, answerer) = (End::new(true), End::new(false));
        let offer = soon("the offer", offerer.connection.offer()).await.unwrap();
        let answer = soon("the answer", answerer.connection.answer(offer.clone())).await.unwrap();
        assert_eq!(answerer.count(|event| matches!(event, Event::RemoteDescriptionSet)), 1);
        soon("the end", offerer.connection.accept(answer.clone())).await.unwrap();
        assert_eq!(offerer.count(|event| matches!(event, Event::RemoteDescriptionSet)), 1);

        let pair = Self { offerer, answerer, offer, answer, before, camera };
        soon("open channels", async {
            while pair.offerer.count(is_open) == 0 || pair.answerer.count(is_open) == 0 {
                pair.trickle().await;
            }
        })
        .await;
        pair
    }

    /// Hands over the candidates that there are.
    async fn trickle(&self) {
        for (from, to) in [(&self.offerer, &self.answerer), (&self.answerer, &self.offerer)] {
            for candidate in from.take_candidates() {
                to.connection.add_candidate(candidate).await.unwrap();
            }
        }
        task::sleep(5).await;
    }

    /// Waits until both sides found a way between these two generations, the offerer's and the answerer's. Which way
    /// the bytes go is the browser's choice: the old one may still be there.
    async fn find_a_path(&self, peers: &JsValue, [offerer, answerer]: [&str; 2]) {
        soon("a path of the new generation", async {
            while has_path(peers, 0, offerer, answerer).await != JsValue::TRUE
                || has_path(peers, 1, answerer, offerer).await != JsValue::TRUE
            {
                self.trickle().await;
            }
        })
        .await;
    }

    /// The channels that were opened first still carry texts both ways, and nothing else was said of them.
    async fn still_talks(&self, text: &str) {
        for (from, to) in [(&self.offerer, &self.answerer), (&self.answerer, &self.offerer)] {
            to.events.borrow_mut().retain(is_open);
            from.connection.send_control(text).unwrap();
            from.connection.send_header(text).unwrap();
            until("both texts", || to.texts() == [text, text]).await;
            assert_eq!(to.count(is_open), 1);
            assert_eq!(to.count(|event| matches!(event, Event::Closed)), 0);
        }
    }

    fn close(self) {
        let before = self.before;
        drop(self);
        assert_eq!(live(), before);
    }
}

#[wasm_bindgen_test]
async fn two_sides_open_both_channels_directly_and_release_everything() {
    let pair = Pair::open().await;
    for end in [&pair.offerer, &pair.answerer] {
        assert_eq!(end.count(is_open), 1);
        let events = end.events.borrow();
        assert!(events.iter().any(|event| matches!(event, Event::Open { max_message: 262_144 })));
        assert!(events.iter().any(|event| matches!(event, Event::State(State::Connecting))));
        assert!(events.iter().any(|event| matches!(event, Event::State(State::Connected))));
    }
    assert_eq!(soon("the path", pair.offerer.connection.path()).await, Some(Path::Direct));
    assert_eq!(soon("the path", pair.answerer.connection.path()).await, Some(Path::Direct));
    assert_eq!(live().connections, pair.before.connections + 2);
    pair.close();
}

#[wasm_bindgen_test]
async fn the_answerer_adopts_the_three_transceivers_of_the_offer() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    for index in [0, 1] {
        assert_eq!(transceivers(&peers, index), "audio sendrecv,video sendrecv,video sendrecv");
        assert_eq!(channels(&peers, index), "0 true true null null,1 true true null null");
    }
    for sdp in [&pair.offer, &pair.answer] {
        let sections: Vec<_> = sdp.lines().filter_map(|line| line.strip_prefix("m=")).collect();
        let kinds: Vec<_> = sections.iter().filter_map(|section| section.split(' ').next()).collect();
        assert_eq!(kinds, ["audio", "video", "video", "application"]);
        let mut streams: Vec<_> =
            sdp.lines().filter_map(|line| line.strip_prefix("a=msid:")?.split(' ').next()).collect();
        assert_eq!(streams.len(), 3);
        streams.dedup();
        assert_eq!(streams.len(), 1, "one stream for sound and pictures");
        assert_ne!(streams, ["-"]);
    }
    pair.close();
}

/// The shapes of Chromium and of Firefox, which has no transport. No relay runs in this test.
#[wasm_bindgen_test]
async fn a_relay_at_either_end_makes_the_path_relayed() {
    let end = End::new(true);
    for (local, remote, expected) in
        [("host", "srflx", Path::Direct), ("relay", "prflx", Path::Relay), ("host", "relay", Path::Relay)]
    {
        let candidates = format!(
            r#"{{"id":"L","type":"local-candidate","candidateType":"{local}"}},
               {{"id":"R","type":"remote-candidate","candidateType":"{remote}"}},
               {{"id":"C","type":"certificate","fingerprint":"00:11"}},
               {{"id":"old","type":"candidate-pair","localCandidateId":"C","remoteCandidateId":"C"}}"#
        );
        for pair in [
            r#"{"id":"P","type":"candidate-pair","localCandidateId":"L","remoteCandidateId":"R"},
               {"id":"T","type":"transport","selectedCandidatePairId":"P"}"#,
            r#"{"id":"P","type":"candidate-pair","selected":true,"localCandidateId":"L","remoteCandidateId":"R"}"#,
        ] {
            let stats = resolving(&report(&format!("[{candidates},{pair}]")));
            let _replaced = Replaced::with("RTCPeerConnection.prototype.getStats", &stats);
            assert_eq!(soon("the path", end.connection.path()).await, Some(expected));
        }
        let stats = resolving(&report(&format!("[{candidates}]")));
        let _replaced = Replaced::with("RTCPeerConnection.prototype.getStats", &stats);
        assert_eq!(soon("no path", end.connection.path()).await, None);
    }
}

#[wasm_bindgen_test]
fn settings_reach_the_browser() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let ice_servers = [IceServer {
        urls: vec!["turn:turn.example:3478".to_owned()],
        username: Some("name".to_owned()),
        credential: Some("word".to_owned()),
    }];
    let relayed = Settings { ice_servers: &ice_servers, relay_only: true, ..settings(false) };
    let _connection = Connection::new(relayed, |_| {}).unwrap();
    assert_eq!(
        configuration(&peers, 0),
        r#"{"bundlePolicy":"max-bundle","iceTransportPolicy":"relay","iceServers":[{"credential":"word","urls":["turn:turn.example:3478"],"username":"name"}]}"#
    );
}

#[wasm_bindgen_test]
async fn either_side_restarts_and_the_channels_stay() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    let (offerer, answerer) = (&pair.offerer.connection, &pair.answerer.connection);
    let mut generations = vec![ufrag(&pair.offer), ufrag(&pair.answer)];
    pair.find_a_path(&peers, [&generations[0], &generations[1]]).await;
    for (round, (from, to)) in [(offerer, answerer), (answerer, offerer)].into_iter().enumerate() {
        let set = [&pair.offerer, &pair.answerer]
            .map(|end| end.count(|event| matches!(event, Event::RemoteDescriptionSet)));
        let offer = soon("the offer", from.restart_ice()).await.unwrap();
        let answer = soon("the answer", to.answer(offer.clone())).await.unwrap();
        soon("the end", from.accept(answer.clone())).await.unwrap();
        for (end, before) in [&pair.offerer, &pair.answerer].into_iter().zip(set) {
            assert_eq!(end.count(|event| matches!(event, Event::RemoteDescriptionSet)), before + 1);
        }
        let mut now = [ufrag(&offer), ufrag(&answer)];
        assert!(now.iter().all(|ufrag| !generations.contains(ufrag)), "{now:?} in {generations:?}");
        generations.extend(now.clone());
        if round == 1 {
            now.reverse();
        }
        pair.find_a_path(&peers, [&now[0], &now[1]]).await;
        pair.still_talks(&format!("after restart {round}")).await;
        for index in [0, 1] {
            assert_eq!(transceivers(&peers, index), "audio sendrecv,video sendrecv,video sendrecv");
        }
    }
    pair.close();
}

#[wasm_bindgen_test]
async fn of_two_that_restart_at_once_one_yields() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    let ends = [&pair.offerer, &pair.answerer];
    for round in 0..4 {
        let (stays, yields) = (round % 2, 1 - round % 2);
        let [offer, dropped] = [stays, yields].map(|end| ends[end].connection.restart_ice());
        let (offer, dropped) = soon("two offers", join(offer, dropped)).await;
        let (offer, dropped) = (offer.unwrap(), dropped.unwrap());
        for index in [0, 1] {
            assert_eq!(signaling_state(&peers, index), "have-local-offer");
        }
        let answer = soon("the answer", ends[yields].connection.answer(offer.clone())).await.unwrap();
        soon("the end", ends[stays].connection.accept(answer.clone())).await.unwrap();
        // What was gathered for the dropped offer has no use.
        let is_dropped = |event: &Event| match event {
            Event::Candidate(candidate) => candidate.username_fragment == Some(ufrag(&dropped)),
            _ => false,
        };
        ends[yields].events.borrow_mut().retain(|event| !is_dropped(event));
        let mut now = [ufrag(&offer), ufrag(&answer)];
        if stays == 1 {
            now.reverse();
        }
        pair.find_a_path(&peers, [&now[0], &now[1]]).await;
        pair.still_talks(&format!("after glare {round}")).await;
    }
    pair.close();
}

#[wasm_bindgen_test]
async fn a_restart_that_nobody_answered_gives_way_to_the_next() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    let (offerer, answerer) = (&pair.offerer.connection, &pair.answerer.connection);
    let lost = soon("an offer", offerer.restart_ice()).await.unwrap();
    assert_eq!(signaling_state(&peers, 0), "have-local-offer");
    let offer = soon("the next offer", offerer.restart_ice()).await.unwrap();
    assert_ne!(ufrag(&offer), ufrag(&pair.offer));
    let answer = soon("the answer", answerer.answer(offer.clone())).await.unwrap();
    soon("the end", offerer.accept(answer.clone())).await.unwrap();
    if ufrag(&lost) != ufrag(&offer) {
        pair.offerer.events.borrow_mut().retain(|event| match event {
            Event::Candidate(candidate) => candidate.username_fragment != Some(ufrag(&lost)),
            _ => true,
        });
    }
    pair.find_a_path(&peers, [&ufrag(&offer), &ufrag(&answer)]).await;
    pair.still_talks("after the second").await;
    pair.close();
}

/// No relay runs in this test: whoever may use relays alone has no candidate.
#[wasm_bindgen_test]
async fn relays_alone_show_no_other_address() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let camera = soon("the camera", Camera::open(&Wish::default(), || {})).await.unwrap();
    for (index, relay_only) in [(0, false), (1, true)] {
        let candidates = Rc::new(RefCell::new(0));
        let counting = candidates.clone();
        let settings = Settings { relay_only, ..settings(true) };
        let count = move |event| *counting.borrow_mut() += u32::from(matches!(event, Event::Candidate(_)));
        let connection = Connection::new(settings, count).unwrap();
        soon("the offer", connection.offer()).await.unwrap();
        until("the end of the gathering", || gathered(&peers, index) == 1).await;
        assert_eq!(*candidates.borrow() == 0, relay_only);
    }
    drop(camera);
}

#[wasm_bindgen_test]
async fn a_connection_that_stands_is_configured_for_its_next_restart() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    let (offerer, answerer) = (&pair.offerer.connection, &pair.answerer.connection);
    let stun = [IceServer { urls: vec!["stun:127.0.0.1:9".to_owned()], username: None, credential: None }];
    offerer.configure(&stun, true).unwrap();
    assert_eq!(
        configuration(&peers, 0),
        r#"{"bundlePolicy":"max-bundle","iceTransportPolicy":"relay","iceServers":[{"credential":"","urls":["stun:127.0.0.1:9"],"username":""}]}"#
    );
    pair.still_talks("after the change").await;

    // No relay, so no candidate; the old path is used as long as it holds.
    offerer.configure(&[], true).unwrap();
    pair.offerer.take_candidates();
    let before = gathered(&peers, 0);
    let offer = soon("the offer", offerer.restart_ice()).await.unwrap();
    soon("the answer", answerer.answer(offer)).await.unwrap();
    until("the end of the gathering", || gathered(&peers, 0) > before).await;
    assert_eq!(pair.offerer.take_candidates(), []);

    let wrong = [IceServer { urls: vec!["nonsense".to_owned()], username: None, credential: None }];
    assert_eq!(offerer.configure(&wrong, false).unwrap_err().name, "SyntaxError");
    // And back.
    offerer.configure(&[], false).unwrap();
    let offer = soon("the offer", offerer.restart_ice()).await.unwrap();
    let answer = soon("the answer", answerer.answer(offer.clone())).await.unwrap();
    soon("the end", offerer.accept(answer.clone())).await.unwrap();
    pair.find_a_path(&peers, [&ufrag(&offer), &ufrag(&answer)]).await;
    pair.still_talks("over the direct path").await;
    pair.close();
}

#[wasm_bindgen_test]
async fn texts_and_the_bytes_of_a_large_photo_pass_in_order() {
    const PHOTO_BYTES: u32 = 1920 * 1080 * 4;
    let pair = Pair::open().await;
    let (sender, receiver) = (&pair.offerer.connection, &pair.answerer);
    sender.send_control("hello, 안녕, привет").unwrap();
    sender.send_header("header").unwrap();
    receiver.reports("the header", |event| matches!(event, Event::BulkHeader(_))).await;
    receiver.reports("the text", |event| matches!(event, Event::Control(_))).await;
    let mut texts = receiver.texts();
    texts.sort();
    assert_eq!(texts, ["header", "hello, 안녕, привет"]);
    receiver.events.borrow_mut().clear();

    let photo = Payload::from(noise_bytes(PHOTO_BYTES).as_slice());
    let sending = async {
        let mut sent = 0;
        while sent < PHOTO_BYTES {
            if sender.bulk_queued() + CHUNK_BYTES > 4 * CHUNK_BYTES {
                task::sleep(1).await;
                continue;
            }
            let length = CHUNK_BYTES.min(PHOTO_BYTES - sent);
            sender.send_bytes(&photo, sent, length).unwrap();
            sent += length;
        }
    };
    let copy = Payload::allocate(PHOTO_BYTES).unwrap();
    let receiving = async {
        let mut received = 0;
        while received < PHOTO_BYTES {
            for event in receiver.events.take() {
                if let Event::BulkChunk(chunk) = event {
                    copy.write(received, &chunk).unwrap();
                    received += chunk.len();
                }
            }
            task::sleep(1).await;
        }
    };
    soon("the photo", join(sending, receiving)).await;
    let hashes = soon("the hashes", join(photo.sha256(0, PHOTO_BYTES), copy.sha256(0, PHOTO_BYTES))).await;
    assert_eq!(hashes.0.unwrap(), hashes.1.unwrap());
    assert_eq!(sender.send_bytes(&photo, PHOTO_BYTES, 1).unwrap_err().name, "RangeError");
    pair.close();
}

#[wasm_bindgen_test]
async fn what_a_full_queue_has_no_room_for_waits_and_comes_in_order() {
    let pair = Pair::open().await;
    let (sender, receiver) = (&pair.offerer.connection, &pair.answerer);
    let mut chunks = 0;
    // A page that does not rest does not learn what leaves its queue.
    while chunks * CHUNK_BYTES - sender.bulk_queued() < WINDOW_BYTES {
        send_chunk(sender, chunks).unwrap();
        chunks += 1;
    }
    sender.send_header("the end").unwrap();
    sender.send_control("passes").unwrap();

    let copy = Payload::allocate(CHUNK_BYTES).unwrap();
    let receiving = async {
        let mut received = 0;
        loop {
            for event in receiver.events.take() {
                match event {
                    Event::BulkChunk(chunk) => {
                        copy.write(0, &chunk).unwrap();
                        assert_eq!(copy.to_vec(CHUNK_BYTES as usize).unwrap()[0], received as u8);
                        received += 1;
                    }
                    Event::BulkHeader(text) => return (received, text),
                    _ => {}
                }
            }
            task::sleep(1).await;
        }
    };
    assert_eq!(soon("the end", receiving).await, (chunks, "the end".to_owned()));
    pair.close();
}

/// Its receiver allowed more than it took.
#[wasm_bindgen_test]
async fn what_waits_in_the_page_is_bounded() {
    let pair = Pair::open().await;
    let sender = &pair.offerer.connection;
    let refused = (0..1000).find_map(|number| Some((number, send_chunk(sender, number).err()?)));
    let (chunks, error) = refused.unwrap();
    assert_eq!(error.name, "QuotaExceededError");
    let waits = chunks * CHUNK_BYTES - sender.bulk_queued();
    assert!((WINDOW_BYTES..=2 * WINDOW_BYTES).contains(&waits), "{waits} bytes wait");
    pair.close();
}

fn send_chunk(sender: &Connection, number: u32) -> Result<(), Error> {
    let chunk = Payload::from(vec![number as u8; CHUNK_BYTES as usize].as_slice());
    sender.send_bytes(&chunk, 0, CHUNK_BYTES)
}

#[wasm_bindgen_test]
async fn what_is_over_the_bounds_is_dropped_and_said_once() {
    let oversized: fn(&Event) -> bool = |event| matches!(event, Event::Oversized);
    let over: [fn(&Pair); 5] = [
        |pair| pair.offerer.connection.send_control(&"a".repeat(MAX_MESSAGE_BYTES + 1)).unwrap(),
        // As UTF-16 it is within the bound, as UTF-8 it is not.
        |pair| pair.offerer.connection.send_control(&"한".repeat(MAX_MESSAGE_BYTES / 2)).unwrap(),
        |pair| pair.offerer.connection.send_header(&"a".repeat(MAX_HEADER_BYTES + 1)).unwrap(),
        |pair| {
            let bytes = Payload::allocate(CHUNK_BYTES + 1).unwrap();
            pair.offerer.connection.send_bytes(&bytes, 0, CHUNK_BYTES + 1).unwrap();
        },
        |pair| {
            for _ in 0..3 {
                pair.offerer.connection.send_header(&"a".repeat(MAX_HEADER_BYTES * 2)).unwrap();
            }
        },
    ];
    for (case, send_too_much) in over.into_iter().enumerate() {
        let pair = Pair::open().await;
        send_too_much(&pair);
        pair.answerer.reports(&format!("the refusal {case}"), oversized).await;
        // The largest that is allowed comes, and after everything before it.
        pair.offerer.connection.send_control(&"b".repeat(MAX_MESSAGE_BYTES)).unwrap();
        pair.offerer.connection.send_header(&"c".repeat(MAX_HEADER_BYTES)).unwrap();
        until("what fits", || pair.answerer.texts().len() == 2).await;
        assert!(pair.answerer.texts().iter().all(|text| !text.contains(['a', '한'])));
        assert_eq!(pair.answerer.count(|event| matches!(event, Event::BulkChunk(_))), 0);
        assert_eq!(pair.answerer.count(oversized), 1);
        pair.close();
    }
}

#[wasm_bindgen_test]
async fn the_control_channel_takes_no_binary() {
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let pair = Pair::open().await;
    send_binary_on_control(&peers, 0);
    pair.answerer.reports("the refusal", |event| matches!(event, Event::Oversized)).await;
    assert_eq!(pair.answerer.count(|event| matches!(event, Event::BulkChunk(_))), 0);
    pair.close();
}

#[wasm_bindgen_test]
async fn the_other_side_sees_one_end() {
    let Pair { offerer, answerer, before, camera, .. } = Pair::open().await;
    let ended = offerer.events.clone();
    let events = ended.borrow().len();
    drop(offerer);
    answerer.reports("the end", |event| matches!(event, Event::Closed)).await;
    // Each channel has its own end.
    until("both ends", || {
        let connection = &answerer.connection;
        connection.send_control("late").is_err() && connection.send_header("late").is_err()
    })
    .await;
    task::sleep(100).await;
    assert_eq!(answerer.count(|event| matches!(event, Event::Closed)), 1);
    assert_eq!(ended.borrow().len(), events, "a dropped connection reports nothing");
    drop((answerer, camera));
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn the_work_of_a_dropped_connection_ends() {
    let before = live();
    let end = End::new(true);
    let (offer, path) = (end.connection.offer(), end.connection.path());
    drop(end);
    let closed =
        Error { name: "InvalidStateError".to_owned(), message: "the connection was closed".to_owned() };
    assert_eq!(soon("the offer's end", offer).await, Err(closed));
    assert_eq!(soon("the path's end", path).await, None);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn what_the_other_side_makes_up_is_an_error() {
    let before = live();
    let (offerer, answerer) = (End::new(true), End::new(false));
    assert!(soon("an error", answerer.connection.answer("nonsense".to_owned())).await.is_err());
    let nonsense = Candidate {
        candidate: "nonsense".to_owned(),
        sdp_mid: None,
        sdp_m_line_index: None,
        username_fragment: None,
    };
    assert!(soon("an error", offerer.connection.add_candidate(nonsense)).await.is_err());
    assert!(soon("an error", offerer.connection.accept(String::new())).await.is_err());
    assert_eq!(soon("no path", offerer.connection.path()).await, None);
    assert!(offerer.connection.send_control("early").is_err());
    drop((offerer, answerer));
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
fn a_connection_that_cannot_be_made_leaves_nothing_behind() {
    let before = live();
    let peers = recording_peers();
    let _replaced = Replaced::with("RTCPeerConnection", &peers);
    let same_id = Settings { bulk_id: control::CHANNEL_ID, ..settings(true) };
    assert!(Connection::new(same_id, |_| {}).is_err());
    assert_eq!(signaling_state(&peers, 0), "closed");

    let _replaced = Replaced::with("RTCPeerConnection", &throwing("UnknownError"));
    assert_eq!(Connection::new(settings(true), |_| {}).err().unwrap().name, "UnknownError");
    assert_eq!(live(), before);
}
