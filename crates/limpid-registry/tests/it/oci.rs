use std::path::PathBuf;

use limpid_registry::{Image, Scheme, SourceError};
use limpid_testkit::image::{ImageBuilder, LayoutBuilder, Packing, pack};
use limpid_types::Digest;
use serde_json::json;

use crate::support::{Workbench, blobs, explain, layer, read};

fn image(name: &str) -> ImageBuilder {
    ImageBuilder::new().layer(layer(name), Packing::Gzip)
}

fn platforms(platforms: &[&str]) -> Vec<ImageBuilder> {
    platforms
        .iter()
        .map(|platform| image("a").platform(platform))
        .collect()
}

/// Opens a layout as a directory and as an archive, which must agree.
fn open(
    workbench: &Workbench,
    layout: &LayoutBuilder,
    selector: &str,
) -> Result<Image, SourceError> {
    let directory = workbench.directory("layout");
    std::fs::remove_dir_all(&directory).unwrap();
    layout.write_to(&workbench.directory("layout")).unwrap();
    let archive = workbench.file("layout.tar", &layout.archive());
    let one = workbench.open(&format!("oci:{}{selector}", directory.display()));
    let other = workbench.open(&format!("oci-archive:{archive}{selector}"));
    match (&one, &other) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.scheme, Scheme::Oci);
            assert_eq!(other.scheme, Scheme::OciArchive);
            assert_eq!(one.digest, other.digest);
            assert_eq!(one.layers.len(), other.layers.len());
        }
        (Err(one), Err(other)) => {
            let plain = |error: &SourceError| explain(error).replace(&archive, "");
            let directory = directory.display().to_string();
            assert_eq!(plain(one).replace(&directory, ""), plain(other));
        }
        _ => panic!("directory: {one:?}, archive: {other:?}"),
    }
    one
}

fn opened(layout: &LayoutBuilder, selector: &str) -> Image {
    open(&Workbench::new(), layout, selector).unwrap()
}

fn refusal(layout: &LayoutBuilder, selector: &str) -> String {
    explain(&open(&Workbench::new(), layout, selector).unwrap_err())
}

#[test]
fn an_image_is_read_with_its_layers() {
    let image = ImageBuilder::new()
        .layer(layer("base"), Packing::Gzip)
        .layer(layer("middle"), Packing::Zstd)
        .layer(layer("top"), Packing::Plain)
        .tag("app:1");
    for layout in [
        LayoutBuilder::new().image(&image),
        LayoutBuilder::new().image(&image).link_all_blobs(),
    ] {
        let opened = opened(&layout, "");
        assert_eq!(opened.digest, Some(image.manifest_digest()));
        assert_eq!(opened.config_digest, Some(image.config_digest()));
        assert_eq!(opened.platform.unwrap().to_string(), "linux/amd64");
        assert_eq!(opened.tags, ["app:1"]);
    }
    let workbench = Workbench::new();
    let layout = LayoutBuilder::new().image(&image).link_all_blobs();
    let opened = open(&workbench, &layout, "").unwrap();
    let layers = blobs(&opened);
    let packed = pack(&layer("base"), Packing::Gzip);
    assert_eq!(layers[0].size(), packed.len() as u64);
    assert_eq!(read(layers[0]), packed);
    assert_eq!(read(layers[2]), layer("top"));
    for (number, layer) in layers.into_iter().enumerate() {
        let (stored, diff_id) = (&image.layer_digests()[number], &image.diff_ids()[number]);
        assert_eq!(layer.digest, *stored);
        assert_eq!(layer.expected.received.as_ref(), Some(stored));
        assert_eq!(layer.expected.uncompressed.as_ref(), Some(diff_id));
    }
}

#[test]
fn one_of_several_images_is_chosen_by_tag_or_digest() {
    let (one, two) = (
        image("one").tag("app:1").tag("app:latest"),
        image("two").tag("app:2"),
    );
    let layout = LayoutBuilder::new().image(&one).image(&two);
    assert_eq!(
        opened(&layout, ":app:1").digest,
        Some(one.manifest_digest())
    );
    assert_eq!(
        opened(&layout, ":latest").digest,
        Some(one.manifest_digest())
    );
    assert_eq!(
        opened(&layout, ":app:2").digest,
        Some(two.manifest_digest())
    );
    let selector = format!("@{}", two.manifest_digest());
    assert_eq!(
        opened(&layout, &selector).digest,
        Some(two.manifest_digest())
    );

    let error = refusal(&layout, "");
    assert_eq!(
        error,
        "several images, choose one by its tag or digest: app:1, app:latest, app:2"
    );
    assert_eq!(
        refusal(&layout, ":app:3"),
        "no image app:3, there are: app:1, app:latest, app:2"
    );
    let absent = Digest::sha256(b"absent");
    let error = refusal(&layout, &format!("@{absent}"));
    assert!(
        error.starts_with(&format!("no image {absent}, there are:")),
        "{error}"
    );
}

