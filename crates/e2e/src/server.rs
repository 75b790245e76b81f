use std::{
    env,
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

#[cfg(target_os = "linux")]
use crate::rig::Host;
use crate::{PATIENCE, built, place::Place};

/// The server's binary with the built app, on a free port of this machine. Killed when it is dropped.
pub struct Server {
    options: Options,
    place: Place,
    /// With its port once that is known: a restart takes the same.
    listen: String,
    /// Of the app, once it listens.
    url: String,
    /// Where it logs everything that it can, if not to our own stderr.
    log: Option<PathBuf>,
    running: Option<Running>,
}

/// The server's flags that tests change.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Seats in a room.
    pub room_capacity: u16,
    /// Seconds that the seat of a lost socket is kept.
    pub lease: u16,
    /// Which app it serves.
    pub serves: Serves,
    /// What carries people's data where they cannot reach each other.
    pub relay: Relay,
    /// Whether it speaks HTTPS, with a certificate that signs itself.
    pub tls_self_signed: bool,
}

impl Default for Options {
    /// The binary's own.
    fn default() -> Self {
        let serves = Serves::Folder;
        Self { room_capacity: 8, lease: 30, serves, relay: Relay::None, tls_self_signed: false }
    }
}

/// Where a server has its app from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// From `dist`.
    Folder,
    /// From inside of its binary, as people have it.
    Embedded,
    /// With the cargo feature `insecure`, in which a room's name can take its protection away.
    Insecure,
}

/// What the server tells tabs of STUN and TURN servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay {
    /// There is its own STUN where it listens for more than this machine, as people have it.
    None,
    /// There is not even that.
    NoStun,
    /// Its own, over UDP at port 3478 of its host. All hosts of the bad network have private addresses.
    Own,
    /// [`crate::Coturn`] on this host, over TCP as well.
    Coturn(Ipv4Addr),
    /// The same, which does not know the server's secret.
    Mistaken(Ipv4Addr),
}

struct Running {
    child: Child,
    /// Held open, so that the server may still write.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// The same with other flags.
    pub async fn start_with(options: Options) -> Result<Self> {
        Self::start_at(Place::Here, "127.0.0.1:0".to_owned(), options, None).await
    }

    /// Starts one that writes all that it can log into a file.
    pub async fn start_logging(log: &Path) -> Result<Self> {
        let (listen, options) = ("127.0.0.1:0".to_owned(), Options::default());
        Self::start_at(Place::Here, listen, options, Some(log.to_owned())).await
    }

    /// Starts it on a host of the bad network, at the host's address and [`Self::PORT`].
    #[cfg(target_os = "linux")]
    pub async fn start_on(host: &Host) -> Result<Self> {
        Self::start_on_with(host, Options::default()).await
    }

    /// The same with other flags.
    #[cfg(target_os = "linux")]
    pub async fn start_on_with(host: &Host, options: Options) -> Result<Self> {
        let listen = format!("{}:{}", host.address(), Self::PORT);
        Self::start_at(Place::On(host.clone()), listen, options, None).await
    }

    /// Starts it on a host of the bad network as one does for phones: the binary alone, with HTTPS, on all addresses.
    /// Its address is the one that it prints for them.
    #[cfg(target_os = "linux")]
    pub async fn start_for_phones_on(host: &Host) -> Result<Self> {
        let listen = format!("0.0.0.0:{}", Self::PORT);
        let options = Options { serves: Serves::Embedded, tls_self_signed: true, ..Options::default() };
        Self::start_at(Place::On(host.clone()), listen, options, None).await
    }

    /// Of a server on a host of its own: browsers are told to trust that origin before the server is there.
    #[cfg(target_os = "linux")]
    pub const PORT: u16 = 8080;

    async fn start_at(place: Place, listen: String, options: Options, log: Option<PathBuf>) -> Result<Self> {
        let mut server = Self { options, place, listen, url: String::new(), log, running: None };
        server.start_again().await?;
        Ok(server)
    }

