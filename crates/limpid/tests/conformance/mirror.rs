//! A mirror of the recorded feeds, with what is missing in them put right.
//!
//! | recorded | in the mirror |
//! |---|---|
//! | Red Hat's documents in `vex/` | in `vex-feed/`, where they are nowadays |
//! | single OVAL definitions without the tests that they refer to | with these, made from the comments, which say the same in words |

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use limpid_testkit::layer::gzip;

const RED_HAT: &str = "security.access.redhat.com/data";
const SUSE: &str = "ftp.suse.com/pub/projects/security/oval";
const PHOTON: &str = "packages.vmware.com/photon/photon_oval_definitions";
const PHOTON_5: &str = "com.vmware.phsa-photon5.xml";

/// Makes a mirror in a folder and returns its path.
pub(crate) fn make(recorded: &Path, directory: &Path) -> PathBuf {
    let mirror = directory.join("mirror");
    for changed in [RED_HAT, SUSE, PHOTON] {
        fs::create_dir_all(mirror.join(changed)).unwrap();
    }
    link_all(recorded, &mirror);
    let red_hat = mirror.join(RED_HAT);
    link_all(&recorded.join(RED_HAT), &red_hat);
    fs::remove_file(red_hat.join("csaf")).unwrap();
    fs::create_dir_all(red_hat.join("csaf/v2")).unwrap();
    symlink(
        recorded.join(RED_HAT).join("csaf/v2/vex"),
        red_hat.join("csaf/v2/vex-feed"),
    )
    .unwrap();

    let suse = mirror.join(SUSE);
    link_all(&recorded.join(SUSE), &suse);
    for release in [
        "opensuse.leap.15.0",
        "opensuse.leap.15.1",
        "suse.linux.enterprise.server.11",
        "suse.linux.enterprise.server.12",
        "suse.linux.enterprise.server.15",
    ] {
        let name = format!("{release}.xml.gz");
        complete_packed(&recorded.join(SUSE).join(&name), &suse.join(&name));
    }
    let photon = mirror.join(PHOTON);
    link_all(&recorded.join(PHOTON), &photon);
    let document = fs::read_to_string(photon.join(PHOTON_5)).unwrap();
    fs::remove_file(photon.join(PHOTON_5)).unwrap();
    fs::write(photon.join(PHOTON_5), completed(&document)).unwrap();
    mirror
}

/// Makes a mirror of one recorded document of SUSE's, under the name of a whole one, in a folder.
pub(crate) fn of_suse(recorded: &Path, name: &str, directory: &Path) -> PathBuf {
    let mirror = directory.join("mirror");
    let suse = mirror.join(SUSE);
    fs::create_dir_all(&suse).unwrap();
    fs::write(suse.join(name), completed_packed(recorded)).unwrap();
    let page = format!("<a href=\"{name}\">{name}</a>");
    fs::write(suse.join("index.html"), page).unwrap();
    mirror
}

/// Reads a packed document, and writes it with what is missing in it in place of a link.
fn complete_packed(from: &Path, to: &Path) {
    let completed = completed_packed(from);
    fs::remove_file(to).unwrap();
    fs::write(to, completed).unwrap();
}

/// Reads a packed document, and packs it again with what is missing in it.
fn completed_packed(from: &Path) -> Vec<u8> {
    let packed = fs::read(from).unwrap();
    let mut document = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut document)
        .unwrap();
    gzip(completed(&document).as_bytes())
}

/// Links everything in a folder that the other one does not have.
fn link_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if !place.try_exists().unwrap() {
            symlink(entry.path(), place).unwrap();
        }
    }
}

/// Adds the tests that the criteria of a document refer to.
fn completed(document: &str) -> String {
    let (mut tests, mut objects, mut states) = (String::new(), String::new(), String::new());
    for criterion in document.split("<criterion ").skip(1) {
        let (reference, comment) = (
            attribute(criterion, "test_ref"),
            attribute(criterion, "comment"),
        );
        let is_test = format!("_test id=\"{reference}\"");
        if document.contains(&is_test) || tests.contains(&is_test) {
            continue;
        }
        let (name, state) = meaning(comment);
        let (object, named) = (format!("{reference}:obj"), format!("{reference}:ste"));
        writeln!(
            tests,
            r#"<rpminfo_test id="{reference}" check="at least one" comment="x"><object object_ref="{object}"/><state state_ref="{named}"/></rpminfo_test>"#
        )
        .unwrap();
        writeln!(
            objects,
            r#"<rpminfo_object id="{object}"><name>{name}</name></rpminfo_object>"#
        )
        .unwrap();
        writeln!(
            states,
            r#"<rpminfo_state id="{named}">{state}</rpminfo_state>"#
        )
        .unwrap();
    }
    let added = [("tests", tests), ("objects", objects), ("states", states)];
    added
        .into_iter()
        .fold(document.to_owned(), |document, (table, rows)| {
            let end = format!("</{table}>");
            if document.contains(&end) {
                return document.replace(&end, &format!("{rows}{end}"));
            }
            let all = "</oval_definitions>";
            document.replace(all, &format!("<{table}>{rows}{end}{all}"))
        })
}

fn attribute<'t>(element: &'t str, name: &str) -> &'t str {
    let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// Returns the package that a comment is about, and the state that it describes.
fn meaning(comment: &str) -> (&str, String) {
    if let Some((name, version)) = comment.split_once(" is earlier than ") {
        return (name, below(version));
    }
    if let Some((name, _)) = comment.split_once(" is signed with ") {
        let key = "<signature_keyid>0</signature_keyid>";
        return (name, key.to_owned());
    }
    let installed = comment.strip_suffix(" is installed").unwrap();
    if installed.contains(' ') {
        let any = r#"<version operation="pattern match">.*</version>"#;
        return ("a-release", any.to_owned());
    }
    let (rest, release) = installed.rsplit_once('-').unwrap();
    let (name, version) = rest.rsplit_once('-').unwrap();
    (name, below(&format!("0:{version}-{release}")))
}

fn below(version: &str) -> String {
    format!(r#"<evr datatype="evr_string" operation="less than">{version}</evr>"#)
}
