//! `limpid feeds build-jar-index`: an index of the jars in folders, in the form that
//! `limpid_feed::JarIndexEntry` has.
//!
//! What a jar is, is told by its place in a Maven repository (`group/artifact/version/…`), or else by
//! the one `pom.properties` in it. A jar that says neither is counted and left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};
use limpid_feed::JarIndexEntry;
use sha1::{Digest as _, Sha1};
use zip::ZipArchive;

/// How strongly the index is packed. Two thirds of it are digests, which do not pack at all.
const ZSTD_LEVEL: i32 = 19;

/// Bytes of a `pom.properties` that are read.
const PROPERTIES_BYTES: u64 = 64 << 10;

/// The endings of the files that are jars.
const ENDINGS: [&str; 6] = ["jar", "war", "ear", "par", "jpi", "hpi"];

/// The names of a Maven repository's files that are no package of their own.
const COMPANIONS: [&str; 2] = ["-sources.jar", "-javadoc.jar"];

/// Writes the index of some paths and returns what is to be said about it.
pub(super) fn build(output: &Path, paths: &[PathBuf]) -> Result<String> {
    let mut index = Index::default();
    for path in paths {
        index
            .add(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    let bytes = index
        .write(output)
        .with_context(|| format!("cannot write {}", output.display()))?;
    Ok(format!(
        "{} jars in {bytes} bytes, {} left out that do not say what they are\n",
        index.entries.len(),
        index.unknown
    ))
}

/// What is known of jars.
#[derive(Default)]
struct Index {
    /// Sorted by coordinates, which packs best.
    entries: BTreeSet<JarIndexEntry>,
    /// How many jars nothing is known of.
    unknown: u64,
}

impl Index {
    fn add(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() {
            return self.add_folder(path);
        }
        if is_jar(path) {
            return self.add_jar(path, path.parent().unwrap_or(path));
        }
        self.add_listing(path)
    }

    fn add_folder(&mut self, root: &Path) -> Result<()> {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir()? {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if is_jar(&path) && path.is_file() {
                    self.add_jar(&path, root)
                        .with_context(|| path.display().to_string())?;
                }
            }
        }
        Ok(())
    }

    fn add_jar(&mut self, path: &Path, root: &Path) -> Result<()> {
        let place = path.strip_prefix(root).unwrap_or(path);
        let coordinates = of_place(place).or_else(|| of_properties(path));
        let entry = match coordinates {
            Some(coordinates) => JarIndexEntry::new(&sha1(path)?, &coordinates).ok(),
            None => None,
        };
        if !entry.is_some_and(|entry| self.entries.insert(entry)) {
            self.unknown += 1;
        }
        Ok(())
    }

    fn add_listing(&mut self, path: &Path) -> Result<()> {
        let mut input = BufReader::new(File::open(path)?);
        let is_packed = input.fill_buf()?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let input: Box<dyn Read> = if is_packed {
            Box::new(zstd::Decoder::with_buffer(input)?)
        } else {
            Box::new(input)
        };
        for (number, line) in BufReader::new(input).lines().enumerate() {
            let line = line?;
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = JarIndexEntry::parse(&line)
                .map_err(|fault| anyhow::anyhow!("line {}: {fault}", number + 1))?;
            self.entries.insert(entry);
        }
        Ok(())
    }

    /// Writes the index and returns how many bytes it has.
    fn write(&self, output: &Path) -> Result<u64> {
        let folder = output.parent().filter(|path| !path.as_os_str().is_empty());
        let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        let mut packed = zstd::Encoder::new(BufWriter::new(file), ZSTD_LEVEL)?;
        for entry in &self.entries {
            writeln!(packed, "{entry}")?;
        }
        let file = packed.finish()?.into_inner()?;
        file.as_file().sync_all()?;
        let bytes = file.as_file().metadata()?.len();
        file.persist(output)?;
        Ok(bytes)
    }
}

fn is_jar(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let name = path.to_string_lossy();
    ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
        && !COMPANIONS.iter().any(|companion| name.ends_with(companion))
}

/// Tells the coordinates by the place in a Maven repository:
/// `org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9.jar`.
fn of_place(place: &Path) -> Option<String> {
    let parts: Vec<&str> = place
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let [group @ .., artifact, version, file] = &*parts else {
        return None;
    };
    let begins = format!("{artifact}-{version}");
    let is_place = !group.is_empty() && file.starts_with(&begins);
    is_place.then(|| format!("{}:{artifact}:{version}", group.join(".")))
}

/// Tells the coordinates by the `pom.properties` in a jar, if it has exactly one.
fn of_properties(path: &Path) -> Option<String> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
    let mut names = archive
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties"));
    let name = names.next()?.into_owned();
    let is_only = names.next().is_none();
    drop(names);
    if !is_only {
        return None;
    }
    let mut text = String::new();
    let properties = archive.by_name(&name).ok()?;
    properties
        .take(PROPERTIES_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim())
    };
    let (group, artifact) = (value("groupId")?, value("artifactId")?);
    Some(format!("{group}:{artifact}:{}", value("version")?))
}

