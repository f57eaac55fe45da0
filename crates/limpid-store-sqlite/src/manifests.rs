//! Manifests, and which of them have which packages.

use std::collections::BTreeSet;

use limpid_store::ManifestRecord;
use limpid_types::Digest;
use rusqlite::{Connection, OptionalExtension as _, Result, Transaction};

use crate::{column, jobs, layers};

/// Up to this many places where layers with a package lie in manifests, it pays to sort these
/// manifests. Beyond, it pays to go through all manifests in their order, because the next page is
/// soon found.
const FEW_PLACES: i64 = 10_000;

/// The layers with a package of one of the names whose ids are in the JSON list `?1`.
const LAYERS_WITH_PACKAGES: &str =
    "SELECT layer FROM layer_package WHERE package_name IN (SELECT value FROM json_each(?1))";

pub(crate) fn save(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    record: &ManifestRecord,
) -> Result<bool> {
    let set = layers::detector_set_row(transaction, &record.detector_set)?;
    let mut layers = Vec::with_capacity(record.layers.len());
    {
        let mut find = layers::find_statement(transaction)?;
        for layer in &record.layers {
            let id: Option<i64> = find
                .query_row((layer.as_str(), set), |row| row.get(0))
                .optional()?;
            let Some(id) = id else {
                return Ok(false);
            };
            layers.push(id);
        }
    }
    jobs::forget_failure(transaction, manifest)?;
    let id = manifest_row(transaction, manifest, set)?;
    let before = layers_of(transaction, id)?;
    if before != layers {
        replace_layers(transaction, id, &before, &layers)?;
    }
    Ok(true)
}

/// Returns the id of a manifest, which gets one if it has none, and notes its detector set.
fn manifest_row(transaction: &Transaction<'_>, manifest: &Digest, set: i64) -> Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO manifest (digest, detector_set) VALUES (?1, ?2)
             ON CONFLICT (digest) DO UPDATE SET detector_set = excluded.detector_set
             WHERE detector_set <> excluded.detector_set",
        )?
        .execute((manifest.as_str(), set))?;
    transaction
        .prepare_cached("SELECT id FROM manifest WHERE digest = ?1")?
        .query_row([manifest.as_str()], |row| row.get(0))
}

fn layers_of(transaction: &Transaction<'_>, manifest: i64) -> Result<Vec<i64>> {
    transaction
        .prepare_cached("SELECT layer FROM manifest_layer WHERE manifest = ?1 ORDER BY position")?
        .query_map([manifest], |row| row.get(0))?
        .collect()
}

fn replace_layers(
    transaction: &Transaction<'_>,
    manifest: i64,
    before: &[i64],
    layers: &[i64],
) -> Result<()> {
    transaction
        .prepare_cached("DELETE FROM manifest_layer WHERE manifest = ?1")?
        .execute([manifest])?;
    let mut add = transaction.prepare_cached(
        "INSERT INTO manifest_layer (manifest, position, layer) VALUES (?1, ?2, ?3)",
    )?;
    let mut mark_used = transaction.prepare_cached("DELETE FROM unused_layer WHERE layer = ?1")?;
    for (position, layer) in layers.iter().enumerate() {
        add.execute((manifest, column::limit(position), layer))?;
        mark_used.execute([layer])?;
    }
    let mut mark_unused = transaction.prepare_cached(
        "INSERT INTO unused_layer (layer, saved) SELECT id, saved FROM layer WHERE id = ?1",
    )?;
    for layer in unused_of(transaction, before.iter().copied().collect())? {
        mark_unused.execute([layer])?;
    }
    Ok(())
}

/// Returns those of some layers that no manifest has.
fn unused_of(transaction: &Transaction<'_>, mut layers: BTreeSet<i64>) -> Result<BTreeSet<i64>> {
    let mut is_used =
        transaction.prepare_cached("SELECT 1 FROM manifest_layer WHERE layer = ?1 LIMIT 1")?;
    let mut used = BTreeSet::new();
    for layer in &layers {
        if is_used.exists([layer])? {
            used.insert(*layer);
        }
    }
    layers.retain(|layer| !used.contains(layer));
    Ok(layers)
}

