use limpid_types::Distribution;

use super::Facts;

/// Distributions that install the packages of another one, so that its advisories hold for them.
///
/// `ID_LIKE` of os-release is no help: it tells how a system is handled, and Linux Mint, Raspberry
/// Pi OS and Kali say "debian" or "ubuntu" although they rebuild or replace packages. Those, and all
/// that are not in this table, stay what they say they are.
const SAME_PACKAGES: [(&str, &str); 4] = [
    ("redhat", "rhel"),
    ("sle_hpc", "sles"),
    ("sles_sap", "sles"),
    // What SLE Micro 5.1 and 5.2 called themselves.
    ("suse-microos", "sle-micro"),
];

/// Puts the facts in the words that Clair uses for the distribution.
///
/// Clair's clients and stored reports carry exactly these texts, with two exceptions, both in
/// `version_id`, by which advisories are chosen: Alpine has one, and SUSE's has the service pack. A
/// distribution that Clair does not know keeps its own words.
pub(super) fn distribution(mut facts: Facts) -> Distribution {
    if let Some((_, same)) = SAME_PACKAGES.iter().find(|(id, _)| *id == facts.id) {
        (*same).clone_into(&mut facts.id);
    }
    let major = facts
        .version_id
        .split(['.', '-'])
        .next()
        .unwrap_or_default()
        .to_owned();
    match facts.id.as_str() {
        "alpine" => alpine(&facts),
        "debian" => debian(facts),
        "ubuntu" => ubuntu(facts),
        "rhel" if !major.is_empty() => rhel(&major),
        "ol" if !major.is_empty() => {
            let pretty_name = format!("Oracle Linux Server {major}");
            Distribution {
                cpe: facts.cpe,
                ..numbered("ol", "Oracle Linux Server", &major, pretty_name)
            }
        }
        "photon" => {
            let version = facts.version_id.clone();
            numbered(
                "photon",
                "VMware Photon OS",
                &version,
                "VMware Photon OS/Linux".to_owned(),
            )
        }
        "amzn" => amazon(&facts),
        "sles" | "sled" if !major.is_empty() => suse(facts, &major),
        "opensuse" if facts.name.contains("Tumbleweed") => Distribution {
            did: "opensuse-tumbleweed".to_owned(),
            ..as_written(facts)
        },
        // Leap counts from 42 and again from 15; what openSUSE was before ended at 13.2.
        "opensuse" if !facts.name.contains("Leap") && !matches!(&*major, "42" | "15") => {
            as_written(facts)
        }
        "opensuse-leap" | "opensuse" if !facts.version_id.is_empty() => {
            let pretty_name = format!("openSUSE Leap {}", facts.version_id);
            numbered(
                "opensuse-leap",
                "openSUSE Leap",
                &facts.version_id,
                pretty_name,
            )
        }
        _ => as_written(facts),
    }
}

fn numbered(did: &str, name: &str, version: &str, pretty_name: String) -> Distribution {
    Distribution {
        did: did.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        version_id: version.to_owned(),
        pretty_name,
        ..Distribution::default()
    }
}

fn as_written(facts: Facts) -> Distribution {
    Distribution {
        id: String::new(),
        did: facts.id,
        name: facts.name,
        version: if facts.version.is_empty() {
            facts.version_id.clone()
        } else {
            facts.version
        },
        version_code_name: facts.code_name,
        version_id: facts.version_id,
        arch: String::new(),
        cpe: facts.cpe,
        pretty_name: facts.pretty_name,
    }
}

/// Release `3.18` of any `3.18.4`; `edge` for the rolling one, whose version ends in `_alpha`.
fn alpine(facts: &Facts) -> Distribution {
    let is_edge = facts.pretty_name.ends_with("edge") || facts.version_id.contains("_alpha");
    let (version, pretty_name) = if is_edge {
        ("edge".to_owned(), "Alpine Linux edge".to_owned())
    } else {
        let mut parts = facts.version_id.split('.');
        let version = match (parts.next(), parts.next()) {
            (Some(major), Some(minor)) => format!("{major}.{minor}"),
            _ => facts.version_id.clone(),
        };
        let pretty_name = format!("Alpine Linux v{version}");
        (version, pretty_name)
    };
    numbered("alpine", "Alpine Linux", &version, pretty_name)
}

/// `12 (bookworm)`. Testing and sid have a code name and no number.
fn debian(facts: Facts) -> Distribution {
    let name = "Debian GNU/Linux";
    let number = facts.version_id.split('.').next().unwrap_or_default();
    if number.is_empty() {
        return Distribution {
            did: facts.id,
            name: name.to_owned(),
            version: facts.code_name.clone(),
            version_code_name: facts.code_name,
            pretty_name: facts.pretty_name,
            ..Distribution::default()
        };
    }
    let version = match facts.code_name.as_str() {
        "" => number.to_owned(),
        code_name => format!("{number} ({code_name})"),
    };
    Distribution {
        version_id: number.to_owned(),
        version_code_name: facts.code_name,
        ..numbered(&facts.id, name, &version, format!("{name} {version}"))
    }
}

/// `22.04 (Jammy)`, and never the point release or "LTS".
fn ubuntu(facts: Facts) -> Distribution {
    let mut code_name = facts.code_name;
    if code_name.is_empty() {
        // Before 16.04: VERSION="14.04.6 LTS, Trusty Tahr" or "15.04 (Vivid Vervet)".
        let adjective = facts
            .version
            .split([',', '('])
            .nth(1)
            .unwrap_or_default()
            .trim();
        code_name = adjective
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_lowercase();
    }
    let mut capitals = code_name.chars();
    let title: String = capitals
        .next()
        .map(|first| first.to_uppercase().chain(capitals).collect())
        .unwrap_or_default();
    let number = facts.version_id;
    Distribution {
        version_id: number.clone(),
        version_code_name: code_name,
        ..numbered(
            "ubuntu",
            "Ubuntu",
            &format!("{number} ({title})"),
            format!("Ubuntu {number}"),
        )
    }
}

fn rhel(major: &str) -> Distribution {
    let name = "Red Hat Enterprise Linux Server";
    Distribution {
        cpe: format!("cpe:/o:redhat:enterprise_linux:{major}"),
        ..numbered("rhel", name, major, format!("{name} {major}"))
    }
}

/// `15` with any service pack, which only `version_id` has: `15.5`.
fn suse(facts: Facts, major: &str) -> Distribution {
    let (name, edition) = if facts.id == "sled" {
        ("SLED", "Desktop")
    } else {
        ("SLES", "Server")
    };
    let pretty_name = format!("SUSE Linux Enterprise {edition} {major}");
    Distribution {
        version_id: facts.version_id,
        cpe: facts.cpe,
        ..numbered(&facts.id, name, major, pretty_name)
    }
}

/// Linux 1 is judged by its last release whatever image it was, as Amazon's own feed does.
fn amazon(facts: &Facts) -> Distribution {
    let (version, pretty_name) = match facts.version_id.as_str() {
        old if old.starts_with("201") => ("2018.03", "Amazon Linux AMI 2018.03".to_owned()),
        version => (version, format!("Amazon Linux {version}")),
    };
    let name = if version == "2018.03" {
        "Amazon Linux AMI"
    } else {
        "Amazon Linux"
    };
    Distribution {
        cpe: facts.cpe.clone(),
        ..numbered("amzn", name, version, pretty_name)
    }
}
