//! Which package of the distribution owns a file of the finished image.
//!
//! Each layer has a list of the files that the package databases in it name. A statement of a list
//! counts when it still stands in the finished image:
//!
//! | database | its statement stands with | and counts |
//! |---|---|---|
//! | apk, rpm, Chisel | the database, which says everything at once | in the newest state |
//! | dpkg | `info/PACKAGE.list`, which may be in another layer than `status` | while the package is installed |
//! | `status.d` of distroless | `PACKAGE.md5sums` or `PACKAGE.list` | while `PACKAGE` is there |
//! | pacman, Portage | `files` and `CONTENTS` beside the package's own record | while that is there |
//!
//! A path is the package's as long as the package is installed, also when a later layer writes the
//! file again: most often by changing its mode or owner.
//!
//! Where `/lib` is a link to `/usr/lib`, and so for its siblings, `lib/x` and `usr/lib/x` are one
//! file: packages name it in either way.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use limpid_detect::OwnedFiles;
use limpid_types::{DatabaseKind, PackageDatabase};

use super::LayerFacts;
use super::layers::Layers;

/// The package that owns a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the package, without architecture.
    pub package: String,
    /// Path of the database that lists it.
    pub database: String,
    /// The format of that database.
    pub kind: DatabaseKind,
}

/// Directories that are links into `/usr` where it is merged.
const MERGED: [&str; 6] = ["bin/", "lib/", "lib32/", "lib64/", "libx32/", "sbin/"];

/// Tells who owns files of the finished image, of those that are asked for; the others are owned by
/// no package.
///
/// The facts are those of the image's layers, base first. Paths have no leading slash. Memory grows with the paths and
/// the packages, not with the lists. Fails when a list is damaged.
pub fn owners<'p>(
    facts: &[LayerFacts],
    paths: impl IntoIterator<Item = &'p str>,
) -> io::Result<BTreeMap<&'p str, Owner>> {
    owners_in(facts, &Layers::stack(facts), paths)
}

/// Does the same with layers that are laid on top of each other already.
pub(super) fn owners_in<'p>(
    facts: &[LayerFacts],
    layers: &Layers<'_>,
    paths: impl IntoIterator<Item = &'p str>,
) -> io::Result<BTreeMap<&'p str, Owner>> {
    let mut asked = Asked::new(paths, is_usr_merged(facts));
    let mut said = BTreeSet::new();
    // From the newest layer on: of what several layers say of a package, the newest counts.
    for (layer, stored) in facts
        .iter()
        .map(|facts| &facts.owned_files)
        .enumerate()
        .rev()
    {
        let mut said_here = BTreeSet::new();
        let mut last: Option<(Key, Option<Owner>)> = None;
        for file in OwnedFiles::new(stored)? {
            let file = file?;
            let is_next = last.as_ref().is_none_or(|((database, package), _)| {
                *database != file.database || *package != file.package
            });
            if is_next {
                let key = (file.database, file.package);
                let owner = standing_owner(layers, layer, &key).filter(|_| !said.contains(&key));
                if owner.is_some() {
                    said_here.insert(key.clone());
                }
                last = Some((key, owner));
            }
            if let Some((_, Some(owner))) = &last {
                asked.answer(&file.path, owner);
            }
        }
        said.extend(said_here);
    }
    Ok(asked.answers)
}

/// Database and package of a statement.
type Key = (String, String);

/// Returns the owner that a statement of a layer speaks of, if it still stands.
fn standing_owner(layers: &Layers<'_>, layer: usize, (path, package): &Key) -> Option<Owner> {
    let history = layers.database(path)?;
    let database = history.newest();
    let name = package.split(':').next().unwrap_or_default();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let stands = match database.kind {
        DatabaseKind::Apk
        | DatabaseKind::RpmSqlite
        | DatabaseKind::RpmBdb
        | DatabaseKind::RpmNdb
        | DatabaseKind::Chisel
        | DatabaseKind::Bottlerocket => history.newest_layer() == layer,
        DatabaseKind::Dpkg => {
            let list = format!("{directory}/info/{package}.list");
            is_installed(database, name) && layers.is_kept(&list, layer)
        }
        DatabaseKind::DpkgDistroless => {
            let mut lists = ["md5sums", "list"].map(|ending| format!("{path}.{ending}"));
            lists.iter_mut().all(|list| layers.is_kept(list, layer))
        }
        DatabaseKind::Pacman => layers.is_kept(&format!("{directory}/files"), layer),
        DatabaseKind::Portage => layers.is_kept(&format!("{directory}/CONTENTS"), layer),
        DatabaseKind::LanguagePackage | DatabaseKind::LockFile | DatabaseKind::Executable => false,
    };
    stands.then(|| Owner {
        package: name.to_owned(),
        database: path.clone(),
        kind: database.kind,
    })
}

