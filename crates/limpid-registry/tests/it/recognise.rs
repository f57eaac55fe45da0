use limpid_registry::Scheme;
use limpid_testkit::image::{ArchiveBuilder, ImageBuilder, LayoutBuilder, Packing, pack};

use crate::support::{Workbench, layer, text};

fn image() -> ImageBuilder {
    ImageBuilder::new()
        .layer(layer("a"), Packing::Gzip)
        .tag("app:1")
}

fn recognised(workbench: &Workbench, path: &str) -> Scheme {
    workbench.open(path).unwrap().scheme
}

#[test]
fn archives_are_recognised_by_content_whatever_their_compression() {
    let workbench = Workbench::new();
    let layout = LayoutBuilder::new().image(&image());
    for (bytes, scheme) in [
        (image().legacy_docker_archive(), Scheme::DockerArchive),
        (layout.archive(), Scheme::OciArchive),
        (image().docker_archive(), Scheme::OciArchive),
        (layer("a"), Scheme::Layer),
        (
            ArchiveBuilder::new().file("hello", b"").build(),
            Scheme::Layer,
        ),
    ] {
        for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
            let path = workbench.file("image", &pack(&bytes, packing));
            assert_eq!(recognised(&workbench, &path), scheme, "{packing:?}");
        }
    }
}

#[test]
fn directories_are_recognised_by_content() {
    let workbench = Workbench::new();
    let layout = workbench.directory("layout");
    LayoutBuilder::new()
        .image(&image())
        .write_to(&layout)
        .unwrap();
    assert_eq!(recognised(&workbench, &text(&layout)), Scheme::Oci);
    std::fs::remove_file(layout.join("oci-layout")).unwrap();
    assert_eq!(recognised(&workbench, &text(&layout)), Scheme::Oci);

    let root = workbench.directory("root");
    std::fs::write(root.join("index.json"), b"{}").unwrap();
    assert_eq!(recognised(&workbench, &text(&root)), Scheme::Directory);
}

#[test]
fn a_layer_with_a_manifest_among_its_files_stays_a_layer() {
    let workbench = Workbench::new();
    let bytes = ArchiveBuilder::new()
        .file("usr/lib/manifest.json", b"{}")
        .file("manifest.json", b"{}")
        .build();
    let path = workbench.file("layer.tar", &bytes);
    assert_eq!(recognised(&workbench, &path), Scheme::Layer);
}

#[test]
fn a_damaged_layer_is_left_to_the_reader_of_layers() {
    let workbench = Workbench::new();
    let mut bytes = ArchiveBuilder::new().file("hello", b"").build();
    bytes[600] = b'x';
    let path = workbench.file("layer.tar", &bytes);
    assert_eq!(recognised(&workbench, &path), Scheme::Layer);
}

#[test]
fn what_is_no_archive_is_refused() {
    let workbench = Workbench::new();
    for bytes in [&b"hello"[..], &[b'x'; 2000], &pack(b"hello", Packing::Gzip)] {
        let path = workbench.file("file", bytes);
        let error = workbench.refusal(&path);
        assert!(
            error.starts_with("not a tar archive of an image or of a layer"),
            "{error}"
        );
    }
}
