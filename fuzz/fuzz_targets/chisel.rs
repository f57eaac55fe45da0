//! Chisel's manifest: as it is found, and lines of any content packed as one.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let lines = [b"{\"jsonwall\":\"1.0\"}\n", input].concat();
    let packed = zstd::encode_all(lines.as_slice(), 1).unwrap_or_default();
    for bytes in [input, &packed] {
        let (packages, _) = limpid_detect::chisel::read(bytes);
        for package in packages {
            assert!(!package.name.is_empty() && !package.version.is_empty());
        }
    }
});
