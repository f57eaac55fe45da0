//! Turning the documents of a feed into a snapshot file.

use std::path::PathBuf;

use limpid_feed::{Feed, FeedError, SinkError};
use limpid_store::QuarantinedRecord;
use limpid_vulndb::{
    BuildLimits, BuiltSnapshot, Carried, FROZEN_NOTES, SnapshotBuilder, SnapshotMeta,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::builder_sink::BuilderSink;
use crate::documents::Content;
use crate::frozen::{Earlier, Frozen};
use crate::vanished::is_vanished;

/// Version of the rules by which advisories become records. Counts up when they change.
const SCHEMA: u32 = 1;

/// Returns what decides the outcome besides the documents: the parsers, which change with the
/// program, and the layout of snapshots.
pub(crate) fn recipe() -> String {
    format!(
        "{} schema {SCHEMA} format {}.{}",
        env!("CARGO_PKG_VERSION"),
        limpid_vulndb::format::MAJOR,
        limpid_vulndb::format::MINOR
    )
}

/// Makes the meta data of a feed's snapshot.
pub(crate) fn meta(feed: &str) -> SnapshotMeta {
    SnapshotMeta::new(feed, SCHEMA)
}

/// What the documents became.
pub(crate) struct Parsed {
    pub(crate) snapshot: BuiltSnapshot,
    /// Records that were read, equal ones counted each.
    pub(crate) records: u64,
    /// Records that could not be read.
    pub(crate) quarantined: u64,
    pub(crate) samples: Vec<QuarantinedRecord>,
    /// What the firewall compares.
    pub(crate) shape: Shape,
}

/// What says whether a result is plausible.
pub(crate) enum Shape {
    /// How many records and notes the source has, without what was left as it was, and how many
    /// were to be expected; none when what is served has to tell. What could not be read counts as
    /// far as nothing else stands in for it.
    Read {
        records: u64,
        quarantined: u64,
        expected: Option<u64>,
    },
    /// The source is gone, and nothing is expected of it.
    Vanished,
}

/// Why there is no snapshot.
#[derive(Debug, Error)]
pub(crate) enum ParseError {
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("cannot write the snapshot")]
    Snapshot(#[source] limpid_vulndb::Error),
    #[error("hardly any of the changed documents could be read, {failed} could not: {first}")]
    MembersLost { failed: usize, first: String },
    #[error("the feed cannot be read document by document")]
    NoCollection,
    #[error("cannot take note of a record that could not be read")]
    Sink(#[source] SinkError),
    #[error("it was cancelled")]
    Halted,
    #[error("its source does not list it any more, and its last snapshot cannot be had")]
    NothingLeft,
}

/// Where and how a snapshot is built.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) spool: PathBuf,
    pub(crate) snapshots: PathBuf,
    pub(crate) limits: BuildLimits,
    /// Is cancelled when nobody wants the snapshot any more.
    pub(crate) halt: CancellationToken,
}

/// Reads the documents to the end and writes the snapshot durably. Namespaces that the documents do
/// not speak of any more keep the records of the earlier snapshot. Blocks.
pub(crate) fn parse(
    feed: &dyn Feed,
    mut content: Content,
    earlier: Option<&Earlier>,
    place: &Place,
) -> Result<Parsed, ParseError> {
    let mut sink = BuilderSink::new(feed.name(), place).map_err(ParseError::Snapshot)?;
    feed.parse(&mut content, &mut sink)?;
    if place.halt.is_cancelled() {
        return Err(ParseError::Halted);
    }
    // The documents take room that the snapshot may need.
    drop(content);
    let is_vanished = is_vanished(feed);
    if is_vanished {
        let earlier = earlier.ok_or(ParseError::NothingLeft)?;
        keep_notes(&mut sink, earlier).map_err(ParseError::Snapshot)?;
    }
    let (snapshot, expected) = finish(sink.builder, feed, earlier, place)?;
    Ok(Parsed {
        shape: if is_vanished {
            Shape::Vanished
        } else {
            Shape::Read {
                records: snapshot.records - snapshot.carried + sink.notes,
                quarantined: sink.quarantined,
                expected,
            }
        },
        snapshot,
        records: sink.records,
        quarantined: sink.quarantined,
        samples: sink.samples,
    })
}

/// Writes the snapshot, with the records of namespaces that are gone. Returns it, and how many
/// records were to be expected.
fn finish(
    mut builder: SnapshotBuilder,
    feed: &dyn Feed,
    earlier: Option<&Earlier>,
    place: &Place,
) -> Result<(BuiltSnapshot, Option<u64>), ParseError> {
    let meta = meta(feed.name());
    let Some(earlier) = earlier else {
        let built = builder.finish(meta, &place.snapshots);
        return Ok((built.map_err(ParseError::Snapshot)?, None));
    };
    let frozen = Frozen::find(earlier, &builder).map_err(ParseError::Snapshot)?;
    frozen.note(&mut builder).map_err(ParseError::Snapshot)?;
    let carried = Carried {
        snapshot: &earlier.snapshot,
        keeps: &|namespace, _| frozen.namespaces.contains_key(namespace),
    };
    let built = if frozen.namespaces.is_empty() {
        builder.finish(meta, &place.snapshots)
    } else {
        builder.finish_upon(carried, meta, &place.snapshots)
    };
    let built = built.map_err(ParseError::Snapshot)?;
    Ok((built, Some(frozen.expected)))
}

/// Takes over the notes of a feed that is gone. Which of its namespaces are frozen is noted anew.
fn keep_notes(sink: &mut BuilderSink, earlier: &Earlier) -> Result<(), limpid_vulndb::Error> {
    for table in earlier.snapshot.note_tables()? {
        if table == FROZEN_NOTES {
            continue;
        }
        for note in earlier.snapshot.notes(&table) {
            let (key, value) = note?;
            sink.builder.note(&table, &key, value)?;
        }
    }
    Ok(())
}
