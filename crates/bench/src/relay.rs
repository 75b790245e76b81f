//! The raw pages' server: the pages themselves, and a plain WebSocket relay. It runs inside the bench.

use std::{
    collections::HashMap,
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{
        Path, Query, RawQuery, State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, Sender},
    task::JoinHandle,
};

/// Serves until it is dropped.
pub struct Relay {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// The page of each raw contender is this, `room.js` and its own scripts.
const PAGE: &str = include_str!("../pages/page.html");
const ROOM: &str = include_str!("../pages/room.js");

/// What the limits share, and what those share that send files.
const CHANNEL: &str = include_str!("../pages/channel.js");
const FILES: &str = include_str!("../pages/files.js");
const LIMIT_FILES: &str = include_str!("../pages/limit-files.js");

/// Name, scripts, and the bundle that comes before them.
const PAGES: [(&str, &[&str], Option<Bundle>); 9] = [
    ("limit", &[CHANNEL, include_str!("../pages/limit.js")], None),
    ("burst", &[include_str!("../pages/burst.js")], None),
    ("gather", &[include_str!("../pages/gather.js")], None),
    ("plain", &[include_str!("../pages/plain.js")], None),
    ("simple-peer", &[include_str!("../pages/simple-peer.js")], Some(Bundle::SimplePeer)),
    ("limit-files", &[CHANNEL, FILES, LIMIT_FILES], None),
    ("limit-disk-files", &[CHANNEL, FILES, LIMIT_FILES], None),
    ("simple-peer-files", &[FILES, include_str!("../pages/simple-peer-files.js")], Some(Bundle::SimplePeer)),
    ("peerjs-files", &[FILES, include_str!("../pages/peerjs-files.js")], Some(Bundle::PeerJs)),
];

/// A peer's own script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bundle {
    SimplePeer,
    PeerJs,
}

/// Messages that one socket may be behind; the raw pages exchange a few dozen.
const QUEUE: usize = 256;

/// What all sockets share.
#[derive(Default)]
struct Rooms {
    members: Mutex<HashMap<String, Members>>,
    /// By the ids that `PeerJS`'s pages made.
    peers: Mutex<HashMap<String, Sender<Utf8Bytes>>>,
    simple_peer: Vec<u8>,
    peer_js: Vec<u8>,
}

/// The sockets of a room, in the order of their coming.
type Members = Vec<(u64, Sender<Utf8Bytes>)>;

