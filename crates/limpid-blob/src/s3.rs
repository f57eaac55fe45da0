//! Blobs in S3-compatible storage.

mod client;
mod download;
mod fault;
mod settings;
mod upload;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use limpid_store::{BlobStore, StoreError};
use limpid_types::Digest;
use rusty_s3::BucketError;
use rusty_s3::actions::ListObjectsV2;
use thiserror::Error;
use tokio::time::timeout;

use crate::name;
use client::{Client, Retry};
use fault::Fault;
pub use settings::S3Settings;

/// Bytes that one page of a list may have: a thousand objects need some hundred thousand.
const PAGE_BYTES: usize = 8 << 20;

/// How many pages of a list are read: far more than any installation has, so that a service that
/// repeats itself comes to an end.
const MOST_PAGES: usize = 1000;

/// Keeps blobs as objects of a bucket in S3-compatible storage.
#[derive(Clone, Debug)]
pub struct S3Blobs {
    client: Arc<Client>,
}

/// Why a bucket cannot be used at all.
#[derive(Debug, Error)]
pub enum S3Error {
    /// The bucket has no address.
    #[error("the endpoint does not fit the bucket: {bucket}")]
    Address {
        /// The bucket.
        bucket: String,
        /// What is wrong.
        #[source]
        source: BucketError,
    },
    /// The encryption library refuses to work, for example without trusted certificates.
    #[error("cannot make connections")]
    Client(#[source] reqwest::Error),
}

impl S3Blobs {
    /// Keeps blobs in a bucket. Nothing is asked of the service before the first use.
    pub fn new(settings: S3Settings) -> Result<Self, S3Error> {
        Ok(Self {
            client: Arc::new(Client::new(settings)?),
        })
    }

    /// Waits for an operation as long as it may take.
    async fn within<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let settings = &self.client.settings;
        let limit = settings.total_timeout;
        let done = timeout(limit, work).await;
        done.unwrap_or(Err(Fault::TooSlow { limit }))
            .map_err(|fault| StoreError {
                kind: fault.kind(),
                operation,
                location: settings.location(),
                source: Some(Box::new(fault)),
            })
    }
}

#[async_trait]
impl BlobStore for S3Blobs {
    async fn put_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        let key = self.client.key(&name::name(digest));
        self.within("put blob", upload::upload(&self.client, &key, file))
            .await
    }

    async fn get_blob(&self, digest: &Digest, destination: &Path) -> Result<bool, StoreError> {
        let key = self.client.key(&name::name(digest));
        let work = download::download(&self.client, &key, digest, destination);
        self.within("get blob", work).await
    }

    async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        self.within("list blobs", list(&self.client)).await
    }

    async fn remove_blobs(&self, digests: &BTreeSet<Digest>) -> Result<(), StoreError> {
        let work = async {
            for digest in digests {
                remove(&self.client, &self.client.key(&name::name(digest))).await?;
            }
            Ok(())
        };
        self.within("remove blobs", work).await
    }
}

async fn list(client: &Client) -> Result<BTreeSet<Digest>, Fault> {
    let mut found = BTreeSet::new();
    let mut token: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = page(client, token.as_deref()).await?;
        for object in page.contents {
            let name = object.key.strip_prefix(&client.settings.prefix);
            found.extend(name.and_then(name::digest));
        }
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(Fault::InvalidAnswer("the list does not end"))
}

async fn page(
    client: &Client,
    token: Option<&str>,
) -> Result<rusty_s3::actions::ListObjectsV2Response, Fault> {
    let mut action = client.bucket.list_objects_v2(Some(&client.credentials));
    action.with_prefix(client.settings.prefix.as_str());
    if let Some(token) = token {
        action.with_continuation_token(token);
    }
    let mut retry = Retry::new(&client.settings);
    loop {
        let answer = match client.send(client.http.get(Client::sign(&action))).await {
            Ok(response) => client.text(response, PAGE_BYTES).await,
            Err(fault) => Err(fault),
        };
        let fault = match answer.map(|text| ListObjectsV2::parse_response(&text)) {
            Ok(Ok(page)) => return Ok(page),
            Ok(Err(_)) => Fault::InvalidAnswer("it is no list of objects"),
            Err(fault) => fault,
        };
        retry.after(fault).await?;
    }
}

async fn remove(client: &Client, key: &str) -> Result<(), Fault> {
    let action = client.bucket.delete_object(Some(&client.credentials), key);
    let mut retry = Retry::new(&client.settings);
    loop {
        match client.send(client.http.delete(Client::sign(&action))).await {
            Ok(_) | Err(Fault::Status { status: 404, .. }) => return Ok(()),
            Err(fault) => retry.after(fault).await?,
        }
    }
}
