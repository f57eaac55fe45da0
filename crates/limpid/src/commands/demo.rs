//! `limpid demo`: the whole way from an image to a report, on things made here and now.
//!
//! The image and the feed are built in memory in their real formats and written to a temporary
//! folder, which is gone when the command ends. The advisories are true ones of Alpine 3.18.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use limpid_testkit::feed::AlpineSecdb;
use limpid_testkit::image::{ImageBuilder, Packing};
use limpid_testkit::layer::LayerBuilder;

use crate::cli::{self, Global};
use crate::commands::{image, report, update};
use crate::installation::Installation;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(global: &Global) -> anyhow::Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("demo.tar");
    fs::write(&archive, demo_image().docker_archive())?;
    let mirror = folder.path().join("mirror");
    write_feeds(&mirror)?;
    say(INTRODUCTION)?;

    let global = Global {
        data_dir: Some(folder.path().join("data")),
        memory_budget: global.memory_budget,
        quiet: true,
    };
    let installation = Installation::open(&global)?;
    update::from_mirror(&installation, &mirror).await?;
    let options = cli::Image {
        references: vec![archive.display().to_string()],
        platform: None,
    };
    let (index, stores) = image::index(&installation, &options, true).await?;
    report::make(
        &installation,
        stores.data.as_deref(),
        &index,
        &cli::Report::default(),
    )
    .await?;
    say(WHAT_NEXT)?;
    Ok(Outcome::Good)
}

fn say(text: &str) -> anyhow::Result<()> {
    output::write(None, text.as_bytes())
}

const INTRODUCTION: &str = "\
A small Alpine image of three layers and a handful of real advisories were built in memory.
This is `limpid update` on the advisories and `limpid scan` on the image:

";

const WHAT_NEXT: &str = "
The second layer upgraded busybox, so what its new version fixes is not listed, and the layer
column says which layer brought each package. zlib is not listed: Alpine says that its package
was never affected. curl is listed because its third layer brought an old version.

What to type next:
  limpid update                     fetch the real vulnerability data (some minutes)
  limpid scan IMAGE.tar             an image from `docker save` or `podman save`
  limpid scan oci:DIR               an OCI layout, for example from `skopeo copy`
  limpid scan dir:/                 the file system of this machine
  limpid scan --help                formats, exit codes, filters
";

/// One record of apk's database: name, version, origin.
type Apk = (&'static str, &'static str, &'static str);

const BASE: [Apk; 6] = [
    ("alpine-baselayout", "3.4.3-r1", "alpine-baselayout"),
    ("busybox", "1.36.1-r0", "busybox"),
    ("libcrypto3", "3.1.3-r0", "openssl"),
    ("libssl3", "3.1.3-r0", "openssl"),
    ("musl", "1.2.4-r2", "musl"),
    ("zlib", "1.2.13-r1", "zlib"),
];
const UPGRADED: Apk = ("busybox", "1.36.1-r5", "busybox");
const ADDED: Apk = ("curl", "8.3.0-r0", "curl");

fn demo_image() -> ImageBuilder {
    let os_release =
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n";
    let upgraded: Vec<Apk> = BASE
        .into_iter()
        .map(|package| {
            if package.0 == UPGRADED.0 {
                UPGRADED
            } else {
                package
            }
        })
        .collect();
    let mut added = upgraded.clone();
    added.push(ADDED);
    let database = "lib/apk/db/installed";
    ImageBuilder::new()
        .tag("limpid/demo:latest")
        .layer(
            LayerBuilder::new()
                .file("etc/os-release", os_release)
                .file(database, installed(&BASE))
                .build(),
            Packing::Gzip,
        )
        .layer(
            LayerBuilder::new()
                .file(database, installed(&upgraded))
                .build(),
            Packing::Gzip,
        )
        .layer(
            LayerBuilder::new()
                .file(database, installed(&added))
                .build(),
            Packing::Zstd,
        )
}

fn installed(packages: &[Apk]) -> String {
    let mut database = String::new();
    for (name, version, origin) in packages {
        // Writing to a String cannot fail.
        let _ = write!(database, "P:{name}\nV:{version}\nA:x86_64\no:{origin}\n\n");
    }
    database
}

/// Writes advisories where a mirror has them: `HOST/PATH` of the real address.
fn write_feeds(mirror: &Path) -> anyhow::Result<()> {
    let folder = mirror.join("secdb.alpinelinux.org/v3.18");
    fs::create_dir_all(&folder)?;
    let main = AlpineSecdb::new("v3.18", "main")
        .fix("busybox", "1.36.1-r1", &["CVE-2022-48174"])
        .fix("busybox", "1.36.1-r6", &["CVE-2023-42366"])
        .fix("curl", "8.4.0-r0", &["CVE-2023-38545", "CVE-2023-38546"])
        .fix("musl", "1.2.4-r3", &["CVE-2025-26519"])
        .fix("openssl", "0", &["CVE-2022-1292"])
        .fix("openssl", "3.1.2-r0", &["CVE-2023-3817"])
        .fix("openssl", "3.1.4-r0", &["CVE-2023-5363"])
        .fix("openssl", "3.1.4-r1", &["CVE-2023-5678"])
        .fix("zlib", "0", &["CVE-2023-45853"]);
    fs::write(folder.join("main.json"), main.to_json())?;
    let community = AlpineSecdb::new("v3.18", "community");
    fs::write(folder.join("community.json"), community.to_json())?;
    Ok(())
}
