//! Money in JSON: decimal dollars, under keys that say so, in every document of the command line.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::LABELS;
use serde_json::Value;
use simulator::{Options, Simulator};

const KEY: &str = "sk-any";
const MODEL: &str = "claude-sonnet-5-5";
/// More than any amount in these documents: pico-dollars would be far beyond.
const MOST: f64 = 100.0;

/// Every number in `value`, with the keys that lead to it.
fn numbers(value: &Value, path: &str, found: &mut Vec<(String, f64)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                numbers(value, &format!("{path}.{key}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| numbers(item, path, found)),
        Value::Number(number) => found.push((path.to_owned(), number.as_f64().unwrap())),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_amount_is_in_dollars_under_a_key_that_says_so() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 3);
    let asked = ["annotate", "photos", "--labels", LABELS, "--model", MODEL, "--budget", "5", "--yes", "--json"];
    let estimated = ["estimate", "photos", "--labels", LABELS, "--budget", "0.01", "--fresh", "--json"];
    let documents: [(&[&str], &[&str]); 6] = [
        (&asked, &["paid_dollars", "budget_dollars", "quoted_dollars.at_most", "at_most_dollars"]),
        (&estimated, &["cost_dollars.expected", "batch_dollars.likely_low", "dearest_request_dollars"]),
        (&["runs", "--json"], &["paid_dollars", "quoted_dollars.expected"]),
        (&["report", "latest", "--json"], &["paid_dollars"]),
        (&["metrics", "latest"], &["costDollars", "quotedDollars", "possiblyBilledDollars"]),
        (&["prices", "--json"], &["input_dollars_per_million", "batch_output_dollars_per_million"]),
    ];
    for (arguments, expected) in documents {
        let told = bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap();
        let document: Value = serde_json::from_slice(&told.stdout).unwrap();
        let mut found = Vec::new();
        numbers(&document, "", &mut found);
        for key in expected {
            let amounts: Vec<f64> =
                found.iter().filter(|(path, _)| path.ends_with(&format!(".{key}"))).map(|(_, value)| *value).collect();
            assert!(!amounts.is_empty(), "{key} of {arguments:?}");
            assert!(amounts.iter().all(|amount| (0.0..MOST).contains(amount)), "{key} of {arguments:?}: {amounts:?}");
        }
        // Other values of the size of a pico-dollar amount are times or identifiers.
        for (path, value) in found.iter().filter(|(_, value)| *value > 1e9) {
            assert!(path.ends_with("_at"), "{path} of {arguments:?}: {value}");
        }
        let words = ["paid", "cost", "spent", "budget", "price", "quoted"];
        for (path, _) in &found {
            let says_so = path.split('.').any(|key| key.to_lowercase().contains("dollars"));
            let is_money = path.split('.').any(|key| words.iter().any(|word| key.split('_').any(|part| part == *word)));
            let is_forecast =
                path.contains("budget.reach") || path.contains("budget.batches") || path.contains("cost_basis");
            assert!(says_so || !is_money || is_forecast, "{path} of {arguments:?}");
        }
    }
    server.stop().await;
}