fn sha1(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha1::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(chunk) if !chunk.is_empty() => hasher.update(chunk),
            _ => break,
        }
    }
    let digest = hasher.finalize();
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;

    use tempfile::TempDir;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn jar(properties: &[(&str, &str)]) -> Vec<u8> {
        let mut jar = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in properties {
            let path = format!("META-INF/maven/{name}/pom.properties");
            jar.start_file(path, SimpleFileOptions::default()).unwrap();
            jar.write_all(text.as_bytes()).unwrap();
        }
        jar.finish().unwrap().into_inner()
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = zstd::decode_all(File::open(path).unwrap()).unwrap();
        let text = String::from_utf8(text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_place_in_a_repository_names_a_jar() {
        let of = |path: &str| of_place(Path::new(path));
        assert_eq!(
            of("org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9.jar").as_deref(),
            Some("org.slf4j:slf4j-api:2.0.9")
        );
        assert_eq!(of("lib/slf4j-api-2.0.9.jar"), None);
        assert_eq!(of("a/b/1/c-1.jar"), None);
    }

    #[test]
    fn jars_and_listings_become_one_index() {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("jars");
        let place = root.join("org/a/b/1.0");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("b-1.0.jar"), "abc").unwrap();
        fs::write(place.join("b-1.0-sources.jar"), "sources").unwrap();
        let properties = "#made\nversion=2\ngroupId = c\nartifactId=d\n";
        fs::write(root.join("d.jar"), jar(&[("c/d", properties)])).unwrap();
        fs::write(
            root.join("two.jar"),
            jar(&[("c/d", properties), ("e/f", "")]),
        )
        .unwrap();
        fs::write(root.join("none.war"), "no archive").unwrap();
        let listing = folder.path().join("listing.txt");
        let sha1 = "a".repeat(40);
        fs::write(&listing, format!("# more\n{sha1} x:y:1\n")).unwrap();
        let output = folder.path().join("index.zst");
        let said = build(&output, &[root, listing]).unwrap();
        assert!(said.starts_with("3 jars in "), "{said}");
        assert!(said.ends_with(", 2 left out that do not say what they are\n"));
        let found = lines(&output);
        assert_eq!(found.len(), 3);
        assert!(found[0].ends_with(" c:d:2"));
        assert_eq!(
            found[1],
            "a9993e364706816aba3e25717850c26c9cd0d89d org.a:b:1.0"
        );
        assert_eq!(found[2], format!("{sha1} x:y:1"));
        let again = folder.path().join("again.zst");
        build(&again, std::slice::from_ref(&output)).unwrap();
        assert_eq!(lines(&again), found);
    }

    #[test]
    fn a_bad_line_of_a_listing_is_named() {
        let folder = TempDir::new().unwrap();
        let listing = folder.path().join("listing.txt");
        fs::write(&listing, "# more\nx y\n").unwrap();
        let error = build(&folder.path().join("index.zst"), &[listing]).unwrap_err();
        assert!(
            format!("{error:#}").contains("line 2: no SHA-1"),
            "{error:#}"
        );
    }
}
