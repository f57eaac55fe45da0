//! What memory is for.

use std::sync::Arc;
use std::time::Duration;

use jemalloc_pprof::{JemallocProfCtl, PROF_CTL};
use tokio::sync::Mutex;

use super::{ProfileError, on_a_thread, take_turn};

/// Returns what memory is in use for, as gzipped protocol buffers, which `go tool pprof` reads.
///
/// Unless the allocator was told at the start to sample all the time, it samples for `duration`
/// only, and the profile has what was allocated meanwhile and is still in use.
///
/// # Errors
///
/// When [`crate::install_allocator`] is not in the program, another profile is being made, the time
/// is longer than [`super::LONGEST_PROFILE`], or the profile could not be written.
pub async fn heap_profile(duration: Duration) -> Result<Vec<u8>, ProfileError> {
    let _turn = take_turn(duration)?;
    let control = PROF_CTL.as_ref().ok_or(ProfileError::Unavailable)?;
    let sampling = Sampling::start(control).await?;
    tokio::time::sleep(duration).await;
    let profile = on_a_thread(|| {
        control
            .blocking_lock()
            .dump_pprof()
            .map_err(ProfileError::failed)
    })
    .await;
    drop(sampling);
    profile
}

/// Ends sampling when it is dropped, also when whoever asked for the profile went away.
struct Sampling {
    control: Option<&'static Arc<Mutex<JemallocProfCtl>>>,
}

impl Sampling {
    async fn start(control: &'static Arc<Mutex<JemallocProfCtl>>) -> Result<Self, ProfileError> {
        let mut locked = control.lock().await;
        if locked.activated() {
            return Ok(Self { control: None });
        }
        locked.activate().map_err(ProfileError::failed)?;
        Ok(Self {
            control: Some(control),
        })
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        // Only a profile that is being written holds the lock; then sampling ends with the next.
        if let Some(mut control) = self.control.and_then(|control| control.try_lock().ok())
            && let Err(error) = control.deactivate()
        {
            tracing::warn!(%error, "the allocator goes on sampling");
        }
    }
}
