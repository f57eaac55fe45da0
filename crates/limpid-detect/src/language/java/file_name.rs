//! What the name of an archive says: `NAME-VERSION[-CLASSIFIER].jar`.

/// The name of an archive, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    /// The artifact.
    pub(super) artifact: &'a str,
    /// The version, if there is one.
    pub(super) version: Option<&'a str>,
    /// Whether the version is one of those that the archive itself says.
    pub(super) is_confirmed: bool,
}

/// Words that belong to a version when they stand between its numbers.
const QUALIFIERS: [&str; 21] = [
    "alpha",
    "android",
    "b",
    "beta",
    "build",
    "cr",
    "dev",
    "final",
    "ga",
    "hudson",
    "incubating",
    "jenkins",
    "jre",
    "m",
    "milestone",
    "pre",
    "rc",
    "redhat",
    "release",
    "snapshot",
    "sp",
];

/// Words behind a version that say what is in an archive, of the same package.
const CLASSIFIERS: [&str; 14] = [
    "all",
    "boot",
    "exec",
    "fat",
    "javadoc",
    "linux",
    "nodep",
    "shaded",
    "sources",
    "standalone",
    "test",
    "tests",
    "uber",
    "with",
];

/// The longest name that is looked into, in bytes: no file system has longer ones.
const LONGEST: usize = 255;

impl<'a> FileName<'a> {
    /// Takes apart a name without its ending, with the versions that the archive says.
    pub(super) fn parse(stem: &'a str, said: &[&str]) -> Self {
        let found = if stem.len() <= LONGEST {
            split(stem)
        } else {
            None
        };
        if let Some((artifact, version)) = found
            && let Some(version) = confirmed(version, said)
        {
            return Self {
                artifact,
                version: Some(version),
                is_confirmed: true,
            };
        }
        let at_end = said.iter().find_map(|said| {
            let artifact = stem.strip_suffix(said)?.strip_suffix(['-', '_'])?;
            (!artifact.is_empty()).then_some((artifact, stem.get(stem.len() - said.len()..)?))
        });
        let is_confirmed = at_end.is_some();
        let unclassified = found.map(|(artifact, version)| (artifact, without_classifier(version)));
        match at_end.or(unclassified) {
            Some((artifact, version)) => Self {
                artifact,
                version: Some(version),
                is_confirmed,
            },
            None => Self {
                artifact: stem,
                version: None,
                is_confirmed: false,
            },
        }
    }
}

/// Finds where the version starts: behind the first hyphen with a digit after it. When a word
/// follows that no version has, as in `log4j-1.2-api-2.17.1`, it starts later.
fn split(stem: &str) -> Option<(&str, &str)> {
    let mut best = None;
    let starts_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    for (place, _) in stem.match_indices('-') {
        let (artifact, rest) = stem.split_at(place);
        let version = rest.get(1..).unwrap_or_default();
        if artifact.is_empty() || !starts_version(version) {
            continue;
        }
        let before = artifact.rsplit_once('-').map_or(artifact, |(_, word)| word);
        if best.is_none() || (is_plain_word(before) && !is_qualifier(before)) {
            best = Some((artifact, version));
        }
    }
    best.or_else(|| {
        let (artifact, version) = stem.rsplit_once('_')?;
        (!artifact.is_empty() && starts_version(version)).then_some((artifact, version))
    })
    .or_else(|| worded(stem))
}

/// Finds a version as of old: `guava-r06`, `trilead-ssh2-build212`.
fn worded(stem: &str) -> Option<(&str, &str)> {
    let (artifact, version) = stem.rsplit_once('-')?;
    let number = ["build", "rc", "r", "v"]
        .into_iter()
        .find_map(|word| version.strip_prefix(word))?;
    let is_version = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    (!artifact.is_empty() && is_version).then_some((artifact, version))
}

fn is_plain_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic())
}

fn is_qualifier(word: &str) -> bool {
    QUALIFIERS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns the version, or its part before a classifier, that equals one which the archive says.
fn confirmed<'a>(version: &'a str, said: &[&str]) -> Option<&'a str> {
    let mut rest = version;
    loop {
        if said.iter().any(|said| is_same(rest, said)) {
            return Some(rest);
        }
        rest = rest.rsplit_once('-')?.0;
    }
}

