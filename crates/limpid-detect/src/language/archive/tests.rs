use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// Keeps the members whose names end with `.txt`.
#[derive(Default)]
struct Kept {
    members: Vec<(String, String)>,
    lost: Vec<String>,
}

impl Members for Kept {
    fn wants(&mut self, name: &[u8]) -> bool {
        name.ends_with(b".txt")
    }

    fn take(&mut self, name: &[u8], content: Content<'_>) -> io::Result<()> {
        let mut text = String::new();
        content.with_reader(|reader| reader.read_to_string(&mut text))?;
        let name = String::from_utf8_lossy(name).into_owned();
        self.members.push((name, text));
        Ok(())
    }

    fn lose(&mut self, name: &[u8], error: io::Error) {
        let name = String::from_utf8_lossy(name);
        self.lost.push(format!("{name}: {error}"));
    }
}

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn fill<W: Write + io::Seek>(mut writer: ZipWriter<W>, options: &[SimpleFileOptions]) -> W {
    for (number, options) in options.iter().enumerate() {
        writer
            .start_file(format!("{number}.class"), *options)
            .unwrap();
        writer.write_all(&[7; 1000]).unwrap();
        writer
            .start_file(format!("{number}.txt"), *options)
            .unwrap();
        writer
            .write_all(format!("text {number}").as_bytes())
            .unwrap();
    }
    writer.finish().unwrap()
}

fn archive(options: &[SimpleFileOptions]) -> Vec<u8> {
    fill(ZipWriter::new(Cursor::new(Vec::new())), options).into_inner()
}

/// Makes an archive whose sizes follow the data.
fn streamed(options: &[SimpleFileOptions]) -> Vec<u8> {
    let writer = ZipWriter::new_stream(Vec::new());
    fill(writer, options).into_inner()
}

fn window(bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    let bounds = Bounds::of_file(bytes.len() as u64);
    walk(
        Content::Window(Window::new(&bytes, &bounds)),
        &bounds,
        &mut kept,
    );
    kept
}

fn stream(mut bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    walk(Content::Stream(&mut bytes), &Bounds::of_file(0), &mut kept);
    kept
}

fn check(kept: &Kept, count: usize) {
    let expected = (0..count).map(|number| (format!("{number}.txt"), format!("text {number}")));
    assert_eq!(kept.members, expected.collect::<Vec<_>>());
    assert_eq!(kept.lost, [""; 0]);
}

#[test]
fn members_are_read_by_the_directory_and_forward_alike() {
    let plain = archive(&[stored(), deflated(), deflated().large_file(true)]);
    check(&window(&plain), 3);
    check(&stream(&plain), 3);
    let streamed = streamed(&[deflated(), deflated().large_file(true)]);
    check(&window(&streamed), 2);
    check(&stream(&streamed), 2);
}

#[test]
fn an_archive_with_more_members_than_16_bits_count_is_read() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..66_000 {
        writer
            .start_file(format!("{number}.class"), stored())
            .unwrap();
    }
    writer.start_file("0.txt", stored()).unwrap();
    writer.write_all(b"text 0").unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    check(&window(&bytes), 1);
    bytes.splice(..0, *b"#!/bin/sh\n");
    check(&window(&bytes), 1);
}

#[test]
fn a_program_before_and_a_comment_behind_are_passed_over() {
    let mut bytes = b"#!/bin/sh\nexec java -jar $0\n".to_vec();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .set_comment("PK\u{5}\u{6} is how archives end. ".repeat(1000))
        .unwrap();
    bytes.extend(fill(writer, &[deflated()]).into_inner());
    check(&window(&bytes), 1);
}

#[test]
fn an_empty_archive_is_one_and_other_things_are_none() {
    let bounds = Bounds::of_file(0);
    let is_archive = |bytes: &[u8]| {
        let window = Window::new(&bytes, &bounds);
        walk(Content::Window(window), &bounds, &mut Kept::default())
    };
    assert!(is_archive(&archive(&[])));
    for other in [&b""[..], b"P", b"version https://git-lfs", &[0; 5000]] {
        assert!(!is_archive(other));
    }
}

#[test]
fn what_comes_before_a_cut_is_found_and_the_cut_is_told() {
    let bytes = archive(&[stored(), deflated()]);
    for end in 0..bytes.len() {
        let cut = bytes.get(..end).unwrap();
        let kept = window(cut);
        assert!(end < 4 || !kept.lost.is_empty(), "{end}");
        let complete = (0..kept.members.len()).map(|n| format!("text {n}"));
        assert!(
            complete.eq(kept.members.into_iter().map(|(_, text)| text)),
            "{end}"
        );
    }
}

#[test]
fn a_member_that_cannot_be_read_costs_itself() {
    let bytes = archive(&[stored(), deflated(), stored()]);
    let central = |number: usize| {
        let name = format!("{number}.txt");
        let mut places = bytes.windows(name.len());
        places.rposition(|place| place == name.as_bytes()).unwrap() - 46
    };
    for (offset, value, why) in [
        (8, 1, "1.txt: it is encrypted"),
        (10, 99, "1.txt: unknown compression method: 99"),
        (20, 2, "1.txt: incomplete deflate stream"),
        (42, 1, "1.txt: there is no member where the directory says"),
        (45, 0x70, "1.txt: unexpected end of file"),
    ] {
        let mut bytes = bytes.clone();
        *bytes.get_mut(central(1) + offset).unwrap() = value;
        let kept = window(&bytes);
        assert_eq!(kept.lost, [why]);
        assert_eq!(kept.members.len(), 2, "{why}");
    }
}

#[test]
fn a_size_that_is_not_true_allocates_nothing_and_reads_what_is_there() {
    let mut bytes = archive(&[deflated()]);
    let place = bytes
        .windows(5)
        .rposition(|place| place == b"0.txt")
        .unwrap()
        - 46;
    bytes.get_mut(place + 20..place + 28).unwrap().fill(0xf0);
    check(&window(&bytes), 1);
}

#[test]
fn members_that_share_their_data_are_counted_each_time() {
    let bounds = Bounds::of_file(0);
    let bytes = vec![0; 1 << 20];
    let bytes = bytes.as_slice();
    let window = Window::new(&bytes, &bounds);
    let mut read = 0;
    let error = loop {
        match io::copy(&mut window.reader(), &mut io::sink()) {
            Ok(bytes) => read += bytes,
            Err(error) => break error,
        }
    };
    assert_eq!(
        (read, error.to_string().as_str()),
        (64 << 20, "it unfolds into too much data")
    );
}

#[test]
fn any_byte_may_be_wrong() {
    let bytes = archive(&[stored(), deflated()]);
    for place in 0..bytes.len() {
        for value in [0, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            *bytes.get_mut(place).unwrap() = value;
            assert!(window(&bytes).members.len() <= 2);
            assert!(stream(&bytes).members.len() <= 2);
        }
    }
}
