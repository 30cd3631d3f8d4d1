//! What deals with each kind of finding: in words, and as commands.
//!
//! It stands apart because it must be true: each command is one that a story in the tests gives, and where no
//! command helps, it says who can.
//!
//! **Invariant:** a command can be pasted into a shell as it stands, whatever the campaign is called.

use super::next::shell_word;
use crate::ledger::{Discrepancy, FindingRecord};

/// What is said about a kind of finding, in English and in Turkish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Advice {
    /// What it means.
    pub(super) means: [&'static str; 2],
    /// What to do.
    pub(super) act: [&'static str; 2],
}

/// What is said about a kind.
pub(super) const fn advice(kind: Discrepancy) -> Advice {
    match kind {
        Discrepancy::Missing => Advice {
            means: [
                "given, but neither in its wallet's list nor found by its id",
                "verildi, ancak ne cüzdan listesinde ne de kimliğiyle bulundu",
            ],
            act: [
                "Lists may lag: reconcile again in an hour. Then ask the provider about these ids. Where it is sure \
                 that they are gone, the other two commands give them again, as a campaign of its own.",
                "Listeler gecikebilir: bir saat sonra yeniden mutabakat yapın. Sonra bu kimlikleri sağlayıcıya sorun. \
                 Silindikleri kesinse diğer iki komut onları ayrı bir kampanya olarak yeniden verir.",
            ],
        },
        Discrepancy::Differs => Advice {
            means: [
                "in its wallet, but not as it was sent",
                "cüzdanında, ancak gönderildiği gibi değil",
            ],
            act: [
                "The wallet API changes no gift, so no command here can: ask the provider who changed it, and \
                 have it mended in their back office. These show what was sent, and what is there now.",
                "Cüzdan API'si hediye değiştirmez, bu yüzden burada bir komut yok: kimin değiştirdiğini sağlayıcıya \
                 sorun ve yönetim panelinde düzelttirin. Bu komutlar gönderileni ve şimdiki durumu gösterir.",
            ],
        },
        Discrepancy::Duplicated => Advice {
            means: [
                "in its wallet, and so is one more like it that this ledger did not give",
                "cüzdanında, yanında bu kaydın vermediği bir benzeri daha var",
            ],
            act: [
                "The first command shows the wallet with both; the second takes back what is too many and unspent, \
                 after a question. What nothing proves to be ours it leaves, unless told otherwise: it may be \
                 somebody else's, so ask the provider who gave it.",
                "İlk komut cüzdanı ikisiyle gösterir; ikincisi fazla olan ve harcanmamış hediyeleri onay alarak geri \
                 alır. Bizim olduğu kanıtlanamayanları bırakır: başkasının olabilir, kimin verdiğini sağlayıcıya \
                 sorun.",
            ],
        },
        Discrepancy::Unexpected => Advice {
            means: [
                "refused or cancelled here, and in its wallet all the same",
                "burada reddedildi ya da iptal edildi, yine de cüzdanında",
            ],
            act: [
                "The customer has it, and `retry` does not send it again. If it must not stay, have the ids named \
                 here deleted in the provider's back office. This tells how it came to be.",
                "Hediye müşteride; `retry` onu yeniden göndermez. Kalmaması gerekiyorsa buradaki kimlikleri \
                 sağlayıcının yönetim panelinde sildirin. Bu komut nasıl olduğunu anlatır.",
            ],
        },
        Discrepancy::Balance => Advice {
            means: [
                "the wallet's TotalGiftBalance is not what its gift list adds up to",
                "cüzdanın TotalGiftBalance değeri hediye listesinin toplamı değil",
            ],
            act: [
                "Two figures of the provider's own contradict each other: show them both. This shows the wallet's \
                 balances and its list.",
                "Sağlayıcının kendi iki değeri birbiriyle çelişiyor: ikisini de gösterin. Bu komut cüzdanın \
                 bakiyelerini ve listesini gösterir.",
            ],
        },
    }
}

/// The commands that deal with a finding, or show all that is known of it, in the order in which they are given.
/// `of` is one of the kind: its wallet and its key.
pub(super) fn commands(kind: Discrepancy, campaign: &str, of: (&str, &str)) -> Vec<String> {
    let name = shell_word(campaign);
    let again = shell_word(&format!("{campaign}-again"));
    let (wallet, key) = of;
    match kind {
        Discrepancy::Missing => vec![
            format!("giftbatch reconcile {name}"),
            format!("giftbatch export {name} --found missing -o missing.csv"),
            format!("giftbatch run missing.csv --campaign {again}"),
        ],
        Discrepancy::Differs => {
            vec![format!("giftbatch show {key}"), format!("giftbatch wallet {wallet}")]
        }
        Discrepancy::Duplicated => vec![
            format!("giftbatch wallet {wallet}"),
            format!("giftbatch revoke {name} --duplicates"),
        ],
        Discrepancy::Balance => vec![format!("giftbatch wallet {wallet}")],
        Discrepancy::Unexpected => vec![format!("giftbatch show {key}")],
    }
}

/// The one command that is said of a single finding.
pub(super) fn command(finding: &FindingRecord, campaign: &str) -> String {
    let (wallet, key) = (finding.wallet.to_string(), finding.key.to_string());
    commands(finding.kind, campaign, (&wallet, &key)).swap_remove(0)
}

/// The provider's ids that a finding is about.
pub(super) fn remote_ids(finding: &FindingRecord) -> Vec<String> {
    match finding.kind {
        Discrepancy::Missing | Discrepancy::Differs => {
            finding.gift_id.iter().map(ToString::to_string).collect()
        }
        Discrepancy::Duplicated | Discrepancy::Unexpected => {
            finding.detail.iter().flat_map(|ids| ids.split(' ')).map(str::to_owned).collect()
        }
        Discrepancy::Balance => Vec::new(),
    }
}

/// What is different, and by how much.
pub(super) fn difference(finding: &FindingRecord) -> Option<&str> {
    match finding.kind {
        Discrepancy::Differs | Discrepancy::Balance => finding.detail.as_deref(),
        Discrepancy::Missing | Discrepancy::Duplicated | Discrepancy::Unexpected => None,
    }
}
