//! The words of states, findings, commands and endings, for people who have not read the manual.

use super::form::Form;
use crate::domain::GiftState;
use crate::ledger::Finding;

/// The states in the order in which a page tells them: what was given first, what needs somebody next.
pub(super) const ORDER: [GiftState; GiftState::ALL.len()] = [
    GiftState::Issued,
    GiftState::Refused,
    GiftState::Held,
    GiftState::InDoubt,
    GiftState::InFlight,
    GiftState::Deferred,
    GiftState::Planned,
    GiftState::Cancelled,
    GiftState::Revoking,
    GiftState::Revoked,
];

/// What a state is called.
pub(super) fn state<'w>(form: &Form, state: GiftState) -> &'w str {
    match state {
        GiftState::Planned => form.say("not sent yet", "henüz gönderilmedi"),
        GiftState::InFlight => form.say("on its way", "yolda"),
        GiftState::Deferred => form.say("to be sent again", "yeniden gönderilecek"),
        GiftState::InDoubt => form.say("in doubt", "belirsiz"),
        GiftState::Held => form.say("held for a person", "karar bekliyor"),
        GiftState::Issued => form.say("given", "verildi"),
        GiftState::Refused => form.say("refused", "reddedildi"),
        GiftState::Cancelled => form.say("cancelled", "iptal edildi"),
        GiftState::Revoking => form.say("being taken back", "geri alınıyor"),
        GiftState::Revoked => form.say("taken back", "geri alındı"),
    }
}

/// What a state means, in a sentence.
pub(super) fn state_meaning<'w>(form: &Form, state: GiftState) -> &'w str {
    match state {
        GiftState::Planned => {
            form.say("in the plan; nothing was sent", "planda; hiçbir istek gönderilmedi")
        }
        GiftState::InFlight => form.say(
            "sent by a run that goes on or was killed; it may have been given",
            "süren ya da yarıda kesilen bir çalıştırma gönderdi; verilmiş olabilir",
        ),
        GiftState::Deferred => form.say(
            "sent, and surely not given; waits for another try",
            "gönderildi, kesin olarak verilmedi; yeniden denenecek",
        ),
        GiftState::InDoubt => form.say(
            "the answer was lost; it may have been given",
            "yanıt kayboldu; verilmiş olabilir",
        ),
        GiftState::Held => form.say(
            "it cannot be told whether it was given; a person must decide",
            "verilip verilmediği anlaşılamadı; bir kişinin karar vermesi gerekiyor",
        ),
        GiftState::Issued => form.say(
            "confirmed by the provider, or found in the wallet",
            "sağlayıcı onayladı ya da cüzdanda bulundu",
        ),
        GiftState::Refused => form.say(
            "the provider or a person said no, or it had expired",
            "sağlayıcı ya da bir kişi reddetti, ya da süresi dolmuştu",
        ),
        GiftState::Cancelled => {
            form.say("withdrawn before it was sent", "gönderilmeden geri çekildi")
        }
        GiftState::Revoking => form.say(
            "given; whether it was deleted is not known yet",
            "verildi; silinip silinmediği henüz bilinmiyor",
        ),
        GiftState::Revoked => {
            form.say("given, then deleted while unused", "verildi, kullanılmadan silindi")
        }
    }
}

/// The class of colour of a state.
pub(super) const fn state_colour(state: GiftState) -> &'static str {
    match state {
        GiftState::Issued => "given",
        GiftState::Refused => "refused",
        GiftState::InFlight | GiftState::InDoubt | GiftState::Held | GiftState::Revoking => "doubt",
        GiftState::Planned | GiftState::Deferred => "open",
        GiftState::Cancelled | GiftState::Revoked => "over",
    }
}

/// What a finding is called.
pub(super) fn finding<'w>(form: &Form, finding: Finding) -> &'w str {
    match finding {
        Finding::Matched => form.say("found as sent", "gönderildiği gibi bulundu"),
        Finding::Missing => form.say("missing", "cüzdanda yok"),
        Finding::Differs => form.say("different", "farklı"),
        Finding::Duplicated => form.say("given twice", "mükerrer"),
        Finding::Unexpected => form.say("there all the same", "beklenmeyen"),
        Finding::Unread => form.say("wallet not readable", "cüzdan okunamadı"),
        Finding::Expired => form.say("expired", "süresi doldu"),
    }
}

