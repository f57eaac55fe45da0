//! The forms that an advisory has in the sorters of a build.
//!
//! | Sorter | Item |
//! |---|---|
//! | texts | key, encoded texts |
//! | statements | key, namespace as first seen (4), ordered package, body |
//! | records | rank of the namespace by name (4), ordered package, ordered id, text number (8), body |
//!
//! The key of a text is the ordered id and the hash (16) of the texts. The hash only tells apart
//! texts for the same id in the same feed, so nobody gains by finding two that collide.

use limpid_types::Advisory;
use limpid_version::Range;
use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Cursor, put_bytes, put_ordered};
use crate::error::excerpt;
use crate::format::{MAX_RECORD_BYTES, Section};
use crate::record::{Previous, put_constraint, put_facet, put_term, read_constraint};
use crate::{Error, details};

/// An advisory in the parts that go to the sorters.
#[derive(Default)]
pub(crate) struct Staged {
    pub(crate) key: Vec<u8>,
    pub(crate) texts: Vec<u8>,
    pub(crate) package: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) text_hash: u128,
    /// Whether the texts were passed on. To be set by whoever does so; other texts reset it.
    pub(crate) has_passed_texts: bool,
    id: String,
    scratch: Vec<u8>,
}

impl Staged {
    /// Replaces what is staged.
    pub(crate) fn fill(&mut self, advisory: &Advisory) -> Result<(), Error> {
        self.fill_texts(advisory);
        self.package.clear();
        put_ordered(&mut self.package, &advisory.package.name);
        self.fill_body(advisory);
        let bytes =
            self.key.len() + advisory.namespace.len() + self.package.len() + self.body.len();
        if bytes > MAX_RECORD_BYTES {
            return Err(Error::AdvisoryTooLarge {
                id: excerpt(&advisory.id),
                bytes,
                limit: MAX_RECORD_BYTES,
            });
        }
        Ok(())
    }

    /// Stages id and texts, which mostly are those of the advisory before.
    fn fill_texts(&mut self, advisory: &Advisory) {
        self.scratch.clear();
        details::encode(&mut self.scratch, &advisory.details);
        if self.id == advisory.id && self.texts == self.scratch {
            return;
        }
        self.id.clone_from(&advisory.id);
        std::mem::swap(&mut self.texts, &mut self.scratch);
        self.key.clear();
        put_ordered(&mut self.key, &advisory.id);
        let hash = xxh3_128(&self.texts);
        self.key.extend_from_slice(&hash.to_be_bytes());
        self.text_hash = xxh3_128(&self.key);
        self.has_passed_texts = false;
    }

    fn fill_body(&mut self, advisory: &Advisory) {
        self.body.clear();
        self.scratch.clear();
        put_facet(&mut self.scratch, &advisory.package);
        put_bytes(&mut self.body, &self.scratch);
        self.scratch.clear();
        let versions = &advisory.versions;
        put_term(
            &mut self.scratch,
            advisory.status,
            versions.scheme,
            &advisory.rating,
        );
        put_bytes(&mut self.body, &self.scratch);
        let mut previous = Previous::default();
        put_constraint(
            &mut self.body,
            &mut previous,
            &versions.ranges,
            &versions.enumerated,
        );
    }
}

/// An item of the sorter of statements.
pub(crate) struct Statement<'a> {
    pub(crate) key: &'a [u8],
    /// The key's first part, as [`put_ordered`] wrote it.
    pub(crate) ordered_id: &'a [u8],
    pub(crate) namespace: u32,
    pub(crate) ordered_package: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Statement<'a> {
    pub(crate) fn read(item: &'a [u8]) -> Result<Self, Error> {
        let (key, ordered_id) = split_key(item)?;
        let mut cursor = spool_cursor(item.get(key.len()..).unwrap_or_default());
        let namespace = u32::from_be_bytes(cursor.array()?);
        let rest = cursor.rest();
        cursor.ordered_bytes()?;
        let body = cursor.rest();
        Ok(Self {
            key,
            ordered_id,
            namespace,
            ordered_package: rest.get(..rest.len() - body.len()).unwrap_or_default(),
            body,
        })
    }
}

/// Splits an item of the sorter of texts into its key and the texts.
pub(crate) fn split_text(item: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (key, _) = split_key(item)?;
    Ok((key, item.get(key.len()..).unwrap_or_default()))
}

fn split_key(item: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let mut cursor = spool_cursor(item);
    let id = cursor.ordered_bytes()?;
    cursor.take(16)?;
    let key_length = item.len() - cursor.rest().len();
    let key = item.get(..key_length).unwrap_or_default();
    Ok((key, item.get(..id.len() + 2).unwrap_or_default()))
}

/// An item of the sorter of records.
pub(crate) struct StagedRecord<'a> {
    pub(crate) namespace: u32,
    pub(crate) package: String,
    pub(crate) id: String,
    pub(crate) text: u64,
    pub(crate) facet: &'a [u8],
    pub(crate) term: &'a [u8],
    pub(crate) ranges: Vec<Range>,
    pub(crate) listed: Vec<String>,
}

impl<'a> StagedRecord<'a> {
    /// Reads an item; `numbers` has the final numbers of namespaces by rank.
    pub(crate) fn read(item: &'a [u8], numbers: &[u32]) -> Result<Self, Error> {
        let mut cursor = spool_cursor(item);
        let rank = u32::from_be_bytes(cursor.array()?);
        let namespace = numbers.get(rank as usize).copied();
        let namespace = namespace.ok_or_else(|| cursor.corrupt("unknown namespace"))?;
        let package = cursor.ordered()?;
        let id = cursor.ordered()?;
        let text = u64::from_be_bytes(cursor.array()?);
        let facet = cursor.bytes()?;
        let term = cursor.bytes()?;
        let (ranges, listed) = read_constraint(&mut cursor, &mut Previous::default())?;
        Ok(Self {
            namespace,
            package,
            id,
            text,
            facet,
            term,
            ranges,
            listed,
        })
    }
}

fn spool_cursor(item: &[u8]) -> Cursor<'_> {
    Cursor::new(item, Section::Spool, 0)
}
