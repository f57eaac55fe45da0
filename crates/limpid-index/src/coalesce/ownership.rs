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
/// The facts and the lists of owned files are those of the image's layers, base first; a layer
/// without a list has an empty one. Paths have no leading slash. Memory grows with the paths and
/// the packages, not with the lists. Fails when a list is damaged.
pub fn owners<'p>(
    facts: &[LayerFacts],
    owned_files: &[impl AsRef<[u8]>],
    paths: impl IntoIterator<Item = &'p str>,
) -> io::Result<BTreeMap<&'p str, Owner>> {
    let layers = Layers::stack(facts);
    let mut asked = Asked::new(paths, is_usr_merged(facts));
    let mut said = BTreeSet::new();
    // From the newest layer on: of what several layers say of a package, the newest counts.
    for (layer, stored) in owned_files.iter().enumerate().rev() {
        let mut said_here = BTreeSet::new();
        let mut last: Option<(Key, Option<Owner>)> = None;
        for file in OwnedFiles::new(stored.as_ref())? {
            let file = file?;
            let is_next = last.as_ref().is_none_or(|((database, package), _)| {
                *database != file.database || *package != file.package
            });
            if is_next {
                let key = (file.database, file.package);
                let owner = standing_owner(&layers, layer, &key).filter(|_| !said.contains(&key));
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
