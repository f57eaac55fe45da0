use limpid_types::Distribution;

/// Code names by the number of the release, for images that give only the number.
const CODE_NAMES: &[(&str, &str)] = &[
    ("6", "squeeze"),
    ("7", "wheezy"),
    ("8", "jessie"),
    ("9", "stretch"),
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
    ("14", "forky"),
    ("15", "duke"),
];

/// Gives the namespace of a Debian release by its code name: `debian:bookworm`.
///
/// Testing and unstable have no version. Both call themselves by the coming release (`forky/sid`)
/// and cannot be told apart, so the coming release is asked first and `sid` second.
pub(super) fn namespaces(distribution: &Distribution) -> Vec<String> {
    let code_name = code_name(distribution);
    let mut namespaces: Vec<String> = code_name
        .iter()
        .map(|code_name| format!("debian:{code_name}"))
        .collect();
    let is_rolling = distribution.version_id.is_empty() && code_name != Some("sid");
    if is_rolling && !namespaces.is_empty() {
        namespaces.push("debian:sid".into());
    }
    namespaces
}

/// Gives the distribution of a release by its code name, with the fields that Clair fills in.
pub(super) fn distribution(code_name: &str) -> Distribution {
    let number = CODE_NAMES
        .iter()
        .find(|(_, name)| *name == code_name)
        .map_or("", |(number, _)| *number);
    let version = match number {
        "" => code_name.to_owned(),
        number => format!("{number} ({code_name})"),
    };
    Distribution {
        did: "debian".into(),
        name: "Debian GNU/Linux".into(),
        version_code_name: code_name.into(),
        version_id: number.into(),
        pretty_name: format!("Debian GNU/Linux {version}"),
        version,
        ..Distribution::default()
    }
}

fn code_name(distribution: &Distribution) -> Option<&str> {
    let candidates = [
        Some(distribution.version_code_name.as_str()),
        of_number(&distribution.version_id),
        in_parentheses(&distribution.version),
        before_sid(&distribution.version),
        before_sid(&distribution.pretty_name),
    ];
    candidates
        .into_iter()
        .flatten()
        .map(|name| name.split_once('/').map_or(name, |(coming, _)| coming))
        .find(|name| is_code_name(name))
}

/// Returns the code name of `12` or `12.5`.
fn of_number(version_id: &str) -> Option<&'static str> {
    let major = version_id.split('.').next()?;
    CODE_NAMES
        .iter()
        .find(|(number, _)| *number == major)
        .map(|(_, name)| *name)
}

/// Returns `bookworm` of `12 (bookworm)`.
fn in_parentheses(version: &str) -> Option<&str> {
    let (_, rest) = version.split_once('(')?;
    Some(rest.split_once(')')?.0)
}

/// Returns the last word of `Debian GNU/Linux forky/sid`, if it is of that form.
fn before_sid(name: &str) -> Option<&str> {
    name.split_ascii_whitespace()
        .next_back()
        .filter(|word| word.ends_with("/sid") || *word == "sid")
}

fn is_code_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: [&str; 4], expected: &[&str]) {
        let [version_code_name, version_id, version, pretty_name] = fields.map(String::from);
        let distribution = Distribution {
            did: "debian".into(),
            version_code_name,
            version_id,
            version,
            pretty_name,
            ..Distribution::default()
        };
        assert_eq!(namespaces(&distribution), expected);
    }

    #[test]
    fn a_stable_release_is_named_by_its_code_name() {
        check(
            ["bookworm", "12", "12 (bookworm)", ""],
            &["debian:bookworm"],
        );
    }

    #[test]
    fn the_number_serves_when_there_is_no_code_name() {
        check(["", "12", "", ""], &["debian:bookworm"]);
        check(["", "8.11", "", ""], &["debian:jessie"]);
        check(["", "99", "99 (later)", ""], &["debian:later"]);
    }

    #[test]
    fn testing_and_unstable_ask_for_the_coming_release_and_for_sid() {
        let expected = ["debian:forky", "debian:sid"];
        check(["forky", "", "", ""], &expected);
        check(["forky/sid", "", "", ""], &expected);
        check(["", "", "", "Debian GNU/Linux forky/sid"], &expected);
        check(["sid", "", "", ""], &["debian:sid"]);
    }

    #[test]
    fn a_release_that_says_nothing_gives_no_namespace() {
        check(["", "", "", ""], &[]);
        check(["", "x", "", "Debian GNU/Linux"], &[]);
    }
}
