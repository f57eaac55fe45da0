//! Documents that are read as a whole: JSON and YAML, as lock files are written.
//!
//! What a parser makes of a document takes more room than its text. A [`Document`] holds a lease
//! for that, and a file for which there is no room is unreadable. The parsers used here refuse
//! documents that are nested deeper than real ones are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use limpid_layer::{Content, Lease};
use limpid_types::{Ecosystem, PackageRecord};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{File, Found};
use crate::detector::reader;

/// The most bytes of a document; real ones have a few MiB at most.
pub(super) const MOST_BYTES: u64 = 16 << 20;

/// The most bytes of YAML, which takes far longer to read.
pub(super) const MOST_YAML_BYTES: u64 = 4 << 20;

/// What is made of a document, by how many times its text it takes in memory at most.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Nothing that outlives a record.
    Text = 0,
    /// Lists and maps of members that stay in the text.
    Json = 16,
    /// A tree.
    Yaml = 32,
}

/// The deepest nesting of a YAML document.
const DEEPEST: usize = 64;

/// The members of an object, each as it stands in the text, so that a bad one costs only itself.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The text of a file, and the memory for reading it.
pub(super) struct Document<'a> {
    text: Cow<'a, str>,
    _lease: Lease,
}

impl<'a> Document<'a> {
    /// Takes the text of a file into memory; none when that is not possible, which is then said.
    pub(super) fn of(file: &File<'a>, form: Form, found: &mut Found<'_>) -> Option<Self> {
        match Self::load(file, form, found) {
            Ok(document) => Some(document),
            Err(why) => {
                found.unreadable(why);
                None
            }
        }
    }

    fn load(file: &File<'a>, form: Form, found: &mut Found<'_>) -> Result<Self, String> {
        let unreadable = |error| format!("cannot be read: {error}");
        let size = match file.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::Spooled(file) => file.metadata().map_err(unreadable)?.len(),
        };
        let times = match file.content {
            Content::Memory(_) => form as u64,
            Content::Spooled(_) => form as u64 + 1,
        };
        let lease = found
            .lease(size.saturating_mul(times))
            .ok_or("the memory budget has no room for it")?;
        let text = match file.content {
            Content::Memory(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
            Content::Spooled(_) => {
                let mut bytes = Vec::new();
                let mut content = reader(&file.content).take(size);
                content.read_to_end(&mut bytes).map_err(unreadable)?;
                String::from_utf8(bytes)
                    .map(Cow::Owned)
                    .map_err(|error| error.utf8_error())
            }
        };
        let text = text.map_err(|error| format!("is not UTF-8: {error}"))?;
        Ok(Self {
            text,
            _lease: lease,
        })
    }

    /// Returns the text, without a byte order mark.
    pub(super) fn text(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }

    /// Reads JSON; none when it is not what it should be, which is then said.
    pub(super) fn json<'b, T: Deserialize<'b>>(&'b self, found: &mut Found<'_>) -> Option<T> {
        said(serde_json::from_str(self.text()), "JSON", found)
    }

    /// Reads the first document of YAML; none when it is not, which is then said.
    pub(super) fn yaml(&self, found: &mut Found<'_>) -> Option<serde_json::Value> {
        let mut options = serde_saphyr::Options::default();
        if let Some(budget) = &mut options.budget {
            budget.max_depth = DEEPEST;
            budget.flow_nesting_limit = DEEPEST;
        }
        // Lock files have no aliases, and an alias is how a short document becomes a large one.
        options.alias_limits.max_total_replayed_events = 0;
        let value = serde_saphyr::from_str_with_options(self.text(), options);
        let value = value.map_err(|error| error.without_snippet().to_string());
        said(value, "YAML", found)
    }
}

fn said<T, E: std::fmt::Display>(
    result: Result<T, E>,
    format: &str,
    found: &mut Found<'_>,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            found.unreadable(format!("is not the {format} that it should be: {error}"));
            None
        }
    }
}

impl Found<'_> {
    /// Adds a package that a list names, in whatever form; returns whether there was room for it.
    pub(super) fn listed(&mut self, ecosystem: Ecosystem, name: &str, version: &str) -> bool {
        if name.is_empty() || version.is_empty() {
            self.bad_record(format!("package without a name or a version: {name}"));
            return true;
        }
        self.package(PackageRecord {
            name: ecosystem.normalize(name).into_owned(),
            version: version.to_owned(),
            ecosystem: Some(ecosystem),
            ..PackageRecord::default()
        })
    }

    /// Reads one member of an object; a bad one is said and passed over.
    pub(super) fn member<'a, T: Deserialize<'a>>(
        &mut self,
        name: &str,
        value: &'a RawValue,
    ) -> Option<T> {
        let value = serde_json::from_str(value.get());
        value
            .map_err(|error| self.bad_record(format!("entry is no record: {name}: {error}")))
            .ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use limpid_layer::Budget;

    use super::super::{Path, format, read, read_file};
    use super::*;
    use crate::detector::Sink;

    /// The packages of a file, as `NAME VERSION`.
    pub(in super::super) fn packages(path: &str, content: &str) -> Vec<String> {
        let (packages, _) = read_file(path, content.as_bytes()).unwrap();
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    /// How many problems a file has.
    pub(in super::super) fn problems(path: &str, content: &str) -> usize {
        read_file(path, content.as_bytes()).unwrap().1.len()
    }

    const LOCK: &str = r#"{"requires": ["zlib/1.2.13"]}"#;

    fn read_with(budget: u64, content: Content<'_>) -> Sink {
        let mut sink = Sink::new(Budget::new(budget));
        let path = Path::new("conan.lock", false);
        let format = format(&path).unwrap();
        read(format, path, content, &mut sink);
        sink
    }

    #[test]
    fn a_document_that_was_too_large_for_memory_is_read_from_its_file() {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "\u{feff}{LOCK}").unwrap();
        let sink = read_with(1 << 20, Content::Spooled(&file));
        assert_eq!(sink.evidence.databases[0].packages[0].name, "zlib");
    }

    #[test]
    fn a_document_without_room_in_memory_asks_for_another_run() {
        let sink = read_with(100, Content::Memory(LOCK.as_bytes()));
        assert!(sink.is_short);
        assert!(!sink.evidence.databases[0].readable);
    }

    #[test]
    fn documents_that_are_nested_too_deeply_are_unreadable() {
        let lists = "[".repeat(100_000);
        let mappings: String = (0..1000).map(|depth| " ".repeat(depth) + "a:\n").collect();
        for (path, content) in [
            ("conan.lock", lists.as_str()),
            ("pubspec.lock", &format!("a: {lists}")),
            ("pubspec.lock", &mappings),
        ] {
            assert_eq!(problems(path, content), 1, "{path}");
        }
    }

    #[test]
    fn an_alias_of_yaml_is_not_followed() {
        let content = "a: &a [x]\npackages: *a\n";
        assert_eq!(problems("pubspec.lock", content), 1);
    }
}
