//! limpid-vulndb
