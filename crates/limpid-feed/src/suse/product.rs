use super::line::Edition;

/// The service packs of the server's version 12, whose modules have none of their own.
const SERVICE_PACKS_OF_12: [&str; 6] = ["12", "12.1", "12.2", "12.3", "12.4", "12.5"];

/// Products that are a distribution by themselves, by how their names go on after what they begin
/// with. The longer names come first.
const DISTRIBUTIONS: [(&str, &str); 6] = [
    ("openSUSE Leap Micro ", "opensuse-leap-micro"),
    ("openSUSE Leap ", "opensuse-leap"),
    ("openSUSE ", "opensuse"),
    ("SUSE Linux Enterprise Micro for Rancher ", "sle-micro"),
    ("SUSE Linux Enterprise Micro ", "sle-micro"),
    ("SUSE Linux Micro ", "sl-micro"),
];

/// Products that are parts of the server and of the desktop: where the packages come from that one
/// installs there.
const PARTS: [&str; 6] = [
    "SUSE Linux Enterprise Module for ",
    "SUSE Linux Enterprise Workstation Extension ",
    "SUSE Linux Enterprise Software Development Kit ",
    "SUSE Linux Enterprise Live Patching ",
    "SUSE Linux Enterprise High Availability Extension ",
    "SUSE Package Hub ",
];

/// Products that are the server under another name, built from the same packages.
const SERVERS: [&str; 2] = [
    "SUSE Linux Enterprise Server ",
    "SUSE Linux Enterprise High Performance Computing ",
];

/// Returns the releases that a product is part of, of which a criterion says
/// `SUSE Linux Enterprise Server 15 SP5-LTSS is installed`.
///
/// Long-term support and the server for SAP are the server itself, with fixes for longer. Builds
/// for one customer (TERADATA) have versions of their own and are no release here.
pub(super) fn namespaces_of(platform: &str, edition: Edition) -> Vec<String> {
    let Some(product) = platform.strip_suffix(" is installed") else {
        return Vec::new();
    };
    if product.contains("TERADATA") {
        return Vec::new();
    }
    if product.starts_with("openSUSE Tumbleweed") {
        // MicroOS is put together from the packages of Tumbleweed.
        let rolling = ["opensuse-tumbleweed:rolling", "opensuse-microos:rolling"];
        return rolling.map(str::to_owned).to_vec();
    }
    for (beginning, distribution) in DISTRIBUTIONS {
        if let Some(rest) = product.strip_prefix(beginning) {
            return named(distribution, version(rest));
        }
    }
    let begins = |beginning: &&str| product.starts_with(*beginning);
    let is_part = PARTS.iter().any(begins);
    let distribution = match edition {
        Edition::Server if is_part || SERVERS.iter().any(begins) => "sles",
        Edition::Desktop if is_part || begins(&"SUSE Linux Enterprise Desktop ") => "sled",
        _ => return Vec::new(),
    };
    match version(product) {
        Some(release) if is_part && release == "12" => SERVICE_PACKS_OF_12
            .map(|release| format!("{distribution}:{release}"))
            .to_vec(),
        release => named(distribution, release),
    }
}

fn named(distribution: &str, release: Option<String>) -> Vec<String> {
    release
        .map(|release| format!("{distribution}:{release}"))
        .into_iter()
        .collect()
}

