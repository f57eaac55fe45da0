//! JSON bodies that are large, or without a bound.

use std::error::Error;
use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use futures_util::stream;
use serde::Serialize;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::spawn_blocking;

use crate::ApiError;

/// From this size on, in bytes, a part of a body is sent on its way.
const PART: usize = 64 << 10;
/// How many parts may wait for the client.
const WAITING: usize = 4;

/// The content type of JSON that has no type of its own.
pub(super) const JSON: [(HeaderName, HeaderValue); 1] =
    [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];

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
///
/// It has come to its end when the writer was [finished](JsonWriter::finish). When the writer is
/// dropped before, by a panic for example, the body is broken off, so that nobody takes it for a
/// whole one.
///
/// Only so many bodies may be written at a time. The turn of this one has passed when the client
/// has taken what was written: parts can be large, and wait in memory for it.
pub(super) fn stream(turn: OwnedSemaphorePermit) -> (JsonWriter, Body) {
    let turn = Arc::new(turn);
    let (sender, receiver) = mpsc::channel(WAITING);
    let waiting = Some((receiver, Arc::clone(&turn)));
    let parts = stream::unfold(waiting, |waiting| async move {
        let (mut receiver, turn) = waiting?;
        match receiver.recv().await {
            Some(Part::Bytes(bytes)) => Some((Ok(bytes), Some((receiver, turn)))),
            Some(Part::End) => None,
            None => Some((Err(io::Error::other("the body was broken off")), None)),
        }
    });
    let writer = JsonWriter {
        sender,
        buffer: Vec::new(),
        _turn: turn,
    };
    (writer, Body::from_stream(parts))
}

/// What a writer gives to its body.
enum Part {
    Bytes(Bytes),
    End,
}

/// Why a body was not written to its end.
#[derive(Debug, Error)]
pub(super) enum Break {
    /// Nobody waits for the rest.
    #[error("the client has gone away")]
    ClientGone,
    /// The rest cannot be had.
    #[error("{0}")]
    Failed(String),
}

impl Break {
    /// Says in the log what came to a bad end, unless it was the client's will.
    pub(super) fn log(&self, what: &str) {
        if let Self::Failed(reason) = self {
            tracing::warn!(reason, what, "an answer was broken off");
        }
    }
}

impl From<mpsc::error::SendError<Part>> for Break {
    fn from(_: mpsc::error::SendError<Part>) -> Self {
        Self::ClientGone
    }
}

/// Writes a body part by part.
pub(super) struct JsonWriter {
    sender: mpsc::Sender<Part>,
    buffer: Vec<u8>,
    _turn: Arc<OwnedSemaphorePermit>,
}

impl JsonWriter {
    /// Writes text as it is.
    pub(super) fn text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Writes a value.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Break> {
        serde_json::to_writer(&mut self.buffer, value)
            .map_err(|error| Break::Failed(error.to_string()))
    }

    /// Sends what was written when it is enough to be worth it. This is to be called now and then,
    /// also when nothing was written: it tells that the client has gone away.
    pub(super) async fn pass_on(&mut self) -> Result<(), Break> {
        match self.large_part()? {
            Some(part) => Ok(self.sender.send(part).await?),
            None => Ok(()),
        }
    }

    /// [`JsonWriter::pass_on`] from a thread that may block.
    pub(super) fn blocking_pass_on(&mut self) -> Result<(), Break> {
        match self.large_part()? {
            Some(part) => Ok(self.sender.blocking_send(part)?),
            None => Ok(()),
        }
    }

    /// Sends what is left, and ends the body.
    pub(super) async fn finish(mut self) -> Result<(), Break> {
        let rest = std::mem::take(&mut self.buffer);
        self.sender.send(Part::Bytes(rest.into())).await?;
        Ok(self.sender.send(Part::End).await?)
    }

    /// [`JsonWriter::finish`] from a thread that may block.
    pub(super) fn blocking_finish(mut self) -> Result<(), Break> {
        let rest = std::mem::take(&mut self.buffer);
        self.sender.blocking_send(Part::Bytes(rest.into()))?;
        Ok(self.sender.blocking_send(Part::End)?)
    }

    fn large_part(&mut self) -> Result<Option<Part>, Break> {
        if self.sender.is_closed() {
            return Err(Break::ClientGone);
        }
        let is_large = self.buffer.len() >= PART;
        Ok(is_large.then(|| Part::Bytes(std::mem::take(&mut self.buffer).into())))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use tokio::sync::Semaphore;

    fn turns() -> (Arc<Semaphore>, OwnedSemaphorePermit) {
        let turns = Arc::new(Semaphore::new(1));
        let turn = Arc::clone(&turns).try_acquire_owned().unwrap();
        (turns, turn)
    }

    fn stream() -> (JsonWriter, Body) {
        super::stream(turns().1)
    }

    #[tokio::test]
    async fn a_turn_has_passed_when_everything_was_taken_or_the_client_has_gone() {
        for is_taken in [true, false] {
            let (turns, turn) = turns();
            let (mut writer, mut body) = super::stream(turn);
            writer.text("[]");
            writer.finish().await.unwrap();
            assert!(body.frame().await.unwrap().is_ok());
            assert_eq!(turns.available_permits(), 0);
            if is_taken {
                assert!(body.frame().await.is_none());
            } else {
                drop(body);
            }
            assert_eq!(turns.available_permits(), 1, "{is_taken}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_finished_comes_whole() {
        let (mut writer, body) = stream();
        let written = tokio::spawn(async move {
            writer.text("[");
            for number in 0..100_000 {
                writer.text(if number == 0 { "" } else { "," });
                writer.value(&number)?;
                writer.pass_on().await?;
            }
            writer.text("]");
            writer.finish().await
        });
        let body = body.collect().await.unwrap().to_bytes();
        written.await.unwrap().unwrap();
        let numbers: Vec<u32> = serde_json::from_slice(&body).unwrap();
        assert_eq!(numbers, (0..100_000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_body_whose_writer_was_dropped_is_broken_off() {
        for written in ["", "x"] {
            let (mut writer, mut body) = stream();
            writer.text(&written.repeat(PART));
            writer.pass_on().await.unwrap();
            drop(writer);
            if !written.is_empty() {
                let part = body.frame().await.unwrap().unwrap();
                assert_eq!(part.into_data().unwrap().len(), PART);
            }
            assert!(body.frame().await.unwrap().is_err(), "{written:?}");
            assert!(body.frame().await.is_none(), "{written:?}");
        }
    }

    #[tokio::test]
    async fn a_writer_whose_client_has_gone_is_told_even_when_it_has_nothing_to_send() {
        let (mut writer, body) = stream();
        writer.pass_on().await.unwrap();
        drop(body);
        assert!(matches!(writer.pass_on().await, Err(Break::ClientGone)));
        assert!(matches!(writer.finish().await, Err(Break::ClientGone)));
    }

    #[tokio::test]
    async fn a_writer_waits_for_a_slow_client() {
        let (mut writer, body) = stream();
        let parts = spawn_blocking(move || {
            for _ in 0..4 * WAITING {
                writer.text(&"x".repeat(PART));
                writer.blocking_pass_on()?;
            }
            writer.blocking_finish()
        });
        assert_eq!(
            body.collect().await.unwrap().to_bytes().len(),
            4 * WAITING * PART
        );
        parts.await.unwrap().unwrap();
    }
}
