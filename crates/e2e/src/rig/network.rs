use std::{
    collections::BTreeMap,
    env,
    hash::{BuildHasher, Hasher, RandomState},
    iter,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use tokio::{
    runtime::{self, Handle, Runtime},
    sync::Notify,
};
use tun_rs::{AsyncDevice, DeviceBuilder, SyncDevice};

use super::{
    Conditions, Counters, Namespace, Nat,
    nat::{self, Router},
    wire::Wire,
};
use crate::PATIENCE;

/// A star of hosts. Every two of them have a path of their own, which is perfect at first. Dropping it ends the thread
/// that carries the packets and unplugs every host.
pub struct Network {
    cables: Arc<Cables>,
    runtime: Handle,
    thread: Option<JoinHandle<()>>,
}

/// A host of a [`Network`]: a namespace with an address. Clones are the same one.
#[derive(Clone)]
pub struct Host {
    cables: Arc<Cables>,
    address: Ipv4Addr,
    namespace: Namespace,
    router: Option<Router>,
}

/// What a host sends to whomever: all its paths begin with it.
#[derive(Clone)]
pub struct Uplink {
    cables: Arc<Cables>,
    from: Ipv4Addr,
}

/// Both directions between two hosts.
#[derive(Clone)]
pub struct Path {
    there: Direction,
    back: Direction,
}

/// One direction between two hosts.
#[derive(Clone)]
pub struct Direction {
    cables: Arc<Cables>,
    from: Ipv4Addr,
    to: Ipv4Addr,
}

impl Network {
    /// With the seed in `SNAPROOM_SEED`, or a random one. It is printed, so that a failure can be had again.
    pub fn new() -> Result<Self> {
        let seed = match env::var("SNAPROOM_SEED") {
            Ok(seed) => seed.parse().context("SNAPROOM_SEED is no number")?,
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        Self::with_seed(seed)
    }

    /// The same seed has the same luck: what becomes of the nth packet of a direction under the same conditions.
    pub fn with_seed(seed: u64) -> Result<Self> {
        println!("the network's luck is SNAPROOM_SEED={seed}");
        let cables = Arc::new(Cables {
            seed,
            state: Mutex::default(),
            changed: Notify::new(),
            unplugged: Notify::new(),
        });
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let own = cables.clone();
        let thread = thread::Builder::new().name("network".to_owned()).spawn(move || own.carry(&runtime))?;
        Ok(Self { cables, runtime: handle, thread: Some(thread) })
    }

    /// One more host, with a public address.
    pub fn host(&self) -> Result<Host> {
        let namespace = Namespace::new()?;
        let address = self.plug_in(&namespace)?;
        Ok(Host { cables: self.cables.clone(), address, namespace, router: None })
    }

    /// One more host, at home behind a router that has the public address.
    pub fn host_behind(&self, nat: Nat) -> Result<Host> {
        let outer = Namespace::new()?;
        let address = self.plug_in(&outer)?;
        let (namespace, router) = nat::home(nat, outer, address)?;
        Ok(Host { cables: self.cables.clone(), address, namespace, router: Some(router) })
    }

    /// The path between two hosts of this network.
    #[must_use]
    pub fn between(&self, one: &Host, other: &Host) -> Path {
        let direction = |from: &Host, to: &Host| Direction {
            cables: self.cables.clone(),
            from: from.address,
            to: to.address,
        };
        Path { there: direction(one, other), back: direction(other, one) }
    }

    /// What a host sends to all others together. Perfect until it is set, and then before the conditions of the path.
    #[must_use]
    pub fn uplink(&self, host: &Host) -> Uplink {
        Uplink { cables: self.cables.clone(), from: host.address }
    }

    /// Gives a host without a router another address in the place of the one it has, as a walk from one network into
    /// the next does. Its paths are new ones, and perfect; packets to its old address go nowhere.
    pub fn readdress(&self, host: &Host) -> Result<Host> {
        ensure!(host.router.is_none(), "the address of a host behind a router is its router's");
        let (old, new) = (host.address, self.cables.state().next_address()?);
        {
            let mut state = self.cables.state();
            let plug = state.plugs.remove(&old).context("the host is not plugged in")?;
            state.plugs.insert(new, plug);
        }
        host.namespace.ip(&format!(
            "address del {old}/24 dev {DEVICE}\naddress add {new}/24 dev {DEVICE}\nroute replace default dev {DEVICE}"
        ))?;
        Ok(Host { address: new, ..host.clone() })
    }

    /// Packets that went nowhere: no IPv4, from an address that is not the sender's, or to nobody.
    #[must_use]
    pub fn unrouted(&self) -> u64 {
        self.cables.state().unrouted
    }

    /// Gives a namespace its device and the next address.
    fn plug_in(&self, namespace: &Namespace) -> Result<Ipv4Addr> {
        let address = self.cables.state().next_address()?;
        let device = namespace.inside(|| device(address))?;
        // Not by the device's builder: its way is for the machine's own root alone.
        namespace.ip(&format!("link set {DEVICE} txqueuelen {UNREAD}\nroute add default dev {DEVICE}"))?;
        let device = {
            let _entered = self.runtime.enter();
            Arc::new(AsyncDevice::new(device).context("the TUN device cannot be polled")?)
        };
        let (say, plugged) = mpsc::channel();
        let cables = self.cables.clone();
        self.runtime.spawn(async move {
            // From then on it takes every packet at once.
            let writable = device.writable().await;
            cables.state().plugs.insert(address, device.clone());
            if say.send(writable).is_ok() {
                cables.listen(&device).await;
            }
        });
        plugged
            .recv_timeout(PATIENCE)
            .context("the network's thread does not answer")?
            .context("the TUN device takes no packets")?;
        Ok(address)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.cables.unplugged.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

impl Host {
    /// What others reach it at; of a host behind a NAT, what they see of it.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Its own address, as programs in it see it.
    #[must_use]
    pub fn inner_address(&self) -> Ipv4Addr {
        self.router.as_ref().map_or(self.address, Router::home)
    }

    /// Does `work` on a thread that is in the host. The sockets that it opens and the processes that it starts stay
    /// there, whoever uses them later.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.namespace.inside(work)
    }

    /// Where its programs are.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Where its public address is: the same one, or the router's.
    #[must_use]
    pub fn outer_namespace(&self) -> &Namespace {
        self.router.as_ref().map_or(&self.namespace, Router::outer)
    }

    /// The addresses of all hosts that the network has by now.
    pub(crate) fn neighbours(&self) -> Vec<Ipv4Addr> {
        self.cables.state().plugs.keys().copied().collect()
    }
}

impl Path {
    /// For both directions, at once.
    pub fn set(&self, conditions: Conditions) {
        self.there.set(conditions);
        self.back.set(conditions);
    }

    /// The direction that leads to one of its two hosts.
    ///
    /// # Panics
    /// When the path leads to another host.
    #[must_use]
    pub fn to(&self, host: &Host) -> &Direction {
        match host.address {
            address if address == self.there.to => &self.there,
            address if address == self.back.to => &self.back,
            _ => panic!("this path does not lead to {}", host.address),
        }
    }

    /// The sum of both directions.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.there.counters().plus(&self.back.counters())
    }
}

impl Uplink {
    /// Holds at once; packets on their way keep their time.
    pub fn set(&self, conditions: Conditions) {
        let seed = self.cables.seed;
        let mut state = self.cables.state();
        let uplink = state.uplinks.entry(self.from).or_insert_with(|| wire(seed, self.from, self.from));
        uplink.set(Instant::now(), conditions);
        drop(state);
        self.cables.changed.notify_one();
    }

    /// Since it was set for the first time.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.cables.state().uplinks.get(&self.from).map(Wire::counters).unwrap_or_default()
    }
}

impl Direction {
    /// Holds at once; packets on their way keep their time.
    pub fn set(&self, conditions: Conditions) {
        self.cables.state().wire(self.cables.seed, self.from, self.to).set(Instant::now(), conditions);
        self.cables.changed.notify_one();
    }

    /// Since the network began.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.cables.state().wire(self.cables.seed, self.from, self.to).counters()
    }
}

