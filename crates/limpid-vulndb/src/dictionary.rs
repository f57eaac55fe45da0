use std::collections::BTreeMap;

/// How many texts the dictionary is trained with.
const SAMPLES: usize = 4096;
/// How much of each text is used.
const SAMPLE_BYTES: usize = 1024;
/// Fewer samples than this make no dictionary.
const MIN_SAMPLES: usize = 64;
/// Size of the dictionary.
pub(crate) const DICTIONARY_BYTES: usize = 64 * 1024;

/// Picks texts to train a compression dictionary with.
///
/// The texts with the least hashes are kept: a fair sample that needs no second look at the
/// feed and is the same whatever the order in which the texts arrive.
#[derive(Default)]
pub(crate) struct Samples {
    by_hash: BTreeMap<u128, Vec<u8>>,
}

impl Samples {
    /// Considers one text.
    pub(crate) fn offer(&mut self, hash: u128, text: &[u8]) {
        let full = self.by_hash.len() >= SAMPLES;
        if full
            && self
                .by_hash
                .last_key_value()
                .is_some_and(|(last, _)| hash >= *last)
        {
            return;
        }
        let end = text.len().min(SAMPLE_BYTES);
        self.by_hash
            .entry(hash)
            .or_insert_with(|| text.get(..end).unwrap_or_default().to_vec());
        if self.by_hash.len() > SAMPLES {
            self.by_hash.pop_last();
        }
    }

    /// Trains the dictionary; it is empty when there is too little to learn from.
    pub(crate) fn train(self) -> Vec<u8> {
        if self.by_hash.len() < MIN_SAMPLES {
            return Vec::new();
        }
        let samples: Vec<_> = self.by_hash.into_values().collect();
        let total: usize = samples.iter().map(Vec::len).sum();
        // A dictionary that is not much smaller than its samples would only repeat them.
        let size = DICTIONARY_BYTES.min(total / 8);
        // Training fails when the samples have nothing in common; then none is needed.
        zstd::dict::from_samples(&samples, size).unwrap_or_default()
    }
}
