//! Module streams of AlmaLinux and Rocky Linux.
//!
//! Several streams of a module (`nodejs:18`, `nodejs:20`) have packages of the same names, and a
//! fix of one stream says nothing about another. An entry tells them apart in its summary only
//! ("Important: nodejs:18 security update"); that a package is modular shows in its version, which
//! the build system marks with `.module_el8…` or `.module+el8…`.

/// What a version of a modular package contains.
const MARKS: [&str; 2] = [".module_el", ".module+el"];

/// How many streams a summary may name before it is no such list.
const MAX_STREAMS: usize = 8;

/// Tells whether a version is that of a package in a module.
pub(super) fn is_modular(version: &str) -> bool {
    MARKS.iter().any(|mark| version.contains(mark))
}

/// Returns the streams that a summary names, as `name:stream`, each once.
pub(super) fn streams(summary: &str) -> Vec<&str> {
    let mut streams: Vec<&str> = Vec::new();
    for word in summary.split([' ', ',', ';', '(', ')']) {
        if !is_stream(word) || streams.contains(&word) {
            continue;
        }
        if streams.len() == MAX_STREAMS {
            return Vec::new();
        }
        streams.push(word);
    }
    streams
}

fn is_stream(word: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    word.split_once(':')
        .is_some_and(|(name, stream)| is_name(name) && is_name(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_in_the_version_makes_a_package_modular() {
        assert!(is_modular("1:18.12.1-2.module_el8.7.0+3370+40ccb2a8"));
        assert!(is_modular("0:2.7.0-10.module+el8.4.0+570+c2eaf144"));
        assert!(!is_modular("2:1.18.1-1.el10_0"));
    }

    #[test]
    fn the_summary_names_the_streams() {
        for (summary, expected) in [
            ("Important: nodejs:18 security update", &["nodejs:18"][..]),
            (
                "container-tools:rhel8 security update",
                &["container-tools:rhel8"],
            ),
            (
                "Moderate: virt:rhel and virt-devel:rhel security update",
                &["virt:rhel", "virt-devel:rhel"],
            ),
            ("Low: perl:5.32, perl:5.32 and more", &["perl:5.32"]),
            ("Moderate: go-toolset security update", &[]),
            ("Important: varnish security update", &[]),
            ("a: :b c::d e:f:g", &[]),
            ("1:1 1:2 1:3 1:4 1:5 1:6 1:7 1:8 1:9", &[]),
        ] {
            assert_eq!(streams(summary), expected, "{summary}");
        }
    }
}
