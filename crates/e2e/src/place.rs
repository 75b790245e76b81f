use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

#[cfg(target_os = "linux")]
use crate::rig::{self, Forward, Host};

/// Where a program runs.
#[derive(Clone, Default)]
pub(crate) enum Place {
    /// On this machine.
    #[default]
    Here,
    /// On a host of the bad network.
    #[cfg(target_os = "linux")]
    On(Host),
}

/// Lets this machine reach a port of a place's loopback by the same number of its own.
pub(crate) struct Door {
    #[cfg(target_os = "linux")]
    _forward: Option<Forward>,
}

impl Place {
    pub(crate) fn spawn(&self, command: &mut Command) -> Result<Child> {
        let child = match self {
            Self::Here => command.spawn(),
            #[cfg(target_os = "linux")]
            Self::On(host) => {
                let runtime = tokio::runtime::Handle::current();
                host.inside(|| {
                    let _entered = runtime.enter();
                    Ok(command.spawn())
                })?
            }
        };
        child.with_context(|| format!("cannot start {}", command.as_std().get_program().display()))
    }

    #[cfg_attr(not(target_os = "linux"), expect(clippy::unused_async, reason = "a forward is made on Linux"))]
    pub(crate) async fn door(&self, port: u16) -> Result<Door> {
        match self {
            Self::Here => Ok(Door {
                #[cfg(target_os = "linux")]
                _forward: None,
            }),
            #[cfg(target_os = "linux")]
            Self::On(host) => Ok(Door { _forward: Some(Forward::to(host.namespace().clone(), port).await?) }),
        }
    }

    /// A connection to a port of the place's loopback.
    pub(crate) async fn connect(&self, port: u16) -> Result<TcpStream> {
        let stream = match self {
            Self::Here => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(Into::into),
            #[cfg(target_os = "linux")]
            Self::On(host) => rig::connect(host.namespace(), port),
        };
        stream.with_context(|| format!("nobody answers at port {port}"))
    }

    /// The hosts of the bad network that there are by now; none on this machine, where there is no such network.
    pub(crate) fn neighbours(&self) -> Vec<Ipv4Addr> {
        match self {
            Self::Here => Vec::new(),
            #[cfg(target_os = "linux")]
            Self::On(host) => host.neighbours(),
        }
    }
}
