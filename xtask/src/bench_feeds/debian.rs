use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

const DOCUMENT: &str = "security-tracker.debian.org/tracker/data/json";

/// Writes the real tracker again and again into one, under other names of sources, until it has so
/// many bytes. Returns how many it has.
pub(super) fn generate(feeds: &Path, mirror: &Path, bytes: usize) -> Result<u64> {
    let text = fs::read(feeds.join(DOCUMENT)).context(DOCUMENT)?;
    let tracker: Map<String, Value> = serde_json::from_slice(&text)?;
    let target = mirror.join(DOCUMENT);
    fs::create_dir_all(target.parent().context("no folder")?)?;
    let mut out = BufWriter::new(File::create(&target)?);
    let mut separator = "{";
    for copy in 0..bytes.div_ceil(text.len()) {
        for (source, ids) in &tracker {
            let name = match copy {
                0 => source.clone(),
                copy => format!("{source}-{copy}"),
            };
            write!(out, "{separator}{}:", serde_json::to_string(&name)?)?;
            serde_json::to_writer(&mut out, ids)?;
            separator = ",";
        }
    }
    out.write_all(b"}")?;
    out.flush()?;
    Ok(fs::metadata(&target)?.len())
}
