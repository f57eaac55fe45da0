use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use limpid_types::{Advisory, Digest};

use crate::dictionary::Samples;
use crate::error::excerpt;
use crate::file_writer::FileWriter;
use crate::format::{MAX_NAMESPACES, Section};
use crate::index::IndexWriter;
use crate::note_writer::NoteWriter;
use crate::record_writer::RecordWriter;
use crate::sorter::{Sorted, Sorter};
use crate::staging::{Staged, StagedRecord, Statement, split_text};
use crate::texts::TextWriter;
use crate::{Error, SnapshotMeta};

/// The most bytes that the names of all namespaces may have.
const MAX_NAMESPACE_BYTES: usize = 4 * 1024 * 1024;

/// What a build may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildLimits {
    /// Memory for sorting; a build takes some megabytes more than this, whatever the feed.
    pub memory_bytes: usize,
}

impl Default for BuildLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A snapshot that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltSnapshot {
    /// Digest of the file, which is its name too.
    pub digest: Digest,
    /// The file.
    pub path: PathBuf,
    /// How many records it has.
    pub records: u64,
    /// How large it is.
    pub bytes: u64,
}

/// Writes a snapshot from advisories in any order.
///
/// Memory does not grow with the number of advisories. Advisories that are equal in every field
/// are stored once.
pub struct SnapshotBuilder {
    spool: PathBuf,
    limits: BuildLimits,
    namespaces: BTreeMap<String, u32>,
    namespace_bytes: usize,
    texts: Sorter,
    statements: Sorter,
    notes: NoteWriter,
    samples: Samples,
    /// Hashes of texts that were spooled lately, each at a place that its hash decides.
    recent_texts: Vec<u128>,
    staged: Staged,
}

impl SnapshotBuilder {
    /// Starts a build that keeps its temporary files, which have no names, in `spool`.
    pub fn new(spool: &Path, limits: BuildLimits) -> Result<Self, Error> {
        // Says early and clearly when the directory cannot be used.
        tempfile::tempfile_in(spool).map_err(Error::io("make a temporary file", spool))?;
        Ok(Self {
            spool: spool.to_owned(),
            limits,
            namespaces: BTreeMap::new(),
            namespace_bytes: 0,
            texts: Sorter::new(spool, limits.memory_bytes / 4),
            statements: Sorter::new(spool, limits.memory_bytes / 2),
            notes: NoteWriter::new(spool, limits.memory_bytes / 8),
            samples: Samples::default(),
            recent_texts: vec![0; limits.memory_bytes / 256 + 1],
            staged: Staged::default(),
        })
    }

    /// Takes in an advisory. One that is refused as too large leaves no trace, and the build can
    /// go on.
    pub fn add(&mut self, advisory: &Advisory) -> Result<(), Error> {
        self.staged.fill(advisory)?;
        let namespace = self.namespace(&advisory.namespace)?;
        let Staged {
            key,
            texts,
            package,
            body,
            text_hash,
            ..
        } = &self.staged;
        if remember(&mut self.recent_texts, *text_hash) {
            self.samples.offer(*text_hash, texts);
            self.texts.push(&[key, texts])?;
        }
        self.statements
            .push(&[key, &namespace.to_be_bytes(), package, body])
    }

    /// Takes in a fact that is no advisory: what a table says of a key. Of several for the same
    /// key the one with the least value is stored. One that is refused as too large leaves no
    /// trace, and the build can go on.
    pub fn note(&mut self, table: &str, key: &str, value: &str) -> Result<(), Error> {
        self.notes.add(table, key, value)
    }

