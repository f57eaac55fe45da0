//! Package URLs, `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH`, by the specification of
//! <https://github.com/package-url/purl-spec>.

use std::borrow::Cow;

/// A package URL, taken apart and decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purl<'a> {
    /// `rpm`, `oci`, …, in lower case.
    pub(crate) kind: Cow<'a, str>,
    /// Segments between type and name, joined by slashes; empty when there are none.
    pub(crate) namespace: Cow<'a, str>,
    /// The name; not empty.
    pub(crate) name: Cow<'a, str>,
    /// The version, if there is one that is not empty.
    pub(crate) version: Option<Cow<'a, str>>,
    qualifiers: &'a str,
}

impl<'a> Purl<'a> {
    /// Reads a package URL; the error says what is wrong with it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let rest = text
            .strip_prefix("pkg:")
            .ok_or("no `pkg:` at the beginning")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path
            .trim_start_matches('/')
            .split_once('/')
            .ok_or("no name")?;
        // A version may have slashes and at signs of its own only when they are encoded.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) => (path, Some(version)),
            None => (path, None),
        };
        let path = path.trim_end_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = decoded(name)?;
        if kind.is_empty() || name.is_empty() {
            return Err("no type or no name");
        }
        let kind = if kind.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(kind.to_ascii_lowercase())
        } else {
            Cow::Borrowed(kind)
        };
        Ok(Self {
            kind,
            namespace: decoded(namespace.trim_matches('/'))?,
            name,
            version: version
                .filter(|version| !version.is_empty())
                .map(decoded)
                .transpose()?,
            qualifiers,
        })
    }

    /// Returns the value of a qualifier; none when it is absent or empty.
    pub(crate) fn qualifier(&self, key: &str) -> Result<Option<Cow<'a, str>>, &'static str> {
        for pair in self.qualifiers.split('&') {
            if let Some((name, value)) = pair.split_once('=')
                && name.eq_ignore_ascii_case(key)
                && !value.is_empty()
            {
                return decoded(value).map(Some);
            }
        }
        Ok(None)
    }
}

/// Decodes percent codes.
fn decoded(text: &str) -> Result<Cow<'_, str>, &'static str> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err("a percent sign without two hexadecimal digits");
        };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| "percent codes that are not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_url_is_taken_apart() {
        let purl = Purl::parse(
            "pkg:rpm/redhat/libecap@1.0.1-2.module%2Bel8?rpmmod=squid:4:80:30&arch=src&epoch=1",
        )
        .unwrap();
        assert_eq!(
            (&*purl.kind, &*purl.namespace, &*purl.name),
            ("rpm", "redhat", "libecap")
        );
        assert_eq!(purl.version.as_deref(), Some("1.0.1-2.module+el8"));
        assert_eq!(purl.qualifier("rpmmod").unwrap().unwrap(), "squid:4:80:30");
        assert_eq!(purl.qualifier("distro").unwrap(), None);
    }

    #[test]
    fn parts_may_be_absent() {
        let purl = Purl::parse("pkg:oci/ubi@sha256:8bca#sub/path").unwrap();
        assert_eq!((&*purl.namespace, &*purl.name), ("", "ubi"));
        assert_eq!(purl.version.as_deref(), Some("sha256:8bca"));
        assert_eq!(Purl::parse("PKG:rpm/a"), Err("no `pkg:` at the beginning"));
        for text in [
            "pkg:rpm",
            "pkg:rpm/",
            "pkg:/a",
            "pkg:rpm/a%2",
            "pkg:rpm/%ff",
            "pkg:rpm/@1",
        ] {
            assert!(Purl::parse(text).is_err(), "{text}");
        }
    }
}
