//! Batches that the server does not know, or that another client cancels.

use super::*;

/// A run of three images whose batch the server has lost.
async fn with_a_lost_batch() -> (Running, Bench, RunId) {
    let server = simulate(taking(60.0)).await;
    let port = server.address().port();
    let bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    bench.library.runs.pause(run);
    stopped(&bench, run).await;
    server.stop().await;
    let batching = taking(0.3);
    (Simulator::start(Options { port, batching, ..Options::default() }).await.unwrap(), bench, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_the_server_does_not_know_is_given_up_only_by_consent() {
    let (server, bench, run) = with_a_lost_batch().await;
    for _ in 0..2 {
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.waiting, summary.unsettled.count), (StopReason::BatchUnknown, 3, 0));
        assert!(summary.stop_detail.unwrap().contains("does not know"));
    }
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!((idle.batches[0].stage, idle.unknown_batches.count), (BatchStage::Unknown, 3));
    let given_up = ResumeRequest { gives_up_batches: true, ..ResumeRequest::of(run) };
    let refused = bench.library.runs.resume(given_up).await.unwrap_err();
    assert!(matches!(refused, EngineError::Unsettled(unsettled) if unsettled == idle.unknown_batches), "{refused}");
    assert_eq!(server.ledger().billed.len(), 0);

    bench.library.runs.resume(ResumeRequest { accepts_repeats: true, ..given_up }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.possibly_billed), (StopReason::Completed, 3, idle.unknown_batches));
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_offers_to_give_up_an_unknown_batch() {
    let (server, bench, run) = with_a_lost_batch().await;
    let resume = |more: &[&str]| {
        let told = bench.fieldmark(&server.url(), KEY).args(["resume", &run.to_string()]).args(more).output().unwrap();
        let out = [told.stdout, told.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (told.status.code(), out)
    };
    let (code, out) = resume(&["--yes"]);
    assert!(code == Some(4) && out.contains(&format!("resume {run} --give-up-batches")), "{out}");
    let (code, out) = resume(&["--give-up-batches"]);
    assert!(code == Some(2) && server.ledger().billed.is_empty(), "not without consent: {out}");
    let (code, out) = resume(&["--give-up-batches", "--yes"]);
    assert!(code == Some(0) && out.contains("3 requests may be billed too"), "{out}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_found_again_when_the_right_server_is_asked() {
    let server = simulate(taking(1.0)).await;
    let mut bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    let other = simulate(taking(0.1)).await;
    bench = reopened(bench, &other).await;
    bench.library.settings.agree_to(other.url().trim_start_matches("http://")).unwrap();
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting), (StopReason::BatchUnknown, 3));
    assert!(summary.stop_detail.unwrap().contains(&server.url()), "it says where the batch is");
    assert_eq!(other.ledger().billed.len(), 0, "nothing is submitted to another server meanwhile");

    bench = reopened(bench, &server).await;
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 3));
    assert_paid_once(&server, &summary);
    server.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_canceled_elsewhere_is_submitted_again_only_on_resume() {
    // A server that cancels every item of every batch.
    let server = simulate(Batching { canceled: 1.0, ..taking(0.1) }).await;
    let bench = bench(&server, 20);
    let run = start(&bench).await;
    for resumed in 1..=2 {
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done, summary.waiting), (StopReason::BatchCanceled, 0, 20));
        assert_eq!((summary.unsettled.count, summary.possibly_billed.count), (0, 0), "none of it is billed");
        assert!(summary.stop_detail.unwrap().contains("canceled at the server"));
        let batches = bench.library.history.progress(run).unwrap().batches.len();
        assert!(batches <= 2 * resumed, "each is submitted once a session: {batches}");
        if resumed < 2 {
            bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        }
    }
    server.stop().await;

    // Another client canceled it half-way: finished results are kept, the rest is sent again on resume.
    let server = simulate(taking(8.0)).await;
    let bench = self::bench(&server, 12);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    server.cancel_batches();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BatchCanceled);
    assert!(summary.done > 0 && summary.waiting > 0, "{summary:?}");
    let before = server.ledger().billed.len();
    assert_eq!(before, summary.done as usize, "nothing was submitted again");
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 12));
    assert_paid_once(&server, &summary);
    server.stop().await;
}
