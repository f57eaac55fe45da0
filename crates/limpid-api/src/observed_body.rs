use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// What wants to know how a response went out. It is told by being dropped, at the end of the body
/// or when the client has gone.
pub(crate) trait Observer: Send + 'static {
    /// Is told how many more bytes were handed over.
    fn written(&mut self, bytes: u64);
}

/// Returns a body that tells an observer what becomes of it.
pub(crate) fn observe(body: Body, observer: impl Observer + Unpin) -> Body {
    Body::new(ObservedBody {
        body,
        observer: Some(observer),
    })
}

struct ObservedBody<O> {
    body: Body,
    observer: Option<O>,
}

impl<O: Observer + Unpin> HttpBody for ObservedBody<O> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(observer), Some(data)) = (&mut self.observer, frame.data_ref()) {
                    observer.written(data.len() as u64);
                }
            }
            Poll::Ready(_) => drop(self.observer.take()),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
