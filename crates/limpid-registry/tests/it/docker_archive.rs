use limpid_registry::{Platform, Scheme};
use limpid_testkit::image::{ArchiveBuilder, ImageBuilder, Packing, pack};
use limpid_types::Digest;
use serde_json::json;

use crate::support::{Workbench, blobs, layer, read};

fn image() -> ImageBuilder {
    ImageBuilder::new()
        .layer(layer("base"), Packing::Plain)
        .layer(layer("top"), Packing::Plain)
        .layer(layer("base"), Packing::Plain)
        .tag("app:1")
}

#[test]
fn both_generations_of_docker_save_give_the_same_image() {
    let workbench = Workbench::new();
    for bytes in [image().legacy_docker_archive(), image().docker_archive()] {
        let path = workbench.file("image.tar", &bytes);
        let opened = workbench.open(&format!("docker-archive:{path}")).unwrap();
        assert_eq!(opened.scheme, Scheme::DockerArchive);
        assert_eq!(opened.digest, Some(image().config_digest()));
        assert_eq!(opened.config_digest, Some(image().config_digest()));
        assert_eq!(opened.tags, ["app:1"]);
        assert_eq!(
            opened.platform,
            Some("linux/amd64".parse::<Platform>().unwrap())
        );
        let layers = blobs(&opened);
        let contents: Vec<_> = layers.iter().map(|layer| read(layer)).collect();
        assert_eq!(contents, ["base", "top", "base"].map(layer));
        for (found, diff_id) in layers.iter().zip(image().diff_ids()) {
            assert_eq!(found.digest, diff_id);
            assert_eq!(found.diff_id.as_ref(), Some(&diff_id));
            assert_eq!(found.expected.received.as_ref(), Some(&diff_id));
            assert_eq!(found.expected.uncompressed.as_ref(), Some(&diff_id));
        }
    }
}

#[test]
fn layers_can_be_read_at_the_same_time_and_after_the_file_is_gone() {
    let workbench = Workbench::new();
    let bytes = pack(&image().legacy_docker_archive(), Packing::Gzip);
    let path = workbench.file("image.tar.gz", &bytes);
    let opened = workbench.open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    let layers = blobs(&opened);
    let mut readers: Vec<_> = layers.iter().map(|layer| layer.open().unwrap()).collect();
    let mut contents = vec![Vec::new(); readers.len()];
    let mut buffer = [0; 100];
    loop {
        let mut count = 0;
        for (reader, content) in readers.iter_mut().zip(&mut contents) {
            let read = reader.read(&mut buffer).unwrap();
            content.extend_from_slice(&buffer[..read]);
            count += read;
        }
        if count == 0 {
            break;
        }
    }
    assert_eq!(contents, ["base", "top", "base"].map(layer));
}

#[test]
fn compressed_layers_are_keyed_by_their_diff_id() {
    let workbench = Workbench::new();
    let image = ImageBuilder::new()
        .layer(layer("a"), Packing::Gzip)
        .layer(layer("b"), Packing::Zstd);
    let check = |bytes: &[u8], received: [Option<Digest>; 2]| {
        let path = workbench.file("image.tar", bytes);
        let opened = workbench.open(&format!("docker-archive:{path}")).unwrap();
        for (number, layer) in blobs(&opened).into_iter().enumerate() {
            assert_eq!(layer.digest, image.diff_ids()[number]);
            assert_eq!(layer.expected.received, received[number]);
            assert_eq!(layer.expected.uncompressed.as_ref(), Some(&layer.digest));
        }
    };
    let stored: Vec<_> = image.layer_digests().into_iter().map(Some).collect();
    check(&image.docker_archive(), stored.try_into().unwrap());
    check(&image.legacy_docker_archive(), [None, None]);
}

/// An archive with these files and a `manifest.json`.
fn archive(files: &[(&str, &[u8])], manifest: &serde_json::Value) -> Vec<u8> {
    let archive = files
        .iter()
        .fold(ArchiveBuilder::new(), |archive, (name, bytes)| {
            archive.file(name, bytes)
        });
    archive
        .file("manifest.json", manifest.to_string().as_bytes())
        .build()
}

