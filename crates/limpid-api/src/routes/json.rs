//! JSON bodies that are large, or without a bound.

use std::error::Error;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::ApiError;

/// From this size on, in bytes, a part of a body is sent on its way.
const PART: usize = 64 << 10;
/// How many parts may wait for the client.
const WAITING: usize = 4;

/// Writes a document on a thread that may be busy for a while.
pub(super) async fn body<T: Serialize + Send + Sync + 'static>(
    document: T,
) -> Result<Body, ApiError> {
    let written = spawn_blocking(move || serde_json::to_vec(&document)).await;
    let internal = |detail: String| ApiError::internal("internal error").with_detail(detail);
    let written = written.map_err(|error| internal(error.to_string()))?;
    Ok(Body::from(
        written.map_err(|error| internal(error.to_string()))?,
    ))
}

/// Begins a body that is written while it is sent, as far as the client takes it.
pub(super) fn stream() -> (JsonWriter, Body) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let parts = stream::unfold(receiver, |mut receiver| async move {
        let part: Result<Bytes, io::Error> = receiver.recv().await?;
        Some((part, receiver))
    });
    let writer = JsonWriter {
        sender,
        buffer: Vec::new(),
    };
    (writer, Body::from_stream(parts))
}

/// The content type of JSON that has no type of its own.
pub(super) const JSON: [(HeaderName, HeaderValue); 1] =
    [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];

/// Writes a body part by part. A client that has gone away is an error.
pub(super) struct JsonWriter {
    sender: mpsc::Sender<Result<Bytes, io::Error>>,
    buffer: Vec<u8>,
}

impl Clone for JsonWriter {
    /// Returns a writer of the same body, with nothing written that was not sent.
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            buffer: Vec::new(),
        }
    }
}

impl JsonWriter {
    /// Writes text as it is.
    pub(super) async fn text(&mut self, text: &str) -> Result<(), String> {
        self.buffer.extend_from_slice(text.as_bytes());
        self.send_when_large().await
    }

    /// Writes a value.
    pub(super) async fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), String> {
        serde_json::to_writer(&mut self.buffer, value).map_err(|error| error.to_string())?;
        self.send_when_large().await
    }

    /// Writes text as it is, from a thread that may block.
    pub(super) fn blocking_text(&mut self, text: &str) -> Result<(), String> {
        self.buffer.extend_from_slice(text.as_bytes());
        self.blocking_send_when_large()
    }

    /// Writes a value, from a thread that may block.
    pub(super) fn blocking_value<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), String> {
        serde_json::to_writer(&mut self.buffer, value).map_err(|error| error.to_string())?;
        self.blocking_send_when_large()
    }

    /// Sends what is left.
    pub(super) async fn finish(mut self) -> Result<(), String> {
        let part = std::mem::take(&mut self.buffer);
        self.sender.send(Ok(part.into())).await.map_err(gone)
    }

    /// Sends what is left, from a thread that may block.
    pub(super) fn blocking_finish(mut self) -> Result<(), String> {
        let part = std::mem::take(&mut self.buffer);
        self.sender.blocking_send(Ok(part.into())).map_err(gone)
    }

    /// Breaks the body off, so that nobody takes it for a whole one.
    pub(super) async fn fail(self, cause: String) {
        // A client that has gone away needs no telling.
        let _ = self.sender.send(Err(io::Error::other(cause))).await;
    }

    /// Breaks the body off, from a thread that may block.
    pub(super) fn blocking_fail(self, cause: String) {
        // A client that has gone away needs no telling.
        let _ = self.sender.blocking_send(Err(io::Error::other(cause)));
    }

    async fn send_when_large(&mut self) -> Result<(), String> {
        if self.buffer.len() < PART {
            return Ok(());
        }
        let part = std::mem::take(&mut self.buffer);
        self.sender.send(Ok(part.into())).await.map_err(gone)
    }

    fn blocking_send_when_large(&mut self) -> Result<(), String> {
        if self.buffer.len() < PART {
            return Ok(());
        }
        let part = std::mem::take(&mut self.buffer);
        self.sender.blocking_send(Ok(part.into())).map_err(gone)
    }
}

fn gone<T>(_: mpsc::error::SendError<T>) -> String {
    "the client has gone away".to_owned()
}

/// Returns what an error and its causes say, outermost first.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
