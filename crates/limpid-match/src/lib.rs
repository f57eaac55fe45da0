//! limpid-match
