//! limpid-store-sqlite
