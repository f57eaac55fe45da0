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
//! * A package of Red Hat came from the repository that dnf's history says, or from one of those
//!   that its layer was made from (`repositories`).
//! * A package of Amazon Linux came from the repository that yum or dnf noted (`yum_repositories`).
//! * The image is the container that its last identity names (`containers`).
//! * The source of an rpm has the epoch of its packages (`source_epoch`).
//! * Packages that are not the distribution's own are marked (`third_party`).
//! * Packages of programming languages are told apart by ecosystem, name and version, and belong
//!   to the package of the distribution that owns their files (`languages`).

mod containers;
mod distributions;
mod languages;
mod layers;
pub mod ownership;
mod repositories;
mod source_epoch;
mod third_party;
mod yum_repositories;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_types::{
    DatabaseKind, Digest, Environment, Extension, IndexReport, LayerEvidence, LayerProblem,
    Package, PackageKind, PackageRecord, Problem, ProblemKind, StableId, index_state,
};

use distributions::Distributions;
use languages::Languages;
use layers::{DatabaseHistory, Layers};
use repositories::Repositories;
use source_epoch::SourceEpochs;
use third_party::ThirdParty;
use yum_repositories::YumRepositories;

/// One layer's evidence, with the digest of the layer.
#[derive(Clone, Debug)]
pub struct LayerFacts {
    /// Digest of the layer.
    pub digest: Digest,
    /// What was seen in it; shared, since a manifest may list a layer a thousand times.
    pub evidence: Arc<LayerEvidence>,
    /// Which files the packages in it own, to be read with [`limpid_detect::OwnedFiles`]; may be
    /// empty when no layer of the image has packages of programming languages.
    pub owned_files: Arc<[u8]>,
}

/// Makes the index report of an image from the evidence of its layers, base first.
pub fn coalesce(manifest: &Digest, facts: &[LayerFacts]) -> IndexReport {
    let layers = Layers::stack(facts);
    let distributions = Distributions::of(&layers, facts.len());
    let repositories = Repositories::of(facts, is_red_hat(&distributions));
    let noted = YumRepositories::of(facts, is_amazon(&distributions));
    let mut report = IndexReport {
        manifest_hash: manifest.to_string(),
        state: index_state::FINISHED.to_owned(),
        packages: BTreeMap::new(),
        distributions: distributions.by_id(),
        repository: repositories.by_id(),
        environments: BTreeMap::new(),
        success: true,
        err: String::new(),
        limpid: Extension {
            problems: problems(&layers, facts),
            ..Extension::default()
        },
    };
    let image = Image {
        facts,
        distributions,
        repositories,
        noted,
    };
    let mut own = BTreeSet::new();
    let mut languages = Languages::default();
    for history in layers.databases() {
        if history.newest().kind.is_language() {
            languages.add(history);
        } else {
            languages.add_third_party(image.add_database(&mut report, history, &mut own));
        }
    }
    languages.finish(facts, &layers, &mut report);
    let crowded = image.repositories.problems(facts);
    report.limpid.problems.extend(crowded);
    // The same package in two databases is the distribution's own if one of them says so.
    report.limpid.third_party.retain(|id, _| !own.contains(id));
    containers::add(&mut report, facts);
    for environments in report.environments.values_mut() {
        environments.sort();
        environments.dedup();
    }
    report
}

/// Tells whether dnf's history can name repositories of Red Hat's.
fn is_red_hat(distributions: &Distributions) -> bool {
    distributions
        .of_image()
        .is_none_or(|distribution| matches!(distribution.did.as_str(), "rhel" | "hummingbird"))
}

/// Tells whether it matters which of its repositories a package came from.
fn is_amazon(distributions: &Distributions) -> bool {
    distributions
        .of_image()
        .is_some_and(|distribution| distribution.did == "amzn")
}

/// What the packages of an image are put together with.
struct Image<'a> {
    facts: &'a [LayerFacts],
    distributions: Distributions,
    repositories: Repositories<'a>,
    noted: YumRepositories<'a>,
}

