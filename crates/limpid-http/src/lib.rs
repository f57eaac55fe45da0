//! limpid-http
