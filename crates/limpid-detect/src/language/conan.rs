//! C and C++: Conan's lock file, `conan.lock`.
//!
//! | version | content |
//! |---|---|
//! | 0.5 (Conan 2) | `{"version": "0.5", "requires": [REFERENCE, …], "build_requires": […], …}` |
//! | 0.4 (Conan 1) | `{"graph_lock": {"nodes": {"0": {"ref": REFERENCE, "requires": ["1"], "build_requires": ["2"], "context": "host", "path": …}}}}` |
//!
//! A reference is `NAME/VERSION[@USER/CHANNEL][#RECIPE][:PACKAGE][%TIME]`. One with a user is not
//! of the public registry and is passed over, apart from `conan/stable`, which the packages of the
//! public registry bore until 2019. What only builds need is left out: the other lists
//! of version 0.5, in version 0.4 nodes of the context `build` and those that stand in
//! `build_requires`. A node with a `path` is the application itself.
//!
//! Binary packages and the cache leave nothing else in an image that names their version for sure;
//! `conaninfo.txt` gives the settings of a build. See "Lockfiles" in the documentation of Conan.

use std::collections::BTreeSet;

use limpid_types::{DatabaseKind, Ecosystem};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{Document, Form, MOST_BYTES, Members};
use super::{File, Format, Found};

/// What is read of Conan.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::LockFile,
    matches: |path| path.name == "conan.lock",
    starts: None,
    most_bytes: MOST_BYTES,
    read: read_lock,
}];

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, default)]
    requires: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    graph_lock: Option<Graph<'a>>,
}

#[derive(Deserialize)]
struct Graph<'a> {
    #[serde(borrow, default)]
    nodes: Members<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node {
    #[serde(rename = "ref")]
    reference: Option<String>,
    build_requires: Vec<String>,
    context: Option<String>,
    path: Option<String>,
}

fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Json, found) else {
        return;
    };
    let Some(lock) = document.json::<Lock<'_>>(found) else {
        return;
    };
    for reference in lock.requires {
        let reference = found.member::<String>("requires", reference);
        if reference.is_some_and(|reference| !add(&reference, found)) {
            return;
        }
    }
    if let Some(graph) = lock.graph_lock {
        read_graph(&graph, found);
    }
}

fn read_graph(graph: &Graph<'_>, found: &mut Found<'_>) {
    let nodes = graph.nodes.values();
    let for_builds: BTreeSet<String> = nodes
        .filter_map(|node| serde_json::from_str::<Node>(node.get()).ok())
        .flat_map(|node| node.build_requires)
        .collect();
    // Nodes are read twice rather than kept, since each takes many times its text.
    for (id, node) in &graph.nodes {
        let Some(node) = found.member::<Node>(id, node) else {
            continue;
        };
        let is_for_builds = node.context.as_deref() == Some("build") || for_builds.contains(id);
        let is_application = node.path.is_some();
        if let Some(reference) = &node.reference
            && !is_for_builds
            && !is_application
            && !add(reference, found)
        {
            return;
        }
    }
}

/// Adds the package of a reference; returns whether there was room for it.
fn add(reference: &str, found: &mut Found<'_>) -> bool {
    let end = reference.find(['#', ':', '%']).unwrap_or(reference.len());
    let (package, _) = reference.split_at(end);
    let (package, user) = package.split_once('@').unwrap_or((package, ""));
    let (name, version) = package.split_once('/').unwrap_or((package, ""));
    // Conan 1 writes `_/_` for none.
    let is_public = matches!(user, "" | "_/_" | "conan/stable");
    !is_public || found.listed(Ecosystem::Conan, name, version)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};

    #[test]
    fn a_lock_of_conan_two_lists_what_is_required() {
        let lock = r#"{"version": "0.5",
            "requires": ["zlib/1.2.13#97d5%1667396813.987", "openssl/3.1.0", "own/1.0@me/stable", 7],
            "build_requires": ["cmake/3.25.3#1"], "python_requires": ["tool/1.0"]}"#;
        assert_eq!(
            packages("app/conan.lock", lock),
            ["openssl 3.1.0", "zlib 1.2.13"]
        );
        assert_eq!(problems("app/conan.lock", lock), 1);
    }

    #[test]
    fn a_lock_of_conan_one_lists_the_nodes_that_are_not_for_the_build() {
        let lock = r#"{"version": "0.4", "graph_lock": {"revisions_enabled": false, "nodes": {
            "0": {"ref": "app/0.1", "requires": ["1"], "build_requires": ["3"], "path": "conanfile.py"},
            "1": {"ref": "boost/1.80.0@_/_#0", "requires": ["2"], "context": "host"},
            "2": {"ref": "bzip2/1.0.6@conan/stable:00#1"},
            "3": {"ref": "cmake/3.20.0"},
            "4": {"ref": "ninja/1.11.0", "context": "build"},
            "5": {"ref": null},
            "6": 7}}}"#;
        assert_eq!(
            packages("conan.lock", lock),
            ["boost 1.80.0", "bzip2 1.0.6"]
        );
        assert_eq!(problems("conan.lock", lock), 1);
    }
}
