//! Node: installed packages, and what applications pin.
//!
//! | file | left by | read by |
//! |---|---|---|
//! | `node_modules/NAME/package.json`, `node_modules/@SCOPE/NAME/package.json` | npm, yarn, pnpm, bun | [`installed`] |
//! | `usr/share/nodejs/…/package.json`, `usr/lib/nodejs/…/package.json` | Debian | [`installed`] |
//! | `package-lock.json`, `npm-shrinkwrap.json` | npm | [`package_lock`] |
//! | `yarn.lock` | yarn | [`yarn_lock`] |
//! | `pnpm-lock.yaml` | pnpm | [`pnpm_lock`] |
//! | `bun.lock` | bun | [`bun_lock`] |
//!
//! Locks inside of installed packages are those of their authors and are not read, nor is
//! `node_modules/.package-lock.json`, which says again what is installed. The zip files of yarn's
//! Plug'n'Play are not opened: the `yarn.lock` that they need beside them lists the same.

mod bun_lock;
mod installed;
mod package_lock;
mod pnpm_lock;
mod yarn_lock;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::application::is_of_application;
use super::{File, Format, Found, Path};

/// What is read of Node.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: installed::is_package,
        starts: None,
        most_bytes: 16 << 20,
        read: installed::read,
    },
    lock(is_npm_lock, package_lock::read),
    lock(|path| is_lock(path, "yarn.lock"), yarn_lock::read),
    lock(|path| is_lock(path, "pnpm-lock.yaml"), pnpm_lock::read),
    lock(|path| is_lock(path, "bun.lock"), bun_lock::read),
];

const fn lock(matches: fn(&Path<'_>) -> bool, read: fn(&File<'_>, &mut Found<'_>)) -> Format {
    Format {
        kind: DatabaseKind::LockFile,
        matches,
        starts: None,
        most_bytes: 64 << 20,
        read,
    }
}

fn is_npm_lock(path: &Path<'_>) -> bool {
    is_lock(path, "package-lock.json") || is_lock(path, "npm-shrinkwrap.json")
}

fn is_lock(path: &Path<'_>, name: &str) -> bool {
    path.name == name && is_of_application(path)
}

/// Makes a record of a package of the registry.
fn package(name: impl Into<String>, version: impl Into<String>) -> PackageRecord {
    PackageRecord {
        name: name.into(),
        version: version.into(),
        ecosystem: Some(Ecosystem::Npm),
        ..PackageRecord::default()
    }
}

/// Splits `name@rest` and `@scope/name@rest`.
fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let start = usize::from(text.starts_with('@'));
    let at = text.get(start..)?.find('@')?.checked_add(start)?;
    let (name, rest) = text.split_at_checked(at)?;
    Some((name, rest.strip_prefix('@')?))
}

/// Returns whether this is a version, and not an address, a path or a protocol with one.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([':', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_part_of_the_name() {
        assert_eq!(name_and_rest("a@^1.0.0"), Some(("a", "^1.0.0")));
        assert_eq!(name_and_rest("@a/b@npm:1"), Some(("@a/b", "npm:1")));
        assert_eq!(name_and_rest("@a/b"), None);
        assert_eq!(name_and_rest(""), None);
    }

    #[test]
    fn locks_of_installed_packages_are_not_read() {
        for path in [
            "app/node_modules/a/package-lock.json",
            "app/node_modules/.package-lock.json",
            "usr/lib/python3/site-packages/lab/yarn.lock",
        ] {
            let path = Path::new(path, false);
            assert!(
                !FORMATS.iter().any(|format| (format.matches)(&path)),
                "{}",
                path.whole
            );
        }
    }
}
