use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::Scheme;

/// How many vulnerabilities there are.
const VULNERABILITIES: u64 = 150_000;
/// In how many namespaces each of them is.
const NAMESPACES_EACH: u64 = 10;
/// How many namespaces there are.
const NAMESPACES: u64 = 30;
/// How many packages there are; some have thousands of vulnerabilities and most only a few.
const PACKAGES: u64 = 12_000;
/// How many words the descriptions are made of.
const WORDS: u64 = 3_000;

/// The namespace that is asked in the measurement.
pub(crate) const NAMESPACE: &str = "debian:bookworm";

/// The releases of Debian among the namespaces.
const DEBIAN: [&str; 10] = [
    "lenny", "squeeze", "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie",
    "forky",
];

const WEAKNESSES: [&str; 8] = [
    "heap-based buffer overflow",
    "use-after-free",
    "NULL pointer dereference",
    "out-of-bounds read",
    "improper input validation issue",
    "race condition",
    "integer overflow",
    "path traversal vulnerability",
];
const IMPACTS: [&str; 6] = [
    "cause a denial of service (application crash)",
    "execute arbitrary code",
    "obtain sensitive information from process memory",
    "bypass intended access restrictions",
    "gain privileges",
    "write to arbitrary files",
];
const SYLLABLES: [&str; 24] = [
    "al", "ba", "cor", "de", "en", "fi", "ga", "hel", "in", "jo", "kra", "li", "mo", "net", "or",
    "pa", "qui", "ra", "sto", "te", "un", "ver", "xi", "zo",
];

/// Numbers that look random and are the same on every run (`SplitMix64`).
struct Random(u64);

impl Random {
    /// Starts a sequence that belongs to a subject.
    fn about(subject: u64, kind: u64) -> Self {
        Self(subject.wrapping_mul(0xd134_2543_de82_ef95) ^ kind.rotate_left(40))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Returns a number below the limit, small ones much more often: number `n` comes up about
    /// in proportion to `1 / n`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rough distribution of small numbers"
    )]
    fn skewed(&mut self, limit: u64) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((limit as f64).powf(unit) as u64 - 1).min(limit - 1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or_default()]
    }
}

/// Makes the advisories, vulnerability by vulnerability.
#[derive(Default)]
pub(crate) struct Generator {
    next: u64,
}

impl Iterator for Generator {
    type Item = Advisory;

    fn next(&mut self) -> Option<Advisory> {
        let number = self.next;
        self.next += 1;
        let (turn, vulnerability) = (number / VULNERABILITIES, number % VULNERABILITIES);
        (turn < NAMESPACES_EACH).then(|| advisory(vulnerability, turn))
    }
}

/// Returns names of packages, as many as an image has.
pub(crate) fn image_names(count: usize) -> Vec<String> {
    let mut random = Random::about(7, 7);
    let mut names = std::collections::BTreeSet::new();
    while names.len() < count {
        names.insert(package_name(random.below(PACKAGES)));
    }
    names.into_iter().collect()
}

fn advisory(vulnerability: u64, turn: u64) -> Advisory {
    let mut shared = Random::about(vulnerability, 1);
    let package = shared.skewed(PACKAGES);
    let severity_number = shared.below(6);
    let vector_seed = shared.below(400);
    let namespace_number = (shared.below(NAMESPACES) + turn * 3) % NAMESPACES;
    let mut own = Random::about(vulnerability, 100 + namespace_number);
    let severity = Severity::ALL
        .into_iter()
        .nth(usize::try_from(severity_number).unwrap_or_default())
        .unwrap_or_default();
    let (namespace, scheme) = namespace(namespace_number);
    let status = match own.below(20) {
        0 => Status::NotAffected,
        1 => Status::UnderInvestigation,
        2 => Status::WillNotFix,
        _ => Status::Affected,
    };
    let repository = if package.is_multiple_of(4) {
        "community"
    } else {
        "main"
    };
    let versions = match own.below(5) {
        0 => VersionConstraint::any(scheme),
        _ => VersionConstraint::below(scheme, version(&mut own, package, namespace_number)),
    };
    Advisory {
        id: id(vulnerability),
        namespace,
        package: AffectedPackage {
            name: package_name(package),
            kind: PackageKind::Source,
            repository: repository.into(),
            ..AffectedPackage::default()
        },
        status,
        versions,
        rating: Rating {
            text: match namespace_number % 3 {
                0 => vector(vector_seed),
                _ => severity.name().to_lowercase(),
            },
            severity,
        },
        details: details(vulnerability, package),
    }
}

