//! What kinds of faults there are, by words that programs can count on.
//!
//! **Invariant:** a word never changes and never gets another meaning; docs/campaign-files.md lists them all.

use std::fmt;

macro_rules! codes {
    ($($name:ident = $word:literal: $means:literal,)+) => {
        /// The kind of a fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $means] $name,)+
        }

        impl Code {
            /// Every kind.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// Its word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Code::$name => $word,)+
                }
            }
        }
    };
}

codes! {
    Empty = "empty": "A cell that must not be empty.",
    ControlCharacter = "control_character": "A control character or a line break inside a text.",
    DirectionMark = "direction_mark": "A mark that turns the direction of text.",
    TextTooLong = "text_too_long": "More characters than a text may have.",
    WrongEncoding = "wrong_encoding": "Letters that were read in a wrong encoding.",
    LostLetter = "lost_letter": "A letter that another program has lost.",
    Placeholder = "placeholder": "What a program writes where it has no text.",
    SheetError = "sheet_error": "An error of the spreadsheet.",
    LineBreak = "line_break": "A line break in a cell that has one line.",
    FormulaNotComputed = "formula_not_computed": "A formula without a value.",
    CellHidden = "cell_hidden": "A cell whose format shows nothing.",
    NumberScaled = "number_scaled": "A number that is shown in thousands or millions.",
    NumberExponent = "number_exponent": "A number with an exponent.",
    NumberAsTime = "number_as_time": "A number that is shown as hours or minutes.",
    NumberRounded = "number_rounded": "A number of which fewer decimals are shown than it has.",
    NotAText = "not_a_text": "A number or a date where customers read a text.",
    WalletNumber = "wallet_number": "A number in place of a wallet's id.",
    WalletEmptyId = "wallet_empty_id": "The empty id.",
    WalletCut = "wallet_cut": "A GUID with digits too few or too many.",
    WalletInvalid = "wallet_invalid": "No wallet's id.",
    TotalsRow = "totals_row": "A row of totals.",
    AmountZero = "amount_zero": "An amount of zero.",
    AmountSigned = "amount_signed": "An amount with a sign.",
    AmountTooLarge = "amount_too_large": "An amount beyond the largest.",
    AmountDecimals = "amount_decimals": "More than two decimals.",
    AmountAmbiguous = "amount_ambiguous": "Three decimals, or thousands.",
    AmountOtherMark = "amount_other_mark": "A number with the other decimal mark.",
    AmountPercentage = "amount_percentage": "A percentage.",
    AmountFormula = "amount_formula": "A formula as text.",
    AmountDate = "amount_date": "A date in place of an amount.",
    AmountInvalid = "amount_invalid": "No number.",
    OtherCurrency = "other_currency": "Another currency than the campaign's.",
    DateNumber = "date_number": "A number in place of a date.",
    DateForm = "date_form": "A date in a form that is not read.",
    DateSwapped = "date_swapped": "A date whose day and month could be swapped.",
    DateShortYear = "date_short_year": "A year without four digits.",
    DateWithoutDay = "date_without_day": "A date cell that shows no day.",
    DateWithoutYear = "date_without_year": "A date cell that shows no year.",
    DateNoSuchDay = "date_no_such_day": "No day of the calendar.",
    DateMidnight = "date_midnight": "Midnight: a day's beginning, or a date alone.",
    DateInvalid = "date_invalid": "No date.",
    TimeInvalid = "time_invalid": "No time of day.",
    TimeBesideDate = "time_beside_date": "A time beside a birth date.",
    ExpiryPassed = "expiry_passed": "An expiry that has passed.",
    ExpiryTooFar = "expiry_too_far": "An expiry in more than a hundred years.",
    BirthDateFuture = "birth_date_future": "A birth date to come.",
    BirthDateTooOld = "birth_date_too_old": "A birth date of more than 125 years ago.",
    BirthDateTwice = "birth_date_twice": "A wallet with two birthdays.",
    ReferenceMissing = "reference_missing": "No reference, while other rows have one.",
    ReferenceTwice = "reference_twice": "A reference that an earlier row has.",
    KeyInvalid = "key_invalid": "No key of a gift.",
    KeyUnknown = "key_unknown": "A key of no gift in the ledger.",
    KeyTwice = "key_twice": "A key that an earlier row has.",
    KeyNotRefused = "key_not_refused": "A key of a gift that is not refused.",
    KeyInWallet = "key_in_wallet": "A key of a refused gift that is in its wallet.",
    KeyNotLookedFor = "key_not_looked_for": "A key of a refused gift that nobody has looked for.",
    KeyReplaced = "key_replaced": "A key of a gift whose place another row took.",
    KeyReferenceTaken = "key_reference_taken": "A key whose row has another gift's reference.",
    CustomerDamaged = "customer_damaged": "A customer's id that Excel has damaged.",
    QuoteNotClosed = "quote_not_closed": "A quote that is not closed, or not before a delimiter.",
    QuoteHoldsRows = "quote_holds_rows": "A quote that holds other rows.",
    CellCount = "cell_count": "More or fewer cells than the header has.",
    HeaderAgain = "header_again": "A header among the rows.",
    FilesJoined = "files_joined": "Two files that run into one another on a line.",
    IdenticalRow = "identical_row": "A row that is the same as an earlier one.",
    WalletUnknown = "wallet_unknown": "The provider does not know the wallet, or does not show it.",
    WalletDeleted = "wallet_deleted": "The wallet is deleted.",
    WalletFrozen = "wallet_frozen": "The wallet is frozen.",
    WalletCurrency = "wallet_currency": "The wallet holds another currency.",
    HoldingMissing = "holding_missing": "The customer does not hold what is asked for.",
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_its_own_and_is_told() {
        // Goal: programs can count on each word. Method: all of them, in the page that lists them.
        let page = include_str!("../../docs/campaign-files.md");
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        for word in &words {
            assert!(page.contains(&format!("| `{word}` |")), "{word}");
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
