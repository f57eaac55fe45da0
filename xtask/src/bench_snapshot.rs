//! Measures a snapshot of 1.5 million made-up records: building, opening, looking up.
//!
//! The peak of the memory is the kernel's own high-water mark (`VmHWM` of `/proc/self/status`),
//! which is reset (`/proc/self/clear_refs`) right before the build, so that it is the peak of
//! this process, generator included, while it built.

mod generator;
mod report;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use limpid_vulndb::{
    BuildLimits, BuiltSnapshot, DetailsHandle, Snapshot, SnapshotBuilder, SnapshotMeta,
};

use crate::say;
use generator::Generator;

/// How many advisories are made at a time, so that making them is not counted as building.
const BATCH: usize = 5_000;
/// How many packages the image of the measurement has, binary and source names together.
const IMAGE_NAMES: usize = 750;
/// How many packages the image has; the other names are those of their sources.
const IMAGE_PACKAGES: usize = 500;
/// How many findings' texts are read.
const FINDINGS: usize = 1_000;
/// How often each look-up is repeated.
const RUNS: usize = 51;

/// Builds the snapshot in a directory and prints a table of figures.
pub(crate) fn run(directory: &Path) -> Result<()> {
    let directory = directory.join("snapshot");
    fs::create_dir_all(&directory)?;
    limpid_vulndb::remove_leftovers(&directory)?;
    say("\n## snapshot: 1.5 million records, 150 000 vulnerabilities, 30 namespaces");
    say("| what | figure |\n|---|---:|");

    let (built, cost, peak) = build(&directory)?;
    row("build, wall", &format!("{:.2} s", cost.wall.as_secs_f64()));
    row("build, CPU", &format!("{:.2} s", cost.cpu.as_secs_f64()));
    row("build, peak memory", &format!("{peak} MiB"));
    row("records", &built.records.to_string());
    row("file", &format!("{:.1} MB", float(built.bytes) / 1e6));
    row(
        "bytes a record",
        &format!("{:.1}", float(built.bytes) / float(built.records)),
    );
    look_up(&built)?;
    fs::remove_file(&built.path)?;
    Ok(())
}

/// Time on the clock and on the processors.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn build(directory: &Path) -> Result<(BuiltSnapshot, Cost, u64)> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the memory's high-water mark")?;
    let mut builder = SnapshotBuilder::new(directory, BuildLimits::default())?;
    let mut advisories = Generator::default();
    let mut cost = Cost::default();
    loop {
        let batch: Vec<_> = advisories.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        measure(&mut cost, || {
            batch.iter().try_for_each(|advisory| builder.add(advisory))
        })?;
    }
    let meta = SnapshotMeta::new("bench", 1);
    let built = measure(&mut cost, || builder.finish(meta, directory))?;
    Ok((built, cost, peak_memory_mib()?))
}

fn look_up(built: &BuiltSnapshot) -> Result<()> {
    repeat("open", || Snapshot::open(&built.path).map(drop))?;

    let snapshot = Snapshot::open(&built.path)?;
    let names = generator::image_names(IMAGE_NAMES);
    let candidates = |handles: &mut Vec<DetailsHandle>| -> Result<()> {
        handles.clear();
        for name in &names {
            for record in snapshot.candidates(generator::NAMESPACE, name)? {
                handles.push(record?.details);
            }
        }
        Ok(())
    };
    let mut handles = Vec::new();
    let mut first = Cost::default();
    measure(&mut first, || candidates(&mut handles))?;
    ensure!(
        handles.len() > IMAGE_NAMES,
        "found only {} records",
        handles.len()
    );
    let what = format!(
        "candidates of {IMAGE_NAMES} names: {} records",
        handles.len()
    );
    row(&format!("{what}, first time"), &millis(first.wall));
    repeat(&what, || candidates(&mut handles))?;

    handles.sort_unstable();
    handles.dedup();
    let step = (handles.len() / FINDINGS).max(1);
    let findings: Vec<_> = handles.iter().step_by(step).take(FINDINGS).collect();
    repeat(
        &format!("texts of {} findings", findings.len()),
        || -> Result<()> {
            for handle in &findings {
                std::hint::black_box(snapshot.details(handle)?);
            }
            Ok(())
        },
    )?;

    let report = report::WholeReport::new(&built.path, &names[..IMAGE_PACKAGES], "6.6.0-1")?;
    let what = format!(
        "whole report of {IMAGE_PACKAGES} packages as JSON: {} findings",
        report.make()?
    );
    repeat(&what, || report.make().map(drop))?;

    let mut verify = Cost::default();
    measure(&mut verify, || snapshot.verify())?;
    row("verify everything", &millis(verify.wall));
    Ok(())
}

/// Repeats some work; prints the median and the least time, which other load disturbs least.
fn repeat<E>(what: &str, mut work: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let (median, least) = (times[RUNS / 2], times[0]);
    row(
        what,
        &format!("{} (least {})", millis(median), millis(least)),
    );
    Ok(())
}

fn measure<T, E: Into<anyhow::Error>>(
    cost: &mut Cost,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T> {
    let (start, cpu) = (Instant::now(), cpu_time()?);
    let done = work().map_err(Into::into)?;
    cost.wall += start.elapsed();
    cost.cpu += cpu_time()?.saturating_sub(cpu);
    Ok(done)
}

/// Reads how long the threads of this process have been on a processor, user and system.
fn cpu_time() -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        nanoseconds += first
            .parse::<u64>()
            .context("cannot read the time on the processor")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn peak_memory_mib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no high-water mark in /proc/self/status")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024)
}

fn row(what: &str, figure: &str) {
    say(&format!("| {what} | {figure} |"));
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn float(number: u64) -> f64 {
    number as f64
}
