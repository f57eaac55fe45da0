//! `pnpm-lock.yaml`: the keys of `packages`, by the version of the lock.
//!
//! | version | key | marks what is for development |
//! |---|---|---|
//! | 5 | `/name/1.0.0`, `/@scope/name/1.0.0_peer@2.0.0` | `dev: true` |
//! | 6 | `/name@1.0.0`, `/@scope/name@1.0.0(peer@2.0.0)` | `dev: true` |
//! | 9 | `name@1.0.0`, `'@scope/name@1.0.0'` | no |
//!
//! The file is YAML as pnpm writes it, and only as such it is read: a key has two blanks before it
//! and a member four. Keys with an address or a path, of repositories and folders, are left out.

use super::super::{File, Found};
use super::{is_version, name_and_rest, package};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut lines = Lines::new(reader(&file.content));
    let mut is_in_packages = false;
    let mut entry = None;
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                found.unreadable(error.to_string());
                break;
            }
        }
        let line = lines.line();
        let blanks = line.iter().take_while(|&&byte| byte == b' ').count();
        match blanks {
            _ if line.len() == blanks => {}
            0 => is_in_packages = line.starts_with(b"packages:"),
            // The value of a key that is so long that it has a line of its own.
            2 if line.starts_with(b"  : ") => {}
            2 if is_in_packages => {
                end(entry.replace(text(line)), found);
            }
            4 if line == b"    dev: true" => entry = None,
            _ => {}
        }
    }
    end(entry, found);
}

/// Adds the package of an entry that has ended.
fn end(key: Option<String>, found: &mut Found<'_>) {
    let Some(key) = key else {
        return;
    };
    let key = key.strip_prefix("? ").unwrap_or(&key);
    let key = key.trim_end_matches(':').trim_matches(['\'', '"']);
    if let Some((name, version)) = name_and_version(key)
        && is_version(version)
    {
        found.package(package(name, version));
    }
}

fn name_and_version(key: &str) -> Option<(&str, &str)> {
    let (key, _) = key.split_once('(').unwrap_or((key, ""));
    let Some(old) = key.strip_prefix('/') else {
        return name_and_rest(key);
    };
    let start = if old.starts_with('@') {
        old.find('/')?.checked_add(1)?
    } else {
        0
    };
    let end = old.get(start..)?.find(['/', '@'])?.checked_add(start)?;
    let (name, rest) = old.split_at_checked(end)?;
    let version = rest.get(1..)?;
    let version = version
        .split_once('_')
        .map_or(version, |(version, _)| version);
    Some((name, version))
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    fn found(content: &str) -> Vec<String> {
        let (packages, problems) = read_file("app/pnpm-lock.yaml", content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn version_5_is_read() {
        let content = "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1.0.0\n\ndependencies:\n  a: 1.0.0\n\n\
            packages:\n\n  /a/1.0.0:\n    resolution: {integrity: sha512-00}\n    dev: false\n\n  \
            /@s/b/2.0.0_a@1.0.0:\n    resolution: {integrity: sha512-00}\n    dependencies:\n      \
            a: 1.0.0\n\n  /c/3.0.0:\n    dev: true\n\n  github.com/x/y/00:\n    name: y\n    \
            version: 1.0.0\n\n  file:z:\n    name: z\n";
        assert_eq!(found(content), ["@s/b 2.0.0", "a 1.0.0"]);
    }

    #[test]
    fn version_6_is_read() {
        let content = "lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: ^1.0.0\n    \
            version: 1.0.0\n\npackages:\n\n  /a@1.0.0(@s/b@2.0.0):\n    dev: false\n\n  \
            /@s/b@2.0.0-rc.1:\n    dev: false\n\n  /c@3.0.0:\n    dev: true\n\n  \
            '@github.com/x/y/00':\n    name: y\n";
        assert_eq!(found(content), ["@s/b 2.0.0-rc.1", "a 1.0.0"]);
    }

    #[test]
    fn version_9_is_read() {
        let content = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n\
            \x20       specifier: ^1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: \
            sha512-00}\n    engines: {node: '>=18'}\n\n  '@s/b@2.0.0':\n    resolution: {}\n\n  \
            ? c@3.0.0(long)\n  : resolution: {}\n\n  y@https://example.com/y:\n    version: \
            1.0.0\n\n  'z@file:z':\n    resolution: {}\n\nsnapshots:\n\n  d@4.0.0: {}\n";
        assert_eq!(found(content), ["@s/b 2.0.0", "a 1.0.0", "c 3.0.0"]);
    }
}
