use std::collections::{BTreeMap, BTreeSet, HashMap};

use limpid_types::{
    DnfHistory, LayerProblem, PackageRecord, Problem, ProblemKind, Repository, StableId,
};

use super::LayerFacts;

/// The key that Clair gives to repositories of Red Hat's.
const KEY: &str = "rhel-cpe-repository";

/// More repositories than this are not told apart in one layer: each package may list all of them.
/// Real layers have some thirty at most.
const MOST_REPOSITORIES: usize = 100;

/// The repositories that the packages of a Red Hat image came from.
///
/// A layer was made from the content sets of its content manifests; one without takes those of the
/// nearest earlier layer that has some, or else of the nearest later one. They say how the layer
/// was made, so a later layer that removes the manifest does not change them.
///
/// dnf's history knows the repository of each single package. It counts where the layer has no
/// manifest, where the manifest asks for it, and where it names one of the content sets. Otherwise
/// the history has names that only Red Hat's build system knows.
pub(super) struct Repositories<'a> {
    layers: Vec<LayerRepositories<'a>>,
    /// What dnf says of each package, with the layer whose history says so, base first.
    histories: HashMap<Identity<'a>, Vec<(usize, &'a str)>>,
    /// Places of layers that name too many repositories.
    crowded: BTreeSet<usize>,
}

type Identity<'a> = (&'a str, &'a str, &'a str);

#[derive(Clone, Default)]
struct LayerRepositories<'a> {
    /// Content sets, sorted: the layer's own, or those of the layer that stands in for it.
    content_sets: Vec<&'a str>,
    /// The layer has a manifest that does not ask for dnf's history.
    is_by_manifest: bool,
    /// All repositories of the layer's own history.
    of_history: BTreeSet<&'a str>,
}

/// Where a package came from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// Ids of repositories, by the name that dnf knows them by.
    pub(super) repositories: Vec<&'a str>,
    /// What stands in for them where nobody knows them.
    pub(super) instead: Vec<&'a str>,
}

impl<'a> Repositories<'a> {
    /// Reads the layers, base first. dnf's history is left out where it names repositories of
    /// another distribution.
    pub(super) fn of(facts: &'a [LayerFacts], is_red_hat: bool) -> Self {
        let mut layers: Vec<_> = facts.iter().map(LayerRepositories::of).collect();
        let mut crowded: BTreeSet<usize> = layers
            .iter_mut()
            .enumerate()
            .filter(|(_, layer)| layer.content_sets.len() > MOST_REPOSITORIES)
            .map(|(index, layer)| {
                layer.content_sets.truncate(MOST_REPOSITORIES);
                index
            })
            .collect();
        spread(layers.iter_mut());
        spread(layers.iter_mut().rev());
        let mut histories: HashMap<_, Vec<_>> = HashMap::new();
        let mut seen = BTreeSet::new();
        for (index, layer) in facts.iter().enumerate().filter(|_| is_red_hat) {
            // The same layer again has the same history.
            if !seen.insert(&layer.digest) {
                continue;
            }
            for package in history(layer)
                .into_iter()
                .flat_map(|history| &history.packages)
            {
                let repository = package.repository.as_str();
                let identity = (
                    package.name.as_str(),
                    package.version.as_str(),
                    package.arch.as_str(),
                );
                histories
                    .entry(identity)
                    .or_default()
                    .push((index, repository));
                let Some(layer) = layers.get_mut(index) else {
                    continue;
                };
                let is_known = layer.of_history.contains(repository);
                if is_known || layer.of_history.len() < MOST_REPOSITORIES {
                    layer.of_history.insert(repository);
                } else {
                    crowded.insert(index);
                }
            }
        }
        Self {
            layers,
            histories,
            crowded,
        }
    }

    /// Returns where a package came from that some layer introduced.
    pub(super) fn of_package(&self, record: &PackageRecord, layer: usize) -> Origin<'a> {
        let Some(made_from) = self.layers.get(layer) else {
            return Origin::default();
        };
        let content_sets = &made_from.content_sets;
        let known = self
            .by_dnf(record, layer)
            .filter(|id| !made_from.is_by_manifest || content_sets.binary_search(id).is_ok());
        match known {
            Some(id) if content_sets.binary_search(&id).is_ok() => Origin {
                repositories: vec![id],
                instead: Vec::new(),
            },
            Some(id) => Origin {
                repositories: vec![id],
                instead: content_sets.clone(),
            },
            None if content_sets.is_empty() => Origin {
                repositories: made_from.of_history.iter().copied().collect(),
                instead: Vec::new(),
            },
            None => Origin {
                repositories: content_sets.clone(),
                instead: Vec::new(),
            },
        }
    }

    /// Returns what dnf says of a package.
    fn by_dnf(&self, record: &PackageRecord, layer: usize) -> Option<&'a str> {
        let identity = (
            record.name.as_str(),
            record.version.as_str(),
            record.arch.as_str(),
        );
        nearest(self.histories.get(&identity)?, layer)
    }

    /// Returns what was left out of layers that name too many repositories.
    pub(super) fn problems(&self, facts: &[LayerFacts]) -> impl Iterator<Item = LayerProblem> {
        let detail = format!("names more than {MOST_REPOSITORIES} repositories");
        let layers = self.crowded.iter().filter_map(|index| facts.get(*index));
        layers.map(move |layer| LayerProblem {
            layer: layer.digest.to_string(),
            problem: Problem::new(ProblemKind::UnreadableFile, "repositories", detail.as_str()),
        })
    }

    /// Returns the repositories that the layers were made from, by their ids in the report.
    pub(super) fn by_id(&self) -> BTreeMap<String, Repository> {
        let names: BTreeSet<&str> = self
            .layers
            .iter()
            .flat_map(|layer| layer.content_sets.iter().chain(&layer.of_history))
            .copied()
            .collect();
        names
            .into_iter()
            .map(repository)
            .map(|repository| (repository.id.clone(), repository))
            .collect()
    }
}

