use std::fmt;

use sha2::{Digest as _, Sha256};

/// An identifier that is computed from content, so that every node and store gives the same one.
///
/// Written as a decimal number below 2⁶³, the form in which Clair writes its database row ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StableId(u64);

impl StableId {
    /// Computes the identifier of a thing from the kind of thing and its fields.
    ///
    /// Each field is preceded by its length, so `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn of(kind: &str, fields: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for field in std::iter::once(&kind).chain(fields) {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        let checksum = hasher.finalize();
        let mut head = [0_u8; 8];
        head.copy_from_slice(&checksum[..8]);
        Self(u64::from_be_bytes(head) >> 1)
    }
}

impl fmt::Display for StableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_borders_count() {
        assert_ne!(
            StableId::of("p", &["ab", "c"]),
            StableId::of("p", &["a", "bc"])
        );
        assert_eq!(
            StableId::of("p", &["ab", "c"]),
            StableId::of("p", &["ab", "c"])
        );
    }

    #[test]
    fn ids_are_positive_decimal_numbers() {
        let id = StableId::of("p", &["x"]).to_string();
        assert!(id.parse::<i64>().is_ok_and(|number| number >= 0), "{id}");
    }
}
