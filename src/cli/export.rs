//! `export`: rows of a campaign in the form of the file that they came from, ready to load again.
//!
//! It stands apart from reports because what it writes is input: a row that would be read as another one
//! would be another gift. So what was written is read back, with nothing said about it on the command
//! line, and must be the very rows of the ledger.
//!
//! | form | when |
//! | --- | --- |
//! | cells, header, delimiter and encoding as they were | whenever that reads back as the same rows |
//! | the same in UTF-8 | where so few rows do not show their encoding, or it lacks a letter of another file |
//! | our own columns in UTF-8 | where the cells do not speak for themselves: `--map`, `--decimal`, defaults, files with other headers |
//!
//! Each row has the key of its gift in a last column: what comes back mended takes the place of a refused gift.
//!
//! **Invariant:** what is handed out reads back as the ledger's rows, or nothing is.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::care::ExportArgs;
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::output::Output;
use crate::domain::{Expiry, GiftContent, GiftKey, number_of};
use crate::intake::{
    Column, Currency, Dialect, LineEnding, ReadOptions, RowOutcome, RowWriter, read, survey,
};
use crate::ledger::{Campaign, Discrepancy, GiftRecord, Ledger};
use crate::report::{Summary, instant};

/// Gifts that are read at once.
const PAGE_GIFTS: i64 = 500;

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    AsTheyWere,
    InUtf8,
    OwnColumns,
}

/// What was written.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    rows: u64,
    /// Of all rows in their order: what each asks for.
    digest: [u8; 32],
}

/// `giftbatch export`.
pub(super) async fn export(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    if args.found.contains(&Discrepancy::Balance) {
        return Err(Failure::usage("a balance is a wallet's, and no row of the campaign")
            .hint("the findings with rows are: missing, differs, duplicated, unexpected"));
    }
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let output = Output::find(context, &ledger, args.output.as_deref()).await?;
    if context.out.args.json && output.is_standard() {
        return Err(Failure::usage("--json and the rows both want standard output")
            .hint("leave --json out, or name a file for the rows with -o"));
    }
    let dialect: Dialect = serde_json::from_str(&campaign.dialect_json)?;
    let options = ReadOptions {
        encoding: None,
        sheet: None,
        currency: dialect.currency.clone(),
        delimiter: None,
        decimal: None,
        map: Vec::new(),
        description: None,
        expires: None,
        birthdays: None,
        customers: false,
        tz: context.settings.tz,
        // An expiry that has passed since is still the row's.
        now: campaign.first_loaded_at,
    };
    let (file, form, rows) =
        write_readable(&ledger, &campaign, (args, &output), &dialect, &options).await?;
    output.keep(context, file)?;
    let currency = match dialect.currency == Currency::default() {
        true => String::new(),
        false => format!(" --currency {}", dialect.currency),
    };
    let load = format!("load them with: giftbatch load FILE --campaign NAME{currency}");
    context.out.note(&match (rows, form) {
        (0, _) if !args.found.is_empty() => {
            format!("the last reconcile of {} found no such gift", campaign.name)
        }
        (0, _) => format!("no gift of {} is in such a state", campaign.name),
        (_, Form::OwnColumns) => format!(
            "{}, in columns of giftbatch's own: as they were in their file they would not be \
             read as the same gifts; {load}",
            number_of(rows, "row")
        ),
        _ => format!("{}; {load}", number_of(rows, "row")),
    });
    if context.out.args.json {
        let summary = Summary::read(&ledger, &campaign).await?;
        context.out.result(&finish::document(context, &summary, Exit::Done));
    }
    Ok(Exit::Done)
}

/// Writes the rows in the first form that reads back as them.
async fn write_readable(
    ledger: &Ledger,
    campaign: &Campaign,
    (args, output): (&ExportArgs, &Output),
    dialect: &Dialect,
    options: &ReadOptions,
) -> Result<(NamedTempFile, Form, u64), Failure> {
    for form in [Form::AsTheyWere, Form::InUtf8, Form::OwnColumns] {
        let file = output.draft()?;
        let out = BufWriter::new(file.reopen()?);
        let written = write(ledger, campaign, args, &form.dialect(dialect), form, out).await?;
        if written.rows == 0 || reads_back(file.path(), options, &written) {
            return Ok((file, form, written.rows));
        }
    }
    Err(Failure::new(Exit::Unexpected, "these rows do not read back as the gifts of the ledger")
        .hint(
            "rows with references and rows without cannot stand in one file: take them from \
         `giftbatch report NAME --format csv --raw`; nothing was written",
        ))
}

impl ExportArgs {
    fn wants(&self, gift: &GiftRecord) -> bool {
        let is_found = |kind: &Discrepancy| gift.reconciled.as_deref() == Some(kind.word());
        (self.state.is_empty() || self.state.contains(&gift.state))
            && (self.found.is_empty() || self.found.iter().any(is_found))
    }
}

