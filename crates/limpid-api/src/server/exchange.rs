use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::activity::Activity;

/// A request that is being handled; dropping it without a response gives it up.
pub(super) struct Handling {
    activity: Option<Arc<Activity>>,
}

impl Handling {
    pub(super) fn begin(activity: &Arc<Activity>, is_http2: bool) -> Self {
        activity.begin(is_http2);
        Self {
            activity: Some(Arc::clone(activity)),
        }
    }

    /// Turns to sending the response.
    pub(super) fn respond(mut self, body: Body) -> TrackedBody {
        let activity = self.activity.take();
        if let Some(activity) = &activity {
            activity.respond();
        }
        TrackedBody { body, activity }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.abandon();
        }
    }
}

/// The body of a response, which notes when pieces of it are taken and when it ends.
pub(super) struct TrackedBody {
    body: Body,
    activity: Option<Arc<Activity>>,
}

impl TrackedBody {
    fn end(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.end();
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(_))) => {
                if let Some(activity) = &self.activity {
                    activity.progress();
                }
            }
            Poll::Ready(_) => self.end(),
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

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.end();
    }
}
