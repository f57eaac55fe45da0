//! Values as columns hold them.

use jiff::Timestamp;
use limpid_types::Digest;
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns a count as a column holds it. Counts beyond 2⁶³ do not occur.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns a limit on rows as a query takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Reads a count.
pub(crate) fn count(row: &Row<'_>, index: usize) -> Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(index, value))
}

/// Reads a time.
pub(crate) fn time(row: &Row<'_>, index: usize) -> Result<Timestamp> {
    let value = row.get(index)?;
    Timestamp::from_millisecond(value).map_err(|_| Error::IntegralValueOutOfRange(index, value))
}

/// Reads a time that may be absent.
pub(crate) fn optional_time(row: &Row<'_>, index: usize) -> Result<Option<Timestamp>> {
    match row.get::<_, Option<i64>>(index)? {
        Some(_) => time(row, index).map(Some),
        None => Ok(None),
    }
}

/// Reads a digest.
pub(crate) fn digest(row: &Row<'_>, index: usize) -> Result<Digest> {
    let text: String = row.get(index)?;
    text.parse()
        .map_err(|error| Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// Reads a value that is kept as JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// Returns a value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}
