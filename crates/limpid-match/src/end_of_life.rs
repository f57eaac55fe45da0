use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use limpid_types::Distribution;

/// The last day on which a release gets security fixes, by the namespace of its advisories.
///
/// | distribution | which day, and who says so |
/// |---|---|
/// | AlmaLinux, Rocky Linux | end of security support, wiki of the project |
/// | Alpine | "Main repository" column of the list of releases, alpinelinux.org/releases |
/// | Amazon Linux | end of support in the FAQ of each |
/// | Azure Linux, CBL-Mariner | end of support, Microsoft's lifecycle pages |
/// | `CentOS` | end of life of Linux and Stream, centos.org; Red Hat's data go on |
/// | Debian | end of Long Term Support, wiki.debian.org/LTS; the tracker drops a release later |
/// | Fedora | end of life, Fedora's schedule |
/// | Mageia | end of support, mageia.org/support; the present release ends when the next one says so |
/// | openEuler | last day of the month "Planned EOL", openeuler.org/en/download/archive |
/// | Oracle Linux | end of premier support, and of extended support where that is over |
/// | Photon OS | end of support in the wiki of the project |
/// | Red Hat Enterprise Linux | end of maintenance support; extended support is another product |
/// | SUSE Linux Enterprise Server | end of LTSS, suse.com/lifecycle, as its advisories go on until then |
/// | SUSE Linux Enterprise Desktop | end of general support, suse.com/lifecycle; it has no LTSS |
/// | openSUSE Leap | end of life, en.opensuse.org/Lifetime |
/// | Ubuntu | end of support of interim releases, wiki.ubuntu.com/Releases, the end of the month where that names no day; of the others as long as Canonical publishes nothing any more |
///
/// A release that is missing here has no known end.
const END_OF_LIFE: &[(&str, Date)] = &[
    ("alpine:2.1", date(2012, 11, 1)),
    ("alpine:2.2", date(2013, 5, 1)),
    ("alpine:2.3", date(2013, 11, 1)),
    ("alpine:2.4", date(2014, 5, 1)),
    ("alpine:2.5", date(2014, 11, 1)),
    ("alpine:2.6", date(2015, 5, 1)),
    ("alpine:2.7", date(2015, 11, 1)),
    ("alpine:3.0", date(2016, 5, 1)),
    ("alpine:3.1", date(2016, 11, 1)),
    ("alpine:3.2", date(2017, 5, 1)),
    ("alpine:3.3", date(2017, 11, 1)),
    ("alpine:3.4", date(2018, 5, 1)),
    ("alpine:3.5", date(2018, 11, 1)),
    ("alpine:3.6", date(2019, 5, 1)),
    ("alpine:3.7", date(2019, 11, 1)),
    ("alpine:3.8", date(2020, 5, 1)),
    ("alpine:3.9", date(2020, 11, 1)),
    ("alpine:3.10", date(2021, 5, 1)),
    ("alpine:3.11", date(2021, 11, 1)),
    ("alpine:3.12", date(2022, 5, 1)),
    ("alpine:3.13", date(2022, 11, 1)),
    ("alpine:3.14", date(2023, 5, 1)),
    ("alpine:3.15", date(2023, 11, 1)),
    ("alpine:3.16", date(2024, 5, 23)),
    ("alpine:3.17", date(2024, 11, 22)),
    ("alpine:3.18", date(2025, 5, 9)),
    ("alpine:3.19", date(2025, 11, 1)),
    ("alpine:3.20", date(2026, 4, 1)),
    ("alpine:3.21", date(2026, 11, 1)),
    ("alpine:3.22", date(2027, 5, 1)),
    ("alpine:3.23", date(2027, 11, 1)),
    ("debian:squeeze", date(2016, 2, 29)),
    ("debian:wheezy", date(2018, 5, 31)),
    ("debian:jessie", date(2020, 6, 30)),
    ("debian:stretch", date(2022, 6, 30)),
    ("debian:buster", date(2024, 6, 30)),
    ("debian:bullseye", date(2026, 8, 31)),
    ("debian:bookworm", date(2028, 6, 30)),
    ("debian:trixie", date(2030, 6, 30)),
    ("almalinux:8", date(2029, 3, 1)),
    ("almalinux:9", date(2032, 5, 31)),
    ("almalinux:10", date(2035, 5, 31)),
    ("amzn:2018.03", date(2023, 12, 31)),
    ("amzn:2", date(2026, 6, 30)),
    ("amzn:2022", date(2023, 3, 15)),
    ("amzn:2023", date(2029, 6, 30)),
    ("centos:5", date(2017, 3, 31)),
    ("centos:6", date(2020, 11, 30)),
    ("centos:7", date(2024, 6, 30)),
    ("centos:8", date(2021, 12, 31)),
    ("centos-stream:8", date(2024, 5, 31)),
    ("centos-stream:9", date(2027, 5, 31)),
    ("fedora:21", date(2015, 12, 1)),
    ("fedora:22", date(2016, 7, 19)),
    ("fedora:23", date(2016, 12, 20)),
    ("fedora:24", date(2017, 8, 8)),
    ("fedora:25", date(2017, 12, 12)),
    ("fedora:26", date(2018, 5, 29)),
    ("fedora:27", date(2018, 11, 30)),
    ("fedora:28", date(2019, 5, 28)),
    ("fedora:29", date(2019, 11, 26)),
    ("fedora:30", date(2020, 5, 26)),
    ("fedora:31", date(2020, 11, 24)),
    ("fedora:32", date(2021, 5, 25)),
    ("fedora:33", date(2021, 11, 30)),
    ("fedora:34", date(2022, 6, 7)),
    ("fedora:35", date(2022, 12, 13)),
    ("fedora:36", date(2023, 5, 16)),
    ("fedora:37", date(2023, 12, 5)),
    ("fedora:38", date(2024, 5, 21)),
    ("fedora:39", date(2024, 11, 26)),
    ("fedora:40", date(2025, 5, 13)),
    ("fedora:41", date(2025, 12, 15)),
    ("fedora:42", date(2026, 5, 13)),
    ("fedora:43", date(2026, 12, 9)),
    ("mageia:1", date(2012, 12, 1)),
    ("mageia:2", date(2013, 11, 22)),
    ("mageia:3", date(2014, 11, 26)),
    ("mageia:4", date(2015, 9, 19)),
    ("mageia:5", date(2017, 12, 31)),
    ("mageia:6", date(2019, 9, 30)),
    ("mageia:7", date(2021, 6, 30)),
    ("mageia:8", date(2023, 11, 30)),
    ("mariner:1.0", date(2023, 7, 31)),
    ("mariner:2.0", date(2025, 7, 31)),
    ("ol:5", date(2020, 11, 30)),
    ("ol:6", date(2024, 12, 31)),
    ("ol:7", date(2024, 12, 31)),
    ("ol:8", date(2029, 7, 31)),
    ("ol:9", date(2032, 6, 30)),
    ("ol:10", date(2035, 6, 30)),
    ("openeuler:20.03-LTS", date(2021, 3, 31)),
    ("openeuler:20.03-LTS-SP1", date(2022, 12, 31)),
    ("openeuler:20.03-LTS-SP2", date(2022, 4, 30)),
    ("openeuler:20.03-LTS-SP3", date(2023, 12, 31)),
    ("openeuler:20.03-LTS-SP4", date(2025, 11, 30)),
    ("openeuler:22.03-LTS", date(2024, 3, 31)),
    ("openeuler:22.03-LTS-SP1", date(2024, 12, 31)),
    ("openeuler:22.03-LTS-SP2", date(2024, 3, 31)),
    ("openeuler:22.03-LTS-SP3", date(2025, 12, 31)),
    ("openeuler:22.03-LTS-SP4", date(2026, 6, 30)),
    ("openeuler:23.03", date(2023, 9, 30)),
    ("openeuler:23.09", date(2024, 3, 31)),
    ("openeuler:24.03-LTS", date(2026, 5, 31)),
    ("openeuler:24.03-LTS-SP1", date(2026, 12, 31)),
    ("openeuler:24.03-LTS-SP2", date(2026, 3, 31)),
    ("openeuler:24.03-LTS-SP3", date(2027, 12, 31)),
    ("openeuler:24.03-LTS-SP4", date(2027, 3, 31)),
    ("openeuler:24.09", date(2025, 3, 31)),
    ("openeuler:25.03", date(2025, 9, 30)),
    ("openeuler:25.09", date(2026, 3, 31)),
    ("openeuler:26.09", date(2027, 3, 31)),
    ("opensuse-leap:42.1", date(2017, 5, 17)),
    ("opensuse-leap:42.2", date(2018, 1, 26)),
    ("opensuse-leap:42.3", date(2019, 6, 30)),
    ("opensuse-leap:15.0", date(2019, 12, 3)),
    ("opensuse-leap:15.1", date(2021, 2, 2)),
    ("opensuse-leap:15.2", date(2022, 1, 4)),
    ("opensuse-leap:15.3", date(2022, 12, 31)),
    ("opensuse-leap:15.4", date(2023, 12, 7)),
    ("opensuse-leap:15.5", date(2024, 12, 31)),
    ("opensuse-leap:15.6", date(2026, 4, 30)),
    ("opensuse-leap:16.0", date(2027, 10, 31)),
    ("photon:1.0", date(2022, 2, 28)),
    ("photon:2.0", date(2022, 12, 31)),
    ("photon:3.0", date(2024, 3, 1)),
    ("redhat:enterprise_linux:5", date(2020, 11, 30)),
    ("redhat:enterprise_linux:6", date(2024, 6, 30)),
    ("redhat:enterprise_linux:7", date(2024, 6, 30)),
    ("redhat:enterprise_linux:8", date(2029, 5, 31)),
    ("redhat:enterprise_linux:9", date(2032, 5, 31)),
    ("redhat:enterprise_linux:10", date(2035, 5, 31)),
    ("rocky:8", date(2029, 5, 31)),
    ("rocky:9", date(2032, 5, 31)),
    ("rocky:10", date(2035, 5, 31)),
    ("sled:12", date(2016, 6, 30)),
    ("sled:12.1", date(2017, 5, 31)),
    ("sled:12.2", date(2018, 3, 31)),
    ("sled:12.3", date(2019, 6, 30)),
    ("sled:12.4", date(2020, 6, 30)),
    ("sled:12.5", date(2024, 10, 31)),
    ("sled:15", date(2019, 12, 31)),
    ("sled:15.1", date(2021, 1, 31)),
    ("sled:15.2", date(2021, 12, 31)),
    ("sled:15.3", date(2022, 12, 31)),
    ("sled:15.4", date(2023, 12, 31)),
    ("sled:15.5", date(2024, 12, 31)),
    ("sles:11", date(2010, 12, 31)),
    ("sles:11.1", date(2015, 8, 30)),
    ("sles:11.2", date(2017, 1, 30)),
    ("sles:11.3", date(2019, 1, 30)),
    ("sles:11.4", date(2022, 3, 31)),
    ("sles:12", date(2019, 7, 1)),
    ("sles:12.1", date(2020, 5, 31)),
    ("sles:12.2", date(2021, 3, 31)),
    ("sles:12.3", date(2022, 6, 30)),
    ("sles:12.4", date(2023, 6, 30)),
    ("sles:12.5", date(2027, 10, 31)),
    ("sles:15", date(2022, 12, 31)),
    ("sles:15.1", date(2024, 1, 31)),
    ("sles:15.2", date(2024, 12, 31)),
    ("sles:15.3", date(2025, 12, 31)),
    ("sles:15.4", date(2026, 12, 31)),
    ("sles:15.5", date(2027, 12, 31)),
    ("sles:15.6", date(2028, 12, 31)),
    ("ubuntu:warty", date(2006, 4, 30)),
    ("ubuntu:hoary", date(2006, 10, 31)),
    ("ubuntu:breezy", date(2007, 4, 13)),
    ("ubuntu:dapper", date(2011, 6, 1)),
    ("ubuntu:edgy", date(2008, 4, 26)),
    ("ubuntu:feisty", date(2008, 10, 19)),
    ("ubuntu:gutsy", date(2009, 4, 18)),
    ("ubuntu:intrepid", date(2010, 4, 30)),
    ("ubuntu:jaunty", date(2010, 10, 23)),
    ("ubuntu:karmic", date(2011, 4, 30)),
    ("ubuntu:hardy", date(2013, 5, 9)),
    ("ubuntu:lucid", date(2015, 4, 30)),
    ("ubuntu:maverick", date(2012, 4, 10)),
    ("ubuntu:natty", date(2012, 10, 28)),
    ("ubuntu:oneiric", date(2013, 5, 9)),
    ("ubuntu:precise", date(2019, 4, 30)),
    ("ubuntu:quantal", date(2014, 5, 16)),
    ("ubuntu:raring", date(2014, 1, 27)),
    ("ubuntu:saucy", date(2014, 7, 17)),
    ("ubuntu:utopic", date(2015, 7, 23)),
    ("ubuntu:vivid", date(2016, 2, 4)),
    ("ubuntu:wily", date(2016, 7, 28)),
    ("ubuntu:yakkety", date(2017, 7, 20)),
    ("ubuntu:zesty", date(2018, 1, 13)),
    ("ubuntu:artful", date(2018, 7, 19)),
    ("ubuntu:cosmic", date(2019, 7, 18)),
    ("ubuntu:disco", date(2020, 1, 23)),
    ("ubuntu:eoan", date(2020, 7, 17)),
    ("ubuntu:groovy", date(2021, 7, 22)),
    ("ubuntu:hirsute", date(2022, 1, 20)),
    ("ubuntu:impish", date(2022, 7, 14)),
    ("ubuntu:kinetic", date(2023, 7, 20)),
    ("ubuntu:lunar", date(2024, 1, 25)),
    ("ubuntu:mantic", date(2024, 7, 11)),
    ("ubuntu:oracular", date(2025, 7, 10)),
    ("ubuntu:plucky", date(2026, 1, 15)),
    ("ubuntu:questing", date(2026, 7, 31)),
];

