//! The program: parse, run, exit code. All of it is in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    giftbatch::cli::main()
}
