//! From what the user wrote to an index report.

use std::sync::Arc;
use std::time::Duration;

use limpid_registry::{ImageReference, OpenOptions, Platform, PlatformChoice, SourceLimits};
use limpid_types::IndexReport;

use crate::cli;
use crate::installation::{Installation, Stores};
use crate::progress::Bar;

/// Indexes an image; the stores are opened only when there is an image to index.
pub(super) async fn index(
    installation: &Installation,
    options: &cli::Image,
    quiet: bool,
) -> anyhow::Result<(IndexReport, Stores)> {
    let image = open(installation, options).inspect_err(|_| installation.leave_no_trace())?;
    let stores = installation.stores()?;
    let bar = Arc::new(Bar::new(quiet, "reading layers"));
    let result = installation
        .indexer(Arc::clone(&stores.images))
        .index(&image, bar.clone())
        .await;
    bar.finish();
    Ok((result?, stores))
}

fn open(
    installation: &Installation,
    options: &cli::Image,
) -> anyhow::Result<limpid_registry::Image> {
    let references: Vec<ImageReference> = options
        .references
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let platform = match &options.platform {
        Some(text) => PlatformChoice::Explicit(text.parse::<Platform>()?),
        None => PlatformChoice::Default(Platform::of_machine(std::env::consts::ARCH)),
    };
    let options = OpenOptions {
        platform,
        limits: SourceLimits::default(),
        spool_directory: installation.spool().to_owned(),
        budget: installation.budget.clone(),
        patience: Duration::from_mins(1),
    };
    Ok(limpid_registry::open(&references, &options)?)
}
