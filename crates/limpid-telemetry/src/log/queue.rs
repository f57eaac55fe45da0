//! Lines on their way to whoever reads them.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

/// Buffers that grew beyond this in a burst are given back.
const KEPT_CAPACITY: usize = 64 << 10;

/// Lines that wait. Adding one never waits; a thread of its own writes them, all that are there at
/// a time. The thread ends when the last clone is gone.
#[derive(Clone, Debug)]
pub(super) struct LogQueue {
    sender: Arc<Sender>,
}

#[derive(Debug)]
struct Sender {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    written: Condvar,
    limit: usize,
    dropped: Counter,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    is_writing: bool,
    is_closed: bool,
}

impl LogQueue {
    pub(super) fn start(output: impl Write + Send + 'static, limit: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            written: Condvar::new(),
            limit,
            dropped: Counter::default(),
        });
        let receiver = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || receiver.write_to(output))?;
        Ok(Self {
            sender: Arc::new(Sender { shared }),
        })
    }

    /// Adds a line with its line break, or drops it when there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        let shared = &self.sender.shared;
        let mut state = shared.lock();
        if line.len() > shared.limit.saturating_sub(state.pending.len()) {
            shared.dropped.inc();
            return;
        }
        state.pending.extend_from_slice(line);
        drop(state);
        shared.arrived.notify_one();
    }

    pub(super) fn dropped(&self) -> &Counter {
        &self.sender.shared.dropped
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let shared = &self.sender.shared;
        let (_state, result) = shared
            .written
            .wait_timeout_while(shared.lock(), patience, |state| {
                state.is_writing || !state.pending.is_empty()
            })
            .unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.arrived.notify_one();
    }
}

impl Shared {
    /// Nothing that holds the lock can leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self
                .arrived
                .wait_while(self.lock(), |state| {
                    state.pending.is_empty() && !state.is_closed
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.pending.is_empty() {
                return;
            }
            std::mem::swap(&mut state.pending, &mut batch);
            state.is_writing = true;
            drop(state);
            if output
                .write_all(&batch)
                .and_then(|()| output.flush())
                .is_err()
            {
                let lines = batch.split(|byte| *byte == b'\n').count() - 1;
                self.dropped.inc_by(lines as u64);
            }
            batch.clear();
            batch.shrink_to(KEPT_CAPACITY);
            self.lock().is_writing = false;
            self.written.notify_all();
        }
    }
}
