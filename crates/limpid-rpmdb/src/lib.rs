//! limpid-rpmdb
