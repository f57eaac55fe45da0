//! Which layers manifests have.

use std::collections::{BTreeMap, BTreeSet};

use limpid_store::ManifestRecord;
use limpid_types::Digest;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::column::{self, get};
use crate::connection::{Connection, Lock, Unit};
use crate::database::Database;
use crate::failure::Failure;
use crate::layers::{detector_set, forget_unused};
use crate::{PostgresStore, jobs};

/// How many rows one statement deletes at most.
const BATCH: usize = 10_000;

/// How many manifests make it worthwhile to go through manifests in their order instead of finding
/// all that have a package.
const MANY: i64 = 5000;

const LOAD: &str = "SELECT detector_set.name, ARRAY (
         SELECT layer.digest FROM unnest(manifest.layers) WITH ORDINALITY AS part (id, position)
         JOIN limpid.layer ON layer.id = part.id ORDER BY part.position
     )
     FROM limpid.manifest JOIN limpid.detector_set ON detector_set.id = manifest.detector_set
     WHERE manifest.digest = $1";

fn read(row: &Row) -> Result<ManifestRecord, Failure> {
    let layers: Vec<&[u8]> = get(row, 1)?;
    Ok(ManifestRecord {
        layers: layers
            .into_iter()
            .map(column::parse_digest)
            .collect::<Result<_, _>>()?,
        detector_set: get(row, 0)?,
    })
}

pub(crate) async fn load(
    database: &Database,
    digest: &[u8],
) -> Result<Option<ManifestRecord>, Failure> {
    let connection = database.connection().await?;
    let rows = connection.rows(LOAD, &[(&digest, Type::BYTEA)]).await?;
    rows.first().map(read).transpose()
}

pub(crate) async fn save(
    store: &PostgresStore,
    digest: &[u8],
    record: &ManifestRecord,
) -> Result<bool, Failure> {
    let set = detector_set(store, &record.detector_set).await?;
    let mut connection = store.database().connection().await?;
    let unit = connection.begin().await?;
    let known = unit.row(LOAD, &[(&digest, Type::BYTEA)]).await?;
    let known = known.as_ref().map(read).transpose()?;
    if known.as_ref() != Some(record) {
        if known.is_some() {
            // It will lose layers. Before any of them is locked, because others lock in this order.
            unit.lock(Lock::Layers).await?;
        }
        let Some(layers) = lock_layers(&unit, &record.layers, set).await? else {
            return Ok(false);
        };
        if known.is_some() {
            replace(&unit, digest, set, &layers).await?;
        } else {
            insert(&unit, digest, set, &layers).await?;
        }
    }
    jobs::forget_failure(&unit, digest).await?;
    unit.commit().await?;
    Ok(true)
}

/// Keeps the layers of a manifest from being deleted, and returns their rows in their order; none
/// when one is not there.
async fn lock_layers(
    unit: &Unit<'_>,
    layers: &[Digest],
    set: i32,
) -> Result<Option<Vec<i64>>, Failure> {
    let rows = unit
        .rows(
            "SELECT digest, id FROM limpid.layer WHERE digest = ANY ($1) AND detector_set = $2
             ORDER BY id FOR KEY SHARE",
            &[
                (&column::digests(layers), Type::BYTEA_ARRAY),
                (&set, Type::INT4),
            ],
        )
        .await?;
    let ids: BTreeMap<Digest, i64> = rows
        .iter()
        .map(|row| Ok((column::digest(row, 0)?, get(row, 1)?)))
        .collect::<Result<_, Failure>>()?;
    Ok(layers.iter().map(|layer| ids.get(layer).copied()).collect())
}

async fn insert(unit: &Unit<'_>, digest: &[u8], set: i32, layers: &[i64]) -> Result<(), Failure> {
    let row = unit
        .row(
            "INSERT INTO limpid.manifest (digest, detector_set, layers) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING RETURNING id",
            &[
                (&digest, Type::BYTEA),
                (&set, Type::INT4),
                (&layers, Type::INT8_ARRAY),
            ],
        )
        .await?;
    let id = get(&row.ok_or(Failure::Overtaken)?, 0)?;
    refer(unit, id, layers).await
}

async fn replace(unit: &Unit<'_>, digest: &[u8], set: i32, layers: &[i64]) -> Result<(), Failure> {
    let row = unit
        .row(
            "SELECT id, layers FROM limpid.manifest WHERE digest = $1",
            &[(&digest, Type::BYTEA)],
        )
        .await?;
    let row = row.ok_or(Failure::Overtaken)?;
    let id: i64 = get(&row, 0)?;
    let mut lost: Vec<i64> = get(&row, 1)?;
    lost.retain(|layer| !layers.contains(layer));
    unit.change(
        "UPDATE limpid.manifest SET detector_set = $2, layers = $3 WHERE id = $1",
        &[
            (&id, Type::INT8),
            (&set, Type::INT4),
            (&layers, Type::INT8_ARRAY),
        ],
    )
    .await?;
    unit.change(
        "DELETE FROM limpid.manifest_layer WHERE layer = ANY ($1) AND manifest = $2",
        &[(&lost, Type::INT8_ARRAY), (&id, Type::INT8)],
    )
    .await?;
    unit.change(
        "INSERT INTO limpid.unused_layer (layer, saved)
         SELECT id, saved FROM limpid.layer WHERE id = ANY ($1) ON CONFLICT DO NOTHING",
        &[(&lost, Type::INT8_ARRAY)],
    )
    .await?;
    refer(unit, id, layers).await
}

