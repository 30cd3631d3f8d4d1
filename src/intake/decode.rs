//! From bytes to lines of text.
//!
//! It stands apart as the one place that turns bytes into letters: whatever a file is encoded in,
//! later steps see UTF-8.
//!
//! **Invariant:** every byte that is read is hashed, and only those: the digest is that of the
//! bytes that were parsed, whatever else happens to the file.
//! **Invariant:** a line is never longer than the room it is given.
//! **Invariant:** no letter is made up: bytes that mean nothing in the encoding are an error.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, DecoderResult, Encoding};
use sha2::{Digest, Sha256};

use super::{Charset, IntakeError, TextEncoding};

/// Bytes asked of the file at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// What Excel writes before UTF-8.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A byte that no UTF-8 has: it stands for bytes that mean nothing in the file's encoding.
const NO_LETTER: u8 = 0xFF;

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

/// A reader of another encoding that gives UTF-8.
struct Decoding {
    inner: BufReader<Hashing>,
    decoder: Decoder,
    /// The decoder was told of the end, and must not be asked again.
    is_over: bool,
}

impl Read for Decoding {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // One place is kept for `NO_LETTER`.
        let room = into.len().saturating_sub(1);
        while !self.is_over {
            let bytes = self.inner.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut into[..room], is_last);
            self.inner.consume(read);
            match result {
                DecoderResult::Malformed(..) => {
                    into[written] = NO_LETTER;
                    return Ok(written + 1);
                }
                DecoderResult::InputEmpty => {
                    self.is_over = is_last;
                    if written > 0 {
                        return Ok(written);
                    }
                }
                DecoderResult::OutputFull => return Ok(written),
            }
        }
        Ok(0)
    }
}

/// A reader of a set of our own that gives UTF-8.
struct ByTable {
    inner: BufReader<Hashing>,
    table: Box<[Option<char>; 256]>,
}

impl Read for ByTable {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.fill_buf()?;
        let (mut read, mut written) = (0, 0);
        // A letter has at most four bytes.
        for &byte in bytes.iter().take(into.len() / 4) {
            read += 1;
            let Some(letter) = self.table[usize::from(byte)] else {
                into[written] = NO_LETTER;
                written += 1;
                break;
            };
            written += letter.encode_utf8(&mut into[written..]).len();
        }
        self.inner.consume(read);
        Ok(written)
    }
}

/// Where text comes from.
enum Text {
    /// The bytes are UTF-8 already.
    Utf8(BufReader<Hashing>),
    Other(BufReader<Decoding>),
    /// Each byte is one letter.
    Table(BufReader<ByTable>),
}

/// The lines of a file, as text, with their numbers.
pub(super) struct Lines {
    path: PathBuf,
    text: Text,
    encoding: TextEncoding,
    buffer: Vec<u8>,
    number: u64,
    /// The byte that ends a line: CR in the files of very old Macs, else LF.
    end: u8,
    bom: bool,
}

impl Lines {
    /// The lines of what a reader gives; the path is for messages.
    pub(super) fn new(
        path: &Path,
        encoding: TextEncoding,
        inner: Box<dyn Read + Send>,
    ) -> Result<Lines, IntakeError> {
        let letters = encoding.encoding;
        let hashing = Hashing { inner, hash: Sha256::new() };
        let mut bytes = BufReader::with_capacity(CHUNK_BYTES, hashing);
        let read_error = |source| IntakeError::Io { path: path.into(), source };
        let first = bytes.fill_buf().map_err(read_error)?;
        let marked = Encoding::for_bom(first).map(|(marked, _)| Charset::Web(marked));
        let bom = marked == Some(letters);
        let mut text = match (letters, letters.table()) {
            (letters, _) if letters == Charset::UTF8 => {
                bytes.consume(if bom { UTF8_MARK.len() } else { 0 });
                Text::Utf8(bytes)
            }
            (Charset::Web(letters), _) => {
                let decoder = letters.new_decoder_with_bom_removal();
                let decoding = Decoding { inner: bytes, decoder, is_over: false };
                Text::Other(BufReader::with_capacity(CHUNK_BYTES, decoding))
            }
            (_, table) => {
                let table = Box::new(table.unwrap_or([None; 256]));
                Text::Table(BufReader::with_capacity(CHUNK_BYTES, ByTable { inner: bytes, table }))
            }
        };
        let first = text.as_read().fill_buf().map_err(read_error)?;
        let is_old_mac = first.contains(&b'\r') && !first.contains(&b'\n');
        let end = if is_old_mac { b'\r' } else { b'\n' };
        Ok(Lines { path: path.into(), text, encoding, buffer: Vec::new(), number: 0, end, bom })
    }

