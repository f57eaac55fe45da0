use std::collections::BTreeMap;

use limpid_types::{LayerEvidence, PackageDatabase, PackageRecord, ReleaseFile, Whiteout};

use super::LayerFacts;

/// The layers of an image laid on top of each other.
pub(super) struct Layers<'a> {
    /// What is left of each database, by path.
    databases: BTreeMap<&'a str, DatabaseHistory<'a>>,
    /// The release files that were visible after each layer.
    release_files: Vec<BTreeMap<&'a str, &'a ReleaseFile>>,
    changes: Vec<Changes<'a>>,
}

/// What a layer does to the paths of the layers below it, each list sorted: a hostile layer can
/// have a million whiteouts over a layer with a million databases.
struct Changes<'a> {
    /// Paths that are gone with everything below them.
    removed: Vec<&'a str>,
    /// Directories whose content is gone.
    opaque: Vec<&'a str>,
    /// Files of which the layer has a state of its own.
    written: Vec<&'a str>,
}

/// The states of one database since it was last created, oldest first. Never empty.
pub(super) struct DatabaseHistory<'a> {
    states: Vec<(usize, &'a PackageDatabase)>,
}

impl<'a> Layers<'a> {
    /// Lays the layers on top of each other, base first.
    pub(super) fn stack(facts: &'a [LayerFacts]) -> Self {
        let mut databases: BTreeMap<&str, DatabaseHistory<'_>> = BTreeMap::new();
        let mut visible: BTreeMap<&str, &ReleaseFile> = BTreeMap::new();
        let mut release_files = Vec::with_capacity(facts.len());
        let mut changes = Vec::with_capacity(facts.len());
        for (index, layer) in facts.iter().enumerate() {
            let evidence = &layer.evidence;
            let change = Changes::of(evidence);
            databases.retain(|path, _| !change.hides(path));
            visible.retain(|path, _| !change.hides(path));
            changes.push(change);
            for database in &evidence.databases {
                databases
                    .entry(&database.path)
                    .or_insert(DatabaseHistory { states: Vec::new() })
                    .states
                    .push((index, database));
            }
            for file in &evidence.release_files {
                visible.insert(&file.path, file);
            }
            release_files.push(visible.clone());
        }
        Self {
            databases,
            release_files,
            changes,
        }
    }

    /// Returns what is left of the database at a path.
    pub(super) fn database(&self, path: &str) -> Option<&DatabaseHistory<'a>> {
        self.databases.get(path)
    }

    /// Iterates over the databases that the finished image has, by path.
    pub(super) fn databases(&self) -> impl Iterator<Item = &DatabaseHistory<'a>> {
        self.databases.values()
    }

    /// Returns the release files that are visible when only the layers up to this one are there.
    pub(super) fn release_files(&self, layer: usize) -> Vec<ReleaseFile> {
        self.release_files
            .get(layer)
            .map(|visible| visible.values().map(|file| (*file).clone()).collect())
            .unwrap_or_default()
    }

    /// Tells whether no later layer takes away what a layer has at a path.
    pub(super) fn is_kept(&self, path: &str, layer: usize) -> bool {
        let mut changes = self.changes.iter().skip(layer + 1);
        changes.all(|change| !change.hides(path))
    }

    /// Tells whether a path of a layer is neither removed nor written again by a later one.
    pub(super) fn is_visible(&self, path: &str, layer: usize) -> bool {
        self.changes
            .iter()
            .skip(layer + 1)
            .all(|later| !later.hides(path) && later.written.binary_search(&path).is_err())
    }
}

impl<'a> Changes<'a> {
    fn of(evidence: &'a LayerEvidence) -> Self {
        let mut removed: Vec<&str> = evidence.obstructions.iter().map(String::as_str).collect();
        let mut opaque = Vec::new();
        for whiteout in &evidence.whiteouts {
            match whiteout {
                Whiteout::Path(path) => removed.push(path),
                Whiteout::Opaque(directory) => opaque.push(directory.as_str()),
            }
        }
        let databases = evidence.databases.iter().map(|database| &database.path);
        let files = evidence.release_files.iter().map(|file| &file.path);
        let histories = evidence.dnf_histories.iter().map(|history| &history.path);
        let files = files.chain(histories);
        let mut written: Vec<&str> = databases.chain(files).map(String::as_str).collect();
        removed.sort_unstable();
        opaque.sort_unstable();
        written.sort_unstable();
        Self {
            removed,
            opaque,
            written,
        }
    }

    /// Tells whether the layer takes a path away from the layers below.
    fn hides(&self, path: &str) -> bool {
        let mut parents = path
            .match_indices('/')
            .filter_map(|(end, _)| path.get(..end));
        self.removed.binary_search(&path).is_ok()
            || self.opaque.binary_search(&"").is_ok()
            || parents.any(|parent| {
                self.removed.binary_search(&parent).is_ok()
                    || self.opaque.binary_search(&parent).is_ok()
            })
    }
}

impl<'a> DatabaseHistory<'a> {
    /// Returns the state of the finished image.
    pub(super) fn newest(&self) -> &'a PackageDatabase {
        // A history is made with its first state in `Layers::stack`.
        self.states[self.states.len() - 1].1
    }

    /// Returns the index of the layer that wrote the newest state.
    pub(super) fn newest_layer(&self) -> usize {
        self.states[self.states.len() - 1].0
    }

    /// Returns the installed packages, each with the index of the layer that brought it in.
    ///
    /// A state that could not be read says nothing either way and is passed over.
    pub(super) fn packages_with_origin(&self) -> Vec<(&'a PackageRecord, usize)> {
        let newest_layer = self.newest_layer();
        let mut packages: Vec<_> = self
            .newest()
            .packages
            .iter()
            .map(|record| (record, newest_layer))
            .collect();
        // The first so many may be older still; the origin of the others is known.
        let mut open = packages.len();
        let older = self.states.iter().rev().skip(1);
        for (layer, database) in older.filter(|(_, database)| database.readable) {
            let known = index(database);
            let mut kept = 0;
            for place in 0..open {
                let is_known = known.binary_search(&identity(packages[place].0)).is_ok();
                if is_known {
                    packages[place].1 = *layer;
                    packages.swap(kept, place);
                    kept += 1;
                }
            }
            open = kept;
        }
        packages
    }
}

type Identity<'a> = (&'a str, &'a str, &'a str);

fn identity(record: &PackageRecord) -> Identity<'_> {
    (&record.name, &record.version, &record.arch)
}

fn index(database: &PackageDatabase) -> Vec<Identity<'_>> {
    let mut known: Vec<_> = database.packages.iter().map(identity).collect();
    known.sort_unstable();
    known
}
