use super::*;

const FILE: &str = r#"
    prices_as_of = "2026-11-23"
    default_model = "a"
    batch_percent = 50
    image_rules.small = { kind = "longest_edge", pixels = 100 }
    [[models]]
    id = "a"
    name = "A"
    price = { input = 0.125, output = 1.0, cache_write_5m = 0.0, cache_write_1h = 0.0, cache_read = 0.0 }
    context_tokens = 1
    max_output_tokens = 1
    min_cacheable_tokens = 0
    image_rule = "small"
    bytes_per_token = 4
    reasoning = "off_by_default"
    can_force_tool = true
    takes_effort = false
"#;

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let catalog = Catalog::parse(FILE).unwrap();
    assert_eq!(catalog.find("a").map(|model| model.price.rates.input), Some(125_000));
    assert_eq!(catalog.find("A"), None);
    let problem = |from: &str, to: &str| Catalog::parse(&FILE.replace(from, to)).unwrap_err().to_string();
    assert_eq!(problem("default_model = \"a\"", "default_model = \"b\""), "the default model b is not listed");
    assert_eq!(problem("\"small\"", "\"large\""), "a: has an unknown image rule");
    assert_eq!(problem("input = 0.125", "input = -1.0"), "a: has an unusable price: -1");
    assert_eq!(problem("input = 0.125", "input = 0.00000012345"), "a: has an unusable price: 0.00000012345");
    assert_eq!(problem("context_tokens = 1", "context_tokens = 0"), "a: has a limit of 0");
    assert!(problem("takes_effort", "takes_efort").contains("unknown field"));
    assert_eq!(
        problem("takes_effort = false", "takes_effort = false\nsuccessor = \"c\""),
        "a: has an unknown successor: c"
    );
    let twice = format!("{FILE}{}", &FILE[FILE.find("[[models]]").unwrap()..]);
    assert_eq!(Catalog::parse(&twice).unwrap_err().to_string(), "a: is listed twice");
}

const PERIODS: &str = r#"
    prices = [
        { input = 2.0, output = 8.0, cache_write_5m = 0.0, cache_write_1h = 0.0, cache_read = 0.0, effective_to = "2026-11-30" },
        { input = 1.0, output = 4.0, cache_write_5m = 0.0, cache_write_1h = 0.0, cache_read = 0.0, effective_from = "2026-12-01", effective_to = "2027-05-31" },
    ]
    price_cliff = { prompt_tokens = 1000, factor = 2 }
"#;

#[test]
fn the_price_is_that_of_the_day() {
    let price = FILE.lines().find(|line| line.trim().starts_with("price =")).unwrap();
    let text = FILE.replace(price, PERIODS);
    let catalog = Catalog::parse(&text).unwrap();
    let model = catalog.find("a").unwrap();
    let input_on = |month, day| {
        let year = if month < 11 { 2027 } else { 2026 };
        let price = model.on(CalendarDate::new(year, month, day)).price;
        price.is_known.then_some((price.rates.input, price.cliff.is_some()))
    };
    assert_eq!([input_on(11, 30), input_on(12, 1)], [Some((2_000_000, true)), Some((1_000_000, true))]);
    assert_eq!([input_on(5, 31), input_on(6, 1)], [Some((1_000_000, true)), None]);
    let overlapping = text.replace("2026-12-01", "2026-11-30");
    assert_eq!(Catalog::parse(&overlapping).unwrap_err().to_string(), "a: has two prices for one day");
    assert_eq!(Catalog::parse(&FILE.replace(price, "")).unwrap_err().to_string(), "a: has no price");
}

#[test]
fn what_the_user_sets_changes_nothing_else() {
    let catalog =
        Catalog::parse(&FILE.replace("price = {", "price_cliff = { prompt_tokens = 1, factor = 5 }\nprice = {"))
            .unwrap();
    let model = catalog.find("a").unwrap();
    let dollars = domain::money::PicoDollars::from_dollars;
    let set = PriceSettings { input: dollars(3.0), max_output_tokens: Some(9), ..PriceSettings::new("a") };
    let own = model.with_user_prices(&set).unwrap();
    let rates = Rates { input: 3_000_000, ..model.price.rates };
    assert_eq!(
        own,
        ModelSpec { price: Price { rates, ..model.price }, max_output_tokens: 9, ..ModelSpec::clone(model) }
    );
    for wrong in [
        PriceSettings { input: dollars(0.000_000_123_45), ..PriceSettings::new("a") },
        PriceSettings { batch_percent: Some(0), ..PriceSettings::new("a") },
        PriceSettings { context_tokens: Some(0), ..PriceSettings::new("a") },
    ] {
        assert!(model.with_user_prices(&wrong).unwrap_err().starts_with("a has "), "{wrong:?}");
    }
}
