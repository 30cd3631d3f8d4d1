//! `giftbatch man` and `giftbatch completions`: both from the very grammar that parses command lines.
//!
//! **Invariant:** neither needs settings, a ledger or a network: packages are made on other machines.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::exit::Exit;
use super::failure::Failure;
use super::help::{Page, grammar};
use super::out::Out;

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write the pages of all commands into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// `giftbatch completions`.
pub(super) fn completions(out: Out, shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut grammar(), "giftbatch", &mut script);
    out.result(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// `giftbatch man`.
pub(super) fn man(out: Out, args: &ManArgs) -> Result<Exit, Failure> {
    // Built, so that commands know the options that they share.
    let mut command = grammar().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.out else {
        let mut text = Vec::new();
        render(&command, "", &mut text)?;
        out.result(&String::from_utf8_lossy(&text));
        return Ok(Exit::Done);
    };
    let count = write_all(&command, "", folder).map_err(|error| {
        Failure::usage(format!("cannot write man pages to {}: {error}", folder.display()))
            .hint("name a folder that is there, as with: mkdir -p man1")
    })?;
    out.note(&format!("wrote {count} pages to {}", folder.display()));
    Ok(Exit::Done)
}

/// Writes a page for the command and for each below it; says how many.
fn write_all(command: &clap::Command, path: &str, folder: &Path) -> io::Result<u64> {
    let mut text = Vec::new();
    render(command, path, &mut text)?;
    std::fs::write(folder.join(Man::new(command.clone()).get_filename()), text)?;
    let mut count = 1;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let path = format!("{path} {}", sub.get_name());
        count += write_all(sub, path.trim_start(), folder)?;
    }
    Ok(count)
}

/// One page. What help shows before the usage and at its end has sections of its own here.
fn render(command: &clap::Command, path: &str, to: &mut Vec<u8>) -> io::Result<()> {
    let source = concat!("giftbatch ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("giftbatch");
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    let page = Page::of(path);
    if let Some(page) = page {
        examples(page).to_writer(to)?;
    }
    man.render_options_section(to)?;
    if command.has_subcommands() {
        man.render_subcommands_section(to)?;
    }
    if let Some(page) = page {
        exit_status(page).to_writer(to)?;
    }
    Ok(())
}

fn examples(page: &Page) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (line, does) in page.examples {
        roff.control("TP", []);
        roff.text([bold(line)]);
        roff.text([roman(does)]);
    }
    roff
}

fn exit_status(page: &Page) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, means) in page.codes() {
        roff.control("TP", []);
        roff.text([bold(code.to_string())]);
        roff.text([roman(means)]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_man_page_with_its_sections() {
        // Goal: one page a command, none of them half. Method: write them all, and look into each.
        let folder = tempfile::tempdir().unwrap();
        let mut command = grammar().disable_help_subcommand(true);
        command.build();
        let count = write_all(&command, "", folder.path()).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len() as u64, count);
        for file in files {
            let (name, text) = (file.file_name(), std::fs::read_to_string(file.path()).unwrap());
            let name = name.to_string_lossy();
            assert!(name.starts_with("giftbatch") && name.ends_with(".1"), "{name}");
            for section in
                [".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES", ".SH OPTIONS", ".SH \"EXIT STATUS\""]
            {
                assert!(text.contains(section), "{name}: {section}");
            }
        }
        assert!(folder.path().join("giftbatch-run.1").exists());
    }
}
