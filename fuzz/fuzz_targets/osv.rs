//! An OSV archive of any shape, and an entry of any shape in a good archive: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, MemoryDocuments, Probe, ProbeError, Settings, families};

/// A server that has everything and lists nothing.
struct Full;

impl Probe for Full {
    fn exists(&mut self, _url: &str) -> Result<bool, ProbeError> {
        Ok(true)
    }

    fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(None)
    }
}

/// Wraps bytes as the only file of an archive, stored and without a checksum error to stop at.
fn archive(entry: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"entry.json";
    let size = (entry.len() as u32).to_le_bytes();
    let checksum = crc32(entry).to_le_bytes();
    let common = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
        &checksum,
        &size,
        &size,
        &[10, 0, 0, 0],
    ];
    let local = [&b"PK\x03\x04"[..], &common.concat(), NAME, entry].concat();
    let central = [&b"PK\x01\x02\x14\x00"[..], &common.concat(), &[0; 14], NAME].concat();
    let end = [
        &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..],
        &(central.len() as u32).to_le_bytes(),
        &(local.len() as u32).to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    [local, central, end].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |state, &byte| {
        (0..8).fold(state ^ u32::from(byte), |state, _| {
            (state >> 1) ^ (0xedb8_8320 & (state & 1).wrapping_neg())
        })
    })
}

fuzz_target!(|data: &[u8]| {
    let settings = Settings::default();
    let families = families(&settings);
    let feeds = families
        .iter()
        .find(|family| family.name() == "osv")
        .expect("the family is known")
        .discover(&mut Full)
        .expect("the ecosystem is known");
    for (name, namespace) in [
        ("osv/pypi", "pypi"),
        ("osv/npm", "npm"),
        ("osv/almalinux", "almalinux:"),
    ] {
        let feed = feeds
            .iter()
            .find(|feed| feed.name() == name)
            .expect("the ecosystem has a feed");
        let url = feed.documents().remove(0).url;
        let mut sink = Collected::default();
        let mut documents = MemoryDocuments::default().with(&*url, data);
        let _ = feed.parse(&mut documents, &mut sink);
        let mut documents = MemoryDocuments::default().with(&*url, archive(data));
        feed.parse(&mut documents, &mut sink)
            .expect("the archive is good");
        for advisory in &sink.advisories {
            assert!(advisory.namespace.starts_with(namespace));
            assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
        }
    }
});
