use std::fmt;
use std::time::Duration;

use url::Url;

/// Which bucket is used, as whom, and with how much patience.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// Address of the service, without the bucket.
    pub endpoint: Url,
    /// Name of the bucket, which must be there.
    pub bucket: String,
    /// Region; services without regions expect `us-east-1`.
    pub region: String,
    /// What the names of all objects begin with. Objects with other names are left alone.
    pub prefix: String,
    /// Whether the bucket stands in the path of addresses and not in their host.
    pub path_style: bool,
    /// The id of the access key.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: String,
    /// Bytes that are sent in one request, which are held in memory; larger files are sent in
    /// parts. The service wants at least 5 MiB.
    pub part_bytes: usize,
    /// Bytes that a blob may have.
    pub max_bytes: u64,
    /// How often in a row a request may fail before the operation does.
    pub attempts: u32,
    /// The pause after the first failure, which doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the service may send nothing.
    pub stall_timeout: Duration,
    /// How long one operation may take in all.
    pub total_timeout: Duration,
    /// Whether the proxy of the system's settings is used.
    pub use_system_proxy: bool,
}

impl S3Settings {
    /// Makes settings for a bucket, with the usual limits.
    pub fn new(endpoint: Url, bucket: impl Into<String>) -> Self {
        Self {
            endpoint,
            bucket: bucket.into(),
            region: "us-east-1".into(),
            prefix: String::new(),
            path_style: false,
            access_key_id: String::new(),
            secret_access_key: String::new(),
            part_bytes: 8 << 20,
            max_bytes: 16 << 30,
            attempts: 6,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(30),
            use_system_proxy: true,
        }
    }

    /// Returns where the blobs are, without anything secret.
    pub(super) fn location(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }
}

impl fmt::Debug for S3Settings {
    /// Leaves out the keys, and what an address may carry of that kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("host", &self.endpoint.host_str())
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("prefix", &self.prefix)
            .field("path_style", &self.path_style)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown() {
        let endpoint = "https://user:hidden@storage.example/".parse().unwrap();
        let settings = S3Settings {
            access_key_id: "hidden".into(),
            secret_access_key: "hidden".into(),
            ..S3Settings::new(endpoint, "bucket")
        };
        let text = format!("{settings:?} {}", settings.location());
        assert!(text.contains("storage.example"), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
