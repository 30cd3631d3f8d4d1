//! The performance claims, each beside the limit that it chases: `cargo bench`.
//!
//! A claim is a ratio of two things that were measured in the same run, in turns, on the same machine:
//! what the program does, and what nothing that does the same work could do better. Both are shown, the
//! median of some rounds each. docs/performance.md says what each limit is, and keeps a table.
//!
//! **Invariant:** no ratio is asserted: a machine that is busy fails nothing. What is asserted is that
//! the work was done: every gift once, none lost, none twice.

#![expect(clippy::float_arithmetic, reason = "seconds and ratios, never money")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table is what this is for")]

mod answers;
mod bare;
mod campaign;
mod echo;
mod growth;
mod idle;
mod inside;
mod issue;
mod ledger;
mod life;
mod line;
mod load;
mod machine;
mod memory;
mod options;
mod process;
mod reconcile;
mod resume;
mod rounds;
mod server;
mod stored;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use line::Line;
use options::Options;
use world::World;

/// A claim: its name, and what measures it.
type Claim = (&'static str, fn(&mut World) -> Vec<Line>);

/// All claims, in the order in which they are measured: those that write much come last, since a disk may
/// be slow for a while after them.
const CLAIMS: [Claim; 9] = [
    ("idle", idle::measure),
    ("issue", issue::measure),
    ("ledger", ledger::measure),
    ("reconcile", reconcile::measure),
    ("answers", answers::measure),
    ("load", load::measure),
    ("memory", memory::measure),
    ("growth", growth::measure),
    ("resume", resume::measure),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((process::MEASURED, rest)) = words.split_first().map(|(a, b)| (a.as_str(), b)) {
        return process::stand_by(rest);
    }
    let options = match Options::read(&words, &CLAIMS.map(|(name, _)| name)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    eprintln!("seed {}", options.seed);
    let mut world = World::new(&options);
    let sync_before = machine::sync_ms(world.folder());
    let mut lines = Vec::new();
    for (name, measure) in CLAIMS.iter().filter(|(name, _)| options.wants(name)) {
        let began = Instant::now();
        lines.extend(measure(&mut world));
        eprintln!("{name}: done in {:.0} s", began.elapsed().as_secs_f64());
    }
    if options.is_quick {
        println!("every bench works; nothing is claimed of so little");
        return ExitCode::SUCCESS;
    }
    let table = if options.is_markdown { line::markdown(&lines) } else { line::text(&lines) };
    print!("{}\n{table}", machine::describe(world.folder(), sync_before));
    ExitCode::SUCCESS
}
