//! The most memory that each command holds at once, of small campaigns and of large ones.

use super::line::{Line, Unit};
use super::process::Done;
use super::rounds::number;
use super::world::World;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let scale = world.scale;
    let small = world.life(scale.small, None);
    let mut larger = vec![(scale.large, scale.stop_after)];
    larger.extend(scale.huge.map(|rows| (rows, Some(scale.stop_huge_after))));
    let mut lines = Vec::new();
    for (rows, stop_after) in larger {
        let life = world.life(rows, stop_after);
        for ((name, done), (_, beside)) in life.commands().into_iter().zip(small.commands()) {
            let cut = match stop_after {
                Some(gifts) if name == "issue" => format!(", stopped after {gifts}"),
                Some(gifts) if name == "reconcile" => format!(", stopped after {}", gifts / 2),
                _ => String::new(),
            };
            lines.push(Line {
                claim: "memory",
                what: format!("{name}, {rows} rows{cut}"),
                unit: Unit::Megabytes,
                ours: vec![megabytes(done)],
                limit: vec![megabytes(beside)],
                over: format!("the same with {} rows", scale.small),
                aim: "1",
            });
        }
    }
    lines
}

fn megabytes(done: &Done) -> f64 {
    number(done.peak) / 1e6
}