/// libwebrtc takes `tun…` for a VPN, and puts it last.
const DEVICE: &str = "eth0";

/// Packets that the kernel keeps until they are read here; what is over is dropped and counted nowhere here.
const UNREAD: u32 = 10_000;

/// Larger than any packet: the devices keep the usual 1500 bytes.
const LARGEST: usize = 2048;

/// All addresses, as the browser writes it.
pub(crate) const NEIGHBOURHOOD: &str = "10.77.0.*";

fn device(address: Ipv4Addr) -> Result<SyncDevice> {
    let device = DeviceBuilder::new().name(DEVICE).ipv4(address, 24, None).build_sync();
    device.context(
        "no TUN device: a container needs /dev/net/tun (docker run --device=/dev/net/tun), and this user its rights",
    )
}

/// What the handles and the thread share.
struct Cables {
    seed: u64,
    state: Mutex<State>,
    /// Something may be due earlier than the thread thinks.
    changed: Notify,
    unplugged: Notify,
}

#[derive(Default)]
struct State {
    /// The last byte of the newest host's address.
    hosts: u8,
    plugs: BTreeMap<Ipv4Addr, Arc<AsyncDevice>>,
    /// From. A host without one is at its paths at once.
    uplinks: BTreeMap<Ipv4Addr, Wire>,
    /// From, to.
    wires: BTreeMap<(Ipv4Addr, Ipv4Addr), Wire>,
    unrouted: u64,
}

