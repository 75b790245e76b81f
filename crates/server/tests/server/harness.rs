//! A server on a free port, and tabs that talk to it. Every wait has a deadline.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU16,
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use snaproom_protocol::{
    Envelope, PeerId, RoomId, Token, VERSION,
    server::{FromServer, Refusal, ToServer, Turn, Welcome},
    wire,
};
use snaproom_server::{Settings, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

/// Far more than anything here takes, far less than a stuck test may.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub async fn within<F: Future>(what: F) -> F::Output {
    timeout(DEADLINE, what).await.expect("it took too long")
}

pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self::start_on(listener, settings)
    }

    pub fn start_on(listener: TcpListener, settings: Settings) -> Self {
        #[cfg(unix)]
        take_files();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, settings, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    /// Begins the shutdown; the task ends with it.
    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }
}

/// Both ends of each connection are this process's.
#[cfg(unix)]
pub fn take_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

pub fn capacity(seats: u16) -> Settings {
    Settings { room_capacity: NonZeroU16::new(seats).unwrap(), ..Settings::default() }
}

pub const fn room(n: u8) -> RoomId {
    RoomId([n; 16])
}

pub fn join_message(room: RoomId, token: u8) -> ToServer {
    join_message_of_life(room, token, 0)
}

pub fn join_message_of_life(room: RoomId, token: u8, life: u32) -> ToServer {
    ToServer::Join {
        version: VERSION,
        room,
        token: Token([token; 32]),
        turn: Turn { life, join: 0 },
        hello: hello(token),
    }
}

/// What the tab with `token` says on joining.
pub fn hello(token: u8) -> Envelope {
    Envelope(vec![b'h', token])
}

pub fn relay(to: PeerId, envelope: &[u8]) -> ToServer {
    ToServer::Relay { to, envelope: Envelope(envelope.to_vec()) }
}

pub fn relayed(from: PeerId, envelope: &[u8]) -> FromServer {
    FromServer::Relay { from, envelope: Envelope(envelope.to_vec()) }
}

/// One WebSocket, opened as a page of the server itself would.
pub struct Tab {
    pub id: PeerId,
    socket: WebSocketStream<TcpStream>,
    fences: u32,
}

