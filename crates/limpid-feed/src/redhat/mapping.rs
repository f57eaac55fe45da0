//! Red Hat's mappings from what is installed to what advisories speak of.
//!
//! | feed | document | table of notes | key | value, one a line |
//! |---|---|---|---|---|
//! | `rhel-repository-mapping` | `{"data": {"REPOSITORY": {"cpes": [..]}}}` | `repository-to-cpe` | repository id | CPE names |
//! | `rhel-container-names` | `{"data": {"NAME": [..]}}` | `container-name-to-repositories` | name of an image in its build | paths in the registry |
//!
//! They are two feeds, so that one that fails does not hold back the other.

use limpid_types::Cpe;
use serde::Deserialize;

use crate::json::{Elements, JsonReader, Value};
use crate::run::{Run, TOO_LARGE, open_required};
use crate::text::name_fault;
use crate::{
    DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError, Limits, Note, Probe,
    Settings, Sink, Tally,
};

/// Bytes that a value may have. Real ones are below 4 KiB.
const VALUE_BYTES: usize = 256 << 10;

/// Where Red Hat's mappings are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedHatMappingSettings {
    /// Address of the document from repositories to products.
    pub repo2cpe_mapping_url: String,
    /// Address of the document from names of images to repositories of the registry.
    pub name2repos_mapping_url: String,
}

impl Default for RedHatMappingSettings {
    fn default() -> Self {
        const FOLDER: &str = "https://security.access.redhat.com/data/metrics";
        Self {
            repo2cpe_mapping_url: format!("{FOLDER}/repository-to-cpe.json"),
            name2repos_mapping_url: format!("{FOLDER}/container-name-repos-map.json"),
        }
    }
}

/// The family of both.
pub(crate) struct RedHatMapping {
    repositories: String,
    containers: String,
    limits: Limits,
}

impl RedHatMapping {
    pub(crate) fn new(settings: &Settings) -> Self {
        let urls = &settings.rhel_mapping;
        Self {
            repositories: urls.repo2cpe_mapping_url.clone(),
            containers: urls.name2repos_mapping_url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for RedHatMapping {
    fn name(&self) -> &'static str {
        "rhel-mapping"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let feed = |name, table, url: &String, values| -> Box<dyn Feed> {
            Box::new(MappingFeed {
                name,
                table,
                url: url.clone(),
                values,
                limits: self.limits.clone(),
            })
        };
        Ok(vec![
            feed(
                "rhel-repository-mapping",
                "repository-to-cpe",
                &self.repositories,
                product_names,
            ),
            feed(
                "rhel-container-names",
                "container-name-to-repositories",
                &self.containers,
                paths,
            ),
        ])
    }
}

/// The lines of a value, and what was wrong with those that are left out.
struct Lines {
    good: Vec<String>,
    fault: Option<String>,
}

/// One mapping.
struct MappingFeed {
    name: &'static str,
    table: &'static str,
    url: String,
    values: fn(&[u8]) -> Result<Lines, serde_json::Error>,
    limits: Limits,
}

impl Feed for MappingFeed {
    fn name(&self) -> &str {
        self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let input = open_required(documents, &self.url)?;
        let mut json = JsonReader::new(&self.url, input, self.limits.record_bytes);
        let mut run = Run::new(self.name, &self.url, sink);
        let mut has_data = false;
        json.enter_document()?;
        while let Some(name) = json.next_member()? {
            if name.text == "data" && !has_data && json.enter_object()? {
                has_data = true;
                self.read(&mut json, &mut run)?;
            } else {
                json.skip_value()?;
            }
        }
        json.finish()?;
        if has_data {
            Ok(run.finish())
        } else {
            Err(json.fail(DocumentFault::MissingMember("data")))
        }
    }
}

impl MappingFeed {
    fn read(&self, json: &mut JsonReader, run: &mut Run<'_>) -> Result<(), FeedError> {
        while let Some(key) = json.next_member()? {
            let offset = Some(json.offset());
            if let Some(fault) = key.fault() {
                json.skip_value()?;
                run.quarantine(key.text, offset, fault)?;
                continue;
            }
            let lines = match json.value()? {
                Value::Whole(value) => (self.values)(value).map_err(|error| error.to_string()),
                Value::TooLarge => Err(TOO_LARGE.to_owned()),
            };
            match lines {
                Ok(lines) => self.note(key.text, lines, offset, run)?,
                Err(fault) => run.quarantine(key.text, offset, fault)?,
            }
        }
        Ok(())
    }

    fn note(
        &self,
        key: String,
        lines: Lines,
        offset: Option<u64>,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        if let Some(fault) = lines.fault {
            run.quarantine(&*key, offset, fault)?;
        }
        let value = lines.good.join("\n");
        if value.len() > VALUE_BYTES {
            return run.quarantine(key, offset, TOO_LARGE);
        }
        // What maps to nothing is not mapped.
        if value.is_empty() {
            return Ok(());
        }
        run.note(Note {
            table: self.table.to_owned(),
            key,
            value,
        })
    }
}

fn product_names(value: &[u8]) -> Result<Lines, serde_json::Error> {
    #[derive(Deserialize)]
    struct Repository {
        cpes: Elements<String>,
    }
    let repository: Repository = serde_json::from_slice(value)?;
    Ok(checked(repository.cpes.0, |cpe| {
        Cpe::parse(cpe).err().map(|error| error.to_string())
    }))
}

fn paths(value: &[u8]) -> Result<Lines, serde_json::Error> {
    let paths: Elements<String> = serde_json::from_slice(value)?;
    Ok(checked(paths.0, |path| name_fault(path).map(str::to_owned)))
}

fn checked(texts: Vec<String>, fault: impl Fn(&str) -> Option<String>) -> Lines {
    let mut lines = Lines {
        good: Vec::new(),
        fault: None,
    };
    for text in texts {
        match fault(&text) {
            None => lines.good.push(text),
            Some(found) => lines.fault = Some(found),
        }
    }
    lines
}
