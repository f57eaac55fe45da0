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
        + of_build_info(evidence)
        + evidence.problems.iter().map(of_problem).sum::<usize>()
}

fn of_build_info(evidence: &LayerEvidence) -> usize {
    let content_sets = evidence.content_manifests.iter().flat_map(|manifest| {
        let path = size_of_val(manifest) + manifest.path.len();
        let ids = manifest.content_sets.iter();
        ids.map(|id| size_of_val(id) + id.len()).chain([path])
    });
    let packages = evidence
        .dnf_histories
        .iter()
        .flat_map(|history| &history.packages)
        .chain(&evidence.yum_packages)
        .map(|package| {
            let texts = [&package.name, &package.version, &package.arch];
            let text: usize = texts.iter().map(|text| text.len()).sum();
            size_of_val(package) + text + package.repository.len()
        });
    // The text of an identity is a few short labels.
    let identities = evidence.container_identities.len() * 1024;
    content_sets.sum::<usize>() + packages.sum::<usize>() + identities
}

/// Returns about how many bytes of memory a report takes.
pub(crate) fn of_report(report: &IndexReport) -> usize {
    let environments = report.environments.values().flatten().map(|environment| {
        size_of_val(environment)
            + environment.package_db.len()
            + environment.introduced_in.len()
            + environment.distribution_id.len()
            + of_texts(environment.repository_ids.iter().flatten())
    });
    let third_party = report
        .limpid
        .third_party
        .iter()
        .map(|(id, owner)| of_texts([id, owner]) + MAP_ENTRY);
    let instead = report
        .limpid
        .repositories_instead
        .iter()
        .map(|(id, ids)| of_texts([id].into_iter().chain(ids)) + MAP_ENTRY);
    let languages = report.limpid.languages.iter().map(|(id, language)| {
        let owner = language.owner.iter();
        let owner = owner.flat_map(|owner| [&owner.package, &owner.database]);
        let lists = language.paths.iter().chain(&language.digests);
        size_of_val(language) + of_texts(lists.chain(owner).chain([id])) + MAP_ENTRY
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
        + third_party.sum::<usize>()
        + instead.sum::<usize>()
        + languages.sum::<usize>()
        + of_texts(&report.limpid.earlier_containers)
        + problems
            .map(|problem| problem.layer.len() + of_problem(&problem.problem))
            .sum::<usize>()
}

fn of_texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> usize {
    let texts = texts.into_iter();
    texts.map(|text| size_of_val(text) + text.len()).sum()
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
        &record.place,
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
