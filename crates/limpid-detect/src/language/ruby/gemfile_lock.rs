//! `Gemfile.lock`, of bundler.
//!
//! ```text
//! GEM
//!   remote: https://…
//!   specs:
//!     nokogiri (1.13.8-x86_64-linux)
//!       racc (~> 1.4)
//! ```
//!
//! The lines with four blanks in sections `GEM` are gems; platforms are no part of their versions.
//! Sections `GIT`, `PATH` and `PLUGIN SOURCE` hold what comes from elsewhere. Nothing says what is
//! for development.

use super::super::{File, Found};
use super::{is_version, package};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut lines = Lines::new(reader(&file.content));
    let mut is_in_gems = false;
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return found.unreadable(error.to_string()),
        }
        let line = lines.line();
        let blanks = line.iter().take_while(|&&byte| byte == b' ').count();
        match blanks {
            0 if !line.is_empty() => is_in_gems = line == b"GEM",
            4 if is_in_gems => {
                if let Some((name, version)) = gem(&text(line)) {
                    found.package(package(name, version));
                }
            }
            _ => {}
        }
    }
}

/// Returns name and version of `name (version-platform)`.
fn gem(line: &str) -> Option<(&str, &str)> {
    let (name, version) = line.split_once(" (")?;
    let version = version.strip_suffix(')')?;
    let version = version
        .split_once('-')
        .map_or(version, |(version, _)| version);
    is_version(version).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    #[test]
    fn gems_of_registries_are_listed_once_for_all_platforms() {
        let content = "GIT\n  remote: https://example.com/a.git\n  revision: 00\n  specs:\n    a (1.0)\n\
            \nPATH\n  remote: .\n  specs:\n    b (1.0)\n\nGEM\n  remote: https://example.com/\n  \
            specs:\n    nokogiri (1.13.8-x86_64-linux)\n      racc (~> 1.4)\n    nokogiri \
            (1.13.8-arm64-darwin)\n    rails (7.0.0.rc1)\r\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  \
            nokogiri\n    c (1.0)\n\nBUNDLED WITH\n   2.3.7\n";
        let (packages, problems) = read_file("app/Gemfile.lock", content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        let found: Vec<String> = packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        assert_eq!(found, ["nokogiri 1.13.8", "rails 7.0.0.rc1"]);
    }
}
