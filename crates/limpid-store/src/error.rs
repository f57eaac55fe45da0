use std::error::Error;

use thiserror::Error;

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
#[error("cannot {operation} in store {location}: {kind}")]
pub struct StoreError {
    /// What sort of failure it is.
    pub kind: ErrorKind,
    /// What was tried, for example `save layer`.
    pub operation: &'static str,
    /// Which store: a file, or an address without its password.
    pub location: String,
    /// What the layer below said.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// The sort of a [`StoreError`], which decides what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ErrorKind {
    /// Others kept the store busy for too long. Trying again later may help.
    #[error("it is busy")]
    Busy,
    /// It cannot be reached or written: no permission, no space, no connection.
    #[error("it is not available")]
    Unavailable,
    /// There is something at the location that is not a store. It was left as it is.
    #[error("it is not a limpid store")]
    NotAStore,
    /// A newer program made or changed it. It was left as it is.
    #[error("a newer program has changed it, unknown migration: {migration}")]
    Newer {
        /// The change that this program does not know.
        migration: String,
    },
    /// What is in it contradicts itself.
    #[error("it is damaged")]
    Damaged,
    /// The store refused a statement. This is a defect of the program.
    #[error("it refused a statement")]
    Refused,
}
