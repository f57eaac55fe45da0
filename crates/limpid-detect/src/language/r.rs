//! R: installed packages, and what applications pin.
//!
//! | file | left by |
//! |---|---|
//! | `NAME/DESCRIPTION` with a field `Built` | R, which writes it into installed packages only |
//! | `renv.lock` | renv |
//!
//! A package is Bioconductor's when it has `biocViews`, and CRAN's when its `Repository` is CRAN or
//! a mirror of it. The packages that R consists of (`Priority: base`) are of neither, nor are those
//! from a repository or a folder of somebody's.

mod description;
mod renv_lock;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::application::is_of_application;
use super::{Format, Path};

/// What is read of R.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: |path| path.name == "DESCRIPTION",
        starts: None,
        most_bytes: 16 << 20,
        read: description::read,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: |path| is_lock(path),
        starts: None,
        most_bytes: 64 << 20,
        read: renv_lock::read,
    },
];

fn is_lock(path: &Path<'_>) -> bool {
    path.name == "renv.lock" && is_of_application(path)
}

/// What repositories of packages call themselves that have CRAN's: CRAN and Posit's mirrors of it.
const MIRRORS: [&str; 4] = ["CRAN", "P3M", "PPM", "RSPM"];

/// Makes a record of a package.
fn package(ecosystem: Ecosystem, name: String, version: String) -> PackageRecord {
    PackageRecord {
        name,
        version,
        ecosystem: Some(ecosystem),
        ..PackageRecord::default()
    }
}
