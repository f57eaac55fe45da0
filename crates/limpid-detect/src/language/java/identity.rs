//! What an archive is, by everything that it and its name say.
//!
//! A `pom.properties` names a package by itself; it is the archive's own when it fits the archive's
//! name. An archive without one of its own is what its manifest and its name say together: the
//! artifact and the version by its name, since Maven, Gradle, Ivy and sbt name files
//! `ARTIFACT-VERSION` and OSGi spells versions its own way, and the group by the manifest.

use limpid_types::Confidence;

use super::file_name::FileName;
use super::groups;
use super::manifest::Manifest;

/// A package in the terms of Maven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coordinates {
    /// The group; empty when it is not known.
    pub(super) group: String,
    /// The artifact.
    pub(super) artifact: String,
    /// The version.
    pub(super) version: String,
}

impl Coordinates {
    /// Returns `group:artifact`, or the artifact when the group is not known.
    pub(super) fn name(&self) -> String {
        if self.group.is_empty() {
            return self.artifact.clone();
        }
        format!("{}:{}", self.group, self.artifact)
    }

    /// Tells whether every variable was replaced when the archive was built.
    pub(super) fn is_resolved(&self) -> bool {
        let parts = [&self.group, &self.artifact, &self.version];
        parts.iter().all(|part| !part.contains(['$', '{', '@']))
    }
}

/// What an archive's members say of the archive.
pub(super) struct Evidence {
    /// The archive's file name without its ending.
    stem: String,
    manifest: Manifest,
    /// Whether a `pom.properties` is the archive's own.
    is_known: bool,
    /// Whether there is any.
    has_pom: bool,
    /// Group and artifact of descriptions without a version.
    without_version: Vec<(String, String)>,
}

/// How many descriptions without a version are kept.
const MOST_WITHOUT_VERSION: usize = 64;

impl Evidence {
    /// Starts with a file name.
    pub(super) fn new(name: &str) -> Self {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Self {
            stem: stem.to_owned(),
            manifest: Manifest::default(),
            is_known: false,
            has_pom: false,
            without_version: Vec::new(),
        }
    }

    /// Learns of a `pom.properties`; tells whether it names a package.
    pub(super) fn see_pom(&mut self, pom: &Coordinates) -> bool {
        if !pom.is_resolved() {
            self.see_project(&pom.group, &pom.artifact);
            return false;
        }
        self.has_pom = true;
        self.is_known = self.is_known || self.is_own(pom);
        true
    }

    /// Learns of a member `META-INF/maven/GROUP/ARTIFACT/pom.xml`. Its version may be its parent's,
    /// but the path tells the rest.
    pub(super) fn see_pom_path(&mut self, path: &str) {
        let mut parts = path
            .strip_prefix("META-INF/maven/")
            .into_iter()
            .flat_map(|rest| rest.split('/'));
        if let (Some(group), Some(artifact)) = (parts.next(), parts.next()) {
            self.see_project(group, artifact);
        }
    }

    /// Learns what the manifest says.
    pub(super) fn see_manifest(&mut self, manifest: Manifest) {
        self.manifest = manifest;
    }

    /// Returns what the archive itself is, if no `pom.properties` says it, and how sure that is.
    pub(super) fn own(&self) -> Option<(Coordinates, Confidence)> {
        if self.is_known {
            return None;
        }
        let said: Vec<&str> = self.manifest.versions().collect();
        let file = FileName::parse(&self.stem, &said);
        // An application under any name, with its own description.
        if self.has_pom && file.version.is_none() {
            return None;
        }
        let version = file.version.or_else(|| said.first().copied())?;
        let is_confirmed = file.version.is_none() || file.is_confirmed;
        let (artifact, known_group) = match file.version {
            Some(_) => (file.artifact, groups::of(file.artifact)),
            None => self.unversioned(file.artifact),
        };
        let group = known_group.or_else(|| self.group(artifact));
        let coordinates = Coordinates {
            group: group.unwrap_or_default().to_owned(),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
        };
        let confidence = if is_confirmed {
            Confidence::Derived
        } else {
            Confidence::FileName
        };
        Some((coordinates, confidence))
    }

    /// Tells whether a description is the archive's own: the names agree, or at least the versions,
    /// when somebody renamed the archive.
    fn is_own(&self, pom: &Coordinates) -> bool {
        let file = FileName::parse(&self.stem, &[&pom.version]);
        let names = [file.artifact, &self.stem];
        let is_named = names.into_iter().any(|name| {
            let group = name.strip_suffix(pom.artifact.as_str());
            group.is_some_and(|group| group.is_empty() || group.ends_with(['.', '-']))
        });
        is_named || file.is_confirmed
    }

