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

#[cfg(test)]
mod tests {
    use limpid_types::DatabaseKind;

    use super::*;

    fn record(name: &str, version: &str, source_version: &str) -> PackageRecord {
        PackageRecord {
            name: name.into(),
            version: version.into(),
            source: "perl".into(),
            source_version: source_version.into(),
            ..PackageRecord::default()
        }
    }

    fn source_versions(kind: DatabaseKind, packages: Vec<PackageRecord>) -> Vec<String> {
        let database = PackageDatabase {
            path: "var/lib/rpm/rpmdb.sqlite".into(),
            kind,
            packages,
            readable: true,
        };
        let epochs = SourceEpochs::of(&database);
        let versions = database.packages.iter();
        versions
            .map(|record| epochs.source_version(record))
            .collect()
    }

    #[test]
    fn the_source_of_an_rpm_has_the_epoch_of_its_packages() {
        let packages = vec![
            record("perl-AutoLoader", "5.74-481.el9", "5.32.1-481.el9"),
            record("perl-libs", "4:5.32.1-481.el9", "4:5.32.1-481.el9"),
            record("perl-lib", "2:0.65-481.el9", "2:5.32.1-481.el9"),
        ];
        assert_eq!(
            source_versions(DatabaseKind::RpmSqlite, packages),
            ["4:5.32.1-481.el9"; 3]
        );
    }

    #[test]
    fn a_source_without_a_package_of_its_version_has_the_epoch_of_the_package() {
        let packages = vec![record("perl-Carp", "1:1.50-460.el9", "1:5.32.1-481.el9")];
        assert_eq!(
            source_versions(DatabaseKind::RpmBdb, packages),
            ["1:5.32.1-481.el9"]
        );
    }

    #[test]
    fn dpkg_says_the_epoch_of_the_source_itself() {
        let packages = vec![record("a", "1:2-3", "2-3"), record("b", "2-3", "2-3")];
        assert_eq!(
            source_versions(DatabaseKind::Dpkg, packages),
            ["2-3", "2-3"]
        );
    }
}
