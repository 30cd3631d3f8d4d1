//! What an answer of Minted Connect says. Pure.
//!
//! **Invariant:** a list counts only where every row could be read and the sum is exact: a sum without one of
//! its rows would be believed.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::super::classify::{Verdict, lost, throttled, unknown};
use super::super::envelope::clean;
use super::super::exact;
use super::super::reply::{Answer, Reply};
use super::super::wire::WireDecimal;
use super::super::{Obstacle, Reading, Trouble};

/// What a customer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// A row a product, in the server's order.
    pub items: Vec<Holding>,
    /// The sum of the rows' totals.
    pub total: Decimal,
}

/// One product that a customer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What it is called.
    pub product_name: Option<String>,
    /// Its number in the shop.
    pub sku: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// The price of one.
    pub price: Decimal,
    /// The price of all, as the server says it.
    pub total: Decimal,
    /// Whether it can be delivered.
    pub is_deliverable: Option<bool>,
    /// Since when, as the server writes it: without a zone.
    pub created_at: Option<String>,
}

impl Holding {
    /// Whether the total is the quantity at the price.
    pub fn adds_up(&self) -> bool {
        exact::product(self.quantity, self.price) == Some(self.total.normalize())
    }
}

#[derive(Deserialize)]
struct WireAnswer<'b> {
    #[serde(default)]
    success: Option<bool>,
    #[serde(default, borrow)]
    data: Option<&'b serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct WireHolding {
    #[serde(rename = "productName", default)]
    product_name: Option<String>,
    #[serde(default)]
    sku: Option<String>,
    quantity: WireDecimal,
    price: WireDecimal,
    total: WireDecimal,
    #[serde(default)]
    is_deliverable: Option<bool>,
    #[serde(default)]
    created_at: Option<String>,
}

/// Says what the reply to a question about holdings shows.
pub(super) fn read_holdings(reply: &Reply) -> Reading<Holdings> {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { barrier, why } => {
            return Reading::Obstructed(Obstacle::never_sent(*barrier, why));
        }
        Reply::Lost { loss, why } => return lost(*loss, why).into(),
    };
    match answer.status {
        200..=299 => read_rows(answer),
        429 => throttled(answer).into(),
        403 => {
            let why = words_of(answer).unwrap_or_else(|| "HTTP 403".to_owned());
            Reading::Obstructed(Obstacle::CredentialsRejected { why })
        }
        status @ 422 => {
            let words = words_of(answer).or_else(|| all_words_of(answer));
            let message = words.unwrap_or_else(|| "no reason is given".to_owned());
            Reading::Refused { status, message }
        }
        status => match words_of(answer) {
            Some(message) if (400..=499).contains(&status) => Reading::Refused { status, message },
            _ => unknown(status).into(),
        },
    }
}

fn read_rows(answer: &Answer) -> Reading<Holdings> {
    let odd = |why: &str| Reading::Unreadable { why: why.to_owned(), trouble: Trouble::Odd };
    let wire = match serde_json::from_slice::<WireAnswer<'_>>(&answer.body) {
        Ok(WireAnswer { success: Some(false), .. }) => {
            let words = words_of(answer);
            let message = words.unwrap_or_else(|| "a failure without a reason".to_owned());
            return Reading::Refused { status: answer.status, message };
        }
        Ok(wire @ WireAnswer { success: Some(true), .. }) => wire,
        _ => return unknown(answer.status).into(),
    };
    let rows = wire.data.and_then(|data| serde_json::from_str::<Vec<WireHolding>>(data.get()).ok());
    let Some(rows) = rows else {
        return odd("a success whose list of holdings cannot be read");
    };
    let items: Vec<Holding> = rows.into_iter().map(Holding::from).collect();
    match exact::sum(items.iter().map(|item| item.total)) {
        Some(total) => Reading::Found(Holdings { items, total }),
        None => odd("holdings whose sum is too long for an exact decimal"),
    }
}

impl From<WireHolding> for Holding {
    fn from(wire: WireHolding) -> Holding {
        Holding {
            product_name: wire.product_name,
            sku: wire.sku,
            quantity: wire.quantity.0,
            price: wire.price.0,
            total: wire.total.0,
            is_deliverable: wire.is_deliverable,
            created_at: wire.created_at,
        }
    }
}

impl<T> From<Verdict> for Reading<T> {
    fn from(verdict: Verdict) -> Reading<T> {
        match verdict {
            Verdict::NotProcessed(obstacle) => Reading::Obstructed(obstacle),
            Verdict::Unknown { why, trouble } => Reading::Unreadable { why, trouble },
            Verdict::Accepted { .. } | Verdict::Declined(_) => Reading::Unreadable {
                why: "an answer to another question".to_owned(),
                trouble: Trouble::Odd,
            },
        }
    }
}

/// The server's words in a JSON answer; its form for failures is not published.
fn words_of(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let mut told: Vec<String> = Vec::new();
    for name in ["message", "Message", "detail", "title", "error", "errors", "Errors"] {
        let text = body.get(name).map(words).unwrap_or_default();
        if !text.is_empty() && !told.contains(&text) {
            told.push(text);
        }
    }
    let told = clean(&told.join("; "));
    (!told.is_empty()).then_some(told)
}

/// All that a refusal says, in whatever form, but for a page.
fn all_words_of(answer: &Answer) -> Option<String> {
    let told = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) => words(&body),
        Err(_) => {
            let text = std::str::from_utf8(&answer.body).ok()?.trim();
            if text.starts_with('<') { String::new() } else { text.to_owned() }
        }
    };
    let told = clean(&told);
    (!told.is_empty()).then_some(told)
}

