//! Profiles of where time goes and what memory is for, in the format of pprof.

use std::error::Error;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

mod cpu;
mod heap;
mod proto;

pub use cpu::cpu_profile;
pub use heap::heap_profile;

/// A profile may take so long.
pub const LONGEST_PROFILE: Duration = Duration::from_mins(1);

/// Why there is no profile.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Another profile is being made.
    #[error("another profile is being made")]
    Busy,
    /// It would take too long.
    #[error("a profile may take at most {} seconds: {}", LONGEST_PROFILE.as_secs(), asked.as_secs())]
    TooLong {
        /// How long it would take.
        asked: Duration,
    },
    /// The program was built or started without what it takes.
    #[error("the program has no allocator that makes profiles")]
    Unavailable,
    /// It could not be made.
    #[error("cannot make a profile")]
    Failed {
        /// What the profiler said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl ProfileError {
    fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            source: source.into(),
        }
    }
}

/// One profile at a time, of either kind: each slows the process down, and signals and samples of
/// two would mix.
static TURN: Semaphore = Semaphore::const_new(1);

fn take_turn(duration: Duration) -> Result<SemaphorePermit<'static>, ProfileError> {
    if duration > LONGEST_PROFILE {
        return Err(ProfileError::TooLong { asked: duration });
    }
    TURN.try_acquire().map_err(|_| ProfileError::Busy)
}

/// Runs what takes long on a thread for that. A panic in a profiler is an error like others.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProfileError> + Send + 'static,
) -> Result<T, ProfileError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(ProfileError::failed)?
}
