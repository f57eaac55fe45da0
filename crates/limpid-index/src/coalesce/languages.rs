//! Packages of programming languages: what an image has of them, where, and whose they are.
//!
//! * A package is one by ecosystem, name and version, wherever it is; each place is an environment.
//! * A package in a file that a package of the distribution owns is *owned*, and another one than
//!   the same package in a file that nobody owns: the distribution judges the first by what it
//!   knows of the owner, patches included, and nobody but the ecosystem judges the second.
//! * An assembly of .NET beside a `deps.json` is no package of its own name: that document knows
//!   better.
//! * A package of the distribution that somebody else built owns nothing in this sense, because the
//!   distribution's advisories do not speak of it.

use std::collections::{BTreeMap, BTreeSet};

use limpid_types::{
    DatabaseKind, Ecosystem, Environment, IndexReport, LanguagePackage, LayerProblem, Package,
    PackageKind, PackageOwner, PackageRecord, Problem, ProblemKind, Repository, StableId,
};

use super::LayerFacts;
use super::layers::{DatabaseHistory, Layers};
use super::ownership::owners_in;

/// The files of an image that list packages of programming languages.
#[derive(Default)]
pub(super) struct Languages<'a> {
    files: Vec<LanguageFile<'a>>,
    /// Databases and names of the distribution's packages that somebody else built.
    third_party: BTreeSet<(&'a str, &'a str)>,
}

struct LanguageFile<'a> {
    path: &'a str,
    kind: DatabaseKind,
    /// Each with the index of the layer that brought it in.
    packages: Vec<(&'a PackageRecord, usize)>,
}

impl<'a> Languages<'a> {
    /// Adds a file.
    pub(super) fn add(&mut self, history: &DatabaseHistory<'a>) {
        let database = history.newest();
        self.files.push(LanguageFile {
            path: &database.path,
            kind: database.kind,
            packages: history.packages_with_origin(),
        });
    }

    /// Adds packages of the distribution that somebody else built.
    pub(super) fn add_third_party(&mut self, packages: BTreeSet<(&'a str, &'a str)>) {
        self.third_party.extend(packages);
    }

    /// Returns the directories in which a `deps.json` says which packages the assemblies are from.
    fn deployments(&self) -> BTreeSet<&'a str> {
        let paths = self.files.iter().map(|file| file.path);
        paths
            .filter(|path| path.ends_with(".deps.json"))
            .map(parent)
            .collect()
    }

    /// Puts everything into the report.
    pub(super) fn finish(
        self,
        facts: &[LayerFacts],
        layers: &Layers<'_>,
        report: &mut IndexReport,
    ) {
        let paths = self.files.iter().map(|file| file.path);
        let owners = owners_in(facts, layers, paths).unwrap_or_else(|error| {
            report
                .limpid
                .problems
                .push(unreadable_owners(facts, &error));
            BTreeMap::new()
        });
        let deployments = self.deployments();
        for file in &self.files {
            let is_deployed =
                file.kind == DatabaseKind::Executable && deployments.contains(parent(file.path));
            let owner = owners.get(file.path).filter(|owner| {
                let key = (owner.database.as_str(), owner.package.as_str());
                !self.third_party.contains(&key)
            });
            let owner = owner.map(|owner| PackageOwner {
                package: owner.package.clone(),
                database: owner.database.clone(),
            });
            for (record, layer) in &file.packages {
                if let Some(ecosystem) = record.ecosystem
                    && !(is_deployed && ecosystem == Ecosystem::Nuget)
                {
                    let digest = facts.get(*layer).map(|facts| facts.digest.to_string());
                    let layer = digest.unwrap_or_default();
                    add_package(report, file, record, ecosystem, owner.as_ref(), layer);
                }
            }
        }
        for language in report.limpid.languages.values_mut() {
            language.paths.sort();
            language.paths.dedup();
            language.digests.sort();
            language.digests.dedup();
        }
    }
}

fn add_package(
    report: &mut IndexReport,
    file: &LanguageFile<'_>,
    record: &PackageRecord,
    ecosystem: Ecosystem,
    owner: Option<&PackageOwner>,
    layer: String,
) {
    let repository = repository(ecosystem);
    let package = package(record, ecosystem, owner);
    let environment = Environment {
        package_db: package_db(file, record, ecosystem),
        introduced_in: layer,
        distribution_id: String::new(),
        repository_ids: Some(vec![repository.id.clone()]),
    };
    let language = report
        .limpid
        .languages
        .entry(package.id.clone())
        .or_insert_with(|| LanguagePackage {
            ecosystem,
            paths: Vec::new(),
            owner: owner.cloned(),
            confidence: record.confidence,
            digests: Vec::new(),
        });
    language.confidence = language.confidence.min(record.confidence);
    language.paths.push(path(file, record));
    if !record.build_id.is_empty() {
        language.digests.push(record.build_id.clone());
    }
    let environments = report.environments.entry(package.id.clone()).or_default();
    environments.push(environment);
    let repositories = &mut report.repository;
    repositories
        .entry(repository.id.clone())
        .or_insert(repository);
    report.packages.insert(package.id.clone(), package);
}

