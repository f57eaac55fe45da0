//! Ruby: installed gems, and what applications pin.
//!
//! | file | left by | read by |
//! |---|---|---|
//! | `specifications/NAME-VERSION.gemspec` | gem, bundler, Debian | [`gemspec`] |
//! | `specifications/default/NAME-VERSION.gemspec` | Ruby itself: default gems | [`gemspec`] |
//! | `Gemfile.lock`, `gems.locked` | bundler | [`gemfile_lock`] |

mod gemfile_lock;
mod gemspec;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::application::is_of_application;
use super::{Format, Path};

/// What is read of Ruby.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: gemspec::is_installed,
        starts: None,
        most_bytes: 16 << 20,
        read: gemspec::read,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: is_lock,
        starts: None,
        most_bytes: 64 << 20,
        read: gemfile_lock::read,
    },
];

fn is_lock(path: &Path<'_>) -> bool {
    matches!(path.name, "Gemfile.lock" | "gems.locked") && is_of_application(path)
}

/// Makes a record of a gem.
fn package(name: &str, version: &str) -> PackageRecord {
    PackageRecord {
        name: name.to_owned(),
        version: version.to_owned(),
        ecosystem: Some(Ecosystem::Rubygems),
        ..PackageRecord::default()
    }
}

/// Returns whether a text begins as versions of gems do.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}
