//! The server's own STUN and TURN: whether they start, and where.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    ops::RangeInclusive,
    str::FromStr,
};

use snaproom_server::{IceServers, Own, Relaying, TurnSecret, TurnServer, TurnUrl};

use crate::args::address;

/// The settings of STUN and TURN.
#[derive(Debug, clap::Args)]
pub struct TurnArgs {
    /// Address and port of this server's STUN, over UDP; if left out, those of --listen, unless that is for this
    /// computer alone
    #[arg(long, value_name = "ADDR:PORT", env = "SNAPROOM_STUN_LISTEN", value_parser = address, conflicts_with_all = ["no_stun", "turn_listen"])]
    stun_listen: Option<String>,
    /// No STUN of this server's own
    #[arg(long, env = "SNAPROOM_NO_STUN", conflicts_with = "turn_listen")]
    no_stun: bool,
    /// Address and port of this server's own relay (TURN) over UDP, which is its STUN as well; no relay if left out
    #[arg(long, value_name = "ADDR:PORT", env = "SNAPROOM_TURN_LISTEN", value_parser = address)]
    turn_listen: Option<String>,
    /// The relay's address as others see it, where it listens at another one or at all
    #[arg(long, value_name = "ADDR", env = "SNAPROOM_TURN_ADDRESS", requires = "turn_listen")]
    turn_address: Option<IpAddr>,
    /// Ports of the relay, over UDP: one for each connection that it carries
    #[arg(long, value_name = "FIRST-LAST", env = "SNAPROOM_TURN_PORTS", default_value_t = Ports(49_152..=65_535))]
    turn_ports: Ports,
    /// Relay into private networks as well, such as 192.168.0.0/16
    #[arg(long, env = "SNAPROOM_TURN_ALLOW_PRIVATE", requires = "turn_listen")]
    turn_allow_private: bool,
    /// Connections that the relay carries at a time
    #[arg(long, value_name = "N", env = "SNAPROOM_TURN_ALLOCATIONS", default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(1..=16_384))]
    turn_allocations: u32,
    /// The same, of one address
    #[arg(long, value_name = "N", env = "SNAPROOM_TURN_ALLOCATIONS_PER_ADDRESS", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..))]
    turn_allocations_per_address: u32,
    /// Megabits per second that the relay carries, in both directions together
    #[arg(long, value_name = "N", env = "SNAPROOM_TURN_MBITS", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    turn_mbits: u32,
    /// Another relay for the tabs, such as turn:turn.example.org:3478?transport=tcp; may be repeated
    #[arg(
        long,
        value_name = "URL",
        env = "SNAPROOM_TURN_URL",
        value_delimiter = ',',
        requires = "turn_secret"
    )]
    pub turn_url: Vec<TurnUrl>,
    /// What is shared with that relay (coturn's static-auth-secret), 16 characters or more; better in a file or in the
    /// environment than in a flag, which every user of this computer can read
    #[arg(long, value_name = "SECRET", env = "SNAPROOM_TURN_SECRET", hide_env_values = true)]
    pub turn_secret: Option<TurnSecret>,
}

/// Starts what the settings ask for, for a server whose pages are at `listening`, and notes it for the tabs.
pub async fn start(
    args: &TurnArgs,
    listening: SocketAddr,
    ice: &mut IceServers,
) -> Result<Option<TurnServer>, String> {
    let (server, address) = if let Some(listen) = &args.turn_listen {
        let secret = ice.secret.get_or_insert_with(TurnSecret::random).clone();
        let relaying = args.relaying(relay_address(listen, args.turn_address)?, secret);
        let address = relaying.address;
        (bind(listen, "--turn-listen", Some(relaying)).await?, Some(address))
    } else if let Some(listen) = &args.stun_listen {
        (bind(listen, "--stun-listen", None).await?, None)
    } else if args.no_stun || listening.ip().is_loopback() {
        // Whoever is on this computer needs none.
        return Ok(None);
    } else {
        match bind(&listening.to_string(), "--stun-listen", None).await {
            Ok(server) => (server, None),
            // Nobody asked for it, and most people meet without.
            Err(sentence) => {
                tracing::warn!("no STUN: {sentence}, or leave it out with --no-stun");
                return Ok(None);
            }
        }
    };
    let what = if server.relays() { "STUN and TURN" } else { "STUN" };
    tracing::info!("{what} over UDP at {}", server.address());
    ice.own = Some(Own::of(&server, address));
    Ok(Some(server))
}

/// What peers of the relay's users send to.
fn relay_address(listen: &str, said: Option<IpAddr>) -> Result<IpAddr, String> {
    let listens_at = listen.parse::<SocketAddr>().ok().map(|listen| listen.ip().to_canonical());
    let listens_at = listens_at.filter(|address| !address.is_unspecified());
    match said.map(|said| said.to_canonical()).or(listens_at) {
        // Its users' sockets are where it listens itself.
        Some(address) if listens_at.is_some_and(|at| at.is_ipv4() != address.is_ipv4()) => Err(format!(
            "--turn-address {address} is not of the kind of --turn-listen {listen}: use IPv4 for both, or IPv6"
        )),
        Some(address) if !address.is_unspecified() => Ok(address),
        _ => Err(format!(
            "--turn-listen {listen} does not say at which address others reach the relay; say it with --turn-address"
        )),
    }
}

async fn bind(listen: &str, flag: &str, relaying: Option<Relaying>) -> Result<TurnServer, String> {
    TurnServer::bind(listen, relaying).await.map_err(|error| {
        format!("cannot listen on {listen} over UDP: {error}; choose another address with {flag}")
    })
}

impl TurnArgs {
    /// Whether a relay could start with them, as far as can be told without its port.
    pub fn check(&self) -> Result<(), String> {
        match &self.turn_listen {
            Some(listen) => relay_address(listen, self.turn_address).map(drop),
            None => Ok(()),
        }
    }

    /// Sockets that the relay may have.
    pub fn sockets(&self) -> u32 {
        if self.turn_listen.is_some() { self.turn_allocations } else { 0 }
    }

    /// What the server's own relay may do, at an address that others can reach.
    fn relaying(&self, address: IpAddr, secret: TurnSecret) -> Relaying {
        const BYTES_PER_MEGABIT: u32 = 125_000;
        let mbits = NonZeroU32::new(self.turn_mbits).unwrap_or(NonZeroU32::MIN);
        Relaying {
            secret,
            address,
            ports: self.turn_ports.0.clone(),
            private_peers: self.turn_allow_private,
            allocations: self.turn_allocations as usize,
            allocations_per_client: self.turn_allocations_per_address as usize,
            bytes_per_second: mbits.saturating_mul(const { NonZeroU32::new(BYTES_PER_MEGABIT).unwrap() }),
        }
    }
}

/// A range of ports, both ends in it.
#[derive(Debug, Clone)]
struct Ports(RangeInclusive<u16>);

impl FromStr for Ports {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or_default();
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Self(first..=last)),
            _ => Err("not a range of ports: use 49152-65535"),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.start(), self.0.end())
    }
}
