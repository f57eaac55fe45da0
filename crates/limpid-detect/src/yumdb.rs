//! yum's database beside rpm's: which repository each rpm came from, which rpm itself does not know.
//!
//! It is one directory for each package, with one small file for each fact:
//!
//! ```text
//! var/lib/yum/yumdb/b/968518e3d5082f089e4eb2dd2f9690546e1b2a84-bash-4.2.46-34.amzn2-x86_64/from_repo
//! ```
//!
//! | part | what it is |
//! |---|---|
//! | `b` | first character of the name |
//! | `968518…` | yum's id of the package, a digest without dashes |
//! | `bash-4.2.46-34.amzn2-x86_64` | name, version, release and architecture; there is no epoch |
//! | `from_repo` | the id of the repository, without an end of line |
//!
//! yum links files that say the same, so most of them are hard links to the first one.

use std::collections::BTreeMap;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DnfPackage, Problem, ProblemKind};

use crate::detector::{Detector, Sink, reader};
use crate::lines::{Lines, text};

const ROOT: &str = "var/lib/yum/yumdb/";
const FILE: &str = "/from_repo";
/// The longest id of a repository that is read, in bytes.
const LONGEST_ID: usize = 1024;

/// Finds what yum's database says of where packages came from.
#[derive(Default)]
pub(crate) struct YumdbDetector {
    /// Repositories by the directory of the package, until the layer has ended.
    repositories: BTreeMap<String, String>,
}

impl YumdbDetector {
    fn keep(&mut self, directory: &str, repository: String, sink: &mut Sink) {
        // Everything is there once more when the layer has ended.
        let bytes = 2 * (directory.len() + repository.len()) + size_of::<DnfPackage>();
        if !repository.is_empty() && sink.admit(bytes) {
            self.repositories.insert(directory.to_owned(), repository);
        }
    }
}

impl Detector for YumdbDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        if entry.kind == EntryKind::File && directory(entry.path).is_some() {
            Want::Prefix(LONGEST_ID)
        } else {
            Want::Nothing
        }
    }

    fn see_hard_link(&mut self, entry: &Entry<'_>, sink: &mut Sink) -> bool {
        let (Some(directory), Some(target)) = (directory(entry.path), directory(entry.link)) else {
            return false;
        };
        if let Some(repository) = self.repositories.get(target) {
            let repository = repository.clone();
            self.keep(directory, repository, sink);
        }
        true
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let Some(directory) = directory(entry.path) else {
            return;
        };
        let mut lines = Lines::new(reader(&content));
        match lines.advance() {
            Ok(_) => self.keep(directory, text(lines.line()).trim().to_owned(), sink),
            Err(error) => self.lost(entry, format!("cannot be read: {error}"), sink),
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        // The package itself stands in rpm's database.
        let problem = Problem::new(ProblemKind::Note, entry.path, why);
        sink.problem(problem.at(entry.offset));
    }

    fn finish(&mut self, sink: &mut Sink) {
        let mut packages: Vec<DnfPackage> = std::mem::take(&mut self.repositories)
            .into_iter()
            .filter_map(|(directory, repository)| package(&directory, repository))
            .collect();
        packages.sort();
        packages.dedup();
        sink.evidence.yum_packages = packages;
    }
}

/// Returns the directory of a package, below [`ROOT`], when a path is that of the file in it.
fn directory(path: &str) -> Option<&str> {
    let directory = path.strip_prefix(ROOT)?.strip_suffix(FILE)?;
    let (_, package) = directory.split_once('/')?;
    (!package.contains('/')).then_some(directory)
}

/// Splits `INITIAL/ID-NAME-VERSION-RELEASE-ARCHITECTURE`; none when it is something else.
fn package(directory: &str, repository: String) -> Option<DnfPackage> {
    let (_, package) = directory.split_once('/')?;
    let (_id, package) = package.split_once('-')?;
    let (rest, arch) = package.rsplit_once('-')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let is_whole = [name, version, release, arch]
        .iter()
        .all(|part| !part.is_empty());
    is_whole.then(|| DnfPackage {
        name: name.to_owned(),
        version: format!("{version}-{release}"),
        arch: arch.to_owned(),
        repository,
    })
}

#[cfg(test)]
mod tests {
    use limpid_layer::Budget;

    use super::*;

    const BASH: &str = "var/lib/yum/yumdb/b/0123abcd-bash-4.2.46-34.amzn2-x86_64/from_repo";
    const NGINX: &str =
        "var/lib/yum/yumdb/n/89efcdab-nginx-mod-perl-1.22.1-1.amzn2-x86_64/from_repo";

    fn entry<'a>(path: &'a str, kind: EntryKind, link: &'a str) -> Entry<'a> {
        Entry {
            path,
            kind,
            size: 0,
            mode: 0o644,
            link,
            offset: 0,
        }
    }

    /// Gives files and hard links to a detector, links with `=` before the target.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut sink = Sink::new(Budget::new(16 << 20));
        let mut detector = YumdbDetector::default();
        for (path, content) in files {
            if let Some(target) = content.strip_prefix('=') {
                let link = entry(path, EntryKind::HardLink, target);
                assert!(detector.see_hard_link(&link, &mut sink) || target == "etc/os-release");
                continue;
            }
            let file = entry(path, EntryKind::File, "");
            if detector.want(&file) != Want::Nothing {
                detector.take(&file, Content::Memory(content.as_bytes()), &mut sink);
            }
        }
        detector.finish(&mut sink);
        assert_eq!(sink.evidence.problems, []);
        let packages = sink.evidence.yum_packages.iter();
        packages
            .map(|p| format!("{} {} {} {}", p.name, p.version, p.arch, p.repository))
            .collect()
    }

    #[test]
    fn each_package_has_the_repository_that_its_directory_names() {
        let files = [(NGINX, "amzn2extra-nginx1"), (BASH, "amzn2-core\n")];
        assert_eq!(
            found(&files),
            [
                "bash 4.2.46-34.amzn2 x86_64 amzn2-core",
                "nginx-mod-perl 1.22.1-1.amzn2 x86_64 amzn2extra-nginx1",
            ]
        );
    }

    #[test]
    fn a_hard_link_says_what_the_file_that_it_links_to_says() {
        let link = format!("={BASH}");
        let files = [(BASH, "amzn2-core"), (NGINX, link.as_str())];
        assert_eq!(found(&files).len(), 2);
        // What it links to was not there, or says nothing of the matter.
        assert_eq!(found(&[(NGINX, link.as_str())]).len(), 0);
        assert_eq!(found(&[(NGINX, "=etc/os-release")]).len(), 0);
    }

    #[test]
    fn what_is_no_package_is_passed_over() {
        for path in [
            "var/lib/yum/yumdb/b/0123-bash-4.2-1-x86_64/reason",
            "var/lib/yum/yumdb/from_repo",
            "var/lib/yum/yumdb/b/from_repo",
            "var/lib/yum/yumdb/b/c/0123-bash-4.2-1-x86_64/from_repo",
            "var/lib/yum/yumdb/b/0123-bash-4.2/from_repo",
            "var/lib/yum/yumdb/b/0123--4.2-1-x86_64/from_repo",
            "srv/var/lib/yum/yumdb/b/0123-bash-4.2-1-x86_64/from_repo",
        ] {
            assert_eq!(
                found(&[(path, "amzn2-core")]),
                Vec::<String>::new(),
                "{path}"
            );
        }
        assert_eq!(found(&[(BASH, "")]), Vec::<String>::new());
    }
}
