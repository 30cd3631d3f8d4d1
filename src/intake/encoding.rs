//! Which encoding a file is in: said by a person, shown by its first bytes, proven by all of its
//! bytes, or found by likelihood.
//!
//! It stands apart because a wrong encoding is quiet: every byte of windows-1254 is some letter. So
//! UTF-8 is taken only where every byte of the file is valid, and where the letters had to be found
//! by likelihood the preview says so and shows some of them.
//!
//! **Invariant:** one encoding for the whole file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::{Charset, IntakeError};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes with letters beyond ASCII after which a guess gets no better.
const ENOUGH_LETTERS_BYTES: usize = 1024 * 1024;

/// One letter of UTF-8 in so many others is more than chance.
const MIXED: u64 = 10;

/// Bytes at the start in which UTF-16 without a mark is looked for.
const UTF16_LOOK_BYTES: usize = 1_000;

/// An encoding with how it became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding {
    /// The encoding itself.
    pub encoding: Charset,
    /// Where it comes from.
    pub origin: EncodingOrigin,
}

/// How an encoding became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodingOrigin {
    /// A person said it.
    Told,
    /// The file begins with its byte order mark.
    Marked,
    /// Every byte of the file is valid in it, as other encodings hardly ever are.
    Proven,
    /// It is the likeliest for a Turkish text.
    Likely,
}

impl TextEncoding {
    /// UTF-8 that nothing speaks against.
    pub(super) const fn utf8() -> TextEncoding {
        TextEncoding { encoding: Charset::UTF8, origin: EncodingOrigin::Proven }
    }
}

/// Finds the encoding of a file that is text; `told` is what a person said.
pub(super) fn find_encoding(
    path: &Path,
    head: &[u8],
    told: Option<Charset>,
) -> Result<TextEncoding, IntakeError> {
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding);
    if let Some(told) = told {
        return agree(told, marked);
    }
    if let Some(encoding) = marked {
        let encoding = Charset::Web(encoding);
        return Ok(TextEncoding { encoding, origin: EncodingOrigin::Marked });
    }
    if let Some(encoding) = utf16_without_mark(head) {
        let encoding = Charset::Web(encoding);
        return Ok(TextEncoding { encoding, origin: EncodingOrigin::Likely });
    }
    let look = |detect: bool| {
        File::open(path)
            .and_then(|file| Look::at(file, detect))
            .map_err(|source| IntakeError::Io { path: path.into(), source })
    };
    if look(false)?.invalid == 0 {
        return Ok(TextEncoding::utf8());
    }
    look(true)?.likeliest()
}

/// A person's word goes first, but not against the file's own mark.
fn agree(told: Charset, marked: Option<&'static Encoding>) -> Result<TextEncoding, IntakeError> {
    let is_utf16 = |encoding| [UTF_16LE, UTF_16BE].contains(&encoding);
    match marked {
        // `utf-16` is a label of the little-endian form; the mark knows better.
        Some(marked) if told == Charset::Web(UTF_16LE) && is_utf16(marked) => {
            Ok(TextEncoding { encoding: Charset::Web(marked), origin: EncodingOrigin::Marked })
        }
        Some(marked) if told != Charset::Web(marked) => {
            Err(IntakeError::OtherMark { told: told.name(), marked: marked.name() })
        }
        _ => Ok(TextEncoding { encoding: told, origin: EncodingOrigin::Told }),
    }
}

/// ASCII letters in UTF-16 have a zero byte on one side, and always on the same one.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(UTF16_LOOK_BYTES)];
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd, enough) = (zeros(0), zeros(1), head.len() / 4);
    match (even, odd) {
        (0, odd) if odd > 0 && odd >= enough => Some(UTF_16LE),
        (even, 0) if even > 0 && even >= enough => Some(UTF_16BE),
        _ => None,
    }
}

