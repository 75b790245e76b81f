use anyhow::Result;

use crate::{Conditions, Host, Launch, Network, Options, Server, Tab, rig::Path};

/// Two people and their server, each on a host of its own of a bad network that is good at first.
pub struct Apart {
    /// All of it.
    pub network: Network,
    /// Alice's host, and Bob's.
    pub homes: [Host; 2],
    /// The server's host.
    pub cloud: Host,
    /// Of both.
    pub server: Server,
}

impl Apart {
    /// With the server running, and nobody there.
    pub async fn start() -> Result<Self> {
        let network = Network::new()?;
        let homes = [network.host()?, network.host()?];
        Self::start_with(network, homes, Options::default()).await
    }

    /// The same on hosts of one's choice, and with other flags of the server.
    pub async fn start_with(network: Network, homes: [Host; 2], options: Options) -> Result<Self> {
        let cloud = network.host()?;
        let server = Server::start_on_with(&cloud, options).await?;
        Ok(Self { network, homes, cloud, server })
    }

    /// Two people in one room, whether they find each other or not. Whoever is launched first makes it.
    pub async fn enter(&self, alice: Launch, bob: Launch) -> Result<(Tab, Tab)> {
        let alice = alice.on(&self.homes[0]).open(&self.server.url()).await?;
        let bob = bob.on(&self.homes[1]).open(&alice.link().await?).await?;
        Ok((alice, bob))
    }

    /// The same, connected.
    pub async fn meet(&self, alice: Launch, bob: Launch) -> Result<(Tab, Tab)> {
        let (alice, bob) = self.enter(alice, bob).await?;
        for tab in [&alice, &bob] {
            tab.wait_connected(1).await?;
        }
        Ok((alice, bob))
    }

    /// Between the two people.
    #[must_use]
    pub fn path(&self) -> Path {
        self.network.between(&self.homes[0], &self.homes[1])
    }

    /// From one of the two people to the server.
    #[must_use]
    pub fn to_server(&self, person: usize) -> Path {
        self.network.between(&self.homes[person], &self.cloud)
    }

    /// Between the people, and from each of them to the server.
    pub fn set_all(&self, conditions: Conditions) {
        for path in [self.path(), self.to_server(0), self.to_server(1)] {
            path.set(conditions);
        }
    }
}
