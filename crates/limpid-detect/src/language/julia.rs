//! Julia: what an environment was resolved to, `Manifest.toml`.
//!
//! ```toml
//! manifest_format = "2.0"
//!
//! [[deps.HTTP]]
//! git-tree-sha1 = "…"
//! uuid = "cd3eb016-35fb-5094-929b-558a96fad6f3"
//! version = "1.9.6"
//! ```
//!
//! In format 1 the packages stand at the top, `[[HTTP]]`. Julia also looks for
//! `JuliaManifest.toml` and for names with its own version, `Manifest-v1.11.toml`. A package
//! without `git-tree-sha1` is of the standard library or lies at a path; one with `repo-url`
//! follows a git repository: both are passed over. See "Project.toml and Manifest.toml" in the
//! documentation of Pkg.

use std::io::{self, BufRead};

use limpid_types::{DatabaseKind, Ecosystem};

use super::document::MOST_BYTES;
use super::{File, Format, Found, Path};
use crate::detector::reader;
use crate::lines::Lines;

/// What is read of Julia.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::LockFile,
    matches: is_manifest,
    starts: None,
    most_bytes: MOST_BYTES,
    read: read_manifest,
}];

/// Installed packages may bring a manifest of their own, which says what their authors used.
fn is_manifest(path: &Path<'_>) -> bool {
    let name = path.name.strip_prefix("Julia").unwrap_or(path.name);
    let middle = name
        .strip_prefix("Manifest")
        .and_then(|rest| rest.strip_suffix(".toml"));
    middle.is_some_and(|middle| middle.is_empty() || middle.starts_with("-v"))
        && !path.whole.contains(".julia/packages/")
}

fn read_manifest(file: &File<'_>, found: &mut Found<'_>) {
    if let Err(error) = read_entries(reader(&file.content), found) {
        found.unreadable(format!("cannot be read to its end: {error}"));
    }
}

/// What a manifest says of one package.
#[derive(Default)]
struct Entry {
    name: String,
    version: String,
    has_tree: bool,
    has_repository: bool,
}

/// Pkg writes one header or member on a line, and never an array over several.
fn read_entries(content: impl BufRead, found: &mut Found<'_>) -> io::Result<()> {
    let mut lines = Lines::new(content);
    let mut entry = Entry::default();
    while lines.advance()? {
        let Ok(line) = str::from_utf8(lines.line().trim_ascii()) else {
            found.bad_record(format!("line is not UTF-8: at byte {}", lines.offset()));
            continue;
        };
        if line.starts_with('[') {
            entry.finish(found);
            entry = Entry::default();
            let name = line
                .strip_prefix("[[")
                .and_then(|name| name.strip_suffix("]]"));
            let name = name.unwrap_or_default();
            name.strip_prefix("deps.")
                .unwrap_or(name)
                .clone_into(&mut entry.name);
        } else if let Some((key, value)) = line.split_once('=') {
            match key.trim() {
                "version" => value
                    .trim()
                    .trim_matches('"')
                    .clone_into(&mut entry.version),
                "git-tree-sha1" => entry.has_tree = true,
                "repo-url" => entry.has_repository = true,
                _ => {}
            }
        }
    }
    entry.finish(found);
    Ok(())
}

impl Entry {
    fn finish(&self, found: &mut Found<'_>) {
        if !self.name.is_empty() && self.has_tree && !self.has_repository {
            found.listed(Ecosystem::Julia, &self.name, &self.version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};
    use super::super::read_file;

    const PACKAGES: &str = r#"
[[deps.Artifacts]]
uuid = "56f22d72-fd6d-98f1-02f0-08ddc0907c33"
version = "1.11.0"

[[deps.HTTP]]
deps = ["Artifacts"]
git-tree-sha1 = "00"
uuid = "cd3eb016-35fb-5094-929b-558a96fad6f3"
version = "1.9.6"
weakdeps = ["A"]

    [deps.HTTP.extensions]
    HTTPExt = "A"

[[deps.OpenSSL_jll]]
git-tree-sha1 = "00"
version = "3.0.13+0"

[[deps.Forked]]
git-tree-sha1 = "00"
repo-rev = "main"
repo-url = "https://example.com/forked"
version = "0.1.0"

[[deps.Local]]
path = "Local"
version = "0.1.0"
"#;
    const REGISTERED: [&str; 2] = ["HTTP 1.9.6", "OpenSSL_jll 3.0.13+0"];

    #[test]
    fn registered_packages_are_listed_in_both_formats() {
        let new = format!("manifest_format = \"2.0\"\n{PACKAGES}");
        let old = PACKAGES.replace("[deps.", "[");
        for path in [
            "app/Manifest.toml",
            "app/JuliaManifest.toml",
            "app/Manifest-v1.11.toml",
        ] {
            assert_eq!(packages(path, &new), REGISTERED, "{path}");
            assert_eq!(packages(path, &old), REGISTERED, "{path}");
        }
    }

    #[test]
    fn other_files_are_no_manifests() {
        for path in [
            "app/Manifests.toml",
            "app/Project.toml",
            "root/.julia/packages/HTTP/aTjcj/Manifest.toml",
        ] {
            assert_eq!(read_file(path, PACKAGES.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn a_manifest_of_something_else_has_no_packages_and_no_problem() {
        let other = "[manifest]\nname = \"a\"\n[[icons]]\nsrc = \"b\"\n";
        assert!(packages("Manifest.toml", other).is_empty());
        assert_eq!(problems("Manifest.toml", other), 0);
    }
}
