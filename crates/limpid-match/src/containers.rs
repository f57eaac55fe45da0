//! Red Hat's container images as packages of themselves.
//!
//! An image of Red Hat's says of itself which product of the container catalogue it is. Its index
//! report lists it as packages with a repository of its own kind, and advisories speak of such
//! images by their names in the catalogue.

use std::collections::BTreeSet;

use limpid_types::{Cpe, Environment, IndexReport, Package, Report, Repository, SeverityCounts};

use crate::products::Products;
use crate::{DataError, VulnerabilityData};

/// The key of the repository that a container image is in.
const REPOSITORY_KEY: &str = "rhcc-container-repository";

/// The feed of the names that images have in the catalogue.
const NAMES_FEED: &str = "rhel-container-names";

/// The table of [`NAMES_FEED`]: name in the build system → names in the catalogue, one a line.
const NAMES_TABLE: &str = "container-name-to-repositories";

/// Returns the repository that makes a package a container image; none when it is none.
pub(crate) fn repository<'a>(
    index: &'a IndexReport,
    environment: &Environment,
) -> Option<&'a Repository> {
    environment
        .repository_ids
        .iter()
        .flatten()
        .filter_map(|id| index.repository.get(id))
        .find(|repository| repository.key == REPOSITORY_KEY)
}

/// Returns the products that advisories about an image are limited to. Images from before these
/// were named may be of any.
pub(crate) fn products(repository: &Repository) -> Option<Products> {
    [&repository.cpe, &repository.name]
        .into_iter()
        .find_map(|name| Cpe::parse(name).ok())
        .map(Products::one)
}

/// Returns the names of an image: its own, and those that it has in the catalogue.
pub(crate) fn names(
    package: &Package,
    data: &dyn VulnerabilityData,
) -> Result<Vec<String>, DataError> {
    let mut names = vec![package.name.clone()];
    let feed = data.feeds().iter().position(|feed| feed.name == NAMES_FEED);
    if let Some(feed) = feed
        && let Some(listed) = data.note(feed, NAMES_TABLE, &package.name)?
    {
        names.extend(listed.lines().map(str::to_owned));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Lists what is said of an image of Red Hat's once.
///
/// Such an image is up to three packages of one name, as a source, as a binary and as a whole, and
/// advisories are about any of these. To people it is one thing, so of several findings with one id
/// the worst stays. Clair's reports list each package for itself.
pub fn once_per_image(report: &mut Report, index: &IndexReport) {
    let mut seen = BTreeSet::new();
    let mut is_first = |package: &str, id: &str| {
        image(index, package).is_none_or(|image| seen.insert((image, id.to_owned())))
    };
    // The worst are first.
    report
        .findings
        .retain(|finding| is_first(&finding.package.id, &finding.id));
    for package in &mut report.not_affected {
        let id = &package.package;
        package.ids.retain(|name| is_first(id, name));
    }
    report
        .not_affected
        .retain(|package| !package.ids.is_empty());
    report.counts = SeverityCounts::of(&report.findings);
}

/// Returns what several packages that are one image have in common; none for other packages.
fn image<'a>(index: &'a IndexReport, package: &str) -> Option<[&'a str; 5]> {
    let environment = index.environments.get(package)?.first()?;
    repository(index, environment)?;
    let package = index.packages.get(package)?;
    Some([
        &package.name,
        &package.version,
        &package.arch,
        &environment.package_db,
        &environment.introduced_in,
    ])
}
