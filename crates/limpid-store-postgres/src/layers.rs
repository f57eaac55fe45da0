//! What was seen in layers.

use std::collections::{BTreeMap, BTreeSet};

use limpid_store::LayerRecord;
use limpid_types::Digest;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::column::{self, get};
use crate::connection::{Lock, Unit};
use crate::database::Database;
use crate::failure::Failure;

/// A layer as it is to be kept.
pub(crate) struct NewLayer<'a> {
    pub(crate) digest: &'a [u8],
    pub(crate) packages: &'a [i64],
    pub(crate) record: &'a LayerRecord,
    pub(crate) saved: i64,
}

/// What came of looking for unused layers.
pub(crate) struct Swept {
    /// Layers that were looked at.
    pub(crate) seen: usize,
    /// Layers that were removed.
    pub(crate) removed: usize,
}

/// Returns the row of a set of detectors, which gets one if it has none. Rows are never removed.
pub(crate) async fn detector_set(store: &PostgresStore, name: &str) -> Result<i32, Failure> {
    if let Some(id) = store.known_set(name) {
        return Ok(id);
    }
    let connection = store.database().connection().await?;
    let parameters = [(&name as _, Type::TEXT)];
    let find = "SELECT id FROM limpid.detector_set WHERE name = $1";
    let mut rows = connection.rows(find, &parameters).await?;
    if rows.is_empty() {
        let insert = "INSERT INTO limpid.detector_set (name) VALUES ($1) ON CONFLICT DO NOTHING";
        connection.rows(insert, &parameters).await?;
        rows = connection.rows(find, &parameters).await?;
    }
    let id = get(rows.first().ok_or(Failure::Overtaken)?, 0)?;
    store.remember_set(name, id);
    Ok(id)
}

pub(crate) async fn save(
    store: &PostgresStore,
    layer: &NewLayer<'_>,
    set: &str,
) -> Result<(), Failure> {
    let set = detector_set(store, set).await?;
    let connection = store.database().connection().await?;
    // Nobody has it yet: a manifest comes only when all its layers are there.
    connection
        .rows(
            "WITH new AS (
                 INSERT INTO limpid.layer
                     (saved, detector_set, digest, packages, evidence, owned_files)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id, saved
             )
             INSERT INTO limpid.unused_layer (layer, saved) SELECT id, saved FROM new",
            &[
                (&layer.saved, Type::INT8),
                (&set, Type::INT4),
                (&layer.digest, Type::BYTEA),
                (&layer.packages, Type::INT8_ARRAY),
                (&layer.record.evidence, Type::BYTEA),
                (&layer.record.owned_files, Type::BYTEA),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn evidence(
    database: &Database,
    digests: &[Vec<u8>],
    set: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>, Failure> {
    let statement = "SELECT digest, evidence FROM limpid.layer WHERE digest = ANY ($1)
         AND detector_set = (SELECT id FROM limpid.detector_set WHERE name = $2)";
    load(database, digests, set, statement).await
}

pub(crate) async fn owned_files(
    database: &Database,
    digests: &[Vec<u8>],
    set: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>, Failure> {
    let statement = "SELECT digest, owned_files FROM limpid.layer WHERE digest = ANY ($1)
         AND detector_set = (SELECT id FROM limpid.detector_set WHERE name = $2)";
    load(database, digests, set, statement).await
}

/// Loads a part of some layers with a statement that finds it by digests and detector set.
async fn load(
    database: &Database,
    digests: &[Vec<u8>],
    set: &str,
    statement: &str,
) -> Result<BTreeMap<Digest, Vec<u8>>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            statement,
            &[(&digests, Type::BYTEA_ARRAY), (&set, Type::TEXT)],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((column::digest(row, 0)?, get(row, 1)?)))
        .collect()
}

pub(crate) async fn known(
    database: &Database,
    digests: &[Vec<u8>],
    set: &str,
) -> Result<BTreeSet<Digest>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT digest FROM limpid.layer WHERE digest = ANY ($1)
             AND detector_set = (SELECT id FROM limpid.detector_set WHERE name = $2)",
            &[(&digests, Type::BYTEA_ARRAY), (&set, Type::TEXT)],
        )
        .await?;
    rows.iter().map(|row| column::digest(row, 0)).collect()
}

/// Forgets those of some layers that no manifest has. The caller has [`Lock::Layers`].
pub(crate) async fn forget_unused(unit: &Unit<'_>, layers: &[i64]) -> Result<usize, Failure> {
    // Whoever saves a manifest has its layers locked until it is there. So these locks wait for
    // it, and the second statement sees it.
    let locked = unit
        .rows(
            "SELECT id FROM limpid.layer WHERE id = ANY ($1)
             AND NOT EXISTS (SELECT FROM limpid.manifest_layer WHERE layer = id)
             ORDER BY id FOR UPDATE",
            &[(&layers, Type::INT8_ARRAY)],
        )
        .await?;
    let locked: Vec<i64> = locked
        .iter()
        .map(|row| get(row, 0))
        .collect::<Result<_, _>>()?;
    let removed = unit
        .change(
            "DELETE FROM limpid.layer WHERE id = ANY ($1)
             AND NOT EXISTS (SELECT FROM limpid.manifest_layer WHERE layer = id)",
            &[(&locked, Type::INT8_ARRAY)],
        )
        .await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}

/// Looks at layers that may be unused, the oldest first, and forgets those that are.
pub(crate) async fn sweep(
    database: &Database,
    saved_before: i64,
    limit: usize,
) -> Result<Swept, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Layers).await?;
    let rows = unit
        .rows(
            "SELECT layer FROM limpid.unused_layer WHERE saved < $1 ORDER BY saved LIMIT $2",
            &[
                (&saved_before, Type::INT8),
                (&column::limit(limit), Type::INT8),
            ],
        )
        .await?;
    let layers: Vec<i64> = rows
        .iter()
        .map(|row| get(row, 0))
        .collect::<Result<_, _>>()?;
    let removed = forget_unused(&unit, &layers).await?;
    // Those that are left have a manifest. When they lose it they are deleted, or noted again.
    unit.change(
        "DELETE FROM limpid.unused_layer WHERE layer = ANY ($1)",
        &[(&layers, Type::INT8_ARRAY)],
    )
    .await?;
    unit.commit().await?;
    Ok(Swept {
        seen: layers.len(),
        removed,
    })
}
