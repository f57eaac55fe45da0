mod jar_index;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use limpid_report::FeedRow;
use limpid_store::{FeedState, Generation, GenerationStore};

use crate::cli::{Feeds, FeedsCommand, Global};
use crate::outcome::Outcome;
use crate::output;
use crate::vulnerability_data::{Workshop, open_to_read};

/// How old a feed may be before it is called stale, as `scan` does by default.
const MOST_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many generations `limpid feeds generations` lists.
const MOST_GENERATIONS: usize = 50;

pub(crate) async fn run(global: &Global, options: &Feeds) -> anyhow::Result<Outcome> {
    let conf = options.conf.as_deref();
    let document = match options.command {
        None => {
            let store = open_to_read(global, conf).await?;
            let rows = rows(store.as_deref(), Timestamp::now()).await?;
            let mut document = Vec::new();
            if options.json {
                limpid_report::write_json(&mut document, &rows)?;
            } else {
                limpid_report::write_feeds(&mut document, &rows, output::style(false))?;
            }
            document
        }
        Some(FeedsCommand::BuildJarIndex {
            ref output,
            ref paths,
        }) => jar_index::build(output, paths)?.into_bytes(),
        Some(FeedsCommand::Rollback { to }) => {
            let workshop = Workshop::open(global, conf, None).await?;
            let moved = workshop.updater.roll_back(to).await?;
            let from = moved
                .from
                .map_or_else(|| "none".to_owned(), |number| number.to_string());
            format!("generation {} is active, it was {from}\n", moved.to).into_bytes()
        }
        Some(FeedsCommand::Generations) => {
            let store = open_to_read(global, conf).await?;
            if options.json {
                generations_json(store.as_deref()).await?
            } else {
                generations(store.as_deref()).await?.into_bytes()
            }
        }
    };
    output::write(None, &document)?;
    Ok(Outcome::Good)
}

/// One row per feed that serves or failed. A family that could not be asked for its feeds is a row
/// as long as that is so.
async fn rows(store: Option<&dyn GenerationStore>, now: Timestamp) -> anyhow::Result<Vec<FeedRow>> {
    let Some(store) = store else {
        return Ok(Vec::new());
    };
    let served = store
        .current()
        .await?
        .map(|generation| generation.feeds)
        .unwrap_or_default();
    let states: BTreeMap<String, FeedState> = store
        .feed_states()
        .await?
        .into_iter()
        .map(|state| (state.feed.clone(), state))
        .collect();
    let mut names: Vec<&String> = served.keys().chain(states.keys()).collect();
    names.sort();
    names.dedup();
    let rows = names.into_iter().filter_map(|name| {
        let state = states.get(name);
        let build = state.and_then(|state| state.build.as_ref());
        let has_error = state.is_some_and(|state| state.last_error.is_some());
        if !served.contains_key(name) && build.is_none() && !has_error {
            return None;
        }
        let mut row = FeedRow {
            feed: name.clone(),
            state: "no data".to_owned(),
            needs_attention: true,
            ..FeedRow::default()
        };
        if let Some(snapshot) = served.get(name) {
            let checked = build
                .filter(|build| build.snapshot.snapshot == snapshot.snapshot)
                .map_or(snapshot.checked, |build| {
                    build.snapshot.checked.max(snapshot.checked)
                });
            let age = now.duration_since(checked);
            row.records = Some(snapshot.records);
            row.quarantined = snapshot.quarantined;
            row.checked = checked.to_string();
            row.age_seconds = Some(u64::try_from(age.as_secs()).unwrap_or(0));
            row.snapshot = snapshot.snapshot.to_string();
            let state = match (snapshot.records, age > MOST_AGE) {
                (0, _) => "empty",
                (_, true) => "stale",
                (_, false) => "current",
            };
            row.needs_attention = state != "current";
            state.clone_into(&mut row.state);
        }
        if let Some(held) = build.and_then(|build| build.held.as_ref()) {
            row.state = format!("held back: {held}");
            row.needs_attention = true;
        }
        if let Some(error) = state.and_then(|state| state.last_error.as_ref()) {
            row.state = format!("failed: {error}");
            row.needs_attention = true;
        }
        Some(row)
    });
    Ok(rows.collect())
}

/// The generations, newest first, as JSON.
async fn generations_json(store: Option<&dyn GenerationStore>) -> anyhow::Result<Vec<u8>> {
    let (current, generations) = known_generations(store).await?;
    let rows: Vec<serde_json::Value> = generations
        .into_iter()
        .map(|generation| {
            serde_json::json!({
                "generation": generation.number,
                "is_served": current == Some(generation.number),
                "activated": generation.activated,
                "feeds": generation.feeds,
            })
        })
        .collect();
    let mut document = serde_json::to_vec_pretty(&rows)?;
    document.push(b'\n');
    Ok(document)
}

async fn generations(store: Option<&dyn GenerationStore>) -> anyhow::Result<String> {
    let (current, generations) = known_generations(store).await?;
    let mut text = String::new();
    for generation in generations {
        let mark = if current == Some(generation.number) {
            "*"
        } else {
            " "
        };
        let records: u64 = generation.feeds.values().map(|feed| feed.records).sum();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{mark} {:>6}  {}  {} feeds, {records} records",
            generation.number,
            generation.activated,
            generation.feeds.len()
        );
    }
    if text.is_empty() {
        text.push_str("no generations: run `limpid update` to load vulnerability data\n");
    }
    Ok(text)
}

/// Returns the number of the generation that is served, and the newest generations.
async fn known_generations(
    store: Option<&dyn GenerationStore>,
) -> anyhow::Result<(Option<u64>, Vec<Generation>)> {
    let Some(store) = store else {
        return Ok((None, Vec::new()));
    };
    let current = store.current().await?.map(|generation| generation.number);
    Ok((current, store.generations(MOST_GENERATIONS).await?))
}
