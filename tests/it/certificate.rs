//! A server whose certificate nobody trusts.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::running::{Running, output};
use crate::world::{World, csv, rows};

/// A TLS server that has signed its own certificate, and its port; none where there is no `openssl`.
fn self_signed(world: &World) -> Option<(Running, u16)> {
    let path = |name: &str| world.path(name);
    let (key, certificate, said) = (path("key.pem"), path("certificate.pem"), path("said"));
    let made = output(
        Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    );
    if !made.is_ok_and(|made| made.status.success()) {
        return None;
    }
    let mut server = Running::start(
        Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-key"])
            .arg(&key)
            .arg("-cert")
            .arg(&certificate)
            .stdout(File::create(&said).expect("a file"))
            .stderr(File::create(path("complained")).expect("a file")),
    )
    .ok()?;
    let port = server.until("where it listens", || {
        let said = fs::read_to_string(&said).ok()?;
        let accepts = said.lines().find(|line| line.starts_with("ACCEPT"))?;
        accepts.rsplit(':').next()?.trim().parse().ok()
    });
    Some((server, port))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_said_at_once() {
    // Goal: who cannot be trusted is not tried for a quarter of an hour, and the reason is said. Method: a server that
    // has signed its own certificate; the doctor, and a run.
    let mut world = World::new();
    let Some((_server, port)) = self_signed(&world) else {
        println!("skipped: there is no openssl");
        return;
    };
    let file = world.file("may.csv", csv(&rows(3)));
    world.set("GIFTBATCH_WALLET_URL", &format!("https://127.0.0.1:{port}"));
    let told = "the server's certificate is not trusted";
    let doctor = world.run(&["doctor"]).expect(5);
    assert!(doctor.stdout.contains(told), "{doctor:?}");
    let began = Instant::now();
    let done = world.issue_file(&file, "may", &[]).expect(5);
    assert!(done.stderr.contains(told), "{done:?}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(done.gifts("planned") + done.gifts("deferred"), 3, "{done:?}");
}
