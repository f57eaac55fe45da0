//! The version resource of an assembly of .NET, for packages that no list names.
//!
//! The section `.rsrc` has a block `VS_VERSION_INFO` in which texts follow each other, all in
//! UTF-16: `ProductVersion`, a zero, up to three bytes that fill up to four, and the value with a
//! zero after it. It is the version of the package, perhaps with `+` and a commit. See
//! "VS_VERSIONINFO" in Microsoft's documentation of Windows.
//!
//! The package has the name of the file, which holds for nearly all. Not read are the parts of the
//! runtime, of which the directory says the version, and the packages that are made with the
//! runtime (`System.*`, `Microsoft.Extensions.*`, `Microsoft.AspNetCore.*`): these have the version
//! of the runtime in the resource and another as packages.

use limpid_types::{Confidence, Ecosystem, PackageRecord};
use memchr::memmem;

use super::super::{Found, Path};
use super::image::Image;

/// Where the runtime and its tools are, below the directory of .NET.
const RUNTIME: [&str; 4] = ["shared", "packs", "sdk", "host"];

/// Packages whose resource has the version of the runtime.
const OF_RUNTIME: [&str; 3] = ["system.", "microsoft.extensions.", "microsoft.aspnetcore."];

/// A version is shorter, in UTF-16 units.
const LONGEST_VERSION: usize = 128;

/// Reads the version of an assembly.
pub(super) fn read(image: &Image<'_>, path: &Path<'_>, found: &mut Found<'_>) {
    let Some(name) = path.name.strip_suffix(".dll").filter(|_| image.is_managed) else {
        return;
    };
    let name = Ecosystem::Nuget.normalize(name);
    let is_of_runtime = OF_RUNTIME.iter().any(|prefix| name.starts_with(prefix));
    let mut directories = path.directory.split('/');
    let is_in_runtime = directories.any(|directory| RUNTIME.contains(&directory));
    if is_of_runtime || is_in_runtime || name.ends_with(".resources") {
        return;
    }
    let version = image.section(".rsrc").and_then(|section| {
        let resources = image.bytes.read_up_to(section.offset, section.size);
        package_version(&product_version(&resources)?)
    });
    if let Some(version) = version {
        found.package(PackageRecord {
            name: name.into_owned(),
            version,
            ecosystem: Some(Ecosystem::Nuget),
            confidence: Confidence::Derived,
            ..PackageRecord::default()
        });
    }
}

fn product_version(resources: &[u8]) -> Option<String> {
    let resources = after(resources, "VS_VERSION_INFO")?;
    let value = after(resources, "ProductVersion")?;
    let units = value
        .chunks_exact(2)
        .map(|unit| {
            unit.iter()
                .rev()
                .fold(0, |unit, &byte| unit << 8 | u16::from(byte))
        })
        // The end of the name, and what fills up to four bytes.
        .skip_while(|&unit| unit == 0)
        .take_while(|&unit| unit != 0)
        .take(LONGEST_VERSION);
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok()
}

/// Returns what comes after a text in UTF-16.
fn after<'a>(bytes: &'a [u8], text: &str) -> Option<&'a [u8]> {
    let sought: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let start = memmem::find(bytes, &sought)?;
    bytes.get(start.checked_add(sought.len())?..)
}

/// Returns a product version as the version of a package; none when it is no such version.
fn package_version(product: &str) -> Option<String> {
    let version = product.split(['+', ' ']).next()?;
    let core = version.split('-').next()?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = matches!(core.split('.').count(), 3 | 4) && core.split('.').all(is_number);
    is_version.then(|| version.to_owned())
}
