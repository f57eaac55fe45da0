use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use limpid_testkit::layer::LayerBuilder;
use serde_json::Value;

use super::image::SOURCES;
use super::write;

const HOST: &str = "security.access.redhat.com/data";
/// Where the documents are among the real feeds, and where the program looks for them.
const REAL: &str = "csaf/v2/vex";
const DEFAULT: &str = "csaf/v2/vex-feed";
const MAPPINGS: [&str; 2] = [
    "metrics/repository-to-cpe.json",
    "metrics/container-name-repos-map.json",
];
const ARCHIVE: &str = "csaf_vex_2026-01-01.tar.zst";
const BEFORE_ARCHIVE: &str = "2025-06-01T00:00:00+00:00";
const AFTER_ARCHIVE: &str = "2026-02-01T00:00:00+00:00";

/// Makes many VEX documents of a few.
pub(super) struct Generator {
    documents: Vec<Document>,
    target: PathBuf,
    mappings: Vec<Vec<u8>>,
}

/// A real document.
struct Document {
    text: String,
    id: String,
    /// The package that it is mainly about.
    package: String,
    statements: usize,
}

/// What was generated.
pub(super) struct Generated {
    pub(super) statements: usize,
    pub(super) bytes: u64,
    pub(super) mapping_bytes: u64,
    members: BTreeMap<String, &'static str>,
}

impl Generator {
    /// Reads the real documents.
    pub(super) fn new(feeds: &Path, mirror: &Path) -> Result<Self> {
        let mut documents = Vec::new();
        let folder = feeds.join(HOST).join(REAL);
        let mut years: Vec<PathBuf> = entries(&folder)?;
        years.retain(|path| path.is_dir());
        for year in years {
            for path in entries(&year)? {
                documents.extend(Document::read(&path)?);
            }
        }
        anyhow::ensure!(!documents.is_empty(), "no document in {}", folder.display());
        Ok(Self {
            documents,
            target: mirror.join(HOST),
            mappings: MAPPINGS
                .iter()
                .map(|name| fs::read(feeds.join(HOST).join(name)).context(*name))
                .collect::<Result<_>>()?,
        })
    }

    /// Writes an archive with so many product statements, and the lists beside it.
    pub(super) fn generate(&self, statements: usize) -> Result<Generated> {
        let folder = self.target.join(DEFAULT);
        fs::create_dir_all(&folder)?;
        let file = BufWriter::new(File::create(folder.join(ARCHIVE))?);
        let mut archive = zstd::Encoder::new(file, 1)?;
        let mut made = Generated {
            statements: 0,
            bytes: 0,
            mapping_bytes: self.mappings.iter().map(|it| it.len() as u64).sum(),
            members: BTreeMap::new(),
        };
        for number in 0.. {
            if made.statements >= statements {
                break;
            }
            let document = &self.documents[number % self.documents.len()];
            let (member, text) = document.copy(number);
            let entry = LayerBuilder::new().file(&member, &text);
            archive.write_all(&entry.build_without_end())?;
            made.statements += document.statements;
            made.bytes += text.len() as u64;
            made.members.insert(member, BEFORE_ARCHIVE);
        }
        archive.write_all(&[0; 1024])?;
        archive.finish()?.flush()?;
        write(&folder.join("archive_latest.txt"), ARCHIVE.as_bytes())?;
        write(&folder.join("deletions.csv"), b"")?;
        for (name, content) in MAPPINGS.iter().zip(&self.mappings) {
            write(&self.target.join(name), content)?;
        }
        self.write_changes(&made.members)?;
        Ok(made)
    }

    /// Changes so many documents, and returns how many bytes they have.
    pub(super) fn change(&self, made: &Generated, count: usize) -> Result<u64> {
        let mut members = made.members.clone();
        let mut bytes = 0;
        let step = (members.len() / count).max(1);
        for number in (0..members.len()).step_by(step).take(count) {
            let document = &self.documents[number % self.documents.len()];
            let (member, text) = document.copy(number);
            let text = text.replace("-1.el", "-2.el");
            write(&self.target.join(DEFAULT).join(&member), text.as_bytes())?;
            bytes += text.len() as u64;
            members.insert(member, AFTER_ARCHIVE);
        }
        self.write_changes(&members)?;
        Ok(bytes)
    }

    fn write_changes(&self, members: &BTreeMap<String, &'static str>) -> Result<()> {
        let mut rows = String::new();
        for (member, time) in members {
            writeln!(rows, "\"{member}\",\"{time}\"")?;
        }
        write(
            &self.target.join(DEFAULT).join("changes.csv"),
            rows.as_bytes(),
        )
    }
}

impl Document {
    fn read(path: &Path) -> Result<Option<Self>> {
        let text = fs::read_to_string(path)?;
        let json: Value = serde_json::from_str(&text)?;
        let Some(id) = json["document"]["tracking"]["id"].as_str() else {
            return Ok(None);
        };
        let lists = json["vulnerabilities"][0]["product_status"].as_object();
        let statements = lists
            .into_iter()
            .flat_map(|lists| lists.values())
            .filter_map(Value::as_array)
            .map(Vec::len)
            .sum();
        Ok(Some(Self {
            id: id.to_owned(),
            package: main_package(&text),
            statements,
            text,
        }))
    }

    /// Writes the document again under another id and about another package. Returns its path and
    /// its text.
    fn copy(&self, number: usize) -> (String, String) {
        let year = 2015 + number % 11;
        let id = format!("CVE-{year}-{}", 100_000 + number);
        let source = SOURCES[number / 7 % SOURCES.len()];
        let mut text = self.text.replace(&self.id, &id);
        if !self.package.is_empty() {
            text = text.replace(&self.package, source);
        }
        (format!("{year}/{}.json", id.to_lowercase()), text)
    }
}

/// Returns the package that most purls of a document begin with.
fn main_package(text: &str) -> String {
    const PURL: &str = "pkg:rpm/redhat/";
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (at, _) in text.match_indices(PURL) {
        let rest = &text[at + PURL.len()..];
        let end = rest.find(['@', '?', '"', '-']).unwrap_or(0);
        if let Some(name) = rest.get(..end).filter(|name| name.len() > 3) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let most = counts
        .into_iter()
        .max_by_key(|(name, count)| (*count, name.len()));
    most.map_or_else(String::new, |(name, _)| name.to_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot read {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    Ok(paths)
}
