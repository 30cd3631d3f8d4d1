//! What a run costs at a low rate: most of the time it waits.

use super::line::{Line, Unit};
use super::process;
use super::rounds::number;
use super::server::{Server, Share};
use super::world::World;

/// Gifts a second.
const RATE: u64 = 10;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let count = world.scale.idle;
    let loaded = world.loaded(count);
    let (copied, server) = (world.copy(&loaded.ledger), Server::start());
    let mut command = world.issue(&copied.ledger(), server.url());
    command.args(["--rate", &RATE.to_string()]);
    let done = process::run(&command, copied.folder()).expect(0);
    server.check(loaded.rows, Share::All);
    let (cpu, wall) = (done.cpu.as_secs_f64(), done.wall.as_secs_f64());
    let line = |what: &str, unit, value, aim| Line {
        claim: "idle",
        what: format!("{what}, {RATE} gifts a second for {wall:.0} s"),
        unit,
        ours: vec![value],
        limit: Vec::new(),
        over: "the whole process, its start included".to_owned(),
        aim,
    };
    let bytes = number(done.written) / number(count);
    vec![
        line("of one core", Unit::Percent, cpu / wall * 100.0, "under 2 %"),
        line("bytes for the disk a gift", Unit::Bytes, bytes, "few"),
    ]
}
