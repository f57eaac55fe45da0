//! What Red Hat's build systems leave in an image: where its packages came from, and what it is.
//!
//! | path | content |
//! |---|---|
//! | `root/buildinfo/content_manifests/*.json` | [`content_manifest`] |
//! | `usr/share/buildinfo/content_manifests/*.json` | the same |
//! | `usr/share/buildinfo/*.json` | the same, but for `labels.json` |
//! | `root/buildinfo/labels.json`, `usr/share/buildinfo/labels.json` | [`labels`] |
//! | `root/buildinfo/Dockerfile-NAME-VERSION-RELEASE` | [`dockerfile`], of older images |
//!
//! None of them can fail a layer: what cannot be read is a problem.

pub mod content_manifest;
pub mod dockerfile;
mod expansion;
pub mod labels;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{ContainerIdentity, ContentManifest, Problem, ProblemKind};

use crate::detector::{Detector, LARGEST_DOCUMENT, Sink, document};

/// Finds what the build systems left.
pub(crate) struct BuildInfoDetector;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    ContentManifest,
    Labels,
    Dockerfile,
}

fn part(path: &str) -> Option<Part> {
    let (directory, name) = path.rsplit_once('/')?;
    match directory {
        "root/buildinfo" | "usr/share/buildinfo" if name == "labels.json" => Some(Part::Labels),
        "root/buildinfo" => name.starts_with("Dockerfile-").then_some(Part::Dockerfile),
        "root/buildinfo/content_manifests"
        | "usr/share/buildinfo/content_manifests"
        | "usr/share/buildinfo" => {
            let is_json = name.strip_suffix(".json").is_some();
            is_json.then_some(Part::ContentManifest)
        }
        _ => None,
    }
}

impl Detector for BuildInfoDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        match part(entry.path) {
            Some(_) if entry.kind == EntryKind::File => Want::Prefix(LARGEST_DOCUMENT),
            _ => Want::Nothing,
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let bytes = match document(entry, &content, sink) {
            Ok(bytes) => bytes,
            Err(why) => return self.lost(entry, why, sink),
        };
        let result = match part(entry.path) {
            Some(Part::ContentManifest) => {
                content_manifest::parse(entry.path, bytes).map(|manifest| {
                    add_manifest(manifest, sink);
                })
            }
            Some(Part::Labels) => {
                labels::parse(entry.path, bytes).map(|identity| add_identity(identity, sink))
            }
            Some(Part::Dockerfile) => {
                take_dockerfile(entry, bytes, sink);
                Ok(())
            }
            None => Ok(()),
        };
        if let Err(why) = result {
            self.lost(entry, why, sink);
        }
    }
}

/// A Dockerfile is a program for another reader; what is odd in it costs no package.
fn take_dockerfile(entry: &Entry<'_>, bytes: &[u8], sink: &mut Sink) {
    let labels = dockerfile::parse(bytes);
    for (offset, detail) in labels.problems() {
        let problem = Problem::new(ProblemKind::Note, entry.path, detail.as_str());
        sink.problem(problem.at(*offset));
    }
    if let Some(identity) = labels.identity(entry.path) {
        add_identity(identity, sink);
    } else {
        let why = "has no labels that name a container image";
        sink.problem(Problem::new(ProblemKind::Note, entry.path, why));
    }
}

fn add_manifest(manifest: ContentManifest, sink: &mut Sink) {
    let text: usize = manifest.content_sets.iter().map(|id| id.len() + 32).sum();
    if sink.admit(manifest.path.len() + text) {
        sink.evidence.content_manifests.push(manifest);
    }
}

fn add_identity(identity: ContainerIdentity, sink: &mut Sink) {
    let text = [
        &identity.path,
        &identity.name,
        &identity.component,
        &identity.version,
        &identity.architecture,
        &identity.created,
        &identity.cpe,
    ];
    if sink.admit(text.iter().map(|text| text.len()).sum()) {
        sink.evidence.container_identities.push(identity);
    }
}

#[cfg(test)]
mod tests {
    use limpid_layer::Budget;
    use limpid_types::LayerEvidence;

    use super::*;

    fn evidence(files: &[(&str, &str)]) -> LayerEvidence {
        let mut sink = Sink::new(Budget::new(1 << 20));
        for (path, content) in files {
            let entry = Entry {
                path,
                kind: EntryKind::File,
                size: content.len() as u64,
                mode: 0o644,
                link: "",
                offset: 7,
            };
            let mut detector = BuildInfoDetector;
            if detector.want(&entry) != Want::Nothing {
                detector.take(&entry, Content::Memory(content.as_bytes()), &mut sink);
            }
        }
        sink.evidence
    }

    const MANIFEST: &str = r#"{"content_sets":["rhel-9-for-x86_64-baseos-rpms"]}"#;

    #[test]
    fn content_manifests_are_found_in_their_three_places_and_labels_are_none() {
        let found = evidence(&[
            ("root/buildinfo/content_manifests/a-1-2.json", MANIFEST),
            ("usr/share/buildinfo/content_manifests/a.json", MANIFEST),
            ("usr/share/buildinfo/a-1-2.json", MANIFEST),
            ("root/buildinfo/a-1-2.json", MANIFEST),
            ("srv/content_manifests/a-1-2.json", MANIFEST),
        ]);
        assert_eq!(found.content_manifests.len(), 3);
        assert!(found.problems.is_empty());
    }

    #[test]
    fn a_malformed_file_is_a_problem_and_the_others_are_read() {
        let found = evidence(&[
            ("root/buildinfo/labels.json", "{\"name\": 1}"),
            ("usr/share/buildinfo/content_manifests/b.json", "replaced"),
            ("root/buildinfo/Dockerfile-a-1-2", "FROM scratch\n"),
            ("root/buildinfo/content_manifests/a-1-2.json", MANIFEST),
        ]);
        assert_eq!(found.content_manifests.len(), 1);
        assert!(found.container_identities.is_empty());
        assert_eq!(found.problems.len(), 3);
        assert_eq!(found.problems[0].offset, Some(7));
    }

    #[test]
    fn what_is_too_large_is_a_problem() {
        let mut sink = Sink::new(Budget::new(1 << 20));
        let entry = Entry {
            path: "root/buildinfo/labels.json",
            kind: EntryKind::File,
            size: 1 << 31,
            mode: 0o644,
            link: "",
            offset: 0,
        };
        BuildInfoDetector.take(&entry, Content::Memory(b"{"), &mut sink);
        assert_eq!(
            sink.evidence.problems[0].detail,
            "has more than 4194304 bytes: 2147483648"
        );
    }
}
