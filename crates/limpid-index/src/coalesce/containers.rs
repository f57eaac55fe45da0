use std::collections::BTreeSet;

use limpid_types::{
    ContainerIdentity, Cpe, Environment, IndexReport, LayerProblem, Package, PackageKind, Problem,
    ProblemKind, Repository, StableId,
};

use super::LayerFacts;

/// The key that Clair gives to the repository of a container image.
const KEY: &str = "rhcc-container-repository";

/// Adds Red Hat's container images to the report, as the packages that Clair makes of them.
///
/// | form | packages | version | repository |
/// |---|---|---|---|
/// | labels | source, binary and ancestry, all called by the name | seconds since 1970 of its creation | the CPE of the image |
/// | Dockerfile | source by the component, binary and ancestry by the name | version and release | the catalogue |
///
/// The image is what its last layer with an identity says. Those before it are what it was built
/// on: they stay in the report, and are marked.
pub(super) fn add(report: &mut IndexReport, facts: &[LayerFacts]) {
    let last = facts
        .iter()
        .rposition(|layer| !layer.evidence.container_identities.is_empty());
    let mut present = BTreeSet::new();
    for (index, layer) in facts.iter().enumerate() {
        let digest = layer.digest.as_str();
        for identity in &layer.evidence.container_identities {
            let ids = match container(identity) {
                Ok(container) => container.add_to(report, digest),
                Err(problem) => {
                    report.limpid.problems.push(LayerProblem {
                        layer: digest.to_owned(),
                        problem,
                    });
                    continue;
                }
            };
            if Some(index) == last {
                present.extend(ids);
            } else {
                report.limpid.earlier_containers.extend(ids);
            }
        }
    }
    // The same image again is not the one that it was built on.
    report
        .limpid
        .earlier_containers
        .retain(|id| !present.contains(id));
}

/// One identity as packages and repository.
struct Container<'a> {
    identity: &'a ContainerIdentity,
    detector: &'static str,
    source: &'a str,
    version: String,
    repository: Option<Repository>,
}

fn container(identity: &ContainerIdentity) -> Result<Container<'_>, Problem> {
    if identity.created.is_empty() {
        return Ok(Container {
            identity,
            detector: "rhel_containerscanner",
            source: &identity.component,
            version: identity.version.clone(),
            repository: Some(repository(
                "Red Hat Container Catalog",
                "https://catalog.redhat.com/software/containers/explore",
                "",
            )),
        });
    }
    let created: jiff::Timestamp = identity.created.parse().map_err(|_| {
        let detail = format!(
            "container labels with a time that is none: {:?}",
            identity.created
        );
        Problem::new(ProblemKind::UnreadableFile, &*identity.path, detail)
    })?;
    let cpe = Cpe::parse(&identity.cpe).map(|cpe| cpe.to_string());
    Ok(Container {
        identity,
        detector: "rhel_package_container_detector",
        source: &identity.name,
        version: created.as_second().to_string(),
        // Advisories are for images by their CPE, so there is no repository without one.
        repository: cpe.ok().map(|cpe| repository(&cpe, "", &cpe)),
    })
}

impl Container<'_> {
    /// Adds the packages and returns their ids.
    fn add_to(self, report: &mut IndexReport, layer: &str) -> Vec<String> {
        let source = self.package(PackageKind::Source, self.source, None);
        let of_source = Some(&source).filter(|source| !source.name.is_empty());
        let binary = self.package(PackageKind::Binary, &self.identity.name, of_source);
        let ancestry = self.package(PackageKind::Ancestry, &self.identity.name, of_source);
        let environment = Environment {
            package_db: self.identity.path.clone(),
            introduced_in: layer.to_owned(),
            distribution_id: String::new(),
            repository_ids: self.repository.as_ref().map(|it| vec![it.id.clone()]),
        };
        if let Some(repository) = self.repository {
            report.repository.insert(repository.id.clone(), repository);
        }
        let packages = [source, binary, ancestry].into_iter();
        packages
            .filter(|package| !package.name.is_empty())
            .map(|package| {
                let id = package.id.clone();
                let environments = report.environments.entry(id.clone()).or_default();
                environments.push(environment.clone());
                report.packages.insert(id.clone(), package);
                id
            })
            .collect()
    }

    fn package(&self, kind: PackageKind, name: &str, source: Option<&Package>) -> Package {
        let word = match kind {
            PackageKind::Source => "source",
            PackageKind::Binary => "binary",
            PackageKind::Ancestry => "ancestry",
        };
        let repository = self.repository.as_ref().map_or("", |it| it.id.as_str());
        let parts = [
            "rhcc",
            word,
            name,
            &self.version,
            &self.identity.architecture,
            repository,
        ];
        Package {
            id: StableId::of("package", &parts).to_string(),
            name: name.to_owned(),
            version: self.version.clone(),
            kind: Some(kind),
            source: source.map(|source| Box::new(source.clone())),
            arch: self.identity.architecture.clone(),
            detector: Some(format!(
                "urn:claircore:detector:{}:1:package",
                self.detector
            )),
            ..Package::default()
        }
    }
}

