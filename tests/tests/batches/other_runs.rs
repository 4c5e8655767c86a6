//! Images that are in the batch of another run.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_waits_for_the_batch_of_another_run() {
    let server = simulate(taking(4.0)).await;
    let bench = bench(&server, 10);
    let batch = start(&bench).await;
    snapshot(&bench.library, batch, has_working_batch).await;
    let live = RunRequest { mode: RunMode::Live, ..request(&bench).await };
    let live = bench.library.runs.start(&live).await.unwrap();
    let pending = PendingElsewhere { run: batch, is_worked_on: true, is_in_batch: true, images: 10 };
    snapshot(&bench.library, live, |snapshot| snapshot.pending_elsewhere == [pending]).await;

    // No process fetches the results any more.
    bench.library.runs.pause(batch);
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.waiting), (StopReason::AnswersPending, 10));
    let detail = summary.stop_detail.unwrap();
    assert!(detail.contains("10 images are in a batch of run 1"), "{detail}");

    bench.library.runs.resume(ResumeRequest::of(batch)).await.unwrap();
    bench.library.runs.resume(ResumeRequest::of(live)).await.unwrap();
    let (reason, paid) = stopped(&bench, batch).await;
    assert_eq!(reason, StopReason::Completed);
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.reused, summary.paid), (StopReason::Completed, 10, PicoDollars::ZERO));
    assert_paid_once(&server, &paid);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_another_run_is_not_waited_for_when_a_person_asks_anew() {
    let server = simulate(taking(60.0)).await;
    let bench = bench(&server, 4);
    let batch = start(&bench).await;
    snapshot(&bench.library, batch, has_working_batch).await;
    // A second batch does not include them either.
    let second = start(&bench).await;
    snapshot(&bench.library, second, |snapshot| !snapshot.pending_elsewhere.is_empty()).await;
    bench.library.runs.pause(second);
    assert_eq!(stopped(&bench, second).await.0, StopReason::Paused);
    assert!(bench.library.history.progress(second).unwrap().batches.is_empty());

    let live = RunRequest { mode: RunMode::Live, ..request(&bench).await };
    let live = bench.library.runs.start(&live).await.unwrap();
    snapshot(&bench.library, live, |snapshot| !snapshot.pending_elsewhere.is_empty()).await;
    bench.library.runs.pause(live);
    assert_eq!(stopped(&bench, live).await.0, StopReason::Paused);
    bench.library.runs.ignore_saved_answers(live).await.unwrap();
    bench.library.runs.resume(ResumeRequest::of(live)).await.unwrap();
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.done, summary.reused), (StopReason::Completed, 4, 0));
    server.stop().await;
}