impl Tab {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_on(TcpStream::connect(address).await.unwrap()).await
    }

    /// A tab whose side of the connection takes few bytes that it does not read.
    pub async fn open_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::open_on(socket.connect(address).await.unwrap()).await
    }

    /// A tab that comes with these headers besides.
    pub async fn open_with(address: SocketAddr, headers: &[(&'static str, &str)]) -> Self {
        Self::handshake(TcpStream::connect(address).await.unwrap(), headers).await.unwrap()
    }

    /// A tab of another computer: of one of those that 127.0.0.0/8 has.
    pub async fn open_from(address: SocketAddr, from: Ipv4Addr, headers: &[(&'static str, &str)]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        Self::handshake(socket.connect(address).await.unwrap(), headers).await.unwrap()
    }

    /// The same, where the server may have no place for it.
    pub async fn try_open_from(address: SocketAddr, from: Ipv4Addr) -> Option<Self> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).ok()?;
        Self::handshake(socket.connect(address).await.ok()?, &[]).await.ok()
    }

    async fn open_on(stream: TcpStream) -> Self {
        Self::handshake(stream, &[]).await.unwrap()
    }

    async fn handshake(
        stream: TcpStream,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let address = stream.peer_addr().unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        if headers.iter().all(|(name, _)| *name != "origin") {
            request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (socket, _) = timeout(DEADLINE, client_async(request, stream))
            .await
            .map_err(|_| tungstenite::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
        Ok(Self { id: PeerId([0; 16]), socket, fences: 0 })
    }

    /// Opens a tab and takes a seat, which has to work.
    pub async fn join(address: SocketAddr, room: RoomId, token: u8) -> (Self, Welcome) {
        let mut tab = Self::open(address).await;
        let welcome = tab.take_seat(room, token).await;
        (tab, welcome)
    }

    pub async fn take_seat(&mut self, room: RoomId, token: u8) -> Welcome {
        self.send(&join_message(room, token)).await;
        let FromServer::Welcome(welcome) = self.next().await else { panic!("no welcome") };
        self.id = welcome.peer;
        welcome
    }

    /// Whether it gets a seat; else it is refused.
    pub async fn is_seated(&mut self, room: RoomId, token: u8) -> bool {
        self.send(&join_message(room, token)).await;
        match self.next().await {
            FromServer::Welcome(_) => true,
            FromServer::Refused { .. } => false,
            other => panic!("neither a welcome nor a refusal: {other:?}"),
        }
    }

    pub async fn send(&mut self, message: &ToServer) {
        self.send_raw(Message::text(wire::to_text(message))).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        within(self.socket.send(message)).await.unwrap();
    }

    /// Whether the connection took it.
    pub async fn try_send(&mut self, message: &ToServer) -> bool {
        let sending = self.socket.send(Message::text(wire::to_text(message)));
        matches!(timeout(DEADLINE, sending).await, Ok(Ok(())))
    }

    /// Whether the connection took these bytes, whatever they are.
    pub async fn try_send_bytes(&mut self, bytes: &[u8]) -> bool {
        within(self.socket.get_mut().write_all(bytes)).await.is_ok()
    }

    /// What comes next, until the end or a long silence.
    pub async fn try_next(&mut self) -> Option<FromServer> {
        match timeout(DEADLINE, self.next_frame()).await {
            Ok(Some(Ok(Message::Text(text)))) => Some(wire::from_text(&text).unwrap()),
            _ => None,
        }
    }

    /// Sends the same until the connection takes no more, and says how often it was taken.
    pub async fn flood(&mut self, message: &ToServer) -> usize {
        let message = Message::text(wire::to_text(message));
        let mut sent = 0;
        while within(self.socket.send(message.clone())).await.is_ok() {
            sent += 1;
        }
        sent
    }

    /// For what the server may refuse before it is through.
    pub async fn try_send_raw(&mut self, message: Message) {
        let _ = within(self.socket.send(message)).await;
    }

    pub async fn next(&mut self) -> FromServer {
        match within(self.next_frame()).await {
            Some(Ok(Message::Text(text))) => wire::from_text(&text).unwrap(),
            other => panic!("a message was due, and this came: {other:?}"),
        }
    }

    /// Whatever the server said so far and was not read yet. The server keeps the order, so it has said nothing
    /// else when the tab hears itself.
    pub async fn heard(&mut self) -> Vec<FromServer> {
        self.fences += 1;
        let fence = format!("fence {}", self.fences);
        self.send(&relay(self.id, fence.as_bytes())).await;
        let own = relayed(self.id, fence.as_bytes());
        let mut heard = Vec::new();
        loop {
            let message = self.next().await;
            if message == own {
                return heard;
            }
            heard.push(message);
        }
    }

    /// Reads on until this comes.
    pub async fn until(&mut self, message: &FromServer) {
        while self.next().await != *message {}
    }

    /// Reads the close frame and the end of the connection.
    pub async fn closed(&mut self) -> CloseCode {
        let code = match within(self.next_frame()).await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code,
            other => panic!("a close was due, and this came: {other:?}"),
        };
        assert!(!matches!(within(self.next_frame()).await, Some(Ok(_))));
        code
    }

    /// The server stops; in how many milliseconds this tab is to come back.
    pub async fn is_told_to_come_back(&mut self) -> u32 {
        loop {
            match self.next().await {
                FromServer::Stopping { back_in } => {
                    assert_eq!(self.closed().await, CloseCode::Away);
                    return back_in;
                }
                FromServer::Joined { .. } | FromServer::Away { .. } | FromServer::Left { .. } => {}
                other => panic!("the end was due, and this came: {other:?}"),
            }
        }
    }

    /// The server refuses and closes.
    pub async fn is_refused(&mut self, reason: Refusal) {
        self.is_refused_with(reason, CloseCode::Policy).await;
    }

    pub async fn is_refused_with(&mut self, reason: Refusal, code: CloseCode) {
        assert_eq!(self.next().await, FromServer::Refused { reason });
        assert_eq!(self.closed().await, code);
    }

    async fn next_frame(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return other,
            }
        }
    }
}

/// Two tabs in a room of their own who can tell whether it still works.
pub struct HonestRoom {
    ana: Tab,
    ben: Tab,
}

impl HonestRoom {
    pub async fn open(address: SocketAddr) -> Self {
        let (mut ana, _) = Tab::join(address, room(200), 201).await;
        let (ben, _) = Tab::join(address, room(200), 202).await;
        assert_eq!(ana.next().await, FromServer::Joined { peer: ben.id, hello: hello(202) });
        Self { ana, ben }
    }

    /// Both hear each other and nothing else.
    pub async fn works(&mut self) {
        let Self { ana, ben } = self;
        ana.send(&relay(ben.id, b"to ben")).await;
        assert_eq!(ben.next().await, relayed(ana.id, b"to ben"));
        ben.send(&relay(ana.id, b"to ana")).await;
        assert_eq!(ana.next().await, relayed(ben.id, b"to ana"));
    }
}

/// The response to `request`, which is sent as it is; its body is what came until the server closed.
pub async fn http(address: SocketAddr, request: &str) -> Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    Response::parse(&bytes)
}

pub async fn get(address: SocketAddr, path: &str) -> Response {
    http(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).await
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Response {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a header's end");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}
