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
        /// Version scheme (dpkg, rpm, apk, rhctag), or cpe for tables of CPE names
        scheme: String,
        /// Tables
        #[arg(required = true)]
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
        Command::Versions { scheme, files } => versions::run(&scheme, &files),
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
