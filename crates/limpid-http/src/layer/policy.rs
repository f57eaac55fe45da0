use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

/// Which addresses layers may be fetched from.
///
/// Clients name the addresses of layers, so they must not lead to what only this machine can
/// reach: to its own services and to those by which clouds hand out credentials. Private networks
/// are where registries live, and are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    airgap: bool,
    allow_networks: Vec<IpNet>,
}

/// What an address is for, by the registries of special addresses (RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// The open network.
    Public,
    /// A private network (RFC 1918, RFC 4193).
    Private,
    /// Between a provider and its customers, and inside clusters (RFC 6598).
    Shared,
    /// This machine.
    Loopback,
    /// Whatever hangs on the same wire; in clouds, services of the machine itself.
    LinkLocal,
    /// A service by which a cloud tells a machine its secrets.
    Metadata,
    /// Not an address of anyone.
    Unspecified,
    /// Of many, not of one.
    Multicast,
    /// Of all on the same wire.
    Broadcast,
    /// In examples only.
    Documentation,
    /// Set aside for protocols, tests or later use.
    Reserved,
}

/// An address that layers may not be fetched from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("disallowed by policy, {}: {address}", self.reason())]
pub struct Refusal {
    /// The address.
    pub address: IpAddr,
    /// What it is for.
    pub class: AddressClass,
}

impl Refusal {
    fn reason(&self) -> String {
        match self.class {
            AddressClass::Public | AddressClass::Shared => "no private address".to_owned(),
            class => format!("{class} address"),
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::Reserved => "reserved",
        })
    }
}

impl AddressPolicy {
    /// Makes a policy.
    ///
    /// With `airgap`, only private addresses are allowed; without, public and private ones.
    /// Addresses in `allow_networks` are always allowed.
    pub fn new(airgap: bool, allow_networks: Vec<IpNet>) -> Self {
        Self {
            airgap,
            allow_networks,
        }
    }

    /// Tells whether only private addresses are allowed.
    pub fn is_airgap(&self) -> bool {
        self.airgap
    }

    /// Judges an address that is about to be connected to.
    ///
    /// # Errors
    ///
    /// The refusal says why.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let address = address.to_canonical();
        if self.allow_networks.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        let class = AddressClass::of(address);
        let is_allowed = match class {
            AddressClass::Private => true,
            AddressClass::Public | AddressClass::Shared => !self.airgap,
            _ => false,
        };
        if is_allowed {
            return Ok(());
        }
        Err(Refusal { address, class })
    }

    /// Judges the host of an address as far as that is possible without asking for its addresses.
    /// It matters where a proxy does the asking, and for hosts that are addresses.
    pub(crate) fn check_host(&self, url: &Url) -> Result<(), Refusal> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(name)) => match known_address(name) {
                Some(address) => self.check(address),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }
}

/// Returns the address of a name that means the same everywhere (RFC 6761, and clouds).
fn known_address(name: &str) -> Option<IpAddr> {
    let name = name.trim_end_matches('.');
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    (name == "metadata.google.internal").then(|| Ipv4Addr::new(169, 254, 169, 254).into())
}

