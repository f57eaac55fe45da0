//! `NAME.deps.json`: from which packages the files of a program or framework come.
//!
//! ```json
//! {"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64"},
//!  "targets": {".NETCoreApp,Version=v8.0/linux-x64": {"NAME/VERSION": {"runtime": {"lib/a.dll": {}}}}},
//!  "libraries": {"NAME/VERSION": {"type": "package"}}}
//! ```
//!
//! | type of a library | outcome |
//! |---|---|
//! | `package` | listed, unless the target has it without any file: then the framework's own assembly takes its place |
//! | `runtimepack` | the framework of a self-contained program, listed without the prefix `runtimepack.` |
//! | `project`, `reference`, … | passed over: the program itself, and assemblies whose package is not said |
//!
//! A shared framework stands in `shared/NAME/VERSION/`. Advisories name it by the package it is
//! published as: since .NET Core 3.0 that is `NAME.Runtime.PLATFORM`, before that `NAME`. It is
//! listed by that name also when the file does not.
//!
//! The format is in the documents of .NET's host, "Runtime Configuration Files".

use std::collections::BTreeMap;

use limpid_types::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::document::{Document, Form, Members};
use super::super::{File, Found, Path};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deps<'a> {
    #[serde(borrow, default)]
    runtime_target: Option<&'a RawValue>,
    #[serde(borrow, default)]
    targets: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default)]
    libraries: Members<'a>,
}

#[derive(Deserialize)]
struct RuntimeTarget {
    name: String,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The files of a package, by what they are.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Files<'a> {
    #[serde(borrow)]
    runtime: Members<'a>,
    #[serde(borrow)]
    runtime_targets: Members<'a>,
    #[serde(borrow)]
    native: Members<'a>,
    #[serde(borrow)]
    resources: Members<'a>,
}

impl Files<'_> {
    fn is_empty(&self) -> bool {
        self.runtime.is_empty()
            && self.runtime_targets.is_empty()
            && self.native.is_empty()
            && self.resources.is_empty()
    }
}

/// Reads one file.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Json, found) else {
        return;
    };
    let Some(deps) = document.json::<Deps<'_>>(found) else {
        return;
    };
    let target_name = deps.target_name();
    if let Some((name, version)) = shared_framework(&file.path, &target_name) {
        found.listed(Ecosystem::Nuget, &name, version);
    }
    let target = deps.target(&target_name);
    for (identifier, library) in &deps.libraries {
        let Some(library) = found.member::<Library>(identifier, library) else {
            continue;
        };
        let is_package = match library.kind.as_deref() {
            Some("package") => target
                .get(identifier.as_str())
                .is_none_or(|&files| has_files(files)),
            Some("runtimepack") => true,
            _ => false,
        };
        let name = identifier
            .strip_prefix("runtimepack.")
            .unwrap_or(identifier);
        let (name, version) = name.split_once('/').unwrap_or((name, ""));
        if is_package && !found.listed(Ecosystem::Nuget, name, version) {
            return;
        }
    }
}

impl<'a> Deps<'a> {
    /// Returns what the program is to run on, as `FRAMEWORK[/PLATFORM]`, or empty. The first
    /// release wrote the name alone.
    fn target_name(&self) -> String {
        let text = self.runtime_target.map_or("", RawValue::get);
        serde_json::from_str::<RuntimeTarget>(text)
            .map(|target| target.name)
            .or_else(|_| serde_json::from_str(text))
            .unwrap_or_default()
    }

    fn target(&self, name: &str) -> Members<'a> {
        let target = self.targets.get(name).map_or("{}", |target| target.get());
        serde_json::from_str(target).unwrap_or_default()
    }
}

/// What cannot be read counts as a file, lest a package be missed.
fn has_files(files: &RawValue) -> bool {
    serde_json::from_str::<Files<'_>>(files.get()).map_or(true, |files| !files.is_empty())
}

/// Returns the package, and the version, that a shared framework is published as.
fn shared_framework<'a>(path: &Path<'a>, target_name: &str) -> Option<(String, &'a str)> {
    let mut directories = path.directory.rsplit('/');
    let (version, name) = (directories.next()?, directories.next()?);
    let is_shared = directories.next() == Some("shared");
    if !is_shared || path.name.strip_suffix(".deps.json") != Some(name) {
        return None;
    }
    let (major, _) = version.split_once('.')?;
    let has_runtime_packs = major.parse::<u32>().ok()? >= 3;
    let package = match target_name.split_once('/') {
        Some((_, platform)) if has_runtime_packs => format!("{name}.Runtime.{platform}"),
        _ => name.to_owned(),
    };
    Some((package, version))
}

