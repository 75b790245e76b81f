//! How many files this process may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Besides connections: the log, the listeners, files of the app that are being sent.
const BESIDES: u64 = 2_048;

/// Takes as many as the system lets it have: most let it have far more than the 1,024 that they begin with. Says so if
/// those are too few for so many `connections`.
pub fn take(connections: u32) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::from(connections) + BESIDES;
    let most = limit.maximum.unwrap_or(u64::MAX);
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return Ok(());
    }
    let taken = Rlimit { current: Some(wanted.min(most)), ..limit };
    let taken = if setrlimit(Resource::Nofile, taken).is_ok() { wanted.min(most) } else { current };
    if taken >= wanted {
        return Ok(());
    }
    Err(format!(
        "the system lets it have {taken} files open, too few for {connections} connections (ulimit -n)"
    ))
}
