//! A bad network: hosts in network namespaces of their own, and between each two of them a path that is as bad as a
//! test wants it. Nothing outside the test's process knows of it, and it ends with that process.
//!
//! | module | what |
//! |---|---|
//! | `network` | the hosts, their TUN devices, and the thread that carries packets between them |
//! | `wire` | what becomes of a packet, without IO and without a clock |
//! | `namespace` | a part of the kernel's network that ends by itself |
//! | `nat` | routers of all kinds, and firewalls without UDP, by nftables |
//! | `forward` | a door from outside to a port inside |

mod forward;
mod namespace;
mod nat;
mod network;
mod wire;

pub(crate) use forward::{Forward, connect};
pub use namespace::Namespace;
pub use nat::Nat;
pub(crate) use network::NEIGHBOURHOOD;
pub use network::{Direction, Host, Network, Path, Uplink};
pub use wire::{Conditions, Counters, LATE};
