//! Advisory documents in the formats of the real feeds.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde_json::{Map, Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// One document of Alpine's secdb: a repository of a release.
#[derive(Clone, Debug)]
pub struct AlpineSecdb {
    release: String,
    repository: String,
    packages: BTreeMap<String, Map<String, Value>>,
}

impl AlpineSecdb {
    /// Starts a document without packages: `AlpineSecdb::new("v3.15", "main")`.
    pub fn new(release: &str, repository: &str) -> Self {
        Self {
            release: release.into(),
            repository: repository.into(),
            packages: BTreeMap::new(),
        }
    }

    /// Adds ids that a version of a package fixes. The version `0` says that no version ever had
    /// them.
    #[must_use]
    pub fn fix(mut self, package: &str, version: &str, ids: &[&str]) -> Self {
        self.packages
            .entry(package.into())
            .or_default()
            .insert(version.into(), json!(ids));
        self
    }

    /// Writes the document.
    pub fn to_json(&self) -> Vec<u8> {
        let packages: Vec<Value> = self
            .packages
            .iter()
            .map(|(name, fixes)| json!({ "pkg": { "name": name, "secfixes": fixes } }))
            .collect();
        let document = json!({
            "apkurl": "{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
            "archs": ["aarch64", "x86_64"],
            "distroversion": self.release,
            "packages": packages,
            "reponame": self.repository,
            "urlprefix": "https://dl-cdn.alpinelinux.org/alpine",
        });
        document.to_string().into_bytes()
    }
}

/// The document of Debian's security tracker.
#[derive(Clone, Debug, Default)]
pub struct DebianTracker {
    sources: Map<String, Value>,
}

impl DebianTracker {
    /// Starts a document without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is said of a vulnerability in a source package of a release, as the tracker writes
    /// it: `{ "status": "open", "urgency": "low", … }`.
    #[must_use]
    pub fn release(mut self, source: &str, id: &str, code_name: &str, release: Value) -> Self {
        self.record(source, id)["releases"][code_name] = release;
        self
    }

    /// Adds a fix. The version `0` says that no version ever had the vulnerability.
    #[must_use]
    pub fn fix(self, source: &str, id: &str, code_name: &str, version: &str) -> Self {
        let release = json!({
            "status": "resolved",
            "repositories": { code_name: version },
            "fixed_version": version,
            "urgency": "not yet assigned",
        });
        self.release(source, id, code_name, release)
    }

    /// Adds a vulnerability that is not fixed, with the urgency that the tracker gives it.
    #[must_use]
    pub fn open(self, source: &str, id: &str, code_name: &str, urgency: &str) -> Self {
        let release = json!({ "status": "open", "repositories": {}, "urgency": urgency });
        self.release(source, id, code_name, release)
    }

    /// Adds a description.
    #[must_use]
    pub fn describe(mut self, source: &str, id: &str, description: &str) -> Self {
        self.record(source, id)["description"] = json!(description);
        self
    }

    /// Writes the document.
    pub fn to_json(&self) -> Vec<u8> {
        Value::Object(self.sources.clone()).to_string().into_bytes()
    }

    fn record(&mut self, source: &str, id: &str) -> &mut Value {
        let record = &mut self.sources.entry(source).or_insert_with(|| json!({}))[id];
        if record.is_null() {
            *record = json!({ "scope": "local", "releases": {} });
        }
        record
    }
}

/// The archive of an OSV ecosystem.
#[derive(Clone, Debug, Default)]
pub struct OsvZip {
    files: Vec<(String, Vec<u8>)>,
}

impl OsvZip {
    /// Starts an archive without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a vulnerability that a version of a package fixes.
    #[must_use]
    pub fn fix(self, ecosystem: &str, package: &str, version: &str, id: &str) -> Self {
        let entry = json!({
            "schema_version": "1.7.0",
            "id": id,
            "modified": "2024-01-01T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": ecosystem, "name": package },
                "ranges": [{
                    "type": "ECOSYSTEM",
                    "events": [{ "introduced": "0" }, { "fixed": version }],
                }],
            }],
        });
        self.entry(&entry)
    }

    /// Adds an entry of the OSV schema, in a file with the name of its id.
    #[must_use]
    pub fn entry(self, entry: &Value) -> Self {
        let name = format!("{}.json", entry["id"].as_str().unwrap_or("no-id"));
        self.file(&name, entry.to_string())
    }

    /// Adds a file, whatever it holds.
    #[must_use]
    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    /// Writes the archive.
    ///
    /// # Panics
    ///
    /// When two files have the same name.
    pub fn to_zip(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.files {
            writer
                .start_file(name, SimpleFileOptions::default())
                .expect("every file has a name of its own");
            writer.write_all(content).expect("memory takes every byte");
        }
        let archive = writer.finish().expect("memory takes every byte");
        archive.into_inner()
    }
}