/// Returns the name under which the end of a release stands in the table: the namespace of its
/// advisories, except for `CentOS`, which ends at other times than Red Hat's product.
pub(crate) fn key(distribution: &Distribution, namespace: &str) -> String {
    let major = namespace.rsplit(':').next().unwrap_or_default();
    match distribution.did.as_str() {
        "centos" if distribution.name.contains("Stream") => format!("centos-stream:{major}"),
        "centos" => format!("centos:{major}"),
        _ => namespace.to_owned(),
    }
}

/// Returns the last day of support of a release, when that day is over.
pub(crate) fn ended(release: &str, today: Date) -> Option<Date> {
    last_day(release).filter(|last| *last < today)
}

/// Returns the last moment at which a release is supported, if its end is known.
pub(crate) fn end_of_last_day(release: &str) -> Option<Timestamp> {
    let last = last_day(release)?.at(23, 59, 59, 999_999_999);
    Some(last.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn last_day(release: &str) -> Option<Date> {
    END_OF_LIFE
        .iter()
        .find(|(known, _)| *known == release)
        .map(|(_, last)| *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_supported_on_its_last_day() {
        let last = date(2024, 6, 30);
        assert_eq!(ended("debian:buster", last), None);
        assert_eq!(ended("debian:buster", date(2024, 7, 1)), Some(last));
    }

    #[test]
    fn centos_ends_at_its_own_time() {
        let centos = |name: &str| {
            let distribution = Distribution {
                did: "centos".into(),
                name: name.into(),
                ..Distribution::default()
            };
            key(&distribution, "redhat:enterprise_linux:8")
        };
        let today = date(2022, 6, 1);
        assert!(ended(&centos("CentOS Linux"), today).is_some());
        assert!(ended(&centos("CentOS Stream"), today).is_none());
        assert!(ended("redhat:enterprise_linux:8", today).is_none());
    }

    #[test]
    fn no_release_ends_twice() {
        let mut releases: Vec<&str> = END_OF_LIFE.iter().map(|(release, _)| *release).collect();
        let rows = releases.len();
        releases.sort_unstable();
        releases.dedup();
        assert_eq!(releases.len(), rows);
    }

    #[test]
    fn a_release_without_a_known_end_has_not_ended() {
        assert_eq!(ended("alpine:edge", date(2099, 1, 1)), None);
    }
}
