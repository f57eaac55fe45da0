use std::fs::{self, File};
use std::io::{Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

const DOCUMENT: &str = "security-metadata.canonical.com/oval/com.ubuntu.jammy.cve.oval.xml.bz2";

/// The lists of an OVAL document, in their order.
const LISTS: [&str; 5] = ["definitions", "tests", "objects", "states", "variables"];

/// Writes a real document of Ubuntu's again and again into one, until it has so many bytes.
/// Returns how many it has, unpacked.
pub(super) fn generate(feeds: &Path, mirror: &Path, bytes: usize) -> Result<u64> {
    let packed = fs::read(feeds.join(DOCUMENT)).context(DOCUMENT)?;
    let real = unpack(&packed)?;
    let target = mirror.join(DOCUMENT);
    fs::create_dir_all(target.parent().context("no folder")?)?;
    let copies = bytes.div_ceil(real.len());
    let mut out = Counted {
        out: bzip2::write::BzEncoder::new(File::create(&target)?, bzip2::Compression::fast()),
        bytes: 0,
    };
    let mut at = 0;
    for list in LISTS {
        let (open, close) = (format!("<{list}>"), format!("</{list}>"));
        let Some(start) = real[at..].find(&open).map(|place| at + place + open.len()) else {
            continue;
        };
        let end = real[start..].find(&close).context("a list has no end")? + start;
        out.write_all(&real.as_bytes()[at..end])?;
        let items = match list {
            // The first definition says which release it is, and is there once.
            "definitions" => {
                real[start..end]
                    .split_once("</definition>")
                    .context("no definition")?
                    .1
            }
            _ => &real[start..end],
        };
        for copy in 1..copies {
            out.write_all(renamed(items, copy).as_bytes())?;
        }
        at = end;
    }
    out.write_all(&real.as_bytes()[at..])?;
    out.out.finish()?;
    Ok(out.bytes)
}

/// Gives all items and vulnerabilities other names.
fn renamed(items: &str, copy: usize) -> String {
    let mut text = items.to_owned();
    for kind in ["def", "tst", "obj", "ste", "var"] {
        text = text.replace(&format!(":{kind}:20"), &format!(":{kind}:{copy}20"));
    }
    for year in 2000..2030 {
        text = text.replace(&format!("CVE-{year}-"), &format!("CVE-{year}-9{copy}"));
    }
    text
}

fn unpack(packed: &[u8]) -> Result<String> {
    let mut text = String::new();
    bzip2::read::MultiBzDecoder::new(packed).read_to_string(&mut text)?;
    Ok(text)
}

struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