impl<'a> LayerRepositories<'a> {
    fn of(layer: &'a LayerFacts) -> Self {
        let manifests = &layer.evidence.content_manifests;
        let ids = manifests.iter().flat_map(|manifest| &manifest.content_sets);
        let ids: BTreeSet<&str> = ids.map(String::as_str).collect();
        Self {
            is_by_manifest: !ids.is_empty() && !manifests.iter().any(|it| it.from_dnf_hint),
            content_sets: ids.into_iter().collect(),
            of_history: BTreeSet::new(),
        }
    }
}

/// Copies content sets to the layers that lack them, from the one before in this order.
fn spread<'l, 'a: 'l>(layers: impl Iterator<Item = &'l mut LayerRepositories<'a>>) {
    let mut last: Vec<&'a str> = Vec::new();
    for layer in layers {
        if layer.content_sets.is_empty() {
            layer.content_sets.clone_from(&last);
        } else {
            last.clone_from(&layer.content_sets);
        }
    }
}

/// Returns what the notes of several layers say of a package that some layer introduced: those of
/// the layer itself, else of the nearest later one, in which the step still stands, else of the
/// nearest earlier one.
pub(super) fn nearest<'a>(said: &[(usize, &'a str)], layer: usize) -> Option<&'a str> {
    let at = said.partition_point(|(index, _)| *index < layer);
    let (_, repository) = said.get(at).or_else(|| said.last())?;
    Some(repository)
}

/// The history of a layer; that of dnf 5 where both are there.
pub(super) fn history(layer: &LayerFacts) -> Option<&DnfHistory> {
    let histories = &layer.evidence.dnf_histories;
    histories
        .iter()
        .find(|history| history.path.contains("libdnf5"))
        .or_else(|| histories.first())
}

