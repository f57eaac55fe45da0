use std::collections::HashMap;

use limpid_types::{PackageRecord, Repository, StableId};

use super::LayerFacts;
use super::repositories::{history, nearest};

/// The key of a repository that yum or dnf knows by its id, and that is none of Red Hat's.
const KEY: &str = "yum-repository";

/// The repositories that the packages of an image came from, as yum or dnf noted it for each.
///
/// yum's database names no epochs, so epochs do not count: no image has two packages of one name
/// that differ in the epoch alone. What was noted about a package outlives a later layer that
/// removes the note.
pub(super) struct YumRepositories<'a> {
    /// What is said of each package, with the layer that says so, base first.
    said: HashMap<Identity<'a>, Vec<(usize, &'a str)>>,
}

/// Name, version without epoch, architecture.
type Identity<'a> = (&'a str, &'a str, &'a str);

impl<'a> YumRepositories<'a> {
    /// Reads the layers, base first, where the distribution of the image is one whose repositories
    /// matter.
    pub(super) fn of(facts: &'a [LayerFacts], do_matter: bool) -> Self {
        let mut said: HashMap<_, Vec<_>> = HashMap::new();
        for (index, layer) in facts.iter().enumerate().filter(|_| do_matter) {
            let by_dnf = history(layer).map_or(&[][..], |history| &history.packages);
            for package in by_dnf.iter().chain(&layer.evidence.yum_packages) {
                said.entry(identity(&package.name, &package.version, &package.arch))
                    .or_default()
                    .push((index, package.repository.as_str()));
            }
        }
        Self { said }
    }

    /// Returns where a package came from that some layer introduced, if that was noted.
    pub(super) fn of_package(&self, record: &PackageRecord, layer: usize) -> Option<Repository> {
        let identity = identity(&record.name, &record.version, &record.arch);
        nearest(self.said.get(&identity)?, layer).map(repository)
    }
}

fn identity<'a>(name: &'a str, version: &'a str, arch: &'a str) -> Identity<'a> {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    (name, version, arch)
}

fn repository(name: &str) -> Repository {
    Repository {
        id: StableId::of("repository", &[KEY, name]).to_string(),
        name: name.to_owned(),
        key: KEY.to_owned(),
        uri: format!("repoid={name}"),
        cpe: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use limpid_types::{DatabaseKind, Digest, DnfPackage, IndexReport, LayerEvidence, Whiteout};

    use super::super::coalesce;
    use super::super::tests::{database, layer, os_release};

    fn rpms(did: &str, packages: &[(&str, &str)]) -> LayerEvidence {
        LayerEvidence {
            databases: vec![database(
                "var/lib/rpm/Packages",
                DatabaseKind::RpmBdb,
                packages,
            )],
            release_files: vec![os_release(did, "2")],
            ..LayerEvidence::default()
        }
    }

    fn noted(mut evidence: LayerEvidence, packages: &[(&str, &str, &str)]) -> LayerEvidence {
        let packages = packages
            .iter()
            .map(|(name, version, repository)| DnfPackage {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                arch: String::new(),
                repository: (*repository).to_owned(),
            });
        evidence.yum_packages = packages.collect();
        evidence
    }

    fn origins(layers: Vec<LayerEvidence>) -> Vec<String> {
        let facts: Vec<_> = (0..).zip(layers).map(|(n, e)| layer(n, e)).collect();
        let report: IndexReport = coalesce(&Digest::sha256(b"manifest"), &facts);
        let mut lines: Vec<_> = report
            .packages
            .values()
            .map(|package| {
                let environment = &report.environments[&package.id][0];
                let ids = environment.repository_ids.as_deref().unwrap_or_default();
                let names: Vec<_> = ids
                    .iter()
                    .map(|id| report.repository[id].name.as_str())
                    .collect();
                format!("{}: {}", package.name, names.join(" "))
            })
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_package_came_from_the_repository_that_yum_noted_whatever_its_epoch() {
        let packages = [("a", "1:9-1"), ("b", "1-1"), ("c", "1-1")];
        let notes = [
            ("a", "9-1", "amzn2extra-nginx1"),
            ("b", "1-1", "amzn2-core"),
            ("c", "0.9-1", "amzn2-core"),
        ];
        assert_eq!(
            origins(vec![noted(rpms("amzn", &packages), &notes)]),
            ["a: amzn2extra-nginx1", "b: amzn2-core", "c: "]
        );
    }

    #[test]
    fn what_was_noted_outlives_the_removal_of_the_note() {
        let mut cleaned = rpms("amzn", &[("a", "9-1")]);
        cleaned
            .whiteouts
            .push(Whiteout::Path("var/lib/yum/yumdb".into()));
        let base = noted(rpms("amzn", &[("a", "9-1")]), &[("a", "9-1", "amzn2-core")]);
        assert_eq!(origins(vec![base, cleaned]), ["a: amzn2-core"]);
    }

    #[test]
    fn the_last_note_up_to_the_introduction_counts() {
        let first = noted(rpms("amzn", &[("a", "9-1")]), &[("a", "9-1", "amzn2-core")]);
        let removed = rpms("amzn", &[]);
        let again = noted(
            rpms("amzn", &[("a", "9-1")]),
            &[("a", "9-1", "amzn2extra-nginx1")],
        );
        assert_eq!(
            origins(vec![first, removed, again]),
            ["a: amzn2extra-nginx1"]
        );
    }

    #[test]
    fn the_repositories_of_other_distributions_are_not_asked_for() {
        let layer = noted(rpms("centos", &[("a", "9-1")]), &[("a", "9-1", "base")]);
        assert_eq!(origins(vec![layer]), ["a: "]);
    }
}
