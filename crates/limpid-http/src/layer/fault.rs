use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use url::Url;

use super::policy::Refusal;
use crate::RedirectFault;

/// Causes of an error that are looked through.
const MAX_CAUSES: usize = 32;

/// Why a layer could not be fetched.
#[derive(Debug, Error)]
#[error("cannot fetch layer, {attempts} attempts, {received} bytes: {url}")]
pub struct LayerFault {
    /// Scheme, host and path of its address.
    pub url: String,
    /// How often it was asked for.
    pub attempts: u32,
    /// Bytes that came before.
    pub received: u64,
    /// What went wrong the last time.
    #[source]
    pub problem: LayerProblem,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerFaultKind {
    /// What the manifest says cannot be asked for.
    BadUri,
    /// The policy on addresses forbids it.
    Refused,
    /// The registry does not have it.
    NotFound,
    /// The registry does not give it to us.
    Denied,
    /// The registry answered with another error.
    Status,
    /// It is too large.
    TooLarge,
    /// It comes too slowly.
    TooSlow,
    /// The connection or the answer is broken.
    Broken,
    /// There is no trusted encryption.
    Tls,
}

/// What went wrong with one attempt to fetch a layer.
#[derive(Debug, Error)]
pub enum LayerProblem {
    /// The address is no absolute `http` or `https` URL with a host.
    #[error("address of the layer is no http or https URL with a host")]
    BadUri,
    /// The manifest gives a header that cannot be sent.
    #[error("invalid header of the layer: {name:?}")]
    BadHeader {
        /// Its name, escaped and shortened.
        name: String,
    },
    /// The address, or one of the addresses behind it, is not allowed.
    #[error("layers may not come from this host, see limpid.layers.allow_networks: {host}")]
    Refused {
        /// The host that the address names.
        host: String,
        /// Which of its addresses is not allowed, and why.
        #[source]
        refusal: Refusal,
    },
    /// The registry sent us elsewhere too often or to where we do not go.
    #[error("refused to follow a redirection")]
    Redirect(#[source] RedirectFault),
    /// The registry answered with something else than the layer.
    #[error("registry answered with status {status}: {text:?}")]
    Answer {
        /// The status.
        status: u16,
        /// The printable characters among the first bytes of the answer's body.
        text: String,
    },
    /// The layer is too large.
    #[error("layer is larger than limpid.layers.max_bytes: {limit}")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The headers of the answer are too large.
    #[error("headers of the answer are larger than {limit} bytes")]
    HeadersTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The registry sent nothing for too long.
    #[error("no data within {} ms", limit.as_millis())]
    Stalled {
        /// How long was waited.
        limit: Duration,
    },
    /// The layer drips.
    #[error("only {bytes} bytes within {} ms", waited.as_millis())]
    TooSlow {
        /// Bytes that came.
        bytes: u64,
        /// In which time.
        waited: Duration,
    },
    /// All attempts together took too long.
    #[error("layer is not there after limpid.layers.max_time: {} ms", limit.as_millis())]
    OutOfTime {
        /// How long was waited.
        limit: Duration,
    },
    /// The registry could not be reached.
    #[error("connection failed")]
    Connection(#[source] reqwest::Error),
    /// The registry could not be trusted, or no encryption was agreed upon.
    #[error("no trusted encryption")]
    Tls(#[source] reqwest::Error),
    /// The connection broke within the layer.
    #[error("connection broke within the layer{}", of_announced(*announced))]
    BrokenOff {
        /// Bytes that were announced.
        announced: Option<u64>,
        /// How it broke.
        #[source]
        source: reqwest::Error,
    },
    /// The answer ended before the layer was complete.
    #[error("answer ended before the {announced} bytes that were announced")]
    Incomplete {
        /// Bytes that were announced.
        announced: u64,
    },
    /// More came than was announced.
    #[error("answer goes on behind the {announced} bytes that were announced")]
    Overlong {
        /// Bytes that were announced.
        announced: u64,
    },
    /// Asked for the rest, the registry now says that the layer has another length.
    #[error("layer has {found} bytes now, and {announced} bytes were announced before")]
    OtherLength {
        /// Bytes that were announced, or came, at first.
        announced: u64,
        /// Bytes that there are now.
        found: u64,
    },
    /// Asked for the rest, the registry has another version now.
    #[error("layer changed while it was fetched")]
    Changed,
    /// Asked for the rest, the registry gave something else.
    #[error("registry gave another part than the one asked for")]
    WrongPart,
    /// The registry changed the bytes on the way, so that they could not be verified.
    #[error("layer comes in an encoding of its own: {encoding:?}")]
    Encoded {
        /// The `Content-Encoding` header, shortened.
        encoding: String,
    },
    /// The program is ending.
    #[error("the program is ending")]
    Stopped,
}

fn of_announced(announced: Option<u64>) -> String {
    announced.map_or_else(String::new, |bytes| {
        format!(", of which {bytes} bytes were announced")
    })
}

impl LayerFault {
    /// Returns the fault that an error of reading a [`super::LayerStream`] is, also when that error
    /// is the cause of others.
    pub fn of(error: &io::Error) -> Option<&Self> {
        let mut current: &(dyn Error + 'static) = error;
        for _ in 0..MAX_CAUSES {
            if let Some(fault) = current.downcast_ref::<Arc<Self>>() {
                return Some(fault);
            }
            current = cause(current)?;
        }
        None
    }

    /// Returns what kind of failure it is.
    pub fn kind(&self) -> LayerFaultKind {
        self.problem.kind()
    }

    /// Tells whether the same manifest can never be fetched. Whatever else went wrong may pass: a
    /// registry recovers, a token is renewed.
    ///
    /// What this installation forbids, by its policy on addresses or its limits, is not terminal
    /// either. Quay never asks again for what is called bad for ever, so that no image would come
    /// back once the configuration is put right; and before the digest was verified nobody knows
    /// whether what is too large is the layer at all.
    pub fn is_terminal(&self) -> bool {
        self.kind() == LayerFaultKind::BadUri
    }

    /// Returns the status that the registry answered with, if that was the problem.
    pub fn status(&self) -> Option<u16> {
        match self.problem {
            LayerProblem::Answer { status, .. } => Some(status),
            _ => None,
        }
    }
}

impl LayerProblem {
    /// Says what an error of the client library is. The address is taken out of it, because it may
    /// carry secrets.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let host = error.url().map(host_of).unwrap_or_default();
        let error = error.without_url();
        let mut is_tls = false;
        let mut current: Option<&(dyn Error + 'static)> = Some(&error);
        for _ in 0..MAX_CAUSES {
            let Some(one) = current else { break };
            if let Some(refusal) = one.downcast_ref::<Refusal>() {
                let refusal = refusal.clone();
                return Self::Refused { host, refusal };
            }
            is_tls |= one.is::<rustls::Error>();
            current = cause(one);
        }
        if is_tls {
            Self::Tls(error)
        } else {
            Self::Connection(error)
        }
    }

    /// Says that the policy refuses an address.
    pub(super) fn refused(url: &Url, refusal: Refusal) -> Self {
        let host = host_of(url);
        Self::Refused { host, refusal }
    }

    /// Tells whether the layer is asked for again at once.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Stalled { .. }
            | Self::Connection(_)
            | Self::BrokenOff { .. }
            | Self::Incomplete { .. }
            | Self::WrongPart => true,
            Self::Answer { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Returns what kind of failure it is.
    pub fn kind(&self) -> LayerFaultKind {
        match self {
            Self::BadUri | Self::BadHeader { .. } => LayerFaultKind::BadUri,
            Self::Refused { .. } | Self::Redirect(RedirectFault::Downgrade { .. }) => {
                LayerFaultKind::Refused
            }
            Self::Answer { status, .. } => match status {
                404 | 410 => LayerFaultKind::NotFound,
                401 | 403 => LayerFaultKind::Denied,
                _ => LayerFaultKind::Status,
            },
            Self::TooLarge { .. } => LayerFaultKind::TooLarge,
            Self::Stalled { .. } | Self::TooSlow { .. } | Self::OutOfTime { .. } => {
                LayerFaultKind::TooSlow
            }
            Self::Tls(_) => LayerFaultKind::Tls,
            Self::Redirect(_)
            | Self::HeadersTooLarge { .. }
            | Self::Connection(_)
            | Self::BrokenOff { .. }
            | Self::Incomplete { .. }
            | Self::Overlong { .. }
            | Self::OtherLength { .. }
            | Self::Changed
            | Self::WrongPart
            | Self::Encoded { .. }
            | Self::Stopped => LayerFaultKind::Broken,
        }
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Returns the cause of an error. An input/output error does not name the error that it was made
/// of as its cause, but that error's cause.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
        Some(Some(inner)) => Some(inner),
        _ => error.source(),
    }
}
