use limpid_types::{Distribution, Package};

use super::BuildsApart;
use super::naming::version;

/// Builds that are certified by FIPS 140, from archives of Ubuntu Pro: `1.1.1f-1ubuntu2.fips.22`
/// and `3.0.2-0ubuntu1.10+Fips1` are higher than every ordinary `openssl` that has the same fixes.
///
/// An image does not say from which archive one is. `fips-updates` has all that `fips` has, and
/// later builds of it; what it does not speak of may be in one of the others.
pub(super) const FIPS: BuildsApart = BuildsApart {
    name: "FIPS builds",
    has: is_fips,
    endings: &["/fips-updates", "/fips", "/fips-preview"],
};

/// Marks of such builds in versions, in lower case.
const FIPS_MARKS: [&str; 2] = ["+fips", ".fips."];

/// Tells whether a package is a build that is certified by FIPS 140. The version says so, but for
/// the packages that stand for the kernels, whose sources are called `linux-meta-aws-fips`.
fn is_fips(package: &Package) -> bool {
    let version = package.version.to_ascii_lowercase();
    let source = package.source.as_deref().map_or("", |it| it.name.as_str());
    FIPS_MARKS.iter().any(|mark| version.contains(mark))
        || (source.starts_with("linux-") && source.ends_with("-fips"))
}

/// Code names by the number of the release.
const CODE_NAMES: &[(&str, &str)] = &[
    ("4.10", "warty"),
    ("5.04", "hoary"),
    ("5.10", "breezy"),
    ("6.06", "dapper"),
    ("6.10", "edgy"),
    ("7.04", "feisty"),
    ("7.10", "gutsy"),
    ("8.04", "hardy"),
    ("8.10", "intrepid"),
    ("9.04", "jaunty"),
    ("9.10", "karmic"),
    ("10.04", "lucid"),
    ("10.10", "maverick"),
    ("11.04", "natty"),
    ("11.10", "oneiric"),
    ("12.04", "precise"),
    ("12.10", "quantal"),
    ("13.04", "raring"),
    ("13.10", "saucy"),
    ("14.04", "trusty"),
    ("14.10", "utopic"),
    ("15.04", "vivid"),
    ("15.10", "wily"),
    ("16.04", "xenial"),
    ("16.10", "yakkety"),
    ("17.04", "zesty"),
    ("17.10", "artful"),
    ("18.04", "bionic"),
    ("18.10", "cosmic"),
    ("19.04", "disco"),
    ("19.10", "eoan"),
    ("20.04", "focal"),
    ("20.10", "groovy"),
    ("21.04", "hirsute"),
    ("21.10", "impish"),
    ("22.04", "jammy"),
    ("22.10", "kinetic"),
    ("23.04", "lunar"),
    ("23.10", "mantic"),
    ("24.04", "noble"),
    ("24.10", "oracular"),
    ("25.04", "plucky"),
    ("25.10", "questing"),
    ("26.04", "resolute"),
];

/// Gives the namespace of an Ubuntu release by its code name: `ubuntu:jammy`.
///
/// The number decides where both are known: `VERSION_ID` is what derived images leave alone.
pub(super) fn namespaces(distribution: &Distribution) -> Vec<String> {
    let number = version(distribution);
    let by_number = CODE_NAMES
        .iter()
        .find(|(known, _)| *known == number)
        .map(|(_, code_name)| *code_name);
    let code_name = by_number.unwrap_or(distribution.version_code_name.as_str());
    let is_code_name =
        !code_name.is_empty() && code_name.bytes().all(|byte| byte.is_ascii_lowercase());
    if is_code_name {
        vec![format!("ubuntu:{code_name}")]
    } else {
        Vec::new()
    }
}

/// Gives the distribution of a release by its code name, with the fields that Clair fills in.
/// Builds apart (`focal/fips-updates`) are part of the release.
pub(super) fn distribution(release: &str) -> Distribution {
    let code_name = release.split('/').next().unwrap_or_default();
    let number = CODE_NAMES
        .iter()
        .find(|(_, known)| *known == code_name)
        .map_or("", |(number, _)| *number);
    let mut capitals = code_name.chars();
    let title: String = capitals
        .next()
        .map(|first| first.to_uppercase().chain(capitals).collect())
        .unwrap_or_default();
    Distribution {
        did: "ubuntu".into(),
        name: "Ubuntu".into(),
        version: format!("{number} ({title})"),
        version_code_name: code_name.into(),
        version_id: number.into(),
        pretty_name: format!("Ubuntu {number}"),
        ..Distribution::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version_id: &str, code_name: &str, expected: &[&str]) {
        let distribution = Distribution {
            did: "ubuntu".into(),
            version_id: version_id.into(),
            version_code_name: code_name.into(),
            ..Distribution::default()
        };
        assert_eq!(namespaces(&distribution), expected);
    }

    #[test]
    fn a_release_is_named_by_its_code_name() {
        check("22.04", "jammy", &["ubuntu:jammy"]);
        check("14.04", "", &["ubuntu:trusty"]);
        check("23.10", "", &["ubuntu:mantic"]);
    }

    #[test]
    fn fips_builds_are_told_by_version_or_kernel() {
        let is = |source: &str, version: &str| {
            let source = Package {
                name: source.into(),
                ..Package::default()
            };
            is_fips(&Package {
                version: version.into(),
                source: Some(Box::new(source)),
                ..Package::default()
            })
        };
        assert!(is("openssl", "1.1.1f-1ubuntu2.fips.22"));
        assert!(is("gnutls28", "3.7.3-4ubuntu1.2+Fips1.1"));
        assert!(is("linux-fips", "5.4.0-1026.30+fips1"));
        assert!(is("linux-meta-azure-fips", "5.4.0.1160.97"));
        assert!(!is("openssl", "1.1.1f-1ubuntu2.22"));
        assert!(!is("fips-initramfs", "0.0.17"));
        assert!(!is("linux-meta-azure", "5.4.0.1160.97"));
    }

    #[test]
    fn a_build_apart_is_of_the_distribution_of_its_release() {
        assert_eq!(distribution("focal/fips-updates"), distribution("focal"));
    }

    #[test]
    fn a_release_of_the_future_is_named_by_what_it_says() {
        check("99.04", "zany", &["ubuntu:zany"]);
        check("99.04", "", &[]);
        check("", "Two Words", &[]);
    }
}
