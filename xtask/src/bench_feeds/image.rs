use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use limpid_match::{FeedSnapshot, Generation, Options, judge};
use limpid_types::{Distribution, Environment, IndexReport, Package, PackageKind, Repository};
use limpid_vulndb::Snapshot;

use super::median_micros;
use crate::say;

/// How many packages the image has.
const PACKAGES: usize = 500;
const RUNS: usize = 51;

/// How many of [`SOURCES`] an image has whose number of findings is that of a current Universal
/// Base Image: 300 to 900, nearly all of them without a fix. All documents of the made-up feed are
/// about these few sources, so that an image of nothing else has several times as many.
const REAL_SOURCES: usize = 9;

/// Sources of packages that images on the Universal Base Image have.
pub(super) const SOURCES: [&str; 60] = [
    "acl",
    "audit",
    "bash",
    "binutils",
    "brotli",
    "bzip2",
    "ca-certificates",
    "coreutils",
    "cracklib",
    "crypto-policies",
    "curl",
    "cyrus-sasl",
    "dbus",
    "dnf",
    "elfutils",
    "expat",
    "file",
    "findutils",
    "gawk",
    "gcc",
    "gdbm",
    "glib2",
    "glibc",
    "gmp",
    "gnupg2",
    "gnutls",
    "gpgme",
    "grep",
    "gzip",
    "httpd",
    "json-c",
    "kernel",
    "keyutils",
    "kmod",
    "krb5",
    "less",
    "libarchive",
    "libcap",
    "libgcrypt",
    "libssh",
    "libxml2",
    "libxslt",
    "lua",
    "lz4",
    "ncurses",
    "nodejs",
    "nss",
    "openldap",
    "openssl",
    "pam",
    "pcre2",
    "perl",
    "python3",
    "rpm",
    "sqlite",
    "systemd",
    "tar",
    "tzdata",
    "xz",
    "zlib",
];

/// What packages of one source are called besides it.
const PARTS: [&str; 9] = [
    "", "-libs", "-devel", "-common", "-minimal", "-server", "-contrib", "-docs", "-test",
];

/// Measures reports for images on the Universal Base Image 9: one like the real one, and one with
/// far more findings.
pub(super) fn report(data: &Path) -> Result<()> {
    let generation = generation(&data.join("snapshots"))?;
    report_of(&image(REAL_SOURCES)?, &generation)?;
    report_of(&image(SOURCES.len())?, &generation)
}

fn report_of(image: &IndexReport, generation: &Generation) -> Result<()> {
    let options = Options::default();
    let now = Timestamp::now();
    let found = judge(image, generation, now, &options)?;
    let what = format!(
        "report of UBI 9 with {PACKAGES} packages: {} findings, {} listed as not affected",
        found.findings.len(),
        found
            .not_affected
            .iter()
            .map(|it| it.ids.len())
            .sum::<usize>()
    );
    let micros = median_micros(RUNS, || {
        std::hint::black_box(judge(image, generation, now, &options)?);
        Ok(())
    })?;
    say(&format!(
        "| {what} | – | {:.2} ms | – | – | – |",
        micros / 1e3
    ));
    Ok(())
}

/// Opens the newest snapshot of each feed.
fn generation(snapshots: &Path) -> Result<Generation> {
    let mut found: Vec<_> = fs::read_dir(snapshots)?
        .filter_map(std::result::Result::ok)
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    let mut generation = Generation::new(1);
    let mut seen = Vec::new();
    for (_, path) in found.into_iter().rev() {
        let Ok(snapshot) = Snapshot::open(&path) else {
            continue;
        };
        let name = snapshot.meta().feed.clone();
        if seen.contains(&name) {
            continue;
        }
        let feed = FeedSnapshot {
            name: name.clone(),
            snapshot: path.display().to_string(),
            checked: Some(Timestamp::now()),
        };
        generation = generation.with_feed(feed, Arc::new(snapshot));
        seen.push(name);
    }
    anyhow::ensure!(!seen.is_empty(), "no snapshot in {}", snapshots.display());
    Ok(generation)
}

/// Makes an image whose packages are, as far as there are enough of them, built from so many of
/// the sources that the feed speaks of, and otherwise from ones that it does not.
fn image(sources: usize) -> Result<IndexReport> {
    let json = r#"{"manifest_hash":"sha256:00","state":"IndexFinished","success":true}"#;
    let mut image: IndexReport = serde_json::from_str(json)?;
    let distribution = Distribution {
        id: "1".into(),
        did: "rhel".into(),
        name: "Red Hat Enterprise Linux Server".into(),
        version: "9".into(),
        version_id: "9".into(),
        cpe: "cpe:/o:redhat:enterprise_linux:9".into(),
        pretty_name: "Red Hat Enterprise Linux Server 9".into(),
        ..Distribution::default()
    };
    image.distributions.insert("1".into(), distribution);
    for (id, name) in [("8", "baseos"), ("9", "appstream")] {
        let name = format!("rhel-9-for-x86_64-{name}-rpms");
        let repository = Repository {
            id: id.into(),
            key: "rhel-cpe-repository".into(),
            uri: format!("repoid={name}"),
            name,
            ..Repository::default()
        };
        image.repository.insert(id.into(), repository);
    }
    let names = PARTS
        .iter()
        .flat_map(|part| (0..).zip(SOURCES).map(move |source| (source, *part)));
    for (number, ((rank, source), part)) in names.take(PACKAGES).enumerate() {
        let source = if rank < sources {
            source.to_owned()
        } else {
            format!("unmentioned-{source}")
        };
        let id = (100 + number).to_string();
        let of = |name: String, kind| Package {
            name,
            // Newer than what the copied documents fix, as an image is that was updated.
            version: "9:99-1.el9".into(),
            kind: Some(kind),
            ..Package::default()
        };
        let package = Package {
            id: id.clone(),
            arch: "x86_64".into(),
            source: Some(Box::new(of(source.clone(), PackageKind::Source))),
            ..of(format!("{source}{part}"), PackageKind::Binary)
        };
        let environment = Environment {
            package_db: "sqlite:var/lib/rpm".into(),
            introduced_in: "sha256:11".into(),
            distribution_id: "1".into(),
            repository_ids: Some(vec!["8".into(), "9".into()]),
        };
        image.packages.insert(id.clone(), package);
        image.environments.insert(id, vec![environment]);
    }
    Ok(image)
}