/// Returns the release at the end of a name: `15 SP5-LTSS` is `15.5`, `15-LTSS` is `15`.
fn version(name: &str) -> Option<String> {
    let mut words = name.split([' ', '-']).skip_while(|word| !is_number(word));
    let release = words.next()?;
    let service_pack = words.next().and_then(|word| word.strip_prefix("SP"));
    match service_pack.filter(|pack| is_number(pack)) {
        Some(pack) => Some(format!("{release}.{pack}")),
        None => Some(release.to_owned()),
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(product: &str, edition: Edition, expected: &[&str]) {
        assert_eq!(
            namespaces_of(&format!("{product} is installed"), edition),
            expected,
            "{product}"
        );
    }

    #[test]
    fn service_packs_are_kept_apart_and_modules_belong_to_the_server() {
        for (product, expected) in [
            ("SUSE Linux Enterprise Server 15", "sles:15"),
            ("SUSE Linux Enterprise Server 15-LTSS", "sles:15"),
            ("SUSE Linux Enterprise Server 15 SP5", "sles:15.5"),
            ("SUSE Linux Enterprise Server 12 SP4-LTSS", "sles:12.4"),
            (
                "SUSE Linux Enterprise Server 11 SP3-CLIENT-TOOLS",
                "sles:11.3",
            ),
            (
                "SUSE Linux Enterprise Server LTSS Extended Security 12 SP5",
                "sles:12.5",
            ),
            (
                "SUSE Linux Enterprise Server for SAP Applications 15 SP1",
                "sles:15.1",
            ),
            (
                "SUSE Linux Enterprise Server for Raspberry Pi 12 SP2",
                "sles:12.2",
            ),
            (
                "SUSE Linux Enterprise High Performance Computing 15 SP4-ESPOS",
                "sles:15.4",
            ),
            (
                "SUSE Linux Enterprise Module for Basesystem 15 SP5",
                "sles:15.5",
            ),
            (
                "SUSE Linux Enterprise Module for Live Patching 15",
                "sles:15",
            ),
            ("SUSE Linux Enterprise Server 16.0", "sles:16.0"),
            ("SUSE Package Hub 15 SP5", "sles:15.5"),
        ] {
            check(product, Edition::Server, &[expected]);
        }
        check(
            "SUSE Linux Enterprise Module for Containers 12",
            Edition::Server,
            &[
                "sles:12",
                "sles:12.1",
                "sles:12.2",
                "sles:12.3",
                "sles:12.4",
                "sles:12.5",
            ],
        );
    }

    #[test]
    fn modules_belong_to_the_edition_that_the_document_is_about() {
        let module = "SUSE Linux Enterprise Module for Desktop Applications 15 SP5";
        check(module, Edition::Desktop, &["sled:15.5"]);
        check(module, Edition::Other, &[]);
        check(
            "SUSE Linux Enterprise Desktop 15 SP5",
            Edition::Desktop,
            &["sled:15.5"],
        );
        check("SUSE Linux Enterprise Desktop 15 SP5", Edition::Server, &[]);
        check("SUSE Linux Enterprise Server 15 SP5", Edition::Desktop, &[]);
    }

    #[test]
    fn other_distributions_have_names_of_their_own() {
        for (product, expected) in [
            ("openSUSE Leap 15.6", "opensuse-leap:15.6"),
            ("openSUSE Leap 15.3 NonFree", "opensuse-leap:15.3"),
            ("openSUSE Leap Micro 5.5", "opensuse-leap-micro:5.5"),
            ("openSUSE 13.2", "opensuse:13.2"),
            ("SUSE Linux Enterprise Micro 5.5", "sle-micro:5.5"),
            ("SUSE Linux Micro 6.0", "sl-micro:6.0"),
        ] {
            check(product, Edition::Other, &[expected]);
        }
        check(
            "openSUSE Tumbleweed",
            Edition::Other,
            &["opensuse-tumbleweed:rolling", "opensuse-microos:rolling"],
        );
    }

    #[test]
    fn products_that_are_no_distribution_have_no_release() {
        for product in [
            "SUSE Manager Server 4.1",
            "SUSE Enterprise Storage 7",
            "SUSE Linux Enterprise Server 11 SP3-TERADATA",
            "SUSE Linux Enterprise Server",
            "",
        ] {
            check(product, Edition::Server, &[]);
        }
        assert!(namespaces_of("SUSE Linux Enterprise Server 15", Edition::Server).is_empty());
    }
}