/// Tells whether a database, whose packages are sorted by name, lists a package.
fn is_installed(database: &PackageDatabase, name: &str) -> bool {
    let packages = &database.packages;
    let at = packages.partition_point(|record| record.name.as_str() < name);
    packages.get(at).is_some_and(|record| record.name == name)
}

/// Tells whether `/lib` is a link. A layer notes what is no directory there, and in no image is it
/// anything else than a link into `/usr`.
fn is_usr_merged(facts: &[LayerFacts]) -> bool {
    facts.iter().any(|layer| {
        let obstructions = &layer.evidence.obstructions;
        obstructions.iter().any(|path| path == "lib")
    })
}

/// The paths that are asked for, by each name that they have.
struct Asked<'p> {
    names: BTreeMap<String, Vec<&'p str>>,
    is_usr_merged: bool,
    answers: BTreeMap<&'p str, Owner>,
}

impl<'p> Asked<'p> {
    fn new(paths: impl IntoIterator<Item = &'p str>, is_usr_merged: bool) -> Self {
        let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for path in paths {
            let name = canonical(path, is_usr_merged).to_owned();
            names.entry(name).or_default().push(path);
        }
        Self {
            names,
            is_usr_merged,
            answers: BTreeMap::new(),
        }
    }

    fn answer(&mut self, path: &str, owner: &Owner) {
        let name = canonical(path, self.is_usr_merged);
        for path in self.names.get(name).into_iter().flatten() {
            self.answers.entry(path).or_insert_with(|| owner.clone());
        }
    }
}

/// Returns the one name of a file: the short one of those that a merged `/usr` gives it.
fn canonical(path: &str, is_usr_merged: bool) -> &str {
    path.strip_prefix("usr/")
        .filter(|rest| is_usr_merged && MERGED.iter().any(|merged| rest.starts_with(merged)))
        .unwrap_or(path)
}

#[cfg(test)]
pub(super) mod tests {
    use limpid_detect::DetectorSet;
    use limpid_layer::{Budget, Content, Entry, EntryKind, Visitor as _, Want};
    use limpid_types::Digest;

    use super::*;

    /// One layer's files, directories being those that end in a slash, and links in ` ->`.
    pub(in super::super) type Files<'a> = &'a [(&'a str, &'a str)];

    const INSTALLED: &str = "Status: install ok installed\nVersion: 1\n\n";

    fn status(packages: &[&str]) -> String {
        let stanzas = packages
            .iter()
            .flat_map(|name| ["Package: ", name, "\n", INSTALLED]);
        stanzas.collect()
    }

    pub(in super::super) fn detect(number: u8, files: Files<'_>) -> LayerFacts {
        let mut set = DetectorSet::new(&Budget::new(1 << 20));
        for (path, content) in files {
            let (path, kind) = match path.strip_suffix(" ->") {
                Some(path) => (path, EntryKind::Symlink),
                None => (*path, EntryKind::File),
            };
            let entry = Entry {
                path,
                kind,
                size: content.len() as u64,
                mode: 0o644,
                link: content,
                offset: 0,
            };
            if set.enter(&entry) != Want::Nothing {
                set.content(&entry, Content::Memory(content.as_bytes()));
            }
        }
        let detected = set.finish();
        LayerFacts {
            digest: Digest::sha256(&[number]),
            evidence: detected.evidence.into(),
            owned_files: detected.owned_files.into(),
        }
    }

