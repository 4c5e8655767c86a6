//! The catalogue against the vendor's tables.

use domain::usage::Usage;

use super::*;
use crate::price::{Rates, Terms};

#[test]
fn the_catalogue_can_be_read() {
    Catalog::parse(include_str!("../../catalog/gemini.toml")).unwrap();
}

#[test]
fn the_table_is_the_vendor_s() {
    let rows: Vec<String> = CATALOG
        .models
        .iter()
        .map(|model| {
            let Rates { input, output, .. } = model.price.rates;
            let tokens = [(384, 384), (1024, 768), (1536, 1152)]
                .map(|(width, height)| model.image_rule.tokens(PixelSize::new(width, height)));
            format!("{} | {input} {output} | {tokens:?} | {:?}", model.id, model.coordinates)
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn no_use_of_a_cache_costs_more_than_input() {
    for model in &CATALOG.models {
        let Rates { input, cache_write_5m, cache_write_1h, cache_read, .. } = model.price.rates;
        assert!([cache_write_5m, cache_write_1h, cache_read].iter().all(|rate| *rate == input), "{}", model.id);
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        assert_eq!(
            model.price.cost(usage, Terms::BATCH).times(2),
            model.price.cost(usage, Terms::LIST),
            "{}",
            model.id
        );
    }
}
