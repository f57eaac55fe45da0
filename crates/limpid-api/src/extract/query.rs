use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The parameters of a request's query, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParameters(Vec<(String, String)>);

impl QueryParameters {
    /// Returns the first value of a parameter; none when it is not there or empty, which Clair
    /// takes for the same.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        named
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

impl<S: Sync> FromRequestParts<S> for QueryParameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Ok(Self(pairs.into_owned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[tokio::test]
    async fn the_first_value_counts_and_an_empty_one_is_none() {
        let request = Request::get("/?a=1&a=2&b=&c=%7Bx+y%7D&d");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(query) = QueryParameters::from_request_parts(&mut parts, &()).await;
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.get("b"), None);
        assert_eq!(query.get("c"), Some("{x y}"));
        assert_eq!(query.get("d"), None);
        assert_eq!(query.get("e"), None);
    }
}