impl Form {
    fn dialect(self, own: &Dialect) -> Dialect {
        match self {
            // A sheet's cells are kept as the texts that its dialect says they would be.
            Form::AsTheyWere => Dialect { sheet: None, ..own.clone() },
            Form::InUtf8 | Form::OwnColumns => Dialect {
                sheet: None,
                encoding: "UTF-8".to_owned(),
                bom: true,
                // A mark that no list of ours names would have to be said at each load.
                delimiter: if b";,\t|".contains(&own.delimiter) { own.delimiter } else { b';' },
                line_ending: if self == Form::InUtf8 { own.line_ending } else { LineEnding::CrLf },
                sep_line: self == Form::InUtf8 && own.sep_line,
                ..own.clone()
            },
        }
    }
}

async fn write(
    ledger: &Ledger,
    campaign: &Campaign,
    args: &ExportArgs,
    dialect: &Dialect,
    form: Form,
    out: BufWriter<File>,
) -> Result<Written, Failure> {
    let mut writer = RowWriter::new(out, dialect)?;
    let mut digest = Sha256::new();
    let mut rows = 0;
    let (mut width, mut key_at) = (0, 0);
    let one = if let [state] = args.state[..] { Some(state) } else { None };
    let mut after = 0;
    loop {
        let page = ledger.gift_page(campaign.id, one, after, PAGE_GIFTS).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.row;
        for gift in page.into_iter().filter(|gift| args.wants(gift)) {
            if rows == 0 {
                let header = header(form, campaign, Some(&gift));
                width = header.len();
                key_at = header.iter().position(|name| is_key(name)).unwrap_or(width - 1);
                writer.row(header.iter().map(String::as_str), &[])?;
            }
            take_in(&mut digest, &gift.content, gift.reference.as_deref(), Some(gift.key));
            let key = gift.key.to_string();
            let mut cells = cells(form, gift);
            // Rows of another file may be shorter. Longer ones do not read back.
            cells.resize(width.max(cells.len()), String::new());
            cells[key_at] = key;
            writer.row(cells.iter().map(String::as_str), &[])?;
            rows += 1;
        }
    }
    if rows == 0 {
        let header = header(Form::AsTheyWere, campaign, None);
        writer.row(header.iter().map(String::as_str), &[])?;
    }
    let file = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(Written { rows, digest: digest.finalize().into() })
}

/// The names of the columns; that of the keys comes last, unless the file had it.
fn header(form: Form, campaign: &Campaign, first: Option<&GiftRecord>) -> Vec<String> {
    let mut names = match form {
        Form::AsTheyWere | Form::InUtf8 => campaign.header.clone(),
        Form::OwnColumns => {
            let columns =
                [Column::WalletId, Column::Amount, Column::ExpiresAt, Column::Description];
            let has_reference = first.is_some_and(|gift| gift.reference.is_some());
            let reference = has_reference.then_some(Column::Reference);
            columns.into_iter().chain(reference).map(|column| column.word().to_owned()).collect()
        }
    };
    if !names.iter().any(|name| is_key(name)) {
        names.push(Column::GiftKey.word().to_owned());
    }
    names
}

fn is_key(name: &str) -> bool {
    name.trim() == Column::GiftKey.word()
}

fn cells(form: Form, gift: GiftRecord) -> Vec<String> {
    if form != Form::OwnColumns {
        return gift.cells;
    }
    let GiftContent { wallet, amount, expiry, description } = gift.content;
    let expiry = match expiry {
        Expiry::At(at) => instant(at),
        Expiry::Never => "never".to_owned(),
    };
    let cells = [wallet.to_string(), amount.to_string(), expiry, description];
    cells.into_iter().chain(gift.reference).collect()
}

/// Whether a file is read as these very rows by somebody who says nothing about it.
fn reads_back(path: &Path, options: &ReadOptions, written: &Written) -> bool {
    let Ok(rows) = survey(path, options).and_then(|survey| read(path, &survey, options)) else {
        return false;
    };
    let mut digest = Sha256::new();
    let mut count = 0;
    for outcome in rows {
        let Ok(RowOutcome::Good(row)) = outcome else {
            return false;
        };
        take_in(&mut digest, &row.content, row.reference.as_deref(), row.gift_key);
        count += 1;
    }
    *written == Written { rows: count, digest: digest.finalize().into() }
}

/// Adds what a row asks for; each part goes with its end, so that no two rows run together.
fn take_in(
    digest: &mut Sha256,
    content: &GiftContent,
    reference: Option<&str>,
    key: Option<GiftKey>,
) {
    digest.update(format!("{content:?}{reference:?}{key:?}\n"));
}
