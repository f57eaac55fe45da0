//! Specifications of installed gems. They are Ruby, as `RubyGems` writes it for each gem:
//!
//! ```text
//! # stub: nokogiri 1.13.8 x86_64-linux lib
//! Gem::Specification.new do |s|
//!   s.name = "nokogiri".freeze
//!   s.version = "1.13.8"
//! ```
//!
//! `RubyGems` itself reads the line `# stub:` and not the rest when there is one. Older ones have
//! only the assignments, whose values may be written as `'…'`, `"…"`, `%q{…}` and
//! `Gem::Version.new("…")`. What both leave open, the file's name says: `NAME-VERSION.gemspec`.

use limpid_types::{Confidence, PackageRecord};

use super::super::{File, Found, Path};
use super::{is_version, package};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Tells specifications of installed gems from those that gems have among their files.
pub(super) fn is_installed(path: &Path<'_>) -> bool {
    path.name.ends_with(".gemspec")
        && path
            .directory
            .split('/')
            .any(|folder| folder == "specifications")
}

/// Reads a specification.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut gem = Gem::default();
    let mut lines = Lines::new(reader(&file.content));
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return found.unreadable(error.to_string()),
        }
        gem.line(&text(lines.line()));
        if gem.is_known() {
            found.package(package(&gem.name, &gem.version));
            return;
        }
    }
    match of_file_name(file.path.name) {
        Some(record) => {
            found.package(record);
        }
        None => found.unreadable("has no name or no version"),
    }
}

#[derive(Default)]
struct Gem {
    name: String,
    version: String,
}

impl Gem {
    fn is_known(&self) -> bool {
        !self.name.is_empty() && !self.version.is_empty()
    }

    fn line(&mut self, line: &str) {
        if let Some(stub) = line.strip_prefix("# stub: ") {
            let mut words = stub.split_ascii_whitespace();
            if let (Some(name), Some(version)) = (words.next(), words.next())
                && is_version(version)
            {
                (self.name, self.version) = (name.to_owned(), version.to_owned());
            }
        } else if let Some((field, value)) = assignment(line) {
            match field {
                "name" if self.name.is_empty() => value.clone_into(&mut self.name),
                "version" if self.version.is_empty() && is_version(value) => {
                    value.clone_into(&mut self.version);
                }
                _ => {}
            }
        }
    }
}

/// Returns the field and the literal of `s.field = literal`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (left, right) = line.split_once('=')?;
    let (variable, field) = left.trim().split_once('.')?;
    let is_variable = variable
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_variable.then_some((field, literal(right.trim())?))
}

/// Returns what stands in a literal text.
fn literal(expression: &str) -> Option<&str> {
    let expression = expression
        .strip_prefix("Gem::Version.new")
        .map_or(expression, |rest| rest.trim_start_matches(['(', ' ']));
    let (content, close) = match expression.as_bytes() {
        [b'"', ..] => (expression.get(1..)?, '"'),
        [b'\'', ..] => (expression.get(1..)?, '\''),
        [b'%', b'q' | b'Q', open, ..] => {
            let close = match open {
                b'{' => '}',
                b'(' => ')',
                b'[' => ']',
                b'<' => '>',
                _ => return None,
            };
            (expression.get(3..)?, close)
        }
        _ => return None,
    };
    let (content, _) = content.split_once(close)?;
    // What is put together from variables is not said here.
    (!content.contains("#{") && !content.contains('\\')).then(|| content.trim())
}

/// Returns the gem that a file name `NAME-VERSION[-PLATFORM].gemspec` is about.
fn of_file_name(name: &str) -> Option<PackageRecord> {
    let stem = name.strip_suffix(".gemspec")?;
    let hyphens = stem.match_indices('-').map(|(at, _)| at);
    let mut splits = hyphens.filter_map(|at| Some((stem.get(..at)?, stem.get(at + 1..)?)));
    let (name, rest) = splits.find(|(_, rest)| is_version(rest))?;
    let version = rest.split_once('-').map_or(rest, |(version, _)| version);
    Some(PackageRecord {
        confidence: Confidence::FileName,
        ..package(name, version)
    })
}

#[cfg(test)]
mod tests {
    use limpid_types::Confidence;

    use super::*;
    use crate::language::read_file;

    fn found(content: &str) -> (String, Confidence) {
        let path = "usr/lib/ruby/gems/3.1.0/specifications/default/a-b-2.1.0-x86_64-linux.gemspec";
        let (packages, problems) = read_file(path, content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        assert_eq!(packages.len(), 1);
        let package = &packages[0];
        (
            format!("{} {}", package.name, package.version),
            package.confidence,
        )
    }

    #[test]
    fn name_and_version_are_read_however_they_are_written() {
        for content in [
            "# -*- encoding: utf-8 -*-\n# stub: a-b 2.1.0 x86_64-linux lib\n# stub: ext/a.rb\n",
            "Gem::Specification.new do |s|\n  s.name = \"a-b\".freeze\n  s.version = \"2.1.0\"\n",
            "  s.name    = 'a-b'\n  s.required_ruby_version = '1'\n  s.version=%q{2.1.0}.freeze\n",
            "  spec.name = %q(a-b)\n  spec.version = Gem::Version.new(\"2.1.0\")\n",
            "\r\n  s.name = \"a-b\"\r\n  s.version = Gem::Version.new '2.1.0'\r\n",
        ] {
            assert_eq!(
                found(content),
                ("a-b 2.1.0".to_owned(), Confidence::Certain),
                "{content}"
            );
        }
    }

    #[test]
    fn what_is_computed_is_taken_from_the_file_name() {
        for content in [
            "",
            "s.name = \"a-b\"\ns.version = VERSION\n",
            "s.version = \"1.#{x}\"\n",
        ] {
            assert_eq!(
                found(content),
                ("a-b 2.1.0".to_owned(), Confidence::FileName),
                "{content}"
            );
        }
    }

    #[test]
    fn gemspecs_among_the_files_of_a_gem_are_not_installed_gems() {
        assert!(!is_installed(&Path::new(
            "usr/lib/ruby/gems/a-1.0/a.gemspec",
            false
        )));
        let (packages, problems) = read_file("specifications/a.gemspec", b"").unwrap();
        assert!(packages.is_empty());
        assert_eq!(problems.len(), 1);
    }
}
