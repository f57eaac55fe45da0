use limpid_testkit::image::{ArchiveBuilder, ArchiveMember, ImageBuilder, Packing, pack};

use crate::support::{Workbench, blobs, layer, read};

fn image() -> ImageBuilder {
    ImageBuilder::new().layer(layer("a"), Packing::Plain)
}

fn member<'a>(name: &'a str, kind: u8, content: &'a [u8]) -> ArchiveMember<'a> {
    ArchiveMember {
        name,
        kind,
        link: "",
        size: content.len() as u64,
        content,
    }
}

/// An archive whose layer can only be found by what `prepare` writes under the name `layer`.
fn archive_with_layer(prepare: impl Fn(ArchiveBuilder) -> ArchiveBuilder) -> Vec<u8> {
    let archive = ArchiveBuilder::new().file("c.json", &image().config());
    prepare(archive)
        .file(
            "manifest.json",
            br#"[{"Config":"c.json","Layers":["a/b/layer"]}]"#,
        )
        .build()
}

type Prepare<'a> = Box<dyn Fn(ArchiveBuilder) -> ArchiveBuilder + 'a>;

#[test]
fn a_layer_is_found_behind_every_kind_of_name() {
    let tar = layer("a");
    let long = format!("{}/layer", "d".repeat(150));
    let cases: [(&str, Prepare<'_>); 8] = [
        ("plain", Box::new(|it| it.file("./a//b/layer", &tar))),
        (
            "pax name",
            Box::new(|it| {
                it.member(member("x", b'x', b"18 path=a/b/layer\n"))
                    .file("y", &tar)
            }),
        ),
        (
            "pax size",
            Box::new(|it| {
                let size = format!("13 size={}\n", tar.len());
                let file = ArchiveMember {
                    size: 0,
                    ..member("a/b/layer", b'0', &tar)
                };
                it.member(member("x", b'x', size.as_bytes())).member(file)
            }),
        ),
        (
            "gnu name",
            Box::new(|it| it.member(member("x", b'L', b"a/b/layer\0")).file("y", &tar)),
        ),
        (
            "global header",
            Box::new(|it| {
                it.member(member("x", b'g', b"9 a=b\n"))
                    .file("a/b/layer", &tar)
            }),
        ),
        (
            "symbolic link",
            Box::new(|it| {
                it.symlink("a/b/layer", "../../c/layer")
                    .file("c/layer", &tar)
            }),
        ),
        (
            "hard link",
            Box::new(|it| it.file("c/layer", &tar).hard_link("a/b/layer", "c/layer")),
        ),
        (
            "long link",
            Box::new(|it| {
                it.member(member("x", b'K', format!("{long}\0").as_bytes()))
                    .hard_link("a/b/layer", "cut")
                    .member(member("x", b'L', long.as_bytes()))
                    .file("y", &tar)
            }),
        ),
    ];
    let workbench = Workbench::new();
    for (case, prepare) in cases {
        let path = workbench.file("image.tar", &archive_with_layer(prepare));
        let opened = workbench.open(&format!("docker-archive:{path}"));
        let opened = opened.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(read(blobs(&opened)[0]), tar, "{case}");
    }
}

#[test]
fn links_in_a_circle_end() {
    let workbench = Workbench::new();
    let bytes = archive_with_layer(|it| {
        it.symlink("a/b/layer", "other")
            .symlink("a/b/other", "layer")
    });
    let path = workbench.file("image.tar", &bytes);
    let error = workbench.refusal(&format!("docker-archive:{path}"));
    assert!(error.contains("too many links"), "{error}");
}

#[test]
fn of_two_members_with_one_name_the_later_counts() {
    let workbench = Workbench::new();
    let bytes = archive_with_layer(|it| it.file("a/b/layer", b"").file("a/b/layer", &layer("a")));
    let path = workbench.file("image.tar", &bytes);
    let opened = workbench.open(&format!("docker-archive:{path}")).unwrap();
    assert_eq!(read(blobs(&opened)[0]), layer("a"));
}

#[test]
fn a_truncated_archive_is_refused_with_its_name_and_offset() {
    let workbench = Workbench::new();
    let mut bytes = image().legacy_docker_archive();
    bytes.truncate(512 + 100);
    let path = workbench.file("cut.tar", &bytes);
    assert_eq!(
        workbench.refusal(&path),
        workbench.refusal(&format!("docker-archive:{path}"))
    );
    let error = workbench.refusal(&path);
    assert!(
        error.starts_with("damaged archive, truncated member at byte 0: "),
        "{error}"
    );
    assert!(error.ends_with("cut.tar"), "{error}");
}

#[test]
fn a_truncated_compressed_archive_is_refused_with_its_name_and_offset() {
    let workbench = Workbench::new();
    let mut bytes = pack(&image().legacy_docker_archive(), Packing::Gzip);
    bytes.truncate(bytes.len() - 20);
    let path = workbench.file("cut.tar.gz", &bytes);
    for reference in [format!("docker-archive:{path}"), path] {
        let error = workbench.refusal(&reference);
        assert!(
            error.starts_with("cannot decompress archive after"),
            "{error}"
        );
        assert!(error.contains("cut.tar.gz"), "{error}");
    }
}

#[test]
fn damaged_headers_are_refused_with_their_offset() {
    let workbench = Workbench::new();
    let huge = ArchiveMember {
        size: 1 << 32,
        ..member("x", b'x', b"")
    };
    let many = (0..20).fold(ArchiveBuilder::new(), |it, _| {
        it.member(member("x", b'g', b""))
    });
    for (bytes, expected) in [
        (vec![b'x'; 1024], "not a tar header at byte 0"),
        (
            ArchiveBuilder::new().member(huge).build(),
            "extended header too long at byte 0",
        ),
        (
            ArchiveBuilder::new()
                .member(member("x", b'x', b"junk"))
                .build(),
            "invalid extended header at byte 0",
        ),
        (many.build(), "too many extended headers"),
    ] {
        let path = workbench.file("image.tar", &bytes);
        let error = workbench.refusal(&format!("oci-archive:{path}"));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_compressed_archive_may_not_inflate_beyond_its_limit() {
    let mut workbench = Workbench::new();
    workbench.options.limits.archive_bytes = 1000;
    let bytes = pack(&image().legacy_docker_archive(), Packing::Gzip);
    let path = workbench.file("image.tar.gz", &bytes);
    let error = workbench.refusal(&format!("docker-archive:{path}"));
    assert!(error.contains("more than 1000 bytes"), "{error}");
}

#[test]
fn the_spool_leaves_nothing_behind() {
    let mut workbench = Workbench::new();
    workbench.options.spool_directory = workbench.directory("spool");
    let bytes = pack(&image().legacy_docker_archive(), Packing::Zstd);
    let path = workbench.file("image.tar.zst", &bytes);
    let opened = workbench.open(&path).unwrap();
    assert_eq!(read(blobs(&opened)[0]), layer("a"));
    assert_eq!(workbench.path("spool").read_dir().unwrap().count(), 0);

    std::fs::remove_dir(workbench.path("spool")).unwrap();
    let error = workbench.refusal(&path);
    assert!(error.starts_with("cannot spool archive to"), "{error}");
}
