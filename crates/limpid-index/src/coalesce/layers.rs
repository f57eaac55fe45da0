use std::collections::BTreeMap;

use limpid_types::{LayerEvidence, PackageDatabase, PackageRecord, ReleaseFile};

use super::LayerFacts;

/// The layers of an image laid on top of each other.
pub(super) struct Layers<'a> {
    /// What is left of each database, by path.
    databases: BTreeMap<&'a str, DatabaseHistory<'a>>,
    /// The release files that were visible after each layer.
    release_files: Vec<BTreeMap<&'a str, &'a ReleaseFile>>,
    evidence: Vec<&'a LayerEvidence>,
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
        for (index, layer) in facts.iter().enumerate() {
            let evidence = &layer.evidence;
            databases.retain(|path, _| !hides(evidence, path));
            visible.retain(|path, _| !hides(evidence, path));
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
            evidence: facts.iter().map(|layer| &layer.evidence).collect(),
        }
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

    /// Tells whether a path of a layer is neither removed nor written again by a later one.
    pub(super) fn is_visible(&self, path: &str, layer: usize) -> bool {
        self.evidence.iter().skip(layer + 1).all(|later| {
            !hides(later, path)
                && !later.databases.iter().any(|database| database.path == path)
                && !later.release_files.iter().any(|file| file.path == path)
        })
    }
}

/// Tells whether a layer takes a path away from the layers below.
fn hides(evidence: &LayerEvidence, path: &str) -> bool {
    let is_below = |directory: &str| {
        path.strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    evidence
        .whiteouts
        .iter()
        .any(|whiteout| whiteout.hides(path))
        || evidence
            .obstructions
            .iter()
            .any(|obstruction| is_below(obstruction))
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

    /// Iterates over the installed packages, each with the index of the layer that brought it in.
    ///
    /// A state that could not be read says nothing either way and is passed over.
    pub(super) fn packages_with_origin(&self) -> impl Iterator<Item = (&'a PackageRecord, usize)> {
        let newest = self.newest();
        let older: Vec<_> = self
            .states
            .iter()
            .rev()
            .skip(1)
            .filter(|(_, database)| database.readable)
            .map(|(layer, database)| (*layer, index(database)))
            .collect();
        let newest_layer = self.newest_layer();
        newest.packages.iter().map(move |record| {
            let introduced = older
                .iter()
                .take_while(|(_, known)| known.binary_search(&identity(record)).is_ok())
                .last()
                .map_or(newest_layer, |(layer, _)| *layer);
            (record, introduced)
        })
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
