//! How one campaign stands, read from the ledger and checked.
//!
//! **Invariant:** what it holds adds up: [`Summary::read`] fails where the gifts of a campaign are not
//! what its loads recorded.
//! **Invariant:** it belongs to one moment as far as its sums go; a run may go on meanwhile.

use chrono::{DateTime, Utc};

use super::audit_document::NAMED_IN_JSON;
use super::{Amounts, Findings, ReportError, States};
use crate::domain::{Money, RowDigest};
use crate::ledger::{
    Audit, Campaign, Discrepancy, Elsewhere, FateTally, Finding, FindingRecord, Ledger, Lists,
    Meanwhile, RunRecord, Standing, StateTally, UnderWay,
};
use crate::plan::plan_id;

/// Refused gifts of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// What `retry --class` takes.
    pub class: String,
    /// How many.
    pub gifts: u64,
    /// What they would have given.
    pub amount: Money,
}

/// How one campaign stands.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub campaign: String,
    /// What `--confirm` takes.
    pub plan: String,
    /// Gifts and money by state.
    pub states: States,
    /// Money by what became of it.
    pub amounts: Amounts,
    /// What the last reconcile found; none until one ran.
    pub reconciled: Option<Findings>,
    /// What the gifts of each finding add up to.
    pub found_amounts: Vec<(Finding, Money)>,
    /// When the last reconcile ended that read every wallet.
    pub reconciled_at: Option<DateTime<Utc>>,
    /// The last audit that began; none until one did.
    pub audit: Option<Audit>,
    /// The first findings of each kind that it made.
    pub found: Vec<FindingRecord>,
    /// Refusals by class.
    pub refusals: Vec<Refusals>,
    /// What was learned of the provider's lists.
    pub lists: Lists,
    /// Distinct wallets.
    pub wallets: u64,
    /// When it was first loaded.
    pub first_loaded_at: DateTime<Utc>,
    /// When it was last loaded.
    pub last_loaded_at: DateTime<Utc>,
    /// Its last run.
    pub last_run: Option<RunRecord>,
    /// What another process does with it now; not looked for by who holds the run lock.
    pub under_way: Option<UnderWay>,
    /// What another process does with another campaign, while it holds the ledger; looked for as that above.
    pub elsewhere: Option<Elsewhere>,
    /// Whether it may be sent, or was paused or cancelled.
    pub standing: Standing,
}

impl Summary {
    /// Reads how a campaign stands now; `campaign` may have been read earlier.
    pub async fn read(ledger: &Ledger, campaign: &Campaign) -> Result<Summary, ReportError> {
        match read_once(ledger, campaign, Meanwhile::Written).await {
            // A load that was committed between two reads looks like a difference, once.
            Err(ReportError::Disagree { .. }) => {
                read_once(ledger, campaign, Meanwhile::Written).await
            }
            read => read,
        }
    }

    /// The same, sooner, for who holds the run lock and does not write meanwhile.
    pub async fn read_still(ledger: &Ledger, campaign: &Campaign) -> Result<Summary, ReportError> {
        read_once(ledger, campaign, Meanwhile::Still).await
    }

    /// That of a campaign which has no gifts and was not stored for that reason.
    pub fn of_nothing(campaign: &str, now: DateTime<Utc>) -> Summary {
        let states = States::of(&[]).expect("nothing adds up to nothing");
        Summary {
            campaign: campaign.to_owned(),
            plan: plan_id(campaign, RowDigest::default(), 0, Money::ZERO),
            amounts: Amounts::of(&states),
            states,
            reconciled: None,
            found_amounts: found_amounts(&[]),
            reconciled_at: None,
            audit: None,
            found: Vec::new(),
            refusals: Vec::new(),
            lists: Lists::default(),
            wallets: 0,
            first_loaded_at: now,
            last_loaded_at: now,
            last_run: None,
            under_way: None,
            elsewhere: None,
            standing: Standing::Open,
        }
    }

    /// Wallets whose balance is not what their list adds up to, as far as the last audit asked.
    pub fn broken_balances(&self) -> u64 {
        let counts = self.audit.as_ref().and_then(|audit| audit.counts);
        counts.map_or(0, |counts| counts.of(Discrepancy::Balance))
    }

    /// How many findings of a kind the last audit made, but for gifts too many that were taken back since.
    pub(super) fn count_of(&self, audit: &Audit, kind: Discrepancy, named: usize) -> u64 {
        match (kind, self.reconciled, audit.counts) {
            (Discrepancy::Duplicated, Some(findings), _) => findings.gifts(Finding::Duplicated),
            (_, _, Some(counts)) => counts.of(kind),
            (_, _, None) => named as u64,
        }
    }

    /// How many gifts it has.
    pub fn gifts(&self) -> u64 {
        self.states.total_gifts()
    }
}

impl States {
    /// Adds up a campaign as it was read just now, by whoever holds the run lock and does not write
    /// meanwhile: all that a run must know before it is confirmed.
    pub async fn read_still(ledger: &Ledger, campaign: &Campaign) -> Result<States, ReportError> {
        add_up(campaign, &ledger.tally(campaign.id, Meanwhile::Still).await?)
    }
}

