//! The catalogue against the vendor's tables.

use domain::usage::Usage;

use super::*;
use crate::price::{Rates, Terms};

#[test]
fn the_catalogue_can_be_read() {
    Catalog::parse(include_str!("../../catalog/openai.toml")).unwrap();
}

#[test]
fn the_table_is_the_vendor_s() {
    let rows: Vec<String> = CATALOG
        .models
        .iter()
        .map(|model| {
            let Rates { input, output, cache_read, .. } = model.price.rates;
            format!(
                "{} | {input} {output} {cache_read} | {} {} | {} at 1024x768 | {:?} | effort {}",
                model.id,
                model.context_tokens,
                model.max_output_tokens,
                model.image_rule.tokens(PixelSize::new(1024, 768)),
                model.reasoning,
                model.takes_effort,
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    gpt-6.1-terra | 1000000 5000000 50000 | 400000 128000 | 922 at 1024x768 | OnByDefault | effort true
    gpt-6.1-sol | 2000000 10000000 100000 | 400000 128000 | 922 at 1024x768 | OnByDefault | effort true
    gpt-6-luna | 100000 500000 10000 | 400000 128000 | 922 at 1024x768 | OnByDefault | effort true
    gpt-5.6-terra | 2000000 12000000 2000000 | 400000 128000 | 922 at 1024x768 | OnByDefault | effort true
    gpt-5.6-luna | 200000 1200000 200000 | 400000 128000 | 922 at 1024x768 | OnByDefault | effort true
    gpt-5.4-mini | 750000 4500000 750000 | 400000 128000 | 1245 at 1024x768 | OnByDefault | effort true
    gpt-4.1 | 2000000 8000000 2000000 | 1000000 32768 | 765 at 1024x768 | OffByDefault | effort false
    gpt-4.1-mini | 400000 1600000 400000 | 1000000 32768 | 765 at 1024x768 | OffByDefault | effort false
    gpt-4o | 2500000 10000000 2500000 | 128000 16384 | 765 at 1024x768 | OffByDefault | effort false
    gpt-4o-mini | 150000 600000 150000 | 128000 16384 | 25501 at 1024x768 | OffByDefault | effort false
    "#);
}

#[test]
fn no_use_of_a_cache_costs_more_than_input() {
    for model in &CATALOG.models {
        let Rates { input, cache_write_5m, cache_write_1h, cache_read, .. } = model.price.rates;
        assert!([cache_write_5m, cache_write_1h].iter().all(|rate| *rate == input), "{}", model.id);
        assert!(cache_read <= input, "{}", model.id);
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        assert_eq!(
            model.price.cost(usage, Terms::BATCH).times(2),
            model.price.cost(usage, Terms::LIST),
            "{}",
            model.id
        );
    }
}
