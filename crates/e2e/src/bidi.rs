//! `WebDriver` `BiDi` (W3C), as much of it as a tab of Firefox takes: scripts before the page's first one, and the
//! console.

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Mutex, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{PATIENCE, place::Place};

/// A connection to a browser's session.
pub(crate) struct Bidi {
    socket: Mutex<Socket>,
}

struct Socket {
    stream: WebSocketStream<TcpStream>,
    last_id: u64,
    /// What the console said and nobody has read.
    console: Vec<String>,
}

impl Bidi {
    /// `url` is what the session's `webSocketUrl` says: an address of the place's loopback.
    pub(crate) async fn connect(place: &Place, url: &str) -> Result<Self> {
        let port = url.strip_prefix("ws://127.0.0.1:").and_then(|rest| rest.split('/').next()?.parse().ok());
        let stream = place.connect(port.with_context(|| format!("no port in {url}"))?).await?;
        let (stream, _) =
            timeout(PATIENCE, client_async(url, stream)).await.context("no answer in time")??;
        let socket = Socket { stream, last_id: 0, console: Vec::new() };
        let bidi = Self { socket: Mutex::new(socket) };
        bidi.ask("session.subscribe", json!({ "events": [CONSOLE] })).await?;
        Ok(bidi)
    }

    /// Runs `script` in every page before any script of its own.
    pub(crate) async fn inject(&self, script: &str) -> Result<()> {
        let function = format!("() => {{ {script}\n}}");
        self.ask("script.addPreloadScript", json!({ "functionDeclaration": function })).await.map(drop)
    }

    /// What the console says since the last time.
    pub(crate) async fn console(&self) -> Result<Vec<String>> {
        let mut socket = self.socket.lock().await;
        // Events wait in the socket. What was said before this answer comes before it.
        socket.ask("session.status", json!({})).await?;
        Ok(std::mem::take(&mut socket.console))
    }

    async fn ask(&self, method: &str, parameters: Value) -> Result<Value> {
        self.socket.lock().await.ask(method, parameters).await
    }
}

const CONSOLE: &str = "log.entryAdded";

impl Socket {
    async fn ask(&mut self, method: &str, parameters: Value) -> Result<Value> {
        let answer = timeout(PATIENCE, self.answer(method, parameters)).await;
        answer.context("no answer in time").flatten().with_context(|| method.to_owned())
    }

    async fn answer(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.last_id += 1;
        let command = json!({ "id": self.last_id, "method": method, "params": parameters });
        self.stream.send(Message::text(command.to_string())).await?;
        loop {
            let message = self.stream.next().await.context("the browser has hung up")??;
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text)?;
            if message["id"] == self.last_id {
                match message["error"].as_str() {
                    Some(error) => bail!("{error}: {}", message["message"]),
                    None => return Ok(message["result"].take()),
                }
            }
            if message["method"] == CONSOLE {
                let entry = &message["params"];
                let (level, text) = (entry["level"].as_str(), entry["text"].as_str());
                self.console.push(format!("{} {}", level.unwrap_or_default(), text.unwrap_or_default()));
            }
        }
    }
}
