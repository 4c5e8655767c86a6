//! Addresses, names and prices.

use domain::usage::Usage;

use super::*;
use crate::price::Terms;

#[test]
fn a_region_stands_for_the_vendor_s_server_there() {
    let ireland = "https://bedrock-mantle.eu-west-1.api.aws/anthropic";
    assert_eq!(DESCRIPTOR.address(" eu-west-1 "), ireland);
    assert_eq!(DESCRIPTOR.region_of(ireland), Some("eu-west-1"));
    assert_eq!(DESCRIPTOR.vendor_url(), "https://bedrock-mantle.us-east-1.api.aws/anthropic");
    // A typed region reaches no other host.
    for other in ["https://gateway.example/anthropic", "evil.example/x", "a/../b", "EU", "", "eu-west-1@evil"] {
        assert_eq!(DESCRIPTOR.address(other), other);
        assert_eq!(DESCRIPTOR.region_of(other), None, "{other}");
    }
    assert_eq!(DESCRIPTOR.region_of("https://bedrock-mantle.a.evil.example/.api.aws/anthropic"), None);
    assert_eq!(Anthropic.descriptor().address("eu-west-1"), "eu-west-1", "only where the vendor has regions");
}

#[test]
fn models_have_other_names_and_prices_and_no_batches() {
    let ids: Vec<&str> = CATALOG.models.iter().map(|model| model.id.as_str()).collect();
    assert!(ids.contains(&"anthropic.claude-haiku-5-5") && ids.iter().all(|id| id.starts_with(PREFIX)), "{ids:?}");
    assert_eq!(CATALOG.default_model, "anthropic.claude-sonnet-5-5");
    let usage = Usage { input_tokens: 1_000_003, output_tokens: 77, cache_read_tokens: 11, ..Usage::default() };
    for model in &CATALOG.models {
        let own = anthropic::catalog().find(model.id.strip_prefix(PREFIX).unwrap()).unwrap();
        assert!(!own.is_legacy && own.retires.is_none() && model.successor.is_none(), "{}", model.id);
        let at = |price: &crate::price::Price, terms| price.cost(usage, terms);
        let dearer = at(&own.price, Terms { endpoint_percent: PRICE_PERCENT, ..Terms::LIST });
        assert_eq!(at(&model.price, Terms::LIST), dearer, "{}", model.id);
        assert_eq!(at(&model.price, Terms::BATCH), dearer, "{}", model.id);
        assert_eq!(model.name, format!("{} (Bedrock)", own.name));
        assert_eq!((model.image_rule, model.coordinates), (own.image_rule, own.coordinates));
    }
}
