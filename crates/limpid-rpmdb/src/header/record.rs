use limpid_types::PackageRecord;

use super::{Header, HeaderError, tag};
use crate::openpgp;

/// Tags that hold one binary signature, the signature of the header alone first.
const SIGNATURES: [u32; 4] = [tag::RSAHEADER, tag::DSAHEADER, tag::SIGPGP, tag::SIGGPG];

impl Header<'_> {
    /// Returns the package's name.
    pub fn name(&self) -> Result<String, HeaderError> {
        self.required_text(tag::NAME).map(Into::into)
    }

    /// Returns what the header says about its package, and which entries could not be read.
    ///
    /// Fails when the name or the version is not known, because a package with a guessed version
    /// is worse than none.
    pub fn record(&self) -> Result<(PackageRecord, Vec<HeaderError>), HeaderError> {
        let name = self.name()?;
        let epoch = self.number(tag::EPOCH)?.unwrap_or_default();
        let version = self.required_text(tag::VERSION)?;
        let release = self.required_text(tag::RELEASE)?;
        let mut damage = Vec::new();
        let mut optional = |tag| match self.text(tag) {
            Ok(text) => text.unwrap_or_default().into_owned(),
            Err(error) => {
                damage.push(error);
                String::new()
            }
        };
        let mut record = PackageRecord {
            name,
            version: full_version(epoch, &version, &release),
            arch: optional(tag::ARCH),
            vendor: optional(tag::VENDOR),
            maintainer: optional(tag::PACKAGER),
            module: optional(tag::MODULARITYLABEL),
            ..PackageRecord::default()
        };
        let source_rpm = optional(tag::SOURCERPM);
        if let Some((name, version, release)) = split_source_rpm(&source_rpm) {
            name.clone_into(&mut record.source);
            // The file name of a source package has no epoch. Both are built from one spec file
            // and so nearly always share it; taking 0 instead would make every advisory for a
            // source package with an epoch look as if it were fixed in a far later version.
            record.source_version = full_version(epoch, version, release);
        }
        match self.payload_digest() {
            Ok(digest) => record.build_id = digest,
            Err(error) => damage.push(error),
        }
        match self.signature_key() {
            Ok(key) => record.signature_key = key,
            Err(error) => damage.push(error),
        }
        Ok((record, damage))
    }

    /// Returns the digest of the compressed payload as `algorithm:hex`, or nothing.
    fn payload_digest(&self) -> Result<String, HeaderError> {
        let Some(hex) = self.text(tag::PAYLOADDIGEST)? else {
            return Ok(String::new());
        };
        // The numbers are those of OpenPGP's hash functions.
        let (algorithm, digits) = match self.number(tag::PAYLOADDIGESTALGO)? {
            Some(8) | None => ("sha256", 64),
            Some(10) => ("sha512", 128),
            Some(_) => return Ok(String::new()),
        };
        if hex.len() != digits || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(String::new());
        }
        Ok(format!("{algorithm}:{}", hex.to_ascii_lowercase()))
    }

    /// Returns the id of the key that signed the package, or nothing.
    fn signature_key(&self) -> Result<String, HeaderError> {
        for tag in SIGNATURES {
            if let Some(key) = self.binary(tag)?.and_then(openpgp::issuer) {
                return Ok(key.to_string());
            }
        }
        let armored = self.strings(tag::OPENPGP)?.into_iter().flatten();
        Ok(armored
            .filter_map(openpgp::decode_base64)
            .find_map(|signature| openpgp::issuer(&signature))
            .map(|key| key.to_string())
            .unwrap_or_default())
    }
}

fn full_version(epoch: u32, version: &str, release: &str) -> String {
    match epoch {
        0 => format!("{version}-{release}"),
        _ => format!("{epoch}:{version}-{release}"),
    }
}

/// Splits `name-version-release.src.rpm`.
fn split_source_rpm(file_name: &str) -> Option<(&str, &str, &str)> {
    let stem = file_name
        .strip_suffix(".src.rpm")
        .or_else(|| file_name.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty()).then_some((name, version, release))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_package_is_split_at_its_last_two_dashes() {
        let check = |file_name, expected| assert_eq!(split_source_rpm(file_name), expected);
        check("bash-5.1-2.el9.src.rpm", Some(("bash", "5.1", "2.el9")));
        check(
            "perl-Data-Dumper-2.1-4.src.rpm",
            Some(("perl-Data-Dumper", "2.1", "4")),
        );
        check("firmware-1-1.nosrc.rpm", Some(("firmware", "1", "1")));
        check("(none)", None);
        check("bash-5.1.src.rpm", None);
        check("-5.1-2.src.rpm", None);
        check("", None);
    }
}
