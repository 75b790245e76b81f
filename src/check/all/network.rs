//! The server, and the STUN and TURN servers that it names.

use futures::{StreamExt, channel::mpsc, future::join_all, join};
use snaproom_protocol::{
    Envelope, RoomId, Token, VERSION,
    server::{FromServer, IceServer, ToServer, Turn},
    wire,
};

use super::finding::{Reach, Server};
use crate::browser::{
    Error, Gather, Gathering, Socket, SocketEvent, page,
    task::{self, now_ms},
};

/// For the socket and the welcome.
const SERVER_MS: u32 = 10_000;

/// Questions to the server, of which the quickest counts.
const PINGS: usize = 5;

/// Servers of a kind that are asked.
const MOST: usize = 4;

/// From here on a code is the browser's and not STUN's (W3C WebRTC, section 4.8.2).
const NO_ANSWER: u16 = 700;

/// Browsers give a STUN server up after some ten seconds.
const REACH_MS: u32 = 12_000;

/// Events of one gathering, or of one socket.
const EVENTS: usize = 64;

/// Takes a seat in a room of nobody's, and leaves. Gives what the server offers besides.
pub(super) async fn ask_server() -> (Server, Option<Vec<IceServer>>) {
    let (sender, mut events) = mpsc::channel(EVENTS);
    let on_event = move |event| drop(sender.clone().try_send(event));
    let Ok(socket) = Socket::open(&page::websocket_url("/ws"), on_event) else {
        return (Server::Unreachable, None);
    };
    let Ok(join) = join() else { return (Server::Unreachable, None) };
    match task::within(SERVER_MS, talk(&socket, join, &mut events)).await {
        Some(found) => found,
        None => (Server::Silent, None),
    }
}

fn join() -> Result<ToServer, Error> {
    Ok(ToServer::Join {
        version: VERSION,
        room: RoomId(task::random()?),
        token: Token(task::random()?),
        turn: Turn::default(),
        // Nobody is there to read it.
        hello: Envelope(Vec::new()),
    })
}

/// What came of one server where the candidate that it makes possible did not.
#[derive(Default)]
struct Heard {
    /// Addresses of this device over UDP: the server is asked from each.
    networks: u32,
    /// From how many of them nothing came back.
    unanswered: u32,
    refused: Option<(u16, String)>,
}

impl Heard {
    fn reach(self, is_relay: bool, after: f64) -> Reach {
        match self {
            Self { refused: Some((code, text)), .. } => Reach::Refuses(code, text),
            Self { networks: 0, .. } if !is_relay => Reach::NoAddresses,
            // Where the server says what the device knows already, the browser says nothing more.
            Self { networks, unanswered, .. } if !is_relay && unanswered < networks => {
                Reach::Answers { after, found: None }
            }
            _ => Reach::Silent,
        }
    }
}

async fn talk(
    socket: &Socket,
    join: ToServer,
    events: &mut mpsc::Receiver<SocketEvent>,
) -> (Server, Option<Vec<IceServer>>) {
    let mut ice = None;
    let mut quickest = f64::INFINITY;
    let mut asked = now_ms();
    let mut questions = 0;
    // What cannot be sent is said by the socket's own event.
    let _ = socket.send(&wire::to_text(&join));
    while let Some(event) = events.next().await {
        let SocketEvent::Message(text) = event else { break };
        match wire::from_text::<FromServer>(&text) {
            Ok(FromServer::Welcome(welcome)) => ice = Some(welcome.ice.servers),
            Ok(FromServer::Refused { reason }) => return (Server::Refuses(reason), None),
            Ok(FromServer::Pong) => quickest = quickest.min(now_ms() - asked),
            // Of no interest, or of a newer server.
            _ => continue,
        }
        if questions == PINGS {
            let _ = socket.send(&wire::to_text(&ToServer::Leave));
            return (Server::Answers(quickest), ice);
        }
        questions += 1;
        asked = now_ms();
        let _ = socket.send(&wire::to_text(&ToServer::Ping));
    }
    (Server::Unreachable, None)
}