/// Returns a repository as the report has it. Which products it belongs to is for the one to say who
/// judges the image, by the mapping of that day.
pub(super) fn repository(name: &str) -> Repository {
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
    use limpid_types::{
        ContentManifest, DatabaseKind, Digest, DnfPackage, IndexReport, LayerEvidence,
    };

    use super::super::coalesce;
    use super::super::tests::{database, layer, os_release};
    use super::*;

    const RPMDB: &str = "var/lib/rpm/rpmdb.sqlite";

    fn rpms(packages: &[&str]) -> LayerEvidence {
        let packages: Vec<_> = packages.iter().map(|name| (*name, "1-1")).collect();
        LayerEvidence {
            databases: vec![database(RPMDB, DatabaseKind::RpmSqlite, &packages)],
            ..LayerEvidence::default()
        }
    }

    fn made_from(mut evidence: LayerEvidence, content_sets: &[&str], hint: bool) -> LayerEvidence {
        evidence.content_manifests.push(ContentManifest {
            path: "root/buildinfo/content_manifests/a-1-1.json".into(),
            content_sets: content_sets.iter().map(|id| (*id).to_owned()).collect(),
            from_dnf_hint: hint,
        });
        evidence
    }

    fn installed_from(mut evidence: LayerEvidence, steps: &[(&str, &str)]) -> LayerEvidence {
        let mut packages: Vec<_> = steps
            .iter()
            .map(|(name, repository)| DnfPackage {
                name: (*name).to_owned(),
                version: "1-1".into(),
                arch: String::new(),
                repository: (*repository).to_owned(),
            })
            .collect();
        packages.sort();
        evidence.dnf_histories.push(DnfHistory {
            path: "var/lib/dnf/history.sqlite".into(),
            packages,
        });
        evidence
    }

    fn report(evidence: Vec<LayerEvidence>) -> IndexReport {
        let facts: Vec<_> = (0..).zip(evidence).map(|(n, e)| layer(n, e)).collect();
        coalesce(&Digest::sha256(b"manifest"), &facts)
    }

    /// Returns `package: repositories`, and what stands in for them behind a bar.
    fn origins(report: &IndexReport) -> Vec<String> {
        let names = |ids: &[String]| {
            let names: Vec<_> = ids
                .iter()
                .map(|id| report.repository[id].name.as_str())
                .collect();
            names.join(" ")
        };
        let mut lines: Vec<_> = report
            .packages
            .values()
            .map(|package| {
                let environment = &report.environments[&package.id][0];
                let ids = environment.repository_ids.as_deref().unwrap_or_default();
                let instead = report.limpid.repositories_instead.get(&package.id);
                let instead = instead.map(|ids| format!(" | {}", names(ids)));
                let instead = instead.unwrap_or_default();
                format!("{}: {}{instead}", package.name, names(ids))
            })
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_package_came_from_the_content_sets_of_the_layer_that_introduced_it() {
        let report = report(vec![
            made_from(rpms(&["a"]), &["baseos", "appstream"], false),
            made_from(rpms(&["a", "b"]), &["openshift"], false),
        ]);
        assert_eq!(
            origins(&report),
            ["a: appstream baseos", "b: openshift"],
            "each by its own layer"
        );
        let repository = &report.repository[&repository("baseos").id];
        assert_eq!(repository.key, "rhel-cpe-repository");
        assert_eq!(repository.uri, "repoid=baseos");
        assert_eq!(repository.cpe, "");
    }

    #[test]
    fn content_sets_are_copied_forward_and_then_backward_to_layers_without() {
        let report = report(vec![
            rpms(&["a"]),
            made_from(LayerEvidence::default(), &["baseos"], false),
            rpms(&["a", "b"]),
        ]);
        assert_eq!(origins(&report), ["a: baseos", "b: baseos"]);
    }

    #[test]
    fn the_history_of_dnf_counts_where_there_is_no_manifest() {
        let report = report(vec![installed_from(
            rpms(&["a", "b", "c"]),
            &[("a", "baseos"), ("b", "appstream")],
        )]);
        assert_eq!(
            origins(&report),
            ["a: baseos", "b: appstream", "c: appstream baseos"]
        );
    }

    #[test]
    fn the_history_of_dnf_counts_where_the_manifest_asks_for_it() {
        let steps = [("a", "baseos"), ("b", "0123456789abcdef")];
        let with = |hint| {
            let evidence = installed_from(rpms(&["a", "b", "c"]), &steps);
            report(vec![made_from(evidence, &["appstream", "baseos"], hint)])
        };
        assert_eq!(
            origins(&with(true)),
            [
                "a: baseos",
                "b: 0123456789abcdef | appstream baseos",
                "c: appstream baseos"
            ]
        );
        assert_eq!(
            origins(&with(false)),
            ["a: baseos", "b: appstream baseos", "c: appstream baseos"],
            "names of the build system do not tie a package to nothing"
        );
    }

    #[test]
    fn what_a_user_added_came_from_where_dnf_says() {
        let report = report(vec![
            made_from(rpms(&["a"]), &["baseos"], false),
            installed_from(rpms(&["a", "b"]), &[("b", "eus")]),
        ]);
        assert_eq!(origins(&report), ["a: baseos", "b: eus | baseos"]);
    }

    #[test]
    fn repositories_of_another_distribution_are_not_red_hats() {
        let mut evidence = installed_from(rpms(&["a"]), &[("a", "baseos")]);
        evidence.release_files.push(os_release("almalinux", "9.5"));
        let report = report(vec![evidence]);
        assert_eq!(origins(&report), ["a: "]);
        assert!(report.repository.is_empty());
    }

    #[test]
    fn the_repositories_of_an_image_without_packages_are_listed() {
        let report = report(vec![made_from(
            LayerEvidence::default(),
            &["a", "b"],
            false,
        )]);
        assert_eq!(report.repository.len(), 2);
    }

    #[test]
    fn two_package_databases_of_one_image_both_count() {
        let mut top = rpms(&["b"]);
        top.databases[0].path = "srv/system/var/lib/rpm/rpmdb.sqlite".into();
        let report = report(vec![made_from(rpms(&["a"]), &["baseos"], false), top]);
        assert_eq!(origins(&report), ["a: baseos", "b: baseos"]);
    }

    #[test]
    fn a_layer_that_names_very_many_repositories_is_a_problem() {
        let ids: Vec<String> = (0..1000).map(|number| format!("r{number:04}")).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let of_manifest = report(vec![made_from(rpms(&["a"]), &names, false)]);
        assert_eq!(of_manifest.repository.len(), MOST_REPOSITORIES);
        assert_eq!(of_manifest.limpid.problems.len(), 1);
        let packages: Vec<String> = (0..1000).map(|number| format!("p{number}")).collect();
        let steps: Vec<_> = packages.iter().map(String::as_str).zip(names).collect();
        let packages: Vec<_> = packages.iter().map(String::as_str).collect();
        let of_history = report(vec![installed_from(rpms(&packages), &steps)]);
        assert_eq!(of_history.limpid.problems.len(), 1);
        assert_eq!(
            of_history.repository.len(),
            1000,
            "each package names its own"
        );
    }
}
