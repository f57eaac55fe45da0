//! Swift: what its package manager resolved an application to, `Package.resolved`.
//!
//! | version | content |
//! |---|---|
//! | 1 | `{"object": {"pins": [{"repositoryURL": …, "state": {"version": …}}]}}` |
//! | 2, 3 | `{"pins": [{"kind": "remoteSourceControl", "location": …, "state": {"version": …}}]}` |
//!
//! A package is called by the address of its repository without the scheme and without `.git`, as
//! advisories call it. Packages at a local path, of a package registry, and of a branch or commit,
//! which have no version, are passed over. See "Resolving and updating dependencies" in the
//! documentation of the Swift Package Manager.

use limpid_types::{DatabaseKind, Ecosystem};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{Document, Form, MOST_BYTES};
use super::{File, Format, Found, Path};

/// What is read of Swift.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::LockFile,
    matches: is_lock,
    starts: None,
    most_bytes: MOST_BYTES,
    read: read_lock,
}];

/// Packages that were fetched for a build bring lists of their own.
fn is_lock(path: &Path<'_>) -> bool {
    path.name == "Package.resolved" && !path.whole.contains(".build/checkouts/")
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, default)]
    object: Option<Pins<'a>>,
    #[serde(borrow, default)]
    pins: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Pins<'a> {
    #[serde(borrow)]
    pins: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Pin {
    kind: Option<String>,
    #[serde(alias = "repositoryURL")]
    location: Option<String>,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Json, found) else {
        return;
    };
    let Some(lock) = document.json::<Lock<'_>>(found) else {
        return;
    };
    let old = lock.object.into_iter().flat_map(|object| object.pins);
    for pin in lock.pins.into_iter().chain(old) {
        let Some(pin) = found.member::<Pin>("pins", pin) else {
            continue;
        };
        let kind = pin.kind.as_deref().unwrap_or("remoteSourceControl");
        let Some(version) = pin.state.version else {
            continue;
        };
        let name = repository(pin.location.as_deref().unwrap_or_default());
        if kind == "remoteSourceControl" && !found.listed(Ecosystem::Swift, &name, &version) {
            return;
        }
    }
}

/// Returns an address as `HOST/PATH`: `https://HOST/PATH.git`, `ssh://git@HOST/PATH` and
/// `git@HOST:PATH.git` are the same repository.
fn repository(address: &str) -> String {
    let (host, path) = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
        None => address.split_once(':').unwrap_or(("", address)),
    };
    let (_, host) = host.rsplit_once('@').unwrap_or(("", host));
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    match (host, path) {
        ("", _) | (_, "") => String::new(),
        _ => format!("{host}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};

    #[test]
    fn every_way_to_write_an_address_gives_the_same_name() {
        for address in [
            "https://github.com/Apple/swift-nio.git",
            "https://github.com/apple/swift-nio",
            "http://user@github.com/apple/swift-nio/",
            "ssh://git@github.com/apple/swift-nio.git",
            "git@github.com:apple/swift-nio.git",
        ] {
            let lock = format!(
                r#"{{"pins": [{{"identity": "swift-nio", "kind": "remoteSourceControl",
                "location": "{address}", "state": {{"revision": "00", "version": "2.41.0"}}}}],
                "version": 2}}"#
            );
            assert_eq!(
                packages("app/Package.resolved", &lock),
                ["github.com/apple/swift-nio 2.41.0"],
                "{address}"
            );
        }
    }

    #[test]
    fn the_first_version_of_the_list_is_read() {
        let lock = r#"{"object": {"pins": [{"package": "Vapor",
            "repositoryURL": "https://github.com/vapor/vapor.git",
            "state": {"branch": null, "revision": "00", "version": "4.0.0"}}]}, "version": 1}"#;
        assert_eq!(
            packages("Package.resolved", lock),
            ["github.com/vapor/vapor 4.0.0"]
        );
    }

    #[test]
    fn what_has_no_version_or_no_address_is_passed_over() {
        let lock = r#"{"pins": [
            {"kind": "remoteSourceControl", "location": "https://a.example/b", "state": {"branch": "main"}},
            {"kind": "localSourceControl", "location": "/src/c", "state": {"version": "1.0.0"}},
            {"kind": "registry", "location": "", "identity": "a.b", "state": {"version": "1.0.0"}}]}"#;
        assert!(packages("Package.resolved", lock).is_empty());
        assert_eq!(problems("Package.resolved", lock), 0);
    }

    #[test]
    fn a_bad_pin_costs_only_itself() {
        let lock = r#"{"pins": [5, {"location": "nowhere", "state": {"version": "1"}},
            {"location": "https://a.example/b/", "state": {"version": "1.0.0"}}]}"#;
        assert_eq!(packages("Package.resolved", lock), ["a.example/b 1.0.0"]);
        assert_eq!(problems("Package.resolved", lock), 2);
    }
}
