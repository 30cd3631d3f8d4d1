//! Gifts a second, both writes durable, over bare loops that store nothing.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use giftbatch::clock;

use super::bare;
use super::campaign::Rows;
use super::echo::Echo;
use super::inside::{self, NOWHERE};
use super::line::{Line, Unit};
use super::process::{self, own_cpu};
use super::rounds::{number, rounds, seconds};
use super::server::{Server, Share};
use super::stored;
use super::world::World;

/// Seconds that wrk runs, where it is there.
const WRK_SECONDS: u64 = 3;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let count = world.scale.gifts;
    let loaded = world.loaded(count);
    let bodies = bodies(loaded.rows);
    let world = std::cell::RefCell::new(world);
    let copy = || world.borrow_mut().copy(&loaded.ledger);
    let (mut cpu, mut bare_cpu) = (Vec::new(), Vec::new());
    let mut whole = || {
        let (copied, server) = (copy(), Server::start());
        let command = world.borrow().issue(&copied.ledger(), server.url());
        let done = process::run(&command, copied.folder()).expect(0);
        server.check(loaded.rows, Share::All);
        cpu.push(done.cpu.as_secs_f64() * 1e6 / number(count));
        number(count) / done.wall.as_secs_f64()
    };
    let mut bare = || {
        let server = Server::start();
        let before = own_cpu();
        let took = bare::post_all(server.url(), &bodies);
        bare_cpu.push((own_cpu() - before).as_secs_f64() * 1e6 / number(count));
        server.check(loaded.rows, Share::All);
        number(count) / took
    };
    let mut ceiling = || {
        let (copied, echo) = (copy(), Echo::new(std::collections::HashMap::new(), None));
        let took = seconds(|| inside::issue(&copied.ledger(), NOWHERE, &echo));
        assert_eq!(echo.given(), count, "rows are lost");
        assert_eq!(stored::in_state(&copied.ledger(), "issued"), count);
        number(count) / took
    };
    let folder = world.borrow().folder().to_owned();
    let script = folder.join("wrk.lua");
    fs::write(&script, lua(&bodies)).expect("the disk has room for a script");
    let mut wrk = || wrk(&script);
    let scale = world.borrow().scale;
    let [ours, bare, ceiling, wrk] =
        rounds(scale.rounds, [&mut whole, &mut bare, &mut ceiling, &mut wrk]);
    let is_there = wrk.iter().all(|rate| *rate > 0.0);
    let line = |limit: Vec<f64>, over: &str| Line {
        claim: "issue",
        what: "gifts a second".to_owned(),
        unit: Unit::Rate,
        ours: ours.clone(),
        limit,
        over: over.to_owned(),
        aim: "1",
    };
    vec![
        line(bare, "the same POSTs by the same client in a bare loop"),
        line(ceiling, "the same loop and ledger, its requests answered in the process"),
        if is_there { line(wrk, "the same POSTs by wrk") } else { line(Vec::new(), "wrk: absent") },
        Line {
            what: "processor time a gift".to_owned(),
            unit: Unit::Microseconds,
            ours: cpu,
            ..line(bare_cpu, "the same POSTs by the same client in a bare loop")
        },
    ]
}

/// What the program's client sends for the rows.
pub(crate) fn bodies(rows: Rows) -> Vec<String> {
    let echo = Echo::recorder();
    let client = inside::client(NOWHERE, &echo, &clock::system());
    inside::runtime().block_on(async {
        for gift in rows.gifts() {
            client.create_gift(&gift).await;
        }
    });
    echo.bodies()
}

/// A script that sends the bodies one after the other, and again from the first.
fn lua(bodies: &[String]) -> String {
    let mut text = "local bodies = {\n".to_owned();
    for body in bodies {
        let _ = writeln!(text, "[==[{body}]==],");
    }
    text.push_str(
        r#"}
local headers = { ["Content-Type"] = "application/json", apikeypublic = "any", apiclientpublic = "any" }
local requests, at = {}, 0
function init()
    for i, body in ipairs(bodies) do
        requests[i] = wrk.format("POST", "/api/v1/balance/gift", headers, body)
    end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
"#,
    );
    text
}

/// Requests a second by wrk; 0 where it is absent.
fn wrk(script: &std::path::Path) -> f64 {
    let server = Server::start();
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c32", &format!("-d{WRK_SECONDS}s"), "-s"]).arg(script);
    let Ok(output) = command.arg(server.url()).stdin(Stdio::null()).output() else {
        return 0.0;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !text.contains("Non-2xx"), "wrk: {text}");
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).expect("wrk says how many")
}
