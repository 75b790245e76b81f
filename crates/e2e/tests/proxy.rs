//! What the proxy does to a plain WebSocket between a client and a server that echoes: each fault counts, each one
//! hurts, and each one ends.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use snaproom_e2e::{
    PATIENCE, Proxy,
    proxy::{Counters, Direction, Messages, Side},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, client_async,
    tungstenite::{Error, Message},
};

type Socket = WebSocketStream<TcpStream>;

/// Nothing that is on its way on one machine takes so long.
const QUIET: Duration = Duration::from_millis(300);

#[tokio::test]
async fn without_a_fault_everything_passes() -> Result<()> {
    let line = Line::start().await?;
    let mut socket = line.open().await?;
    // Lengths with each of the three forms of a frame's header, the last one longer than what is read at a time.
    for length in [0, 5, 125, 126, 60_000, 200_000] {
        let text = "x".repeat(length);
        socket.send(Message::text(&text)).await?;
        ensure!(next(&mut socket).await? == text, "{length} bytes came back changed");
    }
    socket.send(Message::Ping(vec![1].into())).await?;
    ensure!(within(socket.next()).await?.context("no pong")?? == Message::Pong(vec![1].into()));
    socket.close(None).await?;
    ensure!(within(socket.next()).await?.context("no close")??.is_close());
    let passed = Messages { passed: 6, ..Messages::default() };
    let expected = Counters { opened: 1, to_server: passed, to_page: passed, ..Counters::default() };
    assert_eq!(line.proxy.counters(), expected);
    Ok(())
}

#[tokio::test]
async fn plain_http_is_piped_and_silence_holds_it() -> Result<()> {
    const REQUEST: &str = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let proxy = Proxy::before(listener.local_addr()?).await?;
    for is_silent in [false, true] {
        let mut client = TcpStream::connect(address(&proxy)?).await?;
        client.write_all(REQUEST.as_bytes()).await?;
        let mut server = within(listener.accept()).await??.0;
        let mut request = vec![0; REQUEST.len()];
        within(server.read_exact(&mut request)).await??;
        assert_eq!(String::from_utf8(request)?, REQUEST);
        if is_silent {
            proxy.silence();
        }
        server.write_all(ANSWER.as_bytes()).await?;
        drop(server);
        let mut answer = String::new();
        if is_silent {
            let mut byte = [0];
            ensure!(timeout(QUIET, client.read(&mut byte)).await.is_err(), "an answer came in silence");
            proxy.heal().await?;
        }
        within(client.read_to_string(&mut answer)).await??;
        assert_eq!(answer, ANSWER);
    }
    assert_eq!(proxy.counters(), Counters::default(), "neither a WebSocket nor a connection in silence");
    Ok(())
}

#[tokio::test]
async fn a_reset_ends_every_socket_on_both_sides_and_new_ones_open() -> Result<()> {
    let mut line = Line::start().await?;
    let mut sockets = [line.open().await?, line.open().await?];
    for socket in &mut sockets {
        echoes(socket, "before").await?;
    }
    assert_eq!(line.proxy.reset().await?, 2);
    assert_eq!(line.proxy.counters().reset, 2);
    for socket in &mut sockets {
        let end = within(socket.next()).await?;
        ensure!(
            matches!(&end, Some(Err(Error::Io(error))) if error.kind() == ErrorKind::ConnectionReset),
            "{end:?}"
        );
        ensure!(line.server_hears_an_end().await?.contains("reset"), "the server's side was not reset");
    }
    assert_eq!(line.proxy.reset().await?, 0, "nothing is left to be reset");
    echoes(&mut line.open().await?, "after").await
}

