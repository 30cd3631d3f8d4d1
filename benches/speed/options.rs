//! What the command line asks for, and how much work that is.

/// How to run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Everything small, to see that the benches work.
    pub(crate) is_quick: bool,
    /// Whole campaigns of a million rows, and one of ten million.
    pub(crate) is_full: bool,
    /// Print the table as docs/performance.md keeps it.
    pub(crate) is_markdown: bool,
    /// Of all campaign files.
    pub(crate) seed: u64,
    claims: Vec<String>,
}

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Rounds of what takes seconds.
    pub(crate) rounds: usize,
    /// Rounds of what takes longer.
    pub(crate) slow_rounds: usize,
    /// Gifts of a measured run.
    pub(crate) gifts: u64,
    /// Rows of a small campaign.
    pub(crate) small: u64,
    /// Rows of a large one.
    pub(crate) large: u64,
    /// Rows of a very large one, where there is to be one.
    pub(crate) huge: Option<u64>,
    /// Gifts after which the run of a large campaign is stopped, where it is.
    pub(crate) stop_after: Option<u64>,
    /// Gifts after which the run of the very large campaign is stopped.
    pub(crate) stop_huge_after: u64,
    /// Gifts whose cost in the middle of a run is held against each other; fewer than `small`.
    pub(crate) marginal: u64,
    /// Gifts that are given at ten a second.
    pub(crate) idle: u64,
    /// Answers that are read over and over.
    pub(crate) answers: u64,
    /// How often.
    pub(crate) readings: u64,
}

const USAGE: &str = "usage: cargo bench -- [CLAIM …] [--quick | --full] [--markdown] [--seed N]";

impl Options {
    /// Reads the words behind `cargo bench --`; says what is wrong with them.
    pub(crate) fn read(words: &[String], known: &[&str]) -> Result<Options, String> {
        let mut options = Options {
            is_quick: false,
            is_full: false,
            is_markdown: false,
            seed: 1,
            claims: Vec::new(),
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                // cargo says so to every bench.
                "--bench" => {}
                "--quick" => options.is_quick = true,
                "--full" => options.is_full = true,
                "--markdown" => options.is_markdown = true,
                "--seed" => {
                    let seed = words.next().and_then(|word| word.parse().ok());
                    options.seed = seed.ok_or("--seed needs a number")?;
                }
                claim if known.contains(&claim) => options.claims.push(claim.to_owned()),
                other => {
                    return Err(format!("{other}?\n{USAGE}\nclaims: {}", known.join(", ")));
                }
            }
        }
        if options.is_quick && options.is_full {
            return Err("--quick or --full, not both".to_owned());
        }
        Ok(options)
    }

    /// Whether a claim was asked for; all are where none is named.
    pub(crate) fn wants(&self, claim: &str) -> bool {
        self.claims.is_empty() || self.claims.iter().any(|name| name == claim)
    }

    /// How much is to be done.
    pub(crate) fn scale(&self) -> Scale {
        let normal = Scale {
            rounds: 5,
            slow_rounds: 3,
            gifts: 20_000,
            small: 10_000,
            large: 1_000_000,
            huge: None,
            stop_after: Some(50_000),
            stop_huge_after: 200_000,
            marginal: 8_000,
            idle: 100,
            answers: 2_000,
            readings: 100,
        };
        if self.is_quick {
            return Scale {
                rounds: 1,
                slow_rounds: 1,
                gifts: 600,
                small: 300,
                large: 6_000,
                stop_after: Some(600),
                marginal: 200,
                idle: 10,
                answers: 100,
                readings: 10,
                ..normal
            };
        }
        if self.is_full {
            return Scale { huge: Some(10_000_000), stop_after: None, ..normal };
        }
        normal
    }
}
