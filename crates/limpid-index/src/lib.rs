//! limpid-index
