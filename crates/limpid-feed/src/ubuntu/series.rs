//! The releases of Ubuntu, by code name and by number.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Probe;
use crate::json::Elements;

/// Bytes of Launchpad's list that are read at most; it has 60 KB.
const LIST_BYTES: usize = 4 << 20;

/// The releases since containers exist, each with its number.
///
/// Launchpad's list is asked for newer ones. These are known without it, so that an outage there
/// costs no release, and none is lost when it reaches its end of life.
const RELEASES: [(&str, &str); 29] = [
    ("precise", "12.04"),
    ("quantal", "12.10"),
    ("raring", "13.04"),
    ("saucy", "13.10"),
    ("trusty", "14.04"),
    ("utopic", "14.10"),
    ("vivid", "15.04"),
    ("wily", "15.10"),
    ("xenial", "16.04"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
    ("artful", "17.10"),
    ("bionic", "18.04"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04"),
];

#[derive(Deserialize)]
struct List {
    entries: Elements<Series>,
}

#[derive(Deserialize)]
struct Series {
    name: String,
}

/// Returns the code name of a release number.
pub(crate) fn code_name(number: &str) -> Option<&'static str> {
    RELEASES
        .iter()
        .find(|(_, known)| *known == number)
        .map(|(name, _)| *name)
}

/// Tells whether a text can be a code name: it becomes a part of addresses and namespaces.
pub(super) fn is_code_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Returns the code names of all releases: those that are known and those of Launchpad's list,
/// whatever their state there. A list that cannot be had adds none.
pub(super) fn all(probe: &mut dyn Probe, list_url: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = RELEASES.iter().map(|(name, _)| (*name).into()).collect();
    if let Ok(Some(bytes)) = probe.read(list_url, LIST_BYTES)
        && let Ok(list) = serde_json::from_slice::<List>(&bytes)
    {
        let listed = list.entries.0.into_iter().map(|series| series.name);
        names.extend(listed.filter(|name| is_code_name(name)));
    }
    names
}
