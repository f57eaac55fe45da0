use std::collections::HashMap;

use limpid_types::{PackageDatabase, PackageRecord};

/// The epochs of the source packages in an rpm database.
///
/// An rpm names the file of its source package, and a file name has no epoch. A package whose
/// version and release are those of its source was given the epoch of the same recipe, so that is
/// the source's epoch, also for the packages of that source that have a version of their own. A
/// source none of whose packages has its version is taken to have the epoch of the package at hand:
/// nearly all recipes have one epoch for everything.
pub(super) struct SourceEpochs<'a>(HashMap<(&'a str, &'a str), &'a str>);

impl<'a> SourceEpochs<'a> {
    /// Reads the epochs of a database; of none that is not rpm's.
    pub(super) fn of(database: &'a PackageDatabase) -> Self {
        let mut epochs = HashMap::new();
        let packages = database.packages.iter();
        for record in packages.filter(|_| database.kind.is_rpm()) {
            let (epoch, version) = split(&record.version);
            let (_, source_version) = split(&record.source_version);
            if version == source_version {
                epochs.insert((record.source.as_str(), version), epoch);
            }
        }
        Self(epochs)
    }

    /// Returns the version of the source that a package was built from.
    pub(super) fn source_version(&self, record: &PackageRecord) -> String {
        let (_, version) = split(&record.source_version);
        match self.0.get(&(record.source.as_str(), version)) {
            Some(epoch) => format!("{epoch}{version}"),
            None => record.source_version.clone(),
        }
    }
}

/// Splits the epoch off, with its colon.
fn split(version: &str) -> (&str, &str) {
    let end = version.find(':').map_or(0, |colon| colon + 1);
    version.split_at(end)
}
