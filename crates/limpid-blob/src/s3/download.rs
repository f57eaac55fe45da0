//! Getting a file, going on where an answer broke off.

use std::path::Path;

use bytes::Bytes;
use limpid_types::Digest;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::client::{Client, Retry};
use super::fault::Fault;
use crate::incoming::{Incoming, IncomingError};

/// How many pieces of an answer may wait to be written.
const WAITING_PIECES: usize = 16;

/// Gets an object; false when there is no such object.
pub(super) async fn download(
    client: &Client,
    key: &str,
    digest: &Digest,
    destination: &Path,
) -> Result<bool, Fault> {
    let mut writer = Writer::start(digest, destination);
    let received = receive_all(client, key, &mut writer).await;
    // The writer knows best why it does not take more.
    let written = writer.close(matches!(received, Ok(true))).await;
    written.and(received)
}

async fn receive_all(client: &Client, key: &str, writer: &mut Writer) -> Result<bool, Fault> {
    let mut retry = Retry::new(&client.settings);
    loop {
        let before = writer.received;
        let fault = match receive(client, key, writer).await {
            Err(fault) => fault,
            received => return received,
        };
        if writer.received > before {
            retry.reset();
        }
        retry.after(fault).await?;
    }
}

/// Receives what is missing; false when there is no such object.
async fn receive(client: &Client, key: &str, writer: &mut Writer) -> Result<bool, Fault> {
    let action = client.bucket.get_object(Some(&client.credentials), key);
    let mut request = client.http.get(Client::sign(&action));
    if writer.received > 0 {
        request = request.header(RANGE, format!("bytes={}-", writer.received));
    }
    let mut response = match client.send(request).await {
        Ok(response) => response,
        Err(Fault::Status { status: 404, .. }) => return Ok(false),
        Err(fault) => {
            if matches!(fault, Fault::Status { status: 416, .. }) {
                writer.restart().await?;
            }
            return Err(fault);
        }
    };
    if response.status() == StatusCode::OK {
        writer.restart().await?;
    } else if start(&response) != Some(writer.received) {
        return Err(Fault::InvalidAnswer("it is another part"));
    }
    let limit = client.settings.max_bytes;
    while let Some(bytes) = client.chunk(&mut response).await? {
        if writer.received + bytes.len() as u64 > limit {
            return Err(Fault::TooLarge { limit });
        }
        writer.push(bytes).await?;
    }
    Ok(true)
}

/// Returns at which byte of the object a part begins.
fn start(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (start, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    start.parse().ok()
}

/// Writes a file on a thread that can wait.
struct Writer {
    pieces: mpsc::Sender<Piece>,
    received: u64,
    thread: JoinHandle<Result<(), IncomingError>>,
}

enum Piece {
    Bytes(Bytes),
    Restart,
    End,
}

impl Writer {
    fn start(digest: &Digest, destination: &Path) -> Self {
        let (pieces, received) = mpsc::channel(WAITING_PIECES);
        let (digest, destination) = (digest.clone(), destination.to_owned());
        Self {
            pieces,
            received: 0,
            thread: spawn_blocking(move || write(received, &digest, &destination)),
        }
    }

    async fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.received += bytes.len() as u64;
        self.send(Piece::Bytes(bytes)).await
    }

    /// Forgets what was received.
    async fn restart(&mut self) -> Result<(), Fault> {
        if self.received == 0 {
            return Ok(());
        }
        self.received = 0;
        self.send(Piece::Restart).await
    }

    async fn send(&mut self, piece: Piece) -> Result<(), Fault> {
        let sent = self.pieces.send(piece).await;
        sent.map_err(|_| Fault::NotWritten)
    }

    /// Ends: the file is at its destination if it is complete, and gone otherwise.
    async fn close(mut self, is_complete: bool) -> Result<(), Fault> {
        if is_complete {
            // If the thread has ended, it says why below.
            let _ = self.send(Piece::End).await;
        }
        drop(self.pieces);
        let written = self.thread.await.map_err(|_| Fault::NotWritten)?;
        Ok(written?)
    }
}

fn write(
    mut pieces: mpsc::Receiver<Piece>,
    digest: &Digest,
    destination: &Path,
) -> Result<(), IncomingError> {
    let mut incoming = Incoming::new(digest, destination)?;
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => incoming.push(&bytes)?,
            Piece::Restart => incoming.restart()?,
            Piece::End => return incoming.finish(),
        }
    }
    Ok(())
}
