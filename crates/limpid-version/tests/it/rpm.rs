use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use limpid_version::Scheme::Rpm;
use limpid_version::{Evr, Nevra};

use crate::{assert_ascending, assert_equal, generated_pairs, order};

// rpm-version(7) and `rpmvercmp`.

#[test]
fn segments_of_digits_are_numbers() {
    assert_ascending(Rpm, &["1.2", "1.9", "1.10", "1.100", "2"]);
    assert_equal(Rpm, &["1.05", "1.5", "1.005"]);
}

#[test]
fn separators_only_separate() {
    assert_equal(Rpm, &["1.2", "1_2", "1+2", "1..2", ".1.2.", "1.2é"]);
    assert_equal(Rpm, &["1a", "1.a"]);
    assert_ascending(Rpm, &["a.b", "ab"]);
}

#[test]
fn letters_are_below_digits_and_above_the_end() {
    assert_ascending(Rpm, &["1", "1.a", "1.b", "1.0"]);
    assert_ascending(Rpm, &["1.A", "1.a", "1.aa"]);
    assert_ascending(Rpm, &["5.5p1", "5.5p2", "5.5p10", "5.5.1"]);
}

#[test]
fn a_tilde_is_below_the_end() {
    assert_ascending(
        Rpm,
        &["1.0~~", "1.0~", "1.0~rc1~git1", "1.0~rc1", "1.0", "1.0a"],
    );
}

#[test]
fn a_caret_is_above_the_end_and_below_segments() {
    assert_ascending(
        Rpm,
        &[
            "1.0", "1.0^", "1.0^git1", "1.0^git2", "1.0^2", "1.0a", "1.0.1",
        ],
    );
    assert_ascending(
        Rpm,
        &["1.0~rc1", "1.0~rc1^git1", "1.0", "1.0^git1~pre", "1.0^git1"],
    );
}

#[test]
fn epochs_come_first_and_an_absent_one_is_zero() {
    assert_ascending(Rpm, &["99-1", "1:2-1", "1:10-1", "2:1-1", "10:0-1"]);
    assert_equal(Rpm, &["1-1", "0:1-1", ":1-1", "000:1-1"]);
}

#[test]
fn a_colon_that_does_not_follow_digits_belongs_to_the_version() {
    let evr = Evr::parse("1.m+e2:1").unwrap();
    assert_eq!(
        (evr.epoch, evr.version, evr.release),
        (None, "1.m+e2:1", None)
    );
    assert_ascending(Rpm, &["1.m+e2:1-1", "4.m+e1:1-1", "1:0-1"]);
}

#[test]
fn the_release_follows_the_last_dash() {
    let evr = Evr::parse("3:1-2-4.el9").unwrap();
    assert_eq!(
        (evr.epoch, evr.version, evr.release),
        (Some("3"), "1-2", Some("4.el9"))
    );
    assert_ascending(
        Rpm,
        &["1.0-1.el9", "1.0-1.el9_2", "1.0-2.el8", "1.0.1-1.el9"],
    );
}

// `rpmverCmp`, which orders installed packages.
#[test]
fn an_absent_release_is_below_every_release() {
    assert_ascending(Rpm, &["1", "1-~", "1-", "1-0", "1-1", "1.1"]);
}

// `rpmdsCompare`, which tells whether a package satisfies a dependency.
#[test]
fn a_bound_without_release_equals_every_release() {
    let against = |version, bound| Rpm.compare_bound(version, bound).unwrap();
    for version in ["1.2", "1.2-0", "1.2-9.el9", "0:1.2-~"] {
        assert_eq!(against(version, "1.2"), Ordering::Equal, "{version}");
    }
    assert_eq!(against("1.2-9.el9", "1.2-"), Ordering::Equal);
    assert_eq!(against("1.1-9", "1.2"), Ordering::Less);
    assert_eq!(against("1.3-0", "1.2"), Ordering::Greater);
    assert_eq!(against("1:1.2-1", "1.2"), Ordering::Greater);
    assert_eq!(against("1.2-1", "1.2-2"), Ordering::Less);
}

