use limpid_registry::{LayerSource, Scheme};
use limpid_testkit::image::{Packing, pack};
use limpid_types::Digest;

use crate::support::{Workbench, blobs, layer, read};

#[test]
fn layer_files_form_one_image_base_first() {
    let workbench = Workbench::new();
    let (base, top) = (layer("base"), pack(&layer("top"), Packing::Gzip));
    let references = [
        format!("layer:{}", workbench.file("base", &base)),
        format!("layer:{}", workbench.file("top", &top)),
    ];
    let image = workbench
        .open_all(&[&references[0], &references[1]])
        .unwrap();

    let digests = [Digest::sha256(&base), Digest::sha256(&top)];
    let layers = blobs(&image);
    assert_eq!(layers[0].digest, digests[0]);
    assert_eq!(layers[1].digest, digests[1]);
    assert_eq!(layers[1].expected.received.as_ref(), Some(&digests[1]));
    assert_eq!(
        layers[0].media_type,
        "application/vnd.oci.image.layer.v1.tar"
    );
    assert_eq!(
        layers[1].media_type,
        "application/vnd.oci.image.layer.v1.tar+gzip"
    );
    assert_eq!(read(layers[1]), top);
    let array = serde_json::to_vec(&digests).unwrap();
    assert_eq!(image.digest, Some(Digest::sha256(&array)));
    assert_eq!(image.name, references.join(" "));
}

#[test]
fn the_order_of_layers_is_part_of_the_identity() {
    let workbench = Workbench::new();
    let base = format!("layer:{}", workbench.file("base", &layer("base")));
    let top = format!("layer:{}", workbench.file("top", &layer("top")));
    let one = workbench.open_all(&[&base, &top]).unwrap();
    let other = workbench.open_all(&[&top, &base]).unwrap();
    assert_ne!(one.digest, other.digest);
}

#[test]
fn a_layer_that_changes_after_opening_is_noticed() {
    let workbench = Workbench::new();
    let path = workbench.file("a", &layer("a"));
    let image = workbench.open(&format!("layer:{path}")).unwrap();
    workbench.file("a", b"shorter");
    let error = blobs(&image)[0].open().err().unwrap().to_string();
    assert!(error.contains("size mismatch"), "{error}");
}

#[test]
fn a_directory_is_one_layer_without_a_digest() {
    let workbench = Workbench::new();
    let path = workbench.directory("root");
    let image = workbench.open(&format!("dir:{}", path.display())).unwrap();
    assert_eq!(image.scheme, Scheme::Directory);
    assert_eq!(image.digest, None);
    assert!(matches!(&image.layers[..], [LayerSource::Directory(it)] if *it == path));
}

#[test]
fn files_and_directories_are_not_mistaken_for_each_other() {
    let workbench = Workbench::new();
    let file = workbench.file("file", b"");
    let directory = workbench.directory("directory");
    let directory = directory.display();
    for (reference, expected) in [
        (format!("dir:{file}"), "not a directory"),
        (format!("oci:{file}"), "not a directory"),
        (format!("layer:{directory}"), "not a regular file"),
        (format!("docker-archive:{directory}"), "not a regular file"),
    ] {
        let error = workbench.refusal(&reference);
        assert!(error.contains(expected), "{reference}: {error}");
    }
}
