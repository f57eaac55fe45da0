//! Canonical's data for Ubuntu.

mod archive;
mod osv;
mod oval;
mod vex;

use limpid_feed::{Collected, MemoryDocuments};
use limpid_testkit::layer::{LayerBuilder, xz};

use crate::support::{parse, refuse};

/// Packs documents with their paths.
fn pack(documents: &[(&str, String)]) -> Vec<u8> {
    let mut archive = LayerBuilder::new();
    for (path, document) in documents {
        archive = archive.file(path, document);
    }
    xz(&archive.build(), 0)
}

fn documents(form: &str, archive: Vec<u8>) -> MemoryDocuments {
    MemoryDocuments::default().with(format!("https://canonical.test/{form}.tar.xz"), archive)
}

/// Reads an archive of a form, `osv` or `vex`.
fn read(form: &str, archive: Vec<u8>) -> Collected {
    parse(&format!("ubuntu/{form}"), documents(form, archive))
}

/// Reads an archive that must be refused, and returns the error.
fn refusal(form: &str, archive: Vec<u8>) -> String {
    refuse(&format!("ubuntu/{form}"), documents(form, archive)).0
}
