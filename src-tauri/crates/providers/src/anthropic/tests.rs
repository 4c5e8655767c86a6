//! The catalogue against the vendor's tables.

use domain::calendar::CalendarDate;
use domain::money::PicoDollars;
use domain::usage::Usage;

use super::*;
use crate::base_url::BaseUrl;
use crate::price::{Rates, Terms};

#[test]
fn the_catalogue_can_be_read() {
    Catalog::parse(include_str!("../../catalog/anthropic.toml")).unwrap();
}

#[test]
fn the_table_is_the_vendor_s() {
    let rows: Vec<String> = catalog()
        .models
        .iter()
        .map(|model| {
            let Rates { input, output, cache_write_5m, cache_write_1h, cache_read } = model.price.rates;
            format!(
                "{} | {input} {output} {cache_write_5m} {cache_write_1h} {cache_read} | {} {} {} | {:?} | {:?} | \
                 force {} effort {} | retires {:?}",
                model.id,
                model.context_tokens,
                model.max_output_tokens,
                model.min_cacheable_tokens,
                model.image_rule,
                model.reasoning,
                model.can_force_tool,
                model.takes_effort,
                model.retires.map(|date| date.to_string()),
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    claude-sonnet-5-5 | 2000000 10000000 2500000 4000000 100000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OnByDefault | force false effort true | retires None
    claude-haiku-5-5 | 100000 500000 125000 200000 10000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OnByDefault | force true effort true | retires None
    claude-opus-5-5 | 4000000 20000000 5000000 8000000 200000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | Always | force false effort true | retires None
    claude-fable-5-2 | 8000000 40000000 10000000 16000000 200000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | Always | force false effort true | retires None
    claude-fable-5-1 | 10000000 50000000 12500000 20000000 250000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | Always | force false effort true | retires None
    claude-opus-5 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 512 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OffByDefault | force true effort true | retires None
    claude-sonnet-5 | 2000000 10000000 2500000 4000000 200000 | 1000000 128000 1024 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OffByDefault | force true effort true | retires None
    claude-opus-4-8 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 1024 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OffByDefault | force true effort true | retires None
    claude-opus-4-7 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 2048 | Patches { side: 28, longest_edge: 2576, token_limit: 4784 } | OffByDefault | force true effort true | retires None
    claude-opus-4-6 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 4096 | Patches { side: 28, longest_edge: 1568, token_limit: 1568 } | OffByDefault | force true effort true | retires None
    claude-sonnet-4-6 | 3000000 15000000 3750000 6000000 300000 | 1000000 128000 1024 | Patches { side: 28, longest_edge: 1568, token_limit: 1568 } | OffByDefault | force true effort true | retires None
    claude-opus-4-5-20251101 | 5000000 25000000 6250000 10000000 500000 | 200000 64000 4096 | Patches { side: 28, longest_edge: 1568, token_limit: 1568 } | OffByDefault | force true effort false | retires None
    claude-sonnet-4-5-20250929 | 3000000 15000000 3750000 6000000 300000 | 200000 64000 1024 | Patches { side: 28, longest_edge: 1568, token_limit: 1568 } | OffByDefault | force true effort false | retires Some("2026-11-30")
    claude-haiku-4-5-20251001 | 1000000 5000000 1250000 2000000 100000 | 200000 64000 4096 | Patches { side: 28, longest_edge: 1568, token_limit: 1568 } | OffByDefault | force true effort false | retires None
    "#);
}

#[test]
fn rates_keep_the_vendor_s_proportions() {
    for model in &catalog().models {
        let rates = model.price.rates;
        assert_eq!(rates.cache_write_5m * 4, rates.input * 5, "{}", model.id);
        assert_eq!(rates.cache_write_1h, rates.input * 2, "{}", model.id);
        assert_eq!(rates.output, rates.input * 5, "{}", model.id);
        assert!(rates.cache_read * 10 <= rates.input, "{}", model.id);
        assert_eq!(model.price.batch_percent, 50);
    }
}

#[test]
fn the_default_is_there_to_stay() {
    let default = catalog().find(&catalog().default_model).unwrap();
    assert_eq!((default.retires, default.is_legacy), (None, false));
    let retiring = catalog().find("claude-sonnet-4-5-20250929").unwrap();
    assert_eq!(retiring.retires, Some(CalendarDate::new(2026, 11, 30)));
    let on = |day| retiring.is_retired(CalendarDate::new(2026, 11, day));
    assert_eq!((on(29), on(30)), (false, true));
}

#[test]
fn every_model_does_what_recipes_ask() {
    let server = BaseUrl::parse("https://api.anthropic.com").unwrap();
    for model in &catalog().models {
        let offered = model.offered_at(server.destination(), CalendarDate::new(2026, 11, 30));
        assert!(domain::recipe::builtin::all().iter().all(|recipe| offered.can_run(recipe)), "{}", model.id);
    }
}

#[test]
fn no_model_takes_the_price_of_another() {
    assert_eq!(catalog().find("claude-sonnet-6"), None);
    assert_eq!(catalog().find("anthropic.claude-haiku-5-5"), None);
}

fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
    Usage { input_tokens, output_tokens, ..Usage::default() }
}

#[test]
fn a_million_tokens_cost_what_the_list_says() {
    let sonnet = catalog().find("claude-sonnet-5-5").unwrap().price;
    assert_eq!(sonnet.cost(usage(1_000_000, 0), Terms::LIST), PicoDollars(2_000_000_000_000));
    assert_eq!(sonnet.cost(usage(0, 1_000_000), Terms::LIST), PicoDollars(10_000_000_000_000));
    assert_eq!(sonnet.cost(usage(0, 1_000_000), Terms::BATCH), PicoDollars(5_000_000_000_000));
    let regional = Terms { endpoint_percent: 110, ..Terms::LIST };
    assert_eq!(sonnet.cost(usage(0, 1_000_000), regional), PicoDollars(11_000_000_000_000));
    let cached = Usage {
        cache_write_5m_tokens: 1_000_000,
        cache_write_1h_tokens: 1_000_000,
        cache_read_tokens: 1_000_000,
        ..Usage::default()
    };
    assert_eq!(sonnet.cost(cached, Terms::LIST), PicoDollars(6_600_000_000_000));
}

#[test]
fn one_token_over_the_cliff_makes_all_of_them_dearer() {
    let haiku = catalog().find("claude-haiku-5-5").unwrap().price;
    assert_eq!(haiku.cost(usage(100_000, 10), Terms::LIST), PicoDollars(100_000 * 100_000 + 10 * 500_000));
    let over = Usage { input_tokens: 1, cache_read_tokens: 100_000, output_tokens: 10, ..Usage::default() };
    assert_eq!(haiku.cost(over, Terms::LIST), PicoDollars(5 * (100_000 + 100_000 * 10_000 + 10 * 500_000)));
}
