//! Executables: what compilers, linkers and programs say about themselves in a binary.
//!
//! | what | where in the binary | who writes it |
//! |---|---|---|
//! | modules of Go | `.go.buildinfo`, see [`go`] | Go's linker, since 1.13 |
//! | crates | `.dep-v0`, see [`auditable`] | `cargo auditable` |
//! | Maven artifacts | the symbol `sbom`, see [`native_image`] | GraalVM's `native-image` |
//! | NuGet packages | the version resource, see [`assembly`] | the compilers of .NET |
//! | well-known programs | texts, see [`programs`] | their authors |
//!
//! ELF, PE and Mach-O of any byte order and word size are read, Mach-O also with several
//! architectures in one file. Only the tables of the headers and the parts that these tables name
//! are read, and those to a limit each, so that a library of a gigabyte costs as little as one of a
//! megabyte. A table that points outside the file, or at itself, has nothing to say.

mod assembly;
mod auditable;
mod bytes;
mod elf;
mod go;
mod go_modules;
mod image;
mod mach_o;
mod native_image;
mod pe;
mod programs;
mod sought_text;

use limpid_types::DatabaseKind;

use self::bytes::Bytes;
use self::image::{Image, Kind};
use super::{File, Format, Found, Path};

/// What is read of executables.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::Executable,
    matches: may_be_executable,
    starts: Some(has_magic),
    most_bytes: 4 << 30,
    read: read_executable,
}];

/// Tells from the path whether a file may be an executable or a library. Data below `share` and
/// `etc` has no endings either, and is never run.
fn may_be_executable(path: &Path<'_>) -> bool {
    if path.is_executable {
        return true;
    }
    match path.name.split_once('.') {
        None => !path
            .directory
            .split('/')
            .any(|directory| matches!(directory, "share" | "etc")),
        Some((_, ending)) => {
            let last = ending.rsplit('.').next().unwrap_or(ending);
            matches!(last, "so" | "exe" | "dll" | "dylib" | "node") || path.name.contains(".so.")
        }
    }
}

/// Tells from its first bytes whether a file is an executable.
fn has_magic(start: &[u8]) -> bool {
    match start {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => true,
        _ => mach_o::has_magic(start),
    }
}

fn read_executable(file: &File<'_>, found: &mut Found<'_>) {
    match mach_o::parts(Bytes::new(&file.content)) {
        Ok(parts) => read_parts(&parts, &file.path, found),
        Err(why) => found.unreadable(why),
    }
}

/// Reads the executables for one architecture each that a file consists of, one after the other.
fn read_parts(parts: &[Bytes<'_>], path: &Path<'_>, found: &mut Found<'_>) {
    for (number, &part) in parts.iter().enumerate() {
        match image::read(part) {
            Ok(Some(image)) => {
                read_image(&image, path, found);
                // All architectures are of one version, and the search takes time.
                if number == 0 {
                    programs::read(&image, path, found);
                }
            }
            Ok(None) => {}
            Err(why) => found.unreadable(why),
        }
    }
}

fn read_image(image: &Image<'_>, path: &Path<'_>, found: &mut Found<'_>) {
    go::read(image, found);
    auditable::read(image, found);
    native_image::read(image, found);
    if image.kind == Kind::Pe {
        assembly::read(image, path, found);
    }
}

#[cfg(test)]
mod tests;
