//! Makes a bad network with a browser in it and waits to be killed: what `tests/rig_crash.rs` starts.

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    use std::io::{Read, stdin};

    use snaproom_e2e::{Nat, Network, Tab};

    let network = Network::new()?;
    let host = network.host_behind(Nat::Symmetric)?;
    let _tab = Tab::without_camera().on(&host).load("data:text/html,victim").await?;
    println!("it is in {} {}", host.namespace().inode()?, host.outer_namespace().inode()?);
    // Until whoever started this ends, if not killed before.
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
