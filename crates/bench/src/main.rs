//! Snaproom beside its peers and beside *the limit*: the least raw JavaScript that does the same work in real browsers,
//! or the least that a server can do. On one machine, in one run. `cargo xtask bench` runs it; BENCHMARKS.md says how it
//! measures, and what came out.
//!
//! | module | what |
//! |---|---|
//! | [`run`] | blocks of slots, and which blocks count; the trait that a bench implements |
//! | [`photo`], [`join`], [`start`], [`call`], [`transfer`], [`lag`], [`memory`] | the benches with browsers |
//! | [`server`] | the bench without: servers, and many people who are no browsers |
//! | [`mod@file`] | two browsers and a file between them, for the last three |
//! | [`page`] | what all of them do with a page: its marks, its clock |
//! | [`relay`] | the raw pages of `pages/`, and their server |
//! | [`busy`] | whether others took the machine |
//! | [`report`], [`statistics`], [`machine`] | what was measured, as JSON |
//! | [`table`], [`svg`] | the same for people: BENCHMARKS.md and its pictures |
//!
//! A new bench is one file with a type that implements [`run::Bench`], a line in [`BENCHES`] and [`measure`], and a
//! section of BENCHMARKS.md.

mod busy;
mod call;
mod file;
mod join;
mod lag;
mod machine;
mod memory;
mod page;
mod photo;
mod relay;
mod report;
mod run;
mod server;
mod start;
mod statistics;
mod svg;
mod table;
mod transfer;

use std::{env, fs, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, builder::PossibleValuesParser};

use report::Report;
use run::{House, Length};

/// Every bench, in the order in which they run.
const BENCHES: [&str; 8] = ["photo", "join", "start", "call", "transfer", "lag", "memory", "server"];

async fn measure(bench: &str, house: &House, length: Length) -> Result<Report> {
    match bench {
        "photo" => run::run::<photo::Photo>(house, length).await,
        "join" => run::run::<join::Join>(house, length).await,
        "start" => run::run::<start::Start>(house, length).await,
        "call" => run::run::<call::Call>(house, length).await,
        "transfer" => run::run::<transfer::Transfer>(house, length).await,
        "lag" => run::run::<lag::Lag>(house, length).await,
        "memory" => run::run::<memory::Memory>(house, length).await,
        "server" => run::run::<server::Server>(house, length).await,
        _ => bail!("there is no bench {bench}"),
    }
}

/// Measures Snaproom beside its peers.
#[derive(Parser)]
struct Options {
    /// Which benches; without a name all of them
    #[arg(value_parser = PossibleValuesParser::new(BENCHES))]
    names: Vec<String>,
    /// One block each, whatever else the machine does: whether everything works
    #[arg(long)]
    quick: bool,
    /// Blocks that count, of each case
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    blocks: u32,
    /// The folder for NAME.json
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The checkout whose docs/benchmarks and BENCHMARKS.md take the results
    #[arg(long, value_name = "ROOT", conflicts_with = "quick")]
    publish: Option<PathBuf>,
    /// Measures nothing: draws the tables and pictures of this checkout again, from its docs/benchmarks
    #[arg(long, value_name = "ROOT", conflicts_with_all = ["quick", "publish", "out"])]
    draw: Option<PathBuf>,
    /// Measures nothing: is the raw TCP echo that a bench starts
    #[arg(long, value_name = "ADDR:PORT", hide = true)]
    echo: Option<SocketAddr>,
}

impl Options {
    fn benches(&self) -> impl Iterator<Item = &'static str> {
        let names = &self.names;
        BENCHES.into_iter().filter(|bench| names.is_empty() || names.iter().any(|name| name == bench))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bench(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(options: Options) -> Result<()> {
    if let Some(address) = options.echo {
        return server::echo::serve(address).await;
    }
    if let Some(root) = &options.draw {
        return options.benches().try_for_each(|name| match table::published(root, name)? {
            Some(report) => table::publish(root, &report),
            None => Ok(()),
        });
    }
    let length = if options.quick { Length::Quick } else { Length::Blocks(options.blocks as usize) };
    let out = match &options.out {
        Some(folder) => folder.clone(),
        None => env::current_exe()?.ancestors().nth(2).context("no target directory")?.join("bench"),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let house = House::default();
    let mut reports = Vec::new();
    for name in options.benches() {
        let report = measure(name, &house, length).await.with_context(|| format!("bench {name}"))?;
        println!("\n{}\n\n{}", report.plan.title, table::table(&report)?);
        let file = out.join(format!("{name}.json"));
        fs::write(&file, report.to_json()?).with_context(|| format!("cannot write {}", file.display()))?;
        println!("written to {}", file.display());
        reports.push(report);
    }
    // Not before: each one says whether the checkout was changed.
    match &options.publish {
        Some(root) => reports.iter().try_for_each(|report| table::publish(root, report)),
        None => Ok(()),
    }
}
