//! Values as columns hold them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_types::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::failure::Failure;

/// The byte that stands before the checksum of a digest. They are in the order of the names of the
/// algorithms, so that digests have the same order here as everywhere.
const ALGORITHMS: [(u8, &str); 2] = [(1, "sha256"), (2, "sha512")];

/// Returns a digest as a column holds it.
pub(crate) fn digest_bytes(digest: &Digest) -> Vec<u8> {
    let name = digest.algorithm().name();
    let mark = ALGORITHMS.iter().find(|(_, known)| *known == name);
    let mut bytes = vec![mark.map_or(0, |(mark, _)| *mark)];
    let digits = digest.hex().as_bytes();
    bytes.extend(digits.chunks(2).map(|pair| {
        let value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default();
        let byte = pair.iter().fold(0, |sum, digit| sum * 16 + value(digit));
        u8::try_from(byte).unwrap_or_default()
    }));
    bytes
}

/// Returns digests as an array holds them.
pub(crate) fn digests<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Vec<Vec<u8>> {
    digests.into_iter().map(digest_bytes).collect()
}

/// Returns the number under which the name of a package is kept.
pub(crate) fn package(name: &str) -> i64 {
    let digest = Digest::sha256(name.as_bytes());
    let first = digest.hex().get(..16).unwrap_or_default();
    u64::from_str_radix(first, 16)
        .unwrap_or_default()
        .cast_signed()
}

/// Returns the numbers under which the names of packages are kept.
pub(crate) fn packages(names: &BTreeSet<String>) -> Vec<i64> {
    let numbers: BTreeSet<i64> = names.iter().map(|name| package(name)).collect();
    numbers.into_iter().collect()
}

/// Returns a count as a column holds it. Counts beyond 2⁶³ do not occur.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns a small count as a column holds it. Counts beyond 2³¹ do not occur.
pub(crate) fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Returns a limit on rows as a query takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Returns a text as a column can hold it: PostgreSQL has no zero character in texts.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Returns a value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Encoding(Box::new(error)))
}

/// Reads a value of a type that the driver knows.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, Failure> {
    row.try_get(index)
        .map_err(|error| Failure::Value(Box::new(error)))
}

/// Reads a count.
pub(crate) fn count(row: &Row, index: usize) -> Result<u64, Failure> {
    u64::try_from(get::<i64>(row, index)?).map_err(|error| Failure::Value(Box::new(error)))
}

/// Reads a small count.
pub(crate) fn small_count(row: &Row, index: usize) -> Result<u32, Failure> {
    u32::try_from(get::<i32>(row, index)?).map_err(|error| Failure::Value(Box::new(error)))
}

/// Reads a time.
pub(crate) fn time(row: &Row, index: usize) -> Result<Timestamp, Failure> {
    Timestamp::from_millisecond(get(row, index)?).map_err(|error| Failure::Value(Box::new(error)))
}

/// Reads a time that may be absent.
pub(crate) fn optional_time(row: &Row, index: usize) -> Result<Option<Timestamp>, Failure> {
    match get::<Option<i64>>(row, index)? {
        Some(_) => time(row, index).map(Some),
        None => Ok(None),
    }
}

/// Reads a digest.
pub(crate) fn digest(row: &Row, index: usize) -> Result<Digest, Failure> {
    parse_digest(get(row, index)?)
}

/// Reads a value that is kept as JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, index: usize) -> Result<T, Failure> {
    serde_json::from_str(get(row, index)?).map_err(|error| Failure::Value(Box::new(error)))
}

/// Returns the digest that a column holds.
pub(crate) fn parse_digest(bytes: &[u8]) -> Result<Digest, Failure> {
    use std::fmt::Write as _;
    let (mark, checksum) = bytes.split_first().unwrap_or((&0, &[]));
    let known = ALGORITHMS.iter().find(|(known, _)| known == mark);
    let mut text = format!("{}:", known.map_or("unknown", |(_, name)| *name));
    for byte in checksum {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.parse()
        .map_err(|error| Failure::Value(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_read_back_and_keep_their_order() {
        let long: Digest = format!("sha512:{}", "0a".repeat(64)).parse().unwrap();
        let mut digests = vec![long, Digest::sha256(b"a"), Digest::sha256(b"b")];
        digests.sort();
        let mut kept: Vec<_> = digests.iter().map(digest_bytes).collect();
        kept.sort();
        let read: Vec<_> = kept
            .iter()
            .map(|bytes| parse_digest(bytes).unwrap())
            .collect();
        assert_eq!(read, digests);
        assert_eq!(kept[0].len(), 33);
    }

    #[test]
    fn what_is_not_a_digest_is_damage() {
        for bytes in [&[][..], &[1], &[0; 33], &[1; 34], &[2; 33]] {
            assert!(parse_digest(bytes).is_err(), "{bytes:?}");
        }
    }
}
