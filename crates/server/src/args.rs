//! The settings as a person writes them: in a file, in the environment, as flags. Each wins over the one before, and
//! one parser reads all of them, so that a wrong value is refused with the same words wherever it stands.

use std::{
    ffi::{OsStr, OsString},
    fmt, fs,
    net::Ipv6Addr,
    num::{NonZeroU16, NonZeroU32},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, parser::ValueSource,
};
use snaproom_server::{
    Allowance, App, IceServers, MAX_LEASE, MAX_ROOM_CAPACITY, MAX_ROOMS, MAX_SOCKETS, Origin, Proxy,
    Settings, StunUrl, Tls,
};
use toml::{Table, Value};

use crate::own_turn::TurnArgs;

/// Serves Snaproom: the app's files and the signaling of its rooms.
///
/// A setting of the file has the flag's name without its dashes, as in `room-capacity = 4` or
/// `origin = ["https://a.example", "https://b.example"]`. A flag wins over the environment, which wins over the file.
#[derive(Debug, Parser)]
#[command(name = "snaproom", version, max_term_width = 100)]
pub struct Args {
    /// File with settings, in TOML
    #[arg(long, value_name = "FILE", env = "SNAPROOM_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", env = "SNAPROOM_LISTEN", default_value = "127.0.0.1:8080",
        value_parser = address)]
    pub listen: String,
    /// Certificates in PEM, one's own first: HTTPS instead of HTTP; read anew when they are renewed
    #[arg(long, value_name = "FILE", env = "SNAPROOM_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", env = "SNAPROOM_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// HTTPS with a certificate made at each start, for a local network: a phone gives no camera to plain HTTP
    #[arg(long, env = "SNAPROOM_TLS_SELF_SIGNED", conflicts_with = "tls_cert")]
    pub tls_self_signed: bool,
    /// Folder with the built app and its index.html; without it, the app inside of this program if there is one
    #[arg(long, value_name = "DIR", env = "SNAPROOM_APP", value_parser = folder)]
    app: Option<PathBuf>,
    /// Seats in a room
    #[arg(long, value_name = "N", env = "SNAPROOM_ROOM_CAPACITY", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_ROOM_CAPACITY)))]
    room_capacity: u16,
    /// Seconds that the seat of a lost connection is kept
    #[arg(long, value_name = "SECONDS", env = "SNAPROOM_LEASE", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(..=MAX_LEASE.as_secs()))]
    lease: u64,
    /// Another origin whose pages may use this server, such as <http://localhost:8080>; may be repeated
    #[arg(long, value_name = "URL", env = "SNAPROOM_ORIGIN", value_delimiter = ',')]
    origin: Vec<Origin>,
    #[command(flatten)]
    pub turn: TurnArgs,
    /// Another STUN server for the tabs, such as stun:stun.example.org:3478; may be repeated
    #[arg(long, value_name = "URL", env = "SNAPROOM_ICE_SERVER", value_delimiter = ',')]
    ice_server: Vec<StunUrl>,
    /// Proxy, or network of them, whose X-Forwarded-For is believed, such as 127.0.0.1; may be repeated
    #[arg(long, value_name = "ADDR[/BITS]", env = "SNAPROOM_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<Proxy>,
    /// Connections of pages that one address may have
    #[arg(long, value_name = "N", env = "SNAPROOM_CONNECTIONS_PER_ADDRESS", default_value_t = Allowance::default().sockets,
        value_parser = clap::value_parser!(u32).range(1..))]
    connections_per_address: u32,
    /// Joins per second from one address; 20 times as many may come at once
    #[arg(long, value_name = "N", env = "SNAPROOM_JOINS_PER_SECOND", default_value_t = Allowance::default().joins)]
    joins_per_second: NonZeroU32,
    /// Messages of up to a KiB per second over one connection, besides a burst; ten times as many from one address
    #[arg(long, value_name = "N", env = "SNAPROOM_MESSAGES_PER_SECOND",
        default_value_t = Allowance::default().messages)]
    messages_per_second: NonZeroU32,
    /// Connections of pages at a time
    #[arg(long, value_name = "N", env = "SNAPROOM_MAX_CONNECTIONS", default_value_t = MAX_SOCKETS as u32,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// Rooms at a time
    #[arg(long, value_name = "N", env = "SNAPROOM_MAX_ROOMS", default_value_t = MAX_ROOMS as u32,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_rooms: u32,
    /// Address and port that answers GET /metrics, in the format of Prometheus; nowhere if left out
    #[arg(long, value_name = "ADDR:PORT", env = "SNAPROOM_METRICS", value_parser = address)]
    pub metrics: Option<String>,
    /// Write the log as JSON, a line for each event
    #[arg(long, env = "SNAPROOM_LOG_JSON")]
    pub log_json: bool,
    /// End when the process with this id is gone
    #[arg(long, value_name = "PID")]
    pub exit_with_pid: Option<u32>,
    #[command(subcommand)]
    pub what: Option<What>,
}