/// What a pass over all bytes shows.
struct Look {
    /// Western letters beyond ASCII in places that are valid UTF-8.
    valid: u64,
    /// Places that are not.
    invalid: u64,
    detector: Option<EncodingDetector>,
    /// Bytes that the detector has seen.
    fed: usize,
}

impl Look {
    fn at(mut file: File, detect: bool) -> std::io::Result<Look> {
        let detector = detect.then(|| EncodingDetector::new(Iso2022JpDetection::Deny));
        let mut look = Look { valid: 0, invalid: 0, detector, fed: 0 };
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut kept = 0;
        loop {
            let count = file.read(&mut buffer[kept..])?;
            look.guess_from(&buffer[kept..kept + count]);
            let filled = kept + count;
            // A character may go on in the next chunk.
            let cut = if count == 0 { 0 } else { unfinished(&buffer[..filled]) };
            look.see(&buffer[..filled - cut]);
            buffer.copy_within(filled - cut..filled, 0);
            kept = cut;
            if count == 0 || look.detector.is_none() && look.invalid > 0 {
                return Ok(look);
            }
        }
    }

    /// Shows the detector, which is slow, some of the letters that tell encodings apart.
    fn guess_from(&mut self, bytes: &[u8]) {
        if let Some(detector) = &mut self.detector
            && self.fed < ENOUGH_LETTERS_BYTES
            && !bytes.is_ascii()
        {
            detector.feed(bytes, false);
            self.fed += bytes.len();
        }
    }

    fn see(&mut self, bytes: &[u8]) {
        // Most files are UTF-8 and mostly ASCII: the quick way for those.
        if bytes.is_ascii() || self.detector.is_none() && std::str::from_utf8(bytes).is_ok() {
            return;
        }
        for chunk in bytes.utf8_chunks() {
            self.valid += chunk.valid().chars().filter(is_western).count() as u64;
            self.invalid += u64::from(!chunk.invalid().is_empty());
        }
    }

    /// The likeliest encoding of bytes that are not UTF-8.
    fn likeliest(self) -> Result<TextEncoding, IntakeError> {
        // Text in another encoding is hardly ever valid UTF-8 by chance: here two were mixed.
        if self.valid * MIXED > self.invalid {
            return Ok(TextEncoding::utf8());
        }
        let found = self.detector.map(|it| it.guess(Some(b"tr"), Utf8Detection::Deny));
        match found {
            Some(encoding) => Ok(TextEncoding {
                encoding: Charset::Web(encoding),
                origin: EncodingOrigin::Likely,
            }),
            None => Ok(TextEncoding::utf8()),
        }
    }
}

/// Whether a character is a letter or a mark that Turkish and its neighbours use. What two letters of
/// windows-1254 give by chance is none: `Ü…` is a letter of Syriac in UTF-8.
fn is_western(char: &char) -> bool {
    matches!(char, '\u{a0}'..='\u{17f}' | '\u{2000}'..='\u{20cf}')
}