#[tokio::test]
async fn silence_closes_nothing_and_holds_everything_until_it_ends() -> Result<()> {
    let mut line = Line::start().await?;
    let (mut socket, mut ending) = (line.open().await?, line.open().await?);
    echoes(&mut socket, "before").await?;
    echoes(&mut ending, "before").await?;
    line.proxy.silence();
    socket.send(Message::text("during")).await?;
    let held = line.proxy.wait("a message is held", |counters| counters.to_server.held == 1).await?;
    assert_eq!(held.to_server.passed, 2);
    let address = line.address()?;
    let late = tokio::spawn(async move { open(address).await });
    line.proxy.wait("a connection is not answered", |counters| counters.unanswered == 1).await?;
    nothing_comes(&mut socket).await?;
    ensure!(!late.is_finished(), "a connection was opened in silence");
    // An end is not told either.
    ending.close(None).await?;
    drop(ending);
    ensure!(timeout(QUIET, line.ends.recv()).await.is_err(), "an end was heard in silence");

    line.proxy.heal().await?;
    ensure!(next(&mut socket).await? == "during", "what was held is not what was said");
    echoes(&mut socket, "after").await?;
    echoes(&mut within(late).await???, "late").await?;
    line.server_hears_an_end().await?;
    assert_eq!(line.proxy.counters().reset, 0);
    Ok(())
}

#[tokio::test]
async fn half_open_is_closed_on_one_side_alone() -> Result<()> {
    let mut line = Line::start().await?;
    let mut socket = line.open().await?;
    echoes(&mut socket, "before").await?;
    assert_eq!(line.proxy.half_open(Side::Server).await?, 1);
    line.server_hears_an_end().await?;
    socket.send(Message::text("for nobody")).await?;
    let counters = line.proxy.wait("it is not heard", |counters| counters.to_server.unheard == 1).await?;
    assert_eq!((counters.half_open, counters.to_server.passed), (1, 1));
    nothing_comes(&mut socket).await?;
    assert_eq!(line.proxy.half_open(Side::Server).await?, 0, "it is half open already");
    // Whoever knows nothing of a connection resets it.
    line.proxy.heal().await?;
    ensure!(matches!(within(socket.next()).await?, Some(Err(Error::Io(_)))), "it seems fine after all");

    let mut socket = line.open().await?;
    echoes(&mut socket, "before").await?;
    assert_eq!(line.proxy.half_open(Side::Page).await?, 1);
    ensure!(!matches!(within(socket.next()).await?, Some(Ok(_))), "the client's side is open");
    ensure!(timeout(QUIET, line.ends.recv()).await.is_err(), "the server heard of it");
    assert_eq!(line.proxy.counters().half_open, 2);
    assert_eq!(line.proxy.reset().await?, 1);
    line.server_hears_an_end().await.map(drop)
}

#[tokio::test]
async fn a_delay_is_waited_for_in_its_direction_and_keeps_the_order() -> Result<()> {
    const DELAY: Duration = Duration::from_millis(400);
    const MESSAGES: u64 = 300;
    let line = Line::start().await?;
    let mut socket = line.open().await?;
    for direction in [Direction::ToServer, Direction::ToPage] {
        line.proxy.delay(direction, DELAY);
        let sent = Instant::now();
        echoes(&mut socket, "late").await?;
        ensure!(sent.elapsed() >= DELAY, "not delayed");
        line.proxy.heal().await?;
    }
    let counters = line.proxy.counters();
    assert_eq!((counters.to_server.delayed, counters.to_page.delayed), (1, 1));

    // More than wait in the proxy at a time: all arrive, in their order, also what is said when the delay has ended.
    line.proxy.delay(Direction::ToServer, DELAY);
    for number in 0..MESSAGES {
        socket.send(Message::text(number.to_string())).await?;
    }
    line.proxy.wait("some are delayed", |counters| counters.to_server.delayed > 100).await?;
    line.proxy.delay(Direction::ToServer, Duration::ZERO);
    socket.send(Message::text("last")).await?;
    for number in 0..MESSAGES {
        ensure!(next(&mut socket).await? == number.to_string(), "{number} is not in its place");
    }
    ensure!(next(&mut socket).await? == "last", "the last one is not last");
    Ok(())
}

