//! `snaproom`: reads the settings, listens, serves, stops.

mod args;
mod companion;
#[cfg(unix)]
mod descriptors;
mod invitation;
mod own_turn;

use std::{
    env,
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use snaproom_server::{Tls, metrics, serve};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tracing_subscriber::EnvFilter;

use args::{Args, Read, Refused, What};
use companion::Process;

#[tokio::main]
async fn main() -> ExitCode {
    let read = match Read::from(env::args_os()) {
        Ok(read) => read,
        Err(Refused::Said(error)) => error.exit(),
        Err(Refused::Written(sentence)) => {
            eprintln!("{sentence}");
            return ExitCode::from(2);
        }
    };
    if let Some(What::CheckConfig) = read.args.what {
        if let Err(sentence) = read.args.check() {
            eprintln!("{sentence}");
            return ExitCode::from(2);
        }
        announce(&read.to_string());
        return ExitCode::SUCCESS;
    }
    log(read.args.log_json);
    match run(read.args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            tracing::error!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// To stderr; what `RUST_LOG` says, else all that is of interest to whoever runs the server.
fn log(as_json: bool) {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if as_json {
        log.json().init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}

async fn run(args: Args) -> Result<(), String> {
    let companion = args.exit_with_pid.map(Process::find).transpose()?;
    let (listener, address) = bind(&args.listen, "--listen").await?;
    if let Some(address) = &args.metrics {
        let (listener, address) = bind(address, "--metrics").await?;
        let app = metrics().map_err(|error| format!("cannot count: {error}"))?;
        tracing::info!("metrics are at http://{address}/metrics");
        // It ends with the process: whoever watches the server also wants to see it stop.
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
    #[cfg(unix)]
    if let Err(sentence) = descriptors::take(args.max_connections + args.turn.sockets()) {
        tracing::warn!("--max-connections: {sentence}");
    }
    if let Some(folder) = args.empty_app() {
        tracing::warn!(
            "--app: {} has no index.html; it is looked for again with each request",
            folder.display()
        );
    }
    let stopped = stop_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let mut settings = args.settings()?;
    settings.tls = args.tls()?.map(Arc::new);
    if let Some(server) = own_turn::start(&args.turn, address, &mut settings.ice).await? {
        // It ends with the process: who is connected by it stays so while the pages are told to come back.
        tokio::spawn(async move { server.run().await });
    }
    let mut invitation = String::new();
    if args.tls_self_signed {
        let addresses = invitation::addresses(address);
        let (tls, fingerprint) = Tls::self_signed(&addresses)?;
        settings.tls = Some(Arc::new(tls));
        invitation = invitation::text(&addresses, address.port(), fingerprint);
    }
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    announce(&format!("snaproom is listening on {scheme}://{address}\n{invitation}"));
    serve(listener, settings, async {
        tokio::select! {
            () = stopped => tracing::info!("stopping: asked to"),
            () = companion::gone(companion) => tracing::info!("stopping: the process of --exit-with-pid is gone"),
        }
    })
    .await;
    Ok(())
}

/// Connections that may wait until they are accepted, if the system lets so many. Where more come at once it drops
/// them, and whoever is among them, honest or not, tries again a second later.
const BACKLOG: u32 = 4096;

async fn bind(address: &str, flag: &str) -> Result<(TcpListener, SocketAddr), String> {
    let listener = listen(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with {flag}")
    })?;
    let bound =
        listener.local_addr().map_err(|error| format!("the address of {address} is unknown: {error}"))?;
    Ok((listener, bound))
}

/// On the first of the host's addresses on which one can listen.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for address in lookup_host(address).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Else a restart would have to wait for the last connections' ends. On Windows it means something else.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// For scripts that wait for it. Nobody may be reading, which is no reason not to serve.
fn announce(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        tracing::warn!("cannot write to stdout: {error}; {text}");
    }
}

/// Resolves on the first SIGINT or SIGTERM. Both are caught from the call on.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves on the first Ctrl-C, which is caught from the call on.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
