//! limpid-feed
