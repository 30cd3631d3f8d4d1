//! Answers read for what they prove, over JSON that is parsed and thrown away.

use std::hint::black_box;
use std::time::Duration;

use giftbatch::clock;
use giftbatch::domain::Gift;
use giftbatch::provider::{
    Credentials, ListReading, Reply, Verdict, WalletClient, classify, read_list,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::inside;
use super::line::{Line, Unit};
use super::rounds::{number, rounds, seconds};
use super::server::Server;
use super::world::World;

/// A gift, and what the server answered.
type Answers = Vec<(Gift, Reply)>;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let (creates, lists) = collect(world);
    let classified = |gift: &Gift, reply: &Reply| {
        assert!(matches!(classify(gift, reply), Verdict::Accepted { .. }));
    };
    let listed = |gift: &Gift, reply: &Reply| {
        let reading = read_list(gift.content.wallet, reply);
        assert!(matches!(reading, ListReading::Whole(credits) if credits.len() == 1));
    };
    let mut lines = against_json(world, "answers to creates, by `classify`", &creates, classified);
    lines.extend(against_json(world, "gift lists, by `read_list`", &lists, listed));
    lines
}

fn against_json(
    world: &World,
    what: &str,
    answers: &Answers,
    read: impl Fn(&Gift, &Reply),
) -> Vec<Line> {
    let again = world.scale.readings;
    let speed = |read: &dyn Fn(&Gift, &Reply)| {
        let took = seconds(|| {
            for (gift, reply) in (0..again).flat_map(|_| answers) {
                read(black_box(gift), black_box(reply));
            }
        });
        let bytes: usize = answers.iter().map(|(_, reply)| body(reply).len()).sum();
        number(bytes as u64 * again) / 1e6 / took
    };
    let [ours, value, ignored] = rounds(
        world.scale.rounds,
        [
            &mut || speed(&read),
            &mut || speed(&|_, reply| json::<serde_json::Value>(reply)),
            &mut || speed(&|_, reply| json::<IgnoredAny>(reply)),
        ],
    );
    let line = |limit: Vec<f64>, into: &str| Line {
        claim: "answers",
        what: what.to_owned(),
        unit: Unit::MegabytesPerSecond,
        ours: ours.clone(),
        limit,
        over: format!("serde_json alone, into `{into}`"),
        aim: "1",
    };
    vec![line(value, "Value"), line(ignored, "IgnoredAny")]
}

fn json<'r, T: Deserialize<'r>>(reply: &'r Reply) {
    black_box(serde_json::from_slice::<T>(body(reply)).expect("the answer is JSON"));
}

fn body(reply: &Reply) -> &[u8] {
    &reply.answer().expect("the server answered").body
}

/// What the server answers to the creates of a campaign, and to reads of its wallets.
fn collect(world: &World) -> (Answers, Answers) {
    let server = Server::start();
    let credentials = Credentials { api_key: "any".into(), api_client: "any".into() };
    let base = server.url().parse().expect("it is a URL");
    let timeout = Duration::from_secs(30);
    let client = WalletClient::new(base, &credentials, timeout, clock::system());
    let client = client.expect("the client can be set up");
    inside::runtime().block_on(async {
        let (mut creates, mut lists) = (Vec::new(), Vec::new());
        for gift in world.rows(world.scale.answers).gifts() {
            let (_, exchange) = client.create_gift(&gift).await;
            creates.push((gift.clone(), exchange.reply));
            let (_, exchange) = client.gifts_of(gift.content.wallet).await;
            lists.push((gift, exchange.reply));
        }
        (creates, lists)
    })
}
