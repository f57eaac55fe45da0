//! The folder beside the root file, whose files change what the root file says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use json_patch::PatchOperation;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::document::{Document, Format, extension};
use crate::error::ConfigError;
use crate::limits;

/// What a file of the folder does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is merged over what was said before (RFC 7386).
    Merge,
    /// It is a list of changes to what was said before (RFC 6902).
    Patch,
}

/// Finds the files that count, in the order in which they do. A missing folder has none.
pub(crate) fn list(root: &Path, format: Format) -> Result<Vec<(PathBuf, Kind)>, ConfigError> {
    let mut folder = root.as_os_str().to_owned();
    folder.push(".d");
    let folder = PathBuf::from(folder);
    let fault = |source| ConfigError::Read {
        path: folder.clone(),
        source,
    };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fault)?,
    };
    let mut files = Vec::new();
    for (number, entry) in entries.enumerate() {
        if number >= limits::DROP_INS {
            return Err(ConfigError::TooLarge {
                path: folder.clone(),
                what: "files",
                limit: limits::DROP_INS,
            });
        }
        let entry = entry.map_err(fault)?;
        let is_folder = entry.file_type().map_err(fault)?.is_dir();
        let name = entry.file_name();
        if let Some(kind) = kind(&name.to_string_lossy(), format).filter(|_| !is_folder) {
            files.push((name, kind));
        }
    }
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let path = |(name, kind)| (folder.join(name), kind);
    Ok(files.into_iter().map(path).collect())
}

fn kind(name: &str, format: Format) -> Option<Kind> {
    let extension = extension(name);
    match extension.strip_prefix(format.extension())? {
        "" => Some(Kind::Merge),
        "-patch" => Some(Kind::Patch),
        _ => None,
    }
}

/// Lays a document over the configuration. What is no mapping counts as an empty one.
pub(crate) fn merge(configuration: &mut Value, document: &Document) -> Result<(), ConfigError> {
    if document.value.is_object() {
        json_patch::merge(configuration, &document.value);
    }
    limits::check(configuration, &document.path)
}

/// Applies a patch to the configuration and returns which places it touched.
pub(crate) fn patch(
    configuration: &mut Value,
    document: &Document,
) -> Result<Vec<String>, ConfigError> {
    let Value::Array(operations) = &document.value else {
        return Err(document.syntax_error("expected a list of operations"));
    };
    if operations.len() > limits::OPERATIONS {
        return Err(ConfigError::TooLarge {
            path: document.path.clone(),
            what: "operations",
            limit: limits::OPERATIONS,
        });
    }
    let mut touched = Vec::new();
    for (operation, value) in operations.iter().enumerate() {
        let fault = |text: String| ConfigError::Patch {
            path: document.path.clone(),
            operation,
            text,
        };
        let parsed =
            PatchOperation::deserialize(value).map_err(|error| fault(error.to_string()))?;
        touched.push(parsed.path().to_string());
        json_patch::patch(configuration, &[parsed])
            .map_err(|error| fault(error.kind.to_string()))?;
        // Copies of copies, and values put into values, grow without end: each step is looked at.
        limits::check(configuration, &document.path)?;
    }
    if !configuration.is_object() {
        *configuration = Value::Object(Map::new());
    }
    Ok(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_the_format_of_the_root_count() {
        for (name, format, expected) in [
            ("a.yaml", Format::Yaml, Some(Kind::Merge)),
            (".yaml", Format::Yaml, Some(Kind::Merge)),
            ("a.b.yaml-patch", Format::Yaml, Some(Kind::Patch)),
            ("a.json", Format::Yaml, None),
            ("a.yaml", Format::Json, None),
            ("a.json-patch", Format::Json, Some(Kind::Patch)),
            ("a.yml", Format::Yaml, None),
            ("a.yaml~", Format::Yaml, None),
            ("yaml", Format::Yaml, None),
        ] {
            assert_eq!(kind(name, format), expected, "{name}");
        }
    }
}