    /// Writes the snapshot into a directory, durably, under the name of its digest.
    pub fn finish(self, meta: SnapshotMeta, directory: &Path) -> Result<BuiltSnapshot, Error> {
        let mut writer = FileWriter::new(directory)?;
        let dictionary = self.samples.train();
        drop(self.recent_texts);

        let mut records = Sorter::new(&self.spool, self.limits.memory_bytes / 4);
        let mut text_writer = TextWriter::new(&self.spool, &dictionary)?;
        let order = final_order(&self.namespaces);
        join(
            self.texts,
            self.statements,
            &order,
            &mut |text| text_writer.write(&mut writer, text),
            &mut records,
        )?;
        let details = text_writer.finish(&mut writer)?;

        let index = IndexWriter::new(&self.spool, self.limits.memory_bytes / 8);
        let mut record_writer = RecordWriter::new(index, order.len());
        let mut sorted = records.finish()?;
        while let Some(item) = sorted.next()? {
            record_writer.write(&mut writer, &StagedRecord::read(item)?)?;
        }
        drop(sorted);
        let written = record_writer.finish(&mut writer)?;
        let packages = written.index.finish(&mut writer, &self.spool)?;
        let notes = self.notes.finish(&mut writer, &self.spool)?;

        let count = written.counts.iter().sum();
        let meta = SnapshotMeta {
            namespaces: self.namespaces.into_keys().zip(written.counts).collect(),
            records: count,
            packages,
            details,
            notes,
            ..meta
        };
        let json = serde_json::to_vec(&meta)
            .map_err(|error| Error::io("encode the meta data for", directory)(error.into()))?;
        writer.section(Section::Meta, &json)?;
        writer.section(Section::Facets, &written.facets.finish())?;
        writer.section(Section::Terms, &written.terms.finish())?;
        writer.section(Section::Dictionary, &dictionary)?;
        let (digest, path, bytes) = writer.finish(directory)?;
        Ok(BuiltSnapshot {
            digest,
            path,
            records: count,
            bytes,
        })
    }

    /// Returns the number of a namespace in the order of their first use.
    fn namespace(&mut self, name: &str) -> Result<u32, Error> {
        if let Some(&number) = self.namespaces.get(name) {
            return Ok(number);
        }
        self.namespace_bytes += name.len();
        if self.namespaces.len() >= MAX_NAMESPACES || self.namespace_bytes > MAX_NAMESPACE_BYTES {
            self.namespace_bytes -= name.len();
            return Err(Error::TooManyNamespaces {
                namespace: excerpt(name),
                limit: MAX_NAMESPACES,
            });
        }
        let number = u32::try_from(self.namespaces.len()).unwrap_or(u32::MAX);
        self.namespaces.insert(name.to_owned(), number);
        Ok(number)
    }
}

/// Remembers a hash; returns false when it was remembered already.
fn remember(recent: &mut [u128], hash: u128) -> bool {
    let place = usize::try_from(hash % recent.len() as u128).unwrap_or_default();
    match recent.get_mut(place) {
        Some(slot) if *slot == hash => false,
        Some(slot) => {
            *slot = hash;
            true
        }
        None => true,
    }
}

/// Returns the numbers of namespaces by name, by their numbers in the order of first use.
fn final_order(namespaces: &BTreeMap<String, u32>) -> Vec<u32> {
    let mut order = vec![0; namespaces.len()];
    for (by_name, &by_use) in (0..).zip(namespaces.values()) {
        if let Some(slot) = order.get_mut(by_use as usize) {
            *slot = by_name;
        }
    }
    order
}

/// Writes the texts in order and gives each statement the number of its text.
fn join(
    texts: Sorter,
    statements: Sorter,
    order: &[u32],
    write_text: &mut impl FnMut(&[u8]) -> Result<u64, Error>,
    records: &mut Sorter,
) -> Result<(), Error> {
    let mut texts = texts.finish()?;
    let mut statements = statements.finish()?;
    let mut key = Vec::new();
    let mut number = 0;
    while let Some(item) = statements.next()? {
        let statement = Statement::read(item)?;
        if statement.key != key {
            let text = texts
                .next()?
                .ok_or_else(|| Sorted::damaged("statement without texts"))?;
            let (text_key, text) = split_text(text)?;
            if text_key != statement.key {
                return Err(Sorted::damaged("statement and texts do not meet"));
            }
            number = write_text(text)?;
            key.clear();
            key.extend_from_slice(text_key);
        }
        let namespace = order
            .get(statement.namespace as usize)
            .ok_or_else(|| Sorted::damaged("statement of an unknown namespace"))?;
        records.push(&[
            &namespace.to_be_bytes(),
            statement.ordered_package,
            statement.ordered_id,
            &number.to_be_bytes(),
            statement.body,
        ])?;
    }
    Ok(())
}
