//! The arguments of `report`. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    /// Which form.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// Where to write it [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Keep every cell exact, also one that a spreadsheet would run as a formula (csv only).
    #[arg(long)]
    pub(super) raw: bool,
    /// Only rows in these states; `doubtful` and `unsent` stand for several (csv only).
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = values::states)]
    pub(super) state: Vec<values::States>,
    /// Which spreadsheet it is for: `excel-tr` is Excel in Turkish (csv only).
    #[arg(long, value_enum, value_name = "plain|excel-tr")]
    pub(super) dialect: Option<CsvDialect>,
    /// The language of the page (html only) [default: en].
    #[arg(long, value_enum, value_name = "en|tr")]
    pub(super) lang: Option<ReportLang>,
    /// Show wallet ids whole (html only).
    #[arg(long)]
    pub(super) full: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    #[default]
    Text,
    Csv,
    Json,
    Html,
    /// What the campaign came to, bound to the chain of events: `ledger verify` checks it.
    Statement,
}

/// Which spreadsheet a CSV report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CsvDialect {
    Plain,
    ExcelTr,
}

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportLang {
    En,
    Tr,
}
