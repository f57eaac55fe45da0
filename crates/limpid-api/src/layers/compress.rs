use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;

use super::encoding::{Coding, Encoder, SUPPORTED};
use crate::ApiError;

/// Up to this size, in bytes, encoding costs more than it saves.
const SMALL: u64 = 860;

/// From this size on, in bytes, encoding takes long enough to hold up other requests.
const LARGE: usize = 64 << 10;

/// The threads that encode large bodies.
#[derive(Clone)]
pub(crate) struct Compressors(Arc<Semaphore>);

impl Default for Compressors {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

/// Encodes the content of responses as the client prefers it.
///
/// A body that is there as a whole keeps a length; one that comes in pieces is encoded as it
/// comes. A client that accepts nothing there is gets Clair's empty 415, before anything was done.
pub(crate) async fn compress(
    State(compressors): State<Compressors>,
    request: Request,
    next: Next,
) -> Response {
    let Some(coding) = Coding::choose(request.headers()) else {
        let mut response = StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
        response.headers_mut().insert(ACCEPT_ENCODING, SUPPORTED);
        return response;
    };
    let takes_gzip = Coding::takes_gzip(request.headers());
    let mut response = next.run(request).await;
    if response.extensions_mut().remove::<Packed>().is_some() {
        let vary = HeaderValue::from_static("Accept-Encoding");
        if takes_gzip {
            let headers = response.headers_mut();
            headers.append(VARY, vary);
            headers.insert(CONTENT_ENCODING, Coding::Gzip.header());
            return response;
        }
        response = match compressors.unpack(response).await {
            Ok(response) => response,
            Err(error) => return failed(&error),
        };
    }
    let size = response.body().size_hint();
    if size.exact().is_some_and(|size| size < SMALL)
        || response.headers().contains_key(CONTENT_ENCODING)
    {
        return response;
    }
    let vary = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().append(VARY, vary);
    if coding == Coding::Identity {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let encoded = if size.exact().is_some() {
        compressors.whole(body, coding).await
    } else {
        coding.encoder().map(|encoder| {
            Body::new(EncodedBody {
                body,
                encoder: Some(encoder),
            })
        })
    };
    let body = match encoded {
        Ok(body) => body,
        Err(error) => return failed(&error),
    };
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_ENCODING, coding.header());
    Response::from_parts(parts, body)
}

/// Marks a response whose body is gzip already, because it is kept so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed;

fn failed(error: &io::Error) -> Response {
    ApiError::internal("internal error")
        .with_detail(format!("cannot encode response: {error}"))
        .into_response()
}

impl Compressors {
    /// Takes the gzip off a body.
    async fn unpack(&self, response: Response) -> io::Result<Response> {
        let (parts, body) = response.into_parts();
        let packed = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let _turn = self.0.acquire().await.map_err(io::Error::other)?;
        let content = tokio::task::spawn_blocking(move || {
            let mut content = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut content)?;
            Ok::<_, io::Error>(content)
        });
        let content = content.await.map_err(io::Error::other)??;
        Ok(Response::from_parts(parts, Body::from(content)))
    }

    async fn whole(&self, body: Body, coding: Coding) -> io::Result<Body> {
        let content = body.collect().await.map_err(io::Error::other)?.to_bytes();
        if content.len() < LARGE {
            return encode(&content, coding).map(Body::from);
        }
        let _turn = self.0.acquire().await.map_err(io::Error::other)?;
        tokio::task::spawn_blocking(move || encode(&content, coding))
            .await
            .map_err(io::Error::other)?
            .map(Body::from)
    }
}

fn encode(content: &[u8], coding: Coding) -> io::Result<Bytes> {
    let mut encoder = coding.encoder()?;
    encoder.write(content)?;
    encoder.finish()
}

/// A body that is encoded piece by piece.
struct EncodedBody {
    body: Body,
    encoder: Option<Encoder>,
}

impl HttpBody for EncodedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            let Some(mut encoder) = self.encoder.take() else {
                return Poll::Ready(None);
            };
            let output = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => {
                    self.encoder = Some(encoder);
                    return Poll::Pending;
                }
                Poll::Ready(None) => encoder.finish(),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(frame))) => {
                    let written = frame.data_ref().map_or(Ok(()), |data| encoder.write(data));
                    let taken = written.map(|()| encoder.take());
                    self.encoder = Some(encoder);
                    taken
                }
            };
            match output {
                // The encoder keeps a piece until it has enough.
                Ok(output) if output.is_empty() => {}
                Ok(output) => return Poll::Ready(Some(Ok(Frame::data(output)))),
                Err(error) => return Poll::Ready(Some(Err(axum::Error::new(error)))),
            }
        }
    }
}