#[test]
fn two_tags_of_one_image_are_not_ambiguous() {
    let image = image("a").tag("app:1").tag("app:2");
    let layout = LayoutBuilder::new().image(&image);
    assert_eq!(opened(&layout, "").digest, Some(image.manifest_digest()));
}

#[test]
fn two_images_without_names_are_ambiguous_and_listed_by_digest() {
    let (one, two) = (image("one"), image("two"));
    let layout = LayoutBuilder::new().image(&one).image(&two);
    let error = refusal(&layout, "");
    assert!(error.contains(one.manifest_digest().as_str()), "{error}");
    assert!(error.contains(two.manifest_digest().as_str()), "{error}");
}

#[test]
fn the_platform_chooses_among_those_of_an_index() {
    let images = platforms(&["linux/arm64", "linux/386", "linux/amd64", "linux/arm/v6"]);
    let layout = LayoutBuilder::new().index("app:1", &images);
    assert_eq!(
        opened(&layout, "").digest,
        Some(images[2].manifest_digest())
    );
    for (platform, number) in [("linux/arm64/v8", 0), ("linux/386", 1), ("linux/arm", 3)] {
        let workbench = Workbench::new().explicit(platform);
        let opened = open(&workbench, &layout, ":1").unwrap();
        assert_eq!(
            opened.digest,
            Some(images[number].manifest_digest()),
            "{platform}"
        );
    }
    let workbench = Workbench::new().explicit("linux/s390x");
    assert_eq!(
        open(&workbench, &layout, "").unwrap_err().to_string(),
        "no image for linux/s390x, there are: linux/arm64, linux/386, linux/amd64, linux/arm/v6"
    );
}

#[test]
fn a_manifest_inside_an_index_is_chosen_by_digest() {
    let images = platforms(&["linux/arm64", "linux/amd64"]);
    let layout = LayoutBuilder::new().index("app:1", &images);
    let selector = format!("@{}", images[0].manifest_digest());
    assert_eq!(
        opened(&layout, &selector).digest,
        Some(images[0].manifest_digest())
    );
}

#[test]
fn the_machine_takes_the_only_image_but_not_a_wrong_one_of_several() {
    let one = LayoutBuilder::new().index("app:1", &platforms(&["linux/s390x"]));
    assert!(open(&Workbench::new(), &one, "").is_ok());
    let explicit = Workbench::new().explicit("linux/amd64");
    assert_eq!(
        open(&explicit, &one, "").unwrap_err().to_string(),
        "no image for linux/amd64, there are: linux/s390x"
    );
    let several = LayoutBuilder::new().index("app:1", &platforms(&["linux/s390x", "linux/arm64"]));
    assert_eq!(
        refusal(&several, ""),
        "no image for linux/amd64, there are: linux/s390x, linux/arm64"
    );
}

#[test]
fn platforms_listed_without_an_inner_index_are_chosen_likewise() {
    let images = platforms(&["linux/arm64", "linux/amd64"]);
    let layout = LayoutBuilder::new().image(&images[0]).image(&images[1]);
    assert_eq!(
        opened(&layout, "").digest,
        Some(images[1].manifest_digest())
    );
}

#[test]
fn a_platform_that_no_descriptor_states_is_read_from_the_config() {
    let images = platforms(&["linux/arm64", "linux/amd64"]);
    let mut layout = LayoutBuilder::new();
    let mut manifests = Vec::new();
    for image in &images {
        let mut descriptor = layout.add_manifest(image);
        descriptor["platform"].take();
        manifests.push(descriptor);
    }
    let index = layout.add_index(&manifests);
    let layout = layout.entry(index);
    assert_eq!(
        opened(&layout, "").digest,
        Some(images[1].manifest_digest())
    );
}

