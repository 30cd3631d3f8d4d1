//! Any campaign in any form: written by chance, read back to the coin.

use super::*;

/// A gift of a file that is made up.
#[derive(Clone, Debug)]
struct Made {
    wallet: u128,
    minor: i64,
    day: u32,
    text: String,
}

/// How a file is written.
#[derive(Clone, Debug)]
struct Form {
    encoding: &'static str,
    delimiter: u8,
    ending: LineEnding,
    bom: bool,
    sep_line: bool,
    mark: DecimalMark,
    is_grouped: bool,
    has_dots: bool,
    is_book: bool,
}

fn made() -> impl Strategy<Value = Made> {
    // Letters that both UTF-8 and windows-1254 have, with what quotes are for. A line that looks like
    // a row of its own is a fault, so delimiters and line breaks do not meet.
    let text = prop_oneof![
        "[A-Za-zğüşıöçĞÜŞİÖÇ0-9;,|\"'!]{1,3}[a-zğüşıöçİ ;,|\"'!]{0,20}[a-zğş]",
        "[A-Za-zğüşıöçĞÜŞİÖÇ0-9\"'!]{1,3}[a-zğüşıöçİ \"'!\n]{0,20}[a-zğş]",
    ];
    (1_u128.., 1..=100_000_000_000_i64, 1..=28_u32, text)
        .prop_map(|(wallet, minor, day, text)| Made { wallet, minor, day, text })
}

fn form() -> impl Strategy<Value = Form> {
    let encoding = prop::sample::select(vec!["UTF-8", "UTF-16LE", "UTF-16BE", "windows-1254"]);
    let delimiter = prop::sample::select(b";,\t|".to_vec());
    let ending = prop::sample::select(vec![LineEnding::Lf, LineEnding::CrLf]);
    let mark = prop::sample::select(vec![DecimalMark::Comma, DecimalMark::Point]);
    let flags = prop::array::uniform5(any::<bool>());
    (encoding, delimiter, ending, mark, flags).prop_map(
        |(encoding, delimiter, ending, mark, [bom, sep_line, is_grouped, has_dots, is_book])| {
            Form {
                bom: bom && encoding != "windows-1254" || encoding.starts_with("UTF-16"),
                encoding,
                delimiter,
                ending,
                sep_line,
                mark,
                is_grouped,
                has_dots,
                is_book,
            }
        },
    )
}

fn amount(minor: i64, form: &Form) -> String {
    let mut whole = (minor / 100).to_string();
    let len = whole.len();
    for at in (1..len).rev().filter(|at| form.is_grouped && (len - at).is_multiple_of(3)) {
        whole.insert(at, form.mark.other().as_char());
    }
    format!("{whole}{}{:02}", form.mark.as_char(), minor % 100)
}

fn write(gifts: &[Made], form: &Form, into: &std::fs::File) {
    let dialect = Dialect {
        encoding: form.encoding.to_owned(),
        currency: Currency::default(),
        sheet: form.is_book.then(|| "Sayfa1".to_owned()),
        delimiter: form.delimiter,
        bom: form.bom,
        line_ending: form.ending,
        sep_line: form.sep_line,
    };
    let mut writer = RowWriter::new(into, &dialect).unwrap();
    writer.row(["Açıklama", "Tutar", "Son Kullanma", "Cüzdan No"].into_iter(), &[]).unwrap();
    for gift in gifts {
        let date = match form.has_dots {
            true => format!("{:02}.05.2036", gift.day),
            false => format!("2036-05-{:02}", gift.day),
        };
        let wallet = uuid::Uuid::from_u128(gift.wallet).to_string();
        let cells = [gift.text.as_str(), &amount(gift.minor, form), &date, &wallet];
        writer.row(cells.into_iter(), &[]).unwrap();
    }
    writer.finish().unwrap();
}

proptest! {
    #[test]
    fn any_campaign_is_read_from_any_form(
        gifts in prop::collection::vec(made(), 1..8),
        form in form(),
    ) {
        // Goal: encoding, shape and spelling change nothing of what a file asks for. Method: write
        // gifts in a form by chance, read the file, compare each with what was made up.
        let file = tempfile::NamedTempFile::new().unwrap();
        write(&gifts, &form, file.as_file());
        let mut options = options();
        // Few letters do not tell windows-1254 from its neighbours.
        options.encoding = (form.encoding == "windows-1254" && !form.is_book)
            .then_some(crate::intake::Charset::Web(encoding_rs::WINDOWS_1254));
        let found = survey(file.path(), &options).unwrap();
        let rows: Vec<RowOutcome> =
            read(file.path(), &found, &options).unwrap().collect::<Result<_, _>>().unwrap();
        let rows = good(rows);
        prop_assert_eq!(rows.len(), gifts.len());
        for (row, gift) in rows.iter().zip(&gifts) {
            let content = &row.content;
            prop_assert_eq!(content.wallet.0.as_u128(), gift.wallet);
            prop_assert_eq!(content.amount, Money::from_minor(gift.minor));
            let expiry = format!("2036-05-{:02}T20:59:59Z", gift.day);
            prop_assert_eq!(content.expiry.to_string(), expiry);
            prop_assert_eq!(&content.description, &gift.text);
        }
    }
}
