//! Sending a file, in parts when it is large.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use rusty_s3::actions::{CompleteMultipartUploadResponse, CreateMultipartUpload};
use tokio::task::spawn_blocking;

use super::client::{Client, Retry, code};
use super::fault::Fault;

/// How many parts a file may have; the limit is the service's.
const MOST_PARTS: u64 = 10_000;

/// Bytes that the answers about parts may have.
const ANSWER_BYTES: usize = 64 << 10;

/// Sends a file unless the service has it.
pub(super) async fn upload(client: &Client, key: &str, file: &Path) -> Result<(), Fault> {
    let path = file.to_owned();
    let (file, length) = blocking(move || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((Arc::new(file), length))
    })
    .await?;
    if size(client, key).await? == Some(length) {
        return Ok(());
    }
    let limit = client.settings.max_bytes;
    let part_bytes = client.settings.part_bytes.max(1) as u64;
    if length > limit.min(part_bytes.saturating_mul(MOST_PARTS)) {
        return Err(Fault::TooLarge { limit });
    }
    if length <= part_bytes {
        let content = read(&file, 0, length).await?;
        let action = client.bucket.put_object(Some(&client.credentials), key);
        let mut retry = Retry::new(&client.settings);
        loop {
            let request = client.http.put(Client::sign(&action)).body(content.clone());
            match client.send(request).await {
                Ok(_) => return Ok(()),
                Err(fault) => retry.after(fault).await?,
            }
        }
    }
    let id = begin(client, key).await?;
    let sent = in_parts(client, key, &id, &file, length).await;
    if sent.is_err() {
        abort(client, key, &id).await;
    }
    sent
}

/// Returns the size of an object; none when there is no such object.
async fn size(client: &Client, key: &str) -> Result<Option<u64>, Fault> {
    let action = client.bucket.head_object(Some(&client.credentials), key);
    let mut retry = Retry::new(&client.settings);
    loop {
        match client.send(client.http.head(Client::sign(&action))).await {
            Ok(response) => {
                let length = response.headers().get(CONTENT_LENGTH);
                let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
                return Ok(length);
            }
            Err(Fault::Status { status: 404, .. }) => return Ok(None),
            Err(fault) => retry.after(fault).await?,
        }
    }
}

async fn begin(client: &Client, key: &str) -> Result<String, Fault> {
    let action = client
        .bucket
        .create_multipart_upload(Some(&client.credentials), key);
    let mut retry = Retry::new(&client.settings);
    loop {
        let answer = match client.send(client.http.post(Client::sign(&action))).await {
            Ok(response) => client.text(response, ANSWER_BYTES).await,
            Err(fault) => Err(fault),
        };
        let fault = match answer {
            Ok(text) => match CreateMultipartUpload::parse_response(&text) {
                Ok(parsed) => return Ok(parsed.upload_id().to_owned()),
                Err(_) => Fault::InvalidAnswer("it names no upload"),
            },
            Err(fault) => fault,
        };
        retry.after(fault).await?;
    }
}

async fn in_parts(
    client: &Client,
    key: &str,
    id: &str,
    file: &Arc<File>,
    length: u64,
) -> Result<(), Fault> {
    let part_bytes = client.settings.part_bytes.max(1) as u64;
    let mut tags = Vec::new();
    let mut offset = 0;
    while offset < length {
        let content = read(file, offset, part_bytes.min(length - offset)).await?;
        offset += content.len() as u64;
        let number = u16::try_from(tags.len() + 1).map_err(|_| Fault::TooLarge {
            limit: client.settings.max_bytes,
        })?;
        tags.push(send_part(client, key, id, number, content).await?);
    }
    complete(client, key, id, &tags).await
}

/// Sends one part and returns the tag that the service gave it.
async fn send_part(
    client: &Client,
    key: &str,
    id: &str,
    number: u16,
    content: Bytes,
) -> Result<String, Fault> {
    let action = client
        .bucket
        .upload_part(Some(&client.credentials), key, number, id);
    let mut retry = Retry::new(&client.settings);
    loop {
        let request = client.http.put(Client::sign(&action)).body(content.clone());
        let fault = match client.send(request).await {
            Ok(response) => {
                let tag = response.headers().get(ETAG);
                match tag.and_then(|tag| tag.to_str().ok()) {
                    Some(tag) => return Ok(tag.to_owned()),
                    None => Fault::InvalidAnswer("the part has no tag"),
                }
            }
            Err(fault) => fault,
        };
        retry.after(fault).await?;
    }
}

/// Has the parts put together. The service may find out that it cannot do so after it has answered
/// with a success, so its text decides. After an answer that got lost there is no such upload any
/// more, but the object is there.
async fn complete(client: &Client, key: &str, id: &str, tags: &[String]) -> Result<(), Fault> {
    let tags = || tags.iter().map(String::as_str);
    let action = |tags| {
        client
            .bucket
            .complete_multipart_upload(Some(&client.credentials), key, id, tags)
    };
    let body = action(Box::new(tags()) as Box<dyn Iterator<Item = &str> + Send>).body();
    let mut retry = Retry::new(&client.settings);
    loop {
        let url = Client::sign(&action(Box::new(tags())));
        let request = client
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/xml")
            .body(body.clone());
        let answer = match client.send(request).await {
            Ok(response) => client.text(response, ANSWER_BYTES).await,
            Err(fault) => Err(fault),
        };
        let fault = match answer {
            Ok(text) => match CompleteMultipartUploadResponse::parse(text.trim()) {
                Ok(_) => return Ok(()),
                Err(_) => Fault::NotCompleted { code: code(&text) },
            },
            Err(Fault::Status { status: 404, code }) => {
                return match size(client, key).await? {
                    Some(_) => Ok(()),
                    None => Err(Fault::Status { status: 404, code }),
                };
            }
            Err(fault) => fault,
        };
        retry.after(fault).await?;
    }
}

/// Has the parts forgotten that were sent in vain.
async fn abort(client: &Client, key: &str, id: &str) {
    let action = client
        .bucket
        .abort_multipart_upload(Some(&client.credentials), key, id);
    let request = client.http.delete(Client::sign(&action));
    if let Err(fault) = client.send(request).await {
        tracing::warn!(cause = %fault, "parts of an upload may be left in the blob store");
    }
}

async fn read(file: &Arc<File>, offset: u64, length: u64) -> Result<Bytes, Fault> {
    let file = Arc::clone(file);
    blocking(move || {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut content = vec![0; length];
        file.read_exact_at(&mut content, offset)?;
        Ok(content.into())
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let done = spawn_blocking(work).await;
    done.map_err(io::Error::other)
        .flatten()
        .map_err(Fault::File)
}
