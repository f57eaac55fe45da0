use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use limpid_http::Source;
use limpid_store::{Outcome as RunOutcome, UpdateRun};
use limpid_update::{Progress, UpdateOptions, UpdateSummary};

use crate::cli::{Global, Update};
use crate::installation::Installation;
use crate::outcome::Outcome;
use crate::output;
use crate::progress::Spinner;
use crate::vulnerability_data::Workshop;

/// How long to wait for another update to end: about as long as one takes.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) async fn run(global: &Global, options: &Update) -> anyhow::Result<Outcome> {
    let mirror = options.mirror.as_deref();
    let workshop = Workshop::open(global, options.conf.as_deref(), mirror).await?;
    let spinner = Arc::new(Spinner::new(global.quiet));
    let shown = Arc::clone(&spinner);
    let update_options = UpdateOptions {
        only: options.only.clone(),
        force: options.force,
        keep_generations: workshop.keep_generations,
        patience: PATIENCE,
        progress: Arc::new(move |step| show(&shown, step)),
        ..UpdateOptions::default()
    };
    let updating = workshop
        .updater
        .update(workshop.families(), &update_options);
    let result = updating.await;
    spinner.finish();
    let summary = result?;
    output::write(None, describe(&summary).as_bytes())?;
    // What failed or was held back has been said; the old data of those feeds goes on serving.
    Ok(if is_whole(&summary) {
        Outcome::Good
    } else {
        Outcome::Incomplete
    })
}

/// Updates Alpine's feeds from a folder, without a word.
pub(super) async fn from_mirror(installation: &Installation, mirror: &Path) -> anyhow::Result<()> {
    let source = Source::MirrorDirectory(mirror.to_owned());
    let options = UpdateOptions {
        only: vec!["alpine".to_owned()],
        ..UpdateOptions::default()
    };
    let workshop = Workshop::of_folder(installation, source)?;
    workshop
        .updater
        .update(workshop.families(), &options)
        .await?;
    Ok(())
}

fn show(spinner: &Spinner, step: Progress<'_>) {
    match step {
        Progress::Waiting(lease) => spinner.say(&format!("waiting for {}", lease.owner)),
        Progress::Found { feeds } => spinner.begin(feeds),
        Progress::Fetching { feed } => spinner.say(&format!("fetching {feed}")),
        Progress::Parsing { feed, .. } => spinner.say(&format!("reading {feed}")),
        Progress::Done { .. } => spinner.advance(),
        Progress::Recorded(_) => {}
    }
}

fn is_whole(summary: &UpdateSummary) -> bool {
    let is_bad = |run: &UpdateRun| {
        matches!(
            run.outcome,
            RunOutcome::Failed { .. } | RunOutcome::Held { .. }
        )
    };
    summary.failed_families.is_empty()
        && summary.skipped.is_empty()
        && summary.unmatched.is_empty()
        && !summary.runs.iter().any(is_bad)
}

/// Says what an update did: what went wrong feed by feed, the rest as numbers.
fn describe(summary: &UpdateSummary) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for failed in &summary.failed_families {
        let _ = writeln!(text, "failed     {}: {}", failed.family, failed.error);
    }
    for skipped in &summary.skipped {
        let _ = writeln!(text, "skipped    {}: {}", skipped.feed, skipped.cause);
    }
    for name in &summary.unmatched {
        let _ = writeln!(text, "failed     {name}: no feed has this name");
    }
    let (mut unchanged, mut activated, mut records) = (0, 0, 0);
    for run in &summary.runs {
        match &run.outcome {
            RunOutcome::Unchanged => unchanged += 1,
            RunOutcome::Activated { .. } => {
                activated += 1;
                records += run.records;
            }
            RunOutcome::Held { reason } => {
                let _ = writeln!(text, "held back  {}: {reason}", run.feed);
            }
            RunOutcome::Failed { error } => {
                let _ = writeln!(text, "failed     {}: {error}", run.feed);
            }
        }
        if run.quarantined > 0 {
            let _ = writeln!(
                text,
                "quarantine {}: {} of its records do not parse",
                run.feed, run.quarantined
            );
            for sample in run.samples.iter().take(3) {
                let place = sample
                    .offset
                    .map_or_else(String::new, |at| format!(" at byte {at}"));
                let _ = writeln!(text, "           {}{place}: {}", sample.id, sample.reason);
            }
        }
    }
    let mut text = printable_lines(&text);
    let _ = writeln!(
        text,
        "feeds: {activated} activated, {unchanged} unchanged; new records: {records}; {}",
        match summary.current {
            Some(generation) => format!("generation {generation} is active"),
            None => "there is no vulnerability data".to_owned(),
        }
    );
    text
}

/// Texts of feeds and servers must not reach a terminal as they are.
fn printable_lines(text: &str) -> String {
    let mut printable = String::new();
    for line in text.lines() {
        printable.push_str(&limpid_report::printable(line));
        printable.push('\n');
    }
    printable
}
