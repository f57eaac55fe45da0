//! Addresses of other services.

use url::Url;

use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::secret::Address;

/// Accepts `host:port` besides URLs, as Clair's documentation does; its code wants URLs.
pub(super) fn settle_service(address: &mut Address) {
    if lacks_scheme(address) {
        *address = Address::new(format!("http://{}", address.expose()));
    }
}

pub(super) fn lint_service(address: &Address, at: KeyPath, lints: &mut Lints) {
    lints.add_if(
        lacks_scheme(address),
        at,
        "address has no scheme, http is assumed",
    );
}

pub(super) fn check_service(address: &Address, at: KeyPath, mode: &str, faults: &mut Vec<Fault>) {
    if address.is_empty() {
        let text = format!("mode {mode} requires the address of this service");
        faults.push(Fault::new(at, text));
    } else {
        check_url(address, at, faults);
    }
}

pub(super) fn check_url(address: &Address, at: KeyPath, faults: &mut Vec<Fault>) {
    if address.is_empty() {
        faults.push(Fault::new(at, "a URL is required"));
    } else if let Err(error) = Url::parse(address.expose()) {
        let text = format!("invalid URL, {error}: {}", address.redacted());
        faults.push(Fault::new(at, text));
    }
}

fn lacks_scheme(address: &Address) -> bool {
    !address.is_empty() && !address.expose().contains("://")
}
