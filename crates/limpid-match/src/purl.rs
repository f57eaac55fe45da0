//! Package URLs: one for each package of an image, see <https://github.com/package-url/purl-spec>.
//!
//! | package | type, namespace | qualifiers |
//! |---|---|---|
//! | of dpkg | `deb`, the `ID` of os-release | `arch`, `distro` as `debian-12` |
//! | of apk | `apk`, the same | `arch`, `distro` |
//! | of rpm | `rpm`, the same | `arch`, `distro`, `epoch` |
//! | of pacman | `alpm`, the same | `arch`, `distro` |
//! | of Portage | `ebuild`, the category | `distro` |
//! | of a programming language | the type of its ecosystem; what stands before the last `/` or `:` | |

use limpid_types::{Distribution, Ecosystem, IndexReport, Package};
use limpid_version::Scheme;
use packageurl::PackageUrl;

use crate::{distributions, languages};

/// Returns the package URL of a package of an index report; none when it belongs to no distribution
/// and no ecosystem that is known.
pub fn purl(index: &IndexReport, id: &str) -> Option<String> {
    let package = index.packages.get(id)?;
    let environments = index.environments.get(id)?;
    environments.iter().find_map(|environment| {
        if let Some(ecosystem) = languages::ecosystem(index, environment) {
            return of_language(ecosystem, package);
        }
        let distribution = index.distributions.get(&environment.distribution_id)?;
        of_distribution(distribution, package)
    })
}

fn of_language(ecosystem: Ecosystem, package: &Package) -> Option<String> {
    let separator = match ecosystem {
        Ecosystem::Maven => ':',
        _ => '/',
    };
    let (namespace, name) = match package.name.rsplit_once(separator) {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, package.name.as_str()),
    };
    let mut purl = PackageUrl::new(ecosystem.purl_type(), name).ok()?;
    if let Some(namespace) = namespace {
        purl.with_namespace(namespace).ok()?;
    }
    purl.with_version(package.version.as_str()).ok()?;
    Some(purl.to_string())
}

fn of_distribution(distribution: &Distribution, package: &Package) -> Option<String> {
    let scheme = distributions::family(distribution)?.scheme;
    let kind = match scheme {
        Scheme::Dpkg => "deb",
        Scheme::Apk => "apk",
        Scheme::Rpm => "rpm",
        Scheme::Alpm => "alpm",
        Scheme::Gentoo => "ebuild",
        _ => return None,
    };
    let (namespace, name) = match package.name.rsplit_once('/') {
        Some((category, name)) if scheme == Scheme::Gentoo => (category, name),
        _ => (distribution.did.as_str(), package.name.as_str()),
    };
    let mut purl = PackageUrl::new(kind, name).ok()?;
    if !namespace.is_empty() {
        purl.with_namespace(namespace).ok()?;
    }
    let (epoch, version) = match package.version.split_once(':') {
        Some((epoch, version)) if scheme == Scheme::Rpm => (Some(epoch), version),
        _ => (None, package.version.as_str()),
    };
    purl.with_version(version).ok()?;
    if !package.arch.is_empty() {
        purl.add_qualifier("arch", package.arch.as_str()).ok()?;
    }
    if let Some(epoch) = epoch {
        purl.add_qualifier("epoch", epoch).ok()?;
    }
    let release = match distribution.version_id.as_str() {
        "" => distribution.version.split(' ').next().unwrap_or_default(),
        version => version,
    };
    let distro = match release {
        "" => distribution.did.clone(),
        release => format!("{}-{release}", distribution.did),
    };
    if !distro.is_empty() {
        purl.add_qualifier("distro", distro).ok()?;
    }
    Some(purl.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_language(ecosystem: Ecosystem, name: &str, version: &str, expected: &str) {
        let package = Package {
            name: name.into(),
            version: version.into(),
            ..Package::default()
        };
        assert_eq!(of_language(ecosystem, &package).as_deref(), Some(expected));
    }

    #[test]
    fn a_package_of_a_language_has_the_type_of_its_ecosystem() {
        use Ecosystem::{Crates, Go, Maven, Npm, Packagist, Program, Pypi};
        check_language(Pypi, "zope-interface", "5.0", "pkg:pypi/zope-interface@5.0");
        check_language(Npm, "@babel/core", "7.1.0", "pkg:npm/%40babel/core@7.1.0");
        check_language(Maven, "org.a:b", "1.0", "pkg:maven/org.a/b@1.0");
        check_language(
            Go,
            "golang.org/x/net",
            "v0.1.0",
            "pkg:golang/golang.org/x/net@v0.1.0",
        );
        check_language(Go, "stdlib", "1.20.1", "pkg:golang/stdlib@1.20.1");
        check_language(Crates, "serde", "1.0.0", "pkg:cargo/serde@1.0.0");
        check_language(Packagist, "a/b", "1.0", "pkg:composer/a/b@1.0");
        check_language(Program, "nginx", "1.25.3", "pkg:generic/nginx@1.25.3");
    }

    #[track_caller]
    fn check_distribution(did: &str, version_id: &str, package: (&str, &str), expected: &str) {
        let distribution = Distribution {
            did: did.into(),
            version_id: version_id.into(),
            ..Distribution::default()
        };
        let (name, version) = package;
        let package = Package {
            name: name.into(),
            version: version.into(),
            arch: "amd64".into(),
            ..Package::default()
        };
        let purl = of_distribution(&distribution, &package);
        assert_eq!(purl.as_deref(), Some(expected));
    }

    #[test]
    fn a_package_of_a_distribution_says_of_which_release_it_is() {
        check_distribution(
            "debian",
            "12",
            ("libc6", "2.36-9+deb12u1"),
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12",
        );
        check_distribution(
            "rhel",
            "9",
            ("openssl", "1:3.0.7-2.el9"),
            "pkg:rpm/rhel/openssl@3.0.7-2.el9?arch=amd64&distro=rhel-9&epoch=1",
        );
        check_distribution(
            "gentoo",
            "",
            ("dev-libs/openssl", "3.0.1"),
            "pkg:ebuild/dev-libs/openssl@3.0.1?arch=amd64&distro=gentoo",
        );
    }
}
