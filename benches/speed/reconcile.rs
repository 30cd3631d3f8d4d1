//! Wallets a second of a reconcile, over a bare loop that gets the same lists.

use super::bare;
use super::campaign::NAME;
use super::line::{Line, Unit};
use super::process;
use super::rounds::{number, rounds};
use super::server::{Server, Share};
use super::world::World;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let count = world.scale.gifts;
    let loaded = world.loaded(count);
    let (copied, server) = (world.copy(&loaded.ledger), Server::start());
    process::run(&world.issue(&copied.ledger(), server.url()), copied.folder()).expect(0);
    server.check(loaded.rows, Share::All);
    let list = |wallet| format!("{}/api/v1/balance/gift/by/wallet/{wallet}", server.url());
    let urls: Vec<String> = loaded.rows.iter().map(|row| list(row.wallet)).collect();
    let mut command = world.program(&copied.ledger(), server.url());
    command.args(["reconcile", NAME, "--json"]);
    let mut reconcile = || {
        let done = process::run(&command, copied.folder()).expect(0);
        assert_eq!(done.json()["reconciled"]["matched"], count, "a gift was not found");
        number(count) / done.wall.as_secs_f64()
    };
    let mut bare = || number(count) / bare::get_all(&urls);
    let [ours, limit] = rounds(world.scale.rounds, [&mut reconcile, &mut bare]);
    vec![Line {
        claim: "reconcile",
        what: "wallets a second, findings durable".to_owned(),
        unit: Unit::Rate,
        ours,
        limit,
        over: "the same GETs by the same client in a bare loop".to_owned(),
        aim: "1",
    }]
}
