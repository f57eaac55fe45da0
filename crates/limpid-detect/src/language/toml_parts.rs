//! Lists of packages in TOML: one part for each package, read one at a time.
//!
//! The locks of Python's tools are documents with one `[[package]]` (or `[[packages]]`) for each
//! package, and what belongs to one stands between its header and the next. Each such part is a
//! document by itself, and so is what comes before the first header. Tables of other names are
//! passed over. A part that cannot be read costs one package.

use std::io::{self, BufRead};

use serde::de::DeserializeOwned;

use super::{File, Found};
use crate::detector::reader;
use crate::lines::Lines;

/// No package has a longer part, in bytes: a line for each of its files, of which those with most
/// have some hundred.
const LONGEST_PART: usize = 256 << 10;

/// How much more memory than its text a part may take when it is read. Keys of dots alone, each of
/// which is a table, took 399 times as much; real parts take 17 times.
const GROWTH: u64 = 400;

/// Parts up to this length need no memory from the budget.
const SHORT_PART: usize = 4 << 10;

/// Reads the parts of a document that begin with `[[array]]`, and the start of it.
pub(super) fn read<T: DeserializeOwned>(
    file: &File<'_>,
    found: &mut Found<'_>,
    array: &str,
    mut take: impl FnMut(T, &mut Found<'_>),
) {
    let mut parts = Parts::new(reader(&file.content), array);
    loop {
        match parts.next() {
            Ok(Some(part)) => match part.parse(found) {
                Ok(content) => take(content, found),
                Err(why) => found.bad_record(format!("{why}: at byte {}", part.offset)),
            },
            Ok(None) => return,
            Err(error) => return found.unreadable(error.to_string()),
        }
    }
}

struct Part {
    offset: u64,
    text: Vec<u8>,
    is_cut: bool,
}

impl Part {
    fn add(&mut self, line: &[u8]) {
        self.is_cut |= self.text.len().saturating_add(line.len()) >= LONGEST_PART;
        if !self.is_cut {
            self.text.extend_from_slice(line);
            self.text.push(b'\n');
        }
    }

    fn parse<T: DeserializeOwned>(&self, found: &mut Found<'_>) -> Result<T, String> {
        if self.is_cut {
            return Err("a table is too long".to_owned());
        }
        let is_long = self.text.len() > SHORT_PART;
        let lease = is_long.then(|| found.lease((self.text.len() as u64).saturating_mul(GROWTH)));
        if let Some(None) = lease {
            return Err("the memory budget has no room for a table".to_owned());
        }
        let text = str::from_utf8(&self.text).map_err(|error| error.to_string())?;
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }
}

struct Parts<'a, R> {
    lines: Lines<R>,
    array: &'a str,
    /// The line that begins the next part has been read.
    is_begun: bool,
    is_first: bool,
}

impl<'a, R: BufRead> Parts<'a, R> {
    fn new(content: R, array: &'a str) -> Self {
        Self {
            lines: Lines::new(content),
            array,
            is_begun: false,
            is_first: true,
        }
    }

    fn next(&mut self) -> io::Result<Option<Part>> {
        if !self.is_begun && !self.is_first {
            return Ok(None);
        }
        let mut part = Part {
            offset: self.lines.offset(),
            text: Vec::new(),
            is_cut: false,
        };
        if self.is_begun {
            part.add(self.lines.line());
        }
        let mut is_part = true;
        self.is_begun = false;
        self.is_first = false;
        while self.lines.advance()? {
            let line = self.lines.line();
            match header(line) {
                Some((true, name)) if name == self.array => {
                    self.is_begun = true;
                    break;
                }
                Some((_, name)) => is_part = is_below(name, self.array),
                None => {}
            }
            if is_part {
                part.add(line);
            }
        }
        Ok(Some(part))
    }
}

/// Returns what the header of a table names, and whether it is one of an array.
fn header(line: &[u8]) -> Option<(bool, &str)> {
    let inner = str::from_utf8(line.strip_prefix(b"[")?).ok()?;
    let (is_array, inner) = match inner.strip_prefix('[') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let (name, _) = inner.split_once(']')?;
    // What is no header is an array that goes on over several lines.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.\"' ".contains(&byte);
    name.bytes().all(is_name).then(|| (is_array, name.trim()))
}

fn is_below(name: &str, array: &str) -> bool {
    name.strip_prefix(array)
        .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(content: &str) -> Vec<String> {
        let mut parts = Parts::new(content.as_bytes(), "package");
        let mut all = Vec::new();
        while let Some(part) = parts.next().unwrap() {
            assert!(!part.is_cut);
            all.push(String::from_utf8(part.text).unwrap());
        }
        all
    }

    #[test]
    fn a_part_has_the_tables_below_its_package_and_no_others() {
        let content = "a = 1\n\n[[package]]\nb = 2\nc = [\n    [1],\n]\n[package.d]\ne = 3\n\
                       [[package]]\nb = 4\n[metadata]\nf = 5\n";
        let expected = [
            "a = 1\n\n",
            "[[package]]\nb = 2\nc = [\n    [1],\n]\n[package.d]\ne = 3\n",
            "[[package]]\nb = 4\n",
        ];
        assert_eq!(parts(content), expected);
        assert_eq!(parts(""), [""]);
    }

    #[test]
    fn a_part_that_is_too_long_is_cut_and_said_to_be() {
        let line = format!("a = \"{}\"\n", "x".repeat(1000));
        let content = format!("[[package]]\n{}", line.repeat(300));
        let mut parts = Parts::new(content.as_bytes(), "package");
        assert!(!parts.next().unwrap().unwrap().is_cut);
        assert!(parts.next().unwrap().unwrap().is_cut);
        assert!(parts.next().unwrap().is_none());
    }

    #[test]
    fn a_long_part_is_read_only_with_memory_for_the_worst_that_it_may_hold() {
        use limpid_layer::{Budget, Content};

        use crate::detector::Sink;
        use crate::language::{Path, format, read};

        let package = |name: &str, more: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n{more}\n"
            )
        };
        let keys = format!("{}x = 1", "a.".repeat(10_000));
        let lock = [package("a", ""), package("b", &keys), package("c", "")].concat();
        let mut sink = Sink::new(Budget::new(4 << 20));
        let path = Path::new("app/Cargo.lock", false);
        let format = format(&path).unwrap();
        read(format, path, Content::Memory(lock.as_bytes()), &mut sink);
        assert!(sink.is_short);
        let problems = &sink.evidence.problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].detail.contains("no room"), "{problems:?}");
        let packages = &sink.evidence.databases[0].packages;
        assert_eq!(packages.len(), 2, "what is short is read: {packages:?}");
    }
}
