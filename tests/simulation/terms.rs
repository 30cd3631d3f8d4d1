//! What a seed draws before its story begins: the provider's manners, the campaign, the settings.
//!
//! **Invariant:** S > D + V, which is what the promise asks for; only a [`Breach`] breaks it.

use uuid::Uuid;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::manners::{Cut, Manners};
use crate::plot::{Breach, Plot};

pub(crate) const MS: i64 = 1_000;
pub(crate) const SECOND: i64 = 1_000 * MS;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// What the server makes of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    /// It keeps none: the field is not there.
    Absent,
    /// It keeps none, and shows an empty one.
    Blank,
    /// It shows what was sent.
    Echoed,
    /// It shows what was sent, and takes no second create with it.
    Enforced,
}

/// How the server writes an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dates {
    Millis,
    SevenDigits,
    Offset,
    NoZone,
    WholeSeconds,
}

/// The row of a plan: what the auditor holds against the book.
#[derive(Clone, Debug)]
pub(crate) struct PlanRow {
    pub(crate) line: u64,
    pub(crate) wallet: Uuid,
    pub(crate) minor: i64,
    pub(crate) expires_ms: Option<i64>,
    pub(crate) description: String,
    /// Whether its expiry may pass before it is sent.
    pub(crate) expires_soon: bool,
}

/// A time in which every request meets the same trouble.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) trouble: Trouble,
}

/// What a window brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Refuses,
    Resets,
    TimesOut,
    Overloaded,
    /// The keys are revoked: 401.
    Unauthorized,
    /// The keys are revoked: a proxy's 403.
    ForbiddenPage,
    /// The keys are revoked: the API's own 403.
    ForbiddenByApi,
    /// 429, with so many seconds to wait where it says so.
    Throttles(Option<i64>),
    /// A portal's page, with this status.
    Portal(u16),
}

/// All that a seed draws at the start. Times are microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) breach: Breach,
    pub(crate) rows: Vec<PlanRow>,
    // The three times.
    pub(crate) d: i64,
    pub(crate) v: i64,
    pub(crate) s: i64,
    // The network.
    pub(crate) timeout: i64,
    pub(crate) latency: i64,
    /// Faulty requests in a thousand.
    pub(crate) faulty: u64,
    /// The kinds that this story knows: not every story has all.
    pub(crate) kinds: Vec<Fault>,
    pub(crate) windows: Vec<Window>,
    // The provider.
    pub(crate) references: References,
    pub(crate) amounts_as_text: bool,
    pub(crate) dates: Dates,
    pub(crate) errors_absent: bool,
    pub(crate) shows_its_clock: bool,
    pub(crate) empty_list_is_404: bool,
    pub(crate) hides_used: bool,
    /// Whether a balance is true at once, and not as late as a list.
    pub(crate) balances_are_true: bool,
    /// The server's clock less the true time.
    pub(crate) server_skew: i64,
    pub(crate) server_jumps: Vec<(i64, i64)>,
    /// Strangers' gifts of now, by row: when.
    pub(crate) foreign_now: Vec<(usize, i64)>,
    /// Strangers' gifts of a month ago, by row.
    pub(crate) foreign_old: Vec<usize>,
    // The ledger.
    pub(crate) commit_pause: i64,
    // The settings.
    pub(crate) rate: u32,
    pub(crate) concurrency: usize,
    pub(crate) max_in_doubt: usize,
    pub(crate) max_attempts: i64,
    pub(crate) stop_after_refusals: u32,
    /// Gifts that a run may begin while there are faults.
    pub(crate) limit: Option<u64>,
    /// Whether what a limited run has begun is looked at before it goes on without a limit.
    pub(crate) looks_back: bool,
    pub(crate) give_up_after: i64,
    /// Runs before all faults end.
    pub(crate) faulty_runs: u64,
    /// So many of a thousand runs are ended early.
    pub(crate) strokes: u64,
    pub(crate) local_jumps: bool,
    /// Whether descriptions carry tags.
    pub(crate) tags: bool,
    /// Whether the ledger is lost once, and an old copy of it restored.
    pub(crate) restores: bool,
    /// What is odd beside all that.
    pub(crate) manners: Manners,
}

