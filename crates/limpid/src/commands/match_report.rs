use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use limpid_types::IndexReport;

use crate::cli::{Global, Match};
use crate::commands::report;
use crate::installation::Installation;
use crate::outcome::Outcome;

/// The largest index report that is read. One of 100 000 packages has about 60 MB.
const LARGEST: u64 = 256 << 20;

pub(crate) async fn run(global: &Global, options: &Match) -> anyhow::Result<Outcome> {
    let index = read(&options.index_report)?;
    let installation = Installation::open(global)?;
    let store = installation.store_to_read()?;
    report::make(&installation, store.as_deref(), &index, &options.report).await
}

fn read(path: &Path) -> anyhow::Result<IndexReport> {
    let name = path.display();
    let mut json = Vec::new();
    let count = if path == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut json)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut json))
    }
    .with_context(|| format!("cannot read the index report: {name}"))?;
    ensure!(
        count as u64 <= LARGEST,
        "the index report has more than {} MiB: {name}",
        LARGEST >> 20
    );
    let index: IndexReport =
        serde_json::from_slice(&json).with_context(|| format!("{name} is not an index report"))?;
    ensure!(
        index.success || index.err.is_empty(),
        "the index report says that indexing failed: {}",
        index.err
    );
    Ok(index)
}
