//! `snaproom`: reads the settings, listens, serves, stops.

mod args;
mod companion;

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use snaproom_server::serve;
use tokio::net::TcpListener;
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
        announce(&read.to_string());
        return ExitCode::SUCCESS;
    }
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    match run(read.args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            tracing::error!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let companion = args.exit_with_pid.map(Process::find).transpose()?;
    let listen = &args.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("cannot listen on {listen}: {error}; choose another address with --listen")
    })?;
    let address =
        listener.local_addr().map_err(|error| format!("the address of {listen} is unknown: {error}"))?;
    let stopped = stop_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    announce(&format!("snaproom is listening on http://{address}\n"));
    serve(listener, args.settings()?, async {
        tokio::select! {
            () = stopped => tracing::info!("stopping: asked to"),
            () = companion::gone(companion) => tracing::info!("stopping: the process of --exit-with-pid is gone"),
        }
    })
    .await;
    Ok(())
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
