use super::RpmPackage;

const BLOCK: usize = 16;
const PAGE: usize = 4096;
const FIRST_SLOT: usize = 2;
const SLOTS_IN_PAGE: usize = PAGE / BLOCK;

/// Writes packages as a `Packages.db`.
pub fn write_ndb(packages: &[RpmPackage]) -> Vec<u8> {
    let headers: Vec<_> = packages.iter().map(RpmPackage::header).collect();
    write_ndb_headers(&headers)
}

/// Writes headers as a `Packages.db`; the records are numbered from 1.
pub fn write_ndb_headers(headers: &[Vec<u8>]) -> Vec<u8> {
    let slot_pages = (headers.len() + FIRST_SLOT).div_ceil(SLOTS_IN_PAGE).max(1);
    let records = 1..=u32::try_from(headers.len()).unwrap_or(u32::MAX);
    let generation = records.end();
    let mut start = b"RpmP".to_vec();
    append_numbers(
        &mut start,
        &[0, *generation, as_u32(slot_pages), generation + 1],
    );
    start.resize(FIRST_SLOT * BLOCK, 0);
    let mut blobs = Vec::new();
    for (record, header) in records.zip(headers) {
        let first_block = slot_pages * SLOTS_IN_PAGE + blobs.len() / BLOCK;
        let blob = blob(record, header);
        start.extend(b"Slot");
        let place = [record, as_u32(first_block), as_u32(blob.len() / BLOCK)];
        append_numbers(&mut start, &place);
        blobs.extend(blob);
    }
    while start.len() < slot_pages * PAGE {
        start.extend(b"Slot");
        append_numbers(&mut start, &[0, 0, 0]);
    }
    start.extend(blobs);
    start
}

fn blob(record: u32, header: &[u8]) -> Vec<u8> {
    const TAIL: usize = 12;
    let length = as_u32(header.len());
    let mut blob = b"BlbS".to_vec();
    append_numbers(&mut blob, &[record, record, length]);
    blob.extend(header);
    blob.resize((blob.len() + TAIL).next_multiple_of(BLOCK) - TAIL, 0);
    let checksum = adler32(&blob);
    append_numbers(&mut blob, &[checksum, length]);
    blob.extend(b"BlbE");
    blob
}

fn append_numbers(bytes: &mut Vec<u8>, numbers: &[u32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

fn as_u32(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
