//! Bottlerocket's list of what it was built from: `application-inventory.json`.
//!
//! `{"Content":[{…}, …]}`, each with the members, all texts:
//!
//! | member | meaning |
//! |---|---|
//! | `Name` | name of the package |
//! | `Version`, `Release`, `Epoch` | as in rpm, by which the packages are built |
//! | `Architecture` | `x86_64` or `aarch64` |
//! | `Publisher` | `Bottlerocket`, or whose it is |
//!
//! The image has no rpm database. See "application inventory" in Bottlerocket's documentation.

use std::fmt;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::detector::{Detector, LARGEST_DOCUMENT, Sink, document};

/// Where the inventory is.
pub(crate) const PATH: &str = "usr/share/bottlerocket/application-inventory.json";

/// Finds Bottlerocket's inventory.
pub(crate) struct BottlerocketDetector;

impl Detector for BottlerocketDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        if entry.kind == EntryKind::File && entry.path == PATH {
            Want::Prefix(LARGEST_DOCUMENT)
        } else {
            Want::Nothing
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        match document(entry, &content, sink) {
            Ok(bytes) => read_inventory(bytes, sink),
            Err(why) => self.lost(entry, why, sink),
        }
    }

    fn lost(&mut self, _entry: &Entry<'_>, why: String, sink: &mut Sink) {
        sink.unreadable_database(PATH, DatabaseKind::Bottlerocket, why);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    name: String,
    version: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    epoch: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    publisher: String,
}

fn read_inventory(json: &[u8], sink: &mut Sink) {
    let mut packages = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let inventory = Inventory {
        packages: &mut packages,
        sink,
    };
    let read = inventory
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    packages.sort();
    packages.dedup();
    sink.database(PackageDatabase {
        path: PATH.to_owned(),
        kind: DatabaseKind::Bottlerocket,
        // An inventory of which nothing could be read is not one without packages.
        readable: read.is_ok() || !packages.is_empty(),
        packages,
    });
    if let Err(error) = read {
        let detail = format!("cannot be read to its end: {error}");
        sink.problem(Problem::new(ProblemKind::UnreadableDatabase, PATH, detail));
    }
}

/// Takes the items one by one, so that a bad one costs only itself.
struct Inventory<'a> {
    packages: &'a mut Vec<PackageRecord>,
    sink: &'a mut Sink,
}

impl<'de> DeserializeSeed<'de> for Inventory<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Inventory<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a member Content")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut has_content = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "Content" {
                has_content = true;
                map.next_value_seed(Items(&mut self))?;
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        if has_content {
            Ok(())
        } else {
            Err(de::Error::missing_field("Content"))
        }
    }
}

struct Items<'a, 'b>(&'a mut Inventory<'b>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of applications")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Inventory { packages, sink } = self.0;
        while let Some(item) = items.next_element::<&RawValue>()? {
            let record = match serde_json::from_str::<Item>(item.get()) {
                Ok(item) => record(item),
                Err(error) => Err(format!("application that cannot be read: {error}")),
            };
            match record {
                Ok(record) => {
                    if !sink.keep(packages, record) {
                        return Err(de::Error::custom("more packages than there is room for"));
                    }
                }
                Err(detail) => sink.problem(Problem::new(ProblemKind::BadRecord, PATH, detail)),
            }
        }
        Ok(())
    }
}

fn record(item: Item) -> Result<PackageRecord, String> {
    if item.name.is_empty() {
        return Err("application without a name".to_owned());
    }
    if item.version.is_empty() {
        return Err(format!("application without a version: {}", item.name));
    }
    let mut version = match item.epoch.as_str() {
        "" | "0" => item.version,
        epoch => format!("{epoch}:{}", item.version),
    };
    if !item.release.is_empty() {
        version = format!("{version}-{}", item.release);
    }
    Ok(PackageRecord {
        name: item.name,
        version,
        arch: item.architecture,
        vendor: item.publisher,
        ..PackageRecord::default()
    })
}

/// Reads one inventory; for fuzzing and for tools that have only the file.
pub fn read(json: &[u8]) -> (Vec<PackageRecord>, Vec<Problem>) {
    let mut sink = Sink::new(limpid_layer::Budget::new(64 << 20));
    read_inventory(json, &mut sink);
    let databases = sink.evidence.databases.into_iter();
    let packages = databases.flat_map(|database| database.packages).collect();
    (packages, sink.evidence.problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_has_its_version_as_rpm_writes_it() {
        let json = br#"{"Content":[
            {"Name":"bash","Publisher":"Bottlerocket","Version":"5.2.37","Release":"1",
             "Epoch":"1","Architecture":"x86_64","Summary":"s"},
            {"Name":"glibc","Version":"2.41","Release":"2.br1","Epoch":"0"}],"Other":[{}]}"#;
        let (packages, problems) = read(json);
        assert!(problems.is_empty(), "{problems:?}");
        let lines: Vec<_> = packages
            .iter()
            .map(|p| format!("{} {} {} {}", p.name, p.version, p.arch, p.vendor))
            .collect();
        assert_eq!(
            lines,
            ["bash 1:5.2.37-1 x86_64 Bottlerocket", "glibc 2.41-2.br1  "]
        );
    }

    #[test]
    fn a_bad_application_does_not_cost_the_others() {
        let json = br#"{"Content":[{"Name":1},{"Name":"a"},7,{"Name":"b","Version":""},
            {"Name":"c","Version":"1"}]}"#;
        let (packages, problems) = read(json);
        assert_eq!(packages.len(), 1);
        assert_eq!(problems.len(), 4);
        assert!(problems.iter().all(|p| p.kind == ProblemKind::BadRecord));
    }

    #[test]
    fn a_broken_inventory_is_an_unreadable_database() {
        let deep = format!("{{\"Content\":{}", "[".repeat(100_000));
        for json in ["", "<html>", "{}", "[]", "{\"Content\":{}}", &deep] {
            let mut sink = Sink::new(limpid_layer::Budget::new(1 << 20));
            read_inventory(json.as_bytes(), &mut sink);
            assert!(!sink.evidence.databases[0].readable, "{json:.20}");
        }
        let (packages, problems) = read(br#"{"Content":[{"Name":"a","Version":"1"},{"Na"#);
        assert_eq!((packages.len(), problems.len()), (1, 1));
    }
}
