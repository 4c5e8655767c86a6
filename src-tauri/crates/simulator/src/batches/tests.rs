//! The limits of a batch, and its progress over time.

use serde_json::json;

use super::messages::{described, items};
use super::*;

fn taken(body: Value) -> Result<Vec<String>, String> {
    let names = |items: Vec<BatchedItem>| items.into_iter().map(|item| item.custom_id).collect();
    items(body, || Luck::Good).map(names).map_err(|refusal| refusal.message)
}

fn named(names: &[&str]) -> Value {
    let requests: Vec<Value> = names.iter().map(|name| json!({"custom_id": name, "params": {"any": 1}})).collect();
    json!({"requests": requests})
}

#[test]
fn items_are_named_well_and_only_once() {
    assert_eq!(taken(named(&["a", "B_9-z"])), Ok(vec!["a".to_owned(), "B_9-z".to_owned()]));
    let long = "a".repeat(65);
    let cases = [
        (named(&["a", "a"]), "Duplicate custom_id found: a"),
        (named(&["a", "b.jpg"]), "requests.1.custom_id: String should match pattern"),
        (named(&[long.as_str()]), "requests.0.custom_id"),
        (named(&[""]), "requests.0.custom_id"),
        (named(&[]), "requests: List should have"),
        (json!({}), "requests: Field required"),
        (json!({"requests": [{"params": {}}]}), "requests.0.custom_id: Field required"),
        (json!({"requests": [{"custom_id": "a"}]}), "requests.0.params: Field required"),
        (json!({"requests": [{"custom_id": "a", "params": {}, "colour": 1}]}), "requests.0.colour: Extra inputs"),
        (json!({"requests": [], "name": "a"}), "name: Extra inputs"),
    ];
    for (body, words) in cases {
        let message = taken(body).unwrap_err();
        assert!(message.contains(words), "{message} lacks {words}");
    }
    let many = vec![json!({"custom_id": "a", "params": {}}); 100_001];
    assert!(taken(json!({"requests": many})).unwrap_err().contains("100000"));
}

#[test]
fn a_batch_is_worked_off_evenly() {
    let created = Moment::now();
    let batch = StoredBatch {
        id: "msgbatch".to_owned(),
        items: 10,
        created,
        facts: Value::Null,
        takes: Duration::from_secs(100),
        state: Mutex::default(),
        canceled: Notify::new(),
    };
    let done = |seconds: u64| batch.done_by(created.at + Duration::from_secs(seconds));
    assert_eq!([0, 9, 10, 55, 99, 100, 500].map(done), [0, 0, 1, 5, 9, 10, 10]);
    assert_eq!(described(&batch, "http://here")["processing_status"], "in_progress");
    assert_eq!(batch.cancel(created), Ok(()));
    let shown = described(&batch, "http://here");
    assert_eq!((&shown["processing_status"], &shown["results_url"]), (&json!("canceling"), &Value::Null));
    assert_eq!(shown["request_counts"]["processing"], 10, "nothing is told before the end");
    let ended = EndedBatch {
        clock: created.clock,
        counts: Counts::default(),
        ending: BatchEnding::Canceled,
        output: BatchOutput::Nothing,
        receipts: Vec::new(),
    };
    batch.with(|state| state.ended = Some(ended));
    assert!(batch.cancel(created).is_err());
    assert_eq!(described(&batch, "http://here")["results_url"], "http://here/v1/messages/batches/msgbatch/results");
}
