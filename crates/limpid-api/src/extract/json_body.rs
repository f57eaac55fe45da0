use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use http_body_util::BodyExt as _;
use limpid_types::{Digest, Manifest};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::ApiError;

/// From this size on, in bytes, a body is decoded on a thread that may be busy for a while.
const LARGE: usize = 64 << 10;

/// How much all request bodies may hold together by default, in bytes.
const ALL_BODIES: usize = 128 << 20;

/// What the body of a request may be.
#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// Bytes that one may have.
    pub bytes: usize,
    /// How long one may take to arrive.
    pub time: Duration,
    memory: Arc<Semaphore>,
}

/// The unit of the memory that bodies share, in bytes.
const UNIT: usize = 1 << 10;

impl BodyLimits {
    /// Makes limits: for one body its bytes and the time that it may take to arrive, and the
    /// bytes that all bodies may hold together at a time.
    pub fn new(bytes: usize, time: Duration, all_bytes: usize) -> Self {
        let units = all_bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            bytes,
            time,
            memory: Arc::new(Semaphore::new(units)),
        }
    }

    /// Checks the length that a request gives for its body.
    pub(crate) fn check(&self, length: u64) -> Result<(), ApiError> {
        if length > self.bytes as u64 {
            return Err(ApiError::payload_too_large(self.bytes));
        }
        Ok(())
    }
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self::new(16 << 20, Duration::from_mins(1), ALL_BODIES)
    }
}

/// What is read from bodies, and how a failure to do so is worded.
pub trait Describe: DeserializeOwned + Send + 'static {
    /// The beginning of the message, before a colon.
    const FAILURE: &'static str;
}

impl Describe for Manifest {
    const FAILURE: &'static str = "failed to deserialize manifest";
}

/// Null is no digest, as in Clair.
impl Describe for Option<Vec<Digest>> {
    const FAILURE: &'static str = "failed to deserialize bulk delete";
}

/// The JSON document in the body of a request.
///
/// The content type does not count, and what comes after the first value is passed over, as in
/// Clair. The limits are those that [`Api`](crate::Api) was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonBody<T>(
    /// The document.
    pub T,
);

impl<S: Sync, T: Describe> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let limits = request.extensions().get::<BodyLimits>();
        let limits = limits.cloned().unwrap_or_default();
        let (bytes, held) = timeout(limits.time, collect(request.into_body(), &limits))
            .await
            .map_err(|_| ApiError::request_timeout("request body did not arrive in time"))??;
        let decoded = if bytes.len() < LARGE {
            decode(&bytes)
        } else {
            tokio::task::spawn_blocking(move || decode(&bytes))
                .await
                .map_err(|error| {
                    ApiError::internal("internal error").with_detail(error.to_string())
                })?
        };
        drop(held);
        decoded.map(Self)
    }
}

/// Reads a body to its end. The memory that it takes belongs to it until the permit is dropped.
async fn collect(
    mut body: Body,
    limits: &BodyLimits,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), ApiError> {
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ApiError::bad_request("request body ended early").with_detail(error.to_string())
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = bytes.len() + data.len();
        limits.check(length as u64)?;
        let missing =
            length.div_ceil(UNIT) - held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if missing > 0 {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let more = Arc::clone(&limits.memory)
                .try_acquire_many_owned(missing)
                .map_err(|_| ApiError::unavailable("too many large requests", 1))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, held))
}

fn decode<T: Describe>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Err(ApiError::bad_request(format!("{}: EOF", T::FAILURE)));
    }
    T::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
        .map_err(|error| ApiError::bad_request(format!("{}: {error}", T::FAILURE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use futures_util::stream;
    use std::convert::Infallible;

    async fn read(body: Body, limits: &BodyLimits) -> Result<Option<Vec<Digest>>, ApiError> {
        let mut request = Request::new(body);
        request.extensions_mut().insert(limits.clone());
        let JsonBody(read) = JsonBody::from_request(request, &()).await?;
        Ok(read)
    }

    async fn read_text(text: &'static str) -> Result<Option<Vec<Digest>>, ApiError> {
        read(Body::from(text), &BodyLimits::default()).await
    }

    #[tokio::test]
    async fn what_follows_the_first_value_is_passed_over() {
        for text in ["[] trailing", "[]["] {
            assert_eq!(read_text(text).await, Ok(Some(Vec::new())), "{text}");
        }
        assert_eq!(read_text("null x").await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_not_the_document_is_a_bad_request() {
        for (text, message) in [
            ("", "failed to deserialize bulk delete: EOF"),
            (" \n", "failed to deserialize bulk delete: EOF"),
            (
                "[\"x\"]",
                "failed to deserialize bulk delete: invalid digest, expected ALGORITHM:HEX: \"x\" at line 1 column 5",
            ),
        ] {
            let error = read_text(text).await.unwrap_err();
            assert_eq!((error.status().as_u16(), error.message()), (400, message));
        }
        for text in ["[", "\"text\"", "{\"a\":1}", "\u{0}"] {
            assert_eq!(read_text(text).await.unwrap_err().status(), 400, "{text}");
        }
    }

    #[tokio::test]
    async fn nesting_without_end_is_a_bad_request() {
        let deep = "[".repeat(1 << 20);
        let error = read(Body::from(deep), &BodyLimits::default())
            .await
            .unwrap_err();
        assert_eq!(error.status(), 400);
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_at_the_limit() {
        let limits = BodyLimits::new(10_000, Duration::from_secs(1), 1 << 20);
        let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 999])));
        let error = read(Body::from_stream(endless), &limits).await.unwrap_err();
        assert_eq!(error.status(), 413);
        assert_eq!(limits.memory.available_permits(), 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        let limits = BodyLimits::default();
        let never = stream::pending::<Result<Bytes, Infallible>>();
        let error = read(Body::from_stream(never), &limits).await.unwrap_err();
        assert_eq!(error.status(), 408);
    }

    #[tokio::test]
    async fn bodies_share_a_bounded_memory() {
        let limits = BodyLimits::new(1 << 20, Duration::from_secs(1), 8 << 10);
        let error = read(Body::from(vec![b' '; 9 << 10]), &limits)
            .await
            .unwrap_err();
        assert_eq!(error.status(), 503);
        assert_eq!(limits.memory.available_permits(), 8);
    }
}