    /// The next line with its ending, or nothing at the end of the file. A line of more than
    /// `room` bytes is an error.
    pub(super) fn next(&mut self, room: usize) -> Result<Option<&str>, IntakeError> {
        self.buffer.clear();
        let count = self
            .text
            .as_read()
            .take(room as u64 + 1)
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
            Ok(text) if text.contains('\0') => Err(IntakeError::ZeroByte { line: self.number }),
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(self.not_text(error.valid_up_to())),
        }
    }

    fn not_text(&self, valid: usize) -> IntakeError {
        let line = self.number;
        match self.encoding.encoding == Charset::UTF8 {
            true => IntakeError::NotUtf8 { line, position: valid + 1, byte: self.buffer[valid] },
            false => IntakeError::NotInEncoding { line, encoding: self.encoding.encoding.name() },
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

    /// What the file is encoded in, and how that is known.
    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// What the file is called in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of all bytes that were read.
    pub(super) fn digest(&self) -> [u8; 32] {
        let hashing = match &self.text {
            Text::Utf8(bytes) => bytes.get_ref(),
            Text::Other(text) => text.get_ref().inner.get_ref(),
            Text::Table(text) => text.get_ref().inner.get_ref(),
        };
        hashing.hash.clone().finalize().into()
    }
}

impl Text {
    fn as_read(&mut self) -> &mut dyn BufRead {
        match self {
            Text::Utf8(bytes) => bytes,
            Text::Other(text) => text,
            Text::Table(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use encoding_rs::UTF_8;

    use super::*;
    use crate::intake::EncodingOrigin;

    fn lines_in(encoding: &'static Encoding, bytes: &[u8]) -> Lines {
        let encoding =
            TextEncoding { encoding: Charset::Web(encoding), origin: EncodingOrigin::Told };
        Lines::new(Path::new("f.csv"), encoding, Box::new(Cursor::new(bytes.to_vec()))).unwrap()
    }

    fn lines(bytes: &[u8]) -> Lines {
        lines_in(UTF_8, bytes)
    }

    #[test]
    fn lines_are_numbered_and_hashed_with_their_mark() {
        // Goal: the mark is no text, yet part of the digest. Method: two lines behind a mark, in
        // each encoding that has one.
        for (encoding, mark) in [
            (UTF_8, UTF8_MARK),
            (encoding_rs::UTF_16LE, b"\xFF\xFE"),
            (encoding_rs::UTF_16BE, b"\xFE\xFF"),
        ] {
            let mut bytes = mark.to_vec();
            for unit in "ş\r\nb".encode_utf16() {
                match encoding.name() {
                    "UTF-16LE" => bytes.extend(unit.to_le_bytes()),
                    _ => bytes.extend(unit.to_be_bytes()),
                }
            }
            if encoding == UTF_8 {
                bytes = [mark, "ş\r\nb".as_bytes()].concat();
            }
            let mut source = lines_in(encoding, &bytes);
            assert!(source.has_bom());
            assert_eq!(source.next(10).unwrap(), Some("ş\r\n"));
            assert_eq!(source.next(10).unwrap(), Some("b"));
            assert_eq!(source.number(), 2);
            assert_eq!(source.next(10).unwrap(), None);
            assert_eq!(source.digest(), <[u8; 32]>::from(Sha256::digest(&bytes)));
        }
    }

    #[test]
    fn long_texts_of_other_encodings_lose_nothing_at_the_borders_of_chunks() {
        // Goal: no letter is lost where a chunk ends. Method: a text of several chunks whose letters
        // take two and three bytes in UTF-8.
        let line = "ışğ€ü;".repeat(1_000) + "\n";
        let text = line.repeat(100);
        let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1254.encode(&text);
        assert!(!is_lossy && bytes.len() > 2 * CHUNK_BYTES);
        let mut source = lines_in(encoding_rs::WINDOWS_1254, &bytes);
        let mut count = 0;
        while let Some(read) = source.next(100_000).unwrap() {
            assert_eq!(read, line);
            count += 1;
        }
        assert_eq!(count, 100);
    }

    #[test]
    fn lines_of_an_old_mac_are_lines() {
        // Goal: CR alone ends a line where no LF is. Method: two lines.
        let mut source = lines(b"a\rb\r");
        assert_eq!(source.next(10).unwrap(), Some("a\r"));
        assert_eq!(source.next(10).unwrap(), Some("b\r"));
    }

    #[test]
    fn a_long_line_stops_at_its_limit() {
        // Goal: memory is bounded. Method: an endless line and a little room, in two encodings.
        for encoding in [UTF_8, encoding_rs::WINDOWS_1254] {
            let encoding =
                TextEncoding { encoding: Charset::Web(encoding), origin: EncodingOrigin::Told };
            let endless = Box::new(io::repeat(b'x'));
            let mut source = Lines::new(Path::new("f"), encoding, endless).unwrap();
            let error = source.next(1_000).unwrap_err();
            assert!(matches!(error, IntakeError::RecordTooLong { line: 1, .. }));
            assert!(source.buffer.len() <= 1_001);
        }
    }

    #[test]
    fn what_is_no_letter_is_named_by_its_line() {
        // Goal: a person finds the byte. Method: ş of windows-1254 in UTF-8, half a surrogate pair in
        // UTF-16, a zero byte in either.
        let mut source = lines(b"a\nbc\xFEd\n");
        source.next(10).unwrap();
        assert!(matches!(
            source.next(10),
            Err(IntakeError::NotUtf8 { line: 2, position: 3, byte: 0xFE })
        ));
        let mut source = lines_in(encoding_rs::UTF_16LE, b"a\0\n\0\x00\xD8b\0");
        source.next(10).unwrap();
        assert!(matches!(
            source.next(10),
            Err(IntakeError::NotInEncoding { line: 2, encoding: "UTF-16LE" })
        ));
        assert!(matches!(lines(b"a\0b\n").next(10), Err(IntakeError::ZeroByte { line: 1 })));
    }
}
