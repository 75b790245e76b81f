//! The people and the server that bring a page into one of its states.

use std::fs;

use anyhow::{Context, Result, bail};
use snaproom_protocol::{server::FromServer, wire};

use crate::{
    Film, Launch, Server, State, Tab, photo_with_position,
    states::{Open, Step},
};

/// A page in a state, and everybody whom that takes.
pub struct Stage {
    /// The page.
    pub tab: Tab,
    others: Vec<Tab>,
    server: Server,
    film: Option<Film>,
}

impl Stage {
    /// Brings a page into `state`. With a film, cameras show that; without one, the browser's test picture.
    pub async fn reach(state: &State, film: Option<&Film>) -> Result<Self> {
        let name = state.name;
        let server = Server::start().await?;
        let tab = open(state.open, &server, film).await.with_context(|| format!("opening for {name}"))?;
        let mut stage = Self { tab, others: Vec::new(), server, film: film.cloned() };
        for step in state.then {
            stage.take(*step).await.with_context(|| format!("{step:?} on the way to {name}"))?;
        }
        Ok(stage)
    }

    async fn take(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Click(selector) => self.tab.click(selector).await,
            Step::Write(selector, text) => self.tab.write(selector, text).await,
            Step::See(selector) => {
                let there = format!("document.querySelector({selector:?}) !== null");
                self.tab.until(&format!("{selector} is there"), &there).await
            }
            Step::Join => {
                let other = self.others_launch().inject(LIE).open(&self.tab.link().await?).await?;
                self.others.push(other);
                self.tab.wait_connected(self.others.len()).await.map(drop)
            }
            Step::JoinDeaf => {
                let other = self.others_launch().inject(DEAF).open(&self.tab.link().await?).await?;
                self.others.push(other);
                Ok(())
            }
            Step::Name(name) => self.name(name).await,
            Step::Vanish => {
                self.others.pop();
                Ok(())
            }
            Step::OtherCloses => self.others.pop().context("nobody else is here")?.close().await,
            Step::SeatEnds => {
                let peer = self.tab.peers().await?.first().context("nobody else is here")?.id.parse()?;
                self.hear(&FromServer::Left { peer, for_good: false }).await
            }
            Step::OtherReloads => self.other()?.reload().await,
            Step::OtherLeaves => self.other()?.new_room().await,
            Step::OtherMoves => {
                self.other()?.click("#newRoom").await?;
                self.other()?.click("#takeAlong").await
            }
            Step::OtherAsks => {
                self.other()?.ask_to_compare().await?;
                let asked = "document.querySelector('#peers .peer .how').textContent.includes('wants')";
                self.tab.until("word of it", asked).await
            }
            Step::OtherForgets => {
                self.other()?.forget_device().await?;
                let other =
                    "document.querySelector('#peers .peer .how').textContent.includes('another device')";
                self.tab.until("another device", other).await
            }
            Step::Compare => {
                self.other()?.ask_to_compare().await?;
                self.tab.ask_to_compare().await?;
                let last =
                    "document.querySelector('#personDialog[open] .comparison li:nth-child(7)') !== null";
                self.tab.until("seven signs", last).await
            }
            Step::OtherCalls => {
                self.other()?.call().await?;
                self.tab.wait_ringing().await
            }
            Step::OthersAnswer => self.others_answer().await,
            Step::OpenChat | Step::FoldChat | Step::Says(_) | Step::OtherWrites(_) | Step::OtherTypes => {
                self.chat(step).await
            }
            Step::OtherClicks(selector) => self.other()?.click(selector).await,
            Step::EachClicks(selectors) => {
                for (other, selector) in self.others.iter().zip(selectors) {
                    other.click(selector).await?;
                }
                Ok(())
            }
            Step::Gives(..)
            | Step::OtherGives(..)
            | Step::OtherGivesFolder(..)
            | Step::GivesPhoto(_)
            | Step::TakeOnly(_)
            | Step::OtherTakesOnly(_) => self.files(step).await,
            Step::Reload => self.tab.reload().await,
            Step::Block => self.tab.evaluate(BLOCK).await,
            Step::Receive(_)
            | Step::ReceiveHalf
            | Step::ReceivePreviews(_)
            | Step::TakeBack
            | Step::ReceiveFalse
            | Step::Snap
            | Step::Send
            | Step::SendHalf
            | Step::Hold => self.photos(step).await,
            Step::RevokeCamera => self.tab.revoke_camera().await,
            Step::UnplugCamera => self.tab.unplug_camera().await,
            Step::ServerEnds => self.server.kill().await,
            Step::SocketEnds => {
                self.tab.evaluate::<()>("void silence()").await?;
                self.tab.until("the page asks for another socket", "askedInVain > 0").await
            }
            Step::Hear(message) => self.hear(&message()).await,
        }
    }

    async fn photos(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Receive(photos) => self.receive(photos).await,
            Step::ReceiveHalf => {
                self.tab.evaluate::<()>("void (lie = stalling())").await?;
                let item = self.other()?.click_snap_and_send().await?;
                self.tab.wait_mark(&item, "preview").await
            }
            Step::ReceivePreviews(photos) => self.receive_previews(photos).await,
            Step::TakeBack => {
                self.other()?.click(".transfer .cancel").await?;
                let cancelled = "document.querySelector('#trail [data-state=cancelled]') !== null";
                self.tab.until("the photo is taken back", cancelled).await
            }
            Step::ReceiveFalse => {
                self.other()?.evaluate::<()>(FALSE).await?;
                let item = self.other()?.click_snap_and_send().await?;
                self.tab.wait_incoming(&item, "failed").await.map(drop)
            }
            Step::Snap => self.tab.snap().await.map(drop),
            Step::Send => {
                let item = self.tab.click_snap_and_send().await?;
                self.tab.wait_sent(&item, "verified").await.map(drop)
            }
            Step::SendHalf => {
                self.other()?.evaluate::<()>("void (lie = stalling())").await?;
                let item = self.tab.click_snap_and_send().await?;
                self.tab.wait_sent(&item, "active").await.map(drop)
            }
            Step::Hold => self.tab.hold("#snapAndSend").await,
            _ => bail!("{step:?} has nothing to do with photos"),
        }
    }

    async fn files(&self, step: Step) -> Result<()> {
        match step {
            Step::Gives(name, bytes) => give(&self.tab, name, bytes).await,
            Step::OtherGives(name, bytes) => give(self.other()?, name, bytes).await,
            Step::OtherGivesFolder(name, files) => give_folder(self.other()?, name, files).await,
            Step::GivesPhoto(name) => {
                let path = self.tab.folder().join(name);
                fs::write(&path, photo_with_position())?;
                self.tab.give(&[&path]).await
            }
            Step::TakeOnly(bytes) => take_only(&self.tab, bytes).await,
            Step::OtherTakesOnly(bytes) => take_only(self.other()?, bytes).await,
            _ => bail!("{step:?} has nothing to do with files"),
        }
    }

    async fn chat(&self, step: Step) -> Result<()> {
        match step {
            Step::OpenChat => self.tab.open_chat().await,
            Step::FoldChat => {
                self.tab.open_chat().await?;
                self.tab.click("#chatFold").await
            }
            Step::Says(text) => self.tab.say(text).await,
            Step::OtherWrites(text) => {
                let before = self.tab.messages().await?.len();
                self.other()?.say(text).await?;
                let there = format!("document.querySelectorAll('#chatLog .message').length > {before}");
                self.tab.until("the message", &there).await
            }
            Step::OtherTypes => {
                let types = "void document.querySelector('#chatInput')
                    .dispatchEvent(new Event('input', (document.querySelector('#chatInput').value = 'a', { bubbles: true })))";
                self.other()?.evaluate::<()>(types).await?;
                self.tab
                    .until("word of it", "document.querySelector('#chatWriting').textContent !== ''")
                    .await
            }
            _ => Ok(()),
        }
    }

    async fn hear(&self, message: &FromServer) -> Result<()> {
        self.tab.evaluate(&format!("void hear('{}')", wire::to_text(message))).await
    }

    async fn receive(&self, photos: usize) -> Result<()> {
        for _ in 0..photos {
            let item = self.other()?.click_snap_and_send().await?;
            self.tab.wait_incoming(&item, "verified").await?;
        }
        Ok(())
    }

    async fn receive_previews(&self, photos: usize) -> Result<()> {
        for item in self.other()?.burst(photos).await? {
            self.tab.wait_incoming(&item, "held").await?;
        }
        Ok(())
    }

    async fn others_answer(&self) -> Result<()> {
        for other in &self.others {
            if !other.is_in_call().await? {
                other.accept_call().await?;
            }
        }
        let shown = "[...document.querySelectorAll('.remoteVideo')].every((video) => video.currentTime > 0)";
        self.tab.until("pictures of the others", shown).await
    }

    async fn name(&self, name: &str) -> Result<()> {
        self.other()?.set_name(name).await?;
        let told =
            format!("[...document.querySelectorAll('.peer .who')].some((who) => who.innerText === {name:?})");
        self.tab.until(&format!("somebody is called {name}"), &told).await
    }

    /// Whoever came first.
    fn other(&self) -> Result<&Tab> {
        self.others.first().context("nobody else is here")
    }

    fn others_launch(&self) -> Launch {
        filmed(Tab::with_camera_of(640, 360), self.film.as_ref())
    }
}