/// What to do instead of serving.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Check the settings, and print those in force and where each comes from
    CheckConfig,
}

/// All settings, read.
pub struct Read {
    /// Their values.
    pub args: Args,
    matches: ArgMatches,
    file: Option<File>,
}

/// Why they cannot be read.
pub enum Refused {
    /// By a flag or the environment; or help was asked for.
    Said(clap::Error),
    /// By the file: a sentence.
    Written(String),
}

/// What a file adds to what was said.
struct File {
    path: PathBuf,
    /// The settings that it decides.
    keys: Vec<String>,
    /// The same as flags.
    flags: Vec<OsString>,
}

impl Read {
    /// Reads `arguments`, of which the first is the program's name, with the environment and the file that they name.
    pub fn from(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Refused> {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        let mut matches = Args::command().try_get_matches_from(&arguments).map_err(Refused::Said)?;
        let path = matches.get_one::<PathBuf>("config").cloned();
        let file = path.map(|path| File::read(path, &matches)).transpose().map_err(Refused::Written)?;
        if let Some(file) = &file {
            arguments.splice(1..1, file.flags.iter().cloned());
            matches =
                Args::command().try_get_matches_from(&arguments).map_err(|error| file.refuse(&error))?;
        }
        let args = Args::from_arg_matches(&matches).map_err(Refused::Said)?;
        Ok(Self { args, matches, file })
    }
}

/// The settings in force, as a file could have them, each with where it comes from.
impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = Args::command();
        for arg in command.get_arguments().filter(|arg| is_setting(arg)) {
            let (id, key) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
            let Some(values) = self.matches.get_raw(id) else { continue };
            let is_secret = arg.is_hide_env_values_set();
            let shown =
                |value: &OsStr| if is_secret { written(HIDDEN) } else { written(&value.to_string_lossy()) };
            let values: Vec<_> = values.map(shown).collect();
            let values = if is_list(arg) { format!("[{}]", values.join(", ")) } else { values.join(", ") };
            let from = match self.matches.value_source(id) {
                _ if self.file.as_ref().is_some_and(|file| file.keys.iter().any(|known| known == key)) => {
                    "file"
                }
                Some(ValueSource::CommandLine) => "flag",
                Some(ValueSource::EnvVariable) => "environment",
                _ => "default",
            };
            writeln!(f, "{key} = {values} # {from}")?;
        }
        Ok(())
    }
}

