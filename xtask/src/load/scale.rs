//! Latencies with few manifests and with very many, which are written into the database as if
//! they had been indexed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use limpid_detect::DETECTOR_SET;
use limpid_store::{IndexStore as _, LayerRecord, ManifestRecord};
use limpid_store_postgres::{PostgresSettings, PostgresStore};
use limpid_types::{DatabaseKind, Digest, LayerEvidence, Manifest, PackageDatabase, PackageRecord};
use serde_json::json;

use super::images::manifest_digest;
use super::{Api, Options, Stand, each, index_all, print};
use crate::say;

/// Manifests of the small database.
const FEW: usize = 5_000;
/// Requests of each kind that are measured.
const REQUESTS: usize = 500;
/// Writers that fill the database at the same time.
const WRITERS: usize = 8;
/// Numbers of manifests that are written directly begin here.
const WRITTEN: usize = 10_000_000;

pub(super) async fn run(stand: &mut Stand, options: &Options) -> Result<()> {
    ensure!(
        !stand.store.parameters().is_empty(),
        "scale needs --store postgres or pgbouncer"
    );
    let api = stand.api();
    let stacks = stand.images(0, 38);
    print(
        "first images of the stacks",
        &index_all(&api, &stacks, options).await,
    );
    let store = PostgresStore::connect(&PostgresSettings {
        max_connections: WRITERS,
        migrate: false,
        ..PostgresSettings::new(stand.store.parameters())
    })
    .await?;
    fill(&store, &stacks, 0, FEW).await?;
    let few = measure(stand, &api, options, FEW, 1_000).await?;
    let started = Instant::now();
    fill(&store, &stacks, FEW, options.manifests).await?;
    say(&format!(
        "| {} manifests were written in {:.0} s, the database has {} bytes | | | | | | |",
        options.manifests,
        started.elapsed().as_secs_f64(),
        stand.store.bytes()?
    ));
    let many = measure(stand, &api, options, options.manifests, 5_000).await?;
    say("");
    for ((what, few), (_, many)) in few.iter().zip(&many) {
        say(&format!(
            "{what}: p50 {:.2} times as long",
            many / few.max(f64::EPSILON)
        ));
    }
    Ok(())
}

