//! Campaigns of any size from a seed: a row is made when it is asked for, and none is kept.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use giftbatch::domain::{
    CampaignName, Expiry, Gift, GiftContent, GiftKey, KeyRule, Money, WalletId,
    normalise_description,
};
use uuid::{Builder, Uuid};

/// The name that every campaign has: each has a ledger of its own.
pub(crate) const NAME: &str = "bench";

/// The end of the last day of 2036 in Istanbul, which is what the file's date means.
const EXPIRY: &str = "2036-12-31T20:59:59Z";

const DESCRIPTIONS: [&str; 4] =
    ["Hoş geldin hediyesi", "Doğum gününüz kutlu olsun", "KUPON100", "Yaz kampanyası: 2. bölüm"];

/// Some rows, each for a wallet of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) seed: u64,
    pub(crate) count: u64,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) wallet: Uuid,
    /// Hundredths.
    pub(crate) minor: i64,
    pub(crate) description: &'static str,
}

impl Rows {
    /// The rows, in the order of the file.
    pub(crate) fn iter(self) -> impl Iterator<Item = Row> {
        (0..self.count).map(move |number| self.row(number))
    }

    fn row(self, number: u64) -> Row {
        let draw = |what: u64| mixed(mixed(self.seed) ^ (number * 4 + what));
        let wallet = (u128::from(draw(0)) << 64) | u128::from(draw(1));
        let minor = 500 + i64::try_from(draw(2) % 24_500).expect("it is small");
        let kind = draw(3) % DESCRIPTIONS.len() as u64;
        Row {
            wallet: Builder::from_random_bytes(wallet.to_be_bytes()).into_uuid(),
            minor,
            description: DESCRIPTIONS[usize::try_from(kind).expect("it is small")],
        }
    }

    /// Writes the campaign file, row by row.
    pub(crate) fn write(self, path: &Path) {
        let mut file = BufWriter::new(File::create(path).expect("a file can be made"));
        let written = writeln!(file, "wallet_id,amount,expires_at,description")
            .and_then(|()| self.iter().try_for_each(|row| row.write(&mut file)))
            .and_then(|()| file.flush());
        written.expect("the disk has room for a campaign");
    }

    /// The gifts that the program makes of the rows.
    pub(crate) fn gifts(self) -> impl Iterator<Item = Gift> {
        let campaign: CampaignName = NAME.parse().expect("it is a name");
        self.iter().map(move |row| row.gift(&campaign))
    }
}

impl Row {
    fn write(&self, file: &mut impl Write) -> std::io::Result<()> {
        let (whole, cents) = (self.minor / 100, self.minor % 100);
        writeln!(file, "{},{whole}.{cents:02},2036-12-31,{}", self.wallet, self.description)
    }

    fn gift(&self, campaign: &CampaignName) -> Gift {
        let content = GiftContent {
            wallet: WalletId(self.wallet),
            amount: Money::from_minor(self.minor),
            expiry: Expiry::at(EXPIRY.parse().expect("it is an instant")),
            description: normalise_description(self.description),
        };
        Gift { key: GiftKey::from_content(KeyRule::AsSeen, campaign, &content, 1), content }
    }
}

/// The last steps of SplitMix64: numbers that look drawn.
fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