async fn read_once(
    ledger: &Ledger,
    named: &Campaign,
    meanwhile: Meanwhile,
) -> Result<Summary, ReportError> {
    let newest = ledger.campaign(&named.name).await?;
    let campaign = newest.as_ref().unwrap_or(named);
    let fates = ledger.tally_fates(campaign.id, meanwhile).await?;
    let tallies: Vec<StateTally> = fates.iter().map(|fate| fate.tally).collect();
    let states = add_up(campaign, &tallies)?;
    let audit = ledger.audits(campaign.id, 1).await?.pop();
    let under_way = match meanwhile {
        Meanwhile::Written => ledger.under_way(campaign.id).await?,
        Meanwhile::Still => None,
    };
    let elsewhere = match meanwhile {
        Meanwhile::Written if under_way.is_none() => ledger.elsewhere().await?,
        Meanwhile::Written | Meanwhile::Still => None,
    };
    let elsewhere = elsewhere.filter(|elsewhere| elsewhere.campaign != campaign.name);
    Ok(Summary {
        campaign: campaign.name.clone(),
        plan: campaign.plan_id(),
        amounts: Amounts::of(&states),
        reconciled: findings(campaign, &fates)?,
        found_amounts: found_amounts(&fates),
        reconciled_at: campaign.reconciled_at,
        found: found(ledger, campaign, audit.as_ref()).await?,
        audit,
        refusals: refusals(&fates),
        lists: ledger.provider().await?.map(|provider| provider.lists).unwrap_or_default(),
        wallets: ledger.wallets(campaign.id).await?,
        first_loaded_at: campaign.first_loaded_at,
        last_loaded_at: campaign.last_loaded_at,
        last_run: ledger.last_run(campaign.id).await?,
        under_way,
        elsewhere,
        standing: ledger.standing(campaign.id).await?,
        states,
    })
}

/// The states of a campaign, if they are what its loads recorded.
pub(super) fn add_up(campaign: &Campaign, tallies: &[StateTally]) -> Result<States, ReportError> {
    let disagree = |what, recorded: String, counted: String| ReportError::Disagree {
        campaign: campaign.name.clone(),
        what,
        recorded,
        counted,
    };
    let recorded = campaign.total.to_string();
    let Some(states) = States::of(tallies) else {
        return Err(disagree("amounts", recorded, "more than can be held".to_owned()));
    };
    let (gifts, amount) = (states.total_gifts(), states.total_amount());
    if gifts != campaign.gifts {
        return Err(disagree("gifts", campaign.gifts.to_string(), gifts.to_string()));
    }
    if amount != campaign.total {
        return Err(disagree("amounts", recorded, amount.to_string()));
    }
    Ok(states)
}

fn findings(campaign: &Campaign, fates: &[FateTally]) -> Result<Option<Findings>, ReportError> {
    let found = |fate: &FateTally| fate.found.clone().map(|word| (word, fate.tally.gifts));
    let counts: Vec<(String, u64)> = fates.iter().filter_map(found).collect();
    if counts.is_empty() && campaign.reconciled_at.is_none() {
        return Ok(None);
    }
    Findings::of(&counts).map(Some).map_err(|word| ReportError::UnknownFinding {
        campaign: campaign.name.clone(),
        word: word.to_owned(),
    })
}

/// The first findings of each kind that an audit made: one that made none costs nothing.
async fn found(
    ledger: &Ledger,
    campaign: &Campaign,
    audit: Option<&Audit>,
) -> Result<Vec<FindingRecord>, ReportError> {
    let mut found = Vec::new();
    let Some(audit) = audit else {
        return Ok(found);
    };
    for kind in Discrepancy::ALL {
        if audit.counts.is_none_or(|counts| counts.of(kind) > 0) {
            let (id, number) = (campaign.id, audit.number);
            found.extend(ledger.findings_left(id, number, kind, NAMED_IN_JSON).await?);
        }
    }
    Ok(found)
}

fn found_amounts(fates: &[FateTally]) -> Vec<(Finding, Money)> {
    let of = |finding: Finding| {
        let found = fates.iter().filter(|fate| fate.found.as_deref() == Some(finding.word()));
        (finding, found.map(|fate| fate.tally.amount).sum())
    };
    Finding::ALL.map(of).to_vec()
}

/// Refusals by class, in their order.
fn refusals(fates: &[FateTally]) -> Vec<Refusals> {
    let mut refusals: Vec<Refusals> = Vec::new();
    for FateTally { tally: StateTally { gifts, amount, .. }, class, .. } in fates {
        let Some(class) = class else {
            continue;
        };
        match refusals.last_mut().filter(|last| last.class == *class) {
            Some(last) => {
                last.gifts += gifts;
                last.amount += *amount;
            }
            None => {
                refusals.push(Refusals { class: class.clone(), gifts: *gifts, amount: *amount })
            }
        }
    }
    refusals
}
