use limpid_types::Distribution;

/// The Alpine release that each release of postmarketOS is made of; its own packages are few, and
/// it publishes no advisories. Source: the table of releases in postmarketOS's wiki.
const POSTMARKETOS: &[(&str, &str)] = &[
    ("21.03", "3.13"),
    ("21.06", "3.14"),
    ("21.12", "3.15"),
    ("22.06", "3.16"),
    ("22.12", "3.17"),
    ("23.06", "3.18"),
    ("23.12", "3.19"),
    ("24.06", "3.20"),
    ("24.12", "3.21"),
    ("25.06", "3.22"),
    ("25.12", "3.23"),
    ("edge", "edge"),
];

/// Gives the namespace of an Alpine release: `alpine:3.15`, or `alpine:edge`.
///
/// Snapshots of edge call themselves by the coming release, `3.21.0_alpha20240807`. Clair leaves
/// `version_id` empty for Alpine and has the release in `version`.
pub(super) fn namespaces(distribution: &Distribution) -> Vec<String> {
    let release = if distribution.version_id.is_empty() {
        &distribution.version
    } else {
        &distribution.version_id
    };
    if distribution.did == "postmarketos" {
        let own = release.trim_start_matches('v');
        return POSTMARKETOS
            .iter()
            .find(|(name, _)| *name == own)
            .map(|(_, alpine)| format!("alpine:{alpine}"))
            .into_iter()
            .collect();
    }
    let is_edge = release.contains("edge")
        || release.contains("_alpha")
        || distribution.pretty_name.ends_with("edge");
    if is_edge {
        return vec!["alpine:edge".into()];
    }
    let mut parts = release.split(['.', '_', '-']);
    match (number(parts.next()), number(parts.next())) {
        (Some(major), Some(minor)) => vec![format!("alpine:{major}.{minor}")],
        _ => Vec::new(),
    }
}

/// Gives the distribution of a release, with the fields that Clair fills in.
pub(super) fn distribution(release: &str) -> Distribution {
    let shown = match release {
        "edge" => release.to_owned(),
        number => format!("v{number}"),
    };
    Distribution {
        did: "alpine".into(),
        name: "Alpine Linux".into(),
        version: release.into(),
        pretty_name: format!("Alpine Linux {shown}"),
        ..Distribution::default()
    }
}

fn number(part: Option<&str>) -> Option<&str> {
    part.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version_id: &str, version: &str, expected: &[&str]) {
        let distribution = Distribution {
            did: "alpine".into(),
            version_id: version_id.into(),
            version: version.into(),
            ..Distribution::default()
        };
        assert_eq!(namespaces(&distribution), expected);
    }

    #[test]
    fn the_patch_level_is_not_part_of_the_release() {
        check("3.15.0", "", &["alpine:3.15"]);
        check("3.9.4", "", &["alpine:3.9"]);
        check("3.20.0_rc1", "", &["alpine:3.20"]);
    }

    #[test]
    fn alpha_versions_are_edge() {
        check("3.21.0_alpha20240807", "", &["alpine:edge"]);
        check("edge", "", &["alpine:edge"]);
    }

    #[test]
    fn the_version_serves_when_there_is_no_version_id() {
        check("", "3.18", &["alpine:3.18"]);
        check("", "edge", &["alpine:edge"]);
    }

    #[test]
    fn postmarketos_is_judged_by_the_alpine_release_that_it_is_made_of() {
        let postmarketos = |version_id: &str| {
            namespaces(&Distribution {
                did: "postmarketos".into(),
                version_id: version_id.into(),
                ..Distribution::default()
            })
        };
        assert_eq!(postmarketos("v24.06"), ["alpine:3.20"]);
        assert_eq!(postmarketos("edge"), ["alpine:edge"]);
        assert!(postmarketos("v19.01").is_empty());
    }

    #[test]
    fn a_version_that_is_none_gives_no_namespace() {
        check("", "", &[]);
        check("three.15", "", &[]);
        check("3", "", &[]);
    }
}
