use std::collections::BTreeMap;

const PACKED: &str = ".xml.gz";
const AFFECTED: &str = "-affected";

/// Lines that are asked for although the folder does not list them.
const KNOWN: [&str; 18] = [
    "opensuse.leap.15.0",
    "opensuse.leap.15.1",
    "opensuse.leap.15.2",
    "opensuse.leap.15.3",
    "opensuse.leap.15.4",
    "opensuse.leap.15.5",
    "opensuse.leap.15.6",
    "opensuse.leap.16.0",
    "opensuse.leap.42.3",
    "opensuse.leap.micro.5.5",
    "opensuse.tumbleweed",
    "suse.linux.enterprise.desktop.15",
    "suse.linux.enterprise.micro.5",
    "suse.linux.enterprise.server.11",
    "suse.linux.enterprise.server.12",
    "suse.linux.enterprise.server.15",
    "suse.linux.enterprise.server.16",
    "suse.linux.micro.6",
];

/// How the files of the lines begin, and what they are about.
const EDITIONS: [(&str, Edition); 8] = [
    ("suse.linux.enterprise.server.", Edition::Server),
    ("suse.linux.enterprise.desktop.", Edition::Desktop),
    ("suse.linux.enterprise.micro.", Edition::Other),
    ("suse.linux.micro.", Edition::Other),
    ("opensuse.leap.micro.", Edition::Other),
    ("opensuse.leap.", Edition::Other),
    ("opensuse.tumbleweed", Edition::Other),
    ("opensuse.", Edition::Other),
];

/// Which distribution the modules that several have in common stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edition {
    Server,
    Desktop,
    /// One that has no such modules.
    Other,
}

/// A product line: the document about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    stem: String,
    edition: Edition,
    has_affected: bool,
}

impl Line {
    /// Chooses among the files of the folder.
    pub(super) fn choose<'a>(files: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let mut lines: BTreeMap<&str, Self> = BTreeMap::new();
        for file in files {
            let Some(name) = file.strip_suffix(PACKED) else {
                continue;
            };
            let (stem, is_affected) = match name.strip_suffix(AFFECTED) {
                Some(stem) => (stem, true),
                None => (name, false),
            };
            if let Some(line) = Self::of_stem(stem) {
                lines.entry(stem).or_insert(line).has_affected |= is_affected;
            }
        }
        let is_part = |stem: &str| {
            let whole = stem.rsplit_once(['-', '.']).map(|(whole, _)| whole);
            whole.is_some_and(|whole| lines.contains_key(whole))
        };
        let parts: Vec<&str> = lines.keys().copied().filter(|stem| is_part(stem)).collect();
        for part in parts {
            lines.remove(part);
        }
        lines.into_values().collect()
    }

    /// Returns the lines that are asked for although the folder does not list them.
    pub(super) fn known() -> impl Iterator<Item = Self> {
        KNOWN.iter().filter_map(|stem| Self::of_stem(stem))
    }

    fn of_stem(stem: &str) -> Option<Self> {
        let (prefix, edition) = EDITIONS
            .iter()
            .find(|(prefix, _)| stem.starts_with(prefix))?;
        let version = stem.get(prefix.len()..)?;
        // `15`, `15-sp5`, `5.3`; not `15-patch`, `15-vunnel-excerpt`.
        let is_version = version.split(['.', '-']).all(|part| {
            let number = part.strip_prefix("sp").unwrap_or(part);
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        let is_line = is_version || (version.is_empty() && !prefix.ends_with('.'));
        is_line.then(|| Self {
            stem: stem.to_owned(),
            edition: *edition,
            has_affected: false,
        })
    }

    /// Returns the name without what packing and variant add.
    pub(super) fn stem(&self) -> &str {
        &self.stem
    }

    /// Returns the name of the file to read.
    pub(super) fn file(&self) -> String {
        let variant = if self.has_affected { AFFECTED } else { "" };
        format!("{}{variant}{PACKED}", self.stem)
    }

    /// Returns what the modules that several distributions have in common stand for.
    pub(super) fn edition(&self) -> Edition {
        self.edition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(files: &[&str]) -> Vec<String> {
        Line::choose(files.iter().copied())
            .iter()
            .map(Line::file)
            .collect()
    }

    #[test]
    fn the_file_that_says_most_is_chosen() {
        assert_eq!(
            chosen(&[
                "suse.linux.enterprise.server.15.xml.gz",
                "suse.linux.enterprise.server.15-affected.xml.gz",
                "suse.linux.enterprise.server.15-patch.xml.gz",
                "suse.linux.enterprise.server.15-sp5.xml.gz",
                "suse.linux.enterprise.server.15-sp5-affected.xml.gz",
                "suse.linux.enterprise.15.xml.gz",
                "suse.linux.enterprise.desktop.15.xml.gz",
                "suse.linux.enterprise.micro.5.xml.gz",
                "suse.linux.enterprise.micro.5.3.xml.gz",
                "suse.linux.micro.6.0.xml.gz",
                "opensuse.leap.15.6.xml.gz",
                "opensuse.leap.15.6.xml",
                "opensuse.leap.micro.5.5.xml.gz",
                "opensuse.tumbleweed.xml.gz",
                "opensuse.13.2.xml.gz",
                "opensuse.x.xml.gz",
                "suse.manager.4.3.xml.gz",
            ]),
            [
                "opensuse.13.2.xml.gz",
                "opensuse.leap.15.6.xml.gz",
                "opensuse.leap.micro.5.5.xml.gz",
                "opensuse.tumbleweed.xml.gz",
                "suse.linux.enterprise.desktop.15.xml.gz",
                "suse.linux.enterprise.micro.5.xml.gz",
                "suse.linux.enterprise.server.15-affected.xml.gz",
                "suse.linux.micro.6.0.xml.gz",
            ]
        );
    }

    #[test]
    fn all_known_lines_are_lines() {
        assert_eq!(Line::known().count(), KNOWN.len());
    }
}
