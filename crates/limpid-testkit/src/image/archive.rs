/// Writes the outer tar archive of an image, member by member.
#[derive(Clone, Debug, Default)]
pub struct ArchiveBuilder {
    bytes: Vec<u8>,
}

/// A member for [`ArchiveBuilder::member`], with every field as it goes into the header.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveMember<'a> {
    /// The name, cut at 100 bytes.
    pub name: &'a str,
    /// The type, such as `b'0'` for a file or `b'x'` for extended records.
    pub kind: u8,
    /// The target of a link.
    pub link: &'a str,
    /// The size in the header, which need not be true.
    pub size: u64,
    /// The content.
    pub content: &'a [u8],
}

const BLOCK: usize = 512;

impl ArchiveBuilder {
    /// Starts an empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, name: &str, content: &[u8]) -> Self {
        self.member(ArchiveMember {
            name,
            kind: b'0',
            link: "",
            size: content.len() as u64,
            content,
        })
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.link(name, b'2', target)
    }

    /// Adds a hard link.
    #[must_use]
    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.link(name, b'1', target)
    }

    fn link(self, name: &str, kind: u8, link: &str) -> Self {
        self.member(ArchiveMember {
            name,
            kind,
            link,
            size: 0,
            content: b"",
        })
    }

    /// Adds a member as it is.
    #[must_use]
    pub fn member(mut self, member: ArchiveMember<'_>) -> Self {
        let mut header = [0_u8; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| {
            header[at..at + bytes.len()].copy_from_slice(bytes);
        };
        let cut = |text: &str| text.as_bytes()[..text.len().min(100)].to_vec();
        put(0, &cut(member.name));
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", member.size).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[member.kind]);
        put(157, &cut(member.link));
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend(header);
        self.bytes.extend(member.content);
        let padded = self.bytes.len().next_multiple_of(BLOCK);
        self.bytes.resize(padded, 0);
        self
    }

    /// Ends the archive and returns its bytes.
    pub fn build(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }
}
