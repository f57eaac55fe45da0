//! How much memory things take, about: what the caches count.

use std::mem::size_of;

use limpid_types::{
    IndexReport, LayerEvidence, Package, PackageDatabase, PackageRecord, Problem, Whiteout,
};

/// What a map takes for an entry beside key and value.
const MAP_ENTRY: usize = 32;

/// Returns about how many bytes of memory evidence takes.
pub(crate) fn of_evidence(evidence: &LayerEvidence) -> usize {
    let files = evidence.release_files.iter();
    let whiteouts = evidence.whiteouts.iter().map(|whiteout| match whiteout {
        Whiteout::Path(path) | Whiteout::Opaque(path) => size_of_val(whiteout) + path.len(),
    });
    let obstructions = evidence.obstructions.iter();
    size_of::<LayerEvidence>()
        + evidence.databases.iter().map(of_database).sum::<usize>()
        + files
            .map(|file| size_of_val(file) + file.path.len() + file.text.len())
            .sum::<usize>()
        + whiteouts.sum::<usize>()
        + obstructions
            .map(|path| size_of_val(path) + path.len())
            .sum::<usize>()
        + evidence.problems.iter().map(of_problem).sum::<usize>()
}

/// Returns about how many bytes of memory a report takes.
pub(crate) fn of_report(report: &IndexReport) -> usize {
    let environments = report.environments.values().flatten().map(|environment| {
        size_of_val(environment)
            + environment.package_db.len()
            + environment.introduced_in.len()
            + environment.distribution_id.len()
    });
    let problems = report.limpid.problems.iter();
    size_of::<IndexReport>()
        + report
            .packages
            .iter()
            .map(|(id, package)| {
                // The id is also the key of the environments.
                2 * (size_of::<String>() + id.len() + MAP_ENTRY) + of_package(package)
            })
            .sum::<usize>()
        + environments.sum::<usize>()
        + report.distributions.len() * 1024
        + report.repository.len() * 1024
        + problems
            .map(|problem| problem.layer.len() + of_problem(&problem.problem))
            .sum::<usize>()
}

fn of_database(database: &PackageDatabase) -> usize {
    size_of_val(database)
        + database.path.len()
        + database.packages.iter().map(of_record).sum::<usize>()
}

fn of_record(record: &PackageRecord) -> usize {
    let texts = [
        &record.name,
        &record.version,
        &record.arch,
        &record.source,
        &record.source_version,
        &record.module,
        &record.vendor,
        &record.maintainer,
        &record.signature_key,
        &record.build_id,
    ];
    size_of_val(record) + texts.iter().map(|text| text.len()).sum::<usize>()
}

fn of_package(package: &Package) -> usize {
    let own = |package: &Package| {
        let texts = [
            &package.id,
            &package.name,
            &package.version,
            &package.normalized_version,
            &package.module,
            &package.arch,
            &package.cpe,
        ];
        let detector = package.detector.as_ref().map_or(0, String::len);
        size_of_val(package) + texts.iter().map(|text| text.len()).sum::<usize>() + detector
    };
    // The source of a source would be a defect.
    own(package) + package.source.as_deref().map_or(0, own)
}

fn of_problem(problem: &Problem) -> usize {
    size_of_val(problem) + problem.subject.len() + problem.detail.len()
}
