//! Plots of distributions: how long answers and doubts took, and how large gifts are.

use maud::{Markup, html};

use super::bins::{AmountBin, Times};
use super::form::Form;
use super::svg::{Across, Layer, ceiling, drawing, grid, stack};

/// A series of a plot: its name and its class of colour.
pub(super) struct Series<'s> {
    pub(super) name: &'s str,
    pub(super) colour: &'s str,
}

/// A column: what stands below it, what it says when it is pointed at, and its layers.
struct Column {
    label: String,
    told: String,
    values: Vec<u64>,
}

const HEIGHT: i64 = 196;
const TOP: i64 = 12;
const TALL: i64 = 160;
const LEFT: i64 = 13_000;

/// Which plot: its id, and its name.
pub(super) struct Named<'n> {
    pub(super) id: &'n str,
    pub(super) title: &'n str,
}

fn plot(form: &Form, named: &Named<'_>, series: &[Series<'_>], columns: &[Column]) -> Markup {
    let top = ceiling(columns.iter().map(|column| column.values.iter().sum()).max().unwrap_or(1));
    let many = i64::try_from(columns.len().max(1)).unwrap_or(1);
    let edge = |place: i64| LEFT + (100_000 - LEFT) * place / many;
    let every = columns.len().div_ceil(7).max(1);
    let seldom = if columns.len() > 4 { every * 2 } else { every };
    // A phone has room for every other label at most.
    let label = |place: i64| match usize::try_from(place).unwrap_or(0) {
        place if place.is_multiple_of(seldom) => "tick",
        place if place.is_multiple_of(every) => "tick wide",
        _ => "tick none",
    };
    let told: Vec<&str> = columns.iter().map(|column| column.told.as_str()).collect();
    let inside = html! {
        (grid((LEFT, TOP, TALL), top, &|number| form.count(number)))
        @for (place, column) in (0..).zip(columns) {
            @let gap = (edge(place + 1) - edge(place)) / 12;
            @let layers: Vec<Layer<'_>> = column.values.iter().zip(series)
                .map(|(value, series)| Layer { colour: series.colour, value: *value }).collect();
            @let wide = edge(place + 1) - edge(place) - 2 * gap;
            // A lone column is no wall.
            @let narrow = wide.min(22_000);
            @let x = edge(place) + gap + (wide - narrow) / 2;
            (stack((x, narrow), (TOP, TALL), top.0, &layers, &column.told))
            text class=(label(place))
                x=(Across((edge(place) + edge(place + 1)) / 2)) y=(TOP + TALL + 18) text-anchor="middle" { (column.label) }
        }
    };
    drawing(named.id, HEIGHT, named.title, &told.join("; "), &inside)
}

/// What each colour stands for.
pub(super) fn legend(series: &[Series<'_>], more: &Markup) -> Markup {
    html! {
        p class="legend" {
            @for one in series {
                span { i class={ "swatch back-" (one.colour) } {} (one.name) }
            }
            (more)
        }
    }
}

/// How long things took.
pub(super) fn times(
    form: &Form,
    named: &Named<'_>,
    series: &[Series<'_>],
    times: &Times,
) -> Markup {
    let columns: Vec<Column> = times
        .bins
        .iter()
        .map(|bin| {
            let told = told(form, series, &bin.counts);
            Column {
                label: format!("< {}", form.span(bin.to)),
                told: format!("{}: {told}", form.spans(bin.from, bin.to)),
                values: bin.counts.clone(),
            }
        })
        .collect();
    html! { (legend(series, &html! {})) (plot(form, named, series, &columns)) }
}

fn told(form: &Form, series: &[Series<'_>], values: &[u64]) -> String {
    let each = series.iter().zip(values).filter(|(_, value)| **value > 0);
    let each: Vec<String> =
        each.map(|(series, value)| format!("{} {}", form.count(*value), series.name)).collect();
    if each.is_empty() { form.count(0) } else { each.join(", ") }
}

/// The same in numbers: each bin, and how much of all took no longer.
pub(super) fn times_table(form: &Form, what: &str, series: &[Series<'_>], times: &Times) -> Markup {
    let total = times.total();
    let mut so_far = 0;
    html! {
        table {
            thead { tr {
                th scope="col" { (form.say("took", "süre")) }
                @for one in series { th scope="col" class="r" { (one.name) } }
                th scope="col" class="r" { (form.say("so far", "birikimli")) }
            } }
            tbody {
                @for bin in times.bins.iter().filter(|bin| bin.counts.iter().any(|count| *count > 0)) {
                    ({ so_far += bin.counts.iter().sum::<u64>(); "" })
                    tr {
                        th scope="row" class="num" { (form.spans(bin.from, bin.to)) }
                        @for count in &bin.counts { td class="r" { (form.count(*count)) } }
                        td class="r" { (form.percent(so_far, total)) }
                    }
                }
            }
            tfoot { tr {
                th scope="row" { (what) }
                @for count in &times.counts { td class="r" { (form.count(*count)) } }
                td {}
            } }
        }
    }
}

/// Half, most, nearly all: within which time.
pub(super) fn within(form: &Form, times: &Times) -> Markup {
    html! {
        dl class="facts" {
            @for (name, percent) in [
                (form.say("half within", "yarısı şu sürede"), 50),
                (form.say("95% within", "%95’i şu sürede"), 95),
                (form.say("99% within", "%99’u şu sürede"), 99),
            ] {
                div { dt { (name) } dd { (form.span(times.within(percent))) } }
            }
            div { dt { (form.say("longest", "en uzunu")) } dd { (form.span(times.longest)) } }
        }
    }
}

/// How large gifts are.
pub(super) fn amounts(
    form: &Form,
    named: &Named<'_>,
    series: &[Series<'_>],
    bins: &[AmountBin],
) -> Markup {
    let columns: Vec<Column> = bins
        .iter()
        .map(|bin| {
            let told = told(form, series, &[bin.given, bin.others]);
            Column {
                label: form.short(bin.from),
                told: format!("{}: {told}", range(form, bin)),
                values: vec![bin.given, bin.others],
            }
        })
        .collect();
    html! { (legend(series, &html! {})) (plot(form, named, series, &columns)) }
}

fn range(form: &Form, bin: &AmountBin) -> String {
    if bin.from == bin.to {
        return form.amount(bin.from);
    }
    format!("{} – {}", form.amount(bin.from), form.amount(bin.to))
}

/// The same in numbers.
pub(super) fn amounts_table(form: &Form, series: &[Series<'_>], bins: &[AmountBin]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (form.say("amount of a gift", "hediye tutarı")) }
                @for one in series { th scope="col" class="r" { (one.name) } }
                th scope="col" class="r" { (form.say("money", "toplam tutar")) }
            } }
            tbody {
                @for bin in bins {
                    tr {
                        th scope="row" class="num" { (range(form, bin)) }
                        td class="r" { (form.count(bin.given)) }
                        td class="r" { (form.count(bin.others)) }
                        td class="r" { (form.amount(bin.amount)) }
                    }
                }
            }
            tfoot { tr {
                th scope="row" { (form.say("total", "toplam")) }
                td class="r" { (form.count(bins.iter().map(|bin| bin.given).sum())) }
                td class="r" { (form.count(bins.iter().map(|bin| bin.others).sum())) }
                td class="r" { (form.amount(bins.iter().map(|bin| bin.amount).sum())) }
            } }
        }
    }
}