/// A file that takes no room on the disk.
async fn give(tab: &Tab, name: &str, bytes: u64) -> Result<()> {
    let path = tab.folder().join(name);
    fs::File::create(&path)?.set_len(bytes)?;
    tab.give(&[&path]).await
}

async fn give_folder(tab: &Tab, name: &str, files: usize) -> Result<()> {
    let folder = tab.folder().join(name);
    fs::create_dir_all(&folder)?;
    for number in 0..files {
        fs::write(folder.join(format!("{number}.txt")), vec![b'x'; 40_000])?;
    }
    tab.choose_files("#folderInput", &[&folder]).await
}

async fn take_only(tab: &Tab, bytes: u64) -> Result<()> {
    let lie =
        format!("(label, message) => message.type === 'credit' && message.until > {bytes} ? [] : [message]");
    tab.evaluate(&format!("void (lie = {lie})")).await
}

async fn open(open: Open, server: &Server, film: Option<&Film>) -> Result<Tab> {
    let (launch, address) = launch(open);
    let launch = filmed(launch, film).inject(SOCKET);
    // The pages under /check send what is not of the room's wire, which a lie would be read as.
    let launch = if address.starts_with("check") { launch } else { launch.inject(LIE) };
    launch.load(&format!("{}{address}", server.url())).await
}