impl AddressClass {
    /// Returns what an address is for. An IPv6 address that stands for an IPv4 address is at least
    /// as special as that.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            // Nearly all clouds; Azure; Alibaba; Oracle.
            [169, 254, 169, 254] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => {
                Self::Metadata
            }
            [0, 0, 0, 0] => Self::Unspecified,
            [255, 255, 255, 255] => Self::Broadcast,
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] => Self::Shared,
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Documentation,
            [224..=239, ..] => Self::Multicast,
            // This network and later use; protocols; 6to4 relays; tests.
            [0 | 240..=255, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => {
                Self::Reserved
            }
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(inner) = v4_inside(address) {
            return match Self::of_v4(inner) {
                // It is the network's translator that is reached, which is neither.
                Self::Private | Self::Shared => Self::Public,
                class => class,
            };
        }
        match address.segments() {
            // Amazon, Google, Scaleway.
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
            | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
            | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42] => Self::Metadata,
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            [0xfc00..=0xfdff, ..] => Self::Private,
            [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Documentation,
            // Protocols, among them tunnels whose other end anyone may choose.
            [0x2001, 0..=0x1ff, ..] => Self::Reserved,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

/// Returns the IPv4 address that a translator would turn an IPv6 address into: NAT64 (RFC 6052,
/// RFC 8215), 6to4 (RFC 3056) and the old compatible form (RFC 4291). The mapped form has been
/// turned already.
fn v4_inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0 | 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &AddressPolicy, address: &str) -> Option<AddressClass> {
        let checked = policy.check(address.parse().unwrap());
        checked.err().map(|refusal| refusal.class)
    }

    #[test]
    fn public_and_private_addresses_are_allowed() {
        let policy = AddressPolicy::default();
        for address in [
            "1.1.1.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "172.32.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "fc00::1",
            "fd12:3456::1",
            "64:ff9b::1.1.1.1",
            "64:ff9b::10.0.0.1",
            "2002:0101:0101::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(check(&policy, address), None, "{address}");
        }
    }

    #[test]
    fn special_addresses_are_refused_in_all_their_forms() {
        use AddressClass::{
            Broadcast, Documentation, LinkLocal, Loopback, Metadata, Multicast, Reserved,
            Unspecified,
        };
        let policy = AddressPolicy::default();
        for (address, class) in [
            ("127.0.0.1", Loopback),
            ("127.255.255.255", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("::127.0.0.1", Loopback),
            ("64:ff9b::127.0.0.1", Loopback),
            ("64:ff9b:1::127.0.0.1", Loopback),
            ("2002:7f00:1::", Loopback),
            ("169.254.0.1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("::ffff:169.254.169.254", Metadata),
            ("2002:a9fe:a9fe::1", Metadata),
            ("100.100.100.200", Metadata),
            ("168.63.129.16", Metadata),
            ("192.0.0.192", Metadata),
            ("fd00:ec2::254", Metadata),
            ("fd20:ce::254", Metadata),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("0.0.0.0", Unspecified),
            ("::", Unspecified),
            ("0.1.2.3", Reserved),
            ("255.255.255.255", Broadcast),
            ("224.0.0.1", Multicast),
            ("ff02::1", Multicast),
            ("192.0.2.1", Documentation),
            ("198.51.100.1", Documentation),
            ("203.0.113.1", Documentation),
            ("2001:db8::1", Documentation),
            ("3fff::1", Documentation),
            ("192.0.0.1", Reserved),
            ("198.18.0.1", Reserved),
            ("240.0.0.1", Reserved),
            ("2001::1", Reserved),
            ("100::1", Reserved),
            ("fec0::1", Reserved),
            ("4000::1", Reserved),
        ] {
            assert_eq!(check(&policy, address), Some(class), "{address}");
        }
    }

    #[test]
    fn named_networks_are_allowed_again() {
        let networks = vec!["127.0.0.0/8".parse().unwrap(), "fe80::/10".parse().unwrap()];
        for airgap in [false, true] {
            let policy = AddressPolicy::new(airgap, networks.clone());
            for address in ["127.0.0.1", "::ffff:127.0.0.1", "fe80::1"] {
                assert_eq!(check(&policy, address), None, "{address}");
            }
            for address in ["::1", "169.254.0.1", "64:ff9b::127.0.0.1"] {
                assert!(check(&policy, address).is_some(), "{address}");
            }
        }
    }

    #[test]
    fn behind_an_airgap_only_private_addresses_are_allowed() {
        let policy = AddressPolicy::new(true, Vec::new());
        for address in ["10.0.0.1", "192.168.0.1", "fd12::1", "::ffff:10.0.0.1"] {
            assert_eq!(check(&policy, address), None, "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.0.1",
            "2606:4700::1",
            "::1",
            "64:ff9b::10.0.0.1",
            "2002:0a00:1::",
            "169.254.169.254",
            "fd00:ec2::254",
        ] {
            assert!(check(&policy, address).is_some(), "{address}");
        }
        let refusal = policy.check("1.1.1.1".parse().unwrap()).unwrap_err();
        let text = "disallowed by policy, no private address: 1.1.1.1";
        assert_eq!(refusal.to_string(), text);
    }

    #[test]
    fn hosts_are_judged_by_what_they_say() {
        let policy = AddressPolicy::default();
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "[::1]",
            "[::ffff:7f00:1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal",
            "0",
            "169.254.169.254",
            "%31%32%37.0.0.1",
            "①27.0.0.1",
        ] {
            let url = format!("http://{host}/").parse().unwrap();
            assert!(policy.check_host(&url).is_err(), "{host}");
        }
        for host in [
            "a.example",
            "10.0.0.1",
            "localhost.example",
            "[2606:4700::1]",
        ] {
            let url = format!("http://{host}/").parse().unwrap();
            assert!(policy.check_host(&url).is_ok(), "{host}");
        }
    }
}
