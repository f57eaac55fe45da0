//! `pnpm-lock.yaml`: the keys of `packages`, by the version of the lock.
//!
//! | version | key | what is for development |
//! |---|---|---|
//! | 5 | `/name/1.0.0`, `/@scope/name/1.0.0_peer@2.0.0` | has `dev: true` |
//! | 6 | `/name@1.0.0`, `/@scope/name@1.0.0(peer@2.0.0)` | has `dev: true` |
//! | 9 | `name@1.0.0`, `'@scope/name@1.0.0'` | is needed by `devDependencies` alone |
//!
//! In version 9 the folders of the application are `importers`, and `snapshots` say which packages
//! need which:
//!
//! ```text
//! importers:                     snapshots:
//!   .:                             a@1.0.0(b@2.0.0):
//!     dependencies:                  dependencies:
//!       a:                             b: 2.0.0
//!         specifier: ^1.0.0            alias: c@3.0.0
//!         version: 1.0.0(b@2.0.0)
//! ```
//!
//! The file is YAML as pnpm writes it, and only as such it is read: each level is two blanks
//! deeper. Keys with an address or a path, of repositories and folders, are left out.

use super::super::needs::{Needs, Room};
use super::super::{File, Found};
use super::{is_version, name_and_rest, package};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut room = Room::default();
    let mut lock = Lock::default();
    let mut lines = Lines::new(reader(&file.content));
    loop {
        match lines.advance() {
            Ok(true) if room.has(lock.bytes(), found) => lock.line(lines.line()),
            Ok(true) => {
                found.unreadable("the memory budget has no room for it");
                break;
            }
            Ok(false) => break,
            Err(error) => {
                found.unreadable(error.to_string());
                break;
            }
        }
    }
    let is_known = lock.has_importers && lock.has_snapshots;
    let needed = is_known.then(|| lock.needs.all());
    for (name, version) in lock.packages {
        let key = format!("{name}@{version}");
        if needed.as_ref().is_none_or(|needed| needed.contains(&key)) {
            found.package(package(name, version));
        }
    }
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Section {
    Importers,
    Packages,
    Snapshots,
    #[default]
    Other,
}

#[derive(Default)]
struct Lock {
    packages: Vec<(String, String)>,
    package_bytes: u64,
    needs: Needs,
    section: Section,
    has_importers: bool,
    has_snapshots: bool,
    /// The key of the snapshot that the lines are about.
    snapshot: String,
    /// Whether the lines are about what is needed to run something.
    is_needed: bool,
    /// What the lines about an importer's dependency are about.
    dependency: String,
}

/// What a package takes beside its texts, about.
const PACKAGE_BYTES: u64 = 128;

impl Lock {
    /// Returns how much memory it takes, about.
    fn bytes(&self) -> u64 {
        self.package_bytes + self.needs.bytes()
    }

    fn line(&mut self, line: &[u8]) {
        let depth = line.iter().take_while(|&&byte| byte == b' ').count();
        if depth == line.len() {
            return;
        }
        let line = text(line);
        // The first member of what has a very long key stands where the key should.
        let (depth, line) = match line.strip_prefix(": ") {
            Some(line) => (depth + 2, line),
            None => (depth, line.as_str()),
        };
        let (key, value) = key_and_value(line);
        match (self.section, depth) {
            (_, 0) => {
                self.section = section(key);
                self.has_importers |= self.section == Section::Importers;
                self.has_snapshots |= self.section == Section::Snapshots;
            }
            (Section::Packages, 2) => self.package(key),
            (Section::Packages, 4) if line == "dev: true" => {
                self.packages.pop();
            }
            (Section::Snapshots, 2) => key_of(key).clone_into(&mut self.snapshot),
            (Section::Importers | Section::Snapshots, 4) => {
                self.is_needed = matches!(key, "dependencies" | "optionalDependencies");
            }
            (Section::Snapshots, 6) if self.is_needed => {
                self.needs.need(&self.snapshot, &dependency(key, value));
            }
            (Section::Importers, 6) => key.clone_into(&mut self.dependency),
            (Section::Importers, 8) if self.is_needed && key == "version" => {
                self.needs.root(&dependency(&self.dependency, value));
            }
            _ => {}
        }
    }

