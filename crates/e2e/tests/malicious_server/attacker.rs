//! The malicious server: the real one, with somebody in front who hears everything that pages and server say, and
//! decides what either of them hears.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{SinkExt, StreamExt};
use snaproom_e2e::{PATIENCE, Server};
use snaproom_protocol::{
    Envelope, PeerId, RoomId,
    server::{FromServer, ToServer},
    wire,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Mutex as AsyncMutex,
        mpsc::{self, error::TrySendError},
    },
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    middle::{Forged, Loot, Middle, Side, Tactic},
    policy::{Policy, Scene, Target, Told, Trick},
};

/// Between the server and its pages. Dropping it closes its port and every connection.
pub struct Attacker {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// Messages for one page that wait to be written.
const QUEUE: usize = 1024;

struct Shared {
    address: SocketAddr,
    server: SocketAddr,
    middle: AsyncMutex<Middle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// None: every message goes its way.
    policy: Option<Policy>,
    /// What was to come later is of an earlier attack, and does not come.
    attack: u64,
    sockets: BTreeMap<u64, Socket>,
    next_socket: u64,
    /// Everybody who ever had a seat.
    seated: Vec<PeerId>,
    /// What pages said of themselves, in this attack.
    heard: Vec<Envelope>,
    /// Every byte that came by, as text and as what the text stands for.
    traffic: Vec<u8>,
    played: BTreeMap<Trick, u64>,
    trouble: Option<String>,
}

struct Socket {
    room: RoomId,
    peer: Option<PeerId>,
    /// Without it the connection ends.
    tell: mpsc::Sender<String>,
}

impl Attacker {
    /// Starts it before `server`. It passes on what it cannot read; whom it can read, it sits in the middle of.
    pub async fn before(server: &Server) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the attacker")?;
        let address = listener.local_addr()?;
        let server = server.url().trim_start_matches("http://").trim_end_matches('/').parse()?;
        let middle = AsyncMutex::new(Middle::new().await?);
        let shared = Arc::new(Shared { address, server, middle, state: Mutex::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(shared.clone().accept(listener));
        tasks.spawn(shared.clone().strike());
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// A room's address through it.
    pub fn link(&self, fragment: &str) -> String {
        format!("http://{}/#{fragment}", self.address)
    }

    /// From now on it lies as the policy says.
    pub fn attack(&self, policy: Policy) {
        let mut state = self.shared.state();
        state.attack += 1;
        state.heard.clear();
        state.traffic.clear();
        state.policy = Some(policy);
    }

    /// From now on it is as good as the server, and every page has to join anew, as after a restart.
    pub fn behave(&self) {
        let mut state = self.shared.state();
        state.attack += 1;
        if let Some(policy) = state.policy.take() {
            for (trick, times) in policy.played() {
                *state.played.entry(*trick).or_default() += times;
            }
        }
        state.sockets.clear();
    }

    /// What becomes of the proofs of those who can be read, from now on.
    pub async fn take(&self, tactic: Tactic) -> Result<()> {
        self.shared.middle.lock().await.begin(tactic).await
    }

    /// What it has in the middle.
    pub async fn loot(&self) -> Result<Loot> {
        self.shared.middle.lock().await.loot().await
    }

    /// The two connections that it is in the middle of.
    pub async fn sides(&self) -> Result<Vec<Side>> {
        self.shared.middle.lock().await.sides().await
    }

    /// Everybody who ever had a seat, as the server says.
    pub fn seated(&self) -> Vec<String> {
        self.shared.state().seated.iter().map(ToString::to_string).collect()
    }

    /// What came by since the last attack began: frames, and the bytes that they stand for.
    pub fn traffic(&self) -> Vec<u8> {
        self.shared.state().traffic.clone()
    }

    /// The envelopes among it.
    pub fn envelopes(&self) -> Vec<Envelope> {
        self.shared.state().heard.clone()
    }

    /// How often each trick was played in attacks that are over.
    pub fn played(&self) -> BTreeMap<Trick, u64> {
        self.shared.state().played.clone()
    }

    /// Fails where the attacker itself has.
    pub fn is_well(&self) -> Result<()> {
        let state = self.shared.state();
        ensure!(state.trouble.is_none(), "the attacker failed: {:?}", state.trouble);
        Ok(())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((page, _)) = listener.accept().await else {
                // The connection is gone already, or there are too many files: soon there may be fewer.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            let shared = self.clone();
            let id = {
                let mut state = self.state();
                state.next_socket += 1;
                state.next_socket
            };
            connections.spawn(async move {
                // Pages close, and sockets are cut: what ends a connection is of no interest.
                let _ = shared.carry(id, page).await;
                shared.state().sockets.remove(&id);
            });
            while connections.try_join_next().is_some() {}
        }
    }

    /// Lies that nothing leads to.
    async fn strike(self: Arc<Self>) {
        loop {
            let wait = self.state().policy.as_mut().map_or(Duration::from_millis(50), Policy::pause);
            sleep(wait).await;
            let told = {
                let mut state = self.state();
                let targets = state.targets();
                let State { policy, heard, trouble, .. } = &mut *state;
                let scene = Scene { targets: &targets, heard };
                match policy.as_mut().map(|policy| policy.strike(&scene)).transpose() {
                    Ok(told) => told.flatten(),
                    Err(error) => {
                        *trouble = Some(format!("{error:#}"));
                        None
                    }
                }
            };
            self.tell(told);
        }
    }

    /// Carries one connection from its first byte to its end.
    async fn carry(self: &Arc<Self>, id: u64, mut page: TcpStream) -> Result<()> {
        page.set_nodelay(true)?;
        let mut head = [0; 8];
        let read = timeout(PATIENCE, async {
            while page.peek(&mut head).await? < head.len() {
                sleep(Duration::from_millis(1)).await;
            }
            Ok::<_, std::io::Error>(())
        });
        read.await??;
        let mut server = TcpStream::connect(self.server).await?;
        server.set_nodelay(true)?;
        if !head.starts_with(b"GET /ws ") {
            tokio::io::copy_bidirectional(&mut page, &mut server).await?;
            return Ok(());
        }
        let mut page = accept_async(page).await?;
        let mut request = format!("ws://{}/ws", self.address).into_client_request()?;
        let origin = HeaderValue::from_str(&format!("http://{}", self.address))?;
        request.headers_mut().insert("origin", origin);
        let (mut server, _) = client_async(request, server).await?;

        let first = text(&mut page).await?;
        let join = wire::from_text(&first).map_err(|_| anyhow!("{first} is no message of this protocol"))?;
        let ToServer::Join { room, .. } = join else { return Ok(()) };
        let (tell, mut tells) = mpsc::channel(QUEUE);
        self.state().sockets.insert(id, Socket { room, peer: None, tell });
        self.page_said(&first);
        server.send(Message::text(first)).await?;
        loop {
            tokio::select! {
                said = text(&mut page) => {
                    let said = said?;
                    self.page_said(&said);
                    server.send(Message::text(said)).await?;
                }
                said = text(&mut server) => self.server_said(id, said?).await,
                told = tells.recv() => match told {
                    Some(told) => page.send(Message::text(told)).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    fn page_said(&self, said: &str) {
        let mut state = self.state();
        state.overhear(said);
        if let Ok(ToServer::Join { hello: envelope, .. } | ToServer::Relay { envelope, .. }) =
            wire::from_text(said)
        {
            state.heard.push(envelope);
        }
    }

    async fn server_said(self: &Arc<Self>, id: u64, said: String) {
        let Ok(message) = wire::from_text::<FromServer>(&said) else { return };
        let to = {
            let mut state = self.state();
            state.overhear(&said);
            if let FromServer::Welcome(welcome) = &message {
                state.seated.push(welcome.peer);
                if let Some(socket) = state.sockets.get_mut(&id) {
                    socket.peer = Some(welcome.peer);
                }
            }
            state.targets().into_iter().find(|target| target.socket == id)
        };
        let Some(to) = to else { return };
        match self.intercept(&to, &message).await {
            Ok(Some(forged)) => return self.tell(self.addressed(to.room, forged)),
            Ok(None) => {}
            Err(error) => self.state().trouble = Some(format!("{error:#}")),
        }
        let told = {
            let mut state = self.state();
            let targets = state.targets();
            let State { policy, heard, .. } = &mut *state;
            let scene = Scene { targets: &targets, heard };
            match policy {
                Some(policy) => policy.meddle(&scene, &to, message),
                None => vec![Told { after: Duration::ZERO, socket: id, message }],
            }
        };
        self.tell(told);
    }

    async fn intercept(&self, to: &Target, message: &FromServer) -> Result<Option<Vec<Forged>>> {
        let FromServer::Relay { from, envelope } = message else { return Ok(None) };
        self.middle.lock().await.intercept(*from, to.peer, envelope).await
    }

    fn addressed(&self, room: RoomId, forged: Vec<Forged>) -> Vec<Told> {
        let targets = self.state().targets();
        let said = forged.into_iter().filter_map(|Forged { from, to, envelope }| {
            let target = targets.iter().find(|target| target.room == room && target.peer == to)?;
            let message = FromServer::Relay { from, envelope };
            Some(Told { after: Duration::ZERO, socket: target.socket, message })
        });
        said.collect()
    }

    fn tell(self: &Arc<Self>, told: impl IntoIterator<Item = Told>) {
        for Told { after, socket, message } in told {
            if after.is_zero() {
                self.say(socket, &message);
                continue;
            }
            let (shared, attack) = (self.clone(), self.state().attack);
            tokio::spawn(async move {
                sleep(after).await;
                if shared.state().attack == attack {
                    shared.say(socket, &message);
                }
            });
        }
    }

    fn say(&self, socket: u64, message: &FromServer) {
        let mut state = self.state();
        let Some(socket) = state.sockets.get(&socket) else { return };
        // A page that has just gone hears nothing.
        if let Err(TrySendError::Full(text)) = socket.tell.try_send(wire::to_text(message)) {
            state.trouble = Some(format!("{text} was not said"));
        }
    }
}

impl State {
    fn overhear(&mut self, frame: &str) {
        self.traffic.extend(frame.as_bytes());
        self.traffic.extend(URL_SAFE_NO_PAD.decode(frame).unwrap_or_default());
    }

    fn targets(&self) -> Vec<Target> {
        let seated = self
            .sockets
            .iter()
            .filter_map(|(id, socket)| Some(Target { socket: *id, room: socket.room, peer: socket.peer? }));
        seated.collect()
    }
}

/// The next text; an error at the end.
async fn text(socket: &mut WebSocketStream<TcpStream>) -> Result<String> {
    loop {
        if let Message::Text(text) = socket.next().await.context("it was closed")?? {
            return Ok(text.to_string());
        }
    }
}