impl Image<'_> {
    /// Adds the packages of a database, and returns path and name of those that are not the
    /// distribution's own.
    fn add_database<'d>(
        &self,
        report: &mut IndexReport,
        history: &DatabaseHistory<'d>,
        own: &mut BTreeSet<String>,
    ) -> BTreeSet<(&'d str, &'d str)> {
        let mut others = BTreeSet::new();
        let database = history.newest();
        let distribution = self
            .distributions
            .for_database(database.kind, history.newest_layer());
        let did = distribution.map_or("", |distribution| distribution.did.as_str());
        let third_party = ThirdParty::of(database, did);
        let epochs = SourceEpochs::of(database);
        for (record, layer) in history.packages_with_origin() {
            let package = package(record, &epochs.source_version(record), database.kind);
            let mut environment = Environment {
                package_db: package_db(&database.path, database.kind),
                introduced_in: self
                    .facts
                    .get(layer)
                    .map(|facts| facts.digest.to_string())
                    .unwrap_or_default(),
                distribution_id: distribution.map_or_else(String::new, |it| it.id.clone()),
                repository_ids: None,
            };
            if database.kind.is_rpm() {
                self.add_origin(report, &package.id, record, layer, &mut environment);
            }
            match third_party.owner(record, database.kind) {
                Some(owner) => {
                    others.insert((database.path.as_str(), record.name.as_str()));
                    report.limpid.third_party.insert(package.id.clone(), owner);
                }
                None => {
                    own.insert(package.id.clone());
                }
            }
            report
                .environments
                .entry(package.id.clone())
                .or_default()
                .push(environment);
            report.packages.insert(package.id.clone(), package);
        }
        others
    }

    fn add_origin(
        &self,
        report: &mut IndexReport,
        package: &str,
        record: &PackageRecord,
        layer: usize,
        environment: &mut Environment,
    ) {
        let origin = self.repositories.of_package(record, layer);
        let mut ids = |names: &[&str]| -> Vec<String> {
            let repositories = names.iter().map(|name| repositories::repository(name));
            repositories
                .map(|repository| {
                    let id = repository.id.clone();
                    report.repository.entry(id.clone()).or_insert(repository);
                    id
                })
                .collect()
        };
        if !origin.repositories.is_empty() {
            environment.repository_ids = Some(ids(&origin.repositories));
        }
        if !origin.instead.is_empty() {
            let instead = ids(&origin.instead);
            report
                .limpid
                .repositories_instead
                .insert(package.to_owned(), instead);
        }
        if let Some(noted) = self.noted.of_package(record, layer) {
            environment.repository_ids = Some(vec![noted.id.clone()]);
            report.repository.entry(noted.id.clone()).or_insert(noted);
        }
    }
}

/// Clair writes rpm's databases as `backend:directory`, the others as a path.
fn package_db(path: &str, kind: DatabaseKind) -> String {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    match kind {
        DatabaseKind::RpmSqlite => format!("sqlite:{directory}"),
        DatabaseKind::RpmBdb => format!("bdb:{directory}"),
        DatabaseKind::RpmNdb => format!("ndb:{directory}"),
        DatabaseKind::Dpkg
        | DatabaseKind::DpkgDistroless
        | DatabaseKind::Apk
        | DatabaseKind::Pacman
        | DatabaseKind::Portage
        | DatabaseKind::Chisel
        | DatabaseKind::Bottlerocket
        | DatabaseKind::LanguagePackage
        | DatabaseKind::LockFile
        | DatabaseKind::Executable => path.to_owned(),
    }
}

fn package(record: &PackageRecord, source_version: &str, kind: DatabaseKind) -> Package {
    let (format, detector) = match kind {
        DatabaseKind::Dpkg => ("dpkg", "dpkg"),
        DatabaseKind::DpkgDistroless => ("dpkg", "dpkg-distroless"),
        DatabaseKind::Apk => ("apk", "apk"),
        DatabaseKind::RpmSqlite | DatabaseKind::RpmBdb | DatabaseKind::RpmNdb => ("rpm", "rpm"),
        DatabaseKind::Pacman => ("alpm", "pacman"),
        DatabaseKind::Portage => ("ebuild", "portage"),
        DatabaseKind::Chisel => ("dpkg", "chisel"),
        DatabaseKind::Bottlerocket => ("rpm", "bottlerocket"),
        DatabaseKind::LanguagePackage | DatabaseKind::LockFile | DatabaseKind::Executable => {
            ("language", "language")
        }
    };
    let module = match kind {
        // A slot, `slot:0/3`, by which advisories tell packages apart as well.
        DatabaseKind::Portage => record.module.clone(),
        _ => module(&record.module),
    };
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
                source_version,
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
            id: id("source", &record.source, source_version),
            name: record.source.clone(),
            version: source_version.to_owned(),
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