    fn package(&mut self, key: &str) {
        let (name, version) = name_and_version(key).unwrap_or_default();
        let version = if is_version(version) { version } else { "" };
        self.package_bytes += PACKAGE_BYTES + key.len() as u64;
        // One that is none stands here, too, so that what is said of it is not said of another.
        self.packages.push((name.to_owned(), version.to_owned()));
    }
}

fn section(key: &str) -> Section {
    match key {
        "importers" => Section::Importers,
        "packages" => Section::Packages,
        "snapshots" => Section::Snapshots,
        _ => Section::Other,
    }
}

/// Splits `key: value`; a key that is very long stands alone, as `? key`.
fn key_and_value(line: &str) -> (&str, &str) {
    let line = line.strip_prefix("? ").unwrap_or(line);
    let (key, value) = line
        .split_once(": ")
        .unwrap_or((line.strip_suffix(':').unwrap_or(line), ""));
    (unquoted(key), unquoted(value))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['\'', '"'])
}

/// Returns what stands before the peers of a package.
fn key_of(text: &str) -> &str {
    text.split_once('(').map_or(text, |(key, _)| key)
}

/// Returns the key of what is needed under a name; the version of an alias is such a key.
fn dependency(name: &str, version: &str) -> String {
    let version = key_of(version);
    match name_and_rest(version) {
        Some((real, _)) if !real.contains(':') => version.to_owned(),
        _ => format!("{name}@{version}"),
    }
}

fn name_and_version(key: &str) -> Option<(&str, &str)> {
    let key = key_of(key);
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
        let content = "lockfileVersion: 5.4

specifiers:
  a: ^1.0.0

dependencies:
  a: 1.0.0

packages:

  /a/1.0.0:
    resolution: {integrity: sha512-00}
    dev: false

  /@s/b/2.0.0_a@1.0.0:
    resolution: {integrity: sha512-00}
    dependencies:
      a: 1.0.0

  /c/3.0.0:
    dev: true

  github.com/x/y/00:
    name: y
    version: 1.0.0
    dev: true

  file:z:
    name: z
";
        assert_eq!(found(content), ["@s/b 2.0.0", "a 1.0.0"]);
    }

    #[test]
    fn version_6_is_read() {
        let content = "lockfileVersion: '6.0'

importers:

  .:
    devDependencies:
      c:
        specifier: ^3.0.0
        version: 3.0.0

packages:

  /a@1.0.0(@s/b@2.0.0):
    dev: false

  /@s/b@2.0.0-rc.1:
    dev: false

  /c@3.0.0:
    dev: true

  '@github.com/x/y/00':
    name: y
";
        assert_eq!(found(content), ["@s/b 2.0.0-rc.1", "a 1.0.0"]);
    }

    #[test]
    fn version_9_is_read_and_what_only_development_needs_is_left_out() {
        let content = "lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(@s/b@2.0.0)
      alias:
        specifier: npm:real@^4
        version: real@4.0.0
      mine:
        specifier: workspace:*
        version: link:../mine
      theirs:
        specifier: https://git@example.com/theirs
        version: https://git@example.com/theirs
    devDependencies:
      d:
        specifier: ^5.0.0
        version: 5.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-00}
    engines: {node: '>=18'}

  '@s/b@2.0.0':
    resolution: {}

  c@3.0.0:
    resolution: {}

  real@4.0.0:
    resolution: {}

  d@5.0.0:
    resolution: {}

  e@6.0.0:
    resolution: {}

  theirs@https://git@example.com/theirs:
    version: 1.0.0

snapshots:

  theirs@https://git@example.com/theirs:
    dependencies:
      e: 6.0.0

  e@6.0.0: {}

  ? a@1.0.0(@s/b@2.0.0)
  : dependencies:
      '@s/b': 2.0.0
    transitivePeerDependencies:
      - d

  '@s/b@2.0.0':
    optionalDependencies:
      other: c@3.0.0

  c@3.0.0: {}

  d@5.0.0:
    dependencies:
      a: 1.0.0(@s/b@2.0.0)
";
        let expected = ["@s/b 2.0.0", "a 1.0.0", "c 3.0.0", "e 6.0.0", "real 4.0.0"];
        assert_eq!(found(content), expected);
    }

    #[test]
    fn a_lock_without_an_application_is_read_whole() {
        let content = "packages:\n\n  a@1.0.0:\n    resolution: {}\n";
        assert_eq!(found(content), ["a 1.0.0"]);
    }
}
