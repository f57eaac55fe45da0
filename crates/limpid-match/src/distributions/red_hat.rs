use limpid_types::{Cpe, CpeAttribute, Distribution};

use super::naming::{of_release, version};

/// Gives the product that a distribution is by itself: `cpe:/o:redhat:enterprise_linux:9`, also
/// for `CentOS`, which is built from the same sources, or the product that os-release names.
pub(crate) fn product(distribution: &Distribution) -> Option<Cpe> {
    let named = Cpe::parse(&distribution.cpe)
        .ok()
        .filter(|cpe| cpe.get(CpeAttribute::Vendor).literal().as_deref() == Some("redhat"));
    named.or_else(|| {
        let major = version(distribution).split('.').next()?;
        let is_number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
        let name = format!("cpe:/o:redhat:enterprise_linux:{major}");
        Cpe::parse(&name).ok().filter(|_| is_number)
    })
}

/// Gives the namespace of the distribution itself: `redhat:enterprise_linux:9`. Which products a
/// package is of, and so which other namespaces, is for its repositories to say.
pub(super) fn namespaces(distribution: &Distribution) -> Vec<String> {
    product(distribution)
        .and_then(|cpe| cpe.redhat_namespace())
        .into_iter()
        .collect()
}

/// Gives the distribution of a namespace. Only advisories for the distribution itself say which
/// release they are for.
pub(super) fn distribution(product: &str) -> Distribution {
    match product.split_once(':') {
        Some(("enterprise_linux", major)) => of_release("rhel", major),
        _ => Distribution::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(did: &str, version_id: &str, cpe: &str, expected: &[&str]) {
        let distribution = Distribution {
            did: did.into(),
            version_id: version_id.into(),
            cpe: cpe.into(),
            ..Distribution::default()
        };
        assert_eq!(namespaces(&distribution), expected);
    }

    #[test]
    fn a_distribution_is_the_product_that_it_names_or_the_release_of_its_number() {
        let nine = ["redhat:enterprise_linux:9"];
        check(
            "rhel",
            "9",
            "cpe:/o:redhat:enterprise_linux:9::baseos",
            &nine,
        );
        check("centos", "9", "cpe:/o:centos:centos:9", &nine);
        check("centos", "7.9.2009", "", &["redhat:enterprise_linux:7"]);
        let hardened = "cpe:/a:redhat:hummingbird:1";
        check(
            "hummingbird",
            "20251124",
            hardened,
            &["redhat:hummingbird:1"],
        );
        check("centos", "", "", &[]);
        check("centos", "stream", "", &[]);
    }
}
