//! Loading a large campaign file, over `sqlite3 .import` of the same file.

use std::process::Command;

use super::campaign::NAME;
use super::line::{Line, Unit};
use super::process;
use super::rounds::{number, rounds};
use super::stored;
use super::world::World;

/// What the import writes to: the least that keeps a wallet from being named twice.
const TABLE: &str = "create table gift (wallet_id text not null unique, amount text, expires_at text, \
                     description text)";

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let count = world.scale.large;
    let file = world.file(count);
    let scale = world.scale;
    let world = std::cell::RefCell::new(world);
    let mut load = || {
        let work = world.borrow_mut().empty();
        let command = world.borrow().load(count, &work.ledger());
        let done = process::run(&command, work.folder()).expect(0);
        assert_eq!(done.json()["gifts"]["total"], count);
        assert_eq!(done.json()["campaign"], NAME);
        number(count) / done.wall.as_secs_f64()
    };
    let mut import = || {
        let work = world.borrow_mut().empty();
        let mut command = Command::new("sqlite3");
        command.arg(work.ledger()).arg(TABLE);
        command.arg(format!(".import --csv --skip 1 \"{}\" gift", file.display()));
        let done = process::run(&command, work.folder()).expect(0);
        assert_eq!(stored::count(&work.ledger(), "select count(*) from gift"), count);
        number(count) / done.wall.as_secs_f64()
    };
    let (ours, limit, over) = if has_sqlite() {
        let [ours, limit] = rounds(scale.slow_rounds, [&mut load, &mut import]);
        (ours, limit, "`sqlite3 .import` of the file, one unique index")
    } else {
        let [ours] = rounds(scale.slow_rounds, [&mut load]);
        (ours, Vec::new(), "sqlite3: absent")
    };
    vec![Line {
        claim: "load",
        what: "rows a second, checked and planned".to_owned(),
        unit: Unit::Rate,
        ours,
        limit,
        over: over.to_owned(),
        aim: "1",
    }]
}

/// Whether SQLite's own program is there.
pub(crate) fn has_sqlite() -> bool {
    Command::new("sqlite3").arg("-version").output().is_ok_and(|output| output.status.success())
}
