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
        Path, RawQuery, State,
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

/// The page of each raw contender is this, `room.js` and its own script.
const PAGE: &str = include_str!("../pages/page.html");
const ROOM: &str = include_str!("../pages/room.js");

/// Name, script, and whether simple-peer's bundle comes before it.
const PAGES: [(&str, &str, bool); 5] = [
    ("limit", include_str!("../pages/limit.js"), false),
    ("burst", include_str!("../pages/burst.js"), false),
    ("gather", include_str!("../pages/gather.js"), false),
    ("plain", include_str!("../pages/plain.js"), false),
    ("simple-peer", include_str!("../pages/simple-peer.js"), true),
];

/// Messages that one socket may be behind; the raw pages exchange a few dozen.
const QUEUE: usize = 256;

/// What all sockets share.
#[derive(Default)]
struct Rooms {
    members: Mutex<HashMap<String, Members>>,
    bundle: Vec<u8>,
}

/// The sockets of a room, in the order of their coming.
type Members = Vec<(u64, Sender<Utf8Bytes>)>;

impl Relay {
    /// On a free port. Fails where simple-peer's bundle is missing.
    pub async fn start() -> Result<Self> {
        let path = simple_peer()?;
        let bundle = fs::read(&path).with_context(|| {
            format!(
                "{} is missing: `cargo xtask bench` installs it, or set SNAPROOM_SIMPLE_PEER",
                path.display()
            )
        })?;
        let rooms = Arc::new(Rooms { bundle, ..Rooms::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the relay")?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // A small message must not wait for the answer to the one before it.
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new()
            .route("/ws", get(open))
            .route("/{page}", get(page))
            .route("/simple-peer.min.js", get(bundled))
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

fn simple_peer() -> Result<PathBuf> {
    if let Some(path) = env::var_os("SNAPROOM_SIMPLE_PEER") {
        return Ok(path.into());
    }
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).context("no target directory")?;
    Ok(target.join("tools/simple-peer/node_modules/simple-peer/simplepeer.min.js"))
}

async fn page(Path(name): Path<String>) -> Response {
    let Some((_, script, bundled)) = PAGES.iter().find(|(page, ..)| *page == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let bundle = if *bundled { "<script src=\"/simple-peer.min.js\"></script>\n" } else { "" };
    let page = format!("{PAGE}{bundle}<script>\n{ROOM}{script}</script>\n</html>\n");
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")], page).into_response()
}

/// As a site would serve a file that never changes.
async fn bundled(State(rooms): State<Arc<Rooms>>) -> Response {
    let headers = [(CONTENT_TYPE, "text/javascript"), (CACHE_CONTROL, "max-age=31536000, immutable")];
    (headers, rooms.bundle.clone()).into_response()
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
