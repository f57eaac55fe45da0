//! What a component of a product is, by its package URL.
//!
//! | package URL | is |
//! |---|---|
//! | `pkg:rpm/redhat/NAME@VERSION?arch=A&epoch=E&rpmmod=M:S:…` | an rpm; `src` is the source, no architecture is a binary of every one |
//! | `pkg:rpmmod/redhat/M:S/NAME` | the package `NAME` of a module that has no fix |
//! | `pkg:rpmmod/redhat/M@S`, product id `M:S/NAME` | the same |
//! | `pkg:rpmmod/redhat/M@S:…` | a module as such |
//! | `pkg:oci/NAME?repository_url=REGISTRY/PATH&tag=T&arch=A` | a container image |
//! | all others | nothing that a distribution's package could be |
//!
//! See <https://redhatproductsecurity.github.io/security-data-guidelines/purl/>.

use limpid_types::PackageKind;

use super::purl::Purl;
use crate::text::name_fault;

/// A component of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Component {
    /// A package, or an image as one.
    Package(Package),
    /// A module as such, `name:stream`; what it consists of is named beside it.
    Module(String),
    /// Something that no installed package can be compared with.
    Other,
}

/// A package that a statement can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Its name; for images the path in the registry.
    pub(super) name: String,
    /// Source or binary.
    pub(super) kind: PackageKind,
    /// Whether it is a container image.
    pub(super) is_image: bool,
    /// Whether nothing but its name tells what it is.
    pub(super) is_guess: bool,
    /// Module as `name:stream`, or empty.
    pub(super) module: String,
    /// Architecture, or empty for all.
    pub(super) architecture: String,
    /// `epoch:version-release` of an rpm, or tag of an image; empty when there is none.
    pub(super) version: String,
}

impl Package {
    fn rpm(name: &str, kind: PackageKind, module: String) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            is_image: false,
            is_guess: false,
            module,
            architecture: String::new(),
            version: String::new(),
        }
    }
}

impl Component {
    /// Reads a component's package URL; the error says what is wrong with it.
    pub(super) fn of(product_id: &str, purl: &str) -> Result<Self, &'static str> {
        let is_wanted = ["pkg:rpm/", "pkg:rpmmod/", "pkg:oci/"]
            .into_iter()
            .any(|start| purl.starts_with(start));
        if !is_wanted && purl.starts_with("pkg:") {
            return Ok(Self::Other);
        }
        let purl = Purl::parse(purl)?;
        let component = match (&*purl.kind, &*purl.namespace) {
            ("rpm", "redhat") => Self::Package(rpm(&purl)?),
            ("rpmmod", _) => of_module(product_id, &purl),
            ("oci", _) => Self::Package(image(&purl)?),
            _ => Self::Other,
        };
        if let Self::Package(package) = &component {
            let faults = [&*package.name, &package.module, &package.version]
                .into_iter()
                .filter(|text| !text.is_empty())
                .find_map(name_fault);
            if let Some(fault) = faults {
                return Err(fault);
            }
        }
        Ok(component)
    }

    /// Guesses what a component of the operating system is that has no package URL: older documents
    /// name sources so, `tomcat` and `postgresql:12/pgaudit`.
    pub(super) fn of_name(product_id: &str) -> Self {
        let (module, name) = product_id.rsplit_once('/').unwrap_or(("", product_id));
        // What has a path and no stream is an image.
        let is_path = !module.is_empty() && !module.contains(':');
        if is_path || name.contains(':') || name_fault(product_id).is_some() {
            return Self::Other;
        }
        let module = name_and_stream(module).unwrap_or_default();
        Self::Package(Package {
            is_guess: true,
            ..Package::rpm(name, PackageKind::Source, module)
        })
    }
}

fn rpm(purl: &Purl<'_>) -> Result<Package, &'static str> {
    let module = match purl.qualifier("rpmmod")? {
        Some(module) => name_and_stream(&module).ok_or("a module without a stream")?,
        None => String::new(),
    };
    let architecture = purl.qualifier("arch")?.unwrap_or_default();
    let epoch = purl.qualifier("epoch")?;
    let epoch = epoch.as_deref().unwrap_or("0");
    if !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("an epoch that is no number");
    }
    let version = purl.version.as_ref();
    let version = version.map(|version| format!("{epoch}:{version}"));
    let (kind, architecture) = match &*architecture {
        "src" | "nosrc" => (PackageKind::Source, ""),
        // What is built for no architecture replaces what was built for one.
        "noarch" => (PackageKind::Binary, ""),
        architecture => (PackageKind::Binary, architecture),
    };
    Ok(Package {
        architecture: architecture.to_owned(),
        version: version.unwrap_or_default(),
        ..Package::rpm(&purl.name, kind, module)
    })
}