    /// The address of the app.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        self.listen.parse().with_context(|| format!("no address in {:?}", self.listen))
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            running.child.kill().await.context("the server cannot be killed")?;
        }
        Ok(())
    }

    /// Starts it on the port that it had.
    pub async fn start_again(&mut self) -> Result<()> {
        let server = server_binary()?;
        let mut command = Command::new(&server);
        command
            .args(["--listen", &self.listen])
            .args(["--room-capacity", &self.options.room_capacity.to_string()])
            .args(["--lease", &self.options.lease.to_string()])
            .args(["--exit-with-pid", &std::process::id().to_string()])
            // For the tests it names the app, and for the server as well.
            .env_remove("SNAPROOM_APP")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        match self.options.serves {
            Serves::Folder => _ = command.arg("--app").arg(app()?),
            Serves::Insecure => _ = command.arg("--app").arg(insecure_app()?),
            Serves::Embedded => {}
        }
        match self.options.relay {
            Relay::None => {}
            Relay::NoStun => _ = command.arg("--no-stun"),
            Relay::Own => {
                let host = self.address()?.ip();
                command.args(["--turn-listen", &format!("{host}:3478"), "--turn-allow-private"]);
            }
            Relay::Coturn(host) | Relay::Mistaken(host) => {
                let is_right = matches!(self.options.relay, Relay::Coturn(_));
                let secret = if is_right { crate::coturn::SECRET } else { "what the relay was never told" };
                command.args(["--turn-secret", secret]);
                for url in [format!("turn:{host}:3478"), format!("turn:{host}:3478?transport=tcp")] {
                    command.args(["--turn-url", &url]);
                }
            }
        }
        if self.options.tls_self_signed {
            command.arg("--tls-self-signed");
        }
        if let Some(log) = &self.log {
            let log = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
            command.env("RUST_LOG", "trace").stderr(log);
        }
        let mut child = self.place.spawn(&mut command)?;
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let mut stdout = BufReader::new(stdout);
        let says = "snaproom is listening on ";
        let (scheme, address) = line_of(&mut stdout, |line| {
            let (scheme, address) = line.strip_prefix(says)?.split_once("://")?;
            Some((scheme.to_owned(), address.to_owned()))
        })
        .await?;
        self.url = format!("{scheme}://{address}/");
        if self.options.tls_self_signed {
            // Then, for phones, the addresses at which they find it.
            let found = |line: &str| {
                line.strip_prefix("  ").filter(|url| url.starts_with("https://")).map(str::to_owned)
            };
            self.url = line_of(&mut stdout, found).await?;
        }
        self.listen = address;
        self.running = Some(Running { child, _stdout: stdout });
        Ok(())
    }
}

/// What is found in the first line in which something is.
async fn line_of<T>(stdout: &mut BufReader<ChildStdout>, find: impl Fn(&str) -> Option<T>) -> Result<T> {
    let mut said = String::new();
    loop {
        let begin = said.len();
        let read = timeout(PATIENCE, stdout.read_line(&mut said)).await;
        let read = read.with_context(|| format!("the server says no more than {said:?}"))??;
        ensure!(read > 0, "the server says: {said:?}");
        if let Some(found) = find(said[begin..].trim_end()) {
            return Ok(found);
        }
    }
}

/// The release server, or the one that `SNAPROOM_SERVER` names.
///
/// # Errors
///
/// If it is not there.
pub fn server_binary() -> Result<PathBuf> {
    let path = match env::var_os("SNAPROOM_SERVER") {
        Some(path) => PathBuf::from(path),
        None => built("release/snaproom")?,
    };
    ensure!(path.is_file(), "{} is missing: run `cargo xtask build` first", path.display());
    Ok(path)
}

fn app() -> Result<PathBuf> {
    let path = match env::var_os("SNAPROOM_APP") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist")),
    };
    holding_an_app(path, "cargo xtask build")
}

fn insecure_app() -> Result<PathBuf> {
    let path = match env::var_os("SNAPROOM_INSECURE_APP") {
        Some(path) => PathBuf::from(path),
        None => built("insecure")?,
    };
    holding_an_app(path, "cargo xtask test insecure-app")
}

fn holding_an_app(path: PathBuf, command: &str) -> Result<PathBuf> {
    ensure!(path.join("index.html").is_file(), "{} holds no app: run `{command}` first", path.display());
    Ok(path)
}
