//! What a package of a language is, by its package URL.

use limpid_types::Ecosystem;

use crate::csaf::purl::Purl;
use crate::text::name_fault;

/// A package of a language, in one version or in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// Where it comes from.
    pub(super) ecosystem: Ecosystem,
    /// Its name in the form in which names are compared.
    pub(super) name: String,
    /// Its version, if one is named.
    pub(super) version: Option<String>,
}

impl Product {
    /// Reads a package URL; none when it is of no language, and an error when it is none at all.
    pub(super) fn parse(purl: &str) -> Result<Option<Self>, &'static str> {
        let purl = Purl::parse(purl)?;
        let mut all = Ecosystem::all();
        let Some(ecosystem) = all.find(|ecosystem| ecosystem.purl_type() == purl.kind) else {
            return Ok(None);
        };
        let name = match (ecosystem, &*purl.namespace) {
            (_, "") | (Ecosystem::Conan, _) => purl.name.into_owned(),
            (Ecosystem::Maven, group) => format!("{group}:{}", purl.name),
            (_, namespace) => format!("{namespace}/{}", purl.name),
        };
        if let Some(fault) = name_fault(&name) {
            return Err(fault);
        }
        Ok(Some(Self {
            ecosystem,
            name: ecosystem.normalize(&name).into_owned(),
            version: purl.version.map(Into::into),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ecosystem() {
        for (purl, name, version) in [
            ("pkg:npm/%40scope/name@1.0", "@scope/name", Some("1.0")),
            ("pkg:maven/org.a/b", "org.a:b", None),
            ("pkg:pypi/Zope.Interface@5", "zope-interface", Some("5")),
            (
                "pkg:golang/github.com/a/b@v1.2.3",
                "github.com/a/b",
                Some("v1.2.3"),
            ),
            ("pkg:cargo/serde_json@1", "serde-json", Some("1")),
        ] {
            let product = Product::parse(purl).unwrap().unwrap();
            assert_eq!(
                (&*product.name, product.version.as_deref()),
                (name, version)
            );
        }
    }

    #[test]
    fn what_is_of_no_language_is_nothing() {
        assert_eq!(Product::parse("pkg:rpm/redhat/bash@5"), Ok(None));
        assert!(Product::parse("bash").is_err());
    }
}
