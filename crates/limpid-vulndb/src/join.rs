use std::collections::BTreeSet;

use crate::Error;
use crate::carried::CarriedTexts;
use crate::namespace_ranks::NamespaceRanks;
use crate::sorter::{Sorted, Sorter};
use crate::staging::{Statement, split_text};
use crate::text_spool::TextSpool;

/// Puts the texts in order, together with those that are taken over, and gives each statement the
/// number of its text.
pub(crate) struct Join<'a, 'b> {
    /// Ordered ids of statements that are left out.
    pub(crate) rejected: &'a BTreeSet<Vec<u8>>,
    pub(crate) carried: &'a mut CarriedTexts<'b>,
    pub(crate) ranks: &'a mut NamespaceRanks,
    pub(crate) spool: &'a mut TextSpool,
    pub(crate) records: &'a mut Sorter,
}

impl Join<'_, '_> {
    pub(crate) fn run(mut self, texts: Sorter, statements: Sorter) -> Result<(), Error> {
        let mut texts = texts.finish()?;
        let mut statements = statements.finish()?;
        let mut key = Vec::new();
        let mut number = None;
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
                number = if self.rejected.contains(statement.ordered_id) {
                    None
                } else {
                    Some(self.write_text(text_key, text)?)
                };
                key.clear();
                key.extend_from_slice(text_key);
            }
            if let Some(number) = number {
                self.write_record(&statement, number)?;
            }
        }
        self.carried.write_before(None, self.spool)
    }

    fn write_text(&mut self, key: &[u8], text: &[u8]) -> Result<u64, Error> {
        self.carried.write_before(Some(key), self.spool)?;
        let number = self.spool.push(key, text)?;
        self.carried.share(key, number)?;
        Ok(number)
    }

    fn write_record(&mut self, statement: &Statement<'_>, text: u64) -> Result<(), Error> {
        let rank = self
            .ranks
            .of_use(statement.namespace)
            .ok_or_else(|| Sorted::damaged("statement of an unknown namespace"))?;
        self.records.push(&[
            &rank.to_be_bytes(),
            statement.ordered_package,
            statement.ordered_id,
            &text.to_be_bytes(),
            statement.body,
        ])
    }
}
