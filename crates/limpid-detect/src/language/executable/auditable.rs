//! What `cargo auditable` links into a binary: the crates that it was built from.
//!
//! The section `.dep-v0` is JSON, compressed with zlib: `{"packages":[{…}, …]}`, each with the
//! members:
//!
//! | member | meaning |
//! |---|---|
//! | `name`, `version` | of the crate |
//! | `source` | `crates.io`, `registry` (another one), `git`, `local` or some other word |
//! | `kind` | `build` for what only the build needed, else `runtime` or absent |
//!
//! Crates of registries that are in the binary are listed. One from Git or from a directory may
//! have the name of a crate of the registry and be another, so it is not; the crate that was built
//! is one of these unless it was installed from a registry. See the crate `auditable-serde`.

use std::io::{BufReader, Read as _};

use flate2::read::ZlibDecoder;
use limpid_types::{Ecosystem, PackageRecord};
use serde::de::{MapAccess, SeqAccess};

use super::super::Found;
use super::super::json::{self, Only, Reader};
use super::bytes::MOST_AT_ONCE;
use super::image::Image;

/// The most that the JSON may have, in bytes. A thousand crates need 200 KiB.
const MOST_JSON: u64 = 8 << 20;

/// Reads the list of crates, if there is one.
pub(super) fn read(image: &Image<'_>, found: &mut Found<'_>) {
    let Some(section) = image.section(".dep-v0") else {
        return;
    };
    let bytes = usize::try_from(section.size)
        .ok()
        .filter(|&size| size <= MOST_AT_ONCE)
        .and_then(|size| image.bytes.read(section.offset, size));
    let Some(bytes) = bytes else {
        return found.unreadable("has a list of crates that is not in the file");
    };
    let Some(_lease) = found.lease(MOST_JSON) else {
        return found.unreadable("the memory budget has no room for its list of crates");
    };
    if let Err(why) = read_list(&bytes, found) {
        found.unreadable(format!("has a list of crates that cannot be read: {why}"));
    }
}

fn read_list(compressed: &[u8], found: &mut Found<'_>) -> serde_json::Result<()> {
    let json = ZlibDecoder::new(compressed).take(MOST_JSON);
    json::read_stream(BufReader::new(json), &mut Only("packages", Crates(found)))
}

struct Crates<'a, 'b>(&'a mut Found<'b>);

impl Reader for Crates<'_, '_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        let mut package = Crate::default();
        let is_one = json::next(elements, &mut package)?;
        let is_of_registry = matches!(package.source.as_str(), "crates.io" | "registry");
        if is_of_registry && package.kind != "build" {
            self.0.package(PackageRecord {
                name: Ecosystem::Crates.normalize(&package.name).into_owned(),
                version: package.version,
                ecosystem: Some(Ecosystem::Crates),
                ..PackageRecord::default()
            });
        }
        Ok(is_one)
    }
}

#[derive(Default)]
struct Crate {
    name: String,
    version: String,
    source: String,
    kind: String,
}

impl Reader for Crate {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        let field = match key {
            "name" => &mut self.name,
            "version" => &mut self.version,
            "source" => &mut self.source,
            "kind" => &mut self.kind,
            _ => return json::skip(values),
        };
        *field = json::text(values)?;
        Ok(())
    }
}
