use std::collections::BTreeSet;

use limpid_feed::{
    AlpineSettings, AmazonSettings, ArchSettings, AzureSettings, BottlerocketSettings,
    ChainguardSettings, Collected, DebianSettings, EchoSettings, Family, FedoraSettings, Feed,
    FeedError, GentooSettings, Limits, MemoryDocuments, MinimosSettings, OracleSettings,
    OsvSettings, PhotonSettings, Probe, ProbeError, Settings, SuseSettings, Tally, UbuntuFormat,
    UbuntuSettings, WolfiSettings, families,
};
use limpid_types::{Advisory, Status, VersionConstraint};
use limpid_version::RangeEnd;

/// A server that has some documents and answers "no" to everything else.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) urls: BTreeSet<String>,
    pub(crate) is_down: bool,
}

impl Server {
    pub(crate) fn with(urls: &[&str]) -> Self {
        Self {
            urls: urls.iter().map(|&url| url.to_owned()).collect(),
            is_down: false,
        }
    }
}

impl Probe for Server {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        if self.is_down {
            return Err(ProbeError::new("connection refused"));
        }
        Ok(self.urls.contains(url))
    }

    fn read(&mut self, url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(self.exists(url)?.then(Vec::new))
    }
}

/// Sources at short addresses, with small limits.
pub(crate) fn settings() -> Settings {
    Settings {
        alpine: AlpineSettings {
            url: "https://secdb.test/".into(),
        },
        debian: DebianSettings {
            json_url: "https://tracker.test/json".into(),
            ..DebianSettings::default()
        },
        osv: OsvSettings {
            url: "https://osv.test".into(),
            allowlist: Vec::new(),
        },
        ubuntu: UbuntuSettings {
            oval_url: "https://oval.test".into(),
            osv_url: "https://canonical.test/osv.tar.xz".into(),
            vex_url: "https://canonical.test/vex.tar.xz".into(),
            url: "https://launchpad.test".into(),
            ..UbuntuSettings::default()
        },
        aws: AmazonSettings {
            url: Some("https://amazon.test/".into()),
        },
        bottlerocket: BottlerocketSettings {
            url: "https://bottlerocket.test/updateinfo.xml.gz".into(),
        },
        fedora: FedoraSettings {
            url: "https://fedora.test/updates/".into(),
            archive_url: "https://archive.test/updates".into(),
        },
        gentoo: GentooSettings {
            url: "https://gentoo.test/glsa.tar.gz".into(),
        },
        arch: ArchSettings {
            url: "https://arch.test/all.json".into(),
        },
        chainguard: ChainguardSettings {
            url: "https://chainguard.test/security.json".into(),
        },
        echo: EchoSettings {
            url: "https://echo.test/data.json".into(),
        },
        minimos: MinimosSettings {
            url: "https://minimos.test/security.json".into(),
        },
        wolfi: WolfiSettings {
            url: "https://wolfi.test/security.json".into(),
        },
        oracle: OracleSettings {
            url: "https://oracle.test/oval/".into(),
            all_in_one: false,
        },
        photon: PhotonSettings {
            url: "https://photon.test/oval".into(),
        },
        suse: SuseSettings {
            url: "https://suse.test/oval/".into(),
        },
        azure: AzureSettings {
            url: "https://azure.test/main/".into(),
        },
        limits: Limits {
            record_bytes: 4096,
            archive_entries: 10,
            unpacked_bytes: 20_000,
        },
        ..Settings::default()
    }
}

pub(crate) fn family(name: &str) -> Box<dyn Family> {
    family_of(&settings(), name)
}

/// Finds a family by its name.
pub(crate) fn family_of(settings: &Settings, name: &str) -> Box<dyn Family> {
    families(settings)
        .into_iter()
        .find(|family| family.name() == name)
        .unwrap()
}