/// All texts of a value, in one line; the names of an object's fields stand before theirs.
fn words(value: &Value) -> String {
    let some = |texts: Vec<String>| -> Vec<String> {
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    };
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(values) => some(values.iter().map(words).collect()).join("; "),
        Value::Object(fields) => {
            let named = |(name, value): (&String, &Value)| match words(value) {
                text if text.is_empty() => text,
                text => format!("{name}: {text}"),
            };
            some(fields.iter().map(named).collect()).join("; ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Reading<Holdings> {
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        read_holdings(&Reply::Answered(answer))
    }

    fn rows(rows: &str) -> Reading<Holdings> {
        read(200, &format!(r#"{{"data":[{rows}],"success":true,"code":0,"message":""}}"#))
    }

    fn word(reading: &Reading<Holdings>) -> String {
        match reading {
            Reading::Found(holdings) => holdings.total.to_string(),
            Reading::Refused { message, .. } => format!("refused: {message}"),
            Reading::Obstructed(obstacle) => format!("{obstacle:?}"),
            Reading::Absent => "absent".to_owned(),
            Reading::Unreadable { trouble, .. } => format!("{trouble:?}"),
        }
    }

    #[test]
    fn the_documented_answer_is_read() {
        // Goal: the sample of the API page is understood. Method: the file, each field.
        let reading = read(200, include_str!("../../../samples/wire/holdings.json"));
        let Reading::Found(holdings) = reading else { panic!("{reading:?}") };
        let expected = Holding {
            product_name: Some("Aguna Küpe Küçük Boy".to_owned()),
            sku: Some("SLD0003".to_owned()),
            quantity: Decimal::new(5, 0),
            price: Decimal::new(14_063_495, 1),
            total: Decimal::new(70_317_475, 1),
            is_deliverable: Some(false),
            created_at: Some("2026-01-11 08:55:22".to_owned()),
        };
        assert!(expected.adds_up());
        assert_eq!(holdings, Holdings { total: expected.total, items: vec![expected] });
    }

    #[test]
    fn sums_are_exact_and_rows_whole() {
        // Goal: no digit is lost and no row left out. Method: numbers in every form, and rows that cannot be
        // read or added.
        let row = |quantity: &str, price: &str, total: &str| {
            format!(r#"{{"quantity":{quantity},"price":{price},"total":{total}}}"#)
        };
        let both = [row("5", "1406349.5", "7031747.5"), row("2", "11686197.5", "23372395")];
        assert_eq!(word(&rows(&both.join(","))), "30404142.5");
        assert_eq!(word(&rows(&row("1", "0.1", "\"0.10\""))), "0.1");
        assert_eq!(word(&rows("")), "0");
        let long = "79228162514264337593543950335";
        let two = [row("1", long, long), row("1", "0.1", "0.1")].join(",");
        for unread in [&row("1", "null", "1"), r#"{"quantity":1,"price":2}"#, "7", &two] {
            assert_eq!(word(&rows(unread)), "Odd", "{unread}");
        }
    }

    #[test]
    fn a_total_that_is_not_quantity_times_price_is_seen() {
        // Goal: what does not add up can be told. Method: a right row, and ones that are off by a little.
        let adds_up = |quantity: &str, price: &str, total: &str| {
            let row = format!(r#"{{"quantity":{quantity},"price":{price},"total":{total}}}"#);
            let Reading::Found(holdings) = rows(&row) else { panic!("{row}") };
            holdings.items[0].adds_up()
        };
        assert!(adds_up("3", "0.10", "0.3") && adds_up("0.5", "3", "1.50"));
        assert!(!adds_up("3", "0.10", "0.31") && !adds_up("3", "0.1", "0.30000000000000004"));
    }

    #[test]
    fn each_answer_is_what_it_says() {
        // Goal: people hear the server's words, and a proxy's page is none of them. Method: a table.
        for (status, body, expected) in [
            (
                422,
                r#"{"success":false,"code":12,"message":"no such customer"}"#,
                "refused: no such customer",
            ),
            (422, r#"{"message":["a","b"]}"#, "refused: a; b"),
            (
                422,
                r#"{"message":"invalid","errors":{"metal_type":["unknown"]}}"#,
                "refused: invalid; metal_type: unknown",
            ),
            (422, "<html>", "refused: no reason is given"),
            (422, "", "refused: no reason is given"),
            (422, "no such metal\n", "refused: no such metal"),
            (422, r#"["a","b"]"#, "refused: a; b"),
            (
                422,
                r#"{"validation":{"metal_type":"unknown"}}"#,
                "refused: validation: metal_type: unknown",
            ),
            (404, r#"{"detail":"not here"}"#, "refused: not here"),
            (404, "<html>", "Odd"),
            (200, r#"{"success":false,"message":"closed"}"#, "refused: closed"),
            (200, r#"{"success":false}"#, "refused: a failure without a reason"),
            (200, r#"{"data":[]}"#, "Odd"),
            (200, r#"{"success":true}"#, "Odd"),
            (200, "", "Odd"),
            (403, r#"{"message":"no"}"#, "CredentialsRejected { why: \"no\" }"),
            (429, "", "Throttled { wait: None }"),
            (302, "", "Redirected"),
            (500, r#"{"message":"oops"}"#, "ServerError"),
            (503, "", "Overloaded"),
        ] {
            assert_eq!(word(&read(status, body)), expected, "{status} {body}");
        }
    }
}