impl Terms {
    /// Draws a world and a campaign.
    pub(crate) fn draw(dice: &mut Dice, plot: Plot) -> Terms {
        let rows = draw_rows(dice);
        let d = *dice.pick(&[0, 300 * MS, 5 * SECOND, 20 * SECOND, 2 * MINUTE]);
        let v = *dice.pick(&[0, 0, 200 * MS, 3 * SECOND, 10 * SECOND]);
        let margin = *dice.pick(&[10 * MS, SECOND, 30 * SECOND]);
        let echoes = dice.chance(400);
        let references = match (echoes, dice.chance(400)) {
            (true, true) => References::Enforced,
            (true, false) => References::Echoed,
            (false, true) => References::Blank,
            (false, false) => References::Absent,
        };
        let kinds = draw_kinds(dice);
        let mut terms = Terms {
            breach: plot.breach,
            d,
            v,
            s: d + v + margin,
            timeout: *dice.pick(&[2 * SECOND, 10 * SECOND, 30 * SECOND]),
            latency: *dice.pick(&[5 * MS, 80 * MS, 600 * MS]),
            faulty: *dice.pick(&[0, 40, 150, 400]),
            kinds,
            windows: draw_windows(dice),
            references,
            amounts_as_text: dice.chance(300),
            dates: *dice.pick(&[
                Dates::Millis,
                Dates::SevenDigits,
                Dates::Offset,
                Dates::NoZone,
                Dates::WholeSeconds,
            ]),
            errors_absent: dice.chance(300),
            shows_its_clock: dice.chance(900),
            empty_list_is_404: dice.chance(200),
            hides_used: dice.chance(100),
            balances_are_true: false,
            server_skew: draw_skew(dice),
            server_jumps: Vec::new(),
            foreign_now: Vec::new(),
            foreign_old: Vec::new(),
            commit_pause: *dice.pick(&[0, 0, MS, 30 * MS, SECOND]),
            rate: *dice.pick(&[0, 0, 3, 20, 200]),
            concurrency: *dice.pick(&[1, 4, 8, 32]),
            max_in_doubt: *dice.pick(&[2, 100]),
            max_attempts: 5,
            stop_after_refusals: 20,
            limit: None,
            looks_back: false,
            give_up_after: *dice.pick(&[MINUTE, 10 * MINUTE]),
            faulty_runs: dice.below(6),
            strokes: *dice.pick(&[0, 400, 900]),
            local_jumps: dice.chance(150),
            tags: dice.chance(150),
            restores: dice.chance(100),
            manners: Manners::default(),
            rows,
        };
        // Where used gifts leave the lists, nobody can tell what a lost ledger knew of them.
        terms.restores &= !terms.hides_used;
        if terms.local_jumps || terms.restores {
            // A clock that is set, and a ledger that is lost, matter where a run leaves doubts to the next.
            terms.strokes = terms.strokes.max(400);
            terms.faulty_runs += 2;
        }
        terms.draw_rest(dice);
        let mut aside = Dice::new(!dice.clone().next());
        terms.manners = Manners::draw(&mut aside, plot, &mut terms);
        terms.break_promises();
        terms
    }

    /// Whether customers spend only what we have surely written down: where lists leave something out for longer than
    /// S, nobody could tell else that it was ever given.
    pub(crate) fn spends_late(&self) -> bool {
        let is_late = self.breach == Breach::ListsTooLateBalancesTrue;
        self.hides_used || is_late || self.manners.leaves_out()
    }

    fn draw_rest(&mut self, dice: &mut Dice) {
        if dice.chance(80) {
            let jump = *dice.pick(&[-HOUR, -MINUTE, MINUTE, HOUR]);
            self.server_jumps.push((dice.between(0, 2 * MINUTE), jump));
        }
        // With dice of its own, so that all else of a seed is as it would be without.
        let mut aside = dice.clone();
        if aside.chance(250) {
            self.limit = Some(*aside.pick(&[1, 2, 5, 20]));
            self.looks_back = aside.chance(500);
        }
        if !self.shows_its_clock {
            // A server whose clock nobody can see, and that is wrong, is beyond what can be matched.
            self.server_skew = dice.between(-MINUTE / 60, MINUTE / 60);
            self.server_jumps.clear();
        }
        let foreign = *dice.pick(&[0, 0, 150]);
        for row in 0..self.rows.len() {
            if dice.chance(foreign) {
                self.foreign_old.push(row);
            }
            let echoes = matches!(self.references, References::Echoed | References::Enforced);
            if echoes && dice.chance(foreign) {
                self.foreign_now.push((row, dice.between(0, 2 * MINUTE)));
            }
        }
    }

