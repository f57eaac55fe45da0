//! A Dockerfile of any content: no panic, and the labels stay within the limit of text.
#![no_main]

libfuzzer_sys::fuzz_target!(|dockerfile: &[u8]| {
    let labels = limpid_detect::build_info::dockerfile::parse(dockerfile);
    let text: usize = labels.iter().map(|(_, value)| value.len()).sum();
    assert!(text <= 8 << 20);
});
