//! Measures limpid beside the floor and its peers, on whole real work.
//!
//! The images are built on this machine from Debian, PyPI and npm packages ([`prepare`]), every
//! figure is that of a whole process as `time` (Debian package `time`) reports it ([`measure`]).

mod measure;
mod prepare;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::say;
pub(crate) use measure::{Figures, Measurement};

#[derive(Args)]
pub(crate) struct Options {
    /// Folder for images and results; images that are there already are used again
    #[arg(long, default_value = "target/bench")]
    directory: PathBuf,
    /// What to measure
    #[arg(value_enum, default_values_t = [Part::App, Part::Large, Part::Layers, Part::Jars, Part::Huge, Part::Snapshot])]
    parts: Vec<Part>,
    /// Runs of each command; the median is printed
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Leave the peers (syft and trivy, from PyPI) out
    #[arg(long)]
    without_peers: bool,
    /// Only this floor: read + SHA-256 + inflate + tar walk over layer files (used by the benchmark itself)
    #[arg(long, hide = true, value_name = "LAYER")]
    floor: Vec<PathBuf>,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// An application image: about 870 MB, 40 000 entries
    App,
    /// The base image and one layer of 2.5 GB
    Large,
    /// 73 layers with TensorFlow in them
    Layers,
    /// The base image and the jars of Spark as pip installs them
    Jars,
    /// The base image and a layer with a shared object of 1 GB and a jar of 500 MB
    Huge,
    /// A snapshot of 1.5 million records
    Snapshot,
}

impl Part {
    fn image(self) -> Option<&'static str> {
        match self {
            Self::App => Some("app"),
            Self::Large => Some("large"),
            Self::Layers => Some("layers"),
            Self::Jars => Some("jars"),
            Self::Huge => Some("huge"),
            Self::Snapshot => None,
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.floor.is_empty() {
        return measure::floor(&options.floor);
    }
    std::fs::create_dir_all(&options.directory)?;
    let directory = options.directory.canonicalize()?;
    say(&machine());
    for part in &options.parts {
        match part.image() {
            Some(name) => image(name, &directory, options)?,
            None => crate::bench_snapshot::run(&directory)?,
        }
    }
    Ok(())
}

fn image(name: &str, directory: &Path, options: &Options) -> Result<()> {
    let layout = prepare::image(name, directory)?;
    let layers = prepare::layer_files(&layout)?;
    say(&format!(
        "\n## {name}: {} layers, {}",
        layers.len(),
        prepare::describe(&layout)?
    ));
    say("| what | wall s | CPU s | peak MiB |\n|---|---:|---:|---:|");
    let runs = options.runs;
    let xtask = std::env::current_exe().context("cannot find this program")?;
    let limpid = xtask.with_file_name("limpid");
    let source = format!("oci:{}", layout.display());
    let data = directory.join(format!("data-{name}"));

    let mut floor = Measurement::new(&xtask);
    floor.arg("bench");
    for layer in &layers {
        floor.arg("--floor").arg(layer);
    }
    let one_core = floor.clone().pinned().median(runs)?;
    row(
        "floor: read, SHA-256, inflate, tar walk; one core",
        &one_core,
    );

    let mut scan = Measurement::new(&limpid);
    scan.arg("--data-dir")
        .arg(&data)
        .arg("index")
        .arg(&source)
        .fresh(&data);
    let cold_one = scan.clone().pinned().median(runs)?;
    row("limpid, cold, one core", &cold_one);
    row("limpid, cold, all cores", &scan.median(runs)?);
    let mut warm = scan.clone();
    warm.not_fresh();
    row("limpid, second time", &warm.median(runs)?);
    say(&format!(
        "limpid / floor on one core: {:.2} wall",
        cold_one.wall / one_core.wall
    ));
    if options.without_peers {
        return Ok(());
    }
    let peers = prepare::peers(directory)?;
    let cache = directory.join("trivy-cache");
    prepare::empty_java_database(&cache)?;
    let mut trivy = Measurement::new(&peers.join("trivy"));
    trivy
        .arg("--cache-dir")
        .arg(&cache)
        .args([
            "image",
            "--quiet",
            "--format",
            "cyclonedx",
            "--offline-scan",
        ])
        .args([
            "--skip-db-update",
            "--skip-java-db-update",
            "--skip-version-check",
            "--input",
        ])
        .arg(&layout)
        .fresh(&cache.join("fanal"));
    let trivy_one = trivy.clone().pinned().median(runs)?;
    row("trivy, cold, one core", &trivy_one);
    row("trivy, cold, all cores", &trivy.median(runs)?);
    let mut syft = Measurement::new(&peers.join("syft"));
    syft.arg("scan")
        .arg(format!("oci-dir:{}", layout.display()))
        .args(["--quiet", "--output", "json"]);
    let syft_all = syft.median(1)?;
    row("syft, all cores, one run", &syft_all);
    say(&format!(
        "limpid on one core / trivy on one core: {:.2} wall; limpid on one core / syft on all: {:.3} wall",
        cold_one.wall / trivy_one.wall,
        cold_one.wall / syft_all.wall
    ));
    Ok(())
}

fn row(name: &str, figures: &Figures) {
    say(&format!(
        "| {name} | {:.2} | {:.2} | {:.0} |",
        figures.wall, figures.cpu, figures.peak_mib
    ));
}

/// Says what machine the figures are of.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {model}")
}
