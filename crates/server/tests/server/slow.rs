//! Whoever takes its time: each kind of it ends within its timeout, and one address cannot keep the others out.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    time::Duration,
};

use futures::future::join_all;
use snaproom_protocol::{server::FromServer, wire};
use snaproom_server::{App, Settings, Timeouts};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::rustls::{ClientConnection, pki_types::ServerName};

use crate::{
    binary::{Running, snaproom},
    frames::{Frame, UPGRADE},
    harness::{HonestRoom, Server, Tab, capacity, get, join_message, room, within},
    tls::{self, Certificate},
};

/// Never within a test.
const NEVER: Duration = Duration::from_hours(1);

/// The address of whoever does harm, which only Linux has by itself; honest people come from 127.0.0.1.
const HOSTILE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slow {
    /// Says nothing at all.
    Mute,
    /// A header without an end, byte by byte.
    Header,
    /// The same after a request that was answered.
    SecondHeader,
    /// What belongs to a request that has its answer already, byte by byte.
    Body,
    /// Asks for a file that the connection does not hold, and reads nothing.
    Reader,
    /// A WebSocket that never joins.
    Unjoined,
    /// One that never joins, and says that it lives.
    UnjoinedAlive,
    /// One that joins, and begins a frame.
    Frame,
    /// One that joins, and a message in pieces without an end.
    Pieces,
}

const ALL: [Slow; 9] = [
    Slow::Mute,
    Slow::Header,
    Slow::SecondHeader,
    Slow::Body,
    Slow::Reader,
    Slow::Unjoined,
    Slow::UnjoinedAlive,
    Slow::Frame,
    Slow::Pieces,
];

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

type Line = Pin<Box<dyn Stream>>;

impl Slow {
    /// Does its worst until the server ends the connection; nobody ends it from this side.
    async fn play(self, mut line: Line, n: u8) {
        let join = Frame::text(wire::to_text(&join_message(room(100 + n / 8), n % 8))).bytes();
        let opening: Vec<u8> = match self {
            Self::Mute => Vec::new(),
            Self::Header => b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ".into(),
            Self::SecondHeader => {
                b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nX-Slow: ".into()
            }
            Self::Body => b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".into(),
            Self::Reader => b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n".into(),
            Self::Unjoined | Self::UnjoinedAlive => UPGRADE.into(),
            Self::Frame => [UPGRADE.as_bytes(), &join, &[0x81, 0xFE, 0xFF]].concat(),
            Self::Pieces => [UPGRADE.as_bytes(), &join, &Frame::beginning(*b"a").bytes()].concat(),
        };
        if line.write_all(&opening).await.is_err() {
            return;
        }
        let more = match self {
            // Of a reader's next request, by which it notices its end without reading.
            Self::Header | Self::SecondHeader | Self::Body | Self::Reader => vec![b'a'],
            Self::UnjoinedAlive => Frame::pong().bytes(),
            Self::Pieces => Frame::piece([]).bytes(),
            Self::Mute | Self::Unjoined | Self::Frame => Vec::new(),
        };
        let (mut read, mut write) = tokio::io::split(line);
        let dribble = async {
            while write.write_all(&more).await.is_ok() && write.flush().await.is_ok() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        if self == Self::Reader {
            return dribble.await;
        }
        let hear = async {
            let mut heard = [0; 4096];
            while matches!(read.read(&mut heard).await, Ok(1..)) {}
        };
        // A connection whose other end is gone takes nothing more some day.
        tokio::select! { () = hear => {}, () = dribble => {} }
    }
}

/// The app with a file that no connection holds.
fn app() -> (TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "the page").unwrap();
    fs::File::create(folder.path().join("large.bin")).unwrap().set_len(64 * 1024 * 1024).unwrap();
    let app = App::Folder(folder.path().to_owned());
    (folder, app)
}

fn short() -> Timeouts {
    let short = Duration::from_millis(600);
    Timeouts {
        header: short,
        join: short,
        ping: short,
        silence: 2 * short,
        write: short,
        ..Timeouts::default()
    }
}

/// From the hostile address, with a small window.
async fn connect(server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind((HOSTILE, 0).into()).unwrap();
    within(socket.connect(server)).await.unwrap()
}

/// Plays all of `kinds` at once from the hostile address, `times` each.
async fn attack(
    server: SocketAddr,
    certificate: Option<&Certificate>,
    kinds: &[Slow],
    times: usize,
) -> JoinSet<Slow> {
    let mut attack = JoinSet::new();
    for (n, &kind) in std::iter::repeat_n(kinds, times).flatten().enumerate() {
        let line = connect(server).await;
        let trusted = certificate.map(Certificate::der);
        attack.spawn(async move {
            let line: Line = match trusted {
                None => Box::pin(line),
                Some(trusted) => match tls::over(line, trusted).await {
                    Ok(line) => Box::pin(line),
                    Err(_) => return kind,
                },
            };
            kind.play(line, n as u8).await;
            kind
        });
    }
    attack
}

