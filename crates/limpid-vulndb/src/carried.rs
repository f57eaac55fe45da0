//! Taking records over from an earlier snapshot, without making advisories of them again.
//!
//! Texts are kept by id and hash in every snapshot, so those of the earlier one come in order and
//! only get other numbers. Its records go through the sorter of records with the new ones, as the
//! bytes that they were.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Cursor, put_bytes, put_ordered};
use crate::format::Section;
use crate::namespace_ranks::NamespaceRanks;
use crate::record::{Previous, put_constraint, read_constraint};
use crate::sorter::{Sorted, Sorter};
use crate::text_spool::TextSpool;
use crate::{Error, Snapshot};

/// What a build takes over from an earlier snapshot of the same feed.
#[derive(Clone, Copy)]
pub struct Carried<'a> {
    /// The earlier snapshot.
    pub snapshot: &'a Snapshot,
    /// Says by namespace and id which of its records are taken over. It is asked more than once
    /// about the same record.
    pub keeps: &'a dyn Fn(&str, &str) -> bool,
}

/// What is read of a record.
struct Item<'a, 'b> {
    /// Number of its namespace in the earlier snapshot.
    namespace: u32,
    package: &'a str,
    id: &'b str,
    text: u64,
    /// What follows: facet, term, constraint.
    rest: Cursor<'a>,
}

impl<'a> Carried<'a> {
    /// Hands over all records, also those that are not taken over, with whether they are.
    fn each(
        &self,
        mut take: impl FnMut(Item<'a, '_>, &mut Previous, bool) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut offset = 0;
        while offset < self.snapshot.records_length() {
            let mut chunk = self.snapshot.chunk(offset)?;
            let namespace = self
                .snapshot
                .namespace_name(chunk.namespace)
                .ok_or_else(|| chunk.records.corrupt("unknown namespace"))?;
            let mut previous = Previous::default();
            let mut id = String::new();
            while !chunk.records.is_empty() {
                let length = chunk.records.varint()?;
                let mut rest = chunk.records.sub_cursor(length)?;
                rest.delta(&mut id)?;
                let text = rest.varint()?;
                let is_kept = (self.keeps)(namespace, &id);
                let item = Item {
                    namespace: chunk.namespace,
                    package: chunk.package,
                    id: &id,
                    text,
                    rest,
                };
                take(item, &mut previous, is_kept)?;
            }
            offset = chunk.end;
        }
        Ok(())
    }

    /// Puts the records that are taken over among the new ones; returns how many there are.
    pub(crate) fn records(
        &self,
        texts: &CarriedTexts<'_>,
        ranks: &mut NamespaceRanks,
        records: &mut Sorter,
    ) -> Result<u64, Error> {
        let (facets, terms) = self.snapshot.tables()?;
        let (mut key, mut body) = (Vec::new(), Vec::new());
        let mut count = 0;
        self.each(|mut item, previous, is_kept| {
            let facet = facets.value(&mut item.rest)?;
            let term = terms.value(&mut item.rest)?;
            // Also of a record that is left out, because the next one is written against it.
            let (ranges, listed) = read_constraint(&mut item.rest, previous)?;
            if !is_kept {
                return Ok(());
            }
            let unknown = || Section::Records.corrupt(item.rest.offset(), "unknown texts");
            let text = texts.new_number(item.text).ok_or_else(unknown)?;
            let rank = ranks.of_earlier(item.namespace).ok_or_else(unknown)?;
            key.clear();
            key.extend_from_slice(&rank.to_be_bytes());
            put_ordered(&mut key, item.package);
            put_ordered(&mut key, item.id);
            key.extend_from_slice(&text.to_be_bytes());
            body.clear();
            put_bytes(&mut body, facet);
            put_bytes(&mut body, term);
            put_constraint(&mut body, &mut Previous::default(), &ranges, &listed);
            count += 1;
            records.push(&[&key, &body])
        })?;
        Ok(count)
    }
}

