//! `cases.json` is read by the tests of the window too, whose core in memory reads questions by itself.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
struct Cases {
    questions: Vec<Question>,
    vocabulary: Words,
    completions: Vec<Completing>,
}

#[derive(Deserialize)]
struct Question {
    text: String,
    conditions: Option<Vec<Condition>>,
    /// As it is written back; without it, as it was typed.
    canonical: Option<String>,
    problem: Option<QueryProblem>,
}

#[derive(Deserialize)]
struct Words {
    labels: Vec<(String, u32)>,
    collections: Vec<(String, u32)>,
    runs: Vec<(RunId, String)>,
    months: Vec<(String, u32)>,
}

#[derive(Deserialize)]
struct Completing {
    text: String,
    cursor: u32,
    from: u32,
    to: u32,
    suggestions: Vec<String>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("cases.json")).unwrap()
}

#[test]
fn questions_are_read_or_told_where_they_cannot_be() {
    for case in cases().questions {
        let read = parse(&case.text);
        match (case.conditions, case.problem) {
            (Some(conditions), None) => {
                assert_eq!(read.as_ref(), Ok(&conditions), "{}", case.text);
                assert_eq!(to_text(&conditions), case.canonical.unwrap_or(case.text));
            }
            (None, Some(problem)) => {
                assert_eq!(read, Err(problem.clone()), "{}", case.text);
                assert_eq!(super::read(&case.text).problem, Some(problem));
            }
            (conditions, problem) => panic!("{} expects {conditions:?} and {problem:?}", case.text),
        }
    }
}

#[test]
fn whole_words_are_read_beside_a_half_typed_one() {
    let ReadQuery { conditions, problem } = read("cat labl:dog run:0 status:empty");
    assert_eq!(to_text(&conditions), "cat status:empty");
    assert_eq!(problem.map(|problem| problem.from), Some(4));
}

#[test]
fn half_typed_words_are_completed_from_the_library() {
    let Cases { vocabulary: Words { labels, collections, runs, months }, completions, .. } = cases();
    let vocabulary = Vocabulary { labels, collections, runs, months };
    for case in completions {
        let Completion { from, to, suggestions } = complete(&case.text, case.cursor, &vocabulary);
        let texts: Vec<_> = suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect();
        assert_eq!((from, to, texts), (case.from, case.to, case.suggestions.iter().map(String::as_str).collect()));
        // What is taken can be read, unless a value is still to come.
        for suggestion in suggestions.iter().filter(|suggestion| suggestion.kind != SuggestionKind::Key) {
            assert!(parse(&suggestion.text).is_ok(), "{}", suggestion.text);
        }
    }
    let first = complete("run:", 4, &vocabulary).suggestions.remove(0);
    assert_eq!(first.kind, SuggestionKind::Run { model_name: "Claude Haiku".into() });
}

/// Any span of values that `text` writes as they are kept.
fn span(values: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let one = prop::sample::select(vec!["below", "at_most", "at_least", "above"]);
    prop_oneof![
        (one, values.clone()).prop_map(|(kind, value)| json!({ "kind": kind, "value": value })),
        values.prop_map(|value| json!({ "kind": "between", "least": value, "most": value })),
    ]
}

fn test() -> impl Strategy<Value = Value> {
    let text = r#"[-a-zäñ:"\\ <>=.🐈]{1,12}"#.prop_filter("a name says something", |text| !text.trim().is_empty());
    let named = |kind: &'static str, field: &'static str, values: &[&'static str]| {
        prop::sample::select(values.to_vec()).prop_map(move |value| json!({ "kind": kind, field: value }))
    };
    prop_oneof![
        text.prop_flat_map(|text| {
            prop::sample::select(vec![("text", "text"), ("label", "name"), ("in", "name")])
                .prop_map(move |(kind, field)| json!({ "kind": kind, field: text }))
        }),
        named("image", "state", &["unreviewed", "reviewed", "confirmed_empty", "failed", "running"]),
        named("annotation", "status", &["proposed", "accepted", "edited", "rejected"]),
        named("failure", "failure", &["file_missing", "refused", "cut_off"]),
        named("has", "what", &["annotations", "answer", "attributes"]),
        (1..u32::MAX).prop_map(|run| json!({ "kind": "run", "run": run })),
        span((0.0..=1.0).prop_map(Value::from)).prop_map(|span| json!({ "kind": "confidence", "span": span })),
        span(any::<u32>().prop_map(Value::from)).prop_map(|span| json!({ "kind": "annotations", "span": span })),
        span(
            (1_000_i16..10_000, 1_i8..=12).prop_map(|(year, month)| CalendarDate::new(year, month, 1)
                .month()
                .1
                .to_string()
                .into())
        )
        .prop_flat_map(|span| {
            prop::sample::select(vec!["date", "taken"]).prop_map(move |kind| json!({ "kind": kind, "span": span }))
        }),
    ]
}

#[test]
fn a_run_that_is_named_is_the_layer_unless_another_was_chosen() {
    let layers = |text: &str, layers| {
        ImageQuery { conditions: parse(text).unwrap(), layers, ..ImageQuery::default() }.layers_shown()
    };
    assert_eq!(layers("label:cat", None), LayerScope::All);
    assert_eq!(layers("-run:2", None), LayerScope::All);
    assert_eq!(layers("run:2 run:5", None), LayerScope::Runs { runs: vec![RunId(2), RunId(5)] });
    assert_eq!(layers("run:2", Some(LayerScope::All)), LayerScope::All);
    let kept: ImageQuery = serde_json::from_str(r#"{"collection":null,"conditions":[],"order":"added"}"#).unwrap();
    assert_eq!(kept, ImageQuery::default(), "as earlier versions kept it");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(conditions in prop::collection::vec((any::<bool>(), test()), 0..6)) {
        let conditions: Vec<Condition> = conditions
            .into_iter()
            .map(|(is_excluded, test)| Condition { is_excluded, test: serde_json::from_value(test).unwrap() })
            .collect();
        prop_assert_eq!(parse(&to_text(&conditions)), Ok(conditions));
    }

    #[test]
    fn any_text_is_read_or_refused_within_its_bounds(text in any::<String>(), cursor in 0_u32..40) {
        let length = u32::try_from(text.chars().count()).unwrap();
        if let Err(problem) = parse(&text) {
            prop_assert!(problem.from < problem.to && problem.to <= length);
        }
        let completion = complete(&text, cursor, &Vocabulary::default());
        prop_assert!(completion.from <= completion.to && completion.to <= length);
    }
}