#[tokio::test]
async fn each_kind_of_slowness_ends_by_itself() {
    let (_folder, app) = app();
    let certificate = Certificate::new();
    for tls in [None, Some(&certificate)] {
        let settings = Settings {
            app: Some(app.clone()),
            timeouts: short(),
            tls: tls.map(Certificate::tls),
            ..capacity(8)
        };
        let server = Server::start(settings).await;
        let mut attack = attack(server.address, tls, &ALL, 3).await;
        let mut left = ALL.to_vec().repeat(3);
        while !left.is_empty() {
            let ended = timeout(crate::harness::DEADLINE, attack.join_next()).await;
            let ended = ended.unwrap_or_else(|_| panic!("{left:?} go on, TLS: {}", tls.is_some()));
            let place =
                left.iter().position(|kind| *kind == ended.as_ref().unwrap().as_ref().copied().unwrap());
            left.remove(place.unwrap());
        }
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_ends_by_itself() {
    let certificate = Certificate::new();
    let settings = Settings { timeouts: short(), tls: Some(certificate.tls()), ..capacity(2) };
    let server = Server::start(settings).await;
    let hello = client_hello(&certificate);
    for said in [&[][..], &hello[..3], &hello[..hello.len() / 2], &hello] {
        let mut line = TcpStream::connect(server.address).await.unwrap();
        line.write_all(said).await.unwrap();
        let mut heard = Vec::new();
        let _ = within(line.read_to_end(&mut heard)).await;
        assert_eq!(heard.is_empty(), said != hello, "only a whole greeting is answered");
    }
    // Byte by byte.
    let (mut heard, mut line) = TcpStream::connect(server.address).await.unwrap().into_split();
    let dribble = async {
        for byte in hello.iter().cycle() {
            if line.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    within(async {
        tokio::select! { _ = heard.read_u8() => {}, () = dribble => {} }
    })
    .await;
}

/// The first that a browser says in TLS.
fn client_hello(certificate: &Certificate) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(tls::trusting(certificate.der()), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[tokio::test]
async fn hundreds_from_one_address_keep_nobody_else_out() {
    let (_folder, app) = app();
    let certificate = Certificate::new();
    // The attack gets all that it can, for as long as it wants.
    let timeouts = Timeouts { header: NEVER, join: NEVER, write: NEVER, ..Timeouts::default() };
    for tls in [None, Some(&certificate)] {
        let settings =
            Settings { app: Some(app.clone()), timeouts, tls: tls.map(Certificate::tls), ..capacity(8) };
        let server = Server::start(settings).await;
        let attack = attack(server.address, tls, &ALL, 50).await;
        match tls {
            None => {
                let mut honest = HonestRoom::open(server.address).await;
                for _ in 0..20 {
                    assert_eq!(get(server.address, "/").await.body, "the page");
                    honest.works().await;
                }
            }
            Some(certificate) => {
                for token in 0..8 {
                    assert_eq!(tls::get(server.address, certificate.der(), "/").await.body, "the page");
                    let welcome = tls::join(server.address, certificate.der(), token).await;
                    assert!(matches!(welcome, FromServer::Welcome(_)), "{welcome:?}");
                }
            }
        }
        drop(attack);
    }
}

#[tokio::test]
async fn without_a_bound_for_each_address_one_has_all_connections() {
    let timeouts = Timeouts { header: NEVER, ..Timeouts::default() };
    let everybody = HOSTILE.to_string().parse().unwrap();
    for (proxies, is_open) in [(Vec::new(), true), (vec![everybody], false)] {
        let server = Server::start(Settings { proxies, timeouts, max_http: 64, ..capacity(2) }).await;
        let held = join_all((0..100).map(|_| connect(server.address))).await;
        let answer = get(server.address, "/healthz");
        if is_open {
            assert_eq!(answer.await.status, 200);
        } else {
            let answer = tokio::spawn(answer);
            sleep(Duration::from_millis(300)).await;
            assert!(!answer.is_finished(), "the attack works on a server that takes it for a proxy");
            drop(held);
            assert_eq!(answer.await.unwrap().status, 200);
        }
    }
}

#[tokio::test]
async fn whose_connection_is_closed_for_others_of_its_is_counted() {
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-json"];
    let mut running = Running::start(snaproom(&flags)).await;
    let metrics = running.metrics_address().await;
    let held = join_all((0..300).map(|_| connect(running.address))).await;
    within(async {
        while !get(metrics, "/metrics")
            .await
            .body
            .contains("snaproom_refusals_total{reason=\"connections\"} 172")
        {}
    })
    .await;
    let (_tab, _) = Tab::join(running.address, room(1), 1).await;
    drop(held);
}