    fn break_promises(&mut self) {
        if self.breach == Breach::None {
            return;
        }
        // What would hide the breach is taken away.
        self.references = References::Absent;
        self.tags = false;
        self.restores = false;
        self.limit = None;
        self.hides_used = self.breach == Breach::HidesDoubts;
        self.faulty = self.faulty.max(150);
        self.server_jumps.clear();
        self.kinds = vec![Fault::TimeoutAfterCommit, Fault::CutBody];
        match self.breach {
            Breach::None | Breach::HidesDoubts => {}
            Breach::CommitsTooLate => {
                self.kinds = vec![Fault::LateCommit, Fault::Reset];
                self.d = 4 * self.s + MINUTE;
            }
            Breach::ListsTooLate => self.v = 4 * self.s + MINUTE,
            Breach::ListsTooLateBalancesTrue => {
                self.v = 4 * self.s + MINUTE;
                self.balances_are_true = true;
            }
            Breach::CutListsBelieved => {
                self.manners.cut = Some(Cut { most: 3, keeps_newest: false });
                self.manners.padding = self.rows.iter().map(|row| (row.wallet, 1)).collect();
            }
            Breach::RefusalsBelieved => {
                self.manners.refuses_after = 300;
                self.faulty_runs = self.faulty_runs.max(3);
            }
            Breach::StrangersTwins => {
                self.foreign_now = (0..self.rows.len()).map(|row| (row, 0)).collect();
            }
        }
    }
}

/// 3 to 40 gifts over fewer wallets, some of them twice.
fn draw_rows(dice: &mut Dice) -> Vec<PlanRow> {
    let most = *dice.pick(&[6, 15, 40]);
    let count = dice.between(3, most);
    let wallets: Vec<Uuid> = (0..dice.between(1, count)).map(|_| dice.guid()).collect();
    let doubles = *dice.pick(&[0, 50, 100]);
    let mut rows: Vec<PlanRow> = Vec::new();
    for line in 0..count.unsigned_abs() {
        let line = line + 2;
        if let Some(last) = rows.last().filter(|_| dice.chance(doubles)) {
            rows.push(PlanRow { line, ..last.clone() });
            continue;
        }
        let expires_soon = dice.chance(20);
        let expires_ms = match (expires_soon, dice.below(3)) {
            (true, _) => Some(crate::world::START_MS + dice.between(1_000, 600_000)),
            (false, 0) => None,
            (false, _) => Some(crate::world::START_MS + dice.between(40, 400) * 86_400_000 + 426),
        };
        rows.push(PlanRow {
            line,
            wallet: *dice.pick(&wallets),
            minor: *dice.pick(&[100_000, 12_550, 5, 100_010]),
            expires_ms,
            description: (*dice.pick(&["KUPON100", "Hoş geldin", "İndirim \"5\""])).to_owned(),
            expires_soon,
        });
    }
    rows
}

/// A story knows some kinds of fault: where every kind is mixed, rare pairs never meet.
fn draw_kinds(dice: &mut Dice) -> Vec<Fault> {
    let most = *dice.pick(&[2, 5, Fault::OF_REQUESTS.len()]);
    let mut kinds: Vec<Fault> = (0..most).map(|_| *dice.pick(&Fault::OF_REQUESTS)).collect();
    kinds.dedup();
    kinds
}

fn draw_windows(dice: &mut Dice) -> Vec<Window> {
    let mut windows = Vec::new();
    let troubles = [
        Trouble::Refuses,
        Trouble::Resets,
        Trouble::TimesOut,
        Trouble::Overloaded,
        Trouble::Unauthorized,
        Trouble::ForbiddenPage,
        Trouble::ForbiddenByApi,
    ];
    while dice.chance(250) {
        let soon = *dice.pick(&[0, 3 * SECOND, 3 * MINUTE]);
        let from = dice.between(0, soon);
        let long = *dice.pick(&[SECOND, 20 * SECOND, 3 * MINUTE]);
        windows.push(Window { from, until: from + long, trouble: *dice.pick(&troubles) });
    }
    windows
}

fn draw_skew(dice: &mut Dice) -> i64 {
    match dice.below(4) {
        0 => 0,
        1 => dice.between(-2 * SECOND, 2 * SECOND),
        2 => dice.between(-5 * MINUTE, 5 * MINUTE),
        _ => dice.between(-2 * DAY, 2 * DAY),
    }
}
