//! The labels of a Red Hat container image, as a file in the image itself.
//!
//! | member | meaning |
//! |---|---|
//! | `name` | canonical name, `ubi9/httpd-24` |
//! | `architecture` | `amd64`, or as rpm writes it, `x86_64` |
//! | `org.opencontainers.image.created` | RFC 3339; stands for a version |
//! | `cpe` | CPE name of what the image is |
//!
//! The schema is Red Hat's `embedded_metadata.v1.schema.json`. Some builds quote the values twice.

use limpid_types::ContainerIdentity;
use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    name: Option<String>,
    architecture: Option<String>,
    #[serde(rename = "org.opencontainers.image.created")]
    created: Option<String>,
    cpe: Option<String>,
}

/// Parses labels; an error says what is wrong with them. All but the CPE are needed.
pub fn parse(path: &str, json: &[u8]) -> Result<ContainerIdentity, String> {
    let document: Document = serde_json::from_slice(json)
        .map_err(|error| format!("is not a set of container labels: {error}"))?;
    let needed = |label: &str, value: Option<String>| {
        let value = unquoted(value.unwrap_or_default());
        if value.is_empty() {
            return Err(format!("container labels without: {label}"));
        }
        Ok(value)
    };
    Ok(ContainerIdentity {
        path: path.to_owned(),
        name: needed("name", document.name)?,
        architecture: needed("architecture", document.architecture)?,
        created: needed("org.opencontainers.image.created", document.created)?,
        cpe: unquoted(document.cpe.unwrap_or_default()),
        ..ContainerIdentity::default()
    })
}

fn unquoted(value: String) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) => inner.to_owned(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_quoted_twice_are_the_same() {
        let json = r#"{"name":"\"ubi9/httpd-24\"","architecture":"\"x86_64\"",
            "org.opencontainers.image.created":"2025-04-14T02:14:26Z",
            "cpe":"cpe:/a:redhat:enterprise_linux:9::appstream","vendor":"x"}"#;
        let identity = parse("labels.json", json.as_bytes()).unwrap();
        assert_eq!(identity.name, "ubi9/httpd-24");
        assert_eq!(identity.architecture, "x86_64");
        assert_eq!(identity.created, "2025-04-14T02:14:26Z");
        assert_eq!(identity.cpe, "cpe:/a:redhat:enterprise_linux:9::appstream");
    }

    #[test]
    fn labels_without_a_name_are_an_error_that_says_so() {
        let json = r#"{"architecture":"amd64","org.opencontainers.image.created":"2025"}"#;
        assert_eq!(
            parse("labels.json", json.as_bytes()),
            Err("container labels without: name".to_owned())
        );
    }
}
