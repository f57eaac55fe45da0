use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

use crate::FetchFault;
use crate::address::host_and_port;

/// Where the addresses of documents lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// To where they say.
    Direct,
    /// To files: the host is a directory, and the path leads on from there.
    MirrorDirectory(PathBuf),
    /// To another server: host and path are appended to its address.
    MirrorUrl(Url),
}

/// A text that is no [`Source`].
#[derive(Debug, Error)]
#[error("invalid mirror address, expected a directory or http(s): {text:?}")]
pub struct SourceError {
    /// The text.
    text: String,
}

impl FromStr for Source {
    type Err = SourceError;

    /// Reads a mirror: an `http` or `https` address, a `file` address, or else a directory.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        if !text.contains("://") {
            return Ok(Self::MirrorDirectory(PathBuf::from(text)));
        }
        let invalid = || SourceError {
            text: text.to_owned(),
        };
        let url: Url = text.parse().map_err(|_| invalid())?;
        match url.scheme() {
            "http" | "https" => Ok(Self::MirrorUrl(url)),
            "file" => {
                let path = url.to_file_path().map_err(|()| invalid())?;
                Ok(Self::MirrorDirectory(path))
            }
            _ => Err(invalid()),
        }
    }
}

/// Where to get a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Http(Url),
    File { mirror: PathBuf, path: PathBuf },
}

impl Source {
    /// Returns where the document with an address is.
    pub(crate) fn locate(&self, url: &Url) -> Result<Location, FetchFault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchFault::UnsupportedScheme(url.scheme().to_owned()));
        }
        match self {
            Self::Direct => Ok(Location::Http(url.clone())),
            Self::MirrorDirectory(directory) => {
                let mut path = directory.join(host_and_port(url));
                let folder = url.path().strip_suffix('/');
                for segment in folder.unwrap_or(url.path()).split('/').skip(1) {
                    path.push(file_name(segment)?);
                }
                if folder.is_some() {
                    path.push(FOLDER_PAGE);
                }
                Ok(Location::File {
                    mirror: directory.clone(),
                    path,
                })
            }
            Self::MirrorUrl(base) => {
                let mut target = base.clone();
                let base_path = base.path().trim_end_matches('/');
                target.set_path(&format!("{base_path}/{}{}", host_and_port(url), url.path()));
                if url.query().is_some() {
                    target.set_query(url.query());
                }
                Ok(Location::Http(target))
            }
        }
    }
}

/// The file that holds what a server answers for a folder, by the custom of servers and of the
/// programs that copy their pages.
const FOLDER_PAGE: &str = "index.html";

/// Returns the name of the file that a part of a path stands for. It is one name below the
/// directory and never leads elsewhere; symbolic links in the mirror are its owner's business.
fn file_name(segment: &str) -> Result<String, FetchFault> {
    let name = percent_decoded(segment);
    match name {
        Some(name) if !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\0']) => {
            Ok(name)
        }
        _ => Err(FetchFault::NotInMirror(segment.chars().take(80).collect())),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_a_directory_or_an_address() {
        let directory = |path: &str| Source::MirrorDirectory(PathBuf::from(path));
        assert_eq!("some/dir".parse::<Source>().unwrap(), directory("some/dir"));
        assert_eq!(
            "file:///a%20b".parse::<Source>().unwrap(),
            directory("/a b")
        );
        let url = "https://mirror.example/feeds/";
        let expected = Source::MirrorUrl(url.parse().unwrap());
        assert_eq!(url.parse::<Source>().unwrap(), expected);
        for text in ["ftp://a.example/", "https://", "://"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }

    #[test]
    fn host_and_path_lead_to_a_file() {
        let source = Source::MirrorDirectory(PathBuf::from("/mirror"));
        let cases = [
            (
                "https://a.example/v3/main.json",
                "/mirror/a.example/v3/main.json",
            ),
            ("https://u:p@a.example:444/x?q=1", "/mirror/a.example:444/x"),
            (
                "https://a.example/Rocky%20Linux/all.zip",
                "/mirror/a.example/Rocky Linux/all.zip",
            ),
            ("https://a.example/x/../../../y", "/mirror/a.example/y"),
            ("https://a.example/x/", "/mirror/a.example/x/index.html"),
            ("https://a.example", "/mirror/a.example/index.html"),
        ];
        for (url, path) in cases {
            let location = source.locate(&url.parse().unwrap()).unwrap();
            let expected = Location::File {
                mirror: PathBuf::from("/mirror"),
                path: PathBuf::from(path),
            };
            assert_eq!(location, expected, "{url}");
        }
    }

    #[test]
    fn no_address_leads_out_of_the_directory() {
        let source = Source::MirrorDirectory(PathBuf::from("/mirror"));
        for url in [
            "https://a.example/..%2f..%2fetc/passwd",
            "https://a.example/%2e%2e%2fx",
            "https://a.example/x%00y",
            "https://a.example/x%ff",
            "https://a.example/x%2",
            "https://a.example//etc/passwd",
            "https://a.example/x//",
        ] {
            let fault = source.locate(&url.parse().unwrap()).unwrap_err();
            assert!(
                matches!(fault, FetchFault::NotInMirror(_)),
                "{url}: {fault}"
            );
        }
        let fault = source.locate(&"file:///etc/passwd".parse().unwrap());
        assert!(matches!(fault, Err(FetchFault::UnsupportedScheme(_))));
    }

    #[test]
    fn host_and_path_are_appended_to_the_mirror() {
        let cases = [
            ("https://m.example", "https://m.example/a.example/v3/x?q=1"),
            (
                "https://u:p@m.example/feeds/",
                "https://u:p@m.example/feeds/a.example/v3/x?q=1",
            ),
        ];
        for (base, expected) in cases {
            let source = Source::MirrorUrl(base.parse().unwrap());
            let url = "https://a.example/v3/x?q=1".parse().unwrap();
            let expected = Location::Http(expected.parse().unwrap());
            assert_eq!(source.locate(&url).unwrap(), expected);
        }
    }
}
