//! A command line that cannot be understood, or that only asks for help.
//!
//! It stands apart because nothing is known yet: what form the answer is to have is read from the bare
//! words.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::args::{Cli, LogFormat, OutputArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::out::Out;

/// Help and versions go out as they are; a misuse is one document too, where one was asked for.
pub(super) fn misused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nobody is left to tell where this fails.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let has = |word: &str| words.iter().any(|found| found == OsStr::new(word));
    let is_json_log = has("--log-format=json")
        || words.windows(2).any(|pair| pair[0] == "--log-format" && pair[1] == "json");
    let log_format = if is_json_log { LogFormat::Json } else { LogFormat::Text };
    let out = Out::new(OutputArgs { json: has("--json"), log_format, ..OutputArgs::default() });
    let failure = Failure::usage(reason(error));
    match log_format {
        LogFormat::Text => {
            let _ = error.print();
        }
        LogFormat::Json => finish::complain(out, &failure),
    }
    if out.args.json {
        let grammar = Cli::command();
        let word = words.iter().filter_map(|word| word.to_str());
        let command = word.into_iter().find(|word| grammar.find_subcommand(word).is_some());
        out.result(&finish::failed_document(command.unwrap_or_default(), None, &failure, 0, None));
    }
    ExitCode::from(Exit::Usage.code())
}

/// What is wrong, without the usage and the tips below it.
fn reason(error: &clap::Error) -> String {
    // What is missing is a list that does not fit the first line; help that stands for an error is none.
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "no command was given".to_owned();
    }
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let whole = words.join(" ");
    whole.strip_prefix("error: ").unwrap_or(&whole).to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_reason_is_one_line_that_names_the_word() {
        // Goal: a program's log says what was wrong, without usage and tips. Method: wrong command lines.
        for (words, reason_of) in [
            (vec!["giftbatch", "run", "--bogus"], "unexpected argument '--bogus' found"),
            (
                vec!["giftbatch", "report"],
                "the following required arguments were not provided: <NAME>",
            ),
            (vec!["giftbatch"], "no command was given"),
        ] {
            let error = Cli::try_parse_from(&words).unwrap_err();
            assert_eq!(reason(&error), reason_of, "{words:?}");
        }
    }
}
