use limpid_registry::{ImageReference, Scheme};
use limpid_testkit::image::{ImageBuilder, Packing};

use crate::support::{Workbench, explain, layer};

#[test]
fn schemes_are_read_and_written_back() {
    for (text, scheme) in [
        ("docker-archive:a.tar", Some(Scheme::DockerArchive)),
        ("oci:a:b", Some(Scheme::Oci)),
        ("oci-archive:a.tar@sha256:0", Some(Scheme::OciArchive)),
        ("dir:/", Some(Scheme::Directory)),
        ("layer:a", Some(Scheme::Layer)),
        ("./a:b", None),
        ("ocix:a", None),
    ] {
        let reference: ImageReference = text.parse().unwrap();
        assert_eq!(reference.scheme(), scheme, "{text}");
        assert_eq!(reference.to_string(), text);
    }
}

#[test]
fn references_that_name_no_local_file_say_why() {
    let workbench = Workbench::new();
    for (text, expected) in [
        ("", "names no path"),
        ("oci:", "names no path"),
        ("https://quay.io/a/b", "remote registries"),
        ("docker://alpine", "remote registries"),
        (
            "ftp://host/a",
            "unknown image scheme (known are docker-archive, oci,",
        ),
        (
            "quay.io/a/b",
            "no such file, and remote registries are not supported yet: quay",
        ),
        ("localhost:5000/a", "remote registries"),
        ("alpine:3.20", "remote registries"),
        ("a/b@sha256:00", "remote registries"),
        ("docker-archve:a.tar", "unknown image scheme"),
        (
            "./alpine:3.20",
            "cannot open image: no such file: ./alpine:3.20",
        ),
        (
            "missing.tar",
            "cannot open image: no such file: missing.tar",
        ),
        (
            "oci:missing:tag",
            "cannot open image: no such file: missing:tag",
        ),
        ("layer:missing", "cannot open image: no such file: missing"),
    ] {
        let error = match text.parse() {
            Ok(reference) => {
                explain(&limpid_registry::open(&[reference], &workbench.options).unwrap_err())
            }
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn a_path_with_a_colon_is_a_path_when_it_exists() {
    let workbench = Workbench::new();
    let image = ImageBuilder::new()
        .layer(layer("a"), Packing::Plain)
        .tag("app:1");
    let path = workbench.file("image:1.tar", &image.legacy_docker_archive());
    for reference in [
        path.clone(),
        format!("docker-archive:{path}"),
        format!("docker-archive:{path}:app:1"),
        format!("{path}:app:1"),
    ] {
        let opened = workbench.open(&reference).unwrap();
        assert_eq!(opened.digest, Some(image.config_digest()), "{reference}");
    }
    let error = workbench.refusal(&format!("docker-archive:{path}:app:2"));
    assert_eq!(error, "no image app:2, there are: app:1");
}

#[test]
fn a_selector_behind_something_that_takes_none_is_refused() {
    let workbench = Workbench::new();
    let path = workbench.file("layer.tar", &layer("a"));
    let error = workbench.refusal(&format!("{path}:tag"));
    assert!(error.contains("no such file"), "{error}");
}

#[test]
fn only_layers_can_be_combined() {
    let workbench = Workbench::new();
    let error = workbench.open_all(&["layer:a", "oci:b"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "only layer: references can be combined into one image, found: oci:b"
    );
    assert!(workbench.open_all(&[]).is_err());
}