    fn see_project(&mut self, group: &str, artifact: &str) {
        let is_resolved = !group.contains('$') && !artifact.contains('$');
        if is_resolved && self.without_version.len() < MOST_WITHOUT_VERSION {
            self.without_version
                .push((group.to_owned(), artifact.to_owned()));
        }
    }

    /// Returns artifact and group of an archive whose name has no version.
    fn unversioned<'e>(&'e self, stem: &'e str) -> (&'e str, Option<&'e str>) {
        if let Some((artifact, group)) = groups::of_unversioned(stem) {
            return (artifact, Some(group));
        }
        let titles = [
            "Short-Name",
            "Implementation-Title",
            "Specification-Title",
            "Bundle-Name",
            "Extension-Name",
        ];
        // A name with dots is a group or a class path.
        let is_artifact = |word: &&str| !word.contains('.');
        let mut words = self.manifest.words(&titles).filter(is_artifact);
        let is_stem = |word: &str| word.eq_ignore_ascii_case(stem);
        let artifact = match self.without_version.as_slice() {
            [(_, artifact)] => artifact,
            _ if self.manifest.words(&titles).any(is_stem) => stem,
            _ => words.next().unwrap_or(stem),
        };
        (artifact, groups::of(artifact))
    }

    /// Returns the group that the archive says an artifact has.
    fn group<'e>(&'e self, artifact: &str) -> Option<&'e str> {
        let mut projects = self.without_version.iter();
        if let Some((group, _)) = projects.find(|(_, known)| known == artifact) {
            return Some(group);
        }
        let has_dot = |word: &&str| word.contains('.');
        let of_bundle = || {
            let mut names = self.manifest.words(&["Bundle-SymbolicName"]);
            names.find_map(|name| group_of_bundle(name, artifact))
        };
        let others = [
            "Implementation-Vendor",
            "Specification-Vendor",
            "Extension-Name",
        ];
        let is_group = |word: &&str| word.contains('.') && *word != artifact;
        let mut of_project = self.manifest.words(&["Group-Id"]);
        let mut of_vendor = self.manifest.words(&["Implementation-Vendor-Id"]);
        of_project
            .next()
            .or_else(|| self.manifest.group_of_title())
            .or_else(|| of_vendor.find(has_dot))
            .or_else(of_bundle)
            .or_else(|| self.manifest.words(&others).find(is_group))
    }
}

/// Returns the group in the symbolic name of an OSGi bundle, which is by the rules of Maven's
/// bundle plugin: the group when it ends with the artifact, else the group and what the artifact
/// has beyond its last part, else both.
fn group_of_bundle<'n>(name: &'n str, artifact: &str) -> Option<&'n str> {
    let (start, last) = name.rsplit_once('.')?;
    if name == artifact {
        return None;
    }
    let last_of_start = start.rsplit_once('.').map_or(start, |(_, last)| last);
    let beyond = artifact.strip_prefix(last_of_start);
    let is_beyond = beyond.and_then(|rest| rest.strip_prefix(['-', '.'])) == Some(last);
    // Groups have no hyphens as a rule, so that this one ends with the artifact and is both.
    let is_both = last == artifact && artifact.contains(['-', '_']);
    Some(if is_beyond || is_both { start } else { name })
}

#[cfg(test)]
mod tests {
    use super::super::manifest;
    use super::*;

    fn own(name: &str, headers: &str) -> Option<(String, String, Confidence)> {
        let mut evidence = Evidence::new(name);
        evidence.see_manifest(manifest::read(headers.as_bytes()).unwrap());
        let (found, confidence) = evidence.own()?;
        Some((found.name(), found.version, confidence))
    }

    fn check(name: &str, headers: &str, package: &str, version: &str, confidence: Confidence) {
        let expected = Some((package.to_owned(), version.to_owned(), confidence));
        assert_eq!(own(name, headers), expected, "{name}");
    }