#[tokio::test]
async fn single_messages_are_dropped_and_repeated_in_their_direction() -> Result<()> {
    let line = Line::start().await?;
    let mut socket = line.open().await?;
    for direction in [Direction::ToServer, Direction::ToPage] {
        line.proxy.drop_messages(direction, 1..3);
        line.proxy.repeat_messages(direction, 2..4);
        for text in ["one", "two", "three", "four", "five"] {
            socket.send(Message::text(text)).await?;
        }
        for text in ["one", "four", "four", "five"] {
            let heard = next(&mut socket).await?;
            ensure!(
                heard == text,
                "{heard} for {text}: two and three are to be dropped, four is to come twice"
            );
        }
        line.proxy.heal().await?;
    }
    nothing_comes(&mut socket).await?;
    // What was dropped on the way back had passed on the way there.
    let counters = line.proxy.counters();
    assert_eq!(counters.to_server, Messages { passed: 9, dropped: 2, repeated: 1, ..Messages::default() });
    assert_eq!(counters.to_page, Messages { passed: 8, dropped: 2, repeated: 1, ..Messages::default() });
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_end_and_so_is_the_proxys_own() -> Result<()> {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
    let proxy = Proxy::before(nobody).await?;
    ensure!(open(address(&proxy)?).await.is_err(), "a socket to nobody opens");

    let mut line = Line::start().await?;
    let mut socket = line.open().await?;
    let address = line.address()?;
    line.proxy = proxy;
    ensure!(!matches!(within(socket.next()).await?, Some(Ok(_))), "the socket outlives its proxy");
    line.server_hears_an_end().await?;
    ensure!(open(address).await.is_err(), "the port outlives its proxy");
    Ok(())
}

/// A server that echoes, and the proxy before it.
struct Line {
    proxy: Proxy,
    /// How each of the server's conversations ended.
    ends: mpsc::Receiver<String>,
    _server: JoinSet<()>,
}

impl Line {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let proxy = Proxy::before(listener.local_addr()?).await?;
        let (told, ends) = mpsc::channel(16);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let told = told.clone();
                conversations.spawn(async move {
                    let end =
                        echo(stream).await.map_or_else(|error| format!("{error:#}"), |()| "closed".into());
                    // Fails where the test has ended.
                    let _ = told.send(end).await;
                });
            }
        });
        Ok(Self { proxy, ends, _server: server })
    }

    fn address(&self) -> Result<SocketAddr> {
        address(&self.proxy)
    }

    async fn open(&self) -> Result<Socket> {
        open(self.address()?).await
    }

    async fn server_hears_an_end(&mut self) -> Result<String> {
        within(self.ends.recv()).await?.context("the server is gone")
    }
}

fn address(proxy: &Proxy) -> Result<SocketAddr> {
    let url = proxy.url();
    Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
}

async fn open(address: SocketAddr) -> Result<Socket> {
    let stream = TcpStream::connect(address).await?;
    Ok(within(client_async(format!("ws://{address}/"), stream)).await??.0)
}

/// Says again what it hears, until the other side ends.
async fn echo(stream: TcpStream) -> Result<()> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn echoes(socket: &mut Socket, text: &str) -> Result<()> {
    socket.send(Message::text(text)).await?;
    let heard = next(socket).await?;
    ensure!(heard == text, "{heard} came back for {text}");
    Ok(())
}

/// The next text.
async fn next(socket: &mut Socket) -> Result<String> {
    match within(socket.next()).await? {
        Some(Ok(Message::Text(text))) => Ok(text.to_string()),
        other => bail!("no text but {other:?}"),
    }
}

async fn nothing_comes(socket: &mut Socket) -> Result<()> {
    let came = timeout(QUIET, socket.next()).await;
    ensure!(came.is_err(), "something came: {came:?}");
    Ok(())
}

async fn within<F: Future>(what: F) -> Result<F::Output> {
    timeout(PATIENCE, what).await.context("it took too long")
}