impl Relay {
    /// On a free port. Fails where a bundle is missing.
    pub async fn start() -> Result<Self> {
        let (simple_peer, peer_js) = (Bundle::SimplePeer.read()?, Bundle::PeerJs.read()?);
        let rooms = Arc::new(Rooms { simple_peer, peer_js, ..Rooms::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the relay")?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // A small message must not wait for the answer to the one before it.
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new()
            .route("/ws", get(open))
            .route("/{page}", get(page))
            .route("/simple-peer.min.js", get(serve_simple_peer))
            .route("/peerjs.min.js", get(serve_peer_js))
            .route("/peerjs", get(introduce))
            .with_state(rooms);
        let task = tokio::spawn(async move {
            // It ends with the task alone.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    /// The address of a raw page.
    pub fn page(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Bundle {
    /// Its address, where it says where it is, and where it is below `target/tools`.
    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::SimplePeer => [
                "/simple-peer.min.js",
                "SNAPROOM_SIMPLE_PEER",
                "simple-peer/node_modules/simple-peer/simplepeer.min.js",
            ],
            Self::PeerJs => {
                ["/peerjs.min.js", "SNAPROOM_PEERJS", "peerjs/node_modules/peerjs/dist/peerjs.min.js"]
            }
        }
    }

    fn read(self) -> Result<Vec<u8>> {
        let [_, variable, place] = self.names();
        let path = if let Some(path) = env::var_os(variable) {
            PathBuf::from(path)
        } else {
            let program = env::current_exe()?;
            let target = program.ancestors().nth(2).context("no target directory")?;
            target.join("tools").join(place)
        };
        fs::read(&path).with_context(|| {
            format!("{} is missing: `cargo xtask bench` installs it, or set {variable}", path.display())
        })
    }
}

async fn page(Path(name): Path<String>) -> Response {
    let Some((_, scripts, bundle)) = PAGES.iter().find(|(page, ..)| *page == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let bundle = bundle.map(|bundle| format!("<script src=\"{}\"></script>\n", bundle.names()[0]));
    let (bundle, scripts) = (bundle.unwrap_or_default(), scripts.concat());
    let page = format!("{PAGE}{bundle}<script>\n{ROOM}{scripts}</script>\n</html>\n");
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")], page).into_response()
}

async fn serve_simple_peer(State(rooms): State<Arc<Rooms>>) -> Response {
    bundled(&rooms.simple_peer)
}

async fn serve_peer_js(State(rooms): State<Arc<Rooms>>) -> Response {
    bundled(&rooms.peer_js)
}

/// As a site would serve a file that never changes.
fn bundled(bundle: &[u8]) -> Response {
    let headers = [(CONTENT_TYPE, "text/javascript"), (CACHE_CONTROL, "max-age=31536000, immutable")];
    (headers, bundle.to_vec()).into_response()
}

/// `PeerJS`'s own server, as far as its pages use it: whoever is there by an id gets what is for that id.
async fn introduce(
    Query(query): Query<HashMap<String, String>>,
    State(rooms): State<Arc<Rooms>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(id) = query.get("id").cloned() else { return StatusCode::BAD_REQUEST.into_response() };
    upgrade.on_upgrade(async move |mut socket| {
        let (sender, mut queue) = mpsc::channel(QUEUE);
        // The queue is empty.
        let _ = sender.try_send(r#"{"type":"OPEN"}"#.into());
        rooms.peers.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
        loop {
            tokio::select! {
                Some(text) = queue.recv() => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        break;
                    }
                }
                heard = socket.recv() => match heard {
                    Some(Ok(Message::Text(text))) => rooms.pass_on(&id, &text),
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                },
            }
        }
        rooms.peers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    })
}

async fn open(
    RawQuery(query): RawQuery,
    State(rooms): State<Arc<Rooms>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(room) = query.as_deref().and_then(|query| query.strip_prefix("room=")).map(str::to_owned) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    upgrade.on_upgrade(async move |socket| converse(socket, &rooms, room).await)
}

/// A newcomer hears whether it is the first, the others hear of it; from then on each hears what the others say.
async fn converse(mut socket: WebSocket, rooms: &Rooms, room: String) {
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let own = rooms.enter(&room, sender);
    loop {
        tokio::select! {
            Some(text) = queue.recv() => {
                if socket.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => rooms.tell_others(&room, own, &text),
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    rooms.leave(&room, own);
}

impl Rooms {
    /// Gives the newcomer's number.
    fn enter(&self, room: &str, sender: Sender<Utf8Bytes>) -> u64 {
        let mut rooms = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let members = rooms.entry(room.to_owned()).or_default();
        let own = members.last().map_or(0, |(last, _)| last + 1);
        let first = if members.is_empty() { r#"{"first":true}"# } else { r#"{"first":false}"# };
        // The queue is empty.
        let _ = sender.try_send(first.into());
        tell(members, own, &Utf8Bytes::from_static(r#"{"joined":true}"#));
        members.push((own, sender));
        own
    }

    fn tell_others(&self, room: &str, own: u64, text: &Utf8Bytes) {
        let rooms = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        tell(rooms.get(room).map_or(&[], Vec::as_slice), own, text);
    }

    /// A message of `PeerJS`'s, with whom it is from. Its heartbeats are for nobody.
    fn pass_on(&self, from: &str, text: &str) {
        let Ok(mut message) = serde_json::from_str::<Value>(text) else { return };
        let Some(to) = message["dst"].as_str().map(str::to_owned) else { return };
        message["src"] = from.into();
        if let Some(peer) = self.peers.lock().unwrap_or_else(PoisonError::into_inner).get(&to) {
            let _ = peer.try_send(message.to_string().into());
        }
    }

    fn leave(&self, room: &str, own: u64) {
        let mut rooms = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = rooms.get_mut(room) {
            members.retain(|(member, _)| *member != own);
            if members.is_empty() {
                rooms.remove(room);
            }
        }
    }
}

/// A socket that is `QUEUE` messages behind hears no more; its page then never gets ready, and the bench fails.
fn tell(members: &[(u64, Sender<Utf8Bytes>)], own: u64, text: &Utf8Bytes) {
    for (_, sender) in members.iter().filter(|(member, _)| *member != own) {
        let _ = sender.try_send(text.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_peerjs_goes_to_its_id_and_says_whose_it_is() {
        let rooms = Rooms::default();
        let (sender, mut queue) = mpsc::channel(QUEUE);
        rooms.peers.lock().unwrap().insert("b".to_owned(), sender);
        rooms.pass_on("a", r#"{"type":"HEARTBEAT"}"#);
        rooms.pass_on("a", r#"{"type":"OFFER","dst":"c"}"#);
        rooms.pass_on("a", r#"{"type":"OFFER","dst":"b","payload":1}"#);
        let heard: Value = serde_json::from_str(&queue.try_recv().unwrap()).unwrap();
        assert_eq!(heard, serde_json::json!({ "type": "OFFER", "dst": "b", "src": "a", "payload": 1 }));
        assert!(queue.try_recv().is_err());
    }

    #[test]
    fn a_room_hears_its_own_alone() {
        let rooms = Rooms::default();
        let (one, mut first) = mpsc::channel(QUEUE);
        let (two, mut second) = mpsc::channel(QUEUE);
        let (three, mut stranger) = mpsc::channel(QUEUE);
        let one = rooms.enter("a", one);
        let two = rooms.enter("a", two);
        rooms.enter("b", three);
        rooms.tell_others("a", two, &"hello".into());
        rooms.leave("a", one);
        rooms.tell_others("a", two, &"nobody".into());
        let all = |queue: &mut mpsc::Receiver<Utf8Bytes>| {
            let mut heard = Vec::new();
            while let Ok(text) = queue.try_recv() {
                heard.push(text.to_string());
            }
            heard
        };
        assert_eq!(all(&mut first), [r#"{"first":true}"#, r#"{"joined":true}"#, "hello"]);
        assert_eq!(all(&mut second), [r#"{"first":false}"#]);
        assert_eq!(all(&mut stranger), [r#"{"first":true}"#]);
        rooms.leave("a", two);
        assert_eq!(rooms.members.lock().unwrap().len(), 1, "an empty room is forgotten");
    }
}
