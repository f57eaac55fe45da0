use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{Acquisition, Lease, LeaseStore, StoreError, expiry};
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::column::{self, get};
use crate::connection::Unit;
use crate::database::Database;
use crate::failure::Failure;

#[async_trait]
impl LeaseStore for PostgresStore {
    async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Acquisition, StoreError> {
        let expires = expiry(now, time_to_live);
        self.database()
            .work("acquire lease", || {
                acquire(self.database(), name, owner, expires, now)
            })
            .await
    }

    async fn renew_lease(
        &self,
        lease: &Lease,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let expires = expiry(now, time_to_live);
        let is_present = self
            .database()
            .work("renew lease", || renew(self.database(), lease, expires))
            .await?;
        Ok(is_present.then(|| Lease {
            expires,
            ..lease.clone()
        }))
    }

    async fn release_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.database()
            .work("release lease", || release(self.database(), lease))
            .await
    }

    async fn remove_expired_leases(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.database()
            .work("remove expired leases", || {
                remove_expired(self.database(), expired_before, limit)
            })
            .await
    }
}

async fn acquire(
    database: &Database,
    name: &str,
    owner: &str,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Acquisition, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    let granted = unit
        .row(
            "INSERT INTO limpid.lease AS lease (name, owner, token, expires)
             VALUES ($1, $2, nextval('limpid.token'), $3)
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,
                 token = nextval('limpid.token'), expires = excluded.expires
             WHERE lease.expires <= $4
             RETURNING token",
            &[
                (&name, Type::TEXT),
                (&owner, Type::TEXT),
                (&expires.as_millisecond(), Type::INT8),
                (&now.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    if let Some(row) = granted {
        let lease = Lease {
            name: name.to_owned(),
            owner: owner.to_owned(),
            token: column::count(&row, 0)?,
            expires,
        };
        unit.commit().await?;
        return Ok(Acquisition::Granted(lease));
    }
    let held = unit
        .row(
            "SELECT owner, token, expires FROM limpid.lease WHERE name = $1",
            &[(&name, Type::TEXT)],
        )
        .await?;
    // It may have been given back just now.
    let row = held.ok_or(Failure::Overtaken)?;
    Ok(Acquisition::Held(Lease {
        name: name.to_owned(),
        owner: get(&row, 0)?,
        token: column::count(&row, 1)?,
        expires: column::time(&row, 2)?,
    }))
}

async fn renew(database: &Database, lease: &Lease, expires: Timestamp) -> Result<bool, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "UPDATE limpid.lease SET expires = $3 WHERE name = $1 AND token = $2 RETURNING true",
            &[
                (&lease.name, Type::TEXT),
                (&column::integer(lease.token), Type::INT8),
                (&expires.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

async fn release(database: &Database, lease: &Lease) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    let rows = unit
        .change(
            "DELETE FROM limpid.lease WHERE name = $1 AND token = $2",
            &[
                (&lease.name, Type::TEXT),
                (&column::integer(lease.token), Type::INT8),
            ],
        )
        .await?;
    unit.commit().await?;
    Ok(rows > 0)
}

async fn remove_expired(
    database: &Database,
    expired_before: Timestamp,
    limit: usize,
) -> Result<usize, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "DELETE FROM limpid.lease WHERE name IN (
                 SELECT name FROM limpid.lease WHERE expires < $1
                 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED
             ) RETURNING true",
            &[
                (&expired_before.as_millisecond(), Type::INT8),
                (&column::limit(limit), Type::INT8),
            ],
        )
        .await?;
    Ok(rows.len())
}

/// Tells whether work is done under a lease that is no longer the one that was granted last. If it
/// still is, sees to it that it stays so until the end of the transaction.
pub(crate) async fn is_lost(unit: &Unit<'_>, lease: Option<&Lease>) -> Result<bool, Failure> {
    let Some(lease) = lease else {
        return Ok(false);
    };
    let row = unit
        .row(
            "SELECT true FROM limpid.lease WHERE name = $1 AND token = $2 FOR SHARE",
            &[
                (&lease.name, Type::TEXT),
                (&column::integer(lease.token), Type::INT8),
            ],
        )
        .await?;
    Ok(row.is_none())
}
