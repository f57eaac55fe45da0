use std::io;

use serde::Serialize;

/// Writes one compact JSON document and a line end.
///
/// It serves every report type: the shape is that of the type.
pub fn write_json<T: Serialize>(out: &mut dyn io::Write, document: &T) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(document).map_err(io::Error::other)?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}
