//! Python: what installers leave beside a package, and what applications pin.
//!
//! | file | left by | read by |
//! |---|---|---|
//! | `NAME-VERSION.dist-info/METADATA` | wheels: pip, uv, poetry, … | [`metadata`] |
//! | `NAME.egg-info/PKG-INFO` | setuptools | [`metadata`] |
//! | `NAME.egg-info`, a file | distutils | [`metadata`] |
//! | `NAME.egg/EGG-INFO/PKG-INFO` | eggs | [`metadata`] |
//! | `conda-meta/NAME-VERSION-BUILD.json` | conda, mamba | [`conda`] |
//! | `Pipfile.lock` | pipenv | [`pipfile`] |
//! | `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml`, `pylock.NAME.toml` | their tools | [`toml_locks`] |
//! | `requirements*.txt` | people, pip freeze | [`requirements`] |
//!
//! Wheels and eggs that are still zipped are read with the archives of [`super::java`].

mod conda;
mod metadata;
mod pipfile;
mod requirements;
mod toml_locks;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::application::is_of_application;
use super::{Format, Path};
pub(super) use metadata::{is_metadata, read_package};

/// What is read of Python.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: is_metadata,
        starts: None,
        most_bytes: 64 << 20,
        read: metadata::read,
    },
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: conda::is_record,
        starts: None,
        most_bytes: 64 << 20,
        read: conda::read,
    },
    lock(|path| is_lock(path, "Pipfile.lock"), pipfile::read),
    lock(|path| is_lock(path, "poetry.lock"), toml_locks::read_poetry),
    lock(|path| is_lock(path, "uv.lock"), toml_locks::read_uv),
    lock(|path| is_lock(path, "pdm.lock"), toml_locks::read_pdm),
    lock(toml_locks::is_pylock, toml_locks::read_pylock),
    lock(requirements::is_requirements, requirements::read),
];

const fn lock(
    matches: fn(&Path<'_>) -> bool,
    read: fn(&super::File<'_>, &mut super::Found<'_>),
) -> Format {
    Format {
        kind: DatabaseKind::LockFile,
        matches,
        starts: None,
        most_bytes: 64 << 20,
        read,
    }
}

fn is_lock(path: &Path<'_>, name: &str) -> bool {
    path.name == name && is_of_application(path)
}

/// Makes a record of a package of the index.
fn package(name: &str, version: String) -> PackageRecord {
    PackageRecord {
        name: Ecosystem::Pypi.normalize(name).into_owned(),
        version,
        ecosystem: Some(Ecosystem::Pypi),
        ..PackageRecord::default()
    }
}