fn of_module(product_id: &str, purl: &Purl<'_>) -> Component {
    let source =
        |name: &str, module| Component::Package(Package::rpm(name, PackageKind::Source, module));
    if let Some((_, module)) = purl.namespace.rsplit_once('/') {
        let module = name_and_stream(module);
        return module.map_or(Component::Other, |module| source(&purl.name, module));
    }
    let version = purl.version.as_deref().unwrap_or_default();
    let Some(module) = name_and_stream(&format!("{}:{version}", purl.name)) else {
        return Component::Other;
    };
    match product_id.rsplit_once('/') {
        Some((named, name)) if named == module => source(name, module),
        _ => Component::Module(module),
    }
}

/// Returns the first two of the parts of a module, `name:stream:version:context`.
fn name_and_stream(module: &str) -> Option<String> {
    let mut parts = module.split(':');
    let (name, stream) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !stream.is_empty()).then(|| format!("{name}:{stream}"))
}

fn image(purl: &Purl<'_>) -> Result<Package, &'static str> {
    let url = purl.qualifier("repository_url")?.unwrap_or_default();
    let name = match url.split_once('/') {
        _ if !purl.namespace.is_empty() => format!("{}/{}", purl.namespace, purl.name),
        Some((_, path)) if !path.is_empty() => path.to_owned(),
        _ => purl.name.to_string(),
    };
    Ok(Package {
        name,
        kind: PackageKind::Binary,
        is_image: true,
        is_guess: false,
        module: String::new(),
        architecture: purl.qualifier("arch")?.unwrap_or_default().into_owned(),
        version: purl.qualifier("tag")?.unwrap_or_default().into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(product_id: &str, purl: &str) -> Package {
        match Component::of(product_id, purl) {
            Ok(Component::Package(package)) => package,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_rpm_has_an_epoch_a_module_and_an_architecture() {
        let found = package(
            "",
            "pkg:rpm/redhat/nodejs@20.16.0-1.module%2Bel9?arch=x86_64&epoch=1&rpmmod=nodejs:20:9040:rhel9",
        );
        assert_eq!(found.version, "1:20.16.0-1.module+el9");
        assert_eq!(found.module, "nodejs:20");
        assert_eq!(
            (found.kind, &*found.architecture),
            (PackageKind::Binary, "x86_64")
        );
        let found = package("", "pkg:rpm/redhat/emacs?arch=src");
        assert_eq!((found.kind, &*found.version), (PackageKind::Source, ""));
        assert_eq!(
            package("", "pkg:rpm/redhat/emacs?arch=noarch").architecture,
            ""
        );
    }

    #[test]
    fn packages_of_modules_without_a_fix_are_found_in_all_their_forms() {
        for (product_id, purl) in [
            ("ruby:2.5/ruby", "pkg:rpmmod/redhat/ruby:2.5/ruby"),
            ("ruby:2.5/ruby", "pkg:rpmmod/redhat/ruby@2.5"),
            ("ruby", "pkg:rpm/redhat/ruby?arch=src&rpmmod=ruby:2.5"),
        ] {
            let found = package(product_id, purl);
            assert_eq!(
                (&*found.name, &*found.module),
                ("ruby", "ruby:2.5"),
                "{purl}"
            );
        }
        let module = Component::of("ruby:2.5:80:30", "pkg:rpmmod/redhat/ruby@2.5:80:30");
        assert_eq!(module, Ok(Component::Module("ruby:2.5".into())));
    }

    #[test]
    fn an_image_is_named_by_its_path_in_the_registry() {
        let found = package(
            "",
            "pkg:oci/ubi@sha256:8b?arch=amd64&repository_url=registry.redhat.io/ubi9/ubi&tag=9.3-1610",
        );
        assert_eq!((&*found.name, &*found.version), ("ubi9/ubi", "9.3-1610"));
        assert_eq!(package("", "pkg:oci/ubi9/ubi@sha256:8b").name, "ubi9/ubi");
        assert_eq!(package("", "pkg:oci/ubi@sha256:8b").name, "ubi");
    }

    #[test]
    fn what_is_no_package_of_the_distribution_is_none() {
        for purl in ["pkg:maven/io.vertx/vertx-web@4.4.8", "pkg:rpm/fedora/bash"] {
            assert_eq!(Component::of("x", purl), Ok(Component::Other));
        }
        for purl in ["bash", "pkg:rpm/redhat/a?epoch=x", "pkg:rpm/redhat/a%0a"] {
            assert!(Component::of("x", purl).is_err(), "{purl}");
        }
    }

    #[test]
    fn components_without_a_package_url_are_sources_by_name() {
        let Component::Package(found) = Component::of_name("postgresql:12/pgaudit") else {
            panic!("no package");
        };
        assert_eq!((&*found.name, &*found.module), ("pgaudit", "postgresql:12"));
        assert_eq!(Component::of_name("rhel8/flatpak"), Component::Other);
    }
}
