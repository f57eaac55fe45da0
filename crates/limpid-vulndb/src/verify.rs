use limpid_types::Digest;
use xxhash_rust::xxh3::xxh3_64;

use crate::format::{HEADER_BYTES, Section};
use crate::{Error, Snapshot};

impl Snapshot {
    /// Checks every byte: the digest against the file's name if it has one, all checksums, every
    /// record and text, and that every package can be found and every count is right.
    pub fn verify(&self) -> Result<(), Error> {
        self.verify_digest()?;
        self.verify_sections()?;
        self.verify_records()?;
        self.verify_texts()?;
        self.verify_notes()
    }

    fn verify_digest(&self) -> Result<(), Error> {
        let Some(expected) = &self.named_digest else {
            return Ok(());
        };
        let found = Digest::sha256(&self.content);
        if found == *expected {
            return Ok(());
        }
        Err(Error::DigestMismatch {
            expected: expected.clone(),
            found,
        })
    }

    /// Sections without gaps leave no byte that no checksum covers.
    fn verify_sections(&self) -> Result<(), Error> {
        let mut end = HEADER_BYTES;
        for entry in &self.sections {
            let place = entry.range.start as u64;
            if entry.range.start != end {
                return Err(Section::Trailer.corrupt(place, "gap between sections"));
            }
            end = entry.range.end;
            let bytes = self.content.get(entry.range.clone()).unwrap_or_default();
            if xxh3_64(bytes) != entry.checksum {
                return Err(Section::Trailer.corrupt(place, "checksum of a section does not match"));
            }
        }
        Ok(())
    }

    fn verify_records(&self) -> Result<(), Error> {
        let wrong = |offset, cause| Err(Section::Records.corrupt(offset, cause));
        let mut offset = 0;
        let mut packages = 0;
        let mut continued = false;
        let mut last: Option<(u32, &str)> = None;
        while offset < self.records_length() {
            let chunk = self.chunk(offset)?;
            let package = (chunk.namespace, chunk.package);
            if continued != (last == Some(package)) || Some(package) < last {
                return wrong(offset, "chunks are not in order");
            }
            if !continued {
                packages += 1;
                let mut found = self.index().find(chunk.namespace, chunk.package)?;
                if !found.any(|found| found == offset) {
                    return wrong(offset, "package is not in the index");
                }
            }
            continued = chunk.continues;
            last = Some(package);
            offset = chunk.end;
        }
        let meta = self.meta();
        if continued || packages != meta.packages || self.index().count()? != packages {
            return wrong(offset, "packages and index do not agree");
        }
        let mut counts = vec![0; meta.namespaces.len()];
        for record in self {
            let record = record?;
            if record.details.0 >= meta.details {
                return wrong(offset, "record with unknown texts");
            }
            let position = meta
                .namespaces
                .binary_search_by(|(name, _)| name.as_str().cmp(record.namespace));
            if let Some(count) = position.ok().and_then(|position| counts.get_mut(position)) {
                *count += 1;
            }
        }
        if counts.iter().sum::<u64>() != meta.records
            || !meta.namespaces.iter().map(|(_, count)| count).eq(&counts)
        {
            return wrong(offset, "records are not as many as the meta data says");
        }
        Ok(())
    }

    fn verify_texts(&self) -> Result<(), Error> {
        let texts = self.texts();
        let count = texts.count();
        for number in 0..count {
            texts.read(number)?;
        }
        if count != self.meta().details {
            let cause = "texts are not as many as the meta data says";
            return Err(Section::Texts.corrupt(0, cause));
        }
        Ok(())
    }

    fn verify_notes(&self) -> Result<(), Error> {
        if self.note_blocks().verify()? == self.meta().notes {
            return Ok(());
        }
        let cause = "notes are not as many as the meta data says";
        Err(Section::Notes.corrupt(0, cause))
    }
}
