//! limpid-store
