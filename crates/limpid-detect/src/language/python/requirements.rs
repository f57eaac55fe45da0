//! `requirements*.txt`, the list that pip installs from. See "Requirements File Format" of pip.
//!
//! | line | is |
//! |---|---|
//! | `name==1.0`, `name[extra]==1.0 ; marker --hash=…` | a package |
//! | `name===1.0` | a package |
//! | `name>=1`, `name==1.*`, `name==1,!=2`, `name @ address` | passed over: no version is pinned |
//! | `-r other.txt`, `--index-url …`, `./folder`, an address | passed over |
//!
//! Markers are not judged. Files whose name says that they are for development are left out.

use super::super::application::is_of_application;
use super::super::{File, Found, Path};
use super::package;
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Words in file names of lists that are not for running the application.
const DEVELOPMENT: [&str; 8] = [
    "dev",
    "develop",
    "development",
    "doc",
    "docs",
    "lint",
    "test",
    "tests",
];

/// Tells lists of requirements by their name.
pub(super) fn is_requirements(path: &Path<'_>) -> bool {
    let words = path
        .name
        .strip_suffix(".txt")
        .and_then(|name| name.strip_prefix("requirements"));
    words.is_some_and(|words| {
        let mut words = words.split(['-', '_', '.']);
        !words.any(|word| DEVELOPMENT.contains(&word)) && is_of_application(path)
    })
}

/// Reads a list.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut lines = Lines::new(reader(&file.content));
    // A line that goes on says nothing more of name and version.
    let mut goes_on = false;
    loop {
        match lines.advance() {
            Ok(true) => {
                let line = lines.line();
                if !goes_on && let Some((name, version)) = pin(&text(line)) {
                    found.package(package(name, version.to_owned()));
                }
                goes_on = line.ends_with(b"\\");
            }
            Ok(false) => return,
            Err(error) => return found.unreadable(error.to_string()),
        }
    }
}

/// Returns the name and the version that a line pins.
fn pin(line: &str) -> Option<(&str, &str)> {
    let (requirement, rest) = line.split_once("==")?;
    let requirement = requirement.trim();
    let name = requirement
        .split_once('[')
        .map_or(requirement, |(name, _)| name)
        .trim();
    let version = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let end = version.find(|c: char| c.is_whitespace() || matches!(c, ';' | '#' | '\\' | ','));
    let (version, rest) = version.split_at_checked(end.unwrap_or(version.len()))?;
    let is_one = !rest.trim_start().starts_with(',') && !version.contains('*');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (is_one && !name.starts_with('-') && name.chars().all(is_name)).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::read_file;

    #[test]
    fn only_a_pin_to_one_version_is_a_package() {
        for (line, expected) in [
            ("Django==4.2", Some(("Django", "4.2"))),
            (
                "uvicorn[standard] == 0.1 ; python_version > '3' # why",
                Some(("uvicorn", "0.1")),
            ),
            ("a==1.0 \\", Some(("a", "1.0"))),
            ("a===1.0+local", Some(("a", "1.0+local"))),
            ("a==1.0;x=='y'", Some(("a", "1.0"))),
            ("a==1.*", None),
            ("a==1.0, !=1.1", None),
            ("a>=1", None),
            ("a>=1; python_version=='3'", None),
            ("a!=1,==1", None),
            ("a @ https://example.com/a.whl", None),
            ("# a==1", None),
            ("-r b==1", None),
            ("--global-option==1", None),
            ("", None),
        ] {
            assert_eq!(pin(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_go_on_are_one() {
        let content = b"a==1 \\\n    --hash=sha256:00 \\\n    b==2\nc==3\n";
        let (packages, _) = read_file("app/requirements.txt", content).unwrap();
        let names: Vec<&str> = packages
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn lists_for_development_are_left_out() {
        for (path, is_read) in [
            ("app/requirements.txt", true),
            ("app/requirements-prod.txt", true),
            ("app/requirements.lock.txt", true),
            ("app/requirements-dev.txt", false),
            ("app/requirements_test.txt", false),
            ("usr/lib/python3/site-packages/a/requirements.txt", false),
        ] {
            assert_eq!(is_requirements(&Path::new(path, false)), is_read, "{path}");
        }
    }
}