    #[track_caller]
    fn check(layers: &[Files<'_>], expected: &[(&str, &str)]) {
        let facts: Vec<_> = (0..)
            .zip(layers)
            .map(|(n, files)| detect(n, files))
            .collect();
        let asked = expected.iter().map(|(path, _)| *path);
        let found = owners(&facts, asked).unwrap();
        for (path, package) in expected {
            let owner = found.get(path).map_or("", |owner| owner.package.as_str());
            assert_eq!(owner, *package, "{path}");
        }
    }

    const STATUS: &str = "var/lib/dpkg/status";
    const LIST: &str = "var/lib/dpkg/info/python3.list";

    #[test]
    fn a_file_list_counts_whichever_layer_has_the_status_file() {
        let list = "/.\n/usr\n/usr/bin/python3\n";
        let both = status(&["python3"]);
        check(
            &[&[(LIST, list)], &[(STATUS, &both)]],
            &[("usr/bin/python3", "python3"), ("usr/bin/other", "")],
        );
        check(
            &[&[(LIST, list), (STATUS, &both)], &[(STATUS, &both)]],
            &[("usr/bin/python3", "python3")],
        );
    }

    #[test]
    fn a_package_that_was_removed_owns_nothing() {
        let list = "/usr/bin/python3\n";
        let (with, without) = (status(&["a", "python3", "z"]), status(&["a", "z"]));
        let base: Files<'_> = &[(LIST, list), (STATUS, &with)];
        check(&[base, &[(STATUS, &without)]], &[("usr/bin/python3", "")]);
        check(
            &[base, &[("var/lib/dpkg/info/.wh.python3.list", "")]],
            &[("usr/bin/python3", "")],
        );
        check(&[base, &[("var/.wh.lib", "")]], &[("usr/bin/python3", "")]);
        check(&[base, &[(".wh..wh..opq", "")]], &[("usr/bin/python3", "")]);
    }

    #[test]
    fn a_newer_file_list_takes_the_place_of_the_older_one() {
        let status = status(&["python3"]);
        check(
            &[
                &[
                    (STATUS, &status),
                    (LIST, "/usr/lib/old.py\n/usr/lib/kept.py\n"),
                ],
                &[(LIST, "/usr/lib/kept.py\n/usr/lib/new.py\n")],
            ],
            &[
                ("usr/lib/old.py", ""),
                ("usr/lib/kept.py", "python3"),
                ("usr/lib/new.py", "python3"),
            ],
        );
    }

    #[test]
    fn packages_of_two_architectures_own_by_their_name() {
        let status = status(&["libc6"]);
        check(
            &[&[
                (STATUS, &status),
                ("var/lib/dpkg/info/libc6:amd64.list", "/usr/lib/a\n"),
                ("var/lib/dpkg/info/libc6:i386.list", "/usr/lib/b\n"),
            ]],
            &[("usr/lib/a", "libc6"), ("usr/lib/b", "libc6")],
        );
    }

    #[test]
    fn distroless_packages_own_the_files_of_their_sums() {
        let package = "Package: base\nVersion: 1\n";
        let base: Files<'_> = &[
            ("var/lib/dpkg/status.d/base", package),
            (
                "var/lib/dpkg/status.d/base.md5sums",
                "00ff  usr/lib/base.py\n",
            ),
            ("var/lib/dpkg/status.d/python3", package),
            ("var/lib/dpkg/status.d/python3.list", "/usr/lib/python.py\n"),
        ];
        check(
            &[base],
            &[
                ("usr/lib/base.py", "base"),
                ("usr/lib/python.py", "python3"),
            ],
        );
        check(
            &[base, &[("var/lib/dpkg/status.d/.wh.base", "")]],
            &[("usr/lib/base.py", ""), ("usr/lib/python.py", "python3")],
        );
    }

    #[test]
    fn a_database_that_says_everything_counts_in_its_newest_state() {
        let installed = "lib/apk/db/installed";
        let musl = "P:musl\nV:1\nF:lib\nR:libc.so\n\nP:python3\nV:1\nF:usr/bin\nR:python3\n";
        let upgraded = "P:musl\nV:2\nF:lib\nR:libc.so\n";
        check(
            &[&[(installed, musl)], &[]],
            &[("lib/libc.so", "musl"), ("usr/bin/python3", "python3")],
        );
        check(
            &[&[(installed, musl)], &[(installed, upgraded)]],
            &[("lib/libc.so", "musl"), ("usr/bin/python3", "")],
        );
        check(
            &[&[(installed, musl)], &[("lib/apk/db/.wh.installed", "")]],
            &[("lib/libc.so", "")],
        );
    }

    #[test]
    fn packages_with_a_record_of_their_own_own_until_it_is_gone() {
        let desc = "%NAME%\npython\n\n%VERSION%\n3-1\n";
        let pacman: Files<'_> = &[
            ("var/lib/pacman/local/python-3-1/desc", desc),
            (
                "var/lib/pacman/local/python-3-1/files",
                "%FILES%\nusr/bin/python\n",
            ),
        ];
        check(&[pacman], &[("usr/bin/python", "python")]);
        check(
            &[pacman, &[("var/lib/pacman/local/.wh.python-3-1", "")]],
            &[("usr/bin/python", "")],
        );
        let portage: Files<'_> = &[
            ("var/db/pkg/dev-lang/python-3/PF", "python-3\n"),
            (
                "var/db/pkg/dev-lang/python-3/CONTENTS",
                "obj /usr/bin/python 00 1\n",
            ),
        ];
        check(&[portage], &[("usr/bin/python", "dev-lang/python")]);
    }

    #[test]
    fn a_merged_usr_gives_a_file_two_names() {
        let status = status(&["a"]);
        let list = ("var/lib/dpkg/info/a.list", "/lib/x.py\n/usr/bin/y\n");
        let merged: Files<'_> = &[("lib ->", "usr/lib"), (STATUS, &status), list];
        check(
            &[merged],
            &[
                ("usr/lib/x.py", "a"),
                ("lib/x.py", "a"),
                ("bin/y", "a"),
                ("usr/share/x", ""),
            ],
        );
        check(
            &[&[(STATUS, &status), list]],
            &[("usr/lib/x.py", ""), ("lib/x.py", "a")],
        );
    }

    #[test]
    fn a_damaged_list_is_an_error() {
        let facts = LayerFacts {
            owned_files: (*b"damaged").into(),
            ..detect(0, &[])
        };
        assert!(owners(&[facts], ["a"]).is_err());
    }
}
