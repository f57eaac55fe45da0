//! Who may begin: so many at a time, and a bounded queue for the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::Urgency;

/// The shortest and the longest time after which one who was refused is told to come back.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_mins(2);

/// Lets so many run at a time, and the others wait: the most urgent first, and of these the one
/// that came first.
pub(crate) struct Admission {
    slots: usize,
    queue: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: BTreeMap<Place, Waiter>,
    next: u64,
    is_closed: bool,
    /// How long those took that ended lately, on average.
    duration: Option<Duration>,
}

/// A place in the queue: its urgency, and when it was taken.
type Place = (Urgency, u64);

struct Waiter {
    since: Instant,
    answer: oneshot::Sender<Result<Slot, Refusal>>,
}

/// The right to run; given back when dropped.
pub(crate) struct Slot {
    admission: Arc<Admission>,
    since: Instant,
}

/// Why one may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As many wait as may. There should be room after some time.
    Full {
        /// The time.
        retry_after: Duration,
    },
    /// Nobody may begin any more.
    Closed,
}

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// How many run.
    pub(crate) running: usize,
    /// How many wait.
    pub(crate) waiting: usize,
    /// How long the one has waited that waits longest.
    pub(crate) oldest: Duration,
}

impl Admission {
    /// Lets so many run, and so many wait.
    pub(crate) fn new(slots: usize, queue: usize) -> Arc<Self> {
        Arc::new(Self {
            slots: slots.max(1),
            queue,
            state: Mutex::default(),
        })
    }

    /// Waits for a slot. The urgency may change meanwhile; the place among those of the same
    /// urgency is kept. Whoever stops waiting leaves the queue.
    ///
    /// In a full queue, one that is more urgent takes the place of the least urgent.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        urgency: &mut watch::Receiver<Urgency>,
    ) -> Result<Slot, Refusal> {
        let since = Instant::now();
        let present = *urgency.borrow_and_update();
        let (mut place, mut answer) = match self.take_place(present, since, None)? {
            Entry::Admitted(slot) => return Ok(slot),
            Entry::Waits(place, answer) => (place, answer),
        };
        loop {
            let queued = Queued {
                admission: self,
                place,
            };
            tokio::select! {
                biased;
                answer = &mut answer => return answer.unwrap_or(Err(Refusal::Closed)),
                Ok(()) = urgency.changed() => {}
            }
            drop(queued);
            // The slot may have been granted at this very moment.
            if let Ok(answer) = answer.try_recv() {
                return answer;
            }
            let present = *urgency.borrow_and_update();
            (place, answer) = match self.take_place(present, since, Some(place.1))? {
                Entry::Admitted(slot) => return Ok(slot),
                Entry::Waits(place, answer) => (place, answer),
            };
        }
    }

    /// Refuses all that wait and all that come.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut state = self.lock();
            state.is_closed = true;
            std::mem::take(&mut state.waiting)
        };
        for waiter in waiting.into_values() {
            // Nobody is there any more when it has stopped waiting just now.
            let _ = waiter.answer.send(Err(Refusal::Closed));
        }
    }

    /// Returns how things stand.
    pub(crate) fn load(&self) -> Load {
        let state = self.lock();
        let oldest = state.waiting.values().map(|waiter| waiter.since).min();
        Load {
            running: state.running,
            waiting: state.waiting.len(),
            oldest: oldest.map_or(Duration::ZERO, |since| since.elapsed()),
        }
    }

    fn take_place(
        self: &Arc<Self>,
        urgency: Urgency,
        since: Instant,
        number: Option<u64>,
    ) -> Result<Entry, Refusal> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Refusal::Closed);
        }
        if state.running < self.slots {
            state.running += 1;
            return Ok(Entry::Admitted(Slot::new(self)));
        }
        if state.waiting.len() >= self.queue {
            let refusal = Refusal::Full {
                retry_after: self.retry_after(&state),
            };
            match state.waiting.last_entry() {
                Some(last) if last.key().0 > urgency => {
                    // Nobody is there any more when it has stopped waiting just now.
                    let _ = last.remove().answer.send(Err(refusal));
                }
                _ => return Err(refusal),
            }
        }
        let number = number.unwrap_or(state.next);
        state.next += 1;
        let (sender, answer) = oneshot::channel();
        let waiter = Waiter {
            since,
            answer: sender,
        };
        state.waiting.insert((urgency, number), waiter);
        Ok(Entry::Waits((urgency, number), answer))
    }

    /// Estimates when there is room: when all that wait now have had their turn.
    fn retry_after(&self, state: &State) -> Duration {
        let rounds = u32::try_from(state.waiting.len() / self.slots + 1).unwrap_or(u32::MAX);
        let each = state.duration.unwrap_or(SHORTEST_RETRY);
        each.saturating_mul(rounds)
            .clamp(SHORTEST_RETRY, LONGEST_RETRY)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entry {
    Admitted(Slot),
    Waits(Place, oneshot::Receiver<Result<Slot, Refusal>>),
}

/// Takes a place out of the queue when nobody waits there any more.
struct Queued<'a> {
    admission: &'a Admission,
    place: Place,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        // Dropped outside the lock, since it may hold a slot.
        let waiter = self.admission.lock().waiting.remove(&self.place);
        drop(waiter);
    }
}

impl Slot {
    fn new(admission: &Arc<Admission>) -> Self {
        Self {
            admission: Arc::clone(admission),
            since: Instant::now(),
        }
    }
}

impl Drop for Slot {
    /// Passes the slot on to the next one that still waits.
    fn drop(&mut self) {
        let took = self.since.elapsed();
        let mut state = self.admission.lock();
        state.duration = Some(state.duration.map_or(took, |mean| (mean * 7 + took) / 8));
        state.running -= 1;
        while !state.is_closed
            && state.running < self.admission.slots
            && let Some((_, waiter)) = state.waiting.pop_first()
        {
            if waiter.answer.is_closed() {
                continue;
            }
            state.running += 1;
            let slot = Self::new(&self.admission);
            // The lock is not held here, because a slot that nobody takes is dropped, and passes
            // itself on.
            drop(state);
            let _ = waiter.answer.send(Ok(slot));
            return;
        }
    }
}

#[cfg(test)]
mod tests;
