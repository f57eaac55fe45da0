use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use limpid_types::{Advisory, Digest};

use crate::carried::CarriedTexts;
use crate::codec::put_ordered;
use crate::error::excerpt;
use crate::file_writer::FileWriter;
use crate::format::{MAX_NAMESPACES, Section};
use crate::index::IndexWriter;
use crate::join::Join;
use crate::namespace_ranks::NamespaceRanks;
use crate::note_writer::NoteWriter;
use crate::record_writer::RecordWriter;
use crate::sorter::Sorter;
use crate::staging::{Staged, StagedRecord};
use crate::text_spool::TextSpool;
use crate::texts::TextWriter;
use crate::{Carried, Error, SnapshotMeta};

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
    /// How many of them were taken over from an earlier snapshot.
    pub carried: u64,
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
    /// Ordered ids of advisories that are left out.
    rejected: BTreeSet<Vec<u8>>,
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
            rejected: BTreeSet::new(),
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
            has_passed_texts,
            ..
        } = &mut self.staged;
        if !*has_passed_texts && remember(&mut self.recent_texts, *text_hash) {
            self.texts.push(&[key, texts])?;
        }
        *has_passed_texts = true;
        self.statements
            .push(&[key, &namespace.to_be_bytes(), package, body])
    }

    /// Takes in a fact that is no advisory: what a table says of a key. Of several for the same
    /// key the one with the least value is stored. One that is refused as too large leaves no
    /// trace, and the build can go on.
    pub fn note(&mut self, table: &str, key: &str, value: &str) -> Result<(), Error> {
        self.notes.add(table, key, value)
    }

    /// Leaves out all advisories with an id that were taken in, whatever comes of them later.
    pub fn reject(&mut self, id: &str) {
        let mut ordered = Vec::new();
        put_ordered(&mut ordered, id);
        self.rejected.insert(ordered);
    }

    /// Tells whether an advisory of a namespace was taken in.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains_key(name)
    }

    /// Writes the snapshot into a directory, durably, under the name of its digest.
    pub fn finish(self, meta: SnapshotMeta, directory: &Path) -> Result<BuiltSnapshot, Error> {
        self.assemble(None, meta, directory)
    }

    /// Writes the snapshot as [`SnapshotBuilder::finish`] does, together with records of an
    /// earlier one. The file is the same as if those had been taken in like all others. Notes are
    /// not taken over.
    pub fn finish_upon(
        self,
        earlier: Carried<'_>,
        meta: SnapshotMeta,
        directory: &Path,
    ) -> Result<BuiltSnapshot, Error> {
        self.assemble(Some(earlier), meta, directory)
    }

    fn assemble(
        self,
        earlier: Option<Carried<'_>>,
        meta: SnapshotMeta,
        directory: &Path,
    ) -> Result<BuiltSnapshot, Error> {
        let mut writer = FileWriter::new(directory)?;
        drop(self.recent_texts);
        let memory_bytes = self.limits.memory_bytes;
        let mut ranks = NamespaceRanks::new(&self.namespaces, earlier)?;
        let mut records = Sorter::new(&self.spool, memory_bytes / 4);
        let mut texts = TextSpool::new(&self.spool)?;
        let mut carried_texts = CarriedTexts::find(earlier, &self.spool, memory_bytes / 16)?;
        let join = Join {
            rejected: &self.rejected,
            carried: &mut carried_texts,
            ranks: &mut ranks,
            spool: &mut texts,
            records: &mut records,
        };
        join.run(self.texts, self.statements)?;
        let carried = match earlier {
            Some(earlier) => earlier.records(&carried_texts, &mut ranks, &mut records)?,
            None => 0,
        };
        drop(carried_texts);

        let (dictionary, mut texts) = texts.finish()?;
        let mut text_writer = TextWriter::new(&self.spool, &dictionary)?;
        while let Some(text) = texts.next()? {
            text_writer.write(&mut writer, text)?;
        }
        let details = text_writer.finish(&mut writer)?;

        let (namespaces, numbers) = ranks.finish();
        let index = IndexWriter::new(&self.spool, memory_bytes / 8);
        let mut record_writer = RecordWriter::new(index, namespaces.len());
        let mut sorted = records.finish()?;
        while let Some(item) = sorted.next()? {
            record_writer.write(&mut writer, &StagedRecord::read(item, &numbers)?)?;
        }
        drop(sorted);
        let written = record_writer.finish(&mut writer)?;
        let packages = written.index.finish(&mut writer, &self.spool)?;
        let notes = self.notes.finish(&mut writer, &self.spool)?;

        let count = written.counts.iter().sum();
        let meta = SnapshotMeta {
            namespaces: namespaces.into_iter().zip(written.counts).collect(),
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
            carried,
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
