use std::collections::BTreeSet;

use async_trait::async_trait;
use limpid_store::{IndexStore, LayerRecord, StoreError};
use limpid_types::Digest;
use rusqlite::{Connection, OptionalExtension as _, Result, Transaction};

use crate::{SqliteStore, column};

#[async_trait]
impl IndexStore for SqliteStore {
    async fn save_layer(
        &self,
        layer: &Digest,
        detector_set: &str,
        record: &LayerRecord,
    ) -> Result<(), StoreError> {
        let (layer, set, record) = (layer.clone(), detector_set.to_owned(), record.clone());
        self.write("save layer", move |transaction| {
            save_layer(transaction, &layer, &set, &record)
        })
        .await
    }

    async fn layer(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<LayerRecord>, StoreError> {
        let (layer, set) = (layer.clone(), detector_set.to_owned());
        self.read("load layer", move |connection| {
            let evidence = layer_evidence(connection, &layer, &set)?;
            let owned_files = owned_files(connection, &layer, &set)?;
            Ok(evidence
                .zip(owned_files)
                .map(|(evidence, owned_files)| LayerRecord {
                    evidence,
                    owned_files,
                }))
        })
        .await
    }

    async fn layer_evidence(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (layer, set) = (layer.clone(), detector_set.to_owned());
        self.read("load layer evidence", move |connection| {
            layer_evidence(connection, &layer, &set)
        })
        .await
    }

    async fn owned_files(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (layer, set) = (layer.clone(), detector_set.to_owned());
        self.read("load owned files", move |connection| {
            owned_files(connection, &layer, &set)
        })
        .await
    }

    async fn known_layers(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeSet<Digest>, StoreError> {
        let (layers, set) = (layers.to_vec(), detector_set.to_owned());
        self.read("find known layers", move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT 1 FROM layer_evidence JOIN layer ON layer.id = layer_evidence.layer
                 JOIN detector_set ON detector_set.id = layer_evidence.detector_set
                 WHERE layer.digest = ?1 AND detector_set.name = ?2",
            )?;
            let mut known = BTreeSet::new();
            for layer in layers {
                if statement.exists((layer.as_str(), &set))? {
                    known.insert(layer);
                }
            }
            Ok(known)
        })
        .await
    }

    async fn save_index_report(
        &self,
        manifest: &Digest,
        key: &str,
        layers: &[Digest],
        report: &[u8],
    ) -> Result<(), StoreError> {
        let (manifest, key) = (manifest.clone(), key.to_owned());
        let (layers, report) = (layers.to_vec(), report.to_vec());
        self.write("save index report", move |transaction| {
            save_index_report(transaction, &manifest, &key, &layers, &report)
        })
        .await
    }

