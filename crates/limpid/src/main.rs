//! `limpid`: the command line, and nothing but wiring.
//!
//! What the commands do is in the crates below. This program reads arguments and the environment,
//! opens the store, prints, and turns outcomes into exit codes.

mod arguments;
mod cli;
mod commands;
mod installation;
mod memory;
mod outcome;
mod output;
mod progress;
mod service;
mod vulnerability_data;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use outcome::Outcome;

limpid_telemetry::install_allocator!();

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments::normalise(std::env::args_os()));
    // The service has a runtime and logs of its own.
    if let Command::Serve(options) = &cli.command {
        return match commands::serve::run(&cli.global, options) {
            Ok(outcome) => outcome.into(),
            Err(error) => fail(&error),
        };
    }
    start_logging();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start")),
    };
    let result = runtime.block_on(run(cli));
    // A reader that was given up on must not keep the program from ending.
    runtime.shutdown_background();
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => fail(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let global = &cli.global;
    match cli.command {
        Command::Demo => commands::demo::run(global).await,
        Command::Scan(options) => commands::scan::run(global, &options).await,
        Command::Index(options) => commands::index::run(global, &options).await,
        Command::Match(options) => commands::match_report::run(global, &options).await,
        Command::Update(options) => commands::update::run(global, &options).await,
        Command::Feeds(options) => commands::feeds::run(global, &options).await,
        // It was answered before there was a runtime.
        Command::Serve(_) => Ok(Outcome::Good),
        Command::CheckConfig(options) => commands::check_config::run(&options),
        Command::Completions { shell } => commands::completions::run(shell),
    }
}

/// Logs go to standard error; `LIMPID_LOG` says which, in the words of `tracing`'s filters.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("LIMPID_LOG")
        .with_default_directive(tracing_subscriber::filter::LevelFilter::ERROR.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}

/// Says what went wrong in one line. A reader of our output that has gone away is no failure.
fn fail(error: &anyhow::Error) -> ExitCode {
    let is_broken_pipe = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
    if is_broken_pipe {
        return ExitCode::SUCCESS;
    }
    output::error(error);
    ExitCode::from(2)
}