#[cfg(test)]
mod tests {
    use super::super::super::document::tests::{packages, problems};

    #[test]
    fn packages_that_bring_files_are_listed() {
        let deps = r#"{
          "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0", "signature": ""},
          "compilationOptions": {},
          "targets": {".NETCoreApp,Version=v6.0": {
            "app/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}, "runtime": {"app.dll": {}}},
            "Newtonsoft.Json/13.0.1": {"runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"assemblyVersion": "13.0.0.0"}}},
            "System.Net.Http/4.3.0": {"dependencies": {"System.IO": "4.3.0"}, "runtime": {}},
            "SQLitePCLRaw.lib/2.0.6": {"runtimeTargets": {"runtimes/linux-x64/native/libe_sqlite3.so": {"rid": "linux-x64"}}},
            "Odd/1.0.0": {"runtime": []}}},
          "libraries": {
            "app/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
            "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": true, "sha512": "00"},
            "System.Net.Http/4.3.0": {"type": "package"},
            "SQLitePCLRaw.lib/2.0.6": {"type": "package"},
            "NotInTarget/2.0.0": {"type": "package"},
            "Odd/1.0.0": {"type": "package"},
            "Own.Assembly/3.0.0.0": {"type": "reference"},
            "NoVersion": {"type": "package"},
            "Broken/1.0": 7}}"#;
        assert_eq!(
            packages("app/app.deps.json", deps),
            [
                "newtonsoft.json 13.0.1",
                "notintarget 2.0.0",
                "odd 1.0.0",
                "sqlitepclraw.lib 2.0.6"
            ]
        );
        assert_eq!(problems("app/app.deps.json", deps), 2);
    }

    #[test]
    fn the_framework_of_a_self_contained_program_is_its_runtime_pack() {
        let deps = r#"{"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-musl-x64"},
          "libraries": {
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-musl-x64/8.0.22": {"type": "runtimepack"}}}"#;
        assert_eq!(
            packages("app/app.deps.json", deps),
            ["microsoft.netcore.app.runtime.linux-musl-x64 8.0.22"]
        );
    }

    #[test]
    fn a_shared_framework_has_the_name_that_advisories_give_it() {
        let name = "Microsoft.NETCore.App";
        for (version, platform, libraries, expected) in [
            (
                "8.0.22",
                "/linux-x64",
                r#"{"Microsoft.NETCore.App.Runtime.linux-x64/8.0.22": {"type": "package"}}"#,
                "microsoft.netcore.app.runtime.linux-x64 8.0.22",
            ),
            (
                "10.0.0",
                "/linux-arm64",
                "{}",
                "microsoft.netcore.app.runtime.linux-arm64 10.0.0",
            ),
            ("2.1.30", "/linux-x64", "{}", "microsoft.netcore.app 2.1.30"),
            ("8.0.0", "", "{}", "microsoft.netcore.app 8.0.0"),
        ] {
            let path = format!("usr/share/dotnet/shared/{name}/{version}/{name}.deps.json");
            let deps = format!(
                r#"{{"runtimeTarget": {{"name": ".NETCoreApp,Version=v0{platform}"}},
                "libraries": {libraries}}}"#
            );
            assert_eq!(packages(&path, &deps), [expected]);
        }
    }

    #[test]
    fn another_program_in_the_directory_of_a_framework_is_no_framework() {
        let path = "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.22/a.deps.json";
        assert!(packages(path, "{}").is_empty());
    }

    #[test]
    fn the_name_of_the_target_may_stand_alone() {
        let deps = r#"{"runtimeTarget": "T", "targets": {"T": {"a/1": {}}},
            "libraries": {"a/1": {"type": "package"}, "b/1": {"type": "package"}}}"#;
        assert_eq!(packages("app.deps.json", deps), ["b 1"]);
    }

    #[test]
    fn what_is_no_such_document_is_unreadable_or_empty() {
        assert_eq!(problems("a.deps.json", "[]"), 0);
        for content in ["", "{", "{\"libraries\": 1}"] {
            assert_eq!(problems("a.deps.json", content), 1, "{content}");
        }
    }
}