impl Cables {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panics with it leaves counters and queues, which are whole after every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network's thread.
    fn carry(&self, runtime: &Runtime) {
        runtime.block_on(async {
            tokio::select! {
                () = self.deliver() => {}
                () = self.unplugged.notified() => {}
            }
        });
        self.state().plugs.clear();
    }

    /// Writes what becomes due.
    async fn deliver(&self) {
        loop {
            let next = self.state().deliver(self.seed, Instant::now());
            let due = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Reads what a host sends.
    async fn listen(&self, device: &Arc<AsyncDevice>) {
        let mut buffer = vec![0; LARGEST];
        loop {
            let packet = match device.recv(&mut buffer).await {
                Ok(length) => &buffer[..length],
                Err(error) => return eprintln!("the network lost a host: {error}"),
            };
            {
                let mut state = self.state();
                let now = Instant::now();
                state.send(self.seed, now, device, packet);
                // What is due at once goes out from here.
                if state.deliver(self.seed, now).is_some() {
                    self.changed.notify_one();
                }
            }
            // A host that floods leaves the others their turn.
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    fn next_address(&mut self) -> Result<Ipv4Addr> {
        self.hosts = self
            .hosts
            .checked_add(1)
            .filter(|last| *last < u8::MAX)
            .context("a network has 254 hosts at most")?;
        Ok(Ipv4Addr::new(10, 77, 0, self.hosts))
    }

    fn wire(&mut self, seed: u64, from: Ipv4Addr, to: Ipv4Addr) -> &mut Wire {
        self.wires.entry((from, to)).or_insert_with(|| wire(seed, from, to))
    }

    fn send(&mut self, seed: u64, now: Instant, device: &Arc<AsyncDevice>, packet: &[u8]) {
        let is_its_own = |source| self.plugs.get(&source).is_some_and(|plug| Arc::ptr_eq(plug, device));
        match ends(packet) {
            Some((source, to)) if is_its_own(source) && self.plugs.contains_key(&to) => {
                match self.uplinks.get_mut(&source) {
                    Some(uplink) => uplink.send(now, packet.to_vec()),
                    None => self.wire(seed, source, to).send(now, packet.to_vec()),
                }
            }
            _ => self.unrouted += 1,
        }
    }

    /// Writes everything that is due; gives when that is to be done again.
    fn deliver(&mut self, seed: u64, now: Instant) -> Option<Instant> {
        let sent = |uplink: &mut Wire| iter::from_fn(|| uplink.due(now)).collect::<Vec<_>>();
        for packet in self.uplinks.values_mut().flat_map(sent).collect::<Vec<_>>() {
            if let Some((source, to)) = ends(&packet) {
                self.wire(seed, source, to).send(now, packet);
            }
        }
        for ((_, to), wire) in &mut self.wires {
            while let Some(packet) = wire.due(now) {
                // A TUN device takes a packet or is gone.
                if self.plugs.get(to).is_none_or(|device| device.try_send(&packet).is_err()) {
                    self.unrouted += 1;
                }
            }
        }
        self.uplinks.values().chain(self.wires.values()).filter_map(Wire::next_due).min()
    }
}

/// One with a luck of its own. An uplink leads to where it comes from.
fn wire(seed: u64, from: Ipv4Addr, to: Ipv4Addr) -> Wire {
    Wire::new(seed, u64::from(from.to_bits()) << 32 | u64::from(to.to_bits()))
}

/// The source and the destination of an IPv4 packet (RFC 791).
fn ends(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let address = |at: usize| packet.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    let is_ipv4 = packet.first()? >> 4 == 4;
    is_ipv4.then_some((address(12)?.into(), address(16)?.into()))
}
