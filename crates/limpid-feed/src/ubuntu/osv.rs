//! Canonical's OSV records: one document per CVE, in the schema that `crate::osv` describes.
//!
//! | member | becomes |
//! |---|---|
//! | `upstream`, or else the id without `UBUNTU-` | the id |
//! | `affected[].package.name` | a source package |
//! | `affected[].package.ecosystem` | the release: `Ubuntu:22.04:LTS`, `Ubuntu:Pro:18.04:LTS`, `Ubuntu:25.10` |
//! | `affected[].package.purl` | the pocket: `distro=esm-infra/bionic` |
//! | `affected[].ranges[]` | affected below the fix, or without one; see `Claims` |
//! | `severity[]` of the type `Ubuntu` | the rating; the text is the CVSS vector, if there is one |
//!
//! A package that is not affected is not listed, and neither *needs triage* nor *ignored* can be
//! told from *needed*; the VEX form keeps them apart. What the members mean is documented at
//! <https://documentation.ubuntu.com/security/security-updates/osv/>.

use limpid_types::{Rating, Status};
use limpid_version::Scheme;

use super::claims::{Claim, Claims};
use super::product::{Place, Product};
use super::series;
use crate::FeedError;
use crate::osv::affected::{Affected, Package};
use crate::osv::entry::{Entry, Precedence};
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, name_fault};

/// Reads the record of a CVE.
pub(super) fn read(file: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
    let entry = match Entry::parse(content) {
        Ok(entry) => entry,
        Err(reason) => return run.quarantine(file, None, reason),
    };
    if entry.is_withdrawn() {
        run.withdrawn();
        return Ok(());
    }
    let rating = entry.rating("", Precedence::Word);
    let mut claims = Claims::default();
    for affected in &entry.affected.0 {
        let affected: Affected<'_> = match serde_json::from_str(affected.get()) {
            Ok(affected) => affected,
            Err(error) => {
                run.quarantine(&*entry.id, None, error)?;
                continue;
            }
        };
        let Some(package) = &affected.package else {
            continue;
        };
        match place(package) {
            Ok(None) => {}
            Ok(Some(place)) => {
                if let Some(claim) = claim(&affected, &place, &rating, &entry.id, run)? {
                    claims.add(&place, &package.name, claim);
                }
            }
            Err(reason) => run.quarantine(&*entry.id, None, reason)?,
        }
    }
    let cves = entry.cves();
    let own = entry.id.strip_prefix("UBUNTU-").unwrap_or(&entry.id);
    let id = match &*cves {
        [id] => id,
        _ => own,
    };
    claims.hand_over(id, &entry.details(DESCRIPTION_BYTES), run)
}

fn claim(
    affected: &Affected<'_>,
    place: &Place,
    rating: &Rating,
    id: &str,
    run: &mut Run<'_>,
) -> Result<Option<Claim>, FeedError> {
    let Some(mut versions) = affected.versions(Scheme::Dpkg, id, run)? else {
        return Ok(None);
    };
    // The list repeats what the ranges say, for those who cannot compare versions.
    if !versions.ranges.is_empty() {
        versions.enumerated.clear();
    }
    Ok(Some(Claim {
        pocket: place.pocket.clone(),
        status: Status::Affected,
        versions,
        rating: affected
            .rating(Precedence::Word)
            .unwrap_or_else(|| rating.clone()),
    }))
}

/// Finds out where a package is; none when it is not one of Ubuntu.
///
/// The ecosystem has the number of the release, the address its code name and the pocket. The
/// address may be missing or incomplete in old records; that the two contradict each other is an
/// error.
fn place(package: &Package) -> Result<Option<Place>, &'static str> {
    let mut parts = package.ecosystem.split(':');
    if parts.next() != Some("Ubuntu") {
        return Ok(None);
    }
    if let Some(fault) = name_fault(&package.name) {
        return Err(fault);
    }
    let (numbers, words): (Vec<&str>, Vec<&str>) =
        parts.partition(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    let by_number = numbers.first().and_then(|number| series::code_name(number));
    let product = package.purl.as_deref().and_then(Product::parse);
    let by_address = product.and_then(|product| product.place);
    match (by_number, by_address) {
        (Some(series), Some(place)) if series != place.series => {
            Err("ecosystem and address name different releases")
        }
        (_, Some(place)) => Ok(Some(place)),
        (Some(series), None) => Ok(Place::new(&pocket(&words), series)),
        (None, None) => Err("unknown release"),
    }
}

/// Names the pocket of an ecosystem by the words in it: `Pro`, `Pro:FIPS-updates`, `LTS`.
fn pocket(words: &[&str]) -> String {
    let words: Vec<String> = words
        .iter()
        .filter(|word| !matches!(**word, "LTS" | "Kernel"))
        .map(|word| word.to_ascii_lowercase())
        .collect();
    match &*words {
        [] => String::new(),
        [pro] if pro == "pro" => "esm".into(),
        [pro, others @ ..] if pro == "pro" => others.join("-"),
        others => others.join("-"),
    }
}
