use anyhow::{Context, Result};
use tokio::process::{Child, Command};

#[cfg(target_os = "linux")]
use crate::{
    Server,
    rig::{Forward, Host, NEIGHBOURHOOD},
};

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

/// How this machine reaches a port of a place's loopback.
pub(crate) struct Door {
    /// Of this machine's loopback.
    pub(crate) port: u16,
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
                port,
                #[cfg(target_os = "linux")]
                _forward: None,
            }),
            #[cfg(target_os = "linux")]
            Self::On(host) => {
                let forward = Forward::to(host.namespace().clone(), port).await?;
                Ok(Door { port: forward.port(), _forward: Some(forward) })
            }
        }
    }

    /// Plain http from another host is no secure context, and would have neither cameras nor cryptography. Names are
    /// known to nobody there; the browser's own first page would wait half a minute for one.
    pub(crate) fn browser_flags(&self) -> Vec<String> {
        match self {
            Self::Here => Vec::new(),
            #[cfg(target_os = "linux")]
            Self::On(host) => {
                let origin = |address| format!("http://{address}:{}", Server::PORT);
                let origins: Vec<String> = host.neighbours().into_iter().map(origin).collect();
                vec![
                    format!("--unsafely-treat-insecure-origin-as-secure={}", origins.join(",")),
                    format!(
                        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {NEIGHBOURHOOD}, EXCLUDE 127.0.0.1"
                    ),
                ]
            }
        }
    }
}
