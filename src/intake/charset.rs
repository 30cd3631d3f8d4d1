//! The sets of letters that text may be written in: those of the web, and two of old Turkish programs.
//!
//! They are what Excel writes under the names “CSV (Macintosh)” and “CSV (MS-DOS)”: 35 in Unicode's table of Apple's
//! Turkish set, and code page 857.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A set of letters with its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// One of the WHATWG Encoding Standard.
    Web(&'static Encoding),
    /// Apple's for Turkish.
    MacTurkish,
    /// Code page 857, of DOS.
    Dos857,
}

/// The letters of the bytes from 0x80 on; no letter where a byte means nothing.
const MAC_TURKISH: &str = "ÄÅÇÉÑÖÜáàâäãåçéè\
     êëíìîïñóòôöõúùûü\
     †°¢£§•¶ß®©™´¨≠ÆØ\
     ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
     ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ\
     –—“”‘’÷◊ÿŸĞğİıŞş\
     ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\
     \u{f8ff}ÒÚÛÙ\u{f8a0}ˆ˜¯˘˙˚¸˝˛ˇ";

/// The same of code page 857.
const DOS_857: &str = "ÇüéâäàåçêëèïîıÄÅ\
     ÉæÆôöòûùİÖÜø£ØŞş\
     áíóúñÑĞğ¿®¬½¼¡«»\
     ░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
     └┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
     ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀\
     ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\
     \u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}";

/// A word that names no encoding that files are read in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a known encoding: write utf-8, utf-16, windows-1254, x-mac-turkish, cp857 or another name of the web"
)]
pub struct UnknownEncoding;

/// The encoding of a name, as the WHATWG Encoding Standard lists them, or of a code page's number alone.
pub fn encoding_of(name: &str) -> Result<Charset, UnknownEncoding> {
    let name = name.trim();
    match name.to_ascii_lowercase().as_str() {
        "x-mac-turkish" | "mac-turkish" | "macturkish" | "mac_turkish" | "10081" => {
            return Ok(Charset::MacTurkish);
        }
        "ibm857" | "cp857" | "dos857" | "dos-857" | "857" => return Ok(Charset::Dos857),
        _ => {}
    }
    let windows = ["windows-", name].concat();
    Encoding::for_label(name.as_bytes())
        .or_else(|| Encoding::for_label(windows.as_bytes()))
        .filter(|found| found.is_ascii_compatible() || [UTF_16LE, UTF_16BE].contains(found))
        .filter(|found| ![encoding_rs::REPLACEMENT, encoding_rs::X_USER_DEFINED].contains(found))
        .map(Charset::Web)
        .ok_or(UnknownEncoding)
}

impl Charset {
    /// UTF-8.
    pub(super) const UTF8: Charset = Charset::Web(UTF_8);

    /// The name that `--encoding` takes.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Web(encoding) => encoding.name(),
            Charset::MacTurkish => "x-mac-turkish",
            Charset::Dos857 => "IBM857",
        }
    }

    /// The letters of its upper bytes, where it is one of our own.
    fn letters(self) -> Option<&'static str> {
        match self {
            Charset::Web(_) => None,
            Charset::MacTurkish => Some(MAC_TURKISH),
            Charset::Dos857 => Some(DOS_857),
        }
    }

    /// The letter of each byte, where it is one of our own; none where a byte means nothing.
    pub(super) fn table(self) -> Option<[Option<char>; 256]> {
        let letters = self.letters()?;
        let mut table = [None; 256];
        let ascii = (0..128_u8).map(char::from);
        for (place, letter) in table.iter_mut().zip(ascii.chain(letters.chars())) {
            *place = Some(letter).filter(|letter| *letter != char::REPLACEMENT_CHARACTER);
        }
        Some(table)
    }

    /// The bytes of a text. What it does not have can only be our own words: `?` stands for it.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let encoding = match self {
            // The library writes no UTF-16: the web never sends it.
            Charset::Web(encoding) if encoding == UTF_16LE => {
                return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            }
            Charset::Web(encoding) if encoding == UTF_16BE => {
                return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            }
            Charset::Web(encoding) => encoding,
            Charset::MacTurkish | Charset::Dos857 => return self.encode_by_table(text),
        };
        let (bytes, _, has_strangers) = encoding.encode(text);
        if !has_strangers {
            return bytes.into_owned();
        }
        let known = |char: &char| {
            let mut buffer = [0; 4];
            let (_, _, is_stranger) = encoding.encode(char.encode_utf8(&mut buffer));
            !is_stranger
        };
        let text: String = text.chars().map(|char| if known(&char) { char } else { '?' }).collect();
        encoding.encode(&text).0.into_owned()
    }

    fn encode_by_table(self, text: &str) -> Vec<u8> {
        let letters = self.letters().unwrap_or_default();
        let byte = |char: char| match char.is_ascii() {
            true => u8::try_from(char).ok(),
            false => letters
                .chars()
                .position(|letter| letter == char)
                .and_then(|place| u8::try_from(place + 128).ok()),
        };
        text.chars().map(|char| byte(char).unwrap_or(b'?')).collect()
    }

    /// What these bytes say; nothing where one of them means nothing.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match (self, self.table()) {
            (Charset::Web(encoding), _) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
                text.map(std::borrow::Cow::into_owned)
            }
            (_, Some(table)) => bytes.iter().map(|byte| table[usize::from(*byte)]).collect(),
            (_, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_turkish_sets_have_their_letters() {
        // Goal: the tables are those of the two sets. Method: words with their bytes, by hand, there and back.
        let cases: [(Charset, &str, &[u8]); 4] = [
            (Charset::MacTurkish, "Doğum günü", b"Do\xDBum g\x9Fn\x9F"),
            (Charset::MacTurkish, "İÇÖŞÜĞ ıçöş", b"\xDC\x82\x85\xDE\x86\xDA \xDD\x8D\x9A\xDF"),
            (Charset::Dos857, "Doğum günü", b"Do\xA7um g\x81n\x81"),
            (Charset::Dos857, "İÇÖŞÜĞ ıçöş", b"\x98\x80\x99\x9E\x9A\xA6 \x8D\x87\x94\x9F"),
        ];
        for (charset, text, bytes) in cases {
            assert_eq!(charset.encode(text), bytes, "{text}");
            assert_eq!(charset.decode(bytes).as_deref(), Some(text));
            assert_eq!(charset.letters().unwrap().chars().count(), 128);
        }
        assert_eq!(Charset::Dos857.decode(b"\xE7"), None);
        assert_eq!(Charset::MacTurkish.encode("ş ₺"), b"\xDF ?");
        let windows = Charset::Web(encoding_rs::WINDOWS_1254);
        assert_eq!(windows.encode("ş ₺"), b"\xFE ?");
    }

    #[test]
    fn encodings_are_known_by_their_names() {
        // Goal: what people call them is understood. Method: names with their encodings, and words that are
        // none.
        for (label, name) in [
            ("1254", "windows-1254"),
            ("cp1254", "windows-1254"),
            ("latin5", "windows-1254"),
            ("UTF8", "UTF-8"),
            (" iso-8859-9 ", "windows-1254"),
            ("1250", "windows-1250"),
            ("857", "IBM857"),
            ("CP857", "IBM857"),
            ("x-mac-turkish", "x-mac-turkish"),
        ] {
            assert_eq!(encoding_of(label).map(Charset::name), Ok(name), "{label}");
        }
        for label in ["", "turkish", "858", "replacement", "x-user-defined", "iso-2022-jp"] {
            assert_eq!(encoding_of(label), Err(UnknownEncoding), "{label}");
        }
    }
}
