//! How Red Hat uses CPE names, for products in advisories and for repositories.
//!
//! Advisories name products more widely than repositories are named: a flaw without a fix is in
//! `cpe:/o:redhat:enterprise_linux:9`, `cpe:/a:redhat:rhel_eus:9.2` and `cpe:/a:redhat:openshift:4`,
//! while the repositories are `cpe:/a:redhat:enterprise_linux:9::appstream`,
//! `cpe:/o:redhat:rhel_eus:9.2::baseos` and `cpe:/a:redhat:openshift:4.13::el8`.

use super::{Cpe, CpeAttribute, CpeValue};

/// The namespace of Red Hat's advisories about container images, of whatever product: an image from
/// before the labels in use now does not say which product it is of.
pub const REDHAT_IMAGES: &str = "redhat:container-images";

impl Cpe {
    /// Tells whether what an advisory says of this product holds for what comes from a repository
    /// of another name.
    ///
    /// It does when this name is a superset of the other by NISTIR 7696, with two extensions:
    ///
    /// * a version is a superset of those that go on behind it with another component: `4` of
    ///   `4.13`, but `4.1` is none of `4.10`;
    /// * a product of Red Hat is the same, whether it is called an application or an operating
    ///   system: the base repositories are the latter, all others the former, and advisories about
    ///   both have either.
    pub fn covers(&self, installed: &Self) -> bool {
        CpeAttribute::ALL.into_iter().all(|attribute| {
            self.compare_attribute(installed, attribute)
                .is_superset_or_equal()
                || match attribute {
                    CpeAttribute::Version => self.is_version_before_component(installed),
                    CpeAttribute::Part => {
                        self.is_redhat_software() && installed.is_redhat_software()
                    }
                    _ => false,
                }
        })
    }

    /// Returns the namespace of the advisories about this product: `redhat:openshift:4`, or
    /// `redhat:openshift` when it has no version. A name without a product has none.
    pub fn redhat_namespace(&self) -> Option<String> {
        let product = self.get(CpeAttribute::Product).literal()?;
        Some(match self.major() {
            Some(major) => format!("redhat:{product}:{major}"),
            None => format!("redhat:{product}"),
        })
    }

    /// Returns the namespaces that may have advisories which cover what comes from a repository of
    /// this name.
    pub fn redhat_namespaces(&self) -> Vec<String> {
        let Some(own) = self.redhat_namespace() else {
            return Vec::new();
        };
        // What holds for every version of a product stands in a namespace without one.
        let any_version = self
            .major()
            .and_then(|major| own.strip_suffix(&format!(":{major}")).map(str::to_owned));
        [Some(own), any_version].into_iter().flatten().collect()
    }

    /// Returns the first component of the version, if it stands for itself.
    fn major(&self) -> Option<String> {
        let CpeValue::Text(version) = self.get(CpeAttribute::Version) else {
            return None;
        };
        let (major, _) = version.split_once(r"\.").unwrap_or((version, ""));
        CpeValue::parse(major).ok()?.literal()
    }

    fn is_version_before_component(&self, installed: &Self) -> bool {
        match (
            self.get(CpeAttribute::Version),
            installed.get(CpeAttribute::Version),
        ) {
            (CpeValue::Text(own), CpeValue::Text(installed)) => installed
                .strip_prefix(&**own)
                .is_some_and(|rest| rest.starts_with(r"\.")),
            _ => false,
        }
    }