/// What a finding means, in a sentence.
pub(super) fn finding_meaning<'w>(form: &Form, finding: Finding) -> &'w str {
    match finding {
        Finding::Matched => form.say(
            "given, and in its wallet with this amount, expiry and description",
            "verildi; tutarı, son kullanma tarihi ve açıklamasıyla cüzdanında görüldü",
        ),
        Finding::Missing => form.say(
            "recorded as given, but its wallet does not have it",
            "verildi olarak kayıtlı, ancak cüzdanında yok",
        ),
        Finding::Differs => form.say(
            "in its wallet, with another amount, expiry or description",
            "cüzdanında, ancak tutarı, son kullanma tarihi ya da açıklaması farklı",
        ),
        Finding::Duplicated => form.say(
            "in its wallet, and one more like it that this ledger did not ask for",
            "cüzdanında, yanında bu kaydın istemediği bir benzeri daha var",
        ),
        Finding::Unexpected => form.say(
            "refused or cancelled, and in its wallet all the same",
            "reddedildi ya da iptal edildi, yine de cüzdanında görüldü",
        ),
        Finding::Unread => form.say(
            "its wallet could not be read, so nothing is known",
            "cüzdanı okunamadı; durumu bilinmiyor",
        ),
        Finding::Expired => form.say(
            "its time has passed, and the provider does not show it any more",
            "süresi doldu ve sağlayıcı artık göstermiyor",
        ),
    }
}

/// The class of colour of a finding.
pub(super) const fn finding_colour(finding: Finding) -> &'static str {
    match finding {
        Finding::Matched => "given",
        Finding::Unread => "doubt",
        Finding::Expired => "open",
        Finding::Missing | Finding::Differs | Finding::Duplicated | Finding::Unexpected => {
            "refused"
        }
    }
}

/// What is said of something that has no end.
pub(super) fn endless<'w>(form: &Form, is_last: bool) -> &'w str {
    if is_last {
        form.say("no end: running, or killed", "sonu yok: sürüyor ya da kesildi")
    } else {
        // The ledger belongs to one process at a time: who came later found it dead.
        form.say("killed before its end", "tamamlanmadan kesildi")
    }
}

/// How a run or a reconcile ended; a word that is not known here stays as it is.
pub(super) fn outcome<'w>(form: &Form, word: &'w str) -> &'w str {
    match word {
        "finished" => form.say("finished", "tamamlandı"),
        "stored" => form.say("stored", "kaydedildi"),
        "withheld" => form.say(
            "stopped: paused or cancelled by a person",
            "durdu: kullanıcı duraklattı ya da iptal etti",
        ),
        "paused" => form.say("stopped: a person paused it", "durdu: kullanıcı duraklattı"),
        "cancelled" => form.say("stopped: a person cancelled it", "durdu: kullanıcı iptal etti"),
        "interrupted" => form.say("stopped by a person", "kullanıcı durdurdu"),
        "silence" => {
            form.say("stopped: the provider did not answer", "durdu: sağlayıcı yanıt vermedi")
        }
        "credentials rejected" => {
            form.say("stopped: the keys were rejected", "durdu: anahtarlar reddedildi")
        }
        "refusals" => {
            form.say("stopped: too many refusals in a row", "durdu: art arda çok fazla ret")
        }
        "redirected" => form.say("stopped: the address is wrong", "durdu: adres yanlış"),
        "odd answers" => {
            form.say("stopped: answers that were not understood", "durdu: anlaşılamayan yanıtlar")
        }
        "certificate" => form.say(
            "stopped: the provider's certificate is not trusted",
            "durdu: sağlayıcının sertifikasına güvenilmiyor",
        ),
        "clock jumped" => {
            form.say("stopped: the machine's clock jumped", "durdu: makinenin saati atladı")
        }
        "limit" => form.say("stopped at its limit of gifts", "hediye sınırına ulaşıldı"),
        "deadline" => form.say("stopped at its deadline", "süresi doldu"),
        "canary" => form.say(
            "stopped: the first gifts were not as they should be",
            "durdu: ilk hediyeler beklendiği gibi değildi",
        ),
        "forgetful" => form.say(
            "finished; some wallets could not tell",
            "tamamlandı; bazı cüzdanlardan bilgi alınamadı",
        ),
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_told_once() {
        // Goal: no gift is left out of a table. Method: the order against all states.
        assert!(GiftState::ALL.iter().all(|state| ORDER.contains(state)));
    }
}
