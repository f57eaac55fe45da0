//! Well-known programs that no package manager installed, by what their binaries say.
//!
//! A row names the files that a program is in, and the texts that have its version. The names are
//! those of Bitnami's database, or the usual ones where it does not have the program. What a text
//! says is derived: it may be a patched version, and a program that says it of another would
//! deceive. Files of the distribution's packages are judged by these.

use limpid_types::{Confidence, Ecosystem, PackageRecord};

use super::super::{Found, Path};
use super::image::Image;
use super::sought_text;

struct Program {
    name: &'static str,
    /// Names of files; `*` stands for anything, `#` for a digit.
    files: &'static [&'static str],
    /// Patterns whose group `v` is the version, best first. `{file}` stands for the release that the
    /// name of the file has.
    texts: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "apache",
        files: &["httpd", "apache2"],
        texts: &[r"Apache/(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "bash",
        files: &["bash"],
        texts: &[r"@\(#\)Bash version (?<v>\d+\.\d+\.\d+)\("],
    },
    Program {
        name: "busybox",
        files: &["busybox", "busybox.*", "busybox-*"],
        texts: &[r"BusyBox v(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "curl",
        files: &["curl", "libcurl.so*", "libcurl-*.so*"],
        texts: &[r"\x00(?:lib)?curl/(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "envoy",
        files: &["envoy"],
        texts: &[r"[0-9a-f]{40}/(?<v>\d+\.\d+\.\d+)/(?:Clean|Modified)/"],
    },
    Program {
        name: "erlang",
        files: &["beam.smp", "beam"],
        texts: &[
            r"\x00(?<v>\d+\.\d+(?:\.\d+){0,3})\x00+Erlang/OTP",
            r"/otp(?:_src_|-)(?<v>\d+\.\d+(?:\.\d+){0,3})/erts/",
        ],
    },
    Program {
        name: "expat",
        files: &["libexpat.so*"],
        texts: &[r"\x00expat_(?<v>\d+\.\d+\.\d+)\x00"],
    },
    Program {
        name: "git",
        files: &["git"],
        texts: &[
            r"\x00git/(?<v>\d+\.\d+\.\d+)\x00",
            r"\x00(?<v>2\.\d+\.\d+)\x00",
        ],
    },
    Program {
        name: "haproxy",
        files: &["haproxy"],
        texts: &[
            r"HA-?Proxy version (?<v>\d+\.\d+\.\d+)",
            r"\x00(?<v>[1-9]\.\d+\.\d+)(?:-[0-9a-f]+)?\x00+20\d\d/\d\d/\d\d\x00",
            r"\x00version (?<v>\d+\.\d+\.\d+)(?:-[0-9a-f]+)?, released 20",
        ],
    },
    Program {
        name: "julia",
        files: &["libjulia-internal.so*"],
        texts: &[r"__init__\x00(?<v>\d+\.\d+\.\d+)\x00verify"],
    },
    Program {
        name: "lighttpd",
        files: &["lighttpd"],
        texts: &[r"\x00lighttpd/(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "mariadb",
        files: &[
            "mariadbd",
            "mysqld",
            "mariadb",
            "libmariadb.so*",
            "libmariadbd.so*",
        ],
        texts: &[r"\x00(?:5\.5\.5-)?(?<v>\d+\.\d+\.\d+)-MariaDB"],
    },
    Program {
        name: "memcached",
        files: &["memcached"],
        texts: &[r"\x00memcached (?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "mongodb",
        files: &["mongod", "mongos"],
        texts: &[r"\x00(?<v>[3-9]\.\d+\.\d+)\x00+(?:tcmalloc|heap_size|cppdefines)"],
    },
    Program {
        name: "mysql",
        files: &["mysqld", "mysql"],
        texts: &[r"/mysql-(?<v>[5-9]\.\d+\.\d+)/"],
    },
    Program {
        name: "nginx",
        files: &["nginx"],
        texts: &[r"\x00nginx version: (?:nginx|openresty)/(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "node",
        files: &["node", "nodejs", "libnode.so*"],
        texts: &[
            r"node\.js/v(?<v>\d+\.\d+\.\d+)",
            r"/download/release/v(?<v>\d+\.\d+\.\d+)/node-v",
            r"\x00node v(?<v>\d+\.\d+\.\d+)\x00",
        ],
    },
    Program {
        name: "openssl",
        files: &["openssl", "libcrypto.so*", "libssl.so*"],
        texts: &[r"\x00OpenSSL (?<v>\d+\.\d+\.\d+[a-z]{0,2})[ -][^\x00]*\d{4}\x00"],
    },
    Program {
        name: "perl",
        files: &["perl", "perl5.*", "libperl.so*"],
        texts: &[r"/(?<v>5\.\d+\.\d+)/[a-z0-9_]+-linux"],
    },
    Program {
        name: "php",
        files: &[
            "php",
            "php#.#",
            "php-fpm",
            "php-fpm#.#",
            "php-cgi*",
            "libphp*.so*",
        ],
        texts: &[r"X-Powered-By: PHP/(?<v>\d+\.\d+\.\d+)"],
    },
    Program {
        name: "postgresql",
        files: &["postgres", "psql", "libpq.so*"],
        texts: &[
            r"\x00PostgreSQL (?<v>\d+\.\d+(?:\.\d+)?)",
            r"\(PostgreSQL\) (?<v>\d+\.\d+(?:\.\d+)?)\n",
        ],
    },
    Program {
        name: "python",
        files: &["python#.#*", "libpython#.#*.so*"],
        texts: &[r"\x00(?<v>{file}\.\d+)\+?\x00"],
    },
    Program {
        name: "redis",
        files: &["redis-server", "redis-cli"],
        texts: &[
            r"[^0-9.](?<v>\d+\.\d+\.\d+)[A-Za-z][A-Za-z0-9-]*-\d{10}\d*",
            r"[^0-9.](?<v>\d+\.\d+\.\d+)[0-9a-f]{12}-\d{10}\d*",
            r"Redis version (?<v>\d+\.\d+\.\d+)",
        ],
    },
    Program {
        name: "ruby",
        files: &["ruby", "ruby#.#", "libruby.so*", "libruby-*.so*"],
        texts: &[r"ruby (?<v>\d+\.\d+\.\d+)(?:p\d+)? \(\d{4}-"],
    },
    Program {
        name: "sqlite",
        files: &["sqlite3", "libsqlite3.so*"],
        texts: &[r"\x00(?<v>3\.\d+\.\d+)\x00"],
    },
    Program {
        name: "valkey",
        files: &["valkey-server", "valkey-cli"],
        texts: &[r"[^0-9.](?<v>\d+\.\d+\.\d+)[A-Za-z][A-Za-z0-9-]*-\d{10}\d*"],
    },
    Program {
        name: "xz",
        files: &["xz", "liblzma.so*"],
        texts: &[
            r"xz \(XZ Utils\) (?<v>\d+\.\d+\.\d+)",
            r"\x00(?<v>5\.\d+\.\d+)\x00",
        ],
    },
    Program {
        name: "zlib",
        files: &["libz.so*"],
        texts: &[r" (?:de|in)flate (?<v>1\.\d+\.\d+(?:\.\d+)?) Copyright"],
    },
];

/// Looks for the versions of the programs that a file may be.
pub(super) fn read(image: &Image<'_>, path: &Path<'_>, found: &mut Found<'_>) {
    let name = path.name.strip_suffix(".exe").unwrap_or(path.name);
    for program in PROGRAMS {
        if program.files.iter().any(|pattern| is_like(pattern, name)) {
            find(program, image, path, found);
        }
    }
}

fn find(program: &Program, image: &Image<'_>, path: &Path<'_>, found: &mut Found<'_>) {
    let release = release_in(path.name).replace('.', r"\.");
    let texts = program.texts.iter();
    let texts: Vec<String> = texts.map(|text| text.replace("{file}", &release)).collect();
    if let Some(version) = sought_text::find(image, &texts) {
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

/// Returns the release in the name of a file, `3.11` of `libpython3.11.so.1.0`, or nothing.
fn release_in(name: &str) -> &str {
    let is_digit = |c: char| c.is_ascii_digit();
    let start = name.find(is_digit).unwrap_or(name.len());
    let rest = name.get(start..).unwrap_or_default();
    let major = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
    let minor = rest.get(major..).and_then(|rest| rest.strip_prefix('.'));
    let Some(minor) = minor else {
        return rest.get(..major).unwrap_or_default();
    };
    let minor = minor.find(|c| !is_digit(c)).unwrap_or(minor.len());
    rest.get(..major + 1 + minor).unwrap_or_default()
}