fn launch(open: Open) -> (Launch, &'static str) {
    match open {
        Open::Unasked => (Tab::with_camera_unasked(), ""),
        Open::Denied => (Tab::with_camera_denied(), ""),
        Open::NoCamera => (Tab::without_camera(), ""),
        Open::Address(address) => (Tab::with_camera_of(640, 360), address),
        Open::At(address, otherwise) => (launch(*otherwise).0, address),
        Open::Camera => (Tab::with_camera_of(640, 360), ""),
        Open::Script(script) => (Tab::with_camera_of(640, 360).inject(script), ""),
    }
}

fn filmed(launch: Launch, film: Option<&Film>) -> Launch {
    match film {
        Some(film) => launch.filmed(film),
        None => launch,
    }
}

/// No offer is heard, so no connection comes about.
const DEAF: &str = "RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {});";

/// No try to connect gets further than its first step.
const BLOCK: &str = "void (RTCPeerConnection.prototype.setLocalDescription = () =>
    Promise.reject(new DOMException('no way', 'OperationError')))";

/// What is announced is not what comes.
const FALSE: &str = "void (lie = carrying('exact', (bytes) => { bytes[1000] ^= 1; return [bytes]; }))";

const LIE: &str = include_str!("../inject/lie.js");
const SOCKET: &str = include_str!("../inject/socket.js");
