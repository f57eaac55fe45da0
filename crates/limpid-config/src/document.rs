use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::Value;
use serde_saphyr::{MergeKeyPolicy, Options};

use crate::error::{ConfigError, Position};
use crate::limits;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Yaml,
    Json,
}

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) text: String,
    pub(crate) value: Value,
    /// Whether something follows that is not part of the configuration.
    pub(crate) has_rest: bool,
}

impl Format {
    /// Returns how file names of the format end, behind the dot.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }

    /// Returns the format of a root file.
    pub(crate) fn of_root(path: &Path) -> Result<Self, ConfigError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match extension(&name) {
            "yaml" => Ok(Self::Yaml),
            "json" => Ok(Self::Json),
            _ => Err(ConfigError::UnknownKind {
                path: path.to_owned(),
            }),
        }
    }
}

/// Returns what follows the last dot, as Go has it: `.yaml` has an extension and no stem.
pub(crate) fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

impl Document {
    /// Reads a file; JSON must begin with the given byte.
    pub(crate) fn read(path: &Path, format: Format, begin: u8) -> Result<Self, ConfigError> {
        let text = read_text(path)?;
        let (value, has_rest) = match format {
            Format::Json => parse_json(&text, path, begin)?,
            Format::Yaml => parse_yaml(&text, path)?,
        };
        limits::check(&value, path)?;
        Ok(Self {
            path: path.to_owned(),
            format,
            text,
            value,
            has_rest,
        })
    }

    pub(crate) fn syntax_error(&self, text: &str) -> ConfigError {
        syntax(&self.path, None, text)
    }
}

/// The options under which all YAML is read: bounded, and nearest to YAML 1.2 as Clair reads it.
pub(crate) fn yaml_options() -> Options {
    let mut options = Options::default();
    options.strict_booleans = true;
    options.merge_keys = MergeKeyPolicy::Merge;
    if let Some(budget) = &mut options.budget {
        budget.max_reader_input_bytes = Some(limits::FILE_BYTES);
        budget.max_depth = limits::DEPTH;
        budget.flow_nesting_limit = limits::DEPTH;
        budget.max_nodes = limits::VALUES;
        budget.max_total_scalar_bytes = limits::TEXT_BYTES;
    }
    options.alias_limits.max_total_replayed_events = limits::VALUES;
    options
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let fault = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let limit = u64::try_from(limits::FILE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fault)?;
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    if read.map_err(fault)? > limits::FILE_BYTES {
        return Err(ConfigError::TooLarge {
            path: path.to_owned(),
            what: "bytes",
            limit: limits::FILE_BYTES,
        });
    }
    String::from_utf8(bytes).map_err(|_| syntax(path, None, "invalid UTF-8"))
}

fn parse_json(text: &str, path: &Path, begin: u8) -> Result<(Value, bool), ConfigError> {
    if text.len() < 2 || text.as_bytes().first() != Some(&begin) {
        let expected = format!("expected {} as first byte", char::from(begin));
        return Err(syntax(path, None, &expected));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Value::deserialize(&mut deserializer).map_err(|error| {
        let position = Position {
            line: error.line() as u64,
            column: error.column() as u64,
        };
        syntax(path, Some(position), &without_position(&error.to_string()))
    })?;
    Ok((value, deserializer.end().is_err()))
}

/// Reads the first document of a stream, the only one that counts.
fn parse_yaml(text: &str, path: &Path) -> Result<(Value, bool), ConfigError> {
    let mut bytes = text.as_bytes();
    let mut documents = serde_saphyr::read_with_options(&mut bytes, yaml_options());
    let value = documents.next().transpose().map_err(|error| {
        let position = error.location().map(|location| Position {
            line: location.line(),
            column: location.column(),
        });
        let text = error.without_snippet().to_string();
        syntax(path, position, &without_position(&text))
    })?;
    let has_rest = documents.next().is_some();
    Ok((value.unwrap_or(Value::Null), has_rest))
}

/// Takes off the position, which [`ConfigError::Syntax`] shows in its own way.
fn without_position(text: &str) -> String {
    let (text, _) = text.split_once(" at line ").unwrap_or((text, ""));
    text.to_owned()
}

fn syntax(path: &Path, position: Option<Position>, text: &str) -> ConfigError {
    ConfigError::Syntax {
        path: path.to_owned(),
        position,
        text: text.to_owned(),
    }
}