/// Returns a path with the archives in it that lead to a package.
fn path(file: &LanguageFile<'_>, record: &PackageRecord) -> String {
    if record.place.is_empty() {
        file.path.to_owned()
    } else {
        format!("{}!/{}", file.path, record.place)
    }
}

/// Returns the database of a package as Clair writes it: what found it, and where.
fn package_db(file: &LanguageFile<'_>, record: &PackageRecord, ecosystem: Ecosystem) -> String {
    let path = file.path;
    let prefix = match (file.kind, ecosystem) {
        (DatabaseKind::LockFile, _) => "lock",
        (DatabaseKind::Executable, Ecosystem::Go) => "go",
        (DatabaseKind::Executable, _) => "file",
        (_, Ecosystem::Pypi) => {
            // The directory that Python imports from: above that of the metadata.
            let directory = parent(parent(path));
            let directory = directory.strip_suffix("/EGG-INFO").unwrap_or(directory);
            return format!("python:{directory}");
        }
        (_, Ecosystem::Maven) => {
            let place = record.place.replace("!/", ":");
            let separator = if place.is_empty() { "" } else { ":" };
            return format!("maven:{path}{separator}{place}");
        }
        (_, Ecosystem::Npm) => "nodejs",
        (_, Ecosystem::Rubygems) => "ruby",
        (_, ecosystem) => ecosystem.key(),
    };
    format!("{prefix}:{path}")
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The repository of an ecosystem by the name that Clair gives it, without an address.
fn repository(ecosystem: Ecosystem) -> Repository {
    let name = ecosystem.key();
    Repository {
        id: StableId::of("repository", &[name]).to_string(),
        name: name.to_owned(),
        ..Repository::default()
    }
}

fn package(record: &PackageRecord, ecosystem: Ecosystem, owner: Option<&PackageOwner>) -> Package {
    let mut parts = vec![ecosystem.key(), &record.name, &record.version];
    if let Some(owner) = owner {
        parts.extend([owner.database.as_str(), owner.package.as_str()]);
    }
    let detector = match ecosystem {
        Ecosystem::Pypi => "python",
        Ecosystem::Maven => "java",
        Ecosystem::Go => "gobin",
        Ecosystem::Rubygems => "ruby",
        Ecosystem::Npm => "nodejs",
        ecosystem => ecosystem.key(),
    };
    Package {
        id: StableId::of("package", &parts).to_string(),
        name: record.name.clone(),
        version: record.version.clone(),
        kind: Some(PackageKind::Binary),
        source: Some(Box::default()),
        detector: Some(format!("urn:claircore:detector:{detector}:1:package")),
        ..Package::default()
    }
}

/// The problem that nobody knows who owns the files of an image.
fn unreadable_owners(facts: &[LayerFacts], error: &std::io::Error) -> LayerProblem {
    let detail = format!("the lists of files that packages own cannot be read: {error}");
    LayerProblem {
        layer: facts
            .last()
            .map_or_else(String::new, |layer| layer.digest.to_string()),
        problem: Problem::new(ProblemKind::UnreadableDatabase, "owned files", detail),
    }
}

#[cfg(test)]
mod tests {
    use limpid_types::Digest;

    use super::super::coalesce;
    use super::super::ownership::tests::{Files, detect};
    use super::*;

    const METADATA: &str = "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA";
    const YAML: &str = "Name: PyYAML\nVersion: 6.0\n";
    const STATUS: &str = "var/lib/dpkg/status";
    const LIST: &str = "var/lib/dpkg/info/python3-yaml.list";
    const OWNS: &str = "/usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA\n";

    fn index(layers: &[Files<'_>]) -> IndexReport {
        let layers = (0..).zip(layers);
        let facts: Vec<_> = layers.map(|(n, files)| detect(n, files)).collect();
        coalesce(&Digest::sha256(b"manifest"), &facts)
    }

    /// Returns `name version owner paths` of each package of a language.
    fn listed(report: &IndexReport) -> Vec<String> {
        let languages = report.limpid.languages.iter();
        let mut lines: Vec<_> = languages
            .map(|(id, language)| {
                let package = &report.packages[id];
                let owner = language.owner.as_ref();
                let owner = owner.map_or("-", |owner| owner.package.as_str());
                let paths = language.paths.join(" ");
                format!("{} {} {owner} {paths}", package.name, package.version)
            })
            .collect();
        lines.sort();
        lines
    }

    fn status(maintainer: &str) -> String {
        format!(
            "Package: python3-yaml\nStatus: install ok installed\nVersion: 6.0-3\n\
             Maintainer: {maintainer}\n\n"
        )
    }

    const DEBIAN: (&str, &str) = ("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");

    #[test]
    fn a_package_in_a_file_of_the_distribution_is_owned_whichever_layer_has_the_file() {
        let status = status("Debian Python Team");
        let owned = format!("pyyaml 6.0 python3-yaml {METADATA}");
        let base: Files<'_> = &[DEBIAN, (STATUS, &status), (LIST, OWNS)];
        let both = [base, &[(METADATA, YAML)]].concat();
        for layers in [
            &[both.as_slice()][..],
            &[base, &[(METADATA, YAML)]],
            &[&[(METADATA, YAML)], base],
        ] {
            let report = index(layers);
            assert_eq!(listed(&report), [owned.as_str()]);
        }
    }

    #[test]
    fn what_pip_installs_beside_the_distribution_is_nobodys() {
        let status = status("Debian Python Team");
        let own = "usr/local/lib/python3.11/site-packages/PyYAML-6.0.dist-info/METADATA";
        let report = index(&[
            &[DEBIAN, (STATUS, &status), (LIST, OWNS), (METADATA, YAML)],
            &[(own, YAML)],
        ]);
        // The same version twice: one owned, the other not.
        let expected = [
            format!("pyyaml 6.0 - {own}"),
            format!("pyyaml 6.0 python3-yaml {METADATA}"),
        ];
        assert_eq!(listed(&report), expected);
    }

    #[test]
    fn what_somebody_else_built_for_the_distribution_owns_nothing() {
        let status = status("Packages <build@docker.com>");
        let report = index(&[&[DEBIAN, (STATUS, &status), (LIST, OWNS), (METADATA, YAML)]]);
        assert_eq!(listed(&report), [format!("pyyaml 6.0 - {METADATA}")]);
    }

    #[test]
    fn the_same_package_in_two_places_is_one_package_with_both() {
        let (a, b) = ("a/x.dist-info/METADATA", "b/x.dist-info/METADATA");
        let report = index(&[&[(a, "Name: x\nVersion: 1\n"), (b, "Name: X\nVersion: 1\n")]]);
        assert_eq!(listed(&report), [format!("x 1 - {a} {b}")]);
        let environments = report.environments.values().next().unwrap();
        let databases: Vec<_> = environments.iter().map(|it| &*it.package_db).collect();
        assert_eq!(databases, ["python:a", "python:b"]);
        let repository = environments[0].repository_ids.as_ref().unwrap();
        assert_eq!(report.repository[&repository[0]].name, "pypi");
    }

    /// Row 7 of the defects of Clair that are known: a replaced file was reported in both versions.
    #[test]
    fn a_replaced_file_is_there_in_its_new_version_only() {
        let path = "a/x.egg-info";
        let report = index(&[
            &[(path, "Name: x\nVersion: 1\n")],
            &[(path, "Name: x\nVersion: 2\n")],
        ]);
        assert_eq!(listed(&report), [format!("x 2 - {path}")]);
    }

    #[test]
    fn an_assembly_beside_a_list_of_packages_is_none_of_its_own() {
        let file = |path, kind, name| LanguageFile {
            path,
            kind,
            packages: vec![(name, 0)],
        };
        let record = |name: &str| PackageRecord {
            name: name.into(),
            version: "1.2.3".into(),
            ecosystem: Some(Ecosystem::Nuget),
            ..PackageRecord::default()
        };
        let (named, assembly) = (record("a.b"), record("assembly"));
        let languages = Languages {
            files: vec![
                file("app/x.deps.json", DatabaseKind::LanguagePackage, &named),
                file("app/assembly.dll", DatabaseKind::Executable, &assembly),
                file("tool/assembly.dll", DatabaseKind::Executable, &assembly),
            ],
            third_party: BTreeSet::new(),
        };
        let mut report = index(&[]);
        languages.finish(&[], &Layers::stack(&[]), &mut report);
        let expected = [
            "a.b 1.2.3 - app/x.deps.json",
            "assembly 1.2.3 - tool/assembly.dll",
        ];
        assert_eq!(listed(&report), expected);
    }

    #[test]
    fn a_removed_file_takes_its_packages_with_it() {
        let path = "a/x.dist-info/METADATA";
        let base: Files<'_> = &[(path, "Name: x\nVersion: 1\n")];
        for removal in [
            "a/.wh.x.dist-info",
            "a/.wh..wh..opq",
            ".wh.a",
            ".wh..wh..opq",
        ] {
            let report = index(&[base, &[(removal, "")]]);
            assert!(listed(&report).is_empty(), "{removal}");
        }
    }
}
