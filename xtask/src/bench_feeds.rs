//! Measures feeds at their real size: how fast and in how much memory they become snapshots, how
//! long a small change takes, and how long a report takes by what came out.
//!
//! The documents are real ones, written again under other names until they are as large as the
//! whole feed is: scaled up, and labelled so.

mod debian;
mod image;
mod osv;
mod oval;
mod vex;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::bench::{Figures, Measurement};
use crate::say;

#[derive(Args)]
pub(crate) struct Options {
    /// Folder of real feeds, laid out by host
    #[arg(long)]
    feeds: PathBuf,
    /// Folder for what is generated; some gigabytes
    #[arg(long)]
    work: PathBuf,
    /// The program to measure
    #[arg(long, default_value = "target/release/limpid")]
    limpid: PathBuf,
    /// Which feeds: vex, ubuntu, debian, osv; all without it
    #[arg(long)]
    only: Vec<String>,
    /// How many product statements the VEX documents have
    #[arg(long, default_value_t = 4_600_000)]
    statements: usize,
    /// How many megabytes of XML the Ubuntu OVAL document has
    #[arg(long, default_value_t = 500)]
    oval_megabytes: usize,
    /// How many megabytes of JSON Debian's tracker has
    #[arg(long, default_value_t = 70)]
    debian_megabytes: usize,
    /// How many megabytes of JSON npm's database in OSV has
    #[arg(long, default_value_t = 320)]
    npm_megabytes: usize,
    /// How many megabytes of JSON the database of `PyPI` in OSV has
    #[arg(long, default_value_t = 80)]
    pypi_megabytes: usize,
}

/// Measures and prints a table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wants = |name: &str| options.only.is_empty() || options.only.iter().any(|it| it == name);
    fs::create_dir_all(&options.work)?;
    say("\n## feeds at their real size (scaled up from real documents)");
    say(
        "| what | input | wall | CPU | MB/s of CPU | peak memory |\n|---|---:|---:|---:|---:|---:|",
    );
    if wants("debian") {
        let bench = Bench::new(options, "debian");
        let bytes = debian::generate(
            &options.feeds,
            &bench.mirror,
            options.debian_megabytes << 20,
        )?;
        bench.update("Debian tracker", bytes, "debian")?;
    }
    if wants("ubuntu") {
        let bench = Bench::new(options, "ubuntu");
        let bytes = oval::generate(&options.feeds, &bench.mirror, options.oval_megabytes << 20)?;
        bench.update("Ubuntu OVAL, jammy", bytes, "ubuntu/jammy")?;
    }
    if wants("osv") {
        for (ecosystem, sources, megabytes) in [
            ("npm", &["npm", "Go"][..], options.npm_megabytes),
            ("PyPI", &["PyPI"], options.pypi_megabytes),
        ] {
            let feed = format!("osv/{}", ecosystem.to_lowercase());
            let bench = Bench::new(options, &feed);
            let (feeds, mirror) = (&options.feeds, &bench.mirror);
            let bytes = osv::generate(feeds, mirror, ecosystem, sources, megabytes << 20)?;
            bench.update(&format!("OSV, {ecosystem}"), bytes, &feed)?;
        }
    }
    if wants("vex") {
        let bench = Bench::new(options, "vex");
        let feed = vex::Generator::new(&options.feeds, &bench.mirror)?;
        let made = feed.generate(options.statements)?;
        let what = format!("Red Hat VEX, {} statements, archive", made.statements);
        bench.update(&what, made.bytes, "rhel-vex")?;
        let bytes = feed.change(&made, 100)?;
        bench.update("Red Hat VEX, 100 documents changed", bytes, "rhel-vex")?;
        bench.update("Red Hat VEX, nothing changed", 0, "rhel-vex")?;
        bench.update(
            "Red Hat's tables of repositories and images",
            made.mapping_bytes,
            "rhel-mapping",
        )?;
        image::report(&bench.data)?;
    }
    Ok(())
}

/// The measurement of one feed.
struct Bench {
    limpid: PathBuf,
    mirror: PathBuf,
    data: PathBuf,
}

impl Bench {
    fn new(options: &Options, name: &str) -> Self {
        Self {
            limpid: options.limpid.clone(),
            mirror: options.work.join(name).join("mirror"),
            data: options.work.join(name).join("data"),
        }
    }

    /// Updates one feed from the mirror and prints what that took.
    fn update(&self, what: &str, bytes: u64, feed: &str) -> Result<()> {
        ensure!(
            self.limpid.is_file(),
            "there is no program to measure: {}",
            self.limpid.display()
        );
        let mut measurement = Measurement::new(&self.limpid);
        measurement
            .args(["--quiet", "--data-dir"])
            .arg(&self.data)
            .args(["update", "--mirror"])
            .arg(&self.mirror)
            .args(["--only", feed]);
        let Figures {
            wall,
            cpu,
            peak_mib,
        } = measurement.once()?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let megabytes = bytes as f64 / 1e6;
        let rate = if bytes == 0 {
            "–".to_owned()
        } else {
            format!("{:.0}", megabytes / cpu.max(0.001))
        };
        say(&format!(
            "| {what} | {megabytes:.0} MB | {wall:.2} s | {cpu:.2} s | {rate} | {peak_mib:.0} MiB |"
        ));
        Ok(())
    }
}

/// Writes a file and the folders above it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(path, bytes).with_context(context)
}

/// Returns how many microseconds something takes, the median of several times.
fn median_micros(runs: usize, mut once: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        once()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times.get(runs / 2).copied().context("nothing was run")
}