/// Finds a feed by its name: `alpine/v3.3`, `alpine/edge`, `debian`, `osv/debian`, `ubuntu/vex`.
pub(crate) fn feed(name: &str) -> Box<dyn Feed> {
    let mut server = Server::with(&[
        "https://secdb.test/v3.3/main.json",
        "https://secdb.test/edge/main.json",
        "https://oval.test/com.ubuntu.jammy.cve.oval.xml.bz2",
        "https://oracle.test/oval/com.oracle.elsa-2024.xml.bz2",
        "https://photon.test/oval/com.vmware.phsa-photon5.xml",
        "https://suse.test/oval/suse.linux.enterprise.server.15.xml.gz",
        "https://suse.test/oval/suse.linux.enterprise.server.12.xml.gz",
        "https://suse.test/oval/opensuse.tumbleweed.xml.gz",
        "https://azure.test/main/azurelinux-3.0-oval.xml",
        "https://osv.test/AlmaLinux/all.zip",
        "https://osv.test/Mageia/all.zip",
        "https://osv.test/PyPI/all.zip",
        "https://osv.test/Rocky%20Linux/all.zip",
        "https://osv.test/openEuler/all.zip",
    ]);
    let mut settings = settings();
    settings.ubuntu.format = match name {
        "ubuntu/osv" => UbuntuFormat::Osv,
        "ubuntu/vex" => UbuntuFormat::Vex,
        _ => UbuntuFormat::Oval,
    };
    families(&settings)
        .iter()
        .filter(|family| name.split('/').next() == Some(family.name()))
        .flat_map(|family| family.discover(&mut server).unwrap())
        .find(|feed| feed.name() == name)
        .unwrap()
}

/// Parses documents and checks that the counts are those of what arrived.
pub(crate) fn parse(name: &str, mut documents: MemoryDocuments) -> Collected {
    let mut sink = Collected::default();
    let tally = feed(name).parse(&mut documents, &mut sink).unwrap();
    let Tally {
        advisories,
        quarantined,
        ..
    } = tally;
    assert_eq!(advisories, sink.advisories.len() as u64);
    assert_eq!(quarantined, sink.quarantined.len() as u64);
    sink
}

/// Parses documents that must be refused, and returns the error with all its causes and what
/// arrived before.
pub(crate) fn refuse(name: &str, mut documents: MemoryDocuments) -> (String, Collected) {
    let mut sink = Collected::default();
    let error = feed(name).parse(&mut documents, &mut sink).unwrap_err();
    (chain(&error), sink)
}

pub(crate) fn chain(error: &FeedError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Writes advisories as short lines: `debian:bookworm openssl CVE-2024-1 affected <3.0.1-1`.
pub(crate) fn lines(sink: &Collected) -> Vec<String> {
    let mut lines: Vec<String> = sink.advisories.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(advisory: &Advisory) -> String {
    format!(
        "{} {} {} {} {}",
        advisory.namespace,
        advisory.package.name,
        advisory.id,
        status(advisory.status),
        versions(&advisory.versions)
    )
}

/// Writes a status: `will-not-fix`.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Affected => "affected",
        Status::NotAffected => "not-affected",
        Status::UnderInvestigation => "under-investigation",
        Status::WillNotFix => "will-not-fix",
        Status::EndOfLife => "end-of-life",
    }
}

/// Writes ranges and listed versions: `<1.2 1.3<1.4 =2.0`.
pub(crate) fn versions(constraint: &VersionConstraint) -> String {
    let ranges = constraint.ranges.iter().map(|range| {
        let start = range.introduced.clone().unwrap_or_default();
        match &range.end {
            None if start.is_empty() => "*".to_owned(),
            None => format!("{start}.."),
            Some(RangeEnd::Fixed(version)) => format!("{start}<{version}"),
            Some(RangeEnd::LastAffected(version)) => format!("{start}<={version}"),
        }
    });
    let listed = constraint
        .enumerated
        .iter()
        .map(|version| format!("={version}"));
    ranges.chain(listed).collect::<Vec<_>>().join(" ")
}

/// Returns id and reason of everything that was quarantined.
pub(crate) fn quarantined(sink: &Collected) -> Vec<(&str, &str)> {
    sink.quarantined
        .iter()
        .map(|record| (record.id.as_str(), record.reason.as_str()))
        .collect()
}
