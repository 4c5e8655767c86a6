//! Cut-off answers in batches.

use super::*;

/// Three images whose answers were cut off at 2,000 tokens in a live run, and the request of a batch run with a higher limit.
async fn with_answers_cut_off(server: &Running) -> (Bench, RunRequest, RunSummary) {
    let bench = bench(server, 3);
    let request = request(&bench).await;
    let up_to = |tokens| RunOptions { max_tokens: Some(tokens), ..RunOptions::default() };
    server.script([Fault::MaxTokens, Fault::MaxTokens, Fault::MaxTokens]);
    let live = RunRequest { mode: RunMode::Live, options: up_to(2_000), ..request.clone() };
    let run = bench.library.runs.start(&live).await.unwrap();
    let (_, summary) = stopped(&bench, run).await;
    assert_eq!((summary.done, summary.cut_short), (3, 3));
    assert!(summary.annotation_count > 0);
    (bench, RunRequest { options: up_to(4_000), ..request }, summary)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_answer_stays_when_a_batch_brings_no_better_one() {
    let server = simulate(Batching { expired: 1.0, ..taking(0.1) }).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    let kept = (StopReason::Completed, 3, 0, before.annotation_count);
    let outcome = async || {
        let run = bench.library.runs.start(&request).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        (reason, summary.done, summary.failed, summary.annotation_count)
    };
    assert_eq!(outcome().await, kept, "every request expired");
    std::fs::remove_dir_all(bench.photos()).unwrap();
    assert_eq!(outcome().await, kept, "the files are gone");
    assert_eq!(server.ledger().billed.len(), 3);
    server.stop().await;

    let server = simulate(taking(0.1)).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    server.script([Fault::Refusal, Fault::Refusal, Fault::Refusal]);
    let run = bench.library.runs.start(&request).await.unwrap();
    let (_, after) = stopped(&bench, run).await;
    assert_eq!(server.ledger().billed.len(), 6);
    assert_eq!((after.done, after.failed, after.annotation_count), (3, 0, before.annotation_count));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_were_cut_off_stand_where_the_budget_has_no_room_for_longer_ones() {
    let server = simulate(taking(0.1)).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    let (picture, _) = fieldmark_tests::pictures::drawing(500, 240);
    fieldmark_tests::pictures::write_png(&picture, &bench.photos().join("new.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let too_small = RunRequest { budget: Some(PicoDollars(1)), ..request.clone() };
    let EngineError::BudgetTooSmall { dearest } = bench.library.runs.start(&too_small).await.unwrap_err() else {
        panic!()
    };
    // The budget allows only one longer request.
    let run = bench.library.runs.start(&RunRequest { budget: Some(dearest), ..request }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BudgetReached);
    assert!(summary.done >= 3 && summary.waiting <= 1, "{summary:?}");
    assert!(summary.annotation_count >= before.annotation_count, "no annotation is lost");
    server.stop().await;
}
