use limpid_types::Distribution;

use super::naming;

/// Gives the namespace of an openEuler release: `openeuler:24.03-LTS-SP1`.
///
/// `VERSION_ID` has the number alone, and the service pack stands behind it in `VERSION`:
/// `24.03 (LTS-SP1)`.
pub(super) fn namespaces(distribution: &Distribution) -> Vec<String> {
    let number = naming::version(distribution);
    if number.is_empty() {
        return Vec::new();
    }
    let words = [&distribution.version, &distribution.pretty_name];
    let edition = words
        .into_iter()
        .find_map(|text| Some(text.split_once('(')?.1.split_once(')')?.0))
        .filter(|edition| !edition.contains(' '));
    match edition {
        Some(edition) if !number.contains('-') => vec![format!("openeuler:{number}-{edition}")],
        _ => vec![format!("openeuler:{number}")],
    }
}

/// Gives the distribution of a release.
pub(super) fn distribution(release: &str) -> Distribution {
    let (number, edition) = release.split_once('-').unwrap_or((release, ""));
    let version = match edition {
        "" => number.to_owned(),
        edition => format!("{number} ({edition})"),
    };
    Distribution {
        did: "openeuler".into(),
        name: "openEuler".into(),
        pretty_name: format!("openEuler {version}"),
        version,
        version_id: number.into(),
        ..Distribution::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_pack_is_part_of_the_release() {
        let release = |version: &str| {
            namespaces(&Distribution {
                version_id: "24.03".into(),
                version: version.into(),
                ..Distribution::default()
            })
        };
        assert_eq!(release("24.03 (LTS-SP1)"), ["openeuler:24.03-LTS-SP1"]);
        assert_eq!(release("24.03 (LTS)"), ["openeuler:24.03-LTS"]);
        assert_eq!(release("24.03"), ["openeuler:24.03"]);
        assert!(namespaces(&Distribution::default()).is_empty());
    }
}
