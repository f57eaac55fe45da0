use std::collections::{BTreeMap, BTreeSet};

use crate::error::excerpt;
use crate::format::MAX_NAMESPACES;
use crate::{Carried, Error};

/// The namespaces that a snapshot may have, by name, before it is known which of them have records.
pub(crate) struct NamespaceRanks {
    names: Vec<String>,
    /// Ranks by the number that a namespace got on its first use.
    by_use: Vec<u32>,
    /// Ranks by the number in the earlier snapshot.
    by_earlier: Vec<u32>,
    is_used: Vec<bool>,
}

impl NamespaceRanks {
    /// Takes the namespaces of a build, by name with the numbers of their first use, together with
    /// those of an earlier snapshot.
    pub(crate) fn new(
        used: &BTreeMap<String, u32>,
        earlier: Option<Carried<'_>>,
    ) -> Result<Self, Error> {
        let earlier = earlier.map_or(&[][..], |carried| carried.snapshot.namespaces());
        let mut names: BTreeSet<&str> = used.keys().map(String::as_str).collect();
        names.extend(earlier.iter().map(|(name, _)| name.as_str()));
        if let Some(beyond) = names.iter().nth(MAX_NAMESPACES) {
            return Err(Error::TooManyNamespaces {
                namespace: excerpt(beyond),
                limit: MAX_NAMESPACES,
            });
        }
        let ranks: BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let rank = |name: &String| ranks.get(name.as_str()).copied().unwrap_or_default();
        let mut by_use = vec![0; used.len()];
        for (name, &number) in used {
            if let Some(slot) = by_use.get_mut(number as usize) {
                *slot = rank(name);
            }
        }
        Ok(Self {
            by_use,
            by_earlier: earlier.iter().map(|(name, _)| rank(name)).collect(),
            is_used: vec![false; names.len()],
            names: names.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Returns the rank of a namespace of the build, which has a record.
    pub(crate) fn of_use(&mut self, number: u32) -> Option<u32> {
        let rank = *self.by_use.get(number as usize)?;
        self.mark(rank)
    }

    /// Returns the rank of a namespace of the earlier snapshot, which has a record.
    pub(crate) fn of_earlier(&mut self, number: u32) -> Option<u32> {
        let rank = *self.by_earlier.get(number as usize)?;
        self.mark(rank)
    }

    fn mark(&mut self, rank: u32) -> Option<u32> {
        *self.is_used.get_mut(rank as usize)? = true;
        Some(rank)
    }

    /// Returns the names of the namespaces that have records, and the final numbers by rank.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<u32>) {
        let mut numbers = Vec::with_capacity(self.names.len());
        let mut names = Vec::new();
        for (name, is_used) in self.names.into_iter().zip(self.is_used) {
            numbers.push(u32::try_from(names.len()).unwrap_or(u32::MAX));
            if is_used {
                names.push(name);
            }
        }
        (names, numbers)
    }
}
