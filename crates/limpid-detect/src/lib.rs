//! limpid-detect