#[test]
fn one_of_several_images_is_chosen_by_tag() {
    let workbench = Workbench::new();
    let config = image().config();
    let other = ImageBuilder::new().platform("linux/arm64").config();
    let bytes = archive(
        &[
            ("one.json", &config),
            ("other.json", &other),
            ("a", &layer("a")),
        ],
        &json!([
            { "Config": "one.json", "RepoTags": ["host/app:1", "host/app:2"], "Layers": ["a", "a", "a"] },
            { "Config": "other.json", "RepoTags": null, "Layers": null },
        ]),
    );
    let path = workbench.file("images.tar", &bytes);
    let error = workbench.refusal(&path);
    assert_eq!(
        error,
        "several images, choose one by its tag or digest: host/app:1, host/app:2, other.json"
    );
    for (selector, digest) in [
        ("app:2", &config),
        ("host/app:1", &config),
        ("other.json", &other),
    ] {
        let opened = workbench.open(&format!("{path}:{selector}")).unwrap();
        assert_eq!(opened.digest, Some(Digest::sha256(digest)), "{selector}");
    }
    let error = workbench.refusal(&format!("docker-archive:{path}:pp:1"));
    assert!(
        error.starts_with("no image pp:1, there are: host/app:1"),
        "{error}"
    );
}

#[test]
fn spoilt_archives_are_refused_with_the_cause() {
    let workbench = Workbench::new();
    let config = image().config();
    let wrong = format!("{}.json", Digest::sha256(b"other").hex());
    let manifest = |config: &str, layers: &[&str]| json!([{ "Config": config, "Layers": layers }]);
    let cases = [
        (archive(&[], &json!([])), "no image in"),
        (archive(&[], &json!({})), "invalid JSON in manifest.json"),
        (archive(&[], &json!([{ "Config": 1 }])), "line 1 column"),
        (ArchiveBuilder::new().build(), "has no manifest.json"),
        (archive(&[], &manifest("c.json", &[])), "has no c.json"),
        (
            archive(&[], &manifest("../../etc/passwd", &[])),
            "has no ../../etc/passwd",
        ),
        (
            archive(&[(&wrong, &config)], &manifest(&wrong, &[])),
            "digest mismatch in",
        ),
        (
            archive(&[("c", b"{")], &manifest("c", &[])),
            "invalid JSON in c",
        ),
        (
            archive(&[("c", &config)], &manifest("c", &["a"])),
            "3 diff_ids for 1 layers",
        ),
        (
            archive(&[("c", &config)], &manifest("c", &["a", "b", "c"])),
            "has no a",
        ),
    ];
    for (bytes, expected) in cases {
        let path = workbench.file("image.tar", &bytes);
        let error = workbench.refusal(&format!("docker-archive:{path}"));
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn only_an_explicit_platform_refuses_the_only_image() {
    let bytes = image().platform("linux/s390x").legacy_docker_archive();
    let workbench = Workbench::new();
    let path = workbench.file("image.tar", &bytes);
    assert!(workbench.open(&path).is_ok());

    let workbench = Workbench::new().explicit("linux/amd64");
    let path = workbench.file("image.tar", &bytes);
    assert_eq!(
        workbench.refusal(&path),
        "no image for linux/amd64, there are: linux/s390x"
    );
}

#[test]
fn limits_are_named() {
    let mut workbench = Workbench::new();
    let path = workbench.file("image.tar", &image().legacy_docker_archive());
    workbench.options.limits.layers = 2;
    assert!(workbench.refusal(&path).contains("more than 2 layers"));
    workbench.options.limits.document_bytes = 10;
    assert!(
        workbench
            .refusal(&path)
            .contains("more than 10 bytes: manifest.json")
    );
    workbench.options.limits.archive_members = 3;
    assert!(workbench.refusal(&path).contains("more than 3 members"));
}
