//! PHP: installed packages, and what applications pin.
//!
//! | file | left by | read by |
//! |---|---|---|
//! | `composer/installed.json` | Composer | [`composer`] |
//! | `composer.lock` | Composer | [`composer`] |
//! | `.registry/NAME.reg` | PEAR | [`pear`] |

mod composer;
mod pear;
mod serialized;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::Format;

/// What is read of PHP.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: composer::is_installed,
        starts: None,
        most_bytes: 64 << 20,
        read: composer::read_installed,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: composer::is_lock,
        starts: None,
        most_bytes: 64 << 20,
        read: composer::read_lock,
    },
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: pear::is_record,
        starts: None,
        most_bytes: 4 << 20,
        read: pear::read,
    },
];

/// Makes a record of a package of the registry.
fn package(name: &str, version: String) -> PackageRecord {
    PackageRecord {
        name: Ecosystem::Packagist.normalize(name).into_owned(),
        version,
        ecosystem: Some(Ecosystem::Packagist),
        ..PackageRecord::default()
    }
}
