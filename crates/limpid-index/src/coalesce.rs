//! From the evidence of the layers to one index report: a pure function.
//!
//! The rules, each with a test named after it:
//!
//! * The newest layer that has a package database says what is installed; older states of the same
//!   database only say since when.
//! * A whiteout, an opaque directory (also the root), or something that is no directory where one
//!   was, takes away what lower layers have there. What stands in the same layer stays.
//! * A package was introduced by the oldest layer from which on every state of its database has
//!   it, in the same version and architecture. Removing and adding it again starts anew.
//! * Several databases count side by side. Each belongs to the distribution of its own package
//!   format.
//! * The distribution is what the release files of the finished image say.

mod distributions;
mod layers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_types::{
    DatabaseKind, Digest, Environment, Extension, IndexReport, LayerEvidence, LayerProblem,
    Package, PackageKind, PackageRecord, Problem, ProblemKind, StableId, index_state,
};

use distributions::Distributions;
use layers::{DatabaseHistory, Layers};

/// One layer's evidence, with the digest of the layer.
#[derive(Clone, Debug)]
pub struct LayerFacts {
    /// Digest of the layer.
    pub digest: Digest,
    /// What was seen in it; shared, since a manifest may list a layer a thousand times.
    pub evidence: Arc<LayerEvidence>,
}

/// Makes the index report of an image from the evidence of its layers, base first.
pub fn coalesce(manifest: &Digest, facts: &[LayerFacts]) -> IndexReport {
    let layers = Layers::stack(facts);
    let distributions = Distributions::of(&layers, facts.len());
    let mut report = IndexReport {
        manifest_hash: manifest.to_string(),
        state: index_state::FINISHED.to_owned(),
        packages: BTreeMap::new(),
        distributions: distributions.by_id(),
        repository: BTreeMap::new(),
        environments: BTreeMap::new(),
        success: true,
        err: String::new(),
        limpid: Extension {
            problems: problems(&layers, facts),
        },
    };
    for history in layers.databases() {
        add_database(&mut report, history, &distributions, facts);
    }
    for environments in report.environments.values_mut() {
        environments.sort();
        environments.dedup();
    }
    report
}

fn add_database(
    report: &mut IndexReport,
    history: &DatabaseHistory<'_>,
    distributions: &Distributions,
    facts: &[LayerFacts],
) {
    let database = history.newest();
    let distribution_id = distributions.for_database(database.kind, history.newest_layer());
    for (record, layer) in history.packages_with_origin() {
        let package = package(record, database.kind);
        let environment = Environment {
            package_db: package_db(&database.path, database.kind),
            introduced_in: facts
                .get(layer)
                .map(|facts| facts.digest.to_string())
                .unwrap_or_default(),
            distribution_id: distribution_id.clone(),
            repository_ids: None,
        };
        report
            .environments
            .entry(package.id.clone())
            .or_default()
            .push(environment);
        report.packages.insert(package.id.clone(), package);
    }
}

/// Clair writes rpm's databases as `backend:directory`, the others as a path.
fn package_db(path: &str, kind: DatabaseKind) -> String {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    match kind {
        DatabaseKind::RpmSqlite => format!("sqlite:{directory}"),
        DatabaseKind::RpmBdb => format!("bdb:{directory}"),
        DatabaseKind::RpmNdb => format!("ndb:{directory}"),
        _ => path.to_owned(),
    }
}

fn package(record: &PackageRecord, kind: DatabaseKind) -> Package {
    let (format, detector) = match kind {
        DatabaseKind::Dpkg => ("dpkg", "dpkg"),
        DatabaseKind::DpkgDistroless => ("dpkg", "dpkg-distroless"),
        DatabaseKind::Apk => ("apk", "apk"),
        DatabaseKind::RpmSqlite | DatabaseKind::RpmBdb | DatabaseKind::RpmNdb => ("rpm", "rpm"),
    };
    let module = module(&record.module);
    let id = |kind: &str, name: &str, version: &str| {
        StableId::of(
            "package",
            &[
                format,
                kind,
                name,
                version,
                &record.arch,
                &module,
                &record.source,
                &record.source_version,
            ],
        )
        .to_string()
    };
    Package {
        id: id("binary", &record.name, &record.version),
        name: record.name.clone(),
        version: record.version.clone(),
        kind: Some(PackageKind::Binary),
        source: Some(Box::new(Package {
            id: id("source", &record.source, &record.source_version),
            name: record.source.clone(),
            version: record.source_version.clone(),
            kind: (!record.source.is_empty()).then_some(PackageKind::Source),
            module: module.clone(),
            ..Package::default()
        })),
        arch: record.arch.clone(),
        detector: Some(format!("urn:claircore:detector:{detector}:1:package")),
        module: module.clone(),
        ..Package::default()
    }
}

/// The first two parts of a modularity label, `name:stream`.
fn module(label: &str) -> String {
    let mut parts = label.splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(stream)) if !name.is_empty() => format!("{name}:{stream}"),
        _ => String::new(),
    }
}

/// The problems that still matter: not those of a file that a later layer replaced or removed.
///
/// What is missing of a damaged archive can be anything, whichever entry the damage was seen at.
/// A layer lists only so many problems, so an unreadable database that is not among them is added.
fn problems(layers: &Layers<'_>, facts: &[LayerFacts]) -> Vec<LayerProblem> {
    let mut problems = Vec::new();
    let last_places: BTreeMap<_, _> = (0..)
        .zip(facts)
        .map(|(place, layer)| (&layer.digest, place))
        .collect();
    for (index, layer) in facts.iter().enumerate() {
        // The same layer again has the same problems, and hides what the earlier one brought.
        if last_places.get(&layer.digest) != Some(&index) {
            continue;
        }
        for problem in &layer.evidence.problems {
            if problem.kind == ProblemKind::DamagedArchive
                || layers.is_visible(&problem.subject, index)
            {
                problems.push(LayerProblem {
                    layer: layer.digest.to_string(),
                    problem: problem.clone(),
                });
            }
        }
    }
    let known: BTreeSet<String> = problems
        .iter()
        .filter(|known| known.problem.kind == ProblemKind::UnreadableDatabase)
        .map(|known| known.problem.subject.clone())
        .collect();
    for history in layers.databases() {
        let database = history.newest();
        if let Some(layer) = facts.get(history.newest_layer())
            && !database.readable
            && !known.contains(&database.path)
        {
            let kind = ProblemKind::UnreadableDatabase;
            problems.push(LayerProblem {
                layer: layer.digest.to_string(),
                problem: Problem::new(kind, &*database.path, "could not be read"),
            });
        }
    }
    problems
}

#[cfg(test)]
mod tests;
