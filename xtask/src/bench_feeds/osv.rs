use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const HOST: &str = "osv-vulnerabilities.storage.googleapis.com";

/// Writes the entries of some real databases again and again into the archive of an ecosystem,
/// under other ids and other names of packages, until they have so many bytes. Returns how many
/// they have before they are packed.
pub(super) fn generate(
    feeds: &Path,
    mirror: &Path,
    ecosystem: &str,
    sources: &[&str],
    bytes: usize,
) -> Result<u64> {
    let mut entries = Vec::new();
    for source in sources {
        entries.extend(read(&feeds.join(HOST).join(source).join("all.zip"))?);
    }
    ensure!(!entries.is_empty(), "no entries of {}", sources.join(", "));
    let folder = mirror.join(HOST).join(ecosystem);
    fs::create_dir_all(&folder)?;
    fs::write(mirror.join(HOST).join("ecosystems.txt"), ecosystem)?;
    let mut archive = ZipWriter::new(BufWriter::new(File::create(folder.join("all.zip"))?));
    let options = SimpleFileOptions::default().compression_level(Some(1));
    let mut written = 0;
    for copy in 0.. {
        for entry in &entries {
            if written >= bytes {
                archive.finish()?.flush()?;
                return Ok(written as u64);
            }
            let (id, text) = rename(entry, ecosystem, copy);
            archive.start_file(format!("{id}.json"), options)?;
            archive.write_all(text.as_bytes())?;
            written += text.len();
        }
    }
    unreachable!("the copies have no end");
}

fn read(path: &Path) -> Result<Vec<Value>> {
    let context = || path.display().to_string();
    let file = BufReader::new(File::open(path).with_context(context)?);
    let mut archive = ZipArchive::new(file).with_context(context)?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut text = Vec::new();
        archive.by_index(index)?.read_to_end(&mut text)?;
        entries.push(serde_json::from_slice(&text)?);
    }
    Ok(entries)
}

/// Returns a copy of an entry under another id and about other packages.
fn rename(entry: &Value, ecosystem: &str, copy: usize) -> (String, String) {
    let mut entry = entry.clone();
    let id = entry["id"].as_str().unwrap_or_default();
    let id = format!("{id}-{copy}");
    entry["id"] = json!(id);
    let affected = entry["affected"].as_array_mut();
    for package in affected.into_iter().flatten() {
        let name = package["package"]["name"].as_str().unwrap_or_default();
        package["package"]["name"] = json!(format!("{name}-{copy}"));
        package["package"]["ecosystem"] = json!(ecosystem);
    }
    (id, entry.to_string())
}
