//! limpid-registry
