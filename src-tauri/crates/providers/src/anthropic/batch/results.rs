//! Batch results: one JSON object per line.

use crate::anthropic::refusal;
use crate::anthropic::wire::answer::ReceivingMessage;
use crate::batch::BatchOutcome;
use crate::batch::results::{ResultForm, answered};
use crate::json::Object;
use crate::redaction::Redaction;

pub const RESULTS: ResultForm = ResultForm { custom_id: |line| line.name("custom_id"), outcome };

/// The result of a request, or why it cannot be parsed.
fn outcome(line: &Object<'_>, redaction: &Redaction) -> Result<BatchOutcome, String> {
    let result = line.object("result").ok_or("it has no result")?;
    Ok(match result.name("type").as_deref() {
        Some("succeeded") => {
            let message = result.object("message").ok_or("it has no message")?;
            answered::<ReceivingMessage>(&message, redaction)?
        }
        // As in a stream, the error came after the HTTP status.
        Some("errored") => {
            let refused = refusal::from_body(200, result.raw("error").unwrap_or_default().as_bytes());
            BatchOutcome::Refused(Box::new(refused.presentable(|text| redaction.of_failure(text))))
        }
        Some("canceled") => BatchOutcome::Canceled,
        Some("expired") => BatchOutcome::Expired,
        other => return Err(format!("its type is {}", other.unwrap_or("missing"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::FinishReason;
    use crate::batch::BatchResult;
    use crate::batch::results::ResultLines;
    use crate::retry::{ItemFailure, RetryAction};

    const LINES: &str = concat!(
        r#"{"custom_id":"b","result":{"type":"succeeded","message":{"id":"msg_1","type":"message","model":"m","content":["#,
        r#"{"type":"thinking","thinking":"hm"},{"type":"text","text":"{\"marks\":[]} é"}],"stop_reason":"end_turn","#,
        r#""usage":{"input_tokens":7,"output_tokens":2}}}}"#,
        "\r\n\n",
        r#"{"custom_id":"a","result":{"type":"errored","error":{"type":"error","error":"#,
        r#"{"type":"invalid_request_error","message":"secret is not an image"},"request_id":"req_1"}}}"#,
        "\n",
        r#"{"custom_id":"c","result":{"type":"canceled"}}"#,
        "\n",
        r#"{"custom_id":"d","result":{"type":"postponed","until":"secret"}}"#,
        "\n",
        "{\"custom_id\":\"e\",\"res\n",
        r#"{"custom_id":"f","result":{"type":"succeeded","message":{"content":[]}}}"#,
        "\n",
        r#"{"custom_id":"g","result":{"type":"expired"}}"#,
    );

    fn results(chunk_size: usize) -> Vec<BatchResult> {
        let mut lines = ResultLines::default();
        let mut all: Vec<Vec<u8>> = LINES.as_bytes().chunks(chunk_size).flat_map(|chunk| lines.push(chunk)).collect();
        all.push(lines.rest());
        let redaction = Redaction::of("secret");
        all.iter().filter_map(|line| RESULTS.read(line, &redaction)).collect()
    }

    #[test]
    fn every_line_by_itself() {
        let results = results(LINES.len());
        let told: Vec<String> = results
            .iter()
            .map(|BatchResult { custom_id, outcome }| {
                let custom_id = custom_id.as_deref().unwrap_or("?");
                match outcome {
                    BatchOutcome::Answered(answer) => format!("{custom_id} answered {}", answer.text),
                    BatchOutcome::Refused(refusal) => format!("{custom_id} refused {refusal}"),
                    BatchOutcome::Canceled => format!("{custom_id} canceled"),
                    BatchOutcome::Expired => format!("{custom_id} expired"),
                    BatchOutcome::Unreadable { detail } => format!("{custom_id} unreadable {detail}"),
                }
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        b answered {"marks":[]} é
        a refused status 200, invalid_request_error: [key] is not an image (request req_1)
        c canceled
        d unreadable its type is postponed
        ? unreadable EOF while parsing a string at line 1 column 21
        f unreadable it is not a message of a model
        g expired
        "#);
        let BatchOutcome::Refused(refusal) = &results[1].outcome else { panic!("not refused") };
        assert_eq!(refusal.action(), RetryAction::FailItem(ItemFailure::Refused));
    }

    #[test]
    fn unreadable_optional_fields_cost_no_answer() {
        let message = r#"{"type":"message","model":null,"content":[{"type":"thinking","thinking":"\ud83d"},
            {"type":"text","text":"a\ud83d\ude00b\ud800"}],"stop_reason":"end_turn","usage":
            {"input_tokens":"7","output_tokens":2.0,"cache_creation":null,"server_tool_use":{"web_search_requests":-1}}}"#;
        let line = format!(r#"{{"custom_id":"a","result":{{"type":"succeeded","message":{message}}}}}"#);
        let BatchOutcome::Answered(answer) = RESULTS.read(line.as_bytes(), &Redaction::of("secret")).unwrap().outcome
        else {
            panic!()
        };
        assert_eq!((answer.text.as_str(), answer.model.as_str()), ("a😀b\u{fffd}", ""));
        assert_eq!(answer.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((7, 2)));
        let line = line.replace("\"7\"", "-7");
        let BatchOutcome::Answered(answer) = RESULTS.read(line.as_bytes(), &Redaction::of("secret")).unwrap().outcome
        else {
            panic!()
        };
        assert_eq!(answer.usage, None);
    }

    #[test]
    fn a_key_is_taken_out_of_texts_and_leaves_figures_alone() {
        let line = r#"{"custom_id":"a","result":{"type":"succeeded","message":{"type":"message","model":"m KEY",
            "content":[{"type":"text","text":"{\"x1\":0.12345678,\"label\":\"KEY\"}"}],"stop_reason":"KEY",
            "usage":{"input_tokens":12345678,"output_tokens":2}}}}"#;
        for (key, shown) in [("12345678", "12345678"), ("12345678-sk-12345678", "[key]")] {
            let result = RESULTS.read(line.replace("KEY", key).as_bytes(), &Redaction::of(key)).unwrap();
            let BatchOutcome::Answered(answer) = result.outcome else { panic!("{:?}", result.outcome) };
            assert_eq!(answer.text, format!(r#"{{"x1":0.12345678,"label":"{shown}"}}"#));
            assert_eq!(
                (answer.model, answer.stop_reason),
                (format!("m {shown}"), FinishReason::Other(shown.to_owned()))
            );
            assert_eq!(answer.usage.map(|usage| usage.input_tokens), Some(12_345_678));
        }
    }

    #[test]
    fn every_way_of_cutting_gives_the_same_results() {
        let whole = results(LINES.len());
        for size in 1..LINES.len() {
            assert_eq!(results(size), whole, "in chunks of {size}");
        }
    }
}
