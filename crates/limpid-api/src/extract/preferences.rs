use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// What the header `Prefer` asks for (RFC 7240), as far as it is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The client does not want to wait for the work to be done.
    pub respond_async: bool,
    /// How long the client would rather wait than be answered before the work is done.
    pub wait: Option<Duration>,
}

/// The urgency that the header `Priority` gives (RFC 9218): 0 is the most urgent, 7 the least;
/// none when it gives none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestUrgency(
    /// The urgency.
    pub Option<u8>,
);

impl<S: Sync> FromRequestParts<S> for Preferences {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut preferences = Self::default();
        for (name, value) in entries(&parts.headers, "prefer") {
            if name.eq_ignore_ascii_case("respond-async") {
                preferences.respond_async = true;
            } else if name.eq_ignore_ascii_case("wait") && preferences.wait.is_none() {
                preferences.wait = value.parse().map(Duration::from_secs).ok();
            }
        }
        Ok(preferences)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestUrgency {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Of entries with the same name the last one counts (RFC 9651 section 3.2).
        let last = entries(&parts.headers, "priority").filter(|(name, _)| *name == "u");
        let urgency = last.last().and_then(|(_, value)| value.parse().ok());
        Ok(Self(urgency.filter(|urgency| *urgency <= 7)))
    }
}

/// Yields the entries of a header as names and values; the value of a bare name is empty, and
/// parameters behind a semicolon are left out.
fn entries<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|entry| {
            let entry = entry.split(';').next().unwrap_or_default();
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            (name.trim(), value.trim().trim_matches('"'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(name: &str, lines: &[&str]) -> Parts {
        let request = lines.iter().fold(Request::builder(), |request, line| {
            request.header(name, *line)
        });
        request.body(()).unwrap().into_parts().0
    }

    #[tokio::test]
    async fn preferences_are_found_among_others() {
        let mut parts = parts(
            "Prefer",
            &["handling=lenient, Respond-Async", "wait=\"10\"; x=1"],
        );
        let Ok(preferences) = Preferences::from_request_parts(&mut parts, &()).await;
        assert_eq!(
            preferences,
            Preferences {
                respond_async: true,
                wait: Some(Duration::from_secs(10)),
            }
        );
    }

    #[tokio::test]
    async fn urgency_is_a_digit_up_to_seven() {
        for (line, urgency) in [
            ("u=0", Some(0)),
            ("i, u=7", Some(7)),
            ("u=1, u=2", Some(2)),
            ("u=8", None),
            ("u=-1", None),
            ("u", None),
            ("", None),
        ] {
            let mut parts = parts("Priority", &[line]);
            let Ok(read) = RequestUrgency::from_request_parts(&mut parts, &()).await;
            assert_eq!(read.0, urgency, "{line}");
        }
    }
}
