use super::Facts;
use super::os_release::in_parentheses;

/// Release files of one line, `NAME release VERSION (CODE NAME)`, with the id that they stand for.
///
/// The order matters: derivatives also carry the file of what they derive from, so the file of the
/// derivative is asked first.
const ONE_LINERS: [(&str, &str, &str); 16] = [
    ("etc/oracle-release", "oracle", "ol"),
    ("etc/enterprise-release", "enterprise", "ol"),
    ("etc/almalinux-release", "alma", "almalinux"),
    ("etc/rocky-release", "rocky", "rocky"),
    ("etc/centos-release", "centos", "centos"),
    ("etc/fedora-release", "fedora", "fedora"),
    ("usr/lib/fedora-release", "fedora", "fedora"),
    ("etc/mageia-release", "mageia", "mageia"),
    ("etc/openEuler-release", "openeuler", "openeuler"),
    ("etc/photon-release", "photon", "photon"),
    ("etc/mariner-release", "mariner", "mariner"),
    ("etc/azurelinux-release", "azure", "azurelinux"),
    ("etc/bottlerocket-release", "bottlerocket", "bottlerocket"),
    ("etc/gentoo-release", "gentoo", "gentoo"),
    ("etc/slackware-version", "slackware", "slackware"),
    ("etc/system-release", "amazon", "amzn"),
];

/// Files whose line names one of several distributions.
const SHARED: [&str; 3] = [
    "etc/redhat-release",
    "usr/lib/redhat-release",
    "usr/lib/system-release",
];

/// Words in a shared file, with the id that they stand for.
const SHARED_NAMES: [(&str, &str); 9] = [
    ("centos", "centos"),
    ("rocky", "rocky"),
    ("almalinux", "almalinux"),
    ("oracle", "ol"),
    ("enterprise linux enterprise linux", "ol"),
    ("fedora", "fedora"),
    ("amazon", "amzn"),
    ("mageia", "mageia"),
    ("red hat enterprise linux", "rhel"),
];

/// Takes the facts out of the files that distributions had before os-release(5).
pub(super) fn facts<'a>(text: &impl Fn(&'static str) -> Option<&'a str>) -> Option<Facts> {
    for (path, word, id) in ONE_LINERS {
        if let Some(line) = text(path)
            && line.to_lowercase().contains(word)
        {
            return Some(one_line(id, line));
        }
    }
    for path in SHARED {
        let Some(line) = text(path) else { continue };
        let lower = line.to_lowercase();
        if let Some((_, id)) = SHARED_NAMES.iter().find(|(word, _)| lower.contains(word)) {
            return Some(one_line(id, line));
        }
    }
    if let Some(line) = text("etc/SuSE-release") {
        return Some(suse(line));
    }
    if let Some(line) = text("etc/alpine-release") {
        return Some(simple("alpine", "Alpine Linux", line.trim()));
    }
    if let Some(facts) = text("etc/lsb-release")
        .and_then(lsb)
        .or_else(|| text("etc/openwrt_release").and_then(lsb))
    {
        return Some(facts);
    }
    if let Some(line) = text("etc/debian_version") {
        return Some(debian(line.trim()));
    }
    if text("etc/arch-release").is_some() {
        return Some(simple("arch", "Arch Linux", ""));
    }
    if text("etc/void-release").is_some() {
        return Some(simple("void", "Void", ""));
    }
    if let Some(cpe) = text("etc/system-release-cpe") {
        return system_release_cpe(cpe.trim());
    }
    issue(text("etc/issue")?)
}

