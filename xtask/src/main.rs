//! The project's own automation: `cargo xtask COMMAND`.

mod bench;
mod bench_feeds;
mod bench_snapshot;
mod load;
mod tidy;
mod versions;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

// What is measured in this process has the allocator of the program.
limpid_telemetry::install_allocator!();

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own automation")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks the house rules: floors, file sizes, names, places where things may be used
    Tidy,
    /// Checks version tables, one comparison a line, and prints what fails
    Versions {
        /// Compares generated versions with the ecosystem's own tool instead; the versions of the
        /// tables, if there are any, are among the seeds
        #[arg(long)]
        differential: bool,
        /// Version scheme (dpkg, rpm, pep440, maven, ..), or cpe for tables of CPE names; with
        /// --differential, all that have a tool if none is named
        #[arg(required_unless_present = "differential")]
        scheme: Option<String>,
        /// Tables
        #[arg(required_unless_present = "differential")]
        files: Vec<PathBuf>,
    },
    /// Measures limpid beside its peers and the floor, and prints a table
    Bench(bench::Options),
    /// Measures feeds at their real size, scaled up from real documents, and prints a table
    BenchFeeds(bench_feeds::Options),
    /// Drives the service over its API, and prints rates, latencies, memory and space
    Load(load::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Tidy => tidy::run(),
        Command::Versions {
            differential: true,
            scheme,
            files,
        } => versions::run_differential(scheme.as_deref(), &files),
        Command::Versions { scheme, files, .. } => {
            versions::run(&scheme.unwrap_or_default(), &files)
        }
        Command::Bench(options) => bench::run(&options).map(|()| true),
        Command::BenchFeeds(options) => bench_feeds::run(&options).map(|()| true),
        Command::Load(options) => load::run(&options).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Prints a line on standard output.
#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}
