//! limpid-report
