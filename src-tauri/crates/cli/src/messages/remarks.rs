//! Notes about a model and its price: its retirement, where the price is from, and how old it is.

use domain::calendar::CalendarDate;
use domain::model::Model;
use domain::prices::PriceSource;

/// `retires on 2026-11-30; use claude-sonnet-5-5`, or `retired on` from that day on.
pub fn retirement(model: &Model) -> Option<String> {
    let (on, verb) = (model.retires?, if model.is_retired { "retired" } else { "retires" });
    let instead = model.successor.as_ref().map_or_else(String::new, |successor| format!("; use {successor}"));
    Some(format!("{verb} on {on}{instead}"))
}

/// Where a price is from, unless it is built in: `your price of 2026-11-30`.
pub fn price_source(source: &PriceSource, as_of: Option<CalendarDate>) -> Option<String> {
    let source = match source {
        PriceSource::Catalogue => return None,
        PriceSource::User => "your price".to_owned(),
        PriceSource::Imported { table } => format!("price from {table}"),
    };
    Some(as_of.map_or_else(|| source.clone(), |as_of| format!("{source} of {as_of}")))
}

/// Prices that may no longer be right.
pub fn old_prices(as_of: CalendarDate) -> String {
    format!(
        "these prices are as of {as_of} and may no longer be right: compare them with the vendor's, and see `fieldmark prices --help`"
    )
}