/// Returns the version in a line `NAME release VERSION …` or `NAME VERSION`.
pub(super) fn version_of(line: &str) -> Option<&str> {
    line.split_ascii_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

fn simple(id: &str, name: &str, version: &str) -> Facts {
    Facts {
        id: id.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        version_id: version.to_owned(),
        pretty_name: format!("{name} {version}").trim().to_owned(),
        ..Facts::default()
    }
}

fn one_line(id: &str, text: &str) -> Facts {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    let version = version_of(line).unwrap_or_default();
    let name = line
        .split(" release ")
        .next()
        .unwrap_or_default()
        .split(version.chars().next().unwrap_or('\n'))
        .next()
        .unwrap_or_default();
    Facts {
        code_name: in_parentheses(line).to_owned(),
        pretty_name: line.to_owned(),
        ..simple(id, name.trim(), version)
    }
}

/// `SUSE Linux Enterprise Server 11 (x86_64)`, then `VERSION = 11` and `PATCHLEVEL = 4`.
fn suse(text: &str) -> Facts {
    let field = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim() == key)
            .map_or("", |(_, value)| value.trim())
    };
    let first = text.lines().next().unwrap_or_default();
    let id = if first.to_lowercase().contains("opensuse") {
        "opensuse"
    } else {
        "sles"
    };
    let version = match (field("VERSION"), field("PATCHLEVEL")) {
        (version, "" | "0") => version.to_owned(),
        (version, _) if version.contains('.') => version.to_owned(),
        (version, level) => format!("{version}.{level}"),
    };
    let name = first
        .split(|c: char| c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    Facts {
        code_name: field("CODENAME").to_owned(),
        ..simple(id, name.trim(), &version)
    }
}

fn lsb(text: &str) -> Option<Facts> {
    let release = super::OsRelease::parse(text);
    let name = release.get("DISTRIB_ID");
    if name.is_empty() {
        return None;
    }
    Some(Facts {
        code_name: release.get("DISTRIB_CODENAME").to_owned(),
        pretty_name: release.get("DISTRIB_DESCRIPTION").to_owned(),
        ..simple(
            &name.to_ascii_lowercase(),
            name,
            release.get("DISTRIB_RELEASE"),
        )
    })
}

/// `6.0.10` in a release, `trixie/sid` before it.
fn debian(line: &str) -> Facts {
    if line.starts_with("kali") {
        return simple("kali", "Kali Linux", "");
    }
    let version = line.split('.').next().unwrap_or_default();
    if version.bytes().all(|byte| byte.is_ascii_digit()) {
        return simple("debian", "Debian GNU/Linux", version);
    }
    Facts {
        code_name: line.split('/').next().unwrap_or_default().to_owned(),
        pretty_name: format!("Debian GNU/Linux {line}"),
        ..simple("debian", "Debian GNU/Linux", "")
    }
}

/// `cpe:/o:amazon:linux:2017.09:ga`
fn system_release_cpe(cpe: &str) -> Option<Facts> {
    let mut parts = cpe.split(':').skip(2);
    let (vendor, product, version) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
    let id = match (vendor, product) {
        ("amazon", _) => "amzn",
        ("redhat", "enterprise_linux") => "rhel",
        ("oracle", "linux") => "ol",
        ("centos", _) => "centos",
        ("fedoraproject", _) => "fedora",
        _ => return None,
    };
    Some(Facts {
        cpe: cpe.to_owned(),
        ..simple(id, product, version)
    })
}

/// The greeting before a login, the last resort.
fn issue(text: &str) -> Option<Facts> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    if let Some((_, rest)) = line.split_once("Alpine Linux ") {
        let version = rest.split_ascii_whitespace().next().unwrap_or_default();
        let mut facts = simple("alpine", "Alpine Linux", version);
        if line.contains("(edge)") {
            "Alpine Linux edge".clone_into(&mut facts.pretty_name);
        }
        return Some(facts);
    }
    let lower = line.to_lowercase();
    for (word, id) in [
        ("oracle linux", "ol"),
        ("enterprise linux enterprise linux", "ol"),
        ("red hat enterprise linux", "rhel"),
        ("centos", "centos"),
        ("debian", "debian"),
        ("ubuntu", "ubuntu"),
    ] {
        if lower.contains(word) {
            return Some(one_line(id, line));
        }
    }
    None
}
