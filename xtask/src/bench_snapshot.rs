//! Measures a snapshot of 1.5 million made-up records: building, opening, looking up.
//!
//! The peak of the memory is the kernel's own high-water mark (`VmHWM` of `/proc/self/status`),
//! which is reset (`/proc/self/clear_refs`) right before the build, so that it is the peak of
//! this process, generator included, while it built.

mod generator;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use limpid_vulndb::{BuildLimits, BuiltSnapshot, Snapshot, SnapshotBuilder, SnapshotMeta};

use crate::say;
use generator::Generator;

/// How many advisories are made at a time, so that making them is not counted as building.
const BATCH: usize = 5_000;
/// How many packages the image of the measurement has, binary and source names together.
const IMAGE_NAMES: usize = 750;
/// How many findings' texts are read.
const FINDINGS: usize = 1_000;
/// How often each look-up is repeated; the median is printed.
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
    //KEEP
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
    let open = median(|| Snapshot::open(&built.path).map(drop))?;
    row("open", &micros(open));

    let snapshot = Snapshot::open(&built.path)?;
    let names = generator::image_names(IMAGE_NAMES);
    let namespace = generator::NAMESPACE;
    let mut rows = 0;
    let mut handles = BTreeSet::new();
    let candidates = || -> Result<()> {
        rows = 0;
        for name in &names {
            for record in snapshot.candidates(namespace, name)? {
                handles.insert(record?.details);
                rows += 1;
            }
        }
        Ok(())
    };
    let first = Instant::now();
    let mut candidates = candidates;
    candidates()?;
    let first = first.elapsed();
    let mut decoded = 0;
    let warm = median(|| -> Result<()> {
        decoded = 0;
        for name in &names {
            for record in snapshot.candidates(namespace, name)? {
                std::hint::black_box(record?);
                decoded += 1;
            }
        }
        Ok(())
    })?;
    ensure!(
        rows == decoded && rows > IMAGE_NAMES,
        "found only {rows} records"
    );
    row(
        &format!("candidates: {IMAGE_NAMES} names, {rows} records, first time"),
        &micros(first),
    );
    row("candidates: the same again", &micros(warm));

    let step = (handles.len() / FINDINGS).max(1);
    let findings: Vec<_> = handles.iter().step_by(step).take(FINDINGS).collect();
    let details = median(|| -> Result<()> {
        for handle in &findings {
            std::hint::black_box(snapshot.details(handle)?);
        }
        Ok(())
    })?;
    row(
        &format!("texts of {} findings", findings.len()),
        &micros(details),
    );

    let mut cost = Cost::default();
    measure(&mut cost, || snapshot.verify())?;
    row("verify everything", &micros(cost.wall));
    Ok(())
}

fn median<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[RUNS / 2])
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

fn micros(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn float(number: u64) -> f64 {
    number as f64
}
