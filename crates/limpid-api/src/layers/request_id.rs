use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries the id of a request, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a client.
const LONGEST: usize = 64;

/// Gives every request a name by which it is found in the logs.
#[derive(Clone, Default)]
pub(crate) struct RequestIds {
    count: Arc<AtomicU64>,
    random: RandomState,
}

impl RequestIds {
    /// Returns the client's id, when it has one that can stand in a log, or else a new one of 16
    /// hexadecimal digits.
    pub(crate) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let given = headers.get(REQUEST_ID).filter(|id| is_sane(id.as_bytes()));
        given.cloned().unwrap_or_else(|| self.make())
    }

    fn make(&self) -> HeaderValue {
        // A keyed hash of a counter: no two are alike but by chance, and none can be guessed.
        let id = self
            .random
            .hash_one(self.count.fetch_add(1, Ordering::Relaxed));
        HeaderValue::try_from(format!("{id:016x}")).unwrap_or_else(|_| HeaderValue::from(id))
    }
}

fn is_sane(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    !id.is_empty() && id.len() <= LONGEST && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(given: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        if let Some(given) = given {
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
        }
        RequestIds::default()
            .of(&headers)
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        for given in [
            "a",
            "1b4d0db2-e757-4150-bbbb-543658144205",
            "Root=1-67891233",
        ] {
            assert_eq!(id(Some(given)), given);
        }
    }

    #[test]
    fn any_other_is_replaced_by_sixteen_digits() {
        let long = "a".repeat(65);
        for given in [None, Some(""), Some("a b"), Some("a\"b"), Some(&long)] {
            let made = id(given);
            assert!(
                made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()),
                "{made}"
            );
        }
    }

    #[test]
    fn no_two_are_alike() {
        let ids = RequestIds::default();
        let made: std::collections::HashSet<_> = (0..10_000).map(|_| ids.make()).collect();
        assert_eq!(made.len(), 10_000);
    }
}