#[test]
fn of_a_partial_index_what_is_there_is_taken() {
    let images = platforms(&["linux/arm64", "linux/amd64"]);
    let layout = LayoutBuilder::new()
        .index("app:1", &images)
        .remove_blob(&images[1].manifest_digest());
    assert_eq!(
        opened(&layout, "").digest,
        Some(images[0].manifest_digest())
    );
    let explicit = Workbench::new().explicit("linux/amd64");
    let error = explain(&open(&explicit, &layout, "").unwrap_err());
    assert!(error.contains(images[1].manifest_digest().hex()), "{error}");
}

#[test]
fn indexes_inside_indexes_are_followed_to_a_depth() {
    let nested = |depth: usize| {
        let mut layout = LayoutBuilder::new();
        let mut entry = layout.add_manifest(&image("a"));
        for _ in 0..depth {
            entry = layout.add_index(&[entry.clone(), entry]);
        }
        layout.entry(entry)
    };
    assert_eq!(
        opened(&nested(4), "").digest,
        Some(image("a").manifest_digest())
    );
    let error = refusal(&nested(5), "");
    assert!(
        error.contains("more than 4 indexes inside each other"),
        "{error}"
    );
}

#[test]
fn spoilt_blobs_are_refused_with_the_cause() {
    let image = image("a");
    let sound = || LayoutBuilder::new().image(&image);
    let (manifest, config) = (image.manifest_digest(), image.config_digest());
    let stored = image.layer_digests().remove(0);
    let mut other = image.manifest();
    other[0] = b' ';
    let cases = [
        (
            sound().put_blob(&manifest, &other),
            format!("digest mismatch in {manifest}"),
        ),
        (
            sound().put_blob(&config, b"{}"),
            "size mismatch in blobs/sha256/".to_owned(),
        ),
        (
            sound().put_blob(&stored, b"short"),
            "bytes, found 5".to_owned(),
        ),
        (
            sound().remove_blob(&manifest),
            format!("has no blobs/sha256/{}", manifest.hex()),
        ),
        (
            sound().remove_blob(&config),
            format!("has no blobs/sha256/{}", config.hex()),
        ),
        (
            sound().remove_blob(&stored),
            format!("has no blobs/sha256/{}", stored.hex()),
        ),
        (
            sound().put("index.json", b"{\n\"manifests\": x"),
            "invalid JSON in index.json: expected value at line 2 column 14".to_owned(),
        ),
        (
            sound().put("index.json", b"{\"manifests\":[]}"),
            "no image in ".to_owned(),
        ),
        (
            sound().put("index.json", b"{}"),
            "neither an index nor a manifest: index.json".to_owned(),
        ),
        (
            sound().put("oci-layout", br#"{"imageLayoutVersion":"2.0"}"#),
            "version \"2.0\" is not supported".to_owned(),
        ),
    ];
    for (layout, expected) in cases {
        let error = refusal(&layout, "");
        assert!(error.contains(&expected), "{expected}: {error}");
    }
}

/// A layout whose only manifest is this document.
fn with_document(media_type: &str, document: &serde_json::Value) -> LayoutBuilder {
    let mut layout = LayoutBuilder::new();
    let entry = layout.add_blob(media_type, document.to_string().into_bytes());
    layout.entry(entry)
}

#[test]
fn documents_of_other_kinds_are_refused() {
    let oci = "application/vnd.oci.image.manifest.v1+json";
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let config = json!({ "digest": Digest::sha256(b""), "size": 0 });
    let cases = [
        (
            schema1,
            json!({ "schemaVersion": 1 }),
            "unsupported manifest type: application/vnd.docker.distribution.manifest.v1",
        ),
        (oci, json!({ "schemaVersion": 1 }), "schema version 1"),
        (
            oci,
            json!({ "manifests": [], "layers": [] }),
            "both an index and a manifest",
        ),
        (
            oci,
            json!({ "mediaType": docker, "config": config }),
            "its descriptor says",
        ),
        (
            oci,
            json!({ "manifests": [] }),
            "its fields are not those of",
        ),
        (
            "text/plain",
            json!({}),
            "unsupported manifest type: text/plain",
        ),
    ];
    for (media_type, document, expected) in cases {
        let error = refusal(&with_document(media_type, &document), "");
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn docker_media_types_are_read() {
    let mut layout = LayoutBuilder::new();
    let tar = layer("a");
    let config = json!({ "os": "linux", "architecture": "amd64", "rootfs": null });
    let layers = [layout.add_blob(
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        pack(&tar, Packing::Gzip),
    )];
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": layout.add_blob("", config.to_string().into_bytes()),
        "layers": layers,
    });
    let entry = layout.add_blob(
        "application/vnd.docker.distribution.manifest.v2+json",
        manifest.to_string().into_bytes(),
    );
    let opened = opened(&layout.entry(entry), "");
    let layer = blobs(&opened)[0];
    assert_eq!(layer.expected.uncompressed, None);
    assert_eq!(
        layer.media_type,
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    );
}

#[test]
fn a_layer_that_holds_no_files_is_named() {
    let mut layout = LayoutBuilder::new();
    let layers = [layout.add_blob("application/vnd.in-toto+json", b"{}".to_vec())];
    let manifest = json!({
        "schemaVersion": 2,
        "config": layout.add_blob("", b"{}".to_vec()),
        "layers": layers,
    });
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let entry = layout.add_blob(media_type, manifest.to_string().into_bytes());
    let error = refusal(&layout.entry(entry), "");
    let digest = Digest::sha256(b"{}");
    assert_eq!(
        error,
        format!("unsupported layer type application/vnd.in-toto+json: {digest}")
    );
}

fn directory_with(workbench: &Workbench, layout: &LayoutBuilder) -> PathBuf {
    let directory = workbench.directory("layout");
    layout.write_to(&directory).unwrap();
    directory
}

#[test]
fn a_link_out_of_the_layout_is_refused() {
    let workbench = Workbench::new();
    let image = image("a");
    let outside = workbench.file("outside", &pack(&layer("a"), Packing::Gzip));
    let stored = &image.layer_digests()[0];
    let layout = LayoutBuilder::new()
        .image(&image)
        .link_blob(stored, &outside);
    let directory = directory_with(&workbench, &layout);
    let error = workbench.refusal(&format!("oci:{}", directory.display()));
    assert!(
        error.starts_with("symbolic link leaves the image layout"),
        "{error}"
    );
}

#[test]
fn a_layout_may_be_reached_through_a_link() {
    let workbench = Workbench::new();
    let layout = LayoutBuilder::new().image(&image("a")).link_all_blobs();
    let directory = directory_with(&workbench, &layout);
    let link = workbench.path("link");
    std::os::unix::fs::symlink(directory, &link).unwrap();
    assert!(workbench.open(&format!("oci:{}", link.display())).is_ok());
}

#[test]
fn a_dangling_link_is_a_missing_blob() {
    let workbench = Workbench::new();
    let image = image("a");
    let layout = LayoutBuilder::new()
        .image(&image)
        .link_blob(&image.config_digest(), "nowhere");
    let directory = directory_with(&workbench, &layout);
    let error = workbench.refusal(&format!("oci:{}", directory.display()));
    assert!(error.contains("has no blobs/sha256/"), "{error}");
}

/// Replaces every blob by a text file with the target that a link would have.
fn write_links_as_text(directory: &std::path::Path, target: impl Fn(&str) -> String) {
    let blobs = directory.join("blobs/sha256");
    for entry in std::fs::read_dir(&blobs).unwrap() {
        let blob = entry.unwrap().path();
        let name = blob.file_name().unwrap().to_str().unwrap().to_owned();
        std::fs::rename(&blob, directory.join(&name)).unwrap();
        std::fs::write(&blob, target(&name)).unwrap();
    }
}

#[test]
fn links_that_a_checkout_left_as_text_are_followed() {
    let workbench = Workbench::new();
    let directory = directory_with(&workbench, &LayoutBuilder::new().image(&image("a")));
    write_links_as_text(&directory, |name| format!("../../{name}"));
    let opened = workbench
        .open(&format!("oci:{}", directory.display()))
        .unwrap();
    assert_eq!(opened.digest, Some(image("a").manifest_digest()));
}

#[test]
fn a_text_link_that_leaves_the_layout_is_refused() {
    let workbench = Workbench::new();
    let directory = directory_with(&workbench, &LayoutBuilder::new().image(&image("a")));
    write_links_as_text(&directory, |_| {
        "../../../layout/../../../../etc/hostname".to_owned()
    });
    let error = workbench.refusal(&format!("oci:{}", directory.display()));
    assert!(
        error.contains("size mismatch") || error.contains("leaves the image layout"),
        "{error}"
    );
}
