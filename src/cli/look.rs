//! The first look at a file that is to be loaded: where it goes, how it is read, and what came before it.
//!
//! It stands apart because a file that the campaign has had needs nothing more ([`again`](super::again)).

use chrono::{DateTime, SubsecRound, Utc};

use super::commands::OnInvalid;
use super::context::{Context, check_new};
use super::earlier::Earlier;
use super::failure::Failure;
use super::load::Source;
use super::{reading, standing};
use crate::domain::CampaignName;
use crate::intake::{ReadOptions, Survey, survey};
use crate::ledger::{Campaign, Ledger};

/// What the first look shows.
pub(super) struct Look {
    pub(super) name: CampaignName,
    pub(super) known: Option<Campaign>,
    pub(super) today: DateTime<Utc>,
    pub(super) options: ReadOptions,
    pub(super) survey: Survey,
    pub(super) file_sha256: String,
    pub(super) earlier: Earlier,
}

impl Look {
    /// Reads the file once, and what the ledger has of its campaign's loads.
    pub(super) async fn at(
        context: &Context,
        ledger: &Ledger,
        source: &Source<'_>,
    ) -> Result<Look, Failure> {
        let args = source.args;
        let (name, known) = destination(ledger, source).await?;
        // What a row means must not depend on the day: a campaign's days count from its first load.
        let today = context.now().trunc_subsecs(3);
        let base = known.as_ref().map_or(today, |known| known.first_loaded_at);
        let options = reading::options(context, args, base, source.celebration);
        if args.rejects.is_some() && args.on_invalid == OnInvalid::Stop {
            return Err(Failure::usage(
                "--rejects is for --on-invalid skip: no row would go there",
            ));
        }
        let survey = survey(&args.file, &options)?;
        let file_sha256: String = survey.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let earlier = Earlier::read(ledger, known.as_ref(), &file_sha256).await?;
        earlier.check_currency(name.as_str(), &options.currency)?;
        Ok(Look { name, known, today, options, survey, file_sha256, earlier })
    }
}

/// Where a file goes: the campaign, where the ledger has it, and its name. A name is known by its looks, and keys
/// are made of its letters.
async fn destination(
    ledger: &Ledger,
    source: &Source<'_>,
) -> Result<(CampaignName, Option<Campaign>), Failure> {
    match ledger.campaign(source.campaign.as_str()).await? {
        Some(known) => {
            standing::refuse_cancelled(&known, &ledger.standing(known.id).await?)?;
            Ok((CampaignName::as_stored(&known.name), Some(known)))
        }
        None if source.celebration.is_some() => Ok((source.campaign.clone(), None)),
        None => check_new(source.campaign).map(|()| (source.campaign.clone(), None)),
    }
}
