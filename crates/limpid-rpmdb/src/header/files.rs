use super::{Header, HeaderError, Strings, tag};

/// Longest path that Linux takes.
const PATH_LIMIT: usize = 4096;

/// A directory with its trailing slash and a name in it.
type Halves<'a> = (&'a [u8], &'a [u8]);

/// What is left of the limits on paths, for all packages of a database together.
#[derive(Debug)]
pub(crate) struct FileAllowance {
    pub(crate) files: usize,
    pub(crate) bytes: usize,
}

/// The paths of a package's files, made one by one, without leading slash.
#[derive(Debug)]
pub(crate) struct FileList<'a> {
    paths: Paths<'a>,
    allowance: &'a mut FileAllowance,
    damage: Option<String>,
}

#[derive(Debug)]
enum Paths<'a> {
    /// Directories, and for each file its directory's number and its name there.
    Compressed {
        directories: Vec<&'a [u8]>,
        files: std::iter::Zip<Strings<'a>, std::slice::Iter<'a, [u8; 4]>>,
    },
    /// Whole paths, as rpm wrote them before version 4.
    Whole(Strings<'a>),
    Ended,
}

impl<'a> FileList<'a> {
    pub(crate) fn new(header: &Header<'a>, allowance: &'a mut FileAllowance) -> Self {
        let (paths, damage) = match Paths::new(header, allowance.files) {
            Ok(paths) => (paths, None),
            Err(error) => (Paths::Ended, Some(error.to_string())),
        };
        Self {
            paths,
            allowance,
            damage,
        }
    }

    /// Tells why paths are missing, after the list was gone through.
    pub(crate) fn damage(self) -> Option<String> {
        self.damage
    }

    fn stop(&mut self, why: &str) -> Option<String> {
        self.paths = Paths::Ended;
        self.damage = Some(why.to_owned());
        None
    }
}

impl<'a> Paths<'a> {
    fn new(header: &Header<'a>, files_limit: usize) -> Result<Self, HeaderError> {
        let Some(names) = header.strings(tag::BASENAMES)? else {
            let whole = header.strings(tag::OLDFILENAMES)?;
            return Ok(whole.map_or(Self::Ended, Self::Whole));
        };
        let directories = header
            .strings(tag::DIRNAMES)?
            .ok_or(HeaderError::Missing(tag::DIRNAMES))?;
        let numbers = header
            .numbers(tag::DIRINDEXES)?
            .ok_or(HeaderError::Missing(tag::DIRINDEXES))?;
        Ok(Self::Compressed {
            // A package has no more directories than files, and the files are limited.
            directories: directories.take(files_limit).collect(),
            files: names.zip(numbers),
        })
    }

    /// Returns the two halves of the next path.
    fn next(&mut self) -> Option<Result<Halves<'a>, &'static str>> {
        match self {
            Self::Compressed { directories, files } => {
                let (name, number) = files.next()?;
                let number = u32::from_be_bytes(*number) as usize;
                Some(match directories.get(number) {
                    Some(directory) => Ok((directory, name)),
                    None => Err("a file is in a directory that is not listed"),
                })
            }
            Self::Whole(paths) => Some(Ok((paths.next()?, b""))),
            Self::Ended => None,
        }
    }
}

impl Iterator for FileList<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let (directory, name) = match self.paths.next()? {
                Ok(halves) => halves,
                Err(why) => {
                    self.damage = Some(why.to_owned());
                    continue;
                }
            };
            let bytes = directory.len().saturating_add(name.len());
            if bytes > PATH_LIMIT {
                self.damage = Some("a file has a path longer than 4096 bytes".to_owned());
                continue;
            }
            let (Some(files), Some(bytes)) = (
                self.allowance.files.checked_sub(1),
                self.allowance.bytes.checked_sub(bytes),
            ) else {
                return self.stop("the limit of owned files is reached, the rest is left out");
            };
            *self.allowance = FileAllowance { files, bytes };
            let path = [directory, name].concat();
            let path = String::from_utf8_lossy(&path);
            return Some(path.trim_start_matches('/').to_owned());
        }
    }
}