fn repository(name: &str, uri: &str, cpe: &str) -> Repository {
    Repository {
        id: StableId::of("repository", &[KEY, name, uri]).to_string(),
        name: name.to_owned(),
        key: KEY.to_owned(),
        uri: uri.to_owned(),
        cpe: cpe.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use limpid_types::{Digest, LayerEvidence};

    use super::super::coalesce;
    use super::super::tests::layer;
    use super::*;

    fn labels(name: &str, created: &str, cpe: &str) -> ContainerIdentity {
        ContainerIdentity {
            path: "root/buildinfo/labels.json".into(),
            name: name.into(),
            architecture: "x86_64".into(),
            created: created.into(),
            cpe: cpe.into(),
            ..ContainerIdentity::default()
        }
    }

    fn dockerfile(name: &str, component: &str) -> ContainerIdentity {
        ContainerIdentity {
            path: "root/buildinfo/Dockerfile-a-v1.2-3".into(),
            name: name.into(),
            component: component.into(),
            version: "v1.2-3".into(),
            architecture: "x86_64".into(),
            ..ContainerIdentity::default()
        }
    }

    fn report(identities: Vec<ContainerIdentity>) -> IndexReport {
        let facts: Vec<_> = (0..)
            .zip(identities)
            .map(|(number, identity)| {
                let evidence = LayerEvidence {
                    container_identities: vec![identity],
                    ..LayerEvidence::default()
                };
                layer(number, evidence)
            })
            .collect();
        coalesce(&Digest::sha256(b"manifest"), &facts)
    }

    fn lines(report: &IndexReport) -> Vec<String> {
        let mut lines: Vec<_> = report
            .packages
            .values()
            .map(|package| {
                let kind = package.kind.unwrap();
                let is_earlier = report.limpid.earlier_containers.contains(&package.id);
                let mark = if is_earlier { " earlier" } else { "" };
                format!("{} {} {kind:?}{mark}", package.name, package.version)
            })
            .collect();
        lines.sort();
        lines
    }

    const CPE: &str = "cpe:/a:redhat:openshift_gitops:1.16::el8";

    #[test]
    fn labels_make_three_packages_whose_version_is_the_second_of_creation() {
        let report = report(vec![labels("gitops/operator", "2025-04-14T02:14:26Z", CPE)]);
        assert_eq!(
            lines(&report),
            [
                "gitops/operator 1744596866 Ancestry",
                "gitops/operator 1744596866 Binary",
                "gitops/operator 1744596866 Source"
            ]
        );
        let repository = report.repository.values().next().unwrap();
        assert_eq!(repository.key, "rhcc-container-repository");
        assert_eq!(
            repository.cpe,
            "cpe:2.3:a:redhat:openshift_gitops:1.16:*:el8:*:*:*:*:*"
        );
        assert_eq!(repository.name, repository.cpe);
        for environments in report.environments.values() {
            assert_eq!(environments[0].package_db, "root/buildinfo/labels.json");
            let ids = environments[0].repository_ids.as_deref();
            assert_eq!(ids, Some(&[repository.id.clone()][..]));
        }
    }

    #[test]
    fn a_dockerfile_names_the_source_by_its_component() {
        let report = report(vec![dockerfile(
            "quay/quay-rhel8",
            "quay-registry-container",
        )]);
        assert_eq!(
            lines(&report),
            [
                "quay-registry-container v1.2-3 Source",
                "quay/quay-rhel8 v1.2-3 Ancestry",
                "quay/quay-rhel8 v1.2-3 Binary"
            ]
        );
        let repository = report.repository.values().next().unwrap();
        assert_eq!(repository.name, "Red Hat Container Catalog");
    }

    #[test]
    fn only_the_last_identity_is_the_image_and_the_others_are_marked() {
        let report = report(vec![
            dockerfile("ubi8", ""),
            labels("gitops/operator", "1970-01-01T00:00:07Z", CPE),
        ]);
        assert_eq!(
            lines(&report),
            [
                "gitops/operator 7 Ancestry",
                "gitops/operator 7 Binary",
                "gitops/operator 7 Source",
                "ubi8 v1.2-3 Ancestry earlier",
                "ubi8 v1.2-3 Binary earlier"
            ]
        );
    }

    #[test]
    fn an_identity_that_is_repeated_is_still_the_image() {
        let same = || labels("a/b", "1970-01-01T00:00:07Z", CPE);
        let report = report(vec![same(), same()]);
        assert_eq!(report.packages.len(), 3);
        assert!(report.limpid.earlier_containers.is_empty());
    }

    #[test]
    fn a_bad_time_is_a_problem_and_a_bad_cpe_leaves_the_packages_without_repository() {
        let bad_time = report(vec![labels("a/b", "yesterday", CPE)]);
        assert!(bad_time.packages.is_empty());
        assert_eq!(
            bad_time.limpid.problems[0].problem.detail,
            "container labels with a time that is none: \"yesterday\""
        );
        let bad_cpe = report(vec![labels("a/b", "1970-01-01T00:00:07Z", "cpe:nonsense")]);
        assert_eq!(bad_cpe.packages.len(), 3);
        assert!(bad_cpe.repository.is_empty());
    }
}
