//! Claude at Amazon Bedrock through the real client, over HTTP, against the simulator: set up by a region and a key alone, with
//! other names and prices of models. A result against the simulator says nothing about the vendor.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::Command;

use domain::connection::{ConnectionCheck, KeyPlace, SettingSource};
use domain::model::Unavailable;
use domain::money::PicoDollars;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use simulator::{Options, Running, Simulator};

const MODEL: &str = "anthropic.claude-haiku-5-5";
const KEY: &str = "bedrock-planted-0123456789-abcdefghij";
const KEY_VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";

async fn simulate() -> Running {
    let options = Options { price_percent: 110, model_prefix: Some("anthropic.".into()), ..Options::default() };
    Simulator::start(options).await.unwrap()
}

#[test]
fn a_region_and_a_key_are_enough() {
    let bench = Bench::among(&[(KEY_VARIABLE, KEY), ("AWS_REGION", "eu-west-1")]);
    let connection = |bench: &Bench| {
        let all = bench.library.connections.shown().unwrap().connections;
        all.into_iter().find(|connection| connection.provider.id == "bedrock").unwrap()
    };
    let ireland = "bedrock-mantle.eu-west-1.api.aws";
    let set_up = connection(&bench);
    assert_eq!(set_up.base_url, format!("https://{ireland}/anthropic"));
    assert_eq!((set_up.region.as_deref(), set_up.base_url_from), (Some("eu-west-1"), SettingSource::Variable));
    assert_eq!((set_up.host.as_str(), set_up.key, &set_up.problem), (ireland, Some(KeyPlace::Variable), &None));
    assert!(!set_up.provider.has_batches);

    // In the window: the region is a setting, and a key is entered for its server.
    let bench = Bench::new();
    let usual = connection(&bench);
    assert_eq!((usual.region.as_deref(), usual.base_url_from), (Some("us-east-1"), SettingSource::Default));
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("bedrock").base_url = Some("eu-west-1".to_owned());
    bench.library.settings.replace(&settings).unwrap();
    bench.library.connections.keep_key("bedrock", None, &KEY.to_owned().into()).unwrap();
    let set_up = connection(&bench);
    assert_eq!((set_up.host.as_str(), set_up.key), (ireland, Some(KeyPlace::Session)));
    assert_eq!((set_up.region.as_deref(), set_up.base_url_from), (Some("eu-west-1"), SettingSource::Settings));

    // Each region has a key of its own.
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("bedrock").base_url = Some("eu-north-1".to_owned());
    bench.library.settings.replace(&settings).unwrap();
    assert_eq!(connection(&bench).key, None);
    let bench = Bench::among(&[(KEY_VARIABLE, KEY)]);
    bench.library.settings.replace(&settings).unwrap();
    let withheld = connection(&bench).key_withheld.unwrap();
    assert!(withheld.contains("set AWS_REGION=eu-north-1 beside the key"), "{withheld}");
    assert_eq!(connection(&bench).key, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_what_was_billed_in_the_region() {
    let server = simulate().await;
    let bench = Bench::of_provider("bedrock", &server.url(), KEY);
    let checked = bench.library.connections.check("bedrock").await.unwrap();
    assert!(matches!(checked, ConnectionCheck::Works { .. }), "{checked:?}");
    bench.add_pictures(3);
    let quote = bench.quote_for(MODEL).await;
    assert!(quote.can_run && quote.batch.is_none());
    let vendor = bench.quote_for("claude-haiku-5-5").await;
    assert!(matches!(vendor.unavailable, Some(Unavailable::NoKey { .. })), "a key is of its provider alone");
    let (here, there) = (quote.cost.unwrap().expected.0, vendor.cost.unwrap().expected.0);
    assert!(here.abs_diff(there / 10 * 11) <= 100_000, "a tenth more: {here} and {there}");

    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.paid), (3, PicoDollars(server.ledger().total_pico_dollars())));
    assert!(summary.paid > PicoDollars::ZERO && summary.paid <= quote.cost.unwrap().at_most);
    assert_eq!(server.ledger().refused, []);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_needs_a_region_and_a_key() {
    let bench = Bench::among(&[]);
    write_png(&drawing(320, 240).0, &bench.photos().join("0.png"));
    let fieldmark = |arguments: &[&str]| {
        let mut command: Command = bench.fieldmark_among(&[(KEY_VARIABLE, KEY), ("AWS_REGION", "eu-west-1")]);
        let output = command.args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!text.contains(KEY), "{text}");
        text
    };
    let doctor = fieldmark(&["doctor"]);
    assert!(doctor.contains("https://bedrock-mantle.eu-west-1.api.aws/anthropic for Amazon Bedrock"), "{doctor}");
    assert!(doctor.contains("from AWS_REGION") && doctor.contains(KEY_VARIABLE), "{doctor}");
    let models = fieldmark(&["models"]);
    assert!(models.lines().any(|line| line.starts_with(MODEL)), "{models}");
    let providers = fieldmark(&["providers"]);
    assert!(providers.lines().any(|line| line.starts_with("bedrock ")), "{providers}");
    // Nothing is sent without consent to the host.
    let photos = bench.photos();
    let refused = fieldmark(&["annotate", photos.to_str().unwrap(), "--labels", LABELS, "--model", MODEL]);
    assert!(refused.contains("bedrock-mantle.eu-west-1.api.aws"), "{refused}");
}