fn id(vulnerability: u64) -> String {
    let per_year = VULNERABILITIES / 15;
    let year = 2010 + vulnerability / per_year;
    format!("CVE-{year}-{:04}", 1 + vulnerability % per_year * 3)
}

fn namespace(number: u64) -> (String, Scheme) {
    let release = number / 3;
    let debian = usize::try_from(release)
        .ok()
        .and_then(|place| DEBIAN.get(place));
    match number % 3 {
        0 => (format!("debian:{}", debian.unwrap_or(&"sid")), Scheme::Dpkg),
        1 => (format!("alpine:3.{}", 10 + release), Scheme::Apk),
        _ => (format!("rhel:{release}"), Scheme::Rpm),
    }
}

fn version(random: &mut Random, package: u64, namespace: u64) -> String {
    let major = package % 9;
    let (minor, patch) = (random.below(12), random.below(20));
    let release = random.below(6);
    match namespace % 3 {
        0 => format!(
            "{major}.{minor}.{patch}-{release}+deb{}u1",
            5 + namespace / 3
        ),
        1 => format!("{major}.{minor}.{patch}-r{release}"),
        _ => format!("0:{major}.{minor}.{patch}-{release}.el{}", namespace / 3),
    }
}

fn vector(seed: u64) -> String {
    let mut random = Random::about(seed, 3);
    format!(
        "CVSS:3.1/AV:{}/AC:{}/PR:{}/UI:{}/S:U/C:{}/I:{}/A:{}",
        random.pick(&["N", "L", "A"]),
        random.pick(&["L", "H"]),
        random.pick(&["N", "L", "H"]),
        random.pick(&["N", "R"]),
        random.pick(&["N", "L", "H"]),
        random.pick(&["N", "L", "H"]),
        random.pick(&["N", "L", "H"]),
    )
}

fn package_name(package: u64) -> String {
    let mut random = Random::about(package, 4);
    let stem = syllables(&mut random, 2);
    match package % 3 {
        0 => format!("lib{stem}{}", random.below(40)),
        1 => format!("{stem}-{}", syllables(&mut random, 2)),
        _ => format!("{stem}{}", syllables(&mut random, 1)),
    }
}

fn syllables(random: &mut Random, count: u64) -> String {
    (0..count).map(|_| random.pick(&SYLLABLES)).collect()
}

fn word(random: &mut Random) -> String {
    let number = random.skewed(WORDS);
    let mut letters = Random::about(number, 5);
    let count = 1 + letters.below(3);
    syllables(&mut letters, count)
}

fn details(vulnerability: u64, package: u64) -> Details {
    let mut random = Random::about(vulnerability, 6);
    let name = package_name(package);
    let mut description = format!(
        "A {} in the {}_{} function in {}.c in {name} before {}.{}.{} allows remote attackers to {} via a crafted {}.",
        random.pick(&WEAKNESSES),
        word(&mut random),
        word(&mut random),
        word(&mut random),
        random.below(9),
        random.below(20),
        random.below(20),
        random.pick(&IMPACTS),
        word(&mut random),
    );
    for _ in 0..random.below(30) {
        description.push(' ');
        description.push_str(&word(&mut random));
    }
    let id = id(vulnerability);
    let mut references = vec![
        format!("https://nvd.nist.gov/vuln/detail/{id}"),
        format!(
            "https://bugzilla.redhat.com/show_bug.cgi?id={}",
            random.below(2_300_000)
        ),
    ];
    if random.below(5) < 2 {
        references.push(format!(
            "https://github.com/{}/{name}/commit/{:016x}{:016x}{:08x}",
            word(&mut random),
            random.next(),
            random.next(),
            random.next() >> 32
        ));
    }
    let date = |random: &mut Random| {
        format!(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:00Z",
            10 + vulnerability / (VULNERABILITIES / 15),
            1 + random.below(12),
            1 + random.below(28),
            random.below(24),
            random.below(60)
        )
    };
    Details {
        aliases: Vec::new(),
        description,
        references,
        published: date(&mut random),
        modified: date(&mut random),
        withdrawn: String::new(),
    }
}