/// The texts of the records that are taken over, in order.
pub(crate) struct CarriedTexts<'a> {
    earlier: Option<Carried<'a>>,
    /// Number in the earlier snapshot (8) and ordered id of each.
    wanted: Sorted,
    next: Option<NextText>,
    /// From which old number on which new numbers are given, one by one.
    renumbering: Vec<(u64, u64)>,
}

struct NextText {
    number: u64,
    key: Vec<u8>,
    text: Vec<u8>,
}

impl<'a> CarriedTexts<'a> {
    /// Finds the texts of the records that are taken over. Besides the sorter it takes a bit of
    /// memory for each text of the earlier snapshot.
    pub(crate) fn find(
        earlier: Option<Carried<'a>>,
        spool: &Path,
        memory_bytes: usize,
    ) -> Result<Self, Error> {
        let mut wanted = Sorter::new(spool, memory_bytes);
        if let Some(carried) = earlier {
            let mut seen = Seen::new(carried.snapshot.texts().count());
            let mut id = Vec::new();
            carried.each(|item, _, is_kept| {
                if is_kept && seen.is_new(item.text) {
                    id.clear();
                    put_ordered(&mut id, item.id);
                    wanted.push(&[&item.text.to_be_bytes(), &id])?;
                }
                Ok(())
            })?;
        }
        let mut texts = Self {
            earlier,
            wanted: wanted.finish()?,
            next: None,
            renumbering: Vec::new(),
        };
        texts.advance()?;
        Ok(texts)
    }

    /// Appends all texts that come before a key, or all that are left.
    pub(crate) fn write_before(
        &mut self,
        key: Option<&[u8]>,
        out: &mut TextSpool,
    ) -> Result<(), Error> {
        while let Some(next) = &self.next {
            if key.is_some_and(|key| next.key.as_slice() >= key) {
                break;
            }
            let (old, new) = (next.number, out.push(&next.key, &next.text)?);
            self.renumber(old, new);
            self.advance()?;
        }
        Ok(())
    }

    /// Gives the next text the number of a new one that has the same key.
    pub(crate) fn share(&mut self, key: &[u8], new: u64) -> Result<(), Error> {
        if let Some(next) = &self.next
            && next.key == key
        {
            self.renumber(next.number, new);
            self.advance()?;
        }
        Ok(())
    }

    /// Returns the number that a text has now.
    fn new_number(&self, old: u64) -> Option<u64> {
        let after = self.renumbering.partition_point(|(from, _)| *from <= old);
        let (from, to) = self.renumbering.get(after.checked_sub(1)?)?;
        Some(to + (old - from))
    }

    fn renumber(&mut self, old: u64, new: u64) {
        if self.new_number(old) != Some(new) {
            self.renumbering.push((old, new));
        }
    }

    fn advance(&mut self) -> Result<(), Error> {
        let last = self.next.take();
        let (Some(carried), Some(item)) = (self.earlier, self.wanted.next()?) else {
            return Ok(());
        };
        let (number, id) = item
            .split_first_chunk()
            .ok_or_else(|| Sorted::damaged("number of a text"))?;
        let number = u64::from_be_bytes(*number);
        let text = carried.snapshot.texts().unpack(number)?;
        let mut key = id.to_vec();
        key.extend_from_slice(&xxh3_128(&text).to_be_bytes());
        if last.is_some_and(|last| last.key >= key) {
            return Err(Section::Texts.corrupt(number, "texts are not in order"));
        }
        self.next = Some(NextText { number, key, text });
        Ok(())
    }
}

/// Which texts were seen, a bit each.
struct Seen(Vec<u64>);

impl Seen {
    fn new(count: u64) -> Self {
        Self(vec![0; usize::try_from(count / 64 + 1).unwrap_or_default()])
    }

    /// Tells whether a number was not seen yet; it is seen from then on.
    fn is_new(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok();
        let Some(word) = word.and_then(|word| self.0.get_mut(word)) else {
            // There is no such text, which is found out when it is read.
            return true;
        };
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
