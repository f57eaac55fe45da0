//! Layers as sets of detectors saw them, and the names of their packages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use limpid_store::LayerRecord;
use limpid_types::Digest;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Transaction};

use crate::column;

pub(crate) fn save(
    transaction: &Transaction<'_>,
    layer: &Digest,
    set: &str,
    record: &LayerRecord,
    now: Timestamp,
) -> Result<()> {
    let set = detector_set_row(transaction, set)?;
    let saved = now.as_millisecond();
    let row: Option<i64> = transaction
        .prepare_cached(
            "INSERT INTO layer (digest, detector_set, saved, evidence) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING RETURNING id",
        )?
        .query_row((layer.as_str(), set, saved, &record.evidence), |row| {
            row.get(0)
        })
        .optional()?;
    let Some(row) = row else {
        return Ok(());
    };
    transaction
        .prepare_cached("INSERT INTO layer_owned_files (layer, owned_files) VALUES (?1, ?2)")?
        .execute((row, &record.owned_files))?;
    transaction
        .prepare_cached("INSERT INTO unused_layer (layer, saved) VALUES (?1, ?2)")?
        .execute((row, saved))?;
    save_package_names(transaction, row, &record.packages)
}

fn save_package_names(
    transaction: &Transaction<'_>,
    layer: i64,
    names: &BTreeSet<String>,
) -> Result<()> {
    let mut add_name = transaction
        .prepare_cached("INSERT INTO package_name (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
    let mut add_to_layer = transaction.prepare_cached(
        "INSERT INTO layer_package (layer, package_name)
         SELECT ?1, id FROM package_name WHERE name = ?2",
    )?;
    for name in names {
        add_name.execute([name])?;
        add_to_layer.execute((layer, name))?;
    }
    Ok(())
}

/// Returns the id of a detector set, which gets one if it has none.
pub(crate) fn detector_set_row(transaction: &Transaction<'_>, name: &str) -> Result<i64> {
    transaction
        .prepare_cached("INSERT INTO detector_set (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([name])?;
    transaction
        .prepare_cached("SELECT id FROM detector_set WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
}

fn detector_set_id(connection: &Connection, name: &str) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM detector_set WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Returns the statement that finds the id of a layer by digest and detector set.
pub(crate) fn find_statement(connection: &Connection) -> Result<CachedStatement<'_>> {
    connection.prepare_cached("SELECT id FROM layer WHERE digest = ?1 AND detector_set = ?2")
}

pub(crate) fn known(
    connection: &Connection,
    layers: Vec<Digest>,
    set: &str,
) -> Result<BTreeSet<Digest>> {
    let mut known = BTreeSet::new();
    if let Some(set) = detector_set_id(connection, set)? {
        let mut find = find_statement(connection)?;
        for layer in layers {
            if find.exists((layer.as_str(), set))? {
                known.insert(layer);
            }
        }
    }
    Ok(known)
}

pub(crate) fn evidence(
    connection: &Connection,
    layers: Vec<Digest>,
    set: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>> {
    load(
        connection,
        layers,
        set,
        "SELECT evidence FROM layer WHERE digest = ?1 AND detector_set = ?2",
    )
}

pub(crate) fn owned_files(
    connection: &Connection,
    layers: Vec<Digest>,
    set: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>> {
    load(
        connection,
        layers,
        set,
        "SELECT owned_files FROM layer_owned_files
         JOIN layer ON layer.id = layer_owned_files.layer
         WHERE digest = ?1 AND detector_set = ?2",
    )
}

/// Loads a part of some layers with a statement that finds it by digest and detector set.
fn load(
    connection: &Connection,
    layers: Vec<Digest>,
    set: &str,
    statement: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>> {
    let mut found = BTreeMap::new();
    if let Some(set) = detector_set_id(connection, set)? {
        let mut load = connection.prepare_cached(statement)?;
        for layer in layers {
            if found.contains_key(&layer) {
                continue;
            }
            let part = load
                .query_row((layer.as_str(), set), |row| row.get(0))
                .optional()?;
            found.extend(part.map(|part| (layer, part)));
        }
    }
    Ok(found)
}

/// Forgets layers, which no manifest may have, and the names that only they had.
pub(crate) fn delete(
    transaction: &Transaction<'_>,
    layers: impl IntoIterator<Item = i64>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    let mut names_of_layer =
        transaction.prepare_cached("SELECT package_name FROM layer_package WHERE layer = ?1")?;
    let mut delete_layer = transaction.prepare_cached("DELETE FROM layer WHERE id = ?1")?;
    for layer in layers {
        for name in names_of_layer.query_map([layer], |row| row.get::<_, i64>(0))? {
            names.insert(name?);
        }
        delete_layer.execute([layer])?;
    }
    let mut delete_name = transaction.prepare_cached(
        "DELETE FROM package_name WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM layer_package WHERE package_name = ?1)",
    )?;
    for name in names {
        delete_name.execute([name])?;
    }
    Ok(())
}

/// Forgets layers that no manifest has and that were saved before some time.
pub(crate) fn remove_unused(
    transaction: &Transaction<'_>,
    saved_before: Timestamp,
    limit: usize,
) -> Result<usize> {
    let unused: Vec<i64> = transaction
        .prepare_cached("SELECT layer FROM unused_layer WHERE saved < ?1 ORDER BY saved LIMIT ?2")?
        .query_map(
            (saved_before.as_millisecond(), column::limit(limit)),
            |row| row.get(0),
        )?
        .collect::<Result<_>>()?;
    let count = unused.len();
    delete(transaction, unused)?;
    Ok(count)
}