pub(crate) fn load(connection: &Connection, manifest: &Digest) -> Result<Option<ManifestRecord>> {
    let found = connection
        .prepare_cached(
            "SELECT manifest.id, detector_set.name FROM manifest
             JOIN detector_set ON detector_set.id = manifest.detector_set
             WHERE manifest.digest = ?1",
        )?
        .query_row([manifest.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((id, detector_set)) = found else {
        return Ok(None);
    };
    let layers = connection
        .prepare_cached(
            "SELECT digest FROM manifest_layer JOIN layer ON layer.id = manifest_layer.layer
             WHERE manifest = ?1 ORDER BY position",
        )?
        .query_map([id], |row| column::digest(row, 0))?
        .collect::<Result<_>>()?;
    Ok(Some(ManifestRecord {
        layers,
        detector_set,
    }))
}

pub(crate) fn delete(
    transaction: &Transaction<'_>,
    manifests: Vec<Digest>,
) -> Result<BTreeSet<Digest>> {
    let mut deleted = BTreeSet::new();
    let mut layers = BTreeSet::new();
    let mut find = transaction.prepare_cached("SELECT id FROM manifest WHERE digest = ?1")?;
    // The list of layers goes with the manifest.
    let mut forget = transaction.prepare_cached("DELETE FROM manifest WHERE id = ?1")?;
    for manifest in manifests {
        let had_job = jobs::delete(transaction, &manifest)?;
        let id: Option<i64> = find
            .query_row([manifest.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(id) = id {
            layers.extend(layers_of(transaction, id)?);
            forget.execute([id])?;
        }
        if had_job || id.is_some() {
            deleted.insert(manifest);
        }
    }
    layers::delete(transaction, unused_of(transaction, layers)?)?;
    Ok(deleted)
}

pub(crate) fn with_packages(
    connection: &Connection,
    packages: &BTreeSet<String>,
    after: Option<&Digest>,
    limit: usize,
) -> Result<Vec<Digest>> {
    let names = column::to_json(&package_name_ids(connection, packages)?)?;
    let places: i64 = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM manifest_layer
             WHERE layer IN ({LAYERS_WITH_PACKAGES}) LIMIT ?2)"
        ))?
        .query_row((&names, FEW_PLACES), |row| row.get(0))?;
    // The unary plus keeps the first query from going through the manifests in their order.
    let query = if places < FEW_PLACES {
        format!(
            "SELECT digest FROM manifest WHERE +digest > ?2 AND id IN
             (SELECT manifest FROM manifest_layer WHERE layer IN ({LAYERS_WITH_PACKAGES}))
             ORDER BY +digest LIMIT ?3"
        )
    } else {
        format!(
            "SELECT digest FROM manifest WHERE digest > ?2 AND EXISTS
             (SELECT 1 FROM manifest_layer WHERE manifest = manifest.id
              AND +layer IN ({LAYERS_WITH_PACKAGES}))
             ORDER BY digest LIMIT ?3"
        )
    };
    connection
        .prepare_cached(&query)?
        .query_map(
            (
                &names,
                after.map_or("", Digest::as_str),
                column::limit(limit),
            ),
            |row| column::digest(row, 0),
        )?
        .collect()
}

fn package_name_ids(connection: &Connection, names: &BTreeSet<String>) -> Result<Vec<i64>> {
    let mut find = connection.prepare_cached("SELECT id FROM package_name WHERE name = ?1")?;
    let mut ids = Vec::new();
    for name in names {
        ids.extend(
            find.query_row([name], |row| row.get::<_, i64>(0))
                .optional()?,
        );
    }
    Ok(ids)
}