    async fn index_report(
        &self,
        manifest: &Digest,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (manifest, key) = (manifest.clone(), key.to_owned());
        self.read("load index report", move |connection| {
            connection
                .prepare_cached(
                    "SELECT report FROM index_report
                     JOIN manifest ON manifest.id = index_report.manifest
                     WHERE manifest.digest = ?1 AND index_report.key = ?2",
                )?
                .query_row((manifest.as_str(), key), |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn manifest_layers(&self, manifest: &Digest) -> Result<Option<Vec<Digest>>, StoreError> {
        let manifest = manifest.clone();
        self.read("load manifest", move |connection| {
            let Some(id) = manifest_id(connection, &manifest)? else {
                return Ok(None);
            };
            layers_of(connection, id).map(Some)
        })
        .await
    }

    async fn delete_manifest(&self, manifest: &Digest) -> Result<bool, StoreError> {
        let manifest = manifest.clone();
        self.write("delete manifest", move |transaction| {
            delete_manifest(transaction, &manifest)
        })
        .await
    }
}

fn save_layer(
    transaction: &Transaction<'_>,
    layer: &Digest,
    set: &str,
    record: &LayerRecord,
) -> Result<()> {
    let layer = layer_row(transaction, layer)?;
    transaction
        .prepare_cached("INSERT INTO detector_set (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([set])?;
    let row: Option<i64> = transaction
        .prepare_cached(
            "INSERT INTO layer_evidence (layer, detector_set, evidence)
             SELECT ?1, id, ?3 FROM detector_set WHERE name = ?2
             ON CONFLICT DO NOTHING RETURNING id",
        )?
        .query_row((layer, set, &record.evidence), |row| row.get(0))
        .optional()?;
    if let Some(row) = row {
        transaction
            .prepare_cached("INSERT INTO layer_owned_files (id, owned_files) VALUES (?1, ?2)")?
            .execute((row, &record.owned_files))?;
    }
    Ok(())
}

fn layer_evidence(connection: &Connection, layer: &Digest, set: &str) -> Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(
            "SELECT evidence FROM layer_evidence JOIN layer ON layer.id = layer_evidence.layer
             JOIN detector_set ON detector_set.id = layer_evidence.detector_set
             WHERE layer.digest = ?1 AND detector_set.name = ?2",
        )?
        .query_row((layer.as_str(), set), |row| row.get(0))
        .optional()
}

fn owned_files(connection: &Connection, layer: &Digest, set: &str) -> Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(
            "SELECT owned_files FROM layer_owned_files
             JOIN layer_evidence ON layer_evidence.id = layer_owned_files.id
             JOIN layer ON layer.id = layer_evidence.layer
             JOIN detector_set ON detector_set.id = layer_evidence.detector_set
             WHERE layer.digest = ?1 AND detector_set.name = ?2",
        )?
        .query_row((layer.as_str(), set), |row| row.get(0))
        .optional()
}

/// Returns the id of a layer, which gets one if it has none.
fn layer_row(transaction: &Transaction<'_>, layer: &Digest) -> Result<i64> {
    transaction
        .prepare_cached("INSERT INTO layer (digest) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([layer.as_str()])?;
    transaction
        .prepare_cached("SELECT id FROM layer WHERE digest = ?1")?
        .query_row([layer.as_str()], |row| row.get(0))
}

fn manifest_id(connection: &Connection, manifest: &Digest) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM manifest WHERE digest = ?1")?
        .query_row([manifest.as_str()], |row| row.get(0))
        .optional()
}

fn layers_of(connection: &Connection, manifest: i64) -> Result<Vec<Digest>> {
    connection
        .prepare_cached(
            "SELECT digest FROM manifest_layer JOIN layer ON layer.id = manifest_layer.layer
             WHERE manifest = ?1 ORDER BY position",
        )?
        .query_map([manifest], |row| column::digest(row, 0))?
        .collect()
}

fn save_index_report(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    key: &str,
    layers: &[Digest],
    report: &[u8],
) -> Result<()> {
    transaction
        .prepare_cached("INSERT INTO manifest (digest) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([manifest.as_str()])?;
    let Some(id) = manifest_id(transaction, manifest)? else {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    };
    if layers_of(transaction, id)? != layers {
        transaction
            .prepare_cached("DELETE FROM manifest_layer WHERE manifest = ?1")?
            .execute([id])?;
        for (position, layer) in layers.iter().enumerate() {
            let layer = layer_row(transaction, layer)?;
            transaction
                .prepare_cached(
                    "INSERT INTO manifest_layer (manifest, position, layer) VALUES (?1, ?2, ?3)",
                )?
                .execute((id, column::limit(position), layer))?;
        }
    }
    // A report that says the same is not written again.
    transaction
        .prepare_cached(
            "INSERT INTO index_report (manifest, key, report) VALUES (?1, ?2, ?3)
             ON CONFLICT (manifest, key) DO UPDATE SET report = excluded.report
             WHERE report <> excluded.report",
        )?
        .execute((id, key, report))?;
    Ok(())
}

fn delete_manifest(transaction: &Transaction<'_>, manifest: &Digest) -> Result<bool> {
    let Some(id) = manifest_id(transaction, manifest)? else {
        return Ok(false);
    };
    let layers: Vec<i64> = transaction
        .prepare_cached("SELECT DISTINCT layer FROM manifest_layer WHERE manifest = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_>>()?;
    // The reports and the list of layers go with the manifest, the evidence goes with its layer.
    transaction
        .prepare_cached("DELETE FROM manifest WHERE id = ?1")?
        .execute([id])?;
    let mut delete_unused = transaction.prepare_cached(
        "DELETE FROM layer WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM manifest_layer WHERE layer = ?1)",
    )?;
    for layer in layers {
        delete_unused.execute([layer])?;
    }
    Ok(true)
}