impl File {
    fn read(path: PathBuf, said: &ArgMatches) -> Result<Self, String> {
        let shown = path.display();
        let text = fs::read_to_string(&path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        let table: Table = text.parse().map_err(|error| format!("{shown} is no TOML: {error}"))?;
        let command = Args::command();
        let (mut keys, mut flags) = (Vec::new(), Vec::new());
        for (key, value) in table {
            let arg = setting(&command, &key).ok_or_else(|| {
                format!("{shown}: there is no setting `{key}`; `snaproom --help` lists them")
            })?;
            if said
                .value_source(arg.get_id().as_str())
                .is_some_and(|source| source != ValueSource::DefaultValue)
            {
                continue;
            }
            flags.extend(
                as_flags(arg, &key, value)
                    .ok_or_else(|| format!("{shown}: `{key}` is no value of this setting"))?,
            );
            keys.push(key);
        }
        Ok(Self { path, keys, flags })
    }

    /// What was said alone could be read, so what cannot be read is written here.
    fn refuse(&self, error: &clap::Error) -> Refused {
        Refused::Written(format!("{}: {}", self.path.display(), error.render()))
    }
}

/// A value of the file as flags; none where no flag could say it.
fn as_flags(arg: &Arg, key: &str, value: Value) -> Option<Vec<OsString>> {
    let flag = |value: Value| match value {
        Value::String(text) => Some(format!("--{key}={text}").into()),
        Value::Integer(number) => Some(format!("--{key}={number}").into()),
        _ => None,
    };
    match value {
        Value::Boolean(on) if matches!(arg.get_action(), ArgAction::SetTrue) => {
            Some(if on { vec![format!("--{key}").into()] } else { Vec::new() })
        }
        Value::Array(values) if is_list(arg) => values.into_iter().map(flag).collect(),
        value => Some(vec![flag(value)?]),
    }
}

/// Stands for a secret.
const HIDDEN: &str = "(a secret)";

/// The argument that a file calls `key`.
fn setting<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| is_setting(arg) && arg.get_long() == Some(key))
}

/// What belongs into a file: neither the file itself nor what concerns this one start.
fn is_setting(arg: &Arg) -> bool {
    arg.get_env().is_some() && arg.get_id() != "config"
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// A value as TOML has it.
fn written(value: &str) -> String {
    match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) => number.to_string(),
        (_, Ok(on)) => on.to_string(),
        _ => Value::String(value.to_owned()).to_string(),
    }
}

impl Args {
    /// Whether a server could start with them, as far as can be told without its port.
    pub fn check(&self) -> Result<(), String> {
        self.tls()?;
        self.turn.check()?;
        self.settings().map(drop)
    }

    /// The app's folder, if it holds none as yet.
    pub fn empty_app(&self) -> Option<&Path> {
        self.app.as_deref().filter(|folder| !folder.join("index.html").is_file())
    }

    /// The certificate of the files, if there are some.
    pub fn tls(&self) -> Result<Option<Tls>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Tls::of_files(certificate.clone(), key.clone())
                .map(Some)
                .map_err(|error| format!("--tls-cert with --tls-key: {error}")),
            _ => Ok(None),
        }
    }

    /// What the server needs to know.
    pub fn settings(&self) -> Result<Settings, String> {
        Ok(Settings {
            app: self.app.clone().map(App::Folder).or(EMBEDDED),
            room_capacity: NonZeroU16::new(self.room_capacity).ok_or("a room has at least one seat")?,
            lease: Duration::from_secs(self.lease),
            origins: self.origin.clone(),
            ice: IceServers {
                stun: self.ice_server.clone(),
                turn: self.turn.turn_url.clone(),
                secret: self.turn.turn_secret.clone(),
                own: None,
            },
            proxies: self.trusted_proxy.clone(),
            allowance: Allowance {
                sockets: self.connections_per_address,
                joins: self.joins_per_second,
                messages: self.messages_per_second,
            },
            max_sockets: self.max_connections as usize,
            max_rooms: self.max_rooms as usize,
            ..Settings::default()
        })
    }
}

/// The app of this binary, where it has one.
#[cfg(feature = "embedded-app")]
const EMBEDDED: Option<App> = Some(App::Embedded);
#[cfg(not(feature = "embedded-app"))]
const EMBEDDED: Option<App> = None;

/// What can be listened on: a host, which is looked up when it is needed, and a port.
pub fn address(text: &str) -> Result<String, &'static str> {
    let is_host = |host: &str| match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '[', ']', '/', ' ']),
    };
    match text.rsplit_once(':') {
        Some((host, port)) if is_host(host) && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("not an address and a port: use 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"),
    }
}

fn folder(path: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(path);
    if path.is_dir() {
        Ok(path.to_owned())
    } else {
        Err("there is no such folder; build the app with `cargo xtask build`")
    }
}
