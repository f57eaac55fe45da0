use std::sync::Arc;

use axum::body::Body;

use super::activity::Activity;
use crate::observed_body::{Observer, observe};

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
    pub(super) fn respond(mut self, body: Body) -> Body {
        let Some(activity) = self.activity.take() else {
            return body;
        };
        activity.respond();
        observe(body, Sending(activity))
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.abandon();
        }
    }
}

/// A response that goes out, until the last of it is taken or it is given up.
struct Sending(Arc<Activity>);

impl Observer for Sending {
    fn written(&mut self, _: u64) {
        self.0.progress();
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.end();
    }
}
