//! What a paused or a cancelled campaign means to the commands that send: they are refused, a live run
//! ends, and what was never sent of a cancelled campaign is withdrawn.
//!
//! **Invariant:** whoever holds the run lock withdraws; a wish alone changes no gift.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::signals::Signals;
use crate::crash::{self, Step};
use crate::domain::{Event, Money};
use crate::issue::Sending;
use crate::ledger::{Campaign, Ledger, Outcome, Standing, Unsent};
use crate::report::{self, Summary};

/// How often a run looks whether somebody paused or cancelled its campaign: they are told "within a second".
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// Gifts that are withdrawn with one commit.
const WITHDRAWN_AT_ONCE: usize = 1_000;

/// Looks out for wishes beside a run.
#[derive(Debug)]
pub(super) struct Lookout {
    over: CancellationToken,
    looking: Option<JoinHandle<()>>,
}

impl Lookout {
    /// From here on a wish to pause or to cancel ends the run cleanly.
    pub(super) fn start(
        context: &Context,
        ledger: &Ledger,
        campaign: &Campaign,
        sending: Sending,
        signals: &Signals,
    ) -> Lookout {
        let over = CancellationToken::new();
        if sending == Sending::Nothing {
            return Lookout { over, looking: None };
        }
        let (ledger, campaign, until) = (ledger.clone(), campaign.id, over.clone());
        let (clock, out, interrupt) =
            (context.clock.clone(), context.out, signals.interrupt.clone());
        let looking = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = until.cancelled() => return,
                    () = clock.sleep(LOOK_EVERY) => {}
                }
                match ledger.standing(campaign).await {
                    Ok(Standing::Open) => {}
                    Ok(Standing::Paused(wished) | Standing::Cancelled(wished)) => {
                        out.note_meanwhile(&format!(
                            "stopped by {}: waiting for what is in flight",
                            report::clean(&wished.by)
                        ));
                        interrupt.withhold.cancel();
                        interrupt.drain.cancel();
                        return;
                    }
                    // Whether more may be sent is seen to by each claim.
                    Err(error) => tracing::debug!(%error, "cannot look for wishes"),
                }
            }
        });
        Lookout { over, looking: Some(looking) }
    }

    /// The run is over.
    pub(super) async fn end(self) {
        self.over.cancel();
        if let Some(looking) = self.looking {
            looking.await.expect("looking neither panics nor is aborted");
        }
    }
}

/// Why nothing is sent of a campaign that is not open.
pub(super) fn failure(campaign: &Campaign, standing: &Standing) -> Failure {
    let (campaign, word) = (&campaign.name, standing.word());
    let name = report::shell_word(campaign);
    let (Standing::Paused(wished) | Standing::Cancelled(wished)) = standing else {
        unreachable!("an open campaign is not refused");
    };
    let message = format!(
        "campaign {campaign:?} is {word} (by {}, {}): nothing was sent",
        wished.by,
        report::second(wished.at)
    );
    match standing {
        Standing::Paused(_) => Failure::new(Exit::Stopped, message)
            .hint(format!("giftbatch resume {name}, then the same command again")),
        _ => Failure::new(Exit::NotConfirmed, message).hint(format!(
            "a cancelled campaign sends nothing more: give its rows another campaign's name; doubts of \
             it are settled by `giftbatch issue {name}`"
        )),
    }
}

/// What is loaded is to be sent, and nothing of a cancelled campaign is.
pub(super) fn refuse_cancelled(campaign: &Campaign, standing: &Standing) -> Result<(), Failure> {
    match standing {
        Standing::Open | Standing::Paused(_) => Ok(()),
        Standing::Cancelled(_) => Err(failure(campaign, standing)),
    }
}

/// Ends a command that would send of a campaign which is not open: says so, and how it stands.
pub(super) async fn refuse(
    context: &Context,
    session: Session,
    campaign: &Campaign,
    standing: &Standing,
) -> Result<Exit, Failure> {
    let summary = Summary::read_still(&session.ledger, campaign).await?;
    let failure = failure(campaign, standing);
    let exit = failure.exit;
    finish::refuse(context, &summary, &failure);
    session.close().await;
    Ok(exit)
}

/// Withdraws what was never sent of cancelled campaigns, whichever they are; says how much that was. It
/// goes on where it was killed.
pub(super) async fn withdraw(
    context: &Context,
    session: &mut Session,
) -> Result<(u64, Money), Failure> {
    let (mut gifts, mut amount) = (0, Money::from_minor(0));
    loop {
        let mut batch = session.writer.begin().await?;
        let unsent = batch.to_withdraw(WITHDRAWN_AT_ONCE).await?;
        if unsent.is_empty() {
            batch.rollback().await?;
            return Ok((gifts, amount));
        }
        let outcome = |gift: &Unsent| {
            Outcome::of(
                (gift.row, gift.state, gift.attempt),
                Event::Withdrawn { by: None },
                context.now(),
            )
        };
        let outcomes: Vec<Outcome> = unsent.iter().map(outcome).collect();
        batch.record(None, &outcomes).await?;
        crash::before(Step::Withdrawing);
        batch.commit().await?;
        crash::after(Step::Withdrawing);
        gifts += unsent.len() as u64;
        amount += unsent.iter().map(|gift| gift.amount).sum::<Money>();
    }
}

/// Who gives a command, as the system knows them: user and machine.
pub(super) fn who() -> String {
    let user = nix::unistd::Uid::current();
    let name = nix::unistd::User::from_uid(user).ok().flatten().map(|user| user.name);
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
    let name = name.unwrap_or_else(|| format!("user {user}"));
    host.map_or_else(|| name.clone(), |host| format!("{name}@{host}"))
}
