//! What a person says about how a file is written. Nothing is decided here.

use clap::Args;

use super::values;
use crate::intake::{Charset, Currency, DecimalMark};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct FormArgs {
    /// What text is encoded in, as windows-1254 [default: found out].
    #[arg(long, value_name = "NAME", value_parser = values::encoding)]
    pub(super) encoding: Option<Charset>,
    /// The workbook's sheet [default: the first that is not hidden].
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// The currency of all amounts.
    #[arg(long, value_name = "CODE", default_value_t)]
    pub(super) currency: Currency,
    /// What parts the cells: `;` `,` `|` or `tab` [default: found out].
    #[arg(long, value_name = "CHAR", value_parser = values::delimiter)]
    pub(super) delimiter: Option<u8>,
    /// What stands before the decimals [default: found out for the whole column].
    #[arg(long, value_name = "comma|point")]
    pub(super) decimal: Option<DecimalMark>,
    /// Which column is which, as `wallet_id=Cüzdan,amount=Tutar`.
    #[arg(long, value_name = "COLUMN=HEADER", value_delimiter = ',',
          value_parser = values::mapping)]
    pub(super) map: Vec<values::Mapping>,
}
