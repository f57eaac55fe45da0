//! From an index report to a printed report: the common half of `scan` and `match`.

use jiff::{SignedDuration, Timestamp};
use limpid_match::{MemoryData, Options, VulnerabilityData};
use limpid_report::Format;
use limpid_store_sqlite::SqliteStore;
use limpid_types::{IndexReport, Report, Severity};

use crate::cli;
use crate::installation::Installation;
use crate::outcome::Outcome;
use crate::output;

pub(super) async fn make(
    installation: &Installation,
    store: Option<&SqliteStore>,
    index: &IndexReport,
    options: &cli::Report,
) -> anyhow::Result<Outcome> {
    let generation = installation.generation(store, options.generation).await?;
    let nothing = MemoryData::default();
    let data: &dyn VulnerabilityData = match &generation {
        Some(generation) => generation,
        None => &nothing,
    };
    let mut report = judge(index, data, options)?;
    if options.format != Format::Clair {
        limpid_match::once_per_image(&mut report, index);
    }
    output::write(
        options.output.as_deref(),
        &render(index, data, &report, options)?,
    )?;
    Ok(Outcome::of_report(&report, options))
}

fn judge(
    index: &IndexReport,
    data: &dyn VulnerabilityData,
    options: &cli::Report,
) -> anyhow::Result<Report> {
    let options = Options {
        minimum_severity: options.severity.unwrap_or(Severity::Unknown),
        ignore_unfixed: options.ignore_unfixed,
        max_feed_age: SignedDuration::from_hours(24 * i64::from(options.max_feed_age)),
        merge_aliases: options.format != Format::Clair,
        ..Options::default()
    };
    Ok(limpid_match::judge(
        index,
        data,
        Timestamp::now(),
        &options,
    )?)
}

fn render(
    index: &IndexReport,
    data: &dyn VulnerabilityData,
    report: &Report,
    options: &cli::Report,
) -> anyhow::Result<Vec<u8>> {
    let mut document = Vec::new();
    match options.format {
        Format::Table => {
            let style = output::style(options.output.is_some());
            limpid_report::write_report(&mut document, report, style)?;
        }
        Format::Json => limpid_report::write_json(&mut document, report)?,
        Format::Clair => {
            let index = limpid_match::clair_index(index, data)?;
            let clair = limpid_match::clair_report(&index, report);
            limpid_report::write_json(&mut document, &clair)?;
        }
    }
    Ok(document)
}
