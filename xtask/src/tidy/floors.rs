use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The crates by floor, and inside a floor in the order in which they may use each other.
///
/// A crate may depend on crates of lower floors, and on earlier crates of its own floor where the
/// table says `SAME`.
const FLOORS: [(&str, u8); 21] = [
    ("limpid-version", 0),
    ("limpid-types", 0),
    ("limpid-layer", 1),
    ("limpid-rpmdb", 1),
    ("limpid-detect", 1),
    ("limpid-feed", 1),
    ("limpid-vulndb", 1),
    ("limpid-report", 1),
    ("limpid-store", 2),
    ("limpid-store-sqlite", 2),
    ("limpid-store-postgres", 2),
    ("limpid-http", 2),
    ("limpid-registry", 2),
    ("limpid-blob", 2),
    ("limpid-index", 3),
    ("limpid-match", 3),
    ("limpid-update", 3),
    ("limpid-api", 4),
    ("limpid-config", 4),
    ("limpid-telemetry", 4),
    ("limpid", 5),
];

/// Dependencies inside one floor that are allowed.
const SAME: [(&str, &str); 6] = [
    ("limpid-types", "limpid-version"),
    ("limpid-detect", "limpid-layer"),
    ("limpid-detect", "limpid-rpmdb"),
    ("limpid-store-sqlite", "limpid-store"),
    ("limpid-store-postgres", "limpid-store"),
    ("limpid-blob", "limpid-store"),
];

/// Crates that stand beside the floors: they may use everything.
const BESIDE: [&str; 2] = ["limpid-testkit", "xtask"];

/// Dependencies that only some crates may have, with the reason.
const RESERVED: [(&str, &[&str], &str); 8] = [
    (
        "rusqlite",
        &["limpid-store-sqlite", "limpid-rpmdb"],
        "only stores know SQL; rpm's own database is the exception",
    ),
    (
        "tokio-postgres",
        &["limpid-store-postgres"],
        "only stores know SQL",
    ),
    (
        "deadpool-postgres",
        &["limpid-store-postgres"],
        "only stores know SQL",
    ),
    (
        "reqwest",
        &[
            "limpid-http",
            "limpid-blob",
            "limpid-api",
            "limpid-telemetry",
        ],
        "only limpid-http opens connections, and the clients of S3-compatible storage, of another \
         process's indexer and of a collector",
    ),
    (
        "axum",
        &["limpid-api", "limpid"],
        "only limpid-api serves HTTP, and the binary puts it together",
    ),
    (
        "opentelemetry",
        &["limpid-telemetry"],
        "only limpid-telemetry knows OpenTelemetry",
    ),
    (
        "memmap2",
        &["limpid-vulndb"],
        "only snapshots, which we write ourselves, are mapped",
    ),
    ("anyhow", &["limpid"], "libraries have typed errors"),
];

pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in packages(root)? {
        let name = package["name"].as_str().unwrap_or_default();
        if BESIDE.contains(&name) {
            continue;
        }
        let Some(floor) = floor(name) else {
            faults.push(format!("{name}: has no floor in xtask/src/tidy/floors.rs"));
            continue;
        };
        let dependencies = package["dependencies"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for dependency in dependencies.iter().filter(|d| d["kind"].is_null()) {
            let used = dependency["name"].as_str().unwrap_or_default();
            faults.extend(fault(name, floor, used).map(|why| format!("{name} uses {used}: {why}")));
        }
    }
    Ok(faults)
}

fn fault(name: &str, floor: u8, used: &str) -> Option<String> {
    if let Some((_, allowed, reason)) = RESERVED.iter().find(|(crate_name, ..)| *crate_name == used)
        && !allowed.contains(&name)
    {
        return Some((*reason).to_owned());
    }
    if floor <= 1 && ["tokio", "reqwest", "tracing", "async-trait"].contains(&used) {
        return Some("floors 0 and 1 are synchronous and know no network".to_owned());
    }
    let target = self::floor(used)?;
    let allowed = target < floor || SAME.contains(&(name, used));
    (!allowed).then(|| format!("floor {floor} on floor {target}"))
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, floor)| *floor)
}

fn packages(root: &Path) -> Result<Vec<Value>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata is no JSON")?;
    Ok(metadata["packages"].as_array().cloned().unwrap_or_default())
}
