//! How large a configuration may be. Those of real installations stay far below.

use std::path::Path;

use serde_json::Value;

use crate::error::ConfigError;

/// Bytes of one file.
pub(crate) const FILE_BYTES: usize = 1 << 20;
/// Entries of the drop-in folder.
pub(crate) const DROP_INS: usize = 1_000;
/// Operations of one patch.
pub(crate) const OPERATIONS: usize = 1_000;
/// Values in the whole document.
pub(crate) const VALUES: usize = 100_000;
/// Bytes of all texts in the whole document.
pub(crate) const TEXT_BYTES: usize = 8 << 20;
/// Mappings and lists inside each other.
pub(crate) const DEPTH: usize = 64;
/// Unknown keys that are named; more say nothing new, and each is looked for in the files.
pub(crate) const UNKNOWN_KEYS: usize = 50;

/// Refuses a document that has grown too large; `path` is the file that made it so.
pub(crate) fn check(document: &Value, path: &Path) -> Result<(), ConfigError> {
    let too_large = |what, limit| ConfigError::TooLarge {
        path: path.to_owned(),
        what,
        limit,
    };
    let (mut values, mut text_bytes) = (0_usize, 0_usize);
    let mut open = vec![(document, 0)];
    while let Some((value, depth)) = open.pop() {
        values += 1;
        if values > VALUES {
            return Err(too_large("values", VALUES));
        }
        if depth > DEPTH {
            return Err(too_large("levels", DEPTH));
        }
        match value {
            Value::String(text) => text_bytes += text.len(),
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(object) => {
                text_bytes += object.keys().map(String::len).sum::<usize>();
                open.extend(object.values().map(|item| (item, depth + 1)));
            }
            _ => {}
        }
        if text_bytes > TEXT_BYTES {
            return Err(too_large("bytes of text", TEXT_BYTES));
        }
    }
    Ok(())
}
