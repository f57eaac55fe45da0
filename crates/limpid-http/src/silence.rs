use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::FetchFault;

/// Remembers hosts that did not answer, so that each of the many documents that a host may have
/// does not cost all attempts and time-outs again.
#[derive(Debug)]
pub(crate) struct SilentHosts {
    memory: Duration,
    hosts: Mutex<HashMap<String, Silence>>,
}

#[derive(Debug)]
struct Silence {
    until: Instant,
    cause: String,
}

impl SilentHosts {
    pub(crate) fn new(memory: Duration) -> Self {
        Self {
            memory,
            hosts: Mutex::default(),
        }
    }

    /// Fails when a host is to be left alone.
    pub(crate) fn check(&self, host: &str) -> Result<(), FetchFault> {
        let mut hosts = self.lock();
        match hosts.get(host) {
            Some(silence) if silence.until > Instant::now() => Err(FetchFault::SilentHost {
                host: host.to_owned(),
                cause: silence.cause.clone(),
            }),
            Some(_) => {
                hosts.remove(host);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Remembers that a host did not answer, and what went wrong.
    pub(crate) fn remember(&self, host: String, fault: &FetchFault) {
        let silence = Silence {
            until: Instant::now() + self.memory,
            cause: in_one_line(fault),
        };
        self.lock().insert(host, silence);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Silence>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_host_is_left_alone_for_a_time() {
        let hosts = SilentHosts::new(Duration::from_mins(1));
        let limit = Duration::from_secs(1);
        hosts.remember("a.example".into(), &FetchFault::Stalled { limit });
        let fault = hosts.check("a.example").unwrap_err();
        let expected =
            "a.example did not answer before, so it is left alone: no data within 1000 ms";
        assert_eq!(fault.to_string(), expected);
        assert!(hosts.check("a.example:81").is_ok());
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(hosts.check("a.example").is_ok());
    }
}
