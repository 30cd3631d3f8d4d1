//! The report as a page: one file that needs nothing else, for whoever asks a month later.
//!
//! It stands apart because it is handed on: as an attachment, on paper, to people without this program.
//!
//! | this module does | this module decides |
//! | --- | --- |
//! | reads a campaign from the ledger ([`facts`]) | the first sentence ([`headline::headline`]), the axis of time ([`axis`]), the bins ([`bins`]) |
//!
//! **Invariant:** no script, no link, no font, no picture from elsewhere; the page itself forbids them.
//! **Invariant:** all text that others wrote is escaped, and shown by [`shown`]: nothing in it steers.
//! **Invariant:** beside each plot stands a table with its numbers.

mod axis;
mod bins;
mod detail;
mod facts;
mod flow;
mod form;
mod headline;
mod histogram;
mod lists;
mod mask;
mod over_time;
mod plots;
mod record;
mod stretches;
mod sums;
mod svg;
mod words;

use std::borrow::Cow;
use std::io;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use form::Lang;
pub use mask::Wallets;

use self::facts::Facts;
use self::form::Form;
use self::headline::{Line, check, headline, others};
use self::plots::{amounts, doubts, latency, outcome, refusals, timeline};
use super::{ReportError, clean};
use crate::ledger::{Campaign, Ledger};

/// How a page is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its language.
    pub lang: Lang,
    /// The zone of its times.
    pub tz: Tz,
    /// How it tells wallets.
    pub wallets: Wallets,
    /// When it is made.
    pub now: DateTime<Utc>,
}

/// What a browser may load for the page: nothing. Its one style sheet is in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// Writes a campaign's page.
pub async fn write<W: io::Write>(
    ledger: &Ledger,
    campaign: &Campaign,
    look: &Look,
    out: &mut W,
) -> Result<(), ReportError> {
    let facts = Facts::read(ledger, campaign).await?;
    let form = Form { lang: look.lang, tz: look.tz, currency: currency(&facts.campaign) };
    out.write_all(page(&form, look, &facts).into_string().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

/// The currency of the newest file; empty where a ledger does not say.
fn currency(campaign: &Campaign) -> String {
    let dialect = serde_json::from_str::<serde_json::Value>(&campaign.dialect_json).ok();
    let code = dialect.as_ref().and_then(|dialect| dialect.get("currency")?.as_str());
    code.map(|code| clean(code).into_owned()).unwrap_or_default()
}

/// Text that others wrote, which must not steer what stands around it.
fn shown(text: &str) -> Cow<'_, str> {
    clean(text)
}

fn page(form: &Form, look: &Look, facts: &Facts) -> Markup {
    let name = shown(&facts.summary.campaign);
    let title = form.say("Gift report", "Hediye raporu");
    html! {
        (DOCTYPE)
        html lang=(form.code()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="format-detection" content="telephone=no";
                title { (name) " · " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(form, look, facts))
                main {
                    (outcome(form, facts))
                    (timeline(form, facts))
                    div class="grid" {
                        (latency(form, facts))
                        (doubts(form, facts))
                        (refusals(form, look, facts))
                        (amounts(form, facts))
                    }
                    (section("used", form.say("Used since", "Sonraki kullanım"), &html! { (sums::use_section(form, facts)) }))
                    (section("wallets", form.say("What the wallets say", "Cüzdanlar ne diyor"), &html! {
                        (lists::findings(form, facts, look.wallets))
                    }))
                    @if !facts.doubtful.is_empty() {
                        (section("doubtful", form.say("Gifts whose result is not known", "Sonucu bilinmeyen hediyeler"), &html! {
                            (lists::doubtful(form, facts, look.wallets))
                        }))
                    }
                    (section("record", form.say("The record", "Kayıt bilgileri"), &html! {
                        (record::identity(form, facts))
                        h3 { (form.say("Who did what when", "Kim, ne zaman, ne yaptı")) }
                        (record::deeds(form, facts))
                        h3 { (form.say("Settings", "Ayarlar")) }
                        (record::settings(form, facts))
                    }))
                }
                (foot(form, look))
            }
        }
    }
}

fn section(id: &str, title: &str, inside: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-head" } {
            h2 id={ (id) "-head" } { (title) }
            (inside)
        }
    }
}

fn head(form: &Form, look: &Look, facts: &Facts) -> Markup {
    let line = |line: &Line| html! { li { i class={ "dot back-" (line.colour) } {} (line.text) } };
    let first = headline(form, facts);
    html! {
        header {
            p class="over" {
                (form.say("Gift report", "Hediye raporu")) " · " (form.moment(look.now)) " · " (look.tz.name())
            }
            h1 { (shown(&facts.summary.campaign)) }
            p class={ "headline edge-" (first.colour) } { (first.text) }
            ul class="lines" {
                @for other in others(form, facts) { (line(&other)) }
                @if let Some(check) = check(form, facts) { (line(&check)) }
            }
            @if facts.is_moving {
                p class="none-yet" {
                    (form.say(
                        "A run went on while this report was made: its parts are of different moments.",
                        "Bu rapor hazırlanırken bir çalıştırma sürüyordu: bölümler farklı anlara aittir.",
                    ))
                }
            }
            (sums::tiles(form, facts))
        }
    }
}

fn foot(form: &Form, look: &Look) -> Markup {
    html! {
        footer {
            p {
                (form.say(
                    "Every total on this page is added up from the ledger, which is the record of what was sent and what was answered.",
                    "Bu sayfadaki bütün toplamlar, gönderilen her isteğin ve alınan her yanıtın yazıldığı kayıttan hesaplandı.",
                ))
                " "
                @if look.wallets == Wallets::Short {
                    (form.say(
                        "Wallet ids are shortened; a gift's key finds the whole story: giftbatch show KEY.",
                        "Cüzdan kimlikleri kısaltıldı; hediyenin tüm geçmişi anahtarıyla bulunur: giftbatch show ANAHTAR.",
                    ))
                    " "
                }
                "giftbatch " (env!("CARGO_PKG_VERSION"))
            }
        }
    }
}
