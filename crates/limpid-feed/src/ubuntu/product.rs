//! The products of Canonical's data: package addresses (purl).
//!
//! ```text
//! pkg:deb/ubuntu/rsync@3.1.0-2ubuntu0.4+esm3?arch=source&distro=esm-infra-legacy/trusty
//! ```
//!
//! | `arch` | package |
//! |---|---|
//! | `source`, once `src` | a source package |
//! | anything else | a binary package |
//!
//! | `distro` | pocket | release |
//! |---|---|---|
//! | `noble`, once `ubuntu/noble` | the archive | `noble` |
//! | `esm-infra/focal`, `esm-apps/focal`, with `-legacy` behind, once `focal/esm` | Ubuntu Pro | `focal` |
//! | `fips/focal`, `fips-updates/focal`, `realtime/jammy`, `bluefield/jammy`, … | a build apart | `focal` |
//!
//! Once the second qualifier began with a question mark, too.

use super::series::is_code_name;

/// The pockets whose packages are later builds of those in the archive: their versions are in one
/// order with those of the archive.
const EXTENDED: [&str; 5] = [
    "esm",
    "esm-apps",
    "esm-apps-legacy",
    "esm-infra",
    "esm-infra-legacy",
];

/// A package in a pocket of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// Name of the package.
    pub(super) name: String,
    /// Its version, or empty.
    pub(super) version: String,
    /// Whether it is a source package.
    pub(super) is_source: bool,
    /// Where it is; none when the address does not say.
    pub(super) place: Option<Place>,
}

/// A pocket of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Code name of the release.
    pub(super) series: String,
    /// The pocket, empty for the archive itself.
    pub(super) pocket: String,
}

impl Product {
    /// Reads an address; none when it is not that of a package of Ubuntu.
    pub(super) fn parse(purl: &str) -> Option<Self> {
        let rest = purl.strip_prefix("pkg:deb/ubuntu/")?;
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, version) = path.split_once('@').unwrap_or((path, ""));
        let mut product = Self {
            name: decode(name)?,
            version: decode(version)?,
            is_source: false,
            place: None,
        };
        for qualifier in qualifiers.split(['&', '?']) {
            match qualifier.split_once('=') {
                Some(("arch", "source" | "src")) => product.is_source = true,
                Some(("distro", place)) => product.place = Place::parse(&decode(place)?),
                _ => {}
            }
        }
        Some(product)
    }
}

impl Place {
    fn parse(distro: &str) -> Option<Self> {
        let (pocket, series) = match distro.rsplit_once('/') {
            None => ("", distro),
            Some((series, "esm")) => ("esm", series),
            Some(("ubuntu", series)) => ("", series),
            Some((pocket, series)) => (pocket, series),
        };
        Self::new(pocket, series)
    }

    /// Makes a place of its parts; none when they cannot be that.
    pub(super) fn new(pocket: &str, series: &str) -> Option<Self> {
        let is_pocket = pocket.len() <= 64
            && pocket
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (is_pocket && is_code_name(series)).then(|| Self {
            series: series.to_owned(),
            pocket: pocket.to_owned(),
        })
    }

    /// Returns the namespace in which statements about packages of this place are made.
    ///
    /// A build apart has a namespace of its own, `ubuntu:focal/fips-updates`: it has packages of
    /// the same names with other versions (`1.1.1f-1ubuntu2.fips.22`), which are in no order with
    /// those of the archive, so that what is said of it must judge no others.
    pub(super) fn namespace(&self) -> String {
        let Self { series, pocket } = self;
        if pocket.is_empty() || EXTENDED.contains(&pocket.as_str()) {
            format!("ubuntu:{series}")
        } else {
            format!("ubuntu:{series}/{pocket}")
        }
    }
}

/// Resolves percent signs; none when there is something wrong with them.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, version, whether it is a source package, and pocket and series.
    type Parts<'a> = (&'a str, &'a str, bool, Option<(&'a str, &'a str)>);

    fn check(purl: &str, expected: Option<Parts<'_>>) {
        let found = Product::parse(purl);
        let expected = expected.map(|(name, version, is_source, place)| Product {
            name: name.into(),
            version: version.into(),
            is_source,
            place: place.map(|(pocket, series)| Place::new(pocket, series).unwrap()),
        });
        assert_eq!(found, expected, "{purl}");
    }

    #[test]
    fn addresses_of_all_ages_are_read() {
        check(
            "pkg:deb/ubuntu/rsync@3.2.7-1ubuntu1.4?arch=source&distro=noble",
            Some(("rsync", "3.2.7-1ubuntu1.4", true, Some(("", "noble")))),
        );
        check(
            "pkg:deb/ubuntu/gcc-4.4@4.4.7-8?arch=src?distro=ubuntu/trusty",
            Some(("gcc-4.4", "4.4.7-8", true, Some(("", "trusty")))),
        );
        check(
            "pkg:deb/ubuntu/vips?arch=source&distro=esm-apps%2Fjammy",
            Some(("vips", "", true, Some(("esm-apps", "jammy")))),
        );
        check(
            "pkg:deb/ubuntu/g%2B%2B@1%3A2%7Erc1+esm1?distro=trusty/esm&arch=amd64",
            Some(("g++", "1:2~rc1+esm1", false, Some(("esm", "trusty")))),
        );
        check(
            "pkg:deb/ubuntu/unbound@1.13?arch=amd64",
            Some(("unbound", "1.13", false, None)),
        );
        check("pkg:deb/debian/unbound@1.13?arch=amd64", None);
        check("pkg:deb/ubuntu/a%zz@1", None);
        check("pkg:deb/ubuntu/a%e@1", None);
    }

    #[test]
    fn a_place_that_cannot_be_one_is_none() {
        for distro in ["", "/", "../noble", "no ble", "a/b/c", "NOBLE"] {
            assert_eq!(Place::parse(distro), None, "{distro}");
        }
    }

    #[test]
    fn builds_apart_have_their_own_namespace() {
        let namespace = |distro: &str| Place::parse(distro).unwrap().namespace();
        assert_eq!(namespace("focal"), "ubuntu:focal");
        assert_eq!(namespace("esm-infra-legacy/focal"), "ubuntu:focal");
        assert_eq!(namespace("fips-updates/focal"), "ubuntu:focal/fips-updates");
    }
}
