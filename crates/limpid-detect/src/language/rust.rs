//! Rust: the list of what an application was built from, `Cargo.lock`.
//!
//! ```toml
//! [[package]]
//! name = "serde"
//! version = "1.0.200"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```
//!
//! Only packages of the public registry are listed, which Cargo names by the address of its index
//! in all versions of the file (1 to 4). A package without a source is a member of the workspace or
//! lies at a path; other sources are git repositories and other registries. The file does not tell
//! development dependencies from others.
//!
//! Every package in Cargo's cache may bring a lock file of its own, which says what its authors
//! tested with and not what is in the image: those are not read. See "Cargo.toml vs Cargo.lock" in
//! the Cargo Book.

use limpid_types::{DatabaseKind, Ecosystem};
use serde::Deserialize;

use super::document::MOST_BYTES;
use super::{File, Format, Found, Path, toml_parts};

/// What is read of Rust.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::LockFile,
    matches: is_lock,
    starts: None,
    most_bytes: MOST_BYTES,
    read: read_lock,
}];

/// How Cargo writes the public registry.
const PUBLIC_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn is_lock(path: &Path<'_>) -> bool {
    let is_in_cache = |cache: &str| path.whole.contains(cache);
    path.name == "Cargo.lock" && !is_in_cache("/registry/src/") && !is_in_cache("/git/checkouts/")
}

/// What stands before the first package, or a package.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    package: Vec<Package>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Package {
    name: String,
    version: String,
    source: String,
}

fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    toml_parts::read(file, found, "package", |part: Part, found| {
        for package in part.package {
            if package.source == PUBLIC_REGISTRY {
                found.listed(Ecosystem::Crates, &package.name, &package.version);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};
    use super::super::read_file;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["serde_json"]

[[package]]
name = "serde_json"
version = "1.0.100"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://example.com/forked#0123"

[[package]]
name = "private"
version = "1.0.0"
source = "registry+https://example.com/index"
"#;

    #[test]
    fn only_packages_of_the_public_registry_are_listed() {
        assert_eq!(packages("app/Cargo.lock", LOCK), ["serde-json 1.0.100"]);
    }

    #[test]
    fn a_lock_of_the_first_version_is_read() {
        let lock = r#"
[root]
name = "app"
version = "0.1.0"

[[package]]
name = "libc"
version = "0.2.1"
source = "registry+https://github.com/rust-lang/crates.io-index"

[metadata]
"checksum libc 0.2.1 (registry+https://github.com/rust-lang/crates.io-index)" = "00"
"#;
        assert_eq!(packages("Cargo.lock", lock), ["libc 0.2.1"]);
    }

    #[test]
    fn locks_in_the_cache_of_cargo_say_nothing_about_the_image() {
        for path in [
            "usr/local/cargo/registry/src/index-00/ring-0.17.0/Cargo.lock",
            "root/.cargo/git/checkouts/a-00/11/Cargo.lock",
        ] {
            assert_eq!(read_file(path, LOCK.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn a_package_without_a_version_costs_only_itself() {
        let lock = LOCK.replace("version = \"1.0.100\"\n", "")
            + "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
            + "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(packages("Cargo.lock", &lock), ["a 1.0.0"]);
        assert_eq!(problems("Cargo.lock", &lock), 1);
    }

    #[test]
    fn what_is_no_toml_is_a_problem() {
        let deep = format!("a = {}", "[".repeat(100_000));
        let dotted = format!("[[package]]\n{}", "a.".repeat(100_000));
        for content in ["[[package", "\u{0}", &deep, &dotted] {
            assert!(packages("Cargo.lock", content).is_empty());
            assert_eq!(problems("Cargo.lock", content), 1);
        }
        let (_, problems) = read_file("Cargo.lock", b"\xff").unwrap();
        assert_eq!(problems.len(), 1);
    }
}
