use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::settings::ServerSettings;

/// What one connection is doing, as far as its limits are concerned.
///
/// Times are milliseconds since the server's start. All of it is advice for the sweep that closes
/// connections, so relaxed loads and stores do.
#[derive(Debug)]
pub(super) struct Activity {
    started: Instant,
    /// Requests whose response is not made yet.
    handling: AtomicUsize,
    /// Responses that are not handed over to the last byte.
    sending: AtomicUsize,
    /// When something last moved: a request or a piece of a response.
    moved: AtomicU64,
    /// When the first byte of a request came that is not complete, plus one; 0 when there is none.
    head_begun: AtomicU64,
    is_http2: AtomicBool,
    is_closing: AtomicBool,
    close: Notify,
}

/// Why a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It had no request for too long.
    Idle,
    /// Its request's headers take too long.
    SlowHead,
    /// It takes nothing of its response.
    Stalled,
}

impl Activity {
    pub(super) fn new(started: Instant) -> Self {
        let activity = Self {
            started,
            handling: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
            moved: AtomicU64::new(0),
            head_begun: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            close: Notify::new(),
        };
        activity.note_movement();
        activity
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn note_movement(&self) {
        self.moved.store(self.now(), Ordering::Relaxed);
    }

    /// Notes that bytes came in.
    pub(super) fn received(&self) {
        // Between requests HTTP/2 has frames of its own, which are no beginning of a request.
        if self.is_idle()
            && !self.is_http2.load(Ordering::Relaxed)
            && self.head_begun.load(Ordering::Relaxed) == 0
        {
            self.head_begun.store(self.now() + 1, Ordering::Relaxed);
        }
    }

    /// Notes that a request is complete as far as its headers go.
    pub(super) fn begin(&self, is_http2: bool) {
        self.handling.fetch_add(1, Ordering::Relaxed);
        self.is_http2.store(is_http2, Ordering::Relaxed);
        self.head_begun.store(0, Ordering::Relaxed);
        self.note_movement();
    }

    /// Notes that a response is made and goes out now.
    pub(super) fn respond(&self) {
        self.sending.fetch_add(1, Ordering::Relaxed);
        self.abandon();
    }

    /// Notes that a request ended without a response.
    pub(super) fn abandon(&self) {
        self.handling.fetch_sub(1, Ordering::Relaxed);
        self.note_movement();
    }

    /// Notes that a piece of a response was taken.
    pub(super) fn progress(&self) {
        self.note_movement();
    }

    /// Notes that a response was handed over to the end, or given up.
    pub(super) fn end(&self) {
        self.sending.fetch_sub(1, Ordering::Relaxed);
        self.note_movement();
    }

    pub(super) fn is_idle(&self) -> bool {
        self.handling.load(Ordering::Relaxed) == 0 && self.sending.load(Ordering::Relaxed) == 0
    }

    /// Tells whether there has been no request for some time.
    pub(super) fn is_idle_for(&self, time: Duration) -> bool {
        let idle = Duration::from_millis(self.now().saturating_sub(self.moved()));
        self.is_idle() && idle >= time
    }

    /// Returns since when nothing moved, for comparison with other connections.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(super) fn overdue(&self, settings: &ServerSettings) -> Option<Overdue> {
        let now = self.now();
        let is_past = |since: u64, limit: Duration| {
            u128::from(now.saturating_sub(since)) >= limit.as_millis()
        };
        if self.is_idle() {
            let head_begun = self.head_begun.load(Ordering::Relaxed);
            if head_begun > 0 && is_past(head_begun - 1, settings.header_time) {
                return Some(Overdue::SlowHead);
            }
            return is_past(self.moved(), settings.idle_time).then_some(Overdue::Idle);
        }
        // While a handler works there is nothing that the client could take.
        let waits_for_client = self.handling.load(Ordering::Relaxed) == 0;
        (waits_for_client && is_past(self.moved(), settings.stall_time)).then_some(Overdue::Stalled)
    }

    /// Asks for the connection to be closed.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        self.close.notify_one();
    }

    /// Tells whether the connection was asked to be closed.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// Waits until the connection is to be closed.
    pub(super) async fn to_be_closed(&self) {
        self.close.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ServerSettings {
        ServerSettings {
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(100),
            stall_time: Duration::from_secs(50),
            ..ServerSettings::default()
        }
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_overdue_after_the_idle_time() {
        let activity = Activity::new(Instant::now());
        pass(99).await;
        assert_eq!(activity.overdue(&settings()), None);
        pass(1).await;
        assert_eq!(activity.overdue(&settings()), Some(Overdue::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_in_is_overdue_from_its_first_byte() {
        let activity = Activity::new(Instant::now());
        pass(50).await;
        for _ in 0..9 {
            activity.received();
            pass(1).await;
            assert_eq!(activity.overdue(&settings()), None);
        }
        activity.received();
        pass(1).await;
        assert_eq!(activity.overdue(&settings()), Some(Overdue::SlowHead));
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_may_take_as_long_as_it_likes() {
        let activity = Activity::new(Instant::now());
        activity.begin(false);
        pass(10_000).await;
        assert_eq!(activity.overdue(&settings()), None);
        activity.respond();
        assert_eq!(activity.overdue(&settings()), None);
        pass(50).await;
        assert_eq!(activity.overdue(&settings()), Some(Overdue::Stalled));
        activity.progress();
        assert_eq!(activity.overdue(&settings()), None);
        activity.end();
        pass(99).await;
        assert_eq!(activity.overdue(&settings()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_between_requests_are_no_slow_head() {
        let activity = Activity::new(Instant::now());
        activity.begin(true);
        activity.respond();
        activity.end();
        activity.received();
        pass(60).await;
        assert_eq!(activity.overdue(&settings()), None);
    }
}