    fn is_redhat_software(&self) -> bool {
        let is = |attribute, expected| match self.get(attribute) {
            CpeValue::Text(text) => &**text == expected,
            _ => false,
        };
        is(CpeAttribute::Vendor, "redhat")
            && (is(CpeAttribute::Part, "a") || is(CpeAttribute::Part, "o"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(product: &str, repository: &str) -> bool {
        let [product, repository] = [product, repository].map(|text| Cpe::parse(text).unwrap());
        product.covers(&repository)
    }

    #[test]
    fn a_wider_product_covers_its_repositories() {
        for (product, repository) in [
            (
                "cpe:/a:redhat:openshift:4",
                "cpe:/a:redhat:openshift:4.13::el8",
            ),
            (
                "cpe:/a:redhat:openshift",
                "cpe:/a:redhat:openshift:4.13::el8",
            ),
            (
                "cpe:/o:redhat:enterprise_linux:8",
                "cpe:/o:redhat:enterprise_linux:8::baseos",
            ),
            (
                "cpe:/a:redhat:rhel_eus:9.2",
                "cpe:/a:redhat:rhel_eus:9.2::appstream",
            ),
            (
                "cpe:2.3:a:redhat:openshift:4.*:*:el8:*:*:*:*:*",
                "cpe:/a:redhat:openshift:4.10::el8",
            ),
        ] {
            assert!(covers(product, repository), "{product} {repository}");
            assert!(!covers(repository, product), "{repository} {product}");
        }
    }

    #[test]
    fn a_version_is_compared_by_components() {
        for (product, repository) in [
            (
                "cpe:/a:redhat:openshift:4.1",
                "cpe:/a:redhat:openshift:4.10::el8",
            ),
            ("cpe:/a:redhat:openshift:4", "cpe:/a:redhat:openshift:40"),
            (
                "cpe:/o:redhat:enterprise_linux:1",
                "cpe:/o:redhat:enterprise_linux:10",
            ),
            (
                "cpe:/a:redhat:openshift:4.13::el9",
                "cpe:/a:redhat:openshift:4.13::el8",
            ),
            ("cpe:/a:redhat:openshift:4.13", "cpe:/a:redhat:openshift:4"),
        ] {
            assert!(!covers(product, repository), "{product} {repository}");
        }
    }

    #[test]
    fn applications_and_operating_systems_of_red_hat_are_not_told_apart() {
        for (product, repository) in [
            (
                "cpe:/o:redhat:enterprise_linux:9",
                "cpe:/a:redhat:enterprise_linux:9::appstream",
            ),
            (
                "cpe:/a:redhat:enterprise_linux:9",
                "cpe:/o:redhat:enterprise_linux:9::baseos",
            ),
            (
                "cpe:/a:redhat:rhel_eus:9.2",
                "cpe:/o:redhat:rhel_eus:9.2::baseos",
            ),
        ] {
            assert!(covers(product, repository), "{product} {repository}");
        }
        for (product, repository) in [
            (
                "cpe:/o:redhat:enterprise_linux:9::baseos",
                "cpe:/a:redhat:enterprise_linux:9::appstream",
            ),
            (
                "cpe:/o:redhat:enterprise_linux:9",
                "cpe:/h:redhat:enterprise_linux:9",
            ),
            (
                "cpe:/o:other:enterprise_linux:9",
                "cpe:/a:other:enterprise_linux:9",
            ),
        ] {
            assert!(!covers(product, repository), "{product} {repository}");
        }
    }

    #[test]
    fn a_stream_is_judged_by_its_own_advisories() {
        for repository in [
            "cpe:/a:redhat:rhel_eus:9.2::appstream",
            "cpe:/a:redhat:rhel_eus:9.4::appstream",
        ] {
            assert!(!covers("cpe:/o:redhat:enterprise_linux:9", repository));
            assert!(!covers("cpe:/a:redhat:rhel_eus:9.6", repository));
        }
    }

    #[test]
    fn namespaces_are_by_product_and_major_version() {
        for (name, expected) in [
            (
                "cpe:/a:redhat:openshift:4.13::el8",
                vec!["redhat:openshift:4", "redhat:openshift"],
            ),
            (
                "cpe:/o:redhat:enterprise_linux:10",
                vec!["redhat:enterprise_linux:10", "redhat:enterprise_linux"],
            ),
            (
                "cpe:/a:redhat:convert2rhel::el6",
                vec!["redhat:convert2rhel"],
            ),
            ("cpe:/a:redhat:openshift:4%02", vec!["redhat:openshift"]),
            (
                "cpe:/a:redhat:enterprise_eclipse_openj9-1:1.2",
                vec![
                    "redhat:enterprise_eclipse_openj9-1:1",
                    "redhat:enterprise_eclipse_openj9-1",
                ],
            ),
            ("cpe:/a:redhat", vec![]),
        ] {
            assert_eq!(Cpe::parse(name).unwrap().redhat_namespaces(), expected);
        }
    }
}