async fn refer(unit: &Unit<'_>, manifest: i64, layers: &[i64]) -> Result<(), Failure> {
    unit.change(
        "INSERT INTO limpid.manifest_layer (layer, manifest)
         SELECT DISTINCT unnest($1::bigint[]), $2::bigint ON CONFLICT DO NOTHING",
        &[(&layers, Type::INT8_ARRAY), (&manifest, Type::INT8)],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(
    database: &Database,
    digests: &[Vec<u8>],
) -> Result<BTreeSet<Digest>, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    // Two that delete at once would each take a layer for the other's, and leave it behind.
    unit.lock(Lock::Layers).await?;
    let rows = unit
        .rows(
            "DELETE FROM limpid.manifest WHERE digest = ANY ($1) RETURNING digest, id, layers",
            &[(&digests, Type::BYTEA_ARRAY)],
        )
        .await?;
    let mut deleted = jobs::delete(&unit, digests).await?;
    let mut pairs: BTreeSet<(i64, i64)> = BTreeSet::new();
    for row in &rows {
        deleted.insert(column::digest(row, 0)?);
        let id = get(row, 1)?;
        let layers: Vec<i64> = get(row, 2)?;
        pairs.extend(layers.into_iter().map(|layer| (layer, id)));
    }
    let (layers, manifests): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
    for (layers, manifests) in layers.chunks(BATCH).zip(manifests.chunks(BATCH)) {
        unit.change(
            "DELETE FROM limpid.manifest_layer
             USING unnest($1::bigint[], $2::bigint[]) AS gone (layer, manifest)
             WHERE manifest_layer.layer = gone.layer AND manifest_layer.manifest = gone.manifest",
            &[(&layers, Type::INT8_ARRAY), (&manifests, Type::INT8_ARRAY)],
        )
        .await?;
    }
    // They are in order, so that equal ones are beside each other.
    let mut layers = layers;
    layers.dedup();
    for layers in layers.chunks(BATCH) {
        forget_unused(&unit, layers).await?;
    }
    unit.commit().await?;
    Ok(deleted)
}

/// Returns a page of the manifests with packages, in the order of their digests.
///
/// When few manifests have them, all are found and sorted. When many do, manifests are gone through
/// in their order until enough were found, which is soon. The layers are found before and sent back
/// because the planner cannot know how many there are, and is wrong by orders of magnitude.
pub(crate) async fn with_packages(
    database: &Database,
    packages: &[i64],
    after: &[u8],
    limit: usize,
) -> Result<Vec<Digest>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT id FROM limpid.layer WHERE packages && $1",
            &[(&packages, Type::INT8_ARRAY)],
        )
        .await?;
    let layers: Vec<i64> = rows
        .iter()
        .map(|row| get(row, 0))
        .collect::<Result<_, _>>()?;
    let find = if is_in_many(&connection, &layers).await? {
        "SELECT digest FROM limpid.manifest WHERE digest > $2 AND EXISTS (
             SELECT FROM unnest(manifest.layers) AS part (id) WHERE part.id = ANY ($1)
         )
         ORDER BY digest LIMIT $3"
    } else {
        "SELECT digest FROM limpid.manifest WHERE id = ANY (ARRAY (
             SELECT DISTINCT manifest FROM limpid.manifest_layer WHERE layer = ANY ($1)
         )) AND digest > $2 ORDER BY digest LIMIT $3"
    };
    let rows = connection
        .rows(
            find,
            &[
                (&layers, Type::INT8_ARRAY),
                (&after, Type::BYTEA),
                (&column::limit(limit), Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(|row| column::digest(row, 0)).collect()
}

/// Tells whether layers are in [`MANY`] manifests or more; looks at no more than these.
async fn is_in_many(connection: &Connection, layers: &[i64]) -> Result<bool, Failure> {
    let rows = connection
        .rows(
            "SELECT count(*) FROM (
                 SELECT FROM unnest($1::bigint[]) AS part (id), LATERAL (
                     SELECT FROM limpid.manifest_layer WHERE layer = part.id LIMIT $2
                 ) AS has LIMIT $2
             ) AS first_few",
            &[(&layers, Type::INT8_ARRAY), (&MANY, Type::INT8)],
        )
        .await?;
    let found: i64 = rows.first().map_or(Ok(0), |row| get(row, 0))?;
    Ok(found >= MANY)
}
