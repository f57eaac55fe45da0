use std::path::Path;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::document::{Document, Format};
use crate::drop_in::{self, Kind};
use crate::error::ConfigError;
use crate::former_keys;
use crate::key_path::KeyPath;
use crate::lint::{Lint, Lints};
use crate::locate::{Source, locate};
use crate::strict;

/// A configuration and what is odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What takes effect.
    pub config: Config,
    /// What is odd about how it was written, whatever the mode; see [`Lint::concerns`].
    pub lints: Vec<Lint>,
}

/// Reads a root file and its drop-in folder.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let format = Format::of_root(path)?;
    let mut lints = Lints::default();
    let mut configuration = Value::Object(Map::new());
    let mut sources = Vec::new();

    let drop_ins = drop_in::list(path, format)?;
    let files = std::iter::once((path.to_owned(), Kind::Merge)).chain(drop_ins);
    for (number, (path, kind)) in files.enumerate() {
        let source = read(&path, format, kind, number == 0, &mut configuration)?;
        if source.document.has_rest {
            let text = format!(
                "what follows the first document is ignored: {}",
                path.display()
            );
            lints.add(KeyPath::default(), text);
        }
        sources.push(source);
    }

    former_keys::move_to_present(&mut configuration, &mut lints);
    let mut config: Config = strict::decode(configuration).map_err(|mut faults| {
        locate(&mut faults, &sources);
        ConfigError::Invalid { faults }
    })?;
    config.lint(&mut lints);
    config.settle();
    Ok(Loaded {
        config,
        lints: lints.0,
    })
}

/// Reads one file into the configuration.
fn read(
    path: &Path,
    format: Format,
    kind: Kind,
    is_root: bool,
    configuration: &mut Value,
) -> Result<Source, ConfigError> {
    let begin = if kind == Kind::Patch { b'[' } else { b'{' };
    let mut document = Document::read(path, format, begin)?;
    let touched = match kind {
        Kind::Patch => Some(drop_in::patch(configuration, &document)?),
        Kind::Merge if is_root => {
            // Merging would drop nulls, which patches may refer to.
            if document.value.is_object() {
                *configuration = document.value.take();
            }
            None
        }
        Kind::Merge => {
            drop_in::merge(configuration, &document)?;
            None
        }
    };
    Ok(Source { document, touched })
}
