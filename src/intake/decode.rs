//! From bytes to lines of text.
//!
//! It stands apart as the one place that knows encodings: a file in another one than UTF-8 will
//! become UTF-8 here, and no later step will notice.
//!
//! **Invariant:** every byte that is read is hashed, and only those: the digest is that of the
//! bytes that were parsed, whatever else happens to the file.
//! **Invariant:** a line is never longer than the room it is given.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::IntakeError;

/// Bytes that are looked at before the first line is read.
const HEAD_BYTES: u64 = 64 * 1024;

/// Bytes asked of the file at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// What Excel writes before UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A reader that hashes what passes through it.
struct Hashing {
    inner: Box<dyn Read + Send>,
    hash: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.hash.update(&into[..count]);
        Ok(count)
    }
}

/// The lines of a file, as text, with their numbers.
pub(super) struct Lines {
    path: PathBuf,
    source: Chain<Cursor<Vec<u8>>, BufReader<Hashing>>,
    buffer: Vec<u8>,
    number: u64,
    /// The byte that ends a line: CR in the files of very old Macs, else LF.
    end: u8,
    bom: bool,
}

/// Opens a file that can be read twice.
pub(super) fn open(path: &Path) -> Result<Lines, IntakeError> {
    let read_error = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => IntakeError::NotFound { path: path.into() },
        _ => IntakeError::Io { path: path.into(), source },
    };
    // Asked before opening: to open a pipe may wait for ever.
    let about = std::fs::metadata(path).map_err(read_error)?;
    if about.is_dir() {
        return Err(IntakeError::Folder { path: path.into() });
    }
    if !about.is_file() {
        return Err(IntakeError::NotRegular { path: path.into() });
    }
    let file = File::open(path).map_err(read_error)?;
    Lines::new(path, Box::new(file))
}

impl Lines {
    /// The lines of what a reader gives; the path is for messages.
    pub(super) fn new(path: &Path, inner: Box<dyn Read + Send>) -> Result<Lines, IntakeError> {
        let hash = Sha256::new();
        let mut tail = BufReader::with_capacity(CHUNK_BYTES, Hashing { inner, hash });
        let mut head = Vec::new();
        (&mut tail)
            .take(HEAD_BYTES)
            .read_to_end(&mut head)
            .map_err(|source| IntakeError::Io { path: path.into(), source })?;
        refuse_other_formats(path, &head)?;
        let bom = head.starts_with(BOM);
        let is_old_mac = head.contains(&b'\r') && !head.contains(&b'\n');
        let mut head = Cursor::new(head);
        head.set_position(if bom { BOM.len() as u64 } else { 0 });
        Ok(Lines {
            path: path.into(),
            source: head.chain(tail),
            buffer: Vec::new(),
            number: 0,
            end: if is_old_mac { b'\r' } else { b'\n' },
            bom,
        })
    }

    /// The next line with its ending, or nothing at the end of the file. A line of more than
    /// `room` bytes is an error.
    pub(super) fn next(&mut self, room: usize) -> Result<Option<&str>, IntakeError> {
        self.buffer.clear();
        let mut limited = (&mut self.source).take(room as u64 + 1);
        let count = limited
            .read_until(self.end, &mut self.buffer)
            .map_err(|source| IntakeError::Io { path: self.path.clone(), source })?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        if count > room {
            let line = self.number;
            return Err(IntakeError::RecordTooLong { line, opened: None });
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(IntakeError::NotUtf8 {
                line: self.number,
                position: error.valid_up_to() + 1,
                byte: self.buffer[error.valid_up_to()],
            }),
        }
    }

    /// The number of the line that was read last, as an editor counts.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the file begins with a byte order mark.
    pub(super) fn has_bom(&self) -> bool {
        self.bom
    }

    /// What the file is called in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of all bytes that were read.
    pub(super) fn digest(&self) -> [u8; 32] {
        let (_, tail) = self.source.get_ref();
        tail.get_ref().hash.clone().finalize().into()
    }
}

/// Names the formats that people take for CSV, by their first bytes.
fn refuse_other_formats(path: &Path, head: &[u8]) -> Result<(), IntakeError> {
    let path = || path.to_owned();
    if head.is_empty() {
        return Err(IntakeError::Empty { path: path() });
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(IntakeError::Workbook { path: path() });
    }
    // A byte order mark of UTF-16, or the zero bytes of UTF-16 without one.
    let first = &head[..head.len().min(1_000)];
    if first.starts_with(b"\xFF\xFE") || first.starts_with(b"\xFE\xFF") || first.contains(&0) {
        return Err(IntakeError::NotText { path: path() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Lines, IntakeError> {
        Lines::new(Path::new("f.csv"), Box::new(Cursor::new(bytes.to_vec())))
    }

    #[test]
    fn lines_are_numbered_and_hashed_with_their_mark() {
        // Goal: the mark is no text, yet part of the digest. Method: two lines behind a BOM.
        let bytes = b"\xEF\xBB\xBFa\r\nb";
        let mut source = lines(bytes).unwrap();
        assert!(source.has_bom());
        assert_eq!(source.next(10).unwrap(), Some("a\r\n"));
        assert_eq!(source.next(10).unwrap(), Some("b"));
        assert_eq!(source.number(), 2);
        assert_eq!(source.next(10).unwrap(), None);
        assert_eq!(source.digest(), <[u8; 32]>::from(Sha256::digest(bytes)));
    }

    #[test]
    fn lines_of_an_old_mac_are_lines() {
        // Goal: CR alone ends a line where no LF is. Method: two lines.
        let mut source = lines(b"a\rb\r").unwrap();
        assert_eq!(source.next(10).unwrap(), Some("a\r"));
        assert_eq!(source.next(10).unwrap(), Some("b\r"));
    }

    #[test]
    fn a_long_line_stops_at_its_limit() {
        // Goal: memory is bounded. Method: an endless line and a little room.
        let mut source = Lines::new(Path::new("f"), Box::new(io::repeat(b'x'))).unwrap();
        let error = source.next(1_000).unwrap_err();
        assert!(matches!(error, IntakeError::RecordTooLong { line: 1, .. }));
        assert!(source.buffer.len() <= 1_001);
    }

    #[test]
    fn what_is_not_utf8_is_named_by_line_and_byte() {
        // Goal: a person finds the byte. Method: ş in windows-1254 on the second line.
        let mut source = lines(b"a\nbc\xFEd\n").unwrap();
        source.next(10).unwrap();
        assert!(matches!(
            source.next(10),
            Err(IntakeError::NotUtf8 { line: 2, position: 3, byte: 0xFE })
        ));
    }

    #[test]
    fn workbooks_and_utf16_are_told_apart_from_text() {
        // Goal: the message says what the file is. Method: first bytes of each kind.
        assert!(matches!(lines(b"PK\x03\x04.."), Err(IntakeError::Workbook { .. })));
        for bytes in [&b"\xFF\xFEa\0"[..], b"\xFE\xFF\0a", b"a\0b\0"] {
            assert!(matches!(lines(bytes), Err(IntakeError::NotText { .. })));
        }
        assert!(matches!(lines(b""), Err(IntakeError::Empty { .. })));
    }
}