/// Whether each kind of server answers: STUN, TURN over UDP, and TURN over TCP.
pub(super) async fn reach(ice: Option<&[IceServer]>) -> [Reach; 3] {
    let Some(ice) = ice else { return [Reach::NotKnown, Reach::NotKnown, Reach::NotKnown] };
    let (stun, udp, tcp) = join!(
        ask_each(ice, |url| url.starts_with("stun"), false),
        ask_each(ice, |url| url.starts_with("turn") && !is_tcp(url), true),
        ask_each(ice, |url| url.starts_with("turn") && is_tcp(url), true),
    );
    [stun, udp, tcp]
}

/// One that answers is enough. Each is asked for itself: what a browser says of several together does not tell which one
/// it was.
async fn ask_each(ice: &[IceServer], is_wanted: impl Fn(&str) -> bool, is_relay: bool) -> Reach {
    let one = |server: &IceServer, url: &String| IceServer { urls: vec![url.clone()], ..server.clone() };
    let wanted = ice.iter().flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    let asked = wanted
        .filter(|(_, url)| is_wanted(url))
        .take(MOST)
        .map(|(server, url)| ask(one(server, url), is_relay));
    best(join_all(asked).await)
}

/// The one of which most is known, the first among equals.
fn best(reaches: Vec<Reach>) -> Reach {
    let rank = |reach: &Reach| match reach {
        Reach::Answers { .. } => 0,
        Reach::Refuses(..) => 1,
        Reach::NoAddresses => 2,
        Reach::Silent => 3,
        Reach::Impossible(_) => 4,
        Reach::NotOffered | Reach::NotKnown => 5,
    };
    reaches.into_iter().min_by_key(rank).unwrap_or(Reach::NotOffered)
}

/// A relay behind TLS is asked over TCP as well.
fn is_tcp(url: &str) -> bool {
    url.ends_with("transport=tcp") || url.starts_with("turns:")
}

async fn ask(server: IceServer, is_relay: bool) -> Reach {
    task::within(REACH_MS, gather(server, is_relay)).await.unwrap_or(Reach::Silent)
}

async fn gather(server: IceServer, is_relay: bool) -> Reach {
    let (sender, mut events) = mpsc::channel(EVENTS);
    let began = now_ms();
    let on_event = move |event| drop(sender.clone().try_send(event));
    let _gathering = match Gathering::start(&[server], is_relay, on_event).await {
        Ok(gathering) => gathering,
        Err(error) => return Reach::Impossible(error.to_string()),
    };
    let wanted = if is_relay { "relay" } else { "srflx" };
    let mut heard = Heard::default();
    while let Some(event) = events.next().await {
        match event {
            Gather::Found(found) if found.kind == wanted => {
                return Reach::Answers { after: now_ms() - began, found: Some(found) };
            }
            Gather::Found(found) => heard.networks += u32::from(found.protocol == "udp"),
            Gather::Failed(failure) if failure.code < NO_ANSWER => {
                heard.refused.get_or_insert((failure.code, failure.text));
            }
            Gather::Failed(_) => heard.unanswered += 1,
            Gather::Complete => break,
        }
    }
    heard.reach(is_relay, now_ms() - began)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn silence_is_an_answer_only_from_a_network_that_has_one() {
        let reach = |networks, unanswered| Heard { networks, unanswered, refused: None }.reach(false, 5.0);
        let answers = Reach::Answers { after: 5.0, found: None };
        assert_eq!(reach(1, 0), answers);
        assert_eq!(reach(2, 1), answers, "one of two networks leads nowhere");
        assert_eq!(reach(2, 2), Reach::Silent);
        assert_eq!(reach(0, 0), Reach::NoAddresses, "the browser keeps WebRTC off the network");
        let relay = Heard { networks: 1, ..Heard::default() };
        assert_eq!(relay.reach(true, 5.0), Reach::Silent, "a relay that answers gives a candidate");
    }

    #[wasm_bindgen_test]
    fn a_refusal_outweighs_silence_and_an_answer_outweighs_both() {
        let refused = || Reach::Refuses(401, "Unauthorized".into());
        let heard = Heard { networks: 1, unanswered: 1, refused: Some((401, "Unauthorized".into())) };
        assert_eq!(heard.reach(true, 1.0), refused());
        assert_eq!(best(vec![Reach::Silent, refused()]), refused());
        let answers = || Reach::Answers { after: 1.0, found: None };
        assert_eq!(best(vec![refused(), answers()]), answers());
        assert_eq!(best(Vec::new()), Reach::NotOffered);
    }
}
