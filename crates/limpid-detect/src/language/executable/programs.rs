//! Well-known programs that no package manager installed, by what their binaries say.
//!
//! A row names the files that a program is in, and the texts that have its version. The names are
//! those of Bitnami's database, or the usual ones where it does not have the program. What a text
//! says is derived: it may be a patched version, and a program that says it of another would
//! deceive. Files of the distribution's packages are judged by these.

use std::sync::OnceLock;

use limpid_types::{Confidence, Ecosystem, PackageRecord};
use regex::bytes::Regex;

use super::super::{Found, Path};
use super::image::Image;
use super::sought_text;

struct Program {
    name: &'static str,
    /// Names of files; `*` stands for anything, `#` for a digit.
    files: &'static [&'static str],
    /// Patterns whose group `v` is the version, best first.
    texts: &'static [&'static str],
    /// The same, ready for the search, once a file asked for it.
    patterns: OnceLock<Vec<Regex>>,
}

const fn program(
    name: &'static str,
    files: &'static [&'static str],
    texts: &'static [&'static str],
) -> Program {
    Program {
        name,
        files,
        texts,
        patterns: OnceLock::new(),
    }
}

static PROGRAMS: [Program; 29] = [
    program(
        "apache",
        &["httpd", "apache2"],
        &[r"Apache/(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "bash",
        &["bash"],
        &[r"@\(#\)Bash version (?<v>\d+\.\d+\.\d+)\("],
    ),
    program(
        "busybox",
        &["busybox", "busybox.*", "busybox-*"],
        &[r"BusyBox v(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "curl",
        &["curl", "libcurl.so*", "libcurl-*.so*"],
        &[r"(?:^|\x00)(?:lib)?curl/(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "envoy",
        &["envoy"],
        &[r"[0-9a-f]{40}/(?<v>\d+\.\d+\.\d+)/(?:Clean|Modified)/"],
    ),
    program(
        "erlang",
        &["beam.smp", "beam"],
        &[
            r"(?:^|\x00)(?<v>\d+\.\d+(?:\.\d+){0,3})\x00+Erlang/OTP",
            r"/(?:otp_src_|otp-|erlang-)(?<v>\d+\.\d+(?:\.\d+){0,3})[^/\x00]*/erts/",
        ],
    ),
    program(
        "expat",
        &["libexpat.so*"],
        &[r"(?:^|\x00)expat_(?<v>\d+\.\d+\.\d+)\x00"],
    ),
    program(
        "git",
        &["git"],
        &[
            r"(?:^|\x00)git/(?<v>\d+\.\d+\.\d+)\x00",
            r"(?:^|\x00)(?<v>2\.\d+\.\d+)\x00",
        ],
    ),
    program(
        "haproxy",
        &["haproxy"],
        &[
            r"HA-?Proxy version (?<v>\d+\.\d+\.\d+)",
            r"version (?<v>\d+\.\d+\.\d+)[^ ,\x00]*, released 20\d\d/",
        ],
    ),
    program(
        "java",
        &["libjvm.so"],
        &[r" JRE \((?<v>(?:9|[1-9]\d)(?:\.\d+)*)"],
    ),
    program(
        "julia",
        &["libjulia-internal.so*"],
        &[r"__init__\x00(?<v>\d+\.\d+\.\d+)\x00verify"],
    ),
    program(
        "lighttpd",
        &["lighttpd"],
        &[r"(?:^|\x00)lighttpd/(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "mariadb",
        &[
            "mariadbd",
            "mysqld",
            "mariadb",
            "libmariadb.so*",
            "libmariadbd.so*",
        ],
        &[r"(?:^|\x00)(?:5\.5\.5-)?(?<v>\d+\.\d+\.\d+)-MariaDB"],
    ),
    program(
        "memcached",
        &["memcached"],
        &[r"(?:^|\x00)memcached (?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "mongodb",
        &["mongod", "mongos"],
        &[r"(?:^|\x00)(?<v>[3-9]\.\d+\.\d+)\x00+(?:tcmalloc|heap_size|cppdefines)"],
    ),
    program(
        "mysql",
        &["mysqld", "mysql"],
        &[r"/mysql-(?<v>[5-9]\.\d+\.\d+)/"],
    ),
    program(
        "nginx",
        &["nginx"],
        &[r"(?:^|\x00)nginx version: (?:nginx|openresty)/(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "node",
        &["node", "nodejs", "libnode.so*"],
        &[
            r"node\.js/v(?<v>\d+\.\d+\.\d+)",
            r"/download/release/v(?<v>\d+\.\d+\.\d+)/node-v",
            r"(?:^|\x00)node v(?<v>\d+\.\d+\.\d+)\x00",
        ],
    ),
    program(
        "openssl",
        &["openssl", "libcrypto.so*", "libssl.so*"],
        &[r"(?:^|\x00)OpenSSL (?<v>\d+\.\d+\.\d+[a-z]{0,2})[ -][^\x00]*\d{4}\x00"],
    ),
    program(
        "perl",
        &["perl", "perl5.*", "libperl.so*"],
        &[
            r"(?:^|\x00)v(?<v>5\.\d+\.\d+)\x00",
            r"/(?<v>5\.\d+\.\d+)/[a-z0-9_]+-linux",
        ],
    ),
    program(
        "php",
        &[
            "php",
            "php#.#",
            "php-fpm",
            "php-fpm#.#",
            "php-cgi*",
            "libphp*.so*",
        ],
        &[r"X-Powered-By: PHP/(?<v>\d+\.\d+\.\d+)"],
    ),
    program(
        "postgresql",
        &["postgres", "psql", "libpq.so*"],
        &[
            r"(?:^|\x00)PostgreSQL (?<v>\d+\.\d+(?:\.\d+)?)",
            r"\(PostgreSQL\) (?<v>\d+\.\d+(?:\.\d+)?)\n",
        ],
    ),
    program(
        "python",
        &["python#.#*", "libpython#.#*.so*"],
        &[r"\b(?<v>[23]\.\d+\.\d+)\+?\x00"],
    ),
    program(
        "redis",
        &["redis-server", "redis-cli"],
        &[
            r"[^0-9.](?<v>\d+\.\d+\.\d+)[A-Za-z][A-Za-z0-9-]*-\d{10}\d*",
            r"[^0-9.](?<v>\d+\.\d+\.\d+)[0-9a-f]{12}-\d{10}\d*",
            r"(?:^|\x00)(?<v>\d+\.\d+\.\d+)\x00(?:(?:c11|atomic|sync)-builtin| \(git:)",
            r"Redis version (?<v>\d+\.\d+\.\d+)",
        ],
    ),
    program(
        "ruby",
        &["ruby", "ruby#.#", "libruby.so*", "libruby-*.so*"],
        &[r"ruby (?<v>\d+\.\d+\.\d+)(?:p\d+)? \(\d{4}-"],
    ),
    program(
        "sqlite",
        &["sqlite3", "libsqlite3.so*"],
        &[r"(?:^|\x00)(?<v>3\.\d+\.\d+)\x00"],
    ),
    program(
        "valkey",
        &["valkey-server", "valkey-cli"],
        &[r"[^0-9.](?<v>\d+\.\d+\.\d+)[A-Za-z][A-Za-z0-9-]*-\d{10}\d*"],
    ),
    program(
        "xz",
        &["xz", "liblzma.so*"],
        &[
            r"xz \(XZ Utils\) (?<v>\d+\.\d+\.\d+)",
            r"(?:^|\x00)(?<v>5\.\d+\.\d+)\x00",
        ],
    ),
    program(
        "zlib",
        &["libz.so*"],
        &[r" (?:de|in)flate (?<v>1\.\d+\.\d+(?:\.\d+)?) Copyright"],
    ),
];

/// Looks for the versions of the programs that a file may be.
pub(super) fn read(image: &Image<'_>, path: &Path<'_>, found: &mut Found<'_>) {
    let name = path.name.strip_suffix(".exe").unwrap_or(path.name);
    for program in &PROGRAMS {
        if program.files.iter().any(|pattern| is_like(pattern, name)) {
            find(program, image, name, found);
        }
    }
}

fn find(program: &Program, image: &Image<'_>, name: &str, found: &mut Found<'_>) {
    let patterns = program
        .patterns
        .get_or_init(|| sought_text::compile(program.texts));
    // A library says the versions of others, too.
    let release = release_in(name).map(|release| format!("{release}."));
    let fits = |version: &str| {
        let release = release.as_deref().filter(|_| program.name == "python");
        release.is_none_or(|release| version.starts_with(release))
    };
    if let Some(version) = sought_text::find(image, patterns, fits) {
        found.package(PackageRecord {
            name: program.name.to_owned(),
            version,
            ecosystem: Some(Ecosystem::Program),
            confidence: Confidence::Derived,
            ..PackageRecord::default()
        });
    }
}

/// Tells whether a name is what a pattern with `*` for anything and `#` for a digit stands for.
fn is_like(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // Where to go on when what was tried after a star is not there.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([], []) => return true,
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, name));
                pattern = rest;
            }
            ([expected, rest @ ..], [byte, others @ ..])
                if expected == byte || (*expected == b'#' && byte.is_ascii_digit()) =>
            {
                (pattern, name) = (rest, others);
            }
            _ => match retry {
                Some((rest, [_, others @ ..])) => {
                    retry = Some((rest, others));
                    (pattern, name) = (rest, others);
                }
                _ => return false,
            },
        }
    }
}

/// Returns the release in the name of a file, `3.11` of `libpython3.11.so.1.0`.
fn release_in(name: &str) -> Option<&str> {
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let rest = name.get(start..)?;
    let (major, minor) = rest.split_once('.')?;
    let minor = minor
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(minor.len());
    rest.get(..major.len() + 1 + minor)
}

#[cfg(test)]
mod tests {
    use super::{PROGRAMS, is_like, release_in};
    use crate::language::executable::sought_text;

    #[test]
    fn every_text_is_a_pattern_with_a_version() {
        for program in &PROGRAMS {
            let patterns = sought_text::compile(program.texts);
            assert_eq!(patterns.len(), program.texts.len(), "{}", program.name);
            for pattern in patterns {
                assert!(pattern.capture_names().flatten().eq(["v"]), "{pattern}");
            }
        }
    }

    #[test]
    fn a_star_stands_for_anything_and_a_hash_for_a_digit() {
        for (pattern, name) in [
            ("nginx", "nginx"),
            ("libz.so*", "libz.so"),
            ("libz.so*", "libz.so.1.2"),
            ("python#.#*", "python3.11"),
            ("lib*.so*", "liba.so.so"),
        ] {
            assert!(is_like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("nginx", "nginx-debug"),
            ("nginx", ""),
            ("python#.#*", "python3-config"),
            ("lib*.so", "lib.so.1"),
        ] {
            assert!(!is_like(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_release_in_the_name_of_a_file_has_two_numbers() {
        assert_eq!(release_in("libpython3.11.so.1.0"), Some("3.11"));
        assert_eq!(release_in("python3.9"), Some("3.9"));
        for name in ["python", "python3", "libz.so"] {
            assert_eq!(release_in(name), None, "{name}");
        }
    }
}