    #[test]
    fn name_and_manifest_are_read_together() {
        let derived = Confidence::Derived;
        check(
            "guava-27.0-jre.jar",
            "Bundle-SymbolicName: com.google.guava\nBundle-Version: 27.0.0.jre\n",
            "com.google.guava:guava",
            "27.0-jre",
            derived,
        );
        check(
            "scala-tool_2.13-1.0.jar",
            "Implementation-Vendor-Id: org.typed\nImplementation-Version: 1.0\n",
            "org.typed:scala-tool_2.13",
            "1.0",
            derived,
        );
        check(
            "elasticsearch-8.14.3.jar",
            "Implementation-Title: org.elasticsearch#server;8.14.3\nImplementation-Version: 8.14.3",
            "org.elasticsearch:elasticsearch",
            "8.14.3",
            derived,
        );
        check(
            "git.hpi",
            "Group-Id: org.jenkins\nShort-Name: git\nPlugin-Version: 4.8 (x)\n",
            "org.jenkins:git",
            "4.8",
            derived,
        );
        check(
            "app.jar",
            "Implementation-Title: backend\nImplementation-Version: 2\n",
            "backend",
            "2",
            derived,
        );
    }

    #[test]
    fn only_the_name_says_it_when_the_manifest_does_not_agree() {
        check(
            "tool-4.6.jar",
            "Bundle-Version: 3.12.1\n",
            "tool",
            "4.6",
            Confidence::FileName,
        );
        check("tool-4.6.jar", "", "tool", "4.6", Confidence::FileName);
        assert_eq!(own("tool.jar", "Created-By: somebody\n"), None);
    }

    #[test]
    fn well_known_artifacts_have_their_group_whatever_the_manifest_says() {
        let headers = "Implementation-Vendor-Id: org.apache\nImplementation-Version: 1.0.4\n";
        let derived = Confidence::Derived;
        check(
            "commons-logging-1.0.4.jar",
            headers,
            "commons-logging:commons-logging",
            "1.0.4",
            derived,
        );
        let headers = "Implementation-Title: Apache Tomcat\nImplementation-Version: 9.0.1\n";
        check(
            "catalina.jar",
            headers,
            "org.apache.tomcat:tomcat-catalina",
            "9.0.1",
            derived,
        );
    }

    #[test]
    fn a_description_of_something_else_leaves_the_archive_to_be_named() {
        let pom = |artifact: &str, version: &str| Coordinates {
            group: "io.netty".into(),
            artifact: artifact.into(),
            version: version.into(),
        };
        let mut evidence = Evidence::new("grpc-netty-shaded-1.50.0.jar");
        assert!(evidence.see_pom(&pom("netty-common", "4.1.79.Final")));
        assert_eq!(
            evidence.own().unwrap().0.name(),
            "io.grpc:grpc-netty-shaded"
        );
        for (name, own) in [
            ("netty-common-4.1.79.Final.jar", true),
            ("netty-common.jar", true),
            ("io.netty.netty-common_4.1.79.Final.jar", true),
            ("renamed-4.1.79.Final.jar", true),
            ("app.jar", true),
            ("other-1.0.jar", false),
        ] {
            let mut evidence = Evidence::new(name);
            evidence.see_pom(&pom("netty-common", "4.1.79.Final"));
            assert_eq!(evidence.own().is_none(), own, "{name}");
        }
    }

    #[test]
    fn a_version_that_was_not_filled_in_is_looked_for_elsewhere() {
        let mut evidence = Evidence::new("tool-1.0.jar");
        let is_package = evidence.see_pom(&Coordinates {
            group: "org.acme".into(),
            artifact: "tool".into(),
            version: "${project.version}".into(),
        });
        assert!(!is_package);
        let (found, confidence) = evidence.own().unwrap();
        assert_eq!(
            (found.name().as_str(), found.version.as_str()),
            ("org.acme:tool", "1.0")
        );
        assert_eq!(confidence, Confidence::FileName);
        let mut evidence = Evidence::new("tool-1.0.jar");
        evidence.see_pom_path("META-INF/maven/org.acme/tool/pom.xml");
        assert_eq!(evidence.own().unwrap().0.name(), "org.acme:tool");
    }

    #[test]
    fn the_group_is_found_in_the_name_of_a_bundle() {
        for (bundle, artifact, group) in [
            ("com.google.guava", "guava", Some("com.google.guava")),
            (
                "org.xerial.snappy.snappy-java",
                "snappy-java",
                Some("org.xerial.snappy"),
            ),
            (
                "org.apache.maven.core",
                "maven-core",
                Some("org.apache.maven"),
            ),
            ("lz4-java", "lz4-java", None),
            ("org.eclipse.osgi", "org.eclipse.osgi", None),
        ] {
            assert_eq!(group_of_bundle(bundle, artifact), group, "{bundle}");
        }
    }
}
