//! `META-INF/MANIFEST.MF`: headers as in e-mail, of which the first block is about the archive.
//!
//! | what | headers |
//! |---|---|
//! | group | `Group-Id` (Jenkins), `Implementation-Vendor-Id` (Maven, sbt), `Bundle-SymbolicName` (OSGi), vendors and `Extension-Name` where they are written as a group |
//! | artifact | `Short-Name`, `Implementation-Title`, `Specification-Title`, `Bundle-Name`, `Extension-Name` |
//! | version | `Plugin-Version` (Jenkins), `Implementation-Version`, `Bundle-Version`, `Specification-Version` |
//!
//! A line that starts with a blank goes on with the line before. The blocks after the first one are
//! about packages and files in the archive and are not read. See "JAR File Specification".

use std::io::{self, BufRead};

use crate::lines::{Lines, text};

/// What the main section says, as far as it is used. Empty is what is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    values: [String; HEADERS.len()],
}

/// The headers that are used.
const HEADERS: [&str; 14] = [
    "Bundle-Name",
    "Bundle-SymbolicName",
    "Bundle-Version",
    "Extension-Name",
    "Group-Id",
    "Implementation-Title",
    "Implementation-Vendor",
    "Implementation-Vendor-Id",
    "Implementation-Version",
    "Plugin-Version",
    "Short-Name",
    "Specification-Title",
    "Specification-Vendor",
    "Specification-Version",
];

/// The longest value that is kept, in bytes.
const LONGEST_VALUE: usize = 1 << 10;

impl Manifest {
    /// Returns what a header says.
    fn value(&self, header: &str) -> &str {
        let mut values = HEADERS.iter().zip(&self.values);
        let found = values.find(|(name, _)| **name == header);
        found.map_or("", |(_, value)| value)
    }

    /// Returns what headers say that is one word, in their order; what follows a semicolon is about
    /// the word.
    pub(super) fn words<'m>(&'m self, headers: &[&str]) -> impl Iterator<Item = &'m str> {
        let values = headers.iter().map(|header| self.value(header));
        values
            .map(|value| value.split_once(';').map_or(value, |(word, _)| word).trim())
            .filter(|word| is_word(word))
    }

    /// Returns the versions, those first that say the most.
    pub(super) fn versions(&self) -> impl Iterator<Item = &str> {
        let headers = [
            "Plugin-Version",
            "Implementation-Version",
            "Bundle-Version",
            "Specification-Version",
        ];
        let values = headers.into_iter().map(|header| self.value(header));
        // Who built it may follow, as in `5.6.0 (b0)`.
        let words = values.filter_map(|value| value.split_whitespace().next());
        words.filter(|word| is_word(word) && word.contains(|c: char| c.is_ascii_digit()))
    }

    /// Returns the group of a title as Gradle's plugins write them, `group#project;version`.
    pub(super) fn group_of_title(&self) -> Option<&str> {
        let (group, _) = self.value("Implementation-Title").split_once('#')?;
        is_word(group).then_some(group)
    }
}

/// Tells whether a text is a name or a version, and neither prose nor a variable.
fn is_word(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '~');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_part)
}

/// Reads the main section. Of a header that is there twice, the last one counts, as in Java.
pub(super) fn read(content: impl BufRead) -> io::Result<Manifest> {
    let mut manifest = Manifest::default();
    let mut current = None;
    let mut lines = Lines::new(content);
    while lines.advance()? {
        let line = lines.line();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix(b" ") {
            let value = current.and_then(|header| manifest.values.get_mut(header));
            if let Some(value) = value.filter(|value: &&mut String| value.len() < LONGEST_VALUE) {
                value.push_str(&String::from_utf8_lossy(rest));
            }
            continue;
        }
        current = None;
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let is_named = |header: &&str| header.as_bytes().eq_ignore_ascii_case(name);
        current = HEADERS.iter().position(is_named);
        if let Some(field) = current.and_then(|header| manifest.values.get_mut(header)) {
            *field = text(
                value
                    .get(1..=LONGEST_VALUE)
                    .or(value.get(1..))
                    .unwrap_or_default(),
            );
        }
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(content: &str) -> Manifest {
        read(content.as_bytes()).unwrap()
    }

    #[test]
    fn a_value_goes_on_in_lines_that_start_with_a_blank() {
        let found = manifest("Implementation-Title: spring-\r\n we\r\n b\r\nSealed: true\r\n");
        assert_eq!(found.value("Implementation-Title"), "spring-web");
    }

    #[test]
    fn only_the_main_section_is_about_the_archive() {
        let found = manifest("Manifest-Version: 1.0\n\nName: org/x\nImplementation-Version: 7\n");
        assert_eq!(found, Manifest::default());
    }

    #[test]
    fn the_last_line_needs_no_end_and_bad_lines_are_passed_over() {
        let found = manifest("Test\n x\nIMPLEMENTATION-VERSION: 1.2");
        assert_eq!(found.versions().collect::<Vec<_>>(), ["1.2"]);
    }

    #[test]
    fn prose_and_variables_are_no_names_and_no_versions() {
        let found = manifest(
            "Implementation-Title: %pluginName\nSpecification-Title: My Tool\nBundle-Name: tool\n\
             Implementation-Version: ${version}\nBundle-Version: 5.6.0 (b0)\n",
        );
        let titles = ["Implementation-Title", "Specification-Title", "Bundle-Name"];
        assert_eq!(found.words(&titles).collect::<Vec<_>>(), ["tool"]);
        assert_eq!(found.versions().collect::<Vec<_>>(), ["5.6.0"]);
    }

    #[test]
    fn a_long_value_costs_a_bounded_amount() {
        let long = format!("Bundle-Name: a\n {}", "b\n ".repeat(100_000));
        assert!(manifest(&long).value("Bundle-Name").len() <= LONGEST_VALUE + 1);
    }
}
