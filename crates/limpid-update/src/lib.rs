//! limpid-update
