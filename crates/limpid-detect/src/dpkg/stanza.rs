use std::io::{self, BufRead};

use crate::lines::{Lines, text};

/// The fields of one paragraph that limpid uses; empty means absent.
#[derive(Debug, Default)]
pub(crate) struct Stanza {
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    pub(crate) status: String,
    pub(crate) source: String,
    pub(crate) origin: String,
    pub(crate) maintainer: String,
    /// It has a field that only vcpkg's status files have.
    pub(crate) is_vcpkg: bool,
    /// It is the first paragraph, and it does not begin like a control file at all.
    pub(crate) is_other_format: bool,
    /// Where it begins, in bytes.
    pub(crate) offset: u64,
}

/// Reads the paragraphs of a control file (deb822(5)).
///
/// All fields that matter are single lines; continuation lines are passed over.
pub(crate) struct Stanzas<R> {
    lines: Lines<R>,
    first: bool,
    oddities: Vec<(u64, String)>,
}

/// How many odd lines are reported of one file.
const MOST_ODDITIES: usize = 20;

impl<R: BufRead> Stanzas<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            lines: Lines::new(reader),
            first: true,
            oddities: Vec::new(),
        }
    }

    /// Returns the next paragraph.
    pub(crate) fn next(&mut self) -> io::Result<Option<Stanza>> {
        let mut stanza: Option<Stanza> = None;
        while self.lines.advance()? {
            let line = self.lines.line();
            if line.trim_ascii().is_empty() {
                if stanza.is_some() {
                    break;
                }
                continue;
            }
            let offset = self.lines.offset();
            let current = stanza.get_or_insert_with(|| Stanza {
                offset,
                ..Stanza::default()
            });
            if matches!(line.first(), Some(b' ' | b'\t' | b'#')) {
                continue;
            }
            match line.iter().position(|&byte| byte == b':') {
                Some(colon) => {
                    let (name, value) = line.split_at(colon);
                    current.set(name, value.get(1..).unwrap_or_default());
                }
                None if self.first && offset == current.offset => {
                    current.is_other_format = true;
                    return Ok(stanza);
                }
                None if self.oddities.len() < MOST_ODDITIES => {
                    let shown: String = text(line).chars().take(40).collect();
                    self.oddities
                        .push((offset, format!("line without a field name: {shown:?}")));
                }
                None => {}
            }
        }
        self.first = false;
        Ok(stanza)
    }

    /// Returns the odd lines seen, with their offsets.
    pub(crate) fn take_oddities(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.oddities)
    }
}

impl Stanza {
    fn set(&mut self, name: &[u8], value: &[u8]) {
        let name = name.trim_ascii();
        let is = |expected: &str| name.eq_ignore_ascii_case(expected.as_bytes());
        let slot = match name.first().map(u8::to_ascii_lowercase) {
            Some(b'p') if is("Package") => &mut self.package,
            Some(b'v') if is("Version") => &mut self.version,
            Some(b'a') if is("Architecture") => &mut self.architecture,
            Some(b's') if is("Status") => &mut self.status,
            Some(b's') if is("Source") => &mut self.source,
            Some(b'o') if is("Origin") => &mut self.origin,
            Some(b'm') if is("Maintainer") => &mut self.maintainer,
            Some(b'p' | b'd' | b'f')
                if is("Port-Version") || is("Default-Features") || is("Feature") =>
            {
                self.is_vcpkg = true;
                return;
            }
            _ => return,
        };
        *slot = text(value);
    }
}