#[test]
fn a_version_without_release_is_below_a_bound_with_one() {
    assert_eq!(Rpm.compare_bound("1.2", "1.2-2"), Ok(Ordering::Less));
}

#[test]
fn a_package_name_is_split_into_its_parts() {
    let parts = |text| {
        let nevra = Nevra::parse(text).unwrap();
        let evr = nevra.evr;
        (
            nevra.name,
            evr.epoch,
            evr.version,
            evr.release,
            nevra.architecture,
        )
    };
    assert_eq!(
        parts("python3-libs-0:3.9.18-3.el9_4.6.x86_64"),
        (
            Some("python3-libs"),
            Some("0"),
            "3.9.18",
            Some("3.el9_4.6"),
            Some("x86_64")
        )
    );
    assert_eq!(
        parts("bash-5.1.8-6.el9.src.rpm"),
        (Some("bash"), None, "5.1.8", Some("6.el9"), Some("src"))
    );
    assert_eq!(
        parts("1:2.0-1.noarch"),
        (None, Some("1"), "2.0", Some("1"), Some("noarch"))
    );
    assert_eq!(
        parts("foo-1-0.alpha"),
        (Some("foo"), None, "1", Some("0.alpha"), None)
    );
    assert_eq!(parts("-1-2"), (Some(""), None, "1", Some("2"), None));
}

#[test]
fn a_package_name_without_a_release_is_refused() {
    for text in ["bash", "5.1", "1:5.1", "bash.x86_64"] {
        let error = Nevra::parse(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid rpm version, no release: {text:?}")
        );
    }
    assert_eq!(Nevra::parse("").unwrap_err().cause, "empty");
}

#[test]
fn every_architecture_is_recognised() {
    for architecture in [
        "aarch64", "i686", "noarch", "ppc64le", "riscv64", "s390x", "src", "x86_64",
    ] {
        let text = format!("a-1-1.{architecture}");
        let nevra = Nevra::parse(&text).unwrap();
        assert_eq!(nevra.architecture, Some(architecture));
    }
}

#[test]
fn packages_are_ordered_by_name_then_version_then_architecture() {
    let texts = [
        "1-1",
        "2-1",
        "2-1.noarch",
        "2-1.x86_64",
        "a-1-1",
        "a-1-1.noarch",
        "a-1-2",
        "a-1:0-1",
        "b-1-1",
    ];
    let packages = texts.map(|text| Nevra::parse(text).unwrap());
    for (index, left) in packages.iter().enumerate() {
        for (other, right) in packages.iter().enumerate() {
            assert_eq!(left.compare(right), index.cmp(&other), "{left:?} {right:?}");
        }
    }
}

#[test]
fn rpm_orders_generated_versions_alike() {
    let text = "([01]?:)?[0-2abA.~^_+é]{1,6}(-[0-2a~^.]{0,3})?";
    let pairs = generated_pairs(proptest::string::string_regex(text).unwrap(), 4000);
    let answers = rpm_answers(&pairs);
    for ((left, right), answer) in pairs.iter().zip(answers) {
        assert_eq!(
            order(Rpm, left, right),
            answer,
            "{left:?} against {right:?}"
        );
    }
}

/// Has rpm compare all pairs in one process.
fn rpm_answers(pairs: &[(String, String)]) -> Vec<Ordering> {
    const SCRIPT: &str = "%{lua:
        for line in io.stdin:lines() do
            local blank = line:find(' ', 1, true)
            io.write(rpm.vercmp(line:sub(1, blank - 1), line:sub(blank + 1)), '\\n')
        end}";
    let mut lines = String::new();
    for (left, right) in pairs {
        writeln!(lines, "{left} {right}").unwrap();
    }
    let mut rpm = Command::new("rpm")
        .args(["--eval", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs rpm: install Debian's package rpm");
    // The answers, two or three bytes each, fit into a pipe, so writing all pairs first does not block.
    rpm.stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = rpm.wait_with_output().unwrap();
    assert!(output.status.success(), "rpm failed: {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Ordering> = text
        .split_whitespace()
        .map(|answer| answer.parse::<i32>().unwrap().cmp(&0))
        .collect();
    assert_eq!(answers.len(), pairs.len(), "answers of rpm");
    answers
}