/// Writes manifests as if they had been indexed: a stack that is there, and two own layers.
async fn fill(
    store: &PostgresStore,
    stacks: &Arc<Vec<Manifest>>,
    from: usize,
    to: usize,
) -> Result<()> {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, stacks) = (store.clone(), Arc::clone(stacks));
        writers.spawn(async move {
            for number in (from + writer..to).step_by(WRITERS) {
                write(&store, &stacks, number).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

async fn write(store: &PostgresStore, stacks: &[Manifest], number: usize) -> Result<()> {
    let own = [
        own_layer(number, Some(format!("app-{number}"))),
        own_layer(number, None),
    ];
    let mut layers: Vec<Digest> = stacks
        .get(number % stacks.len())
        .map(|stack| {
            stack
                .layers
                .iter()
                .map(|layer| layer.hash.clone())
                .collect()
        })
        .unwrap_or_default();
    // The stack's own image has two layers on top of it.
    layers.truncate(layers.len().saturating_sub(own.len()));
    for (digest, record) in own {
        store
            .save_layer(&digest, DETECTOR_SET, &record, Timestamp::now())
            .await?;
        layers.push(digest);
    }
    let record = ManifestRecord {
        layers,
        detector_set: DETECTOR_SET.to_owned(),
    };
    let is_kept = store
        .save_manifest(&manifest_digest(WRITTEN + number), &record)
        .await?;
    ensure!(is_kept, "layers of a manifest are gone");
    Ok(())
}

/// Makes a layer that holds nothing, or one package.
fn own_layer(number: usize, package: Option<String>) -> (Digest, LayerRecord) {
    let kind = if package.is_some() {
        "package"
    } else {
        "files"
    };
    let digest = Digest::sha256(format!("layer {number} {kind}").as_bytes());
    let packages: BTreeSet<String> = package.into_iter().collect();
    let evidence = LayerEvidence {
        databases: packages
            .iter()
            .map(|name| PackageDatabase {
                path: format!("var/lib/dpkg/status.d/{name}"),
                kind: DatabaseKind::DpkgDistroless,
                packages: vec![PackageRecord {
                    name: name.clone(),
                    version: "1.0-1".to_owned(),
                    arch: "amd64".to_owned(),
                    source: name.clone(),
                    source_version: "1.0-1".to_owned(),
                    ..PackageRecord::default()
                }],
                readable: true,
            })
            .collect(),
        ..LayerEvidence::default()
    };
    let json = serde_json::to_vec(&evidence).unwrap_or_default();
    let record = LayerRecord {
        evidence: zstd::encode_all(&json[..], 3).unwrap_or_default(),
        owned_files: Vec::new(),
        packages,
    };
    (digest, record)
}

/// Measures each kind of request; returns the median of each in milliseconds.
async fn measure(
    stand: &mut Stand,
    api: &Api,
    options: &Options,
    manifests: usize,
    from: usize,
) -> Result<Vec<(&'static str, f64)>> {
    let mut medians = Vec::new();
    let mut note = |what: &'static str, outcome: super::Outcome| {
        print(&format!("{manifests} manifests: {what}"), &outcome);
        medians.push((what, outcome.percentile(500)));
    };
    let fresh = stand.images(from, REQUESTS);
    note("POST index_report", index_all(api, &fresh, options).await);
    // Spread over all of the database, so that caches do not hide it.
    let step = (manifests / REQUESTS).max(1);
    let numbers: Arc<Vec<usize>> = Arc::new((0..manifests).step_by(step).take(REQUESTS).collect());
    let spread: Arc<Vec<Manifest>> = Arc::new(
        numbers
            .iter()
            .map(|number| Manifest {
                hash: manifest_digest(WRITTEN + number),
                layers: Vec::new(),
            })
            .collect(),
    );
    let own = api.clone();
    let get = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.index_report(manifest.hash.as_str()).await }
    };
    note(
        "GET index_report",
        each(&spread, options.at_once, get).await,
    );
    let own = api.clone();
    let get = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.report(manifest.hash.as_str()).await }
    };
    note(
        "GET vulnerability_report",
        each(&spread, options.at_once, get).await,
    );
    let own = api.clone();
    let look_up = super::drive::closed(REQUESTS, options.at_once, move |place| {
        let (api, numbers) = (own.clone(), Arc::clone(&numbers));
        async move {
            let number = numbers.get(place).copied().unwrap_or_default();
            api.affected(number).await
        }
    });
    note("POST affected_manifest", look_up.await);
    let own = api.clone();
    let delete = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.delete(manifest.hash.as_str()).await }
    };
    note(
        "DELETE index_report",
        each(&fresh, options.at_once, delete).await,
    );
    Ok(medians)
}

impl Api {
    /// Asks which manifests have the package that one of the written manifests has alone.
    async fn affected(&self, number: usize) -> Result<(), String> {
        let vulnerability = json!({
            "id": "1", "updater": "debian/updater", "name": "CVE-2026-1", "description": "",
            "issued": "0001-01-01T00:00:00Z", "links": "", "severity": "",
            "normalized_severity": "High", "fixed_in_version": "2.0-1",
            "package": {"name": format!("app-{number}"), "kind": "source"},
            "distribution": {"did": "debian", "version_id": "12", "version_code_name": "bookworm"},
            "repository": {},
        });
        let body = json!({ "vulnerabilities": [vulnerability] }).to_string();
        let address = format!("{}/indexer/api/v1/internal/affected_manifest/", self.base);
        let answer = self.client.post(address).body(body).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let text = answer.text().await.map_err(|error| error.to_string())?;
        let expected = manifest_digest(WRITTEN + number);
        if text.contains(expected.as_str()) {
            Ok(())
        } else {
            Err("the manifest was not found".to_owned())
        }
    }
}
