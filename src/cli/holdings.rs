//! `giftbatch holdings`: what a customer holds in precious metal, by Minted Connect.
//!
//! **Invariant:** figures are the provider's own digits, without separators, so that they can be held against
//! its pages; the sum is that of the rows.

use clap::Args;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use super::ask::{Subject, ask};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::minted::KEYS;
use super::values;
use super::view::screen;
use crate::pace::Pace;
use crate::provider::{Holding, Holdings, Question};
use crate::report::Side::{Left, Right};
use crate::report::{clean, records};

#[derive(Debug, Args)]
pub(super) struct HoldingsArgs {
    /// The customer's id, as Minted Connect knows it.
    #[arg(value_name = "CUSTOMER", value_parser = values::customer)]
    pub(super) customer: String,
    /// Which metals.
    #[arg(long, value_name = "METAL,…", value_delimiter = ',', default_value = "gold,silver",
          value_parser = values::metal)]
    pub(super) metal: Vec<String>,
    /// Only what can be delivered, or only what cannot [default: both].
    #[arg(long, value_name = "true|false")]
    pub(super) deliverable: Option<bool>,
    /// The language of names and messages.
    #[arg(long, value_name = "LANG", default_value = "tr", value_parser = values::language)]
    pub(super) lang: String,
}

/// `giftbatch holdings`.
pub(super) async fn holdings(context: &Context, args: &HoldingsArgs) -> Result<Exit, Failure> {
    let mut client = context.settings.minted.client(&args.lang, context.settings.line())?;
    // A service of its own has a pace of its own.
    let mut pace = Pace::new(context.settings.minted.rate(), 1);
    let question = Question {
        customer: args.customer.clone(),
        metals: args.metal.clone(),
        deliverable: args.deliverable,
    };
    let subject = Subject { what: "the holdings", keys: KEYS };
    let holdings =
        ask(context, &mut pace, subject, async || client.holdings(&question).await).await?;
    for item in holdings.items.iter().filter(|item| !item.adds_up()) {
        context.out.complain(&format!(
            "warning: {}: the total {} is not {} x {}",
            clean(&name(item)),
            digits(item.total),
            digits(item.quantity),
            digits(item.price)
        ));
    }
    context.out.result(&if context.out.args.json {
        json(&args.customer, &holdings)
    } else {
        text(&args.customer, &holdings)
    });
    Ok(Exit::Done)
}

fn text(customer: &str, holdings: &Holdings) -> String {
    let customer = clean(customer);
    if holdings.items.is_empty() {
        return format!("{customer} holds nothing of this kind\n");
    }
    let head = ["product", "sku", "quantity", "price", "total", "deliverable", "since"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let prices = column(holdings.items.iter().map(|item| item.price));
    let totals = column(holdings.items.iter().map(|item| item.total).chain([holdings.total]));
    let sum = totals.last().cloned().unwrap_or_default();
    for ((item, price), total) in holdings.items.iter().zip(prices).zip(totals) {
        let deliverable = match item.is_deliverable {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        rows.push(vec![
            clean(&name(item)).into_owned(),
            clean(item.sku.as_deref().unwrap_or_default()).into_owned(),
            digits(item.quantity),
            price,
            total,
            deliverable.to_owned(),
            clean(item.created_at.as_deref().unwrap_or_default()).into_owned(),
        ]);
    }
    let mut last = vec![String::new(); head.len()];
    (last[0], last[4]) = ("sum".to_owned(), sum);
    rows.push(last);
    let sides = [Left, Left, Right, Right, Right, Left, Left];
    format!("customer {customer}\n\n{}", records(&sides, rows, screen(), 0, 5))
}

fn name(item: &Holding) -> String {
    item.product_name.clone().or_else(|| item.sku.clone()).unwrap_or_else(|| "no name".to_owned())
}

/// The figures of a column, with as many decimals as the longest of them has.
fn column(figures: impl Iterator<Item = Decimal>) -> Vec<String> {
    let figures: Vec<Decimal> = figures.map(|figure| figure.normalize()).collect();
    let decimals = figures.iter().map(Decimal::scale).max().unwrap_or(0) as usize;
    figures.into_iter().map(|figure| format!("{figure:.decimals$}")).collect()
}

/// A figure without zeros at its end.
fn digits(figure: Decimal) -> String {
    figure.normalize().to_string()
}

#[derive(Serialize)]
struct Document<'h> {
    customer: &'h str,
    items: Vec<Item<'h>>,
    total: String,
}

#[derive(Serialize)]
struct Item<'h> {
    product_name: Option<&'h str>,
    sku: Option<&'h str>,
    quantity: Box<RawValue>,
    price: String,
    total: String,
    is_deliverable: Option<bool>,
    created_at: Option<&'h str>,
}

impl Item<'_> {
    fn of(item: &Holding) -> Item<'_> {
        // A count stays a number, of exactly these digits.
        let quantity = RawValue::from_string(digits(item.quantity));
        Item {
            product_name: item.product_name.as_deref(),
            sku: item.sku.as_deref(),
            quantity: quantity.expect("a decimal's digits are a JSON number"),
            price: digits(item.price),
            total: digits(item.total),
            is_deliverable: item.is_deliverable,
            created_at: item.created_at.as_deref(),
        }
    }
}

fn json(customer: &str, holdings: &Holdings) -> String {
    let items = holdings.items.iter().map(Item::of).collect();
    let document = Document { customer, items, total: digits(holdings.total) };
    serde_json::to_string(&document).expect("texts and numbers always make JSON")
}
