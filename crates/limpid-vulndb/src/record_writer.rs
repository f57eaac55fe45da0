use crate::Error;
use crate::codec::{put_bytes, put_delta, put_varint};
use crate::file_writer::FileWriter;
use crate::format::{CHUNK_BYTES, CHUNK_CONTINUES, CHUNK_HEADER_BYTES, Section, checksum_at};
use crate::index::IndexWriter;
use crate::record::{Previous, put_constraint};
use crate::staging::StagedRecord;
use crate::table::TableBuilder;

/// Writes the section of records, and gathers the index and the tables.
pub(crate) struct RecordWriter {
    gathered: Gathered,
    /// The chunk that is being filled, with room for its header; empty between chunks.
    chunk: Vec<u8>,
    /// The package that the chunk is of.
    package: Option<(u32, String)>,
    previous: Previous,
    scratch: Vec<u8>,
}

/// What comes of writing the records.
pub(crate) struct Gathered {
    pub(crate) index: IndexWriter,
    pub(crate) facets: TableBuilder,
    pub(crate) terms: TableBuilder,
    /// Records by namespace.
    pub(crate) counts: Vec<u64>,
}

impl RecordWriter {
    pub(crate) fn new(index: IndexWriter, namespaces: usize) -> Self {
        Self {
            gathered: Gathered {
                index,
                facets: TableBuilder::default(),
                terms: TableBuilder::default(),
                counts: vec![0; namespaces],
            },
            chunk: Vec::new(),
            package: None,
            previous: Previous::default(),
            scratch: Vec::new(),
        }
    }

    /// Ends the section.
    pub(crate) fn finish(mut self, writer: &mut FileWriter) -> Result<Gathered, Error> {
        self.close_chunk(writer, false)?;
        writer.end_section(Section::Records)?;
        Ok(self.gathered)
    }

    /// Adds the next record in the final order.
    pub(crate) fn write(
        &mut self,
        writer: &mut FileWriter,
        record: &StagedRecord<'_>,
    ) -> Result<(), Error> {
        let same_package = self.package.as_ref().is_some_and(|(namespace, name)| {
            *namespace == record.namespace && *name == record.package
        });
        if !same_package {
            self.close_chunk(writer, false)?;
            let offset = writer.section_length();
            self.gathered
                .index
                .add(record.namespace, &record.package, offset)?;
            self.package = Some((record.namespace, record.package.clone()));
            self.open_chunk();
        } else if self.chunk.len() >= CHUNK_BYTES {
            self.close_chunk(writer, true)?;
            self.open_chunk();
        }
        self.scratch.clear();
        put_delta(&mut self.scratch, &mut self.previous.id, &record.id);
        put_varint(&mut self.scratch, record.text);
        self.gathered.facets.put(&mut self.scratch, record.facet);
        self.gathered.terms.put(&mut self.scratch, record.term);
        put_constraint(
            &mut self.scratch,
            &mut self.previous,
            &record.ranges,
            &record.listed,
        );
        put_bytes(&mut self.chunk, &self.scratch);
        if let Some(count) = self.gathered.counts.get_mut(record.namespace as usize) {
            *count += 1;
        }
        Ok(())
    }

    fn open_chunk(&mut self) {
        self.previous = Previous::default();
        self.chunk.clear();
        self.chunk.resize(CHUNK_HEADER_BYTES + 1, 0);
        if let Some((namespace, name)) = &self.package {
            put_varint(&mut self.chunk, u64::from(*namespace));
            put_bytes(&mut self.chunk, name.as_bytes());
        }
    }

    /// Writes the chunk, if there is one.
    fn close_chunk(&mut self, writer: &mut FileWriter, continues: bool) -> Result<(), Error> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let size = u32::try_from(self.chunk.len() - CHUNK_HEADER_BYTES).unwrap_or(u32::MAX);
        let flags = if continues { CHUNK_CONTINUES } else { 0 };
        // The checksum covers everything after itself.
        let (checksum, covered) = self.chunk.split_at_mut(4);
        let (size_bytes, content) = covered.split_at_mut(4);
        size_bytes.copy_from_slice(&size.to_le_bytes());
        content
            .first_mut()
            .into_iter()
            .for_each(|first| *first = flags);
        let sum = checksum_at(writer.section_length(), covered);
        checksum.copy_from_slice(&sum.to_le_bytes());
        writer.write(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}
