use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// What stands in place of a secret wherever the configuration is shown.
const HIDDEN: &str = "<redacted>";

/// A text that is never shown: neither by `Debug` nor by `Serialize`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

/// An address that may carry a user and a password; only they are hidden when it is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Says whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { HIDDEN }
    }
}

impl Address {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the address with all that it carries.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Says whether there is no address.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn ensure_trailing_slash(&mut self) {
        if !self.0.ends_with('/') {
            self.0.push('/');
        }
    }

    /// Returns the address without what may be a secret: user, password, query.
    pub fn redacted(&self) -> String {
        let url = Url::parse(&self.0).ok().filter(Url::has_host);
        let Some(mut url) = url else {
            // A user and a password can stand in what is no URL too.
            let hides = self.0.contains(['@', '?']);
            return if hides {
                HIDDEN.to_owned()
            } else {
                self.0.clone()
            };
        };
        if !url.username().is_empty() || url.password().is_some() {
            // Both fail only for URLs that cannot have a user.
            let _ = url.set_username("redacted");
            let _ = url.set_password(None);
        } else if !self.0.contains('?') {
            return self.0.clone();
        }
        if url.query().is_some() {
            url.set_query(Some("redacted"));
        }
        url.into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_shown() {
        assert_eq!(format!("{:?}", Secret::new("psk")), HIDDEN);
        assert_eq!(
            serde_json::to_value(Secret::new("psk")).unwrap(),
            serde_json::json!(HIDDEN)
        );
    }

    #[test]
    fn addresses_lose_user_password_and_query() {
        for (address, shown) in [
            ("http://clair:6060/", "http://clair:6060/"),
            (
                "amqp://guest:word@rabbit:5672/v",
                "amqp://redacted@rabbit:5672/v",
            ),
            ("https://hook/?token=word", "https://hook/?redacted"),
            ("guest:word@rabbit", HIDDEN),
            ("localhost:8080", "localhost:8080"),
        ] {
            assert_eq!(Address::new(address).redacted(), shown, "{address}");
        }
    }
}