/// Bytes at the end that may be the beginning of one character of UTF-8.
fn unfinished(bytes: &[u8]) -> usize {
    let is_begun = |at: &usize| {
        let rest = std::str::from_utf8(&bytes[*at..]);
        rest.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    let last = bytes.len().saturating_sub(3)..bytes.len();
    last.clone().find(is_begun).map_or(0, |at| last.end - at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::encoding_of;

    fn find(bytes: &[u8]) -> Result<TextEncoding, IntakeError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        find_encoding(file.path(), &bytes[..bytes.len().min(2_000)], None)
    }

    fn name(bytes: &[u8]) -> (&'static str, EncodingOrigin) {
        let found = find(bytes).unwrap();
        (found.encoding.name(), found.origin)
    }

    fn windows_1254(text: &str) -> Vec<u8> {
        let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1254.encode(text);
        assert!(!is_lossy);
        bytes.into_owned()
    }

    #[test]
    fn marks_and_zero_bytes_tell_the_encoding() {
        // Goal: what Excel and Notepad write is known by its first bytes. Method: each of them.
        assert_eq!(name(b"\xEF\xBB\xBFa;b"), ("UTF-8", EncodingOrigin::Marked));
        assert_eq!(name(b"\xFF\xFEa\0;\0"), ("UTF-16LE", EncodingOrigin::Marked));
        assert_eq!(name(b"\xFE\xFF\0a\0;"), ("UTF-16BE", EncodingOrigin::Marked));
        assert_eq!(name(b"a\0;\0b\0"), ("UTF-16LE", EncodingOrigin::Likely));
        assert_eq!(name(b"\0a\0;\0b"), ("UTF-16BE", EncodingOrigin::Likely));
    }

    #[test]
    fn utf8_is_proven_by_every_byte() {
        // Goal: one wrong byte far behind is seen, and a letter across two chunks is none. Method:
        // files of several chunks with a letter at each place around their border.
        for shift in 0..4 {
            let mut text = "a".repeat(CHUNK_BYTES - shift);
            text.push_str("ş₺ğ");
            text.push_str(&"b".repeat(CHUNK_BYTES));
            assert_eq!(name(text.as_bytes()), ("UTF-8", EncodingOrigin::Proven));
            let mut bytes = "a".repeat(CHUNK_BYTES - shift).into_bytes();
            bytes.extend(windows_1254("\nHoş geldin, iyi ki doğdun; üç ödül için teşekkürler"));
            assert_eq!(name(&bytes), ("windows-1254", EncodingOrigin::Likely));
        }
        assert_eq!(name(b"plain"), ("UTF-8", EncodingOrigin::Proven));
    }

    #[test]
    fn turkish_text_is_known_by_few_letters() {
        // Goal: the letters of a short description are enough. Method: texts that customers read.
        for text in [
            "Doğum günü hediyesi",
            "İyi bayramlar",
            "HOŞ GELDİN",
            "Teşekkürler",
            "Kış indirimi",
            "Yılbaşı çekilişi",
            "Açıklama",
            "ÖZEL FIRSAT",
            "Süper",
        ] {
            for header in ["Cüzdan No;Tutar;Son Kullanma;Açıklama", "wallet;amount;expires;text"]
            {
                let bytes = windows_1254(&format!("{header}\r\n1;5;x;{text}\r\n"));
                let found = find(&bytes).unwrap();
                let read = found.encoding.decode(&bytes).unwrap();
                assert!(read.contains(text), "{text}: {} {read}", found.encoding.name());
            }
        }
    }

    #[test]
    fn a_broken_utf8_file_is_no_other_encoding() {
        // Goal: one damaged letter does not turn all others into wrong ones. Method: a Turkish text
        // in UTF-8 with one byte missing.
        let mut bytes = "Hoş geldin, iyi ki doğdun; üç ödül".as_bytes().to_vec();
        bytes.remove(2);
        assert_eq!(name(&bytes).0, "UTF-8");
        // Two encodings in one file are not guessed either, and chance is not taken for a second one.
        let one = windows_1254("Doğum günü kutlu olsun, iyi ki varsın; üç ödül, dört çeyrek\n");
        assert_eq!(name(&[&one, "Hoş geldin, üye\n".as_bytes()].concat()).0, "UTF-8");
        assert_eq!(name(&windows_1254("DOĞUM GÜNÜ…")).0, "windows-1254");
    }

    #[test]
    fn a_persons_word_goes_first() {
        // Goal: a name decides, but not against the file's own mark. Method: names with and without.
        let told = |name: &str, head: &[u8]| {
            find_encoding(Path::new("unread"), head, Some(encoding_of(name).unwrap()))
                .map(|found| found.encoding.name())
        };
        assert_eq!(told("latin5", b"abc").unwrap(), "windows-1254");
        assert_eq!(told("utf-16", b"\xFE\xFF\0a").unwrap(), "UTF-16BE");
        let error = told("windows-1254", b"\xEF\xBB\xBFa").unwrap_err();
        assert!(matches!(error, IntakeError::OtherMark { told: "windows-1254", marked: "UTF-8" }));
    }
}