/// Tells whether two versions are the same but for OSGi's spelling: `27.0-jre` is `27.0.0.jre`
/// there.
fn is_same(version: &str, said: &str) -> bool {
    version == said || osgi(version).eq(osgi(said))
}

/// Returns the parts of a version as OSGi spells it, three numbers at least.
fn osgi(version: &str) -> impl Iterator<Item = &str> {
    let parts = || version.split(['.', '-', '_']);
    let is_number = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    let numbers = parts().take_while(is_number).count();
    let padding = std::iter::repeat_n("0", 3_usize.saturating_sub(numbers));
    parts()
        .take(numbers)
        .chain(padding)
        .chain(parts().skip(numbers))
}

/// Takes off what no version ends with.
fn without_classifier(version: &str) -> &str {
    let is_classifier = |word: &str| CLASSIFIERS.contains(&word);
    let mut words = version.match_indices('-');
    words
        .find(|(place, _)| {
            let rest = version.get(place + 1..).unwrap_or_default();
            is_classifier(rest.split('-').next().unwrap_or_default())
        })
        .and_then(|(place, _)| version.get(..place))
        .unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stem: &str, said: &[&str], artifact: &str, version: &str, is_confirmed: bool) {
        let expected = FileName {
            artifact,
            version: Some(version),
            is_confirmed,
        };
        assert_eq!(FileName::parse(stem, said), expected, "{stem}");
    }

    #[test]
    fn the_version_starts_behind_the_first_hyphen_with_a_digit() {
        for (stem, artifact, version) in [
            ("tool-1.2.3", "tool", "1.2.3"),
            ("the-tool-4.3.2-rc1", "the-tool", "4.3.2-rc1"),
            (
                "wagon-webdav-1.0.2-beta-2.2.3a-hudson",
                "wagon-webdav",
                "1.0.2-beta-2.2.3a-hudson",
            ),
            (
                "commons-jelly-1.1-hudson-20100305",
                "commons-jelly",
                "1.1-hudson-20100305",
            ),
            (
                "jboss-saaj-api_1.4_spec-1.0.2.Final",
                "jboss-saaj-api_1.4_spec",
                "1.0.2.Final",
            ),
            (
                "spring-data-r2dbc-1.1.0.RELEASE",
                "spring-data-r2dbc",
                "1.1.0.RELEASE",
            ),
            ("kafka_2.13-3.4.0", "kafka_2.13", "3.4.0"),
            ("log4j-1.2-api-2.17.1", "log4j-1.2-api", "2.17.1"),
            (
                "org.eclipse.osgi_3.16.0.v2020",
                "org.eclipse.osgi",
                "3.16.0.v2020",
            ),
            ("guava-r06", "guava", "r06"),
            ("ssh2-build212", "ssh2", "build212"),
            ("driver-3.11.0-shaded", "driver", "3.11.0"),
            ("native-2.0.1.Final-linux-x86_64", "native", "2.0.1.Final"),
        ] {
            check(stem, &[], artifact, version, false);
        }
    }

    #[test]
    fn a_name_without_a_version_is_the_artifact() {
        for stem in ["tool", "the-tool", "-1", "", "-"] {
            let found = FileName::parse(stem, &["1"]);
            assert_eq!((found.artifact, found.version), (stem, None), "{stem}");
        }
    }

    #[test]
    fn what_the_archive_says_confirms_the_version_in_either_spelling() {
        check("guava-27.0-jre", &["27.0.0.jre"], "guava", "27.0-jre", true);
        check("asm-7.1", &["7.1.0"], "asm", "7.1", true);
        check("driver-3.11.0-odd", &["3.11.0"], "driver", "3.11.0", true);
        check(
            "mockito-4-2_3-3.2.12.0-RC2",
            &["3.2.12.0-RC2"],
            "mockito-4-2_3",
            "3.2.12.0-RC2",
            true,
        );
        check("tool-Finchley", &["Finchley"], "tool", "Finchley", true);
        check("ecj-4.6.1", &["3.12.1"], "ecj", "4.6.1", false);
    }
}
