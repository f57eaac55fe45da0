use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{Acquisition, Lease, LeaseStore, StoreError, expiry};
use rusqlite::{Connection, OptionalExtension as _, Result, Transaction};

use crate::{SqliteStore, column};

#[async_trait]
impl LeaseStore for SqliteStore {
    async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Acquisition, StoreError> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.write("acquire lease", move |transaction| {
            acquire(transaction, &name, &owner, expiry(now, time_to_live), now)
        })
        .await
    }

    async fn renew_lease(
        &self,
        lease: &Lease,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let mut lease = lease.clone();
        self.write("renew lease", move |transaction| {
            lease.expires = expiry(now, time_to_live);
            let rows = transaction.execute(
                "UPDATE lease SET expires = ?3 WHERE name = ?1 AND token = ?2",
                (
                    &lease.name,
                    column::integer(lease.token),
                    lease.expires.as_millisecond(),
                ),
            )?;
            Ok((rows > 0).then_some(lease))
        })
        .await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write("release lease", move |transaction| {
            let rows = transaction.execute(
                "DELETE FROM lease WHERE name = ?1 AND token = ?2",
                (&lease.name, column::integer(lease.token)),
            )?;
            Ok(rows > 0)
        })
        .await
    }

    async fn remove_expired_leases(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.write("remove expired leases", move |transaction| {
            transaction.execute(
                "DELETE FROM lease WHERE name IN
                 (SELECT name FROM lease WHERE expires < ?1 ORDER BY expires LIMIT ?2)",
                (expired_before.as_millisecond(), column::limit(limit)),
            )
        })
        .await
    }
}

/// Spends a token that is higher than all before, for a lease or for a claim on a job.
pub(crate) fn next_token(transaction: &Transaction<'_>) -> Result<u64> {
    transaction
        .prepare_cached("UPDATE token SET last = last + 1 RETURNING last")?
        .query_row([], |row| column::count(row, 0))
}

/// Tells whether work is done under a lease that is no longer the one that was granted last.
pub(crate) fn is_lost(connection: &Connection, lease: Option<&Lease>) -> Result<bool> {
    let Some(lease) = lease else {
        return Ok(false);
    };
    let is_present = connection
        .prepare_cached("SELECT 1 FROM lease WHERE name = ?1 AND token = ?2")?
        .exists((&lease.name, column::integer(lease.token)))?;
    Ok(!is_present)
}

fn acquire(
    transaction: &Transaction<'_>,
    name: &str,
    owner: &str,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Acquisition> {
    if let Some(holder) = holder(transaction, name)?
        && holder.expires.as_millisecond() > now.as_millisecond()
    {
        return Ok(Acquisition::Held(holder));
    }
    let token = next_token(transaction)?;
    transaction.execute(
        "INSERT INTO lease (name, token, owner, expires) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE
         SET token = excluded.token, owner = excluded.owner, expires = excluded.expires",
        (
            name,
            column::integer(token),
            owner,
            expires.as_millisecond(),
        ),
    )?;
    Ok(Acquisition::Granted(Lease {
        name: name.to_owned(),
        owner: owner.to_owned(),
        token,
        expires,
    }))
}

fn holder(transaction: &Transaction<'_>, name: &str) -> Result<Option<Lease>> {
    transaction
        .query_row(
            "SELECT token, owner, expires FROM lease WHERE name = ?1",
            [name],
            |row| {
                Ok(Lease {
                    name: name.to_owned(),
                    token: column::count(row, 0)?,
                    owner: row.get(1)?,
                    expires: column::time(row, 2)?,
                })
            },
        )
        .optional()
}
