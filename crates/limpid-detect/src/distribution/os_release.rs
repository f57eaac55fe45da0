use std::collections::BTreeMap;

use super::Facts;

/// A parsed os-release(5) file: shell-like assignments, of which limpid takes every readable one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease(BTreeMap<String, String>);

impl OsRelease {
    /// Parses the text. Lines that are no assignment are passed over; of a repeated key the last
    /// value counts, as it does in a shell.
    pub fn parse(text: &str) -> Self {
        let mut values = BTreeMap::new();
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            if let Some((key, value)) = line.split_once('=') {
                values.insert(key.trim().to_owned(), unquote(value.trim()));
            }
        }
        Self(values)
    }

    /// Returns the value of a key, empty when it is absent.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Iterates over all assignments in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Takes off quotes and backslashes as a shell would.
///
/// A quote that is never closed is taken literally at the start: a corrupt file of old distroless
/// images has such lines, and the rest of them is right.
fn unquote(value: &str) -> String {
    let inner = match value.as_bytes() {
        [b'"', middle @ .., b'"'] | [b'\'', middle @ .., b'\''] => {
            value.get(1..=middle.len()).unwrap_or_default()
        }
        _ => value.trim_matches(['"', '\'']),
    };
    if value.starts_with('\'') || !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    plain
}

/// Takes the facts out of os-release, with the help of older files where it is silent.
pub(super) fn facts<'a>(
    release: &OsRelease,
    text: &impl Fn(&'static str) -> Option<&'a str>,
) -> Facts {
    let version = release.get("VERSION");
    let mut code_name = release.get("VERSION_CODENAME").to_owned();
    if code_name.is_empty() {
        in_parentheses(version).clone_into(&mut code_name);
    }
    let mut facts = Facts {
        id: release.get("ID").to_ascii_lowercase(),
        name: release.get("NAME").to_owned(),
        version: version.to_owned(),
        version_id: release.get("VERSION_ID").to_owned(),
        code_name,
        pretty_name: release.get("PRETTY_NAME").to_owned(),
        cpe: release.get("CPE_NAME").to_owned(),
    };
    // Ubuntu before 16.04 gives its code name only in words, "Vivid Vervet"; the older file has it.
    if facts.id == "ubuntu" && facts.code_name.is_empty() {
        let lsb = OsRelease::parse(text("etc/lsb-release").unwrap_or_default());
        lsb.get("DISTRIB_CODENAME").clone_into(&mut facts.code_name);
    }
    // Debian's testing and sid have no version; `debian_version` says "forky/sid".
    if facts.id == "debian" && facts.version_id.is_empty() && facts.code_name.is_empty() {
        let line = text("etc/debian_version").unwrap_or_default().trim();
        line.split('/')
            .next()
            .unwrap_or_default()
            .clone_into(&mut facts.code_name);
    }
    // CentOS 7 and older name only the major version here, the older file the full one.
    if facts.id == "centos"
        && let Some(full) =
            super::legacy::version_of(text("etc/centos-release").unwrap_or_default())
    {
        full.clone_into(&mut facts.version);
    }
    if let Some((_, base)) = CORE_OS.iter().find(|(id, _)| *id == facts.id) {
        (*base).clone_into(&mut facts.id);
        facts.version_id = base_version(release);
    }
    facts
}

/// Systems for nodes of `OpenShift`, whose own version is that of `OpenShift`, and the distributions
/// whose packages they have.
const CORE_OS: [(&str, &str); 2] = [("rhcos", "rhel"), ("scos", "centos")];

/// Returns the version of the distribution that such a system is made from: `9.4` or `9`.
fn base_version(release: &OsRelease) -> String {
    let version = release.get("RHEL_VERSION");
    if !version.is_empty() {
        return version.to_owned();
    }
    // `platform:el9`, or `cpe:/o:redhat:enterprise_linux:9::coreos`
    let platform = release.get("PLATFORM_ID").strip_prefix("platform:el");
    let of_cpe = || release.get("CPE_NAME").split(':').nth(4);
    platform.or_else(of_cpe).unwrap_or_default().to_owned()
}

/// Returns a single word in parentheses: the code name in `12 (bookworm)`.
pub(super) fn in_parentheses(text: &str) -> &str {
    let Some((_, rest)) = text.split_once('(') else {
        return "";
    };
    let word = rest.split(')').next().unwrap_or_default();
    if word.contains(' ') { "" } else { word }
}
